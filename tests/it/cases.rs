//! Small inputs that fell short once, each of a kind: what is right, as the folder of cases says it.

use crate::cli::Place;
use crate::support::shared;
use crate::tables;
use bnnc::likelihood::TargetKind;
use std::path::Path;

/// Most tables begin with these numbers, whatever the file looks like.
const ROW: &str = "0.346 0.822 0.33 | -1.214";

#[test]
fn tables_are_read_or_refused_as_they_should_be() {
    let Some(folder) = shared("cases/tables") else {
        return;
    };
    let read = |name: &str, kind: TargetKind, target: Option<&str>| {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        tables::read(name, &bytes, |request| {
            request.predicts = Some(kind);
            request.target = target.map(str::to_owned);
        })
    };
    let (real, classes, binary) = (
        TargetKind::Real(1),
        TargetKind::Category(3),
        TargetKind::Binary,
    );
    for (name, kind, row) in [
        ("01_bom.csv", real, ROW),
        ("03_semicolon.csv", real, ROW),
        ("05_tab.csv", real, ROW),
        ("09_spaces_in_names.csv", real, ROW),
        ("11_quoted_all.csv", real, ROW),
        ("13_quoted_comma_in_name.csv", real, ROW),
        ("15_string_labels.csv", classes, "0.346 0.822 0.33 | 0"),
        ("17_float_labels.csv", classes, "0.346 0.822 0.33 | 0"),
        ("19_bool_lower.csv", binary, "0.346 0.822 0.33 | 0"),
        ("21_cell_exp.csv", real, ROW),
        ("21_cell_minus_unicode.csv", real, ROW),
        ("21_cell_nbsp.csv", real, ROW),
        ("26_one_row.csv", real, "1 2 3 | 4"),
        ("30_missing_class.csv", classes, "0.346 0.822 0.33 | 0"),
        ("32_comment_lines.csv", real, ROW),
        ("36_latin1.csv", real, ROW),
        ("38_units_row.csv", real, ROW),
        ("40_no_trailing_newline.csv", real, ROW),
        ("42_gz.csv.gz", real, ROW),
        ("44_tsv.tsv", real, ROW),
        ("46_label_negative.csv", classes, "0.346 0.822 0.33 | 0"),
        (
            "50_tiny_scale.csv",
            real,
            "0.346 0.822 0.33 | -0.0000000000000000000000000000012140000000000001",
        ),
        ("52_case_names.csv", real, ROW),
        ("54_upper_ext.CSV", real, ROW),
        ("56_name_empty.csv", real, ROW),
        ("70_bom_quoted.csv", real, ROW),
        ("72_savetxt_hash.csv", real, ROW),
        ("74_year_names.csv", real, ROW),
        ("76_unquoted_decimal_comma.csv", real, "0.5 0 | 0.25"),
        ("82_semicolon_one_feature.csv", real, "0 | 0"),
        ("84_space_separated.csv", real, ROW),
        ("86_label_words_bin.csv", binary, "0 0 0 | 0"),
        ("88_labels_sparse_codes.csv", classes, "0 0 0 | 0"),
        ("90_binary_from_12.csv", binary, "0 0 0 | 0"),
    ] {
        let data = read(name, kind, None)
            .unwrap_or_else(|failure| panic!("{name}: {}", tables::told(&failure)));
        assert_eq!(
            tables::numbers(&data).split("; ").next(),
            Some(row),
            "{name}"
        );
    }
    for (name, why) in [
        ("07_dup_names.csv", "more than one column `b`"),
        ("21_cell_NA.csv", "1 of 24 values missing (`NA` in line 4)"),
        ("21_cell_comma_dec.csv", "1 cell of text: `1,5` in line 4"),
        (
            "21_cell_empty.csv",
            "1 of 24 values missing (the first in line 4)",
        ),
        ("21_cell_hex.csv", "1 cell of text: `0x1F` in line 4"),
        ("21_cell_inf.csv", "1 cell of text: `inf` in line 4"),
        (
            "21_cell_percent.csv",
            "with `%` in line 4 and without in line 2",
        ),
        ("21_cell_qm.csv", "1 of 24 values missing (`?` in line 4)"),
        (
            "21_cell_underscore.csv",
            "1 cell of text: `1_000` in line 4",
        ),
        (
            "22_target_missing.csv",
            "leave out the rows whose target is missing",
        ),
        ("24_huge_ids.csv", "`id`: identifier, all different"),
        ("28_header_only.csv", "has a header and no rows"),
        (
            "34_ragged_short.csv",
            "expected 4 cells as in the header, found 3",
        ),
        ("58_nul_byte.csv", "a NUL character in line 2"),
        ("62_ids_2e53.csv", "whole numbers above 2^53"),
        (
            "78_footer_total.csv",
            "line 26, `Total`, is a footer and no example",
        ),
        ("80_two_tables.csv", "line 27 is the header again"),
    ] {
        let failure = read(name, real, None)
            .err()
            .unwrap_or_else(|| panic!("{name} is read"));
        let text = tables::told(&failure);
        assert!(text.contains(why), "{name}: {text}");
    }
    let data = read("48_multi_target.csv", TargetKind::Real(2), Some("y1,y2")).unwrap();
    assert_eq!(
        tables::numbers(&data).split("; ").next(),
        Some("0.346 0.822 | -1.214 -2.428")
    );
}

/// Standard output and error of a command on the files of a case, and its exit code.
fn case(folder: &Path, arguments: &str) -> (String, i32) {
    let place = Place::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(
            &path,
            place.path(path.file_name().unwrap().to_str().unwrap()),
        )
        .unwrap();
    }
    let output = place.bnnc(arguments);
    let text = [&output.stdout[..], &output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    (
        text.split_whitespace().collect::<Vec<_>>().join(" "),
        output.status.code().unwrap(),
    )
}

/// What each command on a case ends with, and says.
#[test]
fn models_are_taken_warned_of_or_refused_as_they_should_be() {
    let Some(cases) = shared("cases") else {
        return;
    };
    for (folder, arguments, code, said) in [
        (
            "relu_before_scale",
            "check model.bnn --data data.csv",
            0,
            "loc-out-of-reach",
        ),
        (
            "relu_before_scale",
            "check model.bnn --data data.csv",
            0,
            "scale-out-of-reach",
        ),
        (
            "relu_before_scale",
            "check model.bnn --data data.csv",
            0,
            "0.693",
        ),
        (
            "noise_per_output",
            "check model.bnn --data data.csv --target quiet,loud",
            0,
            "two_outputs",
        ),
        (
            "noise_per_output",
            "check a_list.bnn --data data.csv --target quiet,loud",
            0,
            "two_outputs",
        ),
        (
            "noise_per_output",
            "check b_vector.bnn --data data.csv --target quiet,loud",
            0,
            "two_outputs",
        ),
        (
            "noise_per_output",
            "check c_slice.bnn --data data.csv --target quiet,loud",
            0,
            "two_outputs",
        ),
        (
            "noise_per_output",
            "check h_latents.bnn --data data.csv --target quiet,loud",
            0,
            "latent_vec",
        ),
        ("noise_per_output", "check g_two_observes.bnn", 0, "nll(y2)"),
        (
            "ten_targets",
            "check model.bnn --data wide.csv --target y*",
            0,
            "inputs x0, x1, x2, x3, x4, x5",
        ),
        (
            "ten_targets",
            "check model.bnn --data wide.csv --target y0..y9",
            0,
            "inputs x0, x1, x2, x3, x4, x5",
        ),
        (
            "labels_from_one",
            "check model.bnn --data from1.csv",
            0,
            "1 = 0, 2 = 1, 3 = 2",
        ),
        (
            "groups",
            "check named.bnn --data named.csv",
            1,
            "a model of this table has the input `real[7]`",
        ),
        (
            "groups",
            "check b_latent_vector.bnn",
            1,
            "effects that vary by group, are not supported yet",
        ),
        (
            "pretrained_torch",
            "check model.bnn --data data.csv",
            0,
            "transposed",
        ),
        (
            "blowup",
            "train model.bnn --config sgd.toml --data data.csv --out run",
            1,
            "E0608",
        ),
        (
            "sentinels",
            "check model.bnn --data sentinel_-999.csv",
            0,
            "--missing-values",
        ),
    ] {
        let (text, found) = case(&cases.join(folder), arguments);
        assert_eq!(found, code, "{folder}: {arguments}\n{text}");
        assert!(text.contains(said), "{folder}: {arguments}\n{text}");
    }
}
