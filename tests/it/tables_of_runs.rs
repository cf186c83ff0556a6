//! Tables that runs are trained on, and other tables that they are given.

use crate::cli::Place;

const MODEL: &str = "model m\ninput x: real[7]\ntarget y: category[3]\nnetwork {\n  dense(4), relu, f = dense(3)\n}\nobserve y ~ Categorical(logits = f)\nobjective elbo\n";

/// A table with an identifier, missing values, a category and labels as texts.
fn flowers(rows: usize, start: usize) -> String {
    let row = |i: usize| {
        let species = ["setosa", "versicolor", "virginica"][i % 3];
        let width = if i % 10 == 4 {
            String::new()
        } else {
            format!("{}", 0.5 + (i % 3) as f64)
        };
        let site = ["north", "south"][i % 2];
        format!(
            "f{i},{},{width},{site},{},{species}\n",
            i % 3,
            if i.is_multiple_of(4) { "yes" } else { "no" }
        )
    };
    let rows: String = (start..start + rows).map(row).collect();
    format!("id,length,width,site,wet,species\n{rows}")
}

#[test]
fn a_table_with_texts_gaps_and_an_id_is_trained_on_and_predicted_for() {
    let place = Place::new();
    std::fs::write(place.path("m.bnn"), MODEL).unwrap();
    std::fs::write(place.path("t.csv"), flowers(60, 0)).unwrap();
    let refused = place.refused("train m.bnn --data t.csv --out run");
    assert!(
        refused.contains("--drop id --missing width=mean"),
        "{refused}"
    );
    let said = place.ok("train m.bnn --data t.csv --drop id --missing width=indicator --test 0.2 --epochs 2 --batch-size 16 --out run");
    for text in [
        "setosa = 0, versicolor = 1, virginica = 2",
        "3 inputs of 0 and 1: north, south, (other)",
        "no input; `predict` copies it",
        "12 held out",
    ] {
        assert!(said.contains(text), "{text}: {said}");
    }
    let said = place.ok("evaluate run --samples 2");
    assert!(said.contains("test part of 12 examples"), "{said}");
    for text in ["3 inputs of 0 and 1: north", "; `predict` copies it"] {
        assert!(
            said.contains(text) && !said.contains("left out"),
            "{text}: {said}"
        );
    }
    // Another table: no target, the columns in another order, a site that training never saw.
    let new = "wet,site,width,id,length\nno,east,0.5,new1,1\nyes,north,,new2,2\n";
    std::fs::write(place.path("new.csv"), new).unwrap();
    place.ok("predict run --data new.csv --samples 2 --out p.csv");
    let written = std::fs::read_to_string(place.path("p.csv")).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    assert!(lines[0].starts_with("row,id,"), "{written}");
    assert!(lines[0].contains("setosa"), "{written}");
    assert!(
        lines[1].starts_with("0,new1,") && lines[2].starts_with("1,new2,"),
        "{written}"
    );
    // It goes on with what it began with, and refuses what training never saw as a label.
    place.ok("train m.bnn --data t.csv --out run --resume --epochs 3");
    std::fs::write(
        place.path("bad.csv"),
        "id,length,width,site,wet,species\na,1,2,north,yes,rosa\n",
    )
    .unwrap();
    let refused = place.refused("evaluate run --data bad.csv");
    assert!(
        refused.contains("`rosa`, which training never saw"),
        "{refused}"
    );
}

#[test]
fn the_datas_own_file_decides_as_flags_do() {
    let place = Place::new();
    std::fs::write(place.path("m.bnn"), MODEL).unwrap();
    std::fs::write(place.path("t.csv"), flowers(60, 0)).unwrap();
    let toml = "file = \"t.csv\"\ntarget = \"species\"\ndrop = [\"id\"]\ntest = 0.2\n[missing]\nwidth = \"indicator\"\n";
    std::fs::write(place.path("t.toml"), toml).unwrap();
    place.ok("train m.bnn --data t.toml --epochs 1 --batch-size 16 --out a");
    place.ok("train m.bnn --data t.csv --drop id --missing width=indicator --test 0.2 --epochs 1 --batch-size 16 --out b");
    let metrics = |run: &str| {
        let record = std::fs::read_to_string(place.path(&format!("{run}/data.json"))).unwrap();
        let record: serde_json::Value = serde_json::from_str(&record).unwrap();
        record["fingerprint"].clone()
    };
    assert_eq!(metrics("a"), metrics("b"));
}

#[test]
fn a_target_may_have_a_comma_in_its_name() {
    let model = "model m\ninput x: real[2]\ntarget y: real\nnetwork {\n  f = dense(1)\n}\nobserve y ~ Normal(loc = f, scale = 1)\nobjective elbo\n";
    let place = Place::new();
    std::fs::write(place.path("m.bnn"), model).unwrap();
    let rows: String = (0..20)
        .map(|i| {
            format!(
                "{},{},{}\n",
                i * i % 7,
                f64::from(i) * 0.3,
                f64::from(i) * 0.1
            )
        })
        .collect();
    std::fs::write(place.path("t.csv"), format!("a,\"y, MPa\",b\n{rows}")).unwrap();
    let config = "epochs = 1\nbatch_size = 10\n[data]\nname = \"t.csv\"\ntarget = [\"y, MPa\"]\n";
    std::fs::write(place.path("m.toml"), config).unwrap();
    let said = place.ok("train m.bnn --out run");
    assert!(said.contains("target y, MPa; inputs a, b"), "{said}");
}

#[test]
fn a_model_may_be_as_wide_as_its_data() {
    let place = Place::new();
    std::fs::write(place.path("m.bnn"), MODEL.replace("real[7]", "real[_]")).unwrap();
    std::fs::write(place.path("t.csv"), flowers(60, 0)).unwrap();
    let refused = place.refused("check m.bnn");
    assert!(
        refused.contains("the width of `x` is that of the data"),
        "{refused}"
    );
    place.ok("train m.bnn --data t.csv --drop id --missing width=indicator --batch-size 16 --epochs 1 --out run");
    let settings = std::fs::read_to_string(place.path("run/run.toml")).unwrap();
    assert!(settings.contains("_ = \"7\""), "{settings}");
    // It is no constant that somebody has set.
    let explained = place.ok("explain run");
    assert!(!explained.contains("overridden"), "{explained}");
    place.ok("predict run --data t.csv --samples 2 --out p.csv");
    place.ok("train m.bnn --data t.csv --out run --resume --epochs 2");
    let said =
        place.ok("check m.bnn --data t.csv --drop id,site,wet --missing mean --batch-size 16");
    assert!(said.contains("[2]") && !said.contains("_ ="), "{said}");
}

#[test]
fn a_table_is_looked_at_column_by_column() {
    let place = Place::new();
    std::fs::write(place.path("t.csv"), flowers(60, 0)).unwrap();
    let said = place.ok("data look t.csv");
    let lines: Vec<String> = said
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let (last, lines) = lines.split_last().unwrap();
    assert!(
        !cfg!(target_os = "linux") || last.ends_with("MiB of memory at most"),
        "{last}"
    );
    assert_eq!(
        lines,
        [
            "t.csv: 60 rows, 6 columns",
            "",
            "column kind values missing becomes",
            "id identifier 60 0 refused: --drop id",
            "length number 3 0 itself",
            "width number 3 6 refused: --missing width=mean",
            "site category 2 0 3 inputs of 0 and 1",
            "wet boolean 2 0 0 or 1",
            "species category 3 0 4 inputs of 0 and 1",
            "",
        ]
    );
    std::fs::write(place.path("t.csv"), "a,y\n5%,1\n5,2\n").unwrap();
    let said = place.ok("data look t.csv");
    assert!(
        said.contains("refused: some of its numbers have `%`"),
        "{said}"
    );
}

/// Trains on a table of this text with these flags; says what else is read by the run.
fn trained(text: &str, flags: &str) -> Place {
    let place = Place::new();
    std::fs::write(place.path("own.csv"), text).unwrap();
    let model = std::fs::read_to_string(place.path("line.bnn")).unwrap();
    let model = model.replace("real[2]", "real[_]");
    std::fs::write(place.path("m.bnn"), model).unwrap();
    place.ok(&format!(
        "train m.bnn --data own.csv --epochs 1 --batch-size 4 --out run {flags}"
    ));
    place
}

#[test]
fn a_table_of_round_numbers_has_the_decimal_mark_of_the_run() {
    let rows: String = (0..12).map(|i| format!("{i}.205,89;{i},973\n")).collect();
    let place = trained(&format!("x;y\n{rows}"), "");
    std::fs::write(place.path("new.csv"), "x;y\n1.500;2\n").unwrap();
    place.ok("predict run --data new.csv --out a.csv");
    std::fs::write(place.path("new.csv"), "x;y\n1500,0;2,0\n").unwrap();
    place.ok("predict run --data new.csv --out b.csv");
    let file = |name| std::fs::read_to_string(place.path(name)).unwrap();
    assert_eq!(file("a.csv"), file("b.csv"));
}

#[test]
fn whole_groups_that_were_set_aside_are_known_in_a_copy_without_groups() {
    let rows: String = (0..60)
        .map(|i| {
            format!(
                "p{},{},{}\n",
                i % 20,
                f64::from(i).sin(),
                f64::from(i).cos()
            )
        })
        .collect();
    let place = trained(&format!("p,x,y\n{rows}"), "--group p --validation 0.3");
    // `check` counts the same N as `train`.
    let flags = "--data own.csv --group p --format json";
    std::fs::write(
        place.path("m.toml"),
        "batch_size = 4\n[data]\nvalidation = 0.3\n",
    )
    .unwrap();
    let checked = place.ok(&format!("check m.bnn {flags}"));
    assert!(checked.contains("\"training_examples\": 42"), "{checked}");
    std::fs::copy(place.path("own.csv"), place.path("copy.csv")).unwrap();
    for data in ["", "--data copy.csv"] {
        place.ok(&format!(
            "predict run {data} --split validation --out p.csv"
        ));
        let text = std::fs::read_to_string(place.path("p.csv")).unwrap();
        let rows = text
            .lines()
            .skip(1)
            .map(|line| line.split(',').next().unwrap());
        let patients: std::collections::BTreeSet<usize> =
            rows.map(|row| row.parse::<usize>().unwrap() % 20).collect();
        assert_eq!(patients.len(), 6, "{data}: {text}");
        assert_eq!(text.lines().count(), 1 + 18, "{data}");
    }
}

#[test]
fn what_would_be_read_wrongly_is_refused() {
    for (text, flags, title) in [
        (
            "5.1,3.5,setosa\n4.9,3,setosa\n7,3.2,virginica\n",
            "",
            "has no header",
        ),
        (
            ",,y\nr,0.5,1\nb,0.25,2\nr,2.5,1\n",
            "",
            "two columns without a name",
        ),
        (
            "a,b,y\n1,2,3\n2,3,4\n",
            "--inputs a,a",
            "named twice as an input",
        ),
        (
            "a,b,y\n1,2,3\n2,3,4\n",
            "--inputs a,b --drop b",
            "and in `drop`, `group`, `weights`, `sequence` or `time`",
        ),
        (
            "p,a,y\n1,2,3\n1,3,4\n",
            "--group p --test 0.5",
            "leaves none to train on",
        ),
        (
            "p,a,y\n7,2,3\n7,3,4\n8,5,6\n",
            "--group p --test-rows rows.txt",
            "rows.txt` splits the group `7` of `p`\n |\n = note: row 1 is held out, row 0 is not",
        ),
        (
            "a,y\n1,2\n3,4\n5,6\n",
            "--test 1 --test-rows rows.txt",
            "error[E0508]: `test` and `test_rows` both say which rows are held out",
        ),
        (
            "size,y\n5%,2\n5,4\n",
            "--categories size",
            "`size`: number, with `%` in line 2 and without in line 3",
        ),
        (
            "size,y\nlow,2\nmid,4\n",
            "--categories size=low<high",
            "expected a number, found `mid`, which is not in the list of the column's values",
        ),
        (
            "size,y\n1,2\n2,4\n",
            "--categories size=01<1",
            "`categories` lists `1` twice for the column `size`",
        ),
    ] {
        let place = Place::new();
        std::fs::write(place.path("own.csv"), text).unwrap();
        std::fs::write(place.path("rows.txt"), "1\n").unwrap();
        let said = place.refused(&format!(
            "train line.bnn --data own.csv --epochs 1 --batch-size 1 --out run {flags}"
        ));
        assert!(said.contains(title), "{said}");
    }
}

/// What a run predicts for a table is what it predicts for the one beside it, in which nothing is left to be read.
#[test]
fn a_runs_table_is_read_as_its_own_was() {
    let whole: String = (0..12).map(|i| format!("{i},{}\n", i * i)).collect();
    let gaps = format!("{whole},3\n");
    let toml = "file = \"new.csv\"\nmissing_values = [-999]\n";
    for (text, flags, toml, new, plain) in [
        // The mean and the median of 0 to 11 is 5.5, whether a value was missing or none.
        (&whole, "--missing mean", "", "x,y\n,2\n", "x,y\n5.5,2\n"),
        (
            &whole,
            "--missing x=median",
            "",
            "x,y\n?,2\n",
            "x,y\n5.5,2\n",
        ),
        (
            &gaps,
            "--missing mean",
            toml,
            "x,y\n-999,2\n",
            "x,y\n5.5,2\n",
        ),
        (
            &gaps,
            "--missing mean --missing-values=-1",
            toml,
            "x,y\n-999,2\n-1,3\n",
            "x,y\n5.5,2\n5.5,3\n",
        ),
    ] {
        let place = trained(&format!("x,y\n{text}"), flags);
        std::fs::write(place.path("new.csv"), new).unwrap();
        std::fs::write(place.path("plain.csv"), plain).unwrap();
        std::fs::write(place.path("new.toml"), toml).unwrap();
        let data = if toml.is_empty() {
            "new.csv"
        } else {
            "new.toml"
        };
        let predicted = |data: &str| {
            place.ok(&format!(
                "predict run --data {data} --samples 2 --out p.csv"
            ));
            std::fs::read_to_string(place.path("p.csv")).unwrap()
        };
        assert_eq!(predicted(data), predicted("plain.csv"), "{flags}: {new}");
    }
}

#[test]
fn numbers_with_and_without_percent_are_not_taken_for_each_other() {
    let percent: String = (0..12).map(|i| format!("{i}%,{i}\n")).collect();
    let plain: String = (0..12).map(|i| format!("{i},{i}\n")).collect();
    for (own, new, message) in [
        (&percent, "0%,1\n12.5%,2\n", None),
        (&percent, "0,1\n", None),
        (
            &percent,
            "0%,1\n12.5,2\n",
            Some(
                "new.csv:3: column `x` is written otherwise than the run's was\n |\n = note: expected a number with `%`, found one without",
            ),
        ),
        (
            &plain,
            "12.5%,2\n",
            Some(
                "new.csv:2: column `x` is written otherwise than the run's was\n |\n = note: expected a number without `%`, found one with",
            ),
        ),
    ] {
        let place = trained(&format!("x,y\n{own}"), "");
        std::fs::write(place.path("new.csv"), format!("x,y\n{new}")).unwrap();
        match message {
            None => drop(place.ok("predict run --data new.csv --out p.csv")),
            Some(message) => {
                let said = place.refused("predict run --data new.csv --out p.csv");
                assert!(said.contains(message), "{said}");
            }
        }
    }
}

#[test]
fn identifiers_are_copied_as_they_are_written() {
    let rows: String = (0..30)
        .map(|i| format!("{i:04},{}E5,{},{}\n", i % 7, f64::from(i).sin(), i))
        .collect();
    let place = trained(&format!("id,site,x,y\n{rows}"), "--drop id --group site");
    let new = "x,site,id\n1,1E5,0001\n2,01.50,1e2\n3,,\n";
    std::fs::write(place.path("new.csv"), new).unwrap();
    for (data, lines) in [
        (
            "own.csv",
            ["row,id,site,", "0,0000,0E5,", "1,0001,1E5,", "2,0002,2E5,"],
        ),
        (
            "new.csv",
            ["row,site,id,", "0,1E5,0001,", "1,01.50,1e2,", "2,,,"],
        ),
    ] {
        place.ok(&format!(
            "predict run --data {data} --samples 2 --out p.csv"
        ));
        let text = std::fs::read_to_string(place.path("p.csv")).unwrap();
        for (line, start) in text.lines().zip(lines) {
            assert!(line.starts_with(start), "{start}: {line}");
        }
    }
}
