//! `commit!()`: the git commit that the calling crate is compiled from, found without git and without a build script.
//!
//! A build script of `bnnc` would compile the whole library anew at every commit. A macro that one small file calls has
//! that file compiled anew, and nothing else.

use proc_macro::TokenStream;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// An `Option<&'static str>`: the commit's name in hexadecimal, `None` where the sources are in no git repository. The
/// repository is the crate's own folder or the one around it; a package of a registry says its commit in a file.
#[proc_macro]
pub fn commit(_: TokenStream) -> TokenStream {
    let root = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let found = root.and_then(|root| {
        let above = || repository(root.parent()?);
        repository(&root).or_else(|| package(&root)).or_else(above)
    });
    let mut text = String::from("{ ");
    if let Some(found) = &found {
        // The compiler looks at these files before it takes the old result.
        for file in &found.read {
            let _ = write!(text, "const _: &[u8] = include_bytes!({file:?}); ");
        }
    }
    let _ = match &found {
        Some(found) => write!(text, "Some({:?}) }}", found.commit),
        None => write!(text, "None }}"),
    };
    text.parse().unwrap_or_default()
}

/// A commit, and the files that say so.
#[derive(Debug, PartialEq)]
struct Found {
    commit: String,
    read: Vec<PathBuf>,
}

/// The commit of the repository whose top folder is `root`.
fn repository(root: &Path) -> Option<Found> {
    let git = git_folder(&root.join(".git"))?;
    // Of a worktree, branches are in the folder of the repository.
    let common = fs::read_to_string(git.join("commondir")).ok();
    let common = common.map_or(git.clone(), |common| git.join(common.trim()));
    let head = git.join("HEAD");
    let text = fs::read_to_string(&head).ok()?;
    let Some(branch) = text.trim().strip_prefix("ref: ") else {
        return hexadecimal(text.trim()).map(|commit| Found {
            commit,
            read: vec![head],
        });
    };
    let own = common.join(branch);
    if let Ok(text) = fs::read_to_string(&own) {
        return hexadecimal(text.trim()).map(|commit| Found {
            commit,
            read: vec![head, own],
        });
    }
    let packed = common.join("packed-refs");
    let text = fs::read_to_string(&packed).ok()?;
    let line = text
        .lines()
        .find(|line| line.ends_with(&format!(" {branch}")));
    let commit = hexadecimal(line?.split(' ').next()?)?;
    let mut read = vec![head, packed];
    // The next commit gives the branch a file of its own and leaves these two as they are; the log of HEAD has it.
    let log = git.join("logs/HEAD");
    if log.is_file() {
        read.push(log);
    }
    Some(Found { commit, read })
}

/// The folder of a repository: `.git`, or what the file `.git` of a worktree names.
fn git_folder(git: &Path) -> Option<PathBuf> {
    if git.is_dir() {
        return Some(git.to_owned());
    }
    let text = fs::read_to_string(git).ok()?;
    let folder = text.trim().strip_prefix("gitdir: ")?;
    Some(git.parent()?.join(folder))
}

/// The commit that `cargo package` notes down.
fn package(root: &Path) -> Option<Found> {
    let path = root.join(".cargo_vcs_info.json");
    let text = fs::read_to_string(&path).ok()?;
    let (_, rest) = text.split_once("\"sha1\"")?;
    let commit = hexadecimal(rest.split('"').nth(1)?)?;
    Some(Found {
        commit,
        read: vec![path],
    })
}

fn hexadecimal(text: &str) -> Option<String> {
    let is_one = text.len() >= 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
    is_one.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these files, under the system's folder for such.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str, files: &[(&str, &str)]) -> Folder {
            let root =
                std::env::temp_dir().join(format!("bnnc-commit-{}-{name}", std::process::id()));
            for (file, text) in files {
                let path = root.join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Folder(root)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_commit_is_found_in_every_kind_of_checkout() {
        let line = format!("{SHA}\n");
        let packed = format!("# pack-refs\n{SHA} refs/heads/main\n");
        let package = format!("{{\"git\": {{\"sha1\": \"{SHA}\"}}, \"path_in_vcs\": \"\"}}");
        let branch = "ref: refs/heads/main\n";
        let cases: [(&str, &[(&str, &str)]); 6] = [
            ("detached", &[(".git/HEAD", &line)]),
            (
                "branch",
                &[(".git/HEAD", branch), (".git/refs/heads/main", &line)],
            ),
            (
                "packed",
                &[(".git/HEAD", branch), (".git/packed-refs", &packed)],
            ),
            (
                "packed with a log",
                &[
                    (".git/HEAD", branch),
                    (".git/logs/HEAD", ""),
                    (".git/packed-refs", &packed),
                ],
            ),
            (
                "worktree",
                &[
                    (".git", "gitdir: main/worktrees/w\n"),
                    ("main/worktrees/w/HEAD", branch),
                    ("main/worktrees/w/commondir", "../..\n"),
                    ("main/refs/heads/main", &line),
                ],
            ),
            ("package", &[(".cargo_vcs_info.json", &package)]),
        ];
        for (name, files) in cases {
            let folder = Folder::new(name, files);
            let found = repository(&folder.0).or_else(|| super::package(&folder.0));
            let found = found.expect(name);
            assert_eq!(found.commit, SHA, "{name}");
            assert!(found.read.iter().all(|file| file.is_file()), "{name}");
            // A commit writes to one of these, whether a branch has its file already or not.
            let log = folder.0.join(".git/logs/HEAD");
            assert_eq!(found.read.contains(&log), log.is_file(), "{name}");
        }
        let bare = Folder::new("bare", &[("Cargo.toml", "")]);
        assert_eq!(repository(&bare.0), None);
        assert_eq!(super::package(&bare.0), None);
    }
}
