//! Spreadsheets, `.xlsx`.

use super::{read, told};
use bnnc::data::{Request, Values, load};
use std::fmt::Write as _;
use std::io::Write as _;
use zip::write::SimpleFileOptions;

/// A cell of a sheet, as the XML of a workbook has it.
pub(super) enum Cell {
    Number(f64),
    Text(&'static str),
    Boolean(bool),
    /// Days since 1899-12-30, shown as a date.
    Date(f64),
    Error(&'static str),
    Empty,
}

use Cell::{Boolean, Date, Empty, Error, Number, Text};

/// The rows of a sheet, the first being row 1.
pub(super) type Rows = Vec<Vec<Cell>>;

/// The table of the tests of all formats, with a blank row and a blank column before it and formatted blanks behind it.
pub(super) fn table() -> Rows {
    let header = ["size", "count", "wet", "day", "seen", "site", "kind"].map(Text);
    let row = |size, count, wet, day, seen, site, kind| {
        vec![
            Empty,
            size,
            Number(count),
            Boolean(wet),
            Date(day),
            Date(seen),
            Text(site),
            Text(kind),
        ]
    };
    vec![
        vec![],
        std::iter::once(Empty).chain(header).collect(),
        row(Number(0.1), 1.0, true, 45_352.0, 45_352.25, "north", "a"),
        row(
            Error("#N/A"),
            2.0,
            false,
            45_351.0,
            45_352.25 + 0.5 / 86_400.0,
            "south",
            "b",
        ),
        vec![],
        row(Number(-1e-3), 3.0, true, 25_568.0, 45_352.0, "north", "b"),
        row(
            Number(2.5e300),
            4.0,
            false,
            36_526.0,
            25_570.0 - 1.0 / 86_400.0,
            " east",
            "a",
        ),
        vec![Empty, Empty, Text(" ")],
        vec![],
    ]
}

/// A workbook of sheets, with as little XML as makes one.
pub(super) fn workbook(sheets: &[(&str, &Rows)]) -> Vec<u8> {
    const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const LINKS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    let mut parts = vec![
        (
            "[Content_Types].xml".to_owned(),
            format!(
                r#"<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#
            ),
        ),
        (
            "_rels/.rels".to_owned(),
            format!(
                r#"<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/styles.xml".to_owned(),
            format!(
                r#"<styleSheet xmlns="{MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>"#
            ),
        ),
    ];
    let (mut list, mut links) = (String::new(), String::new());
    for (i, (name, rows)) in sheets.iter().enumerate() {
        let id = i + 1;
        write!(
            list,
            r#"<sheet name="{name}" sheetId="{id}" r:id="rId{id}"/>"#
        )
        .unwrap();
        write!(links, r#"<Relationship Id="rId{id}" Type="{LINKS}/worksheet" Target="worksheets/sheet{id}.xml"/>"#).unwrap();
        let sheet = format!(
            r#"<worksheet xmlns="{MAIN}"><sheetData>{}</sheetData></worksheet>"#,
            cells(rows)
        );
        parts.push((format!("xl/worksheets/sheet{id}.xml"), sheet));
    }
    write!(
        links,
        r#"<Relationship Id="rId99" Type="{LINKS}/styles" Target="styles.xml"/>"#
    )
    .unwrap();
    parts.push((
        "xl/workbook.xml".to_owned(),
        format!(r#"<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>{list}</sheets></workbook>"#),
    ));
    parts.push((
        "xl/_rels/workbook.xml.rels".to_owned(),
        format!(r#"<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>"#),
    ));
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
    for (name, text) in parts {
        archive
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        archive
            .write_all(format!("{HEAD}{text}").as_bytes())
            .unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn cells(rows: &Rows) -> String {
    let mut out = String::new();
    for (i, row) in rows.iter().enumerate() {
        let line = i + 1;
        write!(out, r#"<row r="{line}">"#).unwrap();
        for (j, cell) in row.iter().enumerate() {
            let place = format!("{}{line}", char::from(b'A' + j as u8));
            let cell = match cell {
                Number(value) => format!(r#"<c r="{place}"><v>{value}</v></c>"#),
                Text(text) => format!(
                    r#"<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>"#
                ),
                Boolean(value) => {
                    format!(r#"<c r="{place}" t="b"><v>{}</v></c>"#, u8::from(*value))
                }
                Date(days) => format!(r#"<c r="{place}" s="1"><v>{days}</v></c>"#),
                Error(error) => format!(r#"<c r="{place}" t="e"><v>{error}</v></c>"#),
                Empty => format!(r#"<c r="{place}" s="1"/>"#),
            };
            out.push_str(&cell);
        }
        out.push_str("</row>");
    }
    out
}

fn numbers(rows: &[[f64; 2]]) -> Rows {
    let row = |row: &[f64; 2]| row.map(Number).into();
    let header = vec![Text("x"), Text("y")];
    std::iter::once(header)
        .chain(rows.iter().map(row))
        .collect()
}

#[test]
fn the_first_sheet_is_taken_and_the_others_are_said() {
    let (first, second) = (numbers(&[[1.0, 2.0]]), numbers(&[[3.0, 4.0], [5.0, 6.0]]));
    let bytes = workbook(&[("2023", &first), ("2024", &second)]);
    let data = read("t.xlsx", &bytes, |_| ()).unwrap();
    assert_eq!(data.train.inputs, Values::F64(vec![1.0]));
    assert_eq!(data.seen.said, ["sheet `2023` of `2023` and `2024`"]);

    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("t.xlsx", &bytes);
    write("t.csv", b"x,y\n1,2\n");
    let of = |toml: &str| {
        write("t.toml", toml.as_bytes());
        load(&Request {
            data: folder.path().join("t.toml").display().to_string(),
            ..Request::default()
        })
    };
    let data = of("file = 't.xlsx'\nsheet = '2024'\n").unwrap();
    assert_eq!(data.train.inputs, Values::F64(vec![3.0, 5.0]));
    assert!(data.seen.said.is_empty());
    let failure = told(&of("file = 't.xlsx'\nsheet = '2025'\n").unwrap_err());
    assert!(
        failure.contains("its sheets are `2023` and `2024`"),
        "{failure}"
    );
    let failure = told(&of("file = 't.csv'\nsheet = '2024'\n").unwrap_err());
    assert!(failure.contains("has no sheet `2024`"), "{failure}");
}

#[test]
fn what_was_recognised_is_said() {
    let mut rows = numbers(&[[1.0, 2.0], [3.0, 4.0]]);
    rows.insert(1, vec![Text("kg"), Text("MPa")]);
    rows.push(vec![Error("#DIV/0!"), Number(7.0)]);
    rows.push(vec![Text("8"), Number(9.0)]);
    let data = read("t.xlsx", &workbook(&[("a", &rows)]), |request| {
        request.choices.missing = Some("x=median".into());
    })
    .unwrap();
    assert_eq!(data.train.inputs, Values::F64(vec![1.0, 3.0, 3.0, 8.0]));
    assert_eq!(
        data.seen.said,
        [
            "1 cell of `#DIV/0!` as missing values",
            "texts read as numbers in `x`",
            "the first row, of units, left out"
        ]
    );
}

/// A date that a spreadsheet cannot show is no date here either, and not the nearest that it can.
#[test]
fn dates_before_the_first_and_behind_the_last_are_missing() {
    for days in [-5.0, 2_958_466.0] {
        let mut rows = numbers(&[[1.0, 2.0]]);
        rows.extend([45_352.0, 2_958_465.0, days].map(|days| vec![Date(days), Number(3.0)]));
        rows.remove(1);
        let data = read("t.xlsx", &workbook(&[("a", &rows)]), |request| {
            request.choices.missing = Some("x=median".into());
        })
        .unwrap();
        // The days from 1970-01-01 to 2024-03-01 and to 9999-12-31, and their median, by Python.
        assert_eq!(
            data.train.inputs,
            Values::F64(vec![19_783.0, 2_932_896.0, 1_476_339.5])
        );
        assert_eq!(data.seen.said, ["1 cell of `########` as missing values"]);
    }
}

#[test]
fn sheets_that_are_no_tables_are_told() {
    let mut beside = numbers(&[[1.0, 2.0], [3.0, 4.0]]);
    beside[2].extend([Empty, Text("see below")]);
    let no_header: Rows = vec![
        vec![Number(1.0), Number(2.0)],
        vec![Number(3.0), Number(4.0)],
    ];
    for (rows, parts) in [
        (vec![], &["has nothing in its sheet `a`"][..]),
        (numbers(&[]), &["has a header and no rows"]),
        (
            beside,
            &[
                ":3: the row is ragged",
                "the cell D3 has a value, and the last column with a name is B",
            ],
        ),
        (no_header, &["has no header"]),
    ] {
        let told = told(&read("t.xlsx", &workbook(&[("a", &rows)]), |_| ()).unwrap_err());
        for part in parts {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
    let failure = read("t.xlsx", b"PK\x03\x04 no workbook", |_| ()).unwrap_err();
    assert!(
        told(&failure).contains("is not an .xlsx file"),
        "{}",
        told(&failure)
    );
}
