use super::log::{Log, Point};
use super::*;
use crate::plot::parameters::Spread;
use crate::plot::svg::{Use, write};

fn drawn(kind: &dyn Kind, material: &Material) -> String {
    write(&kind.draw(&[material]).unwrap(), Use::Page)
}

fn log() -> Log {
    let point = |epoch: f64, terms: [f64; 2]| Point {
        epoch,
        loss: terms.iter().sum(),
        terms: terms.to_vec(),
    };
    Log {
        terms: vec!["nll".into(), "kl(a<b.kernel)".into()],
        points: vec![point(1.0, [2.0, 1.0]), point(2.0, [1.5, 0.75])],
        ..Log::default()
    }
}

fn parameter(name: &str, middle: f64) -> Parameter {
    let spread = |x: f64| Spread([0.2, 0.5, 1.0, 2.0, 5.0].map(|f| f * x));
    Parameter {
        name: name.into(),
        entries: 10,
        posterior: "MeanField".into(),
        loc: spread(middle),
        scale: Some(spread(0.1)),
        ratio: Some(spread(middle / 0.1)),
        prior: Some(1.0),
        draws: None,
        term: Some(("KL", middle)),
    }
}

#[test]
fn the_loss_has_a_line_for_each_part() {
    let material = Material {
        log: Ok(log()),
        ..Material::unknown("", "")
    };
    insta::assert_snapshot!(drawn(&loss::Loss, &material));
}

#[test]
fn a_parameter_is_a_row() {
    let material = Material {
        parameters: Ok(vec![parameter("a.kernel", 0.5)]),
        ..Material::unknown("", "")
    };
    insta::assert_snapshot!(drawn(&posterior::Posterior, &material));
}

#[test]
fn a_kl_is_told_by_weight() {
    let material = Material {
        parameters: Ok(vec![parameter("a.kernel", 0.5), parameter("a.bias", 30.0)]),
        ..Material::unknown("", "")
    };
    insta::assert_snapshot!(drawn(&kl::Kl, &material));
}

#[test]
fn a_run_that_diverged_says_so() {
    let mut log = log();
    log.points[1].loss = f64::NAN;
    log.points[1].terms[0] = f64::NAN;
    let material = Material {
        log: Ok(log),
        ..Material::unknown("", "")
    };
    let text = drawn(&loss::Loss, &material);
    assert!(
        text.contains("The loss is not finite from epoch 2 on"),
        "{text}"
    );
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
}

/// One epoch is at one place in all panels, and what is a dot there is one in the legend.
#[test]
fn panels_of_the_loss_have_the_same_epochs() {
    let mut log = log();
    for (point, epoch) in log.points.iter_mut().zip([0.25, 0.5]) {
        point.epoch = epoch;
    }
    log.validation = vec![[1.0, 2.0]];
    let material = Material {
        log: Ok(log),
        ..Material::unknown("", "")
    };
    let text = drawn(&loss::Loss, &material);
    // On both axes, and at the same place.
    let ends = text
        .split("<text ")
        .filter(|text| text.contains(">1.0</text>"));
    let places: Vec<&str> = ends.map(|text| text.split(" y=").next().unwrap()).collect();
    assert!(
        places.iter().filter(|at| **at == places[0]).count() >= 2,
        "{text}"
    );
    assert_eq!(text.matches("<circle").count(), 2, "{text}");
}

/// What no kind can draw it says why not of: the reason it was given.
#[test]
fn what_is_missing_is_said() {
    let material = Material::unknown("", "no reason");
    for kind in KINDS {
        assert_eq!(
            kind.draw(&[&material]),
            Err("no reason".into()),
            "{}",
            kind.name()
        );
    }
}
