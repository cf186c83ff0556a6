//! Against a server on loopback.

use super::super::catalog::DataFile;
use super::super::{Dataset, Facts};
use super::*;
use flate2::{Compression, write::GzEncoder};
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Serves `files` and notes the requests; the first answer for a file in `cut` stops at that byte.
struct Server {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(files: Vec<(&'static str, Vec<u8>)>, cut: Option<usize>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(vec![]));
        let seen = requests.clone();
        std::thread::spawn(move || {
            let mut cut = cut;
            for stream in listener.incoming() {
                // A client that goes away is part of some tests.
                let _ = answer(stream.unwrap(), &files, &mut cut, &seen);
            }
        });
        Server { address, requests }
    }

    fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

fn answer(
    mut stream: TcpStream,
    files: &[(&str, Vec<u8>)],
    cut: &mut Option<usize>,
    seen: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let (mut name, mut from) = (String::new(), None);
    for line in BufReader::new(stream.try_clone()?).lines() {
        let line = line?.to_lowercase();
        if let Some(rest) = line.strip_prefix("get /") {
            name = rest.split(' ').next().unwrap().to_string();
        } else if let Some(rest) = line.strip_prefix("range: bytes=") {
            from = rest.trim_end_matches('-').parse::<usize>().ok();
        } else if line.is_empty() {
            break;
        }
    }
    seen.lock().unwrap().push(format!(
        "{name}{}",
        from.map_or(String::new(), |n| format!(" from {n}"))
    ));
    let Some((_, body)) = files.iter().find(|(n, _)| *n == name) else {
        return stream.write_all(
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        );
    };
    let (status, start) = match from {
        Some(n) if n >= body.len() => {
            return stream.write_all(
                b"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            );
        }
        Some(n) => (
            format!(
                "206 Partial Content\r\nContent-Range: bytes {n}-{}/{}",
                body.len() - 1,
                body.len()
            ),
            n,
        ),
        None => ("200 OK".into(), 0),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len() - start
    );
    stream.write_all(head.as_bytes())?;
    let end = cut.take().unwrap_or(body.len());
    stream.write_all(&body[start..end])
}

/// A data set of two files, or of an archive with both.
struct Made {
    files: &'static [DataFile],
    origin: Origin,
}

impl CatalogEntry for Made {
    fn name(&self) -> &'static str {
        "made"
    }
    fn summary(&self) -> &'static str {
        "for tests"
    }
    fn folders(&self) -> &'static [&'static str] {
        &["made-data"]
    }
    fn files(&self) -> &'static [DataFile] {
        self.files
    }
    fn origin(&self) -> Option<Origin> {
        Some(self.origin)
    }
    fn known_facts(&self) -> Facts {
        unreachable!()
    }
    fn found_facts(&self, _: &Path) -> Result<Facts> {
        unreachable!()
    }
    fn read(&self, _: &Path) -> Result<Dataset> {
        unreachable!()
    }
}

fn body(seed: usize) -> Vec<u8> {
    (0..200_000).map(|i| (i * seed / 7 % 251) as u8).collect()
}

fn form(name: &'static str, body: &[u8]) -> Form {
    let sha256 = Box::leak(hex(Sha256::new_with_prefix(body)).into_boxed_str());
    Form {
        name,
        bytes: body.len() as u64,
        sha256,
    }
}

fn files() -> &'static [DataFile] {
    let file = |name, seed| DataFile {
        forms: Box::leak(Box::new([form(name, &body(seed))])),
    };
    Box::leak(Box::new([file("a.bin", 3), file("b.bin", 5)]))
}

fn plain() -> Made {
    Made {
        files: files(),
        origin: Origin::Files {
            url: "http://127.0.0.1:1",
        },
    }
}

fn get(entry: &Made, directory: &Path, server: &Server) -> Result<PathBuf> {
    let agent = Agent::config_builder().proxy(None).build().into();
    let mut last = 0;
    fetch_by(
        &agent,
        entry,
        directory,
        Some(&server.address),
        &mut |event| {
            if let Event::Progress { done, total, .. } = event {
                assert!(done <= total + 1);
                last = done;
            }
        },
    )
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn files_that_are_there_are_not_asked_for_again() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(vec![("a.bin", body(3)), ("b.bin", body(5))], None);
    let folder = get(&plain(), directory.path(), &server).unwrap();
    assert_eq!(std::fs::read(folder.join("b.bin")).unwrap(), body(5));
    assert_eq!(
        (names(&folder).join(" "), server.requests().len()),
        ("a.bin b.bin".into(), 2)
    );

    std::fs::write(folder.join("a.bin"), b"damaged").unwrap();
    get(&plain(), directory.path(), &server).unwrap();
    assert_eq!(server.requests(), ["a.bin"]);
    assert_eq!(std::fs::read(folder.join("a.bin")).unwrap(), body(3));
}

#[test]
fn an_interrupted_transfer_is_resumed() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(vec![("a.bin", body(3)), ("b.bin", body(5))], Some(150_000));
    let failure = get(&plain(), directory.path(), &server).unwrap_err();
    assert_eq!(
        failure.diagnostics[0].helps[0].text,
        "the same command goes on from there"
    );
    assert!(
        failure.diagnostics[0].notes[0].contains("of 200000 bytes are kept in"),
        "{failure:?}"
    );
    let folder = directory.path().join("made-data");
    let kept = folder.join("a.bin.part").metadata().unwrap().len();
    assert!(kept > 0 && kept <= 150_000);
    assert!(!folder.join("a.bin").exists());

    server.requests();
    get(&plain(), directory.path(), &server).unwrap();
    assert_eq!(
        server.requests(),
        [format!("a.bin from {kept}"), "b.bin".into()]
    );
    assert_eq!(std::fs::read(folder.join("a.bin")).unwrap(), body(3));
    assert_eq!(names(&folder), ["a.bin", "b.bin"]);
}

#[test]
fn another_file_is_refused_and_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("made-data");
    for wrong in [
        body(11),
        body(3)[..1000].to_vec(),
        [body(3), vec![0; 100]].concat(),
    ] {
        let server = Server::start(vec![("a.bin", wrong.clone())], None);
        let failure = get(&plain(), directory.path(), &server).unwrap_err();
        assert!(["E0511", "E0512"].contains(&failure.diagnostics[0].code));
        if wrong.len() >= 200_000 {
            assert!(
                failure.diagnostics[0].notes[0].starts_with("expected the sha256"),
                "{failure:?}"
            );
            assert_eq!(names(&folder), Vec::<String>::new());
        } else {
            // Resuming at the end of the shorter file starts over, and ends as short.
            let failure = get(&plain(), directory.path(), &server).unwrap_err();
            assert_eq!(server.requests(), ["a.bin", "a.bin from 1000", "a.bin"]);
            assert!(failure.to_string().contains("arrived in part"));
            assert_eq!(names(&folder), ["a.bin.part"]);
            std::fs::remove_file(folder.join("a.bin.part")).unwrap();
        }
    }
}

#[test]
fn what_the_server_does_not_have_is_a_message() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(vec![], None);
    let failure = get(&plain(), directory.path(), &server).unwrap_err();
    assert_eq!(
        failure.diagnostics[0].title,
        format!("{}/a.bin is not given", server.address)
    );
    assert_eq!(
        failure.diagnostics[0].notes,
        ["the server says 404, Not Found"]
    );
    let nowhere = Server {
        address: "http://127.0.0.1:1".into(),
        ..server
    };
    let failure = get(&plain(), directory.path(), &nowhere).unwrap_err();
    assert_eq!(
        failure.diagnostics[0].title,
        "http://127.0.0.1:1/a.bin cannot be reached"
    );
}

fn archive(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(vec![], Compression::fast()));
    for (name, body) in members {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(body.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append(&header, &body[..]).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn packed(bytes: &[u8]) -> Made {
    Made {
        files: files(),
        origin: Origin::Archive {
            url: "http://127.0.0.1:1",
            archive: form("made.tar.gz", bytes),
        },
    }
}

#[test]
fn an_archive_gives_the_expected_files_alone() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = archive(&[
        ("made-data/a.bin", body(3)),
        ("../outside.bin", body(3)),
        ("made-data/other.bin", body(3)),
        ("made-data/b.bin", body(5)),
    ]);
    let server = Server::start(vec![("made.tar.gz", bytes.clone())], Some(bytes.len() / 2));
    assert!(get(&packed(&bytes), directory.path(), &server).is_err());
    let folder = get(&packed(&bytes), directory.path(), &server).unwrap();
    assert_eq!(names(&folder), ["a.bin", "b.bin"]);
    assert_eq!(names(directory.path()), ["made-data"]);
    assert!(
        !directory
            .path()
            .parent()
            .unwrap()
            .join("outside.bin")
            .exists()
    );
    assert_eq!(server.requests().len(), 2);
    get(&packed(&bytes), directory.path(), &server).unwrap();
    assert!(server.requests().is_empty());
}

#[test]
fn an_archive_with_other_files_leaves_none() {
    for members in [vec![("made-data/a.bin", body(4))], vec![("a.bin", body(3))]] {
        let directory = tempfile::tempdir().unwrap();
        let bytes = archive(&members);
        let server = Server::start(vec![("made.tar.gz", bytes.clone())], None);
        let failure = get(&packed(&bytes), directory.path(), &server).unwrap_err();
        assert_eq!(failure.diagnostics[0].code, "E0512");
        assert_eq!(
            names(&directory.path().join("made-data")),
            Vec::<String>::new()
        );
    }
}
