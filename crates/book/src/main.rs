//! Builds the book out of `docs/` and checks its links: `cargo run -p bnnc-book [FOLDER]`, else into the folder
//! `book` beside the build.

mod links;

use anyhow::{Context, Result, bail};
use mdbook_driver::MDBook;
use mdbook_driver::book::BookItem;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().context("the repository")?;
    let mut book = MDBook::load(&root)?;
    let beside_the_build = || Some(Path::new(&std::env::var_os("CARGO_TARGET_DIR")?).join("book"));
    let into = std::env::args_os().nth(1).map(PathBuf::from);
    if let Some(folder) = &into {
        may_be_emptied(folder)?;
    }
    if let Some(folder) = into.or_else(beside_the_build) {
        book.config.build.build_dir = std::path::absolute(folder)?;
    }
    book.book.for_each_mut(|item| {
        if let BookItem::Chapter(chapter) = item {
            let is_top = chapter
                .path
                .as_ref()
                .is_some_and(|p| p.components().count() == 1);
            chapter.content = adapted(&chapter.content, is_top);
        }
    });
    book.build()?;
    let folder = root.join(&book.config.build.build_dir);
    copy(&root.join("specs"), &folder.join("specs"))?;
    let (pages, broken) = links::check(&folder)?;
    if !broken.is_empty() {
        bail!("links that lead nowhere:\n{}", broken.join("\n"));
    }
    println!("{pages} pages in {}", folder.display());
    Ok(())
}

/// mdBook empties the folder that it builds into: one that is no book, and holds something, is refused.
fn may_be_emptied(folder: &Path) -> Result<()> {
    if !folder.try_exists()? || folder.read_dir()?.next().is_none() {
        return Ok(());
    }
    let first_page = fs::read_to_string(folder.join("index.html"));
    if !first_page.is_ok_and(|page| page.contains("<!-- Book generated using mdBook -->")) {
        bail!(
            "{} holds files that are no book, and would be emptied: name another folder",
            folder.display()
        );
    }
    Ok(())
}

/// A page as the book has it, `is_top` in the folder of all others. Model files of `specs/` lie within the book, not beside
/// it, and what else lies beside it is no link; the first page has another name; a block that is a file has the file's name
/// above it, which GitHub does not show.
fn adapted(page: &str, is_top: bool) -> String {
    let mut out = String::new();
    let mut is_open = false;
    for line in page.lines() {
        let fence = line.strip_prefix("```");
        match fence
            .filter(|_| !is_open)
            .and_then(|info| info.split_once(' '))
        {
            Some((language, file)) => {
                out += &format!("<div class=\"file\">{file}</div>\n\n```{language}\n");
            }
            None if is_open => out += &format!("{line}\n"),
            None => {
                let line = line.replace("README.md", "index.md");
                let line = match is_top {
                    true => without_links_beyond(&line.replace("](../specs/", "](specs/")),
                    false => line,
                };
                out += &format!("{line}\n");
            }
        }
        is_open ^= fence.is_some();
    }
    out
}

/// The line with the texts of links in place of those that lead out of the book's folder.
fn without_links_beyond(line: &str) -> String {
    let mut line = line.to_owned();
    while let Some(middle) = line.find("](../")
        && let Some(begin) = line[..middle].rfind('[')
        && let Some(length) = line[middle..].find(')')
    {
        let text = line[begin + 1..middle].to_owned();
        line.replace_range(begin..=middle + length, &text);
    }
    line
}

/// Copies the files of a folder.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_other_files_is_not_emptied() {
        let name = format!("bnnc-book-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        assert!(may_be_emptied(&folder).is_ok(), "not there yet");
        fs::create_dir(&folder).unwrap();
        assert!(may_be_emptied(&folder).is_ok(), "empty");
        fs::write(folder.join("letter.txt"), "").unwrap();
        assert!(may_be_emptied(&folder).is_err(), "a file");
        let page = folder.join("index.html");
        fs::write(&page, "<html>a site</html>").unwrap();
        assert!(may_be_emptied(&folder).is_err(), "a site");
        assert!(may_be_emptied(&page).is_err(), "no folder");
        fs::write(&page, "<html><!-- Book generated using mdBook --></html>").unwrap();
        assert!(may_be_emptied(&folder).is_ok(), "a book");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_page_is_adapted_outside_of_its_blocks() {
        let page = "a [b](../specs/c.bnn)\n```bnn m.bnn\nmodel ](../specs/\n```\n```bnn\nx\n```\n";
        let expected = "a [b](specs/c.bnn)\n<div class=\"file\">m.bnn</div>\n\n```bnn\nmodel ](../specs/\n```\n\
                        ```bnn\nx\n```\n";
        assert_eq!(adapted(page, true), expected);
        let beyond = "see [a](../a/README.md), [b](README.md#x) and [c](../c.md)\n";
        assert_eq!(adapted(beyond, true), "see a, [b](index.md#x) and c\n");
        assert_eq!(adapted("[b](../README.md)\n", false), "[b](../index.md)\n");
    }
}
