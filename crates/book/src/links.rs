//! Links between the pages that were built: each leads to a file that is there, and to a place in it.

use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// A page's links and the places that others can link to.
#[derive(Debug, Default)]
struct Page {
    links: Vec<String>,
    ids: BTreeSet<String>,
}

/// How many pages a built book has, and its links that lead nowhere.
pub fn check(folder: &Path) -> Result<(usize, Vec<String>)> {
    let mut pages = BTreeMap::new();
    read(folder, folder, &mut pages)?;
    let mut broken = vec![];
    for (place, page) in &pages {
        for link in &page.links {
            if !leads(folder, &pages, place, link) {
                broken.push(format!("{}: {link}", place.display()));
            }
        }
    }
    Ok((pages.len(), broken))
}

fn read(root: &Path, folder: &Path, pages: &mut BTreeMap<PathBuf, Page>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read(root, &path, pages)?;
            continue;
        }
        let name = path.file_name().unwrap_or_default();
        // The page of all pages, to be printed, repeats them; the one of missing pages is served anywhere.
        if path.extension().is_some_and(|e| e == "html")
            && name != "print.html"
            && name != "404.html"
        {
            let text = fs::read_to_string(&path)?;
            let place = path.strip_prefix(root)?.to_owned();
            pages.insert(place, page(&text));
        }
    }
    Ok(())
}

/// The links and places of a page. mdBook writes attributes in double quotes.
fn page(text: &str) -> Page {
    let all = |attribute: &str| -> Vec<String> {
        let begin = format!(" {attribute}=\"");
        let parts = text.split(&begin).skip(1);
        let values = parts.filter_map(|part| part.split('"').next());
        values.map(|value| value.replace("&amp;", "&")).collect()
    };
    Page {
        links: all("href"),
        ids: all("id").into_iter().collect(),
    }
}

/// Whether a link of the page at `place` leads somewhere.
fn leads(folder: &Path, pages: &BTreeMap<PathBuf, Page>, place: &Path, link: &str) -> bool {
    if link.contains("://") || link.starts_with("mailto:") || link.starts_with("data:") {
        return true;
    }
    let (file, id) = link.split_once('#').unwrap_or((link, ""));
    let target = match file.split('?').next().unwrap_or_default() {
        "" => place.to_owned(),
        file => plain(&place.with_file_name("").join(file)),
    };
    match pages.get(&target) {
        Some(page) => id.is_empty() || page.ids.contains(&percent_decoded(id)),
        None => folder.join(&target).is_file(),
    }
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = vec![];
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .filter(|_| *first == b'%')
        {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_a_file_and_a_place() {
        let pages: BTreeMap<PathBuf, Page> = [
            ("index.html", page("<h1 id=\"top\">")),
            (
                "a/b.html",
                page("<p class=\"x\" id=\"é-1\"><a class=\"y\" href=\"../index.html#top\">"),
            ),
        ]
        .into_iter()
        .map(|(place, page)| (PathBuf::from(place), page))
        .collect();
        assert_eq!(pages[Path::new("a/b.html")].links, ["../index.html#top"]);
        for (place, link, good) in [
            ("a/b.html", "../index.html#top", true),
            ("a/b.html", "../index.html#bottom", false),
            ("a/b.html", "#%C3%A9-1", true),
            ("index.html", "a/b.html", true),
            ("index.html", "b.html", false),
            ("index.html", "https://elsewhere.org/x", true),
        ] {
            assert_eq!(
                leads(Path::new("/nowhere"), &pages, Path::new(place), link),
                good,
                "{link}"
            );
        }
    }
}
