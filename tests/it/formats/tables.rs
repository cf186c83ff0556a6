//! Tables in `.jsonl`, `.parquet` and `.xlsx`.

use super::spreadsheets::workbook;
use super::{damaged, read, told};
use crate::cli::Place;
use bnnc::data::{Choices, Dataset, Request, Streaming, Values};
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray,
    FixedLenByteArrayType, FloatType, Int32Type, Int64Type, Int96, Int96Type,
};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::io::Write as _;
use std::sync::Arc;

/// The table that the tests have in each format: a number that is missing once, a whole number, a boolean, a date, a
/// point in time, a category, and labels.
const CSV: &str = "\
size,count,wet,day,seen,site,kind
0.1,1,true,2024-03-01,2024-03-01T06:00:00,north,a
,2,false,2024-02-29,2024-03-01T06:00:00.5,south,b
-1e-3,3,true,1969-12-31,2024-03-01,north,b
2.5e300,4,false,2000-01-01,1970-01-01T23:59:59,east,a
";

const JSONL: &str = r#"
{"size": 0.1, "count": 1, "wet": true, "day": "2024-03-01", "seen": "2024-03-01T06:00:00", "site": "north", "kind": "a"}
{"size": null, "count": 2, "wet": false, "day": "2024-02-29", "seen": "2024-03-01T06:00:00.5", "site": " south ", "kind": "b"}

{"count": 3, "size": -1e-3, "wet": true, "day": "1969-12-31", "seen": "2024-03-01", "site": "north", "kind": "b"}
{"size": 2.5e300, "count": "4", "wet": false, "day": "2000-01-01", "seen": "1970-01-01T23:59:59", "site": "e\u0061st", "kind": "a"}
"#;

/// Missing values as the mean, which is learned from the others.
fn with_rules(request: &mut Request) {
    request.choices = Choices {
        missing: Some("mean".into()),
        ..Choices::default()
    };
}

/// All that a model sees of a data set.
fn seen(data: &Dataset) -> (Vec<u64>, Vec<u64>, Vec<String>, Vec<String>) {
    let bits = |values: &Values| (0..values.len()).map(|i| values.get(i).to_bits()).collect();
    let entries = data.columns.as_ref().unwrap().entries();
    let train = &data.train;
    (
        bits(&train.inputs),
        bits(&train.targets),
        entries,
        data.class_names.clone(),
    )
}

/// One column of a Parquet file: what is written for each row that has a value, and which rows have one.
type Write<'a> = Box<dyn Fn(&mut parquet::file::writer::SerializedColumnWriter) + 'a>;

fn column<'a, T: DataType>(values: &'a [T::T], levels: Option<&'a [i16]>) -> Write<'a> {
    Box::new(move |writer| {
        writer
            .typed::<T>()
            .write_batch(values, levels, None)
            .unwrap();
    })
}

/// A Parquet file of these columns, each in two groups of the same rows.
fn parquet_file(
    schema: &str,
    compression: Compression,
    groups: usize,
    columns: &[Write],
) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .build();
    let mut bytes = vec![];
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties)).unwrap();
    for _ in 0..groups {
        let mut group = writer.next_row_group().unwrap();
        for write in columns {
            let mut column = group.next_column().unwrap().unwrap();
            write(&mut column);
            column.close().unwrap();
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
    bytes
}

fn texts(texts: &[&str]) -> Vec<ByteArray> {
    texts.iter().map(|text| ByteArray::from(*text)).collect()
}

const SCHEMA: &str = "message table {
  optional double size;
  required int32 count (INTEGER(16, true));
  required boolean wet;
  required int32 day (DATE);
  required int64 seen (TIMESTAMP(MICROS, false));
  required binary site (STRING);
  required binary kind (ENUM);
}";

/// The table as Parquet.
fn parquet_table(compression: Compression, groups: usize) -> Vec<u8> {
    let day = 86_400_000_000;
    let seen = [
        19_783 * day + day / 4,
        19_783 * day + day / 4 + 500_000,
        19_783 * day,
        day - 1_000_000,
    ];
    let sites = texts(&["north", "south", "north", "east"]);
    let kinds = texts(&["a", "b", "b", "a"]);
    parquet_file(
        SCHEMA,
        compression,
        groups,
        &[
            column::<DoubleType>(&[0.1, -1e-3, 2.5e300], Some(&[1, 0, 1, 1])),
            column::<Int32Type>(&[1, 2, 3, 4], None),
            column::<BoolType>(&[true, false, true, false], None),
            column::<Int32Type>(&[19_783, 19_782, -1, 10_957], None),
            column::<Int64Type>(&seen, None),
            column::<ByteArrayType>(&sites, None),
            column::<ByteArrayType>(&kinds, None),
        ],
    )
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn a_table_is_the_same_data_set_in_each_format() {
    let expected = seen(&read("t.csv", CSV.as_bytes(), with_rules).unwrap());
    // The reference by hand: -1e-3 of the row without a size would be the mean of the others.
    assert_eq!(f64::from_bits(expected.0[1]), 1.0);
    let zstd = Compression::ZSTD(ZstdLevel::default());
    for (name, bytes) in [
        ("t.jsonl", JSONL.as_bytes().to_vec()),
        ("t.ndjson", JSONL.as_bytes().to_vec()),
        ("T.JSONL.gz", gzip(JSONL.as_bytes())),
        ("t.parquet", parquet_table(Compression::UNCOMPRESSED, 1)),
        ("snappy.parquet", parquet_table(Compression::SNAPPY, 1)),
        (
            "gzip.parquet",
            parquet_table(Compression::GZIP(Default::default()), 1),
        ),
        ("lz4.parquet", parquet_table(Compression::LZ4_RAW, 1)),
        ("zstd.parquet", parquet_table(zstd, 1)),
        (
            "t.xlsx",
            workbook(&[("data", &super::spreadsheets::table())]),
        ),
    ] {
        let data =
            read(name, &bytes, with_rules).unwrap_or_else(|e| panic!("{name}: {}", told(&e)));
        assert_eq!(seen(&data), expected, "{name}");
        // Its numbers in a file are the same.
        let streamed = read(name, &bytes, |request| {
            with_rules(request);
            request.stream = Streaming::Always;
        });
        let streamed = streamed.unwrap_or_else(|e| panic!("{name}: {}", told(&e)));
        assert_eq!(seen(&streamed), expected, "{name}");
        let is_stored = matches!(streamed.train.inputs, Values::Stored(_));
        assert_eq!(is_stored, !name.ends_with("xlsx"), "{name}");
    }
}

#[test]
fn groups_of_rows_come_one_after_the_other() {
    let twice = format!("{CSV}{}", CSV.split_once('\n').unwrap().1);
    let expected = seen(&read("t.csv", twice.as_bytes(), with_rules).unwrap());
    let found = read(
        "t.parquet",
        &parquet_table(Compression::SNAPPY, 2),
        with_rules,
    )
    .unwrap();
    assert_eq!(seen(&found), expected);
}

#[test]
fn each_type_of_parquet_has_its_numbers() {
    let half = |bits: u16| FixedLenByteArray::from(bits.to_le_bytes().to_vec());
    // 2^53 + 1 and 2^64 − 1 name something: they are texts. The decimals are 1.23, −0.05 and 10^20 / 10^2.
    let (mut noon, mut midnight) = (Int96::new(), Int96::new());
    let nanoseconds: u64 = 43_200_000_000_000;
    noon.set_data(
        nanoseconds as u32,
        (nanoseconds >> 32) as u32,
        2_440_588 + 1,
    );
    midnight.set_data(0, 0, 2_440_588 - 1);
    let schema = "message table {
        required float float;
        required int32 byte (INTEGER(8, false));
        required int64 long (UINT_64);
        required int32 price (DECIMAL(9, 2));
        required fixed_len_byte_array(12) sum (DECIMAL(27, 2));
        required fixed_len_byte_array(2) half (FLOAT16);
        required int96 old;
        required int64 millis (TIMESTAMP_MILLIS);
        required int64 nanos (TIMESTAMP(NANOS, true));
        required int32 wide (INTEGER(32, false));
    }";
    let sum = |value: i128| FixedLenByteArray::from(value.to_be_bytes()[4..].to_vec());
    let bytes = parquet_file(
        schema,
        Compression::UNCOMPRESSED,
        1,
        &[
            column::<FloatType>(&[0.1, -2.5], None),
            column::<Int32Type>(&[255, 0], None),
            column::<Int64Type>(&[1 << 53, 5], None),
            column::<Int32Type>(&[123, -5], None),
            column::<FixedLenByteArrayType>(&[sum(10i128.pow(20)), sum(-7)], None),
            column::<FixedLenByteArrayType>(&[half(0x3C00), half(0xC000)], None),
            column::<Int96Type>(&[noon, midnight], None),
            column::<Int64Type>(&[86_400_000, -43_200_000], None),
            column::<Int64Type>(&[43_200_000_000_000, 0], None),
            column::<Int32Type>(&[-1, 7], None),
        ],
    );
    let data = read("t.parquet", &bytes, |request| {
        request.choices.drop = Some("long".into());
    })
    .unwrap();
    let values = |row: usize| {
        (0..8)
            .map(|i| data.train.inputs.get(8 * row + i))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        values(0),
        [f64::from(0.1f32), 255.0, 1.23, 1e18, 1.0, 1.5, 1.0, 0.5]
    );
    assert_eq!(values(1), [-2.5, 0.0, -0.05, -0.07, -2.0, -1.0, -0.5, 0.0]);
    assert_eq!(data.train.targets, Values::F64(vec![4_294_967_295.0, 7.0]));
    // The other one is a text where float64 does not hold it: it is kept as it is, and no input.
    assert_eq!(data.seen.identifiers[0].cell(0), "9007199254740992");
    let told = told(&read("t.parquet", &bytes, |_| ()).unwrap_err());
    assert!(told.contains("whole numbers above 2^53"), "{told}");
}

#[test]
fn lists_and_groups_are_refused_by_name_unless_they_are_dropped() {
    let schema = "message table {
        required double x;
        optional group tags (LIST) { repeated group list { required int32 element; } }
        required group place { required double north; required double east; }
        required fixed_len_byte_array(12) wait (INTERVAL);
        required double y;
    }";
    let wait = [
        FixedLenByteArray::from(vec![0; 12]),
        FixedLenByteArray::from(vec![1; 12]),
    ];
    let tags: Write = Box::new(|writer| {
        let levels = (&[2, 2, 0][..], &[0, 1, 0][..]);
        writer
            .typed::<Int32Type>()
            .write_batch(&[1, 2], Some(levels.0), Some(levels.1))
            .unwrap();
    });
    let bytes = parquet_file(
        schema,
        Compression::UNCOMPRESSED,
        1,
        &[
            column::<DoubleType>(&[1.0, 2.0], None),
            tags,
            column::<DoubleType>(&[1.0, 2.0], None),
            column::<DoubleType>(&[1.0, 2.0], None),
            column::<FixedLenByteArrayType>(&wait, None),
            column::<DoubleType>(&[3.0, 4.0], None),
        ],
    );
    let text = told(&read("t.parquet", &bytes, |_| ()).unwrap_err());
    for part in [
        "column `tags` holds lists or groups",
        "column `place` holds lists or groups",
        "column `wait` holds intervals of time",
        "`--drop tags` leaves it out",
    ] {
        assert_eq!(text.matches(part).count(), 1, "{part}: {text}");
    }
    let data = read("t.parquet", &bytes, |request| {
        request.choices.drop = Some("tags,place,wait".into());
    })
    .unwrap();
    assert_eq!(data.train.inputs, Values::F64(vec![1.0, 2.0]));
    assert_eq!(data.train.targets, Values::F64(vec![3.0, 4.0]));
}

#[test]
fn bytes_that_are_no_text_are_refused_by_name_unless_they_are_dropped() {
    let bytes = parquet_file(
        "message table { required double x; required binary photo; required double y; }",
        Compression::UNCOMPRESSED,
        1,
        &[
            column::<DoubleType>(&[1.0, 2.0], None),
            column::<ByteArrayType>(
                &[ByteArray::from(vec![0xFF, 0]), ByteArray::from("a")],
                None,
            ),
            column::<DoubleType>(&[3.0, 4.0], None),
        ],
    );
    let failure = told(&read("t.parquet", &bytes, |_| ()).unwrap_err());
    assert!(
        failure.contains("column `photo` holds bytes that are no text"),
        "{failure}"
    );
    let data = read("t.parquet", &bytes, |request| {
        request.choices.drop = Some("photo".into());
    });
    assert_eq!(data.unwrap().train.inputs, Values::F64(vec![1.0, 2.0]));
}

/// `10000000000000000000N` for N from 0 to 3 is one float64.
#[test]
fn long_whole_numbers_of_json_name_something() {
    let line = |n| {
        format!(
            "{{\"s\": \"\\\"7,\", \"x\": 1e20, \"z\": -1.5, \"b\": true, \"id\": 10000000000000000000{n}, \"y\": {n}}}\n"
        )
    };
    let text: String = (0..4).map(line).collect();
    let failure = told(&read("t.jsonl", text.as_bytes(), |_| ()).unwrap_err());
    assert!(
        failure.contains("`id`: identifier, all different, as `100000000000000000000`"),
        "{failure}"
    );
    assert!(!failure.contains("`x`"), "{failure}");
    let data = read("t.jsonl", text.as_bytes(), |request| {
        request.choices.drop = Some("id,s".into());
    });
    let row = [1e20, -1.5, 1.0];
    assert_eq!(data.unwrap().train.inputs, Values::F64(row.repeat(4)));
}

#[test]
fn a_missing_number_is_null_nan_or_no_key() {
    let jsonl = "{\"x\": 1, \"y\": 2}\n{\"y\": 3}\n{\"x\": null, \"y\": 4}\n";
    let nan = parquet_file(
        "message table { optional float x; required double y; }",
        Compression::UNCOMPRESSED,
        1,
        &[
            column::<FloatType>(&[1.0, f32::NAN], Some(&[1, 0, 1])),
            column::<DoubleType>(&[2.0, 3.0, 4.0], None),
        ],
    );
    for (name, bytes) in [("t.jsonl", jsonl.as_bytes()), ("t.parquet", &nan)] {
        let told = told(&read(name, bytes, |_| ()).unwrap_err());
        assert!(
            told.contains("`x`: number, 2 of 3 values missing"),
            "{told}"
        );
    }
}

#[test]
fn faulty_lines_of_json_are_told_with_line_and_key() {
    for (text, parts) in [
        (
            "{\"x\": 1, \"y\": 2}\n{\"x\": [1, 2], \"y\": 3}\n",
            &[":2: `x` holds a list or an object", "`--drop` the column"][..],
        ),
        (
            "{\"x\": {\"a\": 1}, \"y\": 3}\n",
            &[":1: `x` holds a list or an object"],
        ),
        (
            "{\"x\": 1, \"x\": 2, \"y\": 3}\n",
            &[":1: the key `x` comes twice"],
        ),
        (
            "{\"x\": 1, \"y\": 2}\n\n[1, 2]\n",
            &[":3: the line is no object", "`jq -c '.[]'`"],
        ),
        ("3\n", &[":1: the line is no object"]),
        (
            "{\"x\": NaN, \"y\": 3}\n",
            &[":1: the line is not JSON", "a missing value is `null`"],
        ),
        (
            "{\n  \"x\": 1,\n",
            &[":1: the line is not JSON", "an object stands in one line"],
        ),
        (
            "{\"x\": 1 \"y\": 2}\n",
            &[
                ":1: the line is not JSON",
                "character 9: expected `,` or `}`",
            ],
        ),
        (
            "{\"x\": 1e999, \"y\": 2}\n",
            &[":1: the line is not JSON", "number out of range"],
        ),
        ("\n\n", &["is empty", "expected an object a line"]),
        ("{}\n", &["is empty"]),
    ] {
        let told = told(&read("t.jsonl", text.as_bytes(), |_| ()).unwrap_err());
        for part in parts {
            assert!(told.contains(part), "{text}: {told}");
        }
    }
    let data = read(
        "t.jsonl",
        b"{\"x\": 1, \"tags\": [1], \"y\": 2}\n",
        |request| {
            request.choices.drop = Some("tags".into());
        },
    );
    assert_eq!(data.unwrap().train.inputs, Values::F64(vec![1.0]));
}

#[test]
fn a_short_file_does_not_become_a_large_table() {
    let rows: String = (0..2000).map(|i| format!("{{\"k{i}\": 1}}\n")).collect();
    let told = told(&read("t.jsonl", rows.as_bytes(), |_| ()).unwrap_err());
    assert!(
        told.contains("hardly any of its cells has a value"),
        "{told}"
    );
}

#[test]
fn texts_that_are_numbers_are_read_as_a_text_table_reads_them() {
    let jsonl =
        "{\"a\": \"0,5\", \"b\": \"12%\", \"y\": 1}\n{\"a\": \"1,25\", \"b\": \"7%\", \"y\": 2}\n";
    let data = read("t.jsonl", jsonl.as_bytes(), |_| ()).unwrap();
    assert_eq!(data.train.inputs, Values::F64(vec![0.5, 0.12, 1.25, 0.07]));
    assert_eq!(
        data.seen.said.join("; "),
        "decimal commas in `a` and `b`; percent as hundredths; texts read as numbers in `a` and `b`"
    );
    // What says which row is which stays as it is written.
    let jsonl =
        "{\"id\": \"0001\", \"x\": 1, \"y\": 1}\n{\"id\": \"0002\", \"x\": 1.5, \"y\": 2}\n";
    let data = read("t.jsonl", jsonl.as_bytes(), |request| {
        request.choices.drop = Some("id".into());
    })
    .unwrap();
    assert_eq!(data.seen.identifiers[0].cell(1), "0002");
}

#[test]
fn a_damaged_file_is_told_and_never_a_panic() {
    let place = Place::new();
    for (name, bytes) in [
        ("t.jsonl", JSONL.as_bytes().to_vec()),
        ("t.jsonl.gz", gzip(JSONL.as_bytes())),
        ("t.parquet", parquet_table(Compression::UNCOMPRESSED, 1)),
        (
            "z.parquet",
            parquet_table(Compression::ZSTD(ZstdLevel::default()), 2),
        ),
        (
            "t.xlsx",
            workbook(&[("data", &super::spreadsheets::table())]),
        ),
    ] {
        let path = place.path(name);
        let mut faults = 0;
        let mut all = 0;
        for bytes in damaged(&bytes) {
            std::fs::write(&path, bytes).unwrap();
            let mut request = Request {
                data: path.display().to_string(),
                ..Request::default()
            };
            with_rules(&mut request);
            all += 1;
            if let Err(failure) = bnnc::data::load(&request) {
                faults += 1;
                assert!(!failure.diagnostics[0].title.is_empty());
            }
        }
        // A changed digit is another number, and no fault.
        assert!(faults * 4 > all, "{name}: {faults} of {all}");
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let output = place.bnnc(&format!("train line.bnn --data {name}"));
        assert_eq!(output.status.code(), Some(1), "{name}");
    }
}

#[test]
fn a_run_takes_its_table_in_any_format() {
    let place = Place::new();
    place.ok("train line.bnn --data t.csv --test 0.2 --epochs 1 --batch-size 16 --out run");
    let csv = std::fs::read_to_string(place.path("t.csv")).unwrap();
    let rows: Vec<Vec<&str>> = csv
        .lines()
        .skip(1)
        .map(|row| row.split(',').collect())
        .collect();
    let jsonl = rows.iter().map(|row| {
        format!(
            "{{\"y\": {}, \"b\": {}, \"a\": {}}}\n",
            row[2], row[1], row[0]
        )
    });
    std::fs::write(place.path("t.jsonl"), jsonl.collect::<String>()).unwrap();
    let numbers = |i: usize| {
        rows.iter()
            .map(|row| row[i].parse().unwrap())
            .collect::<Vec<f64>>()
    };
    let numbers = [numbers(0), numbers(1), numbers(2)];
    let columns: Vec<Write> = numbers
        .iter()
        .map(|values| column::<DoubleType>(values, None))
        .collect();
    let schema = "message t { required double a; required double b; required double y; }";
    let bytes = parquet_file(schema, Compression::SNAPPY, 1, &columns);
    std::fs::write(place.path("t.parquet"), bytes).unwrap();
    std::fs::copy(place.path("t.csv"), place.path("all.csv")).unwrap();
    place.ok("predict run --data all.csv --samples 2 --out csv.csv");
    let expected = std::fs::read(place.path("csv.csv")).unwrap();
    for name in ["t.jsonl", "t.parquet"] {
        // The same rows: those that were trained on are known by what they hold.
        let refused = place.refused(&format!("evaluate run --data {name} --samples 2"));
        assert!(
            refused.contains("48 of its 60 rows were trained on"),
            "{refused}"
        );
        let said = place.ok(&format!(
            "evaluate run --data {name} --allow-changed --samples 2"
        ));
        assert!(
            said.contains("the 12 examples that were never trained on"),
            "{said}"
        );
        place.ok(&format!(
            "predict run --data {name} --samples 2 --out p.csv"
        ));
        let written = std::fs::read(place.path("p.csv")).unwrap();
        assert!(written == expected, "{name}");
        assert!(
            place
                .ok(&format!("data look {name}"))
                .contains("60 rows, 3 columns")
        );
        assert!(
            place
                .ok(&format!("check line.bnn --data {name} --batch-size 8"))
                .contains("60")
        );
    }
}
