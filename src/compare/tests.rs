use super::*;
use crate::score::About;

/// A run of this name whose nll of each of three examples is given.
fn run(name: &str, nlls: [f64; 3]) -> Run {
    Run {
        name: name.into(),
        state: State::Finished,
        model: "model m\n".into(),
        settings: vec![("seed".into(), name.len().to_string())],
        found: Some(Found {
            scores: vec![scored(nlls)],
            bound: bound(),
            r_hat: None,
            left_out: false,
            cost: Cost::of(10, 1, ""),
            examples: Examples {
                name: "t.csv, test part of 3 examples".into(),
                count: 3,
                rows: "0 1 2".into(),
                targets: "a b c".into(),
                inputs: "x y z".into(),
            },
        }),
    }
}

/// A mean of three examples with its replicates on three resamples: (2, 1, 0), (0, 2, 1) and (1, 0, 2) of the three.
fn scored(nlls: [f64; 3]) -> Scored {
    static NLL: About = About {
        name: "nll",
        what: "",
        scheme: None,
        source: "",
        unit: Unit::Nats,
        better: Better::Lower,
    };
    let [a, b, c] = nlls;
    let value = (a + b + c) / 3.0;
    Scored {
        name: "nll".into(),
        unit: Unit::Nats,
        better: Better::Lower,
        value,
        measured: Some(Measured {
            about: &NLL,
            value,
            replicates: vec![
                (2.0 * a + b) / 3.0,
                (2.0 * b + c) / 3.0,
                (a + 2.0 * c) / 3.0,
            ],
        }),
    }
}

fn bound() -> Bound {
    Bound {
        log_evidence: None,
        averaged_out: None,
        rescaled: false,
        quantity: "-ELBO / N",
        value: 1.0,
        training_examples: 100,
        data: "f".into(),
        temperature: 1.0,
        annealed: None,
        improper: false,
        surrogate: false,
        penalty: false,
        densities: 1,
        likelihoods: "Normal".into(),
        targets: Some("standardize"),
    }
}

fn compared(runs: Vec<Run>) -> Comparison {
    Comparison::new(runs, "nll").unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics))
}

#[test]
fn a_paired_difference_is_of_the_same_resamples() {
    let all = compared(vec![run("b", [3.0, 6.0, 1.5]), run("a", [1.0, 2.0, 3.0])]);
    let names: Vec<&str> = all.runs.iter().map(|run| &*run.name).collect();
    assert_eq!(names, ["a", "b"]);
    // 3.5 − 2. The examples' differences are 2, 4 and −1.5, and those of the resamples 8/3, 13/6 and −1/3, whose mean is
    // that of the examples. Of three values the central 95 % lack a twentieth of a gap at each end.
    let (value, interval) = all.difference(1).unwrap();
    assert_eq!(value, 1.5);
    let [low, high] = interval.unwrap();
    let (best, middle, worst) = (-1.0 / 3.0, 13.0 / 6.0, 8.0 / 3.0);
    let ends = [
        best + 0.05 * (middle - best),
        worst - 0.05 * (worst - middle),
    ];
    assert!((low - ends[0]).abs() < 1e-12, "{low} {ends:?}");
    assert!((high - ends[1]).abs() < 1e-12, "{high} {ends:?}");
    assert!(all.difference(0).is_none());
    assert!(all.warnings.is_empty(), "{:?}", all.warnings);
}

#[test]
fn a_coverage_is_the_better_the_nearer_it_is_to_its_level() {
    let covered = |name: &str, value: f64| {
        let mut run = run(name, [1.0; 3]);
        let score = &mut run.found.as_mut().unwrap().scores[0];
        (score.name, score.unit, score.better) =
            ("coverage_90".into(), Unit::Share, Better::Neither);
        (score.value, score.measured) = (value, None);
        run
    };
    let runs = vec![covered("a", 0.8), covered("b", 0.97), covered("c", 0.88)];
    let all =
        Comparison::new(runs, "coverage_90").unwrap_or_else(|f| panic!("{:?}", f.diagnostics));
    let names: Vec<&str> = all.runs.iter().map(|run| &*run.name).collect();
    assert_eq!(names, ["c", "b", "a"]);
    let text = all.text(100);
    assert!(
        text.contains("by coverage_90, the nearest to 90 % first"),
        "{text}"
    );
}

#[test]
fn a_column_of_several_quantities_is_not_called_by_one() {
    let mut other = run("b", [2.0; 3]);
    other.found.as_mut().unwrap().bound.quantity = "expected nll + KL/N";
    let text = compared(vec![run("a", [1.0; 3]), other]).text(120);
    assert!(
        text.contains("which is") && text.contains(" loss "),
        "{text}"
    );
    assert!(!text.contains(" ELBO "), "{text}");
}

#[test]
fn runs_on_other_examples_have_no_paired_difference() {
    let mut other = run("b", [3.0, 6.0, 1.5]);
    let examples = &mut other.found.as_mut().unwrap().examples;
    (examples.rows, examples.inputs) = ("3 4 5".into(), "u v w".into());
    let all = compared(vec![run("a", [1.0; 3]), other]);
    assert!(all.difference(1).is_none());
    assert_eq!(all.warnings.len(), 1, "{:?}", all.warnings);
    assert!(
        all.warnings[0].contains("b on other rows than a"),
        "{:?}",
        all.warnings
    );
    let mut other = run("b", [3.0, 6.0, 1.5]);
    other.found.as_mut().unwrap().examples.targets = "x".into();
    let all = compared(vec![run("a", [1.0; 3]), other]);
    assert!(
        all.warnings[0].contains("b on other targets than a"),
        "{:?}",
        all.warnings
    );
}

#[test]
fn each_reason_why_elbos_are_not_comparable_is_told_and_no_other() {
    type Change = fn(&mut Bound);
    let changes: [(Change, &str); 11] = [
        (
            |bound| bound.quantity = "expected nll + KL/N",
            "other quantities",
        ),
        (
            |bound| bound.training_examples = 90,
            "N = 100 of a and N = 90 of b",
        ),
        (
            |bound| bound.data = "g".into(),
            "b had other training data than a",
        ),
        (
            |bound| bound.temperature = 0.1,
            "the objective of b is tempered",
        ),
        (
            |bound| bound.annealed = Some(0.5),
            "annealing had not ended in b",
        ),
        (|bound| bound.improper = true, "priors of b are improper"),
        (
            |bound| bound.surrogate = true,
            "surrogate stands for dropout's KL in b",
        ),
        (
            |bound| bound.penalty = true,
            "in b the log prior of points or draws",
        ),
        (
            |bound| {
                (bound.densities, bound.targets) = (0, None);
                bound.likelihoods = "Poisson".into();
            },
            "Normal of a and Poisson of b",
        ),
        (
            |bound| bound.targets = Some("none"),
            "the targets are scaled otherwise",
        ),
        // Two densities of one target: their evidence is what the ELBOs bound.
        (|bound| bound.likelihoods = "StudentT".into(), ""),
    ];
    for (change, told) in changes {
        let mut other = run("b", [2.0; 3]);
        change(&mut other.found.as_mut().unwrap().bound);
        let all = compared(vec![run("a", [1.0; 3]), other]);
        let expected = usize::from(!told.is_empty());
        assert_eq!(all.warnings.len(), expected, "{told}: {:?}", all.warnings);
        assert!(
            all.warnings.iter().all(|said| said.contains(told)),
            "{told}: {:?}",
            all.warnings
        );
    }
}

#[test]
fn log_evidences_are_compared_of_the_same_data_alone() {
    type Change = fn(&mut Bound);
    let changes: [(Change, &str); 4] = [
        (|bound| bound.data = "g".into(), "b had other data than a"),
        (
            |bound| bound.training_examples = 90,
            "N = 100 of a and N = 90 of b",
        ),
        (
            |bound| bound.targets = Some("none"),
            "the targets are scaled otherwise",
        ),
        (
            |bound| bound.rescaled = true,
            "the losses of b are under the priors of the file",
        ),
    ];
    for (change, told) in changes {
        let (mut first, mut other) = (run("a", [1.0; 3]), run("b", [2.0; 3]));
        for run in [&mut first, &mut other] {
            run.found.as_mut().unwrap().bound.log_evidence = Some(-3.0);
        }
        change(&mut other.found.as_mut().unwrap().bound);
        let all = compared(vec![first, other]);
        let is = |said: &String| said.contains("evidence") && said.contains(told);
        assert!(all.warnings.iter().any(is), "{told}: {:?}", all.warnings);
    }
}

#[test]
fn chains_that_do_not_agree_are_told() {
    for (r_hat, told) in [(Some(1.09), 1), (Some(1.004), 0), (None, 0)] {
        let mut other = run("b", [2.0; 3]);
        other.found.as_mut().unwrap().r_hat = r_hat;
        let all = compared(vec![run("a", [1.0; 3]), other]);
        assert_eq!(all.warnings.len(), told, "{r_hat:?}: {:?}", all.warnings);
        let names = |said: &String| said.contains("the chains of b do not agree");
        assert!(all.warnings.iter().all(names));
    }
}

#[test]
fn chains_that_were_left_out_are_told() {
    let mut other = run("b", [2.0; 3]);
    other.found.as_mut().unwrap().left_out = true;
    let all = compared(vec![run("a", [1.0; 3]), other]);
    assert_eq!(all.warnings.len(), 1, "{:?}", all.warnings);
    assert!(all.warnings[0].starts_with("members or chains of b are left out"));
}

#[test]
fn what_cannot_be_scored_stands_last_with_its_reason() {
    let failed = Run {
        state: State::Failed("it has no data.json (E0604)".into()),
        settings: vec![],
        found: None,
        ..run("broken", [0.0; 3])
    };
    let all = compared(vec![failed, run("a", [1.0; 3])]);
    assert_eq!(all.runs[1].name, "broken");
    let text = all.text(80);
    assert!(text.contains("1 of which could not be scored"), "{text}");
    assert!(
        text.contains("not scored broken: it has no data.json (E0604)"),
        "{text}"
    );
    assert_eq!(
        all.json()["runs"][1]["message"],
        "it has no data.json (E0604)"
    );
    let only = compared(vec![Run {
        found: None,
        ..run("a", [0.0; 3])
    }]);
    assert!(
        only.text(80).contains("compared   1 run, 1 of which"),
        "{}",
        only.text(80)
    );
}

#[test]
fn an_unknown_score_is_told_with_the_nearest() {
    let failure = Comparison::new(vec![run("a", [1.0; 3])], "nl")
        .err()
        .unwrap();
    assert!(failure.diagnostics[0].helps[0].text.contains("`nll`"));
}

#[test]
fn a_table_for_a_person_fits_eighty_columns() {
    let runs: Vec<Run> = (0..12)
        .map(|n| {
            let mut run = run(&format!("runs/{n}"), [1.0 + f64::from(n); 3]);
            run.settings = (0..6)
                .map(|key| {
                    (
                        format!("optimizer.setting_{key}"),
                        (f64::from(n) / 7.0).to_string(),
                    )
                })
                .collect();
            run
        })
        .collect();
    let text = compared(runs).text(80);
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    assert_eq!(text.matches("setting_5").count(), 1, "{text}");
}

/// Rows of the same numbers in another file are others, unless their inputs are the same.
#[test]
fn the_same_rows_of_other_data_are_other_examples() {
    let examples = |name: &str, inputs: &str| Examples {
        name: name.into(),
        count: 3,
        rows: "0 1 2".into(),
        targets: "a b c".into(),
        inputs: inputs.into(),
    };
    let clean = examples("t.csv", "x y z");
    assert!(clean.are(&examples("t.csv", "other columns")));
    assert!(clean.are(&examples("copy.csv", "x y z")));
    assert!(!clean.are(&examples("noisy.csv", "x+ y+ z+")));
}
