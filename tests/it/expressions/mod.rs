//! Each hand-written kernel of the registries against the expression of its formula, and the code that is printed of
//! it.

mod code;
mod kernels;
mod python;

use bnnc::distribution::{DISTRIBUTIONS, Distribution};
use bnnc::expression::{self, Expression};
use bnnc::kl::{CLOSED_FORMS, ClosedForm, Entries, Gradients, Term};
use bnnc::layer::{AnyMap, LAYERS, Layer, Map, Operation, Takes};
use bnnc::likelihood::{LIKELIHOODS, Likelihood, Rows, Targets};
use bnnc::posterior::TRANSFORMS;
use bnnc::signature::{Constant, Constants, Domain, Kind, Signature};
use bnnc::tensor::Shape;
use std::sync::Arc;

/// An expression at some arguments, and what the kernel makes of them.
struct Case {
    what: String,
    /// As the registry has it.
    expression: Expression,
    /// What its names stand for.
    values: Vec<(String, f64)>,
    kernel: f64,
    /// The kernel's derivatives by some names.
    slopes: Vec<(String, f64)>,
}

/// Every entry of every registry at some random arguments.
fn cases(rounds: usize) -> Vec<Case> {
    let mut numbers = Numbers(1);
    let mut all = Vec::new();
    for round in 0..rounds {
        for &distribution in DISTRIBUTIONS {
            for count in counts(distribution) {
                all.extend(density(distribution, count, &mut numbers));
            }
        }
        let forms = CLOSED_FORMS.iter();
        all.extend(forms.map(|form| closed_form(*form, &mut numbers)));
        let likelihoods = LIKELIHOODS.iter();
        all.extend(likelihoods.map(|likelihood| nll(*likelihood, round, &mut numbers)));
    }
    all.extend(scales());
    all.extend(activations());
    all
}

/// Random numbers from 0 to 1.
struct Numbers(u64);

impl Numbers {
    /// By Knuth's linear congruential generator.
    fn next(&mut self) -> f64 {
        let next = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = next.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next()
    }

    fn of(&mut self, kind: Kind) -> f64 {
        let domain = match kind {
            Kind::Number { domain, .. } | Kind::Numbers { domain, .. } | Kind::Value { domain } => {
                domain
            }
            Kind::Count => return 9.0,
            other => panic!("{other:?} holds no numbers"),
        };
        match domain {
            Domain::Real => self.between(-2.0, 2.0),
            Domain::Positive | Domain::NonNegative => self.between(0.2, 3.0),
            Domain::Unit | Domain::OpenUnit => self.between(0.1, 0.9),
        }
    }
}

/// How many parameters a distribution may have; of a mixture some numbers.
fn counts(distribution: &dyn Distribution) -> Vec<usize> {
    let signature = distribution.signature();
    let parameters = signature.parameters.iter();
    let numbers = parameters.filter(|p| !matches!(p.kind, Kind::Choice(_)));
    match signature.name {
        "ScaleMixture" => vec![3, 4, 16],
        _ => vec![numbers.count()],
    }
}

/// A distribution's parameters by their names in its expression.
fn parameters(
    distribution: &dyn Distribution,
    count: usize,
    numbers: &mut Numbers,
) -> Vec<(String, f64)> {
    let signature = distribution.signature();
    let mut all = Vec::new();
    for (parameter, length) in signature.parameters.iter().zip(distribution.lengths(count)) {
        let is_list = matches!(parameter.kind, Kind::Numbers { .. }) && length > 1;
        for k in 1..=length {
            let name = match is_list {
                true => format!("{}_{k}", parameter.name),
                false => parameter.name.to_string(),
            };
            all.push((name, numbers.of(parameter.kind)));
        }
    }
    if signature.name == "Uniform" {
        all[1].1 = all[0].1 + 3.0;
    }
    all
}

fn numbers_of(values: &[(String, f64)]) -> Vec<f64> {
    values.iter().map(|(_, value)| *value).collect()
}

/// The names of some values with other numbers.
fn beside(values: &[(String, f64)], numbers: &[f64]) -> Vec<(String, f64)> {
    let names = values.iter().map(|(name, _)| name.clone());
    names.zip(numbers.iter().copied()).collect()
}

/// ln p(w) with weights that are learned and with fixed ones, which are the same where they sum to 1.
fn density(distribution: &dyn Distribution, count: usize, numbers: &mut Numbers) -> Vec<Case> {
    let mut values = parameters(distribution, count, numbers);
    let w = numbers.between(-4.0, 4.0);
    let is_mixture = distribution.signature().name == "ScaleMixture" && count > 3;
    let mut of = |fixed_weights: bool| {
        if fixed_weights && is_mixture {
            let weights = &mut values[..count / 2];
            let total: f64 = weights.iter().map(|(_, weight)| *weight).sum();
            weights.iter_mut().for_each(|(_, weight)| *weight /= total);
        }
        let given = numbers_of(&values);
        let mut by_parameters = vec![0.0; given.len()];
        distribution.parameter_score(&given, w, &mut by_parameters);
        let mut slopes = vec![("w".to_string(), distribution.score(&given, w))];
        // The kernel's are those of weights that are divided by their sum.
        if !(fixed_weights && is_mixture) {
            slopes.extend(beside(&values, &by_parameters));
        }
        let kernel = distribution.log_prob(&given, w);
        // Outside of the support ln p is no number that has a slope.
        let slopes = if kernel.is_finite() { slopes } else { vec![] };
        Case {
            what: format!("ln p of {} at {w}", distribution.signature().name),
            expression: expression::log_prob(distribution, count, fixed_weights).unwrap(),
            values: [&values[..], &[("w".into(), w)]].concat(),
            kernel,
            slopes,
        }
    };
    vec![of(false), of(true)]
}

fn closed_form(form: &dyn ClosedForm, numbers: &mut Numbers) -> Case {
    let prior = form.prior();
    let values = parameters(prior, counts(prior)[0], numbers);
    let (m, s) = (numbers.between(-2.0, 2.0), numbers.between(0.05, 1.5));
    let entries = Entries {
        loc: &[m],
        scale: &[s],
        noise: &[],
    };
    let (mut by_loc, mut by_scale) = ([0.0], [0.0]);
    let mut by_prior = vec![0.0; values.len()];
    let gradients = Gradients {
        loc: &mut by_loc,
        scale: &mut by_scale,
        prior: &mut by_prior,
    };
    let kernel = Term::<f64>::accumulate(form, entries, &numbers_of(&values), 1.0, gradients);
    let own = [("m".into(), m), ("s".into(), s)];
    let slopes = [
        &beside(&values, &by_prior)[..],
        &beside(&own, &[by_loc[0], by_scale[0]]),
    ];
    Case {
        what: format!("{:?} at {m}, {s}", form.names()),
        expression: expression::closed_form(form).unwrap(),
        slopes: slopes.concat(),
        values: [&values[..], &own].concat(),
        kernel,
    }
}

const CLASSES: usize = 4;

fn nll(likelihood: &dyn Likelihood, round: usize, numbers: &mut Numbers) -> Case {
    let signature = likelihood.signature();
    let is_categorical = signature.name == "Categorical";
    let mut values: Vec<(String, f64)> = Vec::new();
    if let "OrderedLogistic" | "MixtureNormal" = signature.name {
        return of_lists(likelihood, round, numbers);
    }
    match is_categorical {
        true => values.extend((1..=CLASSES).map(|k| {
            let logit = numbers.between(-4.0, 4.0);
            (format!("logits_{k}"), logit)
        })),
        false => values.extend(signature.parameters.iter().map(|parameter| {
            let value = numbers.of(parameter.kind);
            (parameter.name.to_string(), value)
        })),
    }
    let y = match signature.name {
        "Poisson" | "NegativeBinomial" | "Binomial" | "ZeroInflatedPoisson" => (round % 9) as f64,
        "Bernoulli" => (round % 2) as f64,
        "Categorical" => (round % CLASSES) as f64,
        _ => numbers.between(0.1, 4.0),
    };
    let (labels, reals) = ([y as u32], [y]);
    let targets = match signature.name {
        "Categorical" | "Bernoulli" => Targets::Labels(&labels),
        _ => Targets::Reals(&reals),
    };
    let width = if is_categorical { CLASSES } else { 1 };
    let given = numbers_of(&values);
    let rows = given.chunks(width).map(|values| Rows {
        values,
        stride: width,
        step: 1,
    });
    let rows: Vec<Rows<f64>> = rows.collect();
    let (mut kernel, mut slopes) = ([0.0], vec![0.0; given.len()]);
    let mut gradients: Vec<&mut [f64]> = slopes.chunks_mut(width).collect();
    likelihood.nll(&rows, targets, 1.0, &mut kernel, &mut gradients);
    let mut slopes = beside(&values, &slopes);
    // A constant, by which no kernel has a derivative.
    slopes.retain(|(name, _)| name != "trials");
    values.push(("y".into(), y));
    if is_categorical {
        values.push(("logits_y".into(), values[y as usize].1));
    }
    Case {
        what: format!("nll of {} at {y}", signature.name),
        expression: expression::nll(likelihood).unwrap(),
        values,
        kernel: kernel[0],
        slopes,
    }
}

/// Cutpoints between classes, of which the formula has two; components of a mixture, which it sums over.
fn of_lists(likelihood: &dyn Likelihood, round: usize, numbers: &mut Numbers) -> Case {
    let name = likelihood.signature().name;
    let components = 3;
    let expression = expression::nll(likelihood).unwrap();
    let run = |rows: &[&[f64]], targets: Targets<f64>| {
        let strides = rows.iter().map(|values| Rows {
            values,
            stride: values.len(),
            step: 1,
        });
        let strides: Vec<Rows<f64>> = strides.collect();
        let (mut kernel, mut slopes) = (
            [0.0],
            rows.iter()
                .map(|row| vec![0.0; row.len()])
                .collect::<Vec<_>>(),
        );
        let mut gradients: Vec<&mut [f64]> = slopes.iter_mut().map(|row| &mut row[..]).collect();
        likelihood.nll(&strides, targets, 1.0, &mut kernel, &mut gradients);
        (kernel[0], slopes)
    };
    if name == "OrderedLogistic" {
        // A class between two others: the ends are infinite.
        let class = 1 + round % (CLASSES - 2);
        let eta = numbers.between(-4.0, 4.0);
        let mut cutpoints = vec![numbers.between(-3.0, 0.0)];
        while cutpoints.len() < CLASSES - 1 {
            let distance = numbers.between(0.1, 2.0);
            cutpoints.push(cutpoints[cutpoints.len() - 1] + distance);
        }
        let label = [class as u32];
        let (kernel, slopes) = run(&[&[eta], &cutpoints], Targets::Labels(&label));
        let of = |k: usize| (cutpoints[k], slopes[1][k]);
        let (lower, upper) = (of(class - 1), of(class));
        return Case {
            what: format!("nll of {name} at {class}"),
            expression,
            values: vec![
                ("eta".into(), eta),
                ("cutpoints_y".into(), lower.0),
                ("cutpoints_j".into(), upper.0),
            ],
            kernel,
            slopes: vec![
                ("eta".into(), slopes[0][0]),
                ("cutpoints_y".into(), lower.1),
                ("cutpoints_j".into(), upper.1),
            ],
        };
    }
    let mut values = vec![];
    let mut rows = vec![];
    for (argument, [low, high]) in [
        ("logits", [-3.0, 3.0]),
        ("loc", [-2.0, 4.0]),
        ("scale", [0.2, 3.0]),
    ] {
        let row: Vec<f64> = (0..components)
            .map(|_| numbers.between(low, high))
            .collect();
        let named = row
            .iter()
            .zip(1..)
            .map(|(value, k)| (format!("{argument}_{k}"), *value));
        values.extend(named);
        rows.push(row);
    }
    let y = [numbers.between(0.1, 4.0)];
    let rows: Vec<&[f64]> = rows.iter().map(|row| &row[..]).collect();
    let (kernel, slopes) = run(&rows, Targets::Reals(&y));
    let slopes = beside(&values, &slopes.concat());
    values.push(("y".into(), y[0]));
    Case {
        what: format!("nll of {name} at {y:?}"),
        expression: expression.expand("k", components),
        values,
        kernel,
        slopes,
    }
}

fn scales() -> Vec<Case> {
    let raw = [-36.0, -20.0, -3.0, -0.2, 0.0, 1.0, 30.0];
    let of = |&transform: &bnnc::posterior::Transform| {
        raw.map(|rho| Case {
            what: format!("{} of {rho}", transform.name()),
            expression: expression::scale(transform).unwrap(),
            values: vec![("rho".into(), rho)],
            kernel: transform.value(rho),
            slopes: vec![("rho".into(), transform.slope(rho))],
        })
    };
    TRANSFORMS.iter().flat_map(of).collect()
}

/// A layer's arguments where all of them are numbers and words: each word with the numbers' defaults.
fn settings(signature: &Signature) -> Vec<Constants> {
    let mut all = vec![Constants(vec![])];
    for parameter in signature.parameters {
        let values: Vec<Constant> = match parameter.kind {
            Kind::Choice(words) => words.iter().map(|word| Constant::Word(word)).collect(),
            Kind::Number { .. } => {
                let default = parameter.default.unwrap_or("0.4");
                vec![Constant::Number(default.parse().unwrap())]
            }
            _ => return vec![],
        };
        let extended = all.iter().flat_map(|one| {
            values.iter().map(|value| {
                let mut one = one.clone();
                one.0.push((parameter.name, value.clone()));
                one
            })
        });
        all = extended.collect();
    }
    all
}

/// What a layer is with these arguments, where it is a function of each entry.
fn map(layer: &dyn Layer, arguments: &Constants) -> Option<Arc<dyn AnyMap>> {
    let is_alone = layer.takes() == Takes::One;
    let built = is_alone.then(|| layer.build(arguments, &Shape(vec![1])));
    match built?.ok()? {
        Operation::Map(map) if map.elementwise() => Some(map),
        _ => None,
    }
}

/// Of each layer that is a function of each entry, also at its corners.
fn activations() -> Vec<Case> {
    let mut all = Vec::new();
    for &layer in LAYERS {
        let name = layer.signature().name;
        for arguments in settings(layer.signature()) {
            let Some(map) = map(layer, &arguments) else {
                let none = layer.formula(&arguments).is_none();
                assert!(
                    none,
                    "{name} has a formula, and is no function of each entry"
                );
                continue;
            };
            let expression = expression::pointwise(layer, &arguments);
            let expression = expression.unwrap_or_else(|| panic!("{name} has no formula"));
            for x in [-30.0, -3.0, -2.1, -0.4, 0.0, 0.3, 2.5, 3.0, 25.0] {
                let (mut y, mut dx) = ([0.0], [0.0]);
                Map::<f64>::forward(&*map, &[x], &mut y);
                Map::<f64>::backward(&*map, &[x], &y, &[1.0], &mut dx);
                all.push(Case {
                    what: format!("{name} of {x}"),
                    expression: expression.clone().unwrap(),
                    values: vec![("x".into(), x)],
                    kernel: y[0],
                    slopes: vec![("x".into(), dx[0])],
                });
            }
        }
    }
    all
}
