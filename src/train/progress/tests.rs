use super::super::metrics::Validation;
use super::*;
use crate::evaluate::Scores;
use crate::exec::TermValue;
use crate::likelihood::Score;
use crate::terms::Term;

#[test]
fn rows_stand_under_their_headings() {
    let term = |name: &str, scaled| Term {
        symbol: None,
        name: name.into(),
        value: TermValue {
            value: 0.0,
            scale: 1.0,
            scaled,
        },
    };
    let score = |name, value| Score {
        name,
        value,
        what: "",
    };
    let scores = Scores {
        examples: 5000,
        draws: 10,
        scores: vec![
            score("accuracy", ScoreValue::Share(0.5123)),
            score("nll", ScoreValue::Number(1.43)),
        ],
        expected_nll: 1.5,
        verdicts: Default::default(),
    };
    let line = |validation| Line {
        kind: "epoch",
        step: 391,
        epoch: 1.0,
        learning_rate: 1e-3,
        loss: 13.7286,
        lambda: Some(1.0),
        terms: vec![
            term("nll", 5.2068),
            term("kl(a)", 8.5),
            term("kl(b)", 0.0218),
        ],
        fits: vec![(None, Fit::Accuracy(0.234))],
        gradient_norm: None,
        clipped: None,
        examples_per_second: 2310.4,
        seconds: 21.6,
        measured: vec![],
        validation,
    };
    let validation = |scores: &Scores| Some(Validation(vec![(None, scores.clone())]));
    let mut shown = vec![];
    let mut print = |text: &str| shown.push(text.to_owned());
    let screen = Screen {
        print: &mut print,
        width: 100,
        bar: None,
    };
    let mut progress = Progress::new((2, 391), Some("kl/N".into()), screen);
    progress.epoch_begins(0, 0);
    progress.epoch_ends(0, &line(None));
    progress.epoch_ends(9, &line(validation(&scores)));
    progress.finish();
    assert_eq!(
        shown,
        [
            " epoch       loss        nll       kl/N   accuracy  examples/s    time",
            "     1     13.729     5.2068     8.5218    23.40 %        2310  21.6 s",
            "    10     13.729     5.2068     8.5218    23.40 %      1.4300          51.23 %        2310  21.6 s",
        ]
    );
    let of = |weights, width| rows(columns(9, &line(validation(&scores)), weights), width);
    assert_eq!(of(Some("kl/N"), 100)[1], shown[2]);
    assert_eq!(
        of(Some("kl/N"), 80),
        [
            " epoch       loss        nll       kl/N   accuracy  valid. nll  valid. accuracy",
            "    10     13.729     5.2068     8.5218    23.40 %      1.4300          51.23 %",
        ]
    );
    assert!(!of(None, 100)[0].contains("kl/N"));
    for width in 60..140 {
        for weights in [None, Some("kl/N"), Some("T·a·weights/N")] {
            let [head, row] = of(weights, width);
            assert_eq!(head.chars().count(), row.chars().count());
            assert!(head.chars().count() <= width, "{head}");
        }
    }
}

#[test]
fn rows_are_few_and_even() {
    for epochs in 1..3000 {
        let every = every(epochs);
        let shown = (1..=epochs).filter(|e| *e == 1 || *e == epochs || e % every == 0);
        let shown = shown.count();
        assert!(shown <= ROWS && shown >= epochs.min(9), "{epochs}: {shown}");
    }
    assert_eq!([20, 40, 400, 1 << 24].map(every), [1, 2, 20, 1_000_000]);
}

#[test]
fn a_field_of_the_bar_is_whole_or_left_out() {
    let fields = ["loss 1.5".to_string(), "3212 examples/s".to_string()];
    for (room, shown) in [
        (100, "loss 1.5  3212 examples/s"),
        (25, "loss 1.5  3212 examples/s"),
        (24, "loss 1.5"),
        (7, ""),
    ] {
        assert_eq!(message(&fields, room), shown);
    }
}

#[test]
fn numbers_are_short() {
    let told: Vec<_> = [
        0.0,
        1.19523,
        23.4412,
        532.123,
        49_999.6,
        1.4909e12,
        0.00012,
        f64::NAN,
    ]
    .map(number)
    .into();
    assert_eq!(
        told,
        [
            "0.0000", "1.1952", "23.441", "532.12", "50000", "1.491e12", "1.20e-4", "NaN"
        ]
    );
    let times = [7, 750, 3723].map(|s| duration(Duration::from_secs(s)));
    assert_eq!(times, ["7.0 s", "12:30", "1:02:03"]);
}
