//! Tests of `text_pieces`.

use super::*;
use crate::data::sheet::{csv, read_all};
use proptest::prelude::*;

/// What a sheet holds: its names, cells and lines.
fn shown(sheets: &[Sheet]) -> (Vec<String>, Vec<Vec<String>>, Vec<u32>) {
    let cells = |place: usize| -> Vec<String> {
        let of = |sheet: &Sheet| {
            sheet.columns[place]
                .iter()
                .map(|c| format!("{c:?}"))
                .collect::<Vec<_>>()
        };
        sheets.iter().flat_map(of).collect()
    };
    let header = sheets[0].header();
    let columns = (0..header.len()).map(cells).collect();
    (
        header,
        columns,
        sheets.iter().flat_map(|s| s.lines.clone()).collect(),
    )
}

fn in_pieces(text: &str, most: usize) -> Option<(Vec<Sheet>, Vec<String>)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, text).unwrap();
    let found = find(&path, &read_all).unwrap()?;
    let mut pieces = TextPieces::of_file(&path, &found).unwrap();
    let mut all = vec![];
    while let Some(sheet) = pieces.next(most).unwrap() {
        assert!(sheet.rows() <= most);
        all.push(sheet);
    }
    assert_eq!(
        all.iter().map(|s| s.rows() as u64).sum::<u64>(),
        found.rows,
        "{text:?}"
    );
    pieces.refuse_ragged().unwrap();
    Some((all, pieces.said()))
}

#[test]
fn pieces_are_those_of_the_whole() {
    for text in [
        "a,y\n0.5,2\n-1,1.5e3\n",
        "a,y\r\n0.5,2\r\n\r\n-1,1500",
        "\u{feff}\"a\",\"y\"\n\"0.5\",\"2\"\n\"-1\",\"1500\"\n",
        "a;y\n0,5;2\n-1;1.500\n7;3\n",
        "a  y\n0.5 2\n -1 1500\n\n3 4",
        "# by a logger\na,y\n0.5,2\n# gap\n-1,1500\n",
        "# made so\n# a y\n0.5 2\n-1 1500\n",
        "a,y\n50%,2\n\u{2212}1,\"1,500\"\n",
        "a,y\nkg,MPa\n0.5,2\n-1,1500\n",
        "a,y\n\"one\n# two\",2\n\"x\"\"\ny\",1500\n3,4\n",
        "a,y\n\"one\"two\",2\n5\" wide,3\n",
    ] {
        let whole = csv::parse(Path::new("t.csv"), text.as_bytes(), &read_all).unwrap();
        for most in [1, 2, 100] {
            let (found, said) = in_pieces(text, most).unwrap();
            assert_eq!(
                shown(&found),
                shown(std::slice::from_ref(&whole)),
                "{text:?} by {most}"
            );
            assert_eq!(said, whole.said, "{text:?} by {most}");
        }
    }
    // Another encoding is read whole.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, b"gr\xF6\xDFe,y\n1,2\n").unwrap();
    assert!(find(&path, &read_all).unwrap().is_none());
}

proptest! {
    /// Whole rows end where the reader of whole texts ends a row.
    #[test]
    fn rows_end_where_the_reader_ends_them(text in "[a\",\r\n]{0,24}", more in "[a\",\n]{0,12}") {
        let (end, _) = records(&text, b',', usize::MAX, false);
        let read = |text: &str| {
            let mut reader = ::csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes());
            reader.records().map(|row| row.unwrap()).collect::<Vec<_>>()
        };
        let rows = |text: &str| -> Vec<Vec<String>> {
            read(text).iter().map(|row| row.iter().map(str::to_owned).collect()).collect()
        };
        let all = format!("{text}{more}");
        let divided = [rows(&all[..end]), rows(&all[end..])].concat();
        prop_assert_eq!(divided, rows(&all));
    }
}

/// A quote that is not closed makes all that follows one row.
#[test]
fn a_row_without_end_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let begun = "a,y\n0.5,2\n-1,1.5e3\n";
    std::fs::write(&path, begun).unwrap();
    let found = find(&path, &read_all).unwrap().unwrap();
    let endless = format!("{begun}\"{}", "0.5,2\n".repeat(1 << 20));
    std::fs::write(&path, endless).unwrap();
    let mut pieces = TextPieces::of_file(&path, &found).unwrap();
    let failure = loop {
        match pieces.next(100) {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it has an end"),
            Err(failure) => break failure,
        }
    };
    let title = &failure.diagnostics[0].title;
    assert!(title.ends_with("which begins in line 4"), "{title}");
}
