//! What every entry of the registry must satisfy.

use super::*;
use crate::signature::Kind;
use crate::testing::{assert_close, integrate, slope};

/// A likelihood, its arguments as (values, stride, step), and targets of three examples.
struct Case {
    name: &'static str,
    arguments: Vec<(Vec<f64>, usize, usize)>,
    targets: Observed,
}

enum Observed {
    Labels(Vec<u32>),
    Reals(Vec<f64>),
}

fn cases() -> Vec<Case> {
    let logits = vec![0.3, -1.2, 2.0, 0.0, 4.0, -30.0, -0.5, 0.1, 0.2];
    let reals = || Observed::Reals(vec![0.1, -2.0, 0.7, 0.4, 3.0, -1.1]);
    let positive = || Observed::Reals(vec![0.1, 2.0, 0.7, 0.4, 3.0, 1.1]);
    let counts = || Observed::Reals(vec![0.0, 3.0, 7.0]);
    let scales = || (vec![0.5, 1.0, 2.0, 0.1, 0.3, 0.9], 2, 1);
    let one = |x| (vec![x], 0, 0);
    let images = |len: i32| (0..len).map(|i| 2.0 * f64::from(i * i).sin()).collect();
    let loc = || (vec![0.2, -1.0, 0.5, 0.1, 2.0, -1.0], 2, 1);
    let case = |name, arguments, targets| Case {
        name,
        arguments,
        targets,
    };
    vec![
        case(
            "Categorical",
            vec![(logits, 3, 1)],
            Observed::Labels(vec![2, 0, 1]),
        ),
        // two places with three classes, two places with 0 or 1
        case(
            "Categorical",
            vec![(images(18), 6, 1)],
            Observed::Labels(vec![2, 0, 1, 1, 0, 2]),
        ),
        case(
            "Bernoulli",
            vec![(images(6), 2, 1)],
            Observed::Labels(vec![1, 0, 0, 0, 1, 1]),
        ),
        case(
            "Categorical",
            vec![(vec![0.2, -0.3, 1.0], 0, 1)],
            Observed::Labels(vec![2, 0, 0]),
        ),
        case(
            "Bernoulli",
            vec![(vec![0.7, -20.0, 1.5], 1, 1)],
            Observed::Labels(vec![1, 1, 0]),
        ),
        // a scale for each entry, for each entry but shared by examples, one an example, one for all
        case(
            "Normal",
            vec![loc(), (vec![0.5, 1.0, 2.0, 0.1, 0.3, 0.9], 2, 1)],
            reals(),
        ),
        case("Normal", vec![loc(), (vec![0.5, 1.3], 0, 1)], reals()),
        case("Normal", vec![loc(), (vec![0.5, 1.3, 0.2], 1, 0)], reals()),
        case("Normal", vec![loc(), (vec![0.6], 0, 0)], reals()),
        case(
            "Normal",
            vec![(vec![0.1, 0.2, 0.3], 1, 1), (vec![0.6], 0, 0)],
            Observed::Reals(vec![0.1, 1.0, -0.4]),
        ),
        case("Laplace", vec![loc(), scales()], reals()),
        case("StudentT", vec![one(4.5), loc(), scales()], reals()),
        case("StudentT", vec![scales(), loc(), one(0.3)], reals()),
        case("Cauchy", vec![loc(), scales()], reals()),
        case("LogNormal", vec![loc(), scales()], positive()),
        case("Gamma", vec![scales(), scales()], positive()),
        case("Gamma", vec![one(2.5), scales()], positive()),
        case("InverseGamma", vec![one(2.5), scales()], positive()),
        case("Exponential", vec![scales()], positive()),
        case("Poisson", vec![(vec![0.4, -1.0, 2.0], 1, 1)], counts()),
        case(
            "NegativeBinomial",
            vec![(vec![0.4, -1.0, 2.0], 1, 1), one(1.7)],
            counts(),
        ),
        case(
            "NegativeBinomial",
            vec![one(0.7), (vec![0.3, 40.0, 5.0], 1, 1)],
            counts(),
        ),
        case(
            "Binomial",
            vec![one(8.0), (vec![0.4, -1.0, 2.0], 1, 1)],
            counts(),
        ),
        case(
            "ZeroInflatedPoisson",
            vec![(vec![0.4, -1.0, 2.0], 1, 1), (vec![1.3, 0.2, -2.0], 1, 1)],
            counts(),
        ),
        case(
            "ZeroInflatedPoisson",
            vec![one(-0.7), (vec![1.3, 0.2, -2.0], 1, 1)],
            Observed::Reals(vec![0.0, 0.0, 2.0]),
        ),
        // the first class, one between, the last; and two places of an example
        case(
            "OrderedLogistic",
            vec![(vec![0.4, -1.0, 2.0], 1, 1), (vec![-1.5, -1.3, 0.9], 0, 1)],
            Observed::Labels(vec![0, 1, 3]),
        ),
        case(
            "OrderedLogistic",
            vec![(images(6), 2, 1), (vec![-0.5, 1.9], 0, 1)],
            Observed::Labels(vec![2, 0, 1, 1, 0, 2]),
        ),
        case(
            "OrderedLogistic",
            vec![(vec![0.4, -1.0, 2.0], 1, 1), one(0.3)],
            Observed::Labels(vec![0, 1, 1]),
        ),
        // three components: of one number, with one scale for all; of two numbers
        case(
            "MixtureNormal",
            vec![(images(9), 3, 1), (images(9), 3, 1), one(0.7)],
            Observed::Reals(vec![0.1, -2.0, 0.7]),
        ),
        case(
            "MixtureNormal",
            vec![
                (images(18), 6, 1),
                (images(18), 6, 1),
                ((1..=18).map(|i| 0.2 * f64::from(i)).collect(), 6, 1),
            ],
            reals(),
        ),
    ]
}

fn run<T: Real>(case: &Case, arguments: &[Vec<f64>], weight: f64) -> (Vec<f64>, Vec<Vec<f64>>)
where
    dyn Likelihood: Nll<T>,
{
    let narrow = |x: &[f64]| x.iter().map(|&x| T::of(x)).collect::<Vec<T>>();
    let values: Vec<Vec<T>> = arguments.iter().map(|x| narrow(x)).collect();
    let rows: Vec<Rows<T>> = (values.iter().zip(&case.arguments))
        .map(|(values, &(_, stride, step))| Rows {
            values,
            stride,
            step,
        })
        .collect();
    let reals = if let Observed::Reals(reals) = &case.targets {
        narrow(reals)
    } else {
        Vec::new()
    };
    let targets = match &case.targets {
        Observed::Labels(labels) => Targets::Labels(labels),
        Observed::Reals(_) => Targets::Reals(&reals),
    };
    let mut gradients: Vec<Vec<T>> = values.iter().map(|x| vec![T::zero(); x.len()]).collect();
    let mut slices: Vec<&mut [T]> = gradients.iter_mut().map(|x| x.as_mut_slice()).collect();
    let (mut nll, mut alone) = ([T::zero(); 3], [T::zero(); 3]);
    let likelihood = find(case.name).unwrap();
    likelihood.nll(&rows, targets, T::of(weight), &mut nll, &mut slices);
    likelihood.nll_only(&rows, targets, &mut alone);
    assert_eq!(nll, alone);
    // what is not wanted may be left out
    let mut none: Vec<&mut [T]> = values.iter().map(|_| &mut [][..]).collect();
    likelihood.nll(&rows, targets, T::one(), &mut nll, &mut none);
    let widen = |x: &[T]| x.iter().map(|x| x.wide()).collect::<Vec<f64>>();
    (widen(&alone), gradients.iter().map(|x| widen(x)).collect())
}

fn values(case: &Case) -> Vec<Vec<f64>> {
    case.arguments
        .iter()
        .map(|argument| argument.0.clone())
        .collect()
}

#[test]
fn names_lead_to_their_entries_and_each_is_tried() {
    for likelihood in LIKELIHOODS {
        let name = likelihood.signature().name;
        assert_eq!(find(name).unwrap().signature().name, name);
        assert!(cases().iter().any(|case| case.name == name), "{name}");
    }
}

#[test]
fn gradients_are_derivatives() {
    for case in cases() {
        let arguments = values(&case);
        let (_, gradients) = run::<f64>(&case, &arguments, 0.7);
        for (a, gradient) in gradients.iter().enumerate() {
            if find(case.name).unwrap().signature().parameters[a].kind == Kind::Count {
                continue;
            }
            for (i, got) in gradient.iter().enumerate() {
                let total = |x: f64| {
                    let mut changed = arguments.clone();
                    changed[a][i] = x;
                    0.7 * run::<f64>(&case, &changed, 1.0).0.iter().sum::<f64>()
                };
                let expected = slope(total, arguments[a][i], 1e-4);
                assert_close(
                    *got,
                    expected,
                    1e-8,
                    format!("{} by argument {a}, entry {i}", case.name),
                );
            }
        }
    }
}

/// An entry that is missing takes no part: the nll and its gradient are those of the others alone, and of an example
/// without any 0.
#[test]
fn missing_entries_take_no_part() {
    let mut tried = 0;
    for whole in cases() {
        let entries = match &whole.targets {
            Observed::Labels(labels) => labels.len() / 3,
            Observed::Reals(reals) => reals.len() / 3,
        };
        if entries < 2 {
            continue;
        }
        tried += 1;
        let arguments = values(&whole);
        // The second entry of the first example, the first of the second, both of the third.
        let gone = [1, 2, 4, 5];
        let mut case = cases()
            .into_iter()
            .find(|case| case.name == whole.name && values(case) == arguments);
        let case = case.as_mut().unwrap();
        match &mut case.targets {
            Observed::Labels(labels) => gone.iter().for_each(|at| labels[*at] = MISSING),
            Observed::Reals(reals) => gone.iter().for_each(|at| reals[*at] = f64::NAN),
        }
        let (nll, gradients) = run::<f64>(case, &arguments, 0.7);
        assert_eq!(nll[2], 0.0, "{}", case.name);
        // The same with another target in the other place: what it adds differs, what is missing does not.
        let (all, _) = run::<f64>(&whole, &arguments, 1.0);
        let only = |at: usize| {
            let mut one = cases();
            let index = one
                .iter()
                .position(|case| case.name == whole.name && values(case) == arguments);
            let mut case = one.swap_remove(index.unwrap());
            match &mut case.targets {
                Observed::Labels(labels) => {
                    (0..6)
                        .filter(|i| *i != at)
                        .for_each(|i| labels[i] = MISSING);
                }
                Observed::Reals(reals) => {
                    (0..6)
                        .filter(|i| *i != at)
                        .for_each(|i| reals[i] = f64::NAN);
                }
            }
            run::<f64>(&case, &arguments, 0.7)
        };
        let singles: Vec<_> = (0..6).map(only).collect();
        for (example, all) in all.iter().enumerate() {
            let sum = singles[2 * example].0[example] + singles[2 * example + 1].0[example];
            assert_close(sum, *all, 1e-12, case.name);
        }
        assert_close(nll[0], singles[0].0[0], 1e-14, case.name);
        assert_close(nll[1], singles[3].0[1], 1e-14, case.name);
        for (argument, gradient) in gradients.iter().enumerate() {
            for (entry, found) in gradient.iter().enumerate() {
                let of = |single: usize| singles[single].1[argument][entry];
                assert_close(*found, of(0) + of(3), 1e-14, case.name);
            }
        }
    }
    assert!(tried > 10, "{tried}");
}

#[test]
fn float32_agrees_with_float64() {
    for case in cases() {
        let arguments = values(&case);
        let (double, single) = (
            run::<f64>(&case, &arguments, 1.0),
            run::<f32>(&case, &arguments, 1.0),
        );
        for (double, single) in double.0.iter().zip(&single.0) {
            assert_close(*single, *double, 1e-5, case.name);
        }
        for (double, single) in double.1.iter().flatten().zip(single.1.iter().flatten()) {
            assert_close(*single, *double, 1e-5, case.name);
        }
    }
}

fn rows(values: &[f64], width: usize) -> Rows<'_, f64> {
    Rows {
        values,
        stride: width,
        step: 1,
    }
}

#[test]
fn extreme_logits() {
    let logits = [1e4, -1e4, 0.0, -1e4, 1e4, 0.0];
    let (mut nll, mut gradient) = ([0.0; 2], [0.0; 6]);
    let targets = Targets::Labels(&[0, 0]);
    Categorical.nll(
        &[rows(&logits, 3)],
        targets,
        1.0,
        &mut nll,
        &mut [&mut gradient],
    );
    assert_eq!(nll, [0.0, 2e4]);
    assert_eq!(gradient, [0.0, 0.0, 0.0, -1.0, 1.0, 0.0]);
    let (mut nll, mut gradient) = ([0.0; 2], [0.0; 2]);
    Bernoulli.nll(
        &[rows(&[1e4, 1e4], 1)],
        Targets::Labels(&[0, 1]),
        1.0,
        &mut nll,
        &mut [&mut gradient],
    );
    assert_eq!((nll, gradient), ([1e4, 0.0], [1.0, 0.0]));
    // a class that is all but certain keeps its digits, in float32 too
    let logits = Rows {
        values: &[0f32, 30.0],
        stride: 2,
        step: 1,
    };
    let mut nll = [0.0];
    Categorical.nll_only(&[logits], Targets::Labels(&[1]), &mut nll);
    assert!((f64::from(nll[0]) / (-30f64).exp() - 1.0).abs() < 1e-6);
}

#[test]
fn no_gradient_is_too_small_to_go_back_at_full_speed() {
    for logit in [-20f32, -40.0, -60.0, -95.0, -110.0] {
        let logits = Rows {
            values: &[0.0, logit],
            stride: 2,
            step: 1,
        };
        let (mut nll, mut two, mut one) = ([0.0], [0.0; 2], [0.0]);
        let first = Targets::Labels(&[0]);
        Categorical.nll(&[logits], first, 0.25, &mut nll, &mut [&mut two]);
        let logits = Rows {
            values: &[logit],
            stride: 1,
            step: 0,
        };
        Bernoulli.nll(&[logits], first, 0.25, &mut nll, &mut [&mut one]);
        let exact = 0.25 * f64::from(logit).exp();
        for gradient in [-two[0], two[1], one[0]] {
            let (got, flushed) = (f64::from(gradient), exact < 1e-19);
            assert!(if flushed {
                got == 0.0
            } else {
                (got / exact - 1.0).abs() < 1e-5
            });
        }
    }
}

#[test]
fn predictions_are_distributions_of_the_nll() {
    let logits = [0.3, -1.2, 2.0, 4.0, -30.0, 900.0];
    let mut probabilities = [0.0; 6];
    Categorical.predictive(&[rows(&logits, 3)], [2, 1], &mut probabilities);
    for (n, row) in probabilities.chunks(3).enumerate() {
        assert_close(row.iter().sum(), 1.0, 1e-14, "sum");
        for (class, probability) in row.iter().enumerate() {
            let mut nll = [0.0];
            let own = rows(&logits[3 * n..3 * n + 3], 3);
            Categorical.nll_only(&[own], Targets::Labels(&[class as u32]), &mut nll);
            assert_close((-nll[0]).exp(), *probability, 1e-14, "class");
        }
    }

    let (mut probability, mut nll) = ([0.0; 2], [0.0; 2]);
    Bernoulli.predictive(&[rows(&[0.4, 0.4], 1)], [2, 1], &mut probability);
    Bernoulli.nll_only(&[rows(&[0.4, 0.4], 1)], Targets::Labels(&[1, 0]), &mut nll);
    assert_close((-nll[0]).exp(), probability[0], 1e-15, "1");
    assert_close((-nll[1]).exp(), 1.0 - probability[1], 1e-15, "0");

    // the nll is the logarithm of a density: it integrates to 1, so that no constant is missing
    let density = |y: f64| {
        let mut nll = [0.0];
        Normal.nll_only(
            &[rows(&[0.4], 1), rows(&[0.3], 1)],
            Targets::Reals(&[y]),
            &mut nll,
        );
        (-nll[0]).exp()
    };
    assert_close(integrate(density, &[-4.0, 0.4, 4.0]), 1.0, 1e-12, "density");
    let mut moments = [0.0; 8];
    let scale = Rows {
        values: &[0.5],
        stride: 0,
        step: 0,
    };
    Normal.predictive(
        &[rows(&[1.0, 2.0, 3.0, 4.0], 2), scale],
        [2, 2],
        &mut moments,
    );
    assert_eq!(moments, [1.0, 2.0, 0.25, 0.25, 3.0, 4.0, 0.25, 0.25]);
}

/// More examples than go into vectors at a time, and more classes; ties and classes that are all but certain.
#[test]
fn many_examples_and_many_classes() {
    for (examples, classes) in [(1, 2), (70, 10), (513, 1), (3, 700)] {
        let logit = |i: usize| match i % 11 {
            0 => 40.0,
            _ => ((i * 7919) % 23) as f64 / 4.0 - 3.0,
        };
        let logits: Vec<f64> = (0..examples * classes).map(logit).collect();
        let labels: Vec<u32> = (0..examples).map(|n| (n * 5 % classes) as u32).collect();
        let (mut nll, mut gradient) = (vec![0.0; examples], vec![1.0; logits.len()]);
        let mut predictive = vec![0.0; logits.len()];
        let (categorical, arguments) = (find("Categorical").unwrap(), [rows(&logits, classes)]);
        let targets = Targets::Labels(&labels);
        let gradients = &mut [&mut gradient[..]];
        Nll::<f64>::nll(categorical, &arguments, targets, 0.5, &mut nll, gradients);
        categorical.predictive(&arguments, [examples, 1], &mut predictive);
        let mut nll_only = vec![0.0; examples];
        categorical.nll_only(&arguments, targets, &mut nll_only);
        assert_eq!(nll, nll_only);
        for (n, &label) in labels.iter().enumerate() {
            let of = n * classes..(n + 1) * classes;
            let sum: f64 = logits[of.clone()].iter().map(|x| x.exp()).sum();
            for (i, at) in of.enumerate() {
                let p = logits[at].exp() / sum;
                assert_close(predictive[at], p, 1e-12, "predictive");
                let one = f64::from(u8::from(i == label as usize));
                assert_close(gradient[at], 1.0 + 0.5 * (p - one), 1e-12, "gradient");
            }
            let expected = sum.ln() - logits[n * classes + label as usize];
            assert_close(nll[n], expected, 1e-12, "nll");
        }
    }
}

#[test]
fn targets_that_do_not_fit() {
    assert_eq!(
        Categorical.arguments(&TargetKind::Category(10)),
        Ok(vec![10])
    );
    assert_eq!(Normal.arguments(&TargetKind::Real(3)), Ok(vec![3, 3]));
    assert_eq!(
        Categorical.arguments(&TargetKind::Real(3)).unwrap_err(),
        "Categorical is for a category, and the target is real[3]"
    );
    assert!(Bernoulli.arguments(&TargetKind::Category(2)).is_err());
    assert_close(
        Categorical.uninformed(&TargetKind::Category(10)).unwrap(),
        10f64.ln(),
        0.0,
        "ln k",
    );
    assert_eq!(Bernoulli.uninformed(&TargetKind::Binary), Some(2f64.ln()));
    assert_eq!(Normal.uninformed(&TargetKind::Real(1)), None);
}

/// What a likelihood of one number makes of fixed arguments: its nll, and its marginal.
fn of_one(name: &str, arguments: &[f64]) -> (impl Fn(f64) -> f64, &'static dyn Marginal) {
    let likelihood = find(name).unwrap();
    let target = match likelihood.arguments(&TargetKind::Count) {
        Ok(_) => TargetKind::Count,
        Err(_) => TargetKind::Real(1),
    };
    let Summary::Numbers(numbers) = likelihood.summary(&target) else {
        panic!("{name} is of numbers")
    };
    let arguments = arguments.to_vec();
    let nll = move |y: f64| {
        let rows: Vec<Rows<f64>> = arguments.chunks(1).map(|x| rows(x, 1)).collect();
        let mut nll = [0.0];
        likelihood.nll_only(&rows, Targets::Reals(&[y]), &mut nll);
        nll[0]
    };
    (nll, numbers.marginal)
}

/// No constant is missing: probabilities add up to 1, and levels and moments are theirs.
#[test]
fn densities_and_probabilities_have_their_levels_and_moments() {
    // A piece on each side of a kink, and ends beyond which there is less than 1e-12.
    let reals: [(&str, &[f64], &[f64]); 6] = [
        ("Laplace", &[0.5, 0.7], &[-25.0, 0.5, 25.0]),
        ("StudentT", &[40.0, 0.5, 0.7], &[-30.0, 0.0, 2.0, 30.0]),
        ("LogNormal", &[0.3, 0.4], &[1e-9, 0.5, 2.0, 9.0, 80.0]),
        ("Gamma", &[3.5, 2.0], &[1e-9, 1.0, 4.0, 30.0]),
        ("InverseGamma", &[30.0, 9.0], &[1e-9, 0.2, 0.5, 2.0, 12.0]),
        ("Exponential", &[1.7], &[1e-15, 1.0, 30.0]),
    ];
    for (name, arguments, ends) in reals {
        let (nll, marginal) = of_one(name, arguments);
        let moment = |power: i32| integrate(|y| y.powi(power) * (-nll(y)).exp(), ends);
        assert_close(moment(0), 1.0, 1e-10, name);
        let (mean, variance) = marginal.moments(arguments);
        assert_close(mean, moment(1), 1e-10, format!("{name}: mean"));
        assert_close(
            variance,
            moment(2) - mean * mean,
            1e-9,
            format!("{name}: variance"),
        );
        let level = integrate(|y| (-nll(y)).exp(), &ends[..2]);
        assert_close(marginal.level(arguments, ends[1]), level, 1e-10, name);
    }
    let counts: [(&str, &[f64]); 7] = [
        ("Poisson", &[1.3]),
        ("Poisson", &[-4.0]),
        ("NegativeBinomial", &[1.3, 2.5]),
        ("NegativeBinomial", &[0.2, 300.0]),
        ("Binomial", &[12.0, -0.7]),
        ("ZeroInflatedPoisson", &[0.4, 1.3]),
        ("ZeroInflatedPoisson", &[-30.0, 2.0]),
    ];
    for (name, arguments) in counts {
        let (nll, marginal) = of_one(name, arguments);
        let (mut sums, most) = ([0.0; 3], if name == "Binomial" { 12 } else { 400 });
        for y in 0..=most {
            let (y, p) = (f64::from(y), (-nll(f64::from(y))).exp());
            let add = [p, y * p, y * y * p];
            sums.iter_mut().zip(add).for_each(|(sum, x)| *sum += x);
            assert_close(
                marginal.level(arguments, y),
                sums[0],
                1e-11,
                format!("{name} {y}"),
            );
        }
        let (mean, variance) = marginal.moments(arguments);
        assert_close(sums[0], 1.0, 1e-11, name);
        assert_close(mean, sums[1], 1e-10, name);
        assert_close(variance, sums[2] - mean * mean, 1e-9, name);
        assert_eq!(marginal.level(arguments, -0.5), 0.0);
    }
}

/// A mixture's arguments have several numbers for an entry: its row, as predictions have it, and its density.
#[test]
fn a_mixture_of_normals_has_the_levels_moments_and_crps_of_its_density() {
    let mixture = find("MixtureNormal").unwrap();
    let (logits, locs, scales) = ([0.3, -1.0, 1.2], [-2.0, 0.5, 3.0], [0.4, 1.1, 0.2]);
    let arguments = [rows(&logits, 3), rows(&locs, 3), rows(&scales, 3)];
    let density = |y: f64| {
        let mut nll = [0.0];
        mixture.nll_only(&arguments, Targets::Reals(&[y]), &mut nll);
        (-nll[0]).exp()
    };
    let ends = [-12.0, -2.0, 0.5, 2.0, 3.0, 12.0];
    let moment = |power: i32| integrate(|y| y.powi(power) * density(y), &ends);
    assert_close(moment(0), 1.0, 1e-10, "density");
    let Summary::Numbers(numbers) = mixture.summary(&TargetKind::Real(1)).of_components(3) else {
        panic!("numbers")
    };
    assert_eq!((numbers.each, numbers.row()), (9, 9));
    let mut row = [0.0; 9];
    mixture.predictive(&arguments, [1, 1], &mut row);
    assert_close(row[..3].iter().sum(), 1.0, 1e-15, "probabilities");
    let marginal = numbers.marginal;
    let (mean, variance) = marginal.moments(&row);
    assert_close(mean, moment(1), 1e-10, "mean");
    assert_close(variance, moment(2) - mean * mean, 1e-9, "variance");
    for end in [0.5, 3.0] {
        let below: Vec<f64> = ends.into_iter().take_while(|x| *x <= end).collect();
        assert_close(
            marginal.level(&row, end),
            integrate(density, &below),
            1e-10,
            "level",
        );
    }
    for p in [0.001, 0.3, 0.6, 0.99] {
        let y = mixture::quantile(marginal, &[&row], p);
        assert_close(marginal.level(&row, y), p, 1e-9, "quantile");
    }
    // Two draws of it, in closed form and by the integral of its definition.
    let mut other = row;
    other[3..6].copy_from_slice(&[1.0, 4.0, -1.0]);
    let parts: [&[f64]; 2] = [&row, &other];
    let y = 0.9;
    let square =
        |x: f64| (mixture::level(marginal, &parts, x) - f64::from(u8::from(x >= y))).powi(2);
    let split = [-14.0, -2.0, -1.0, 0.5, y, 1.0, 2.0, 3.0, 4.0, 14.0];
    let crps = marginal.crps(&parts, y).unwrap();
    assert_close(crps, integrate(square, &split), 1e-7, "crps");
    // In units of the target.
    let mut moved = row;
    marginal.in_units(&mut moved, 10.0, 2.0);
    assert_close(
        marginal.level(&moved, 10.0 + 2.0 * 0.5),
        marginal.level(&row, 0.5),
        1e-14,
        "units",
    );
    // Of two entries the numbers stand as of other distributions: the first of both, then the second.
    let (two, locs) = ([0.3, -1.0, 0.1, 0.2], [1.0, 2.0, 3.0, 4.0]);
    let scale = Rows {
        values: &[0.5],
        stride: 0,
        step: 0,
    };
    let arguments = [rows(&two, 4), rows(&locs, 4), scale];
    let mut row = [0.0; 12];
    mixture.predictive(&arguments, [1, 2], &mut row);
    assert_eq!(row[4..8], [1.0, 3.0, 2.0, 4.0]);
    assert_close(row[0] + row[2], 1.0, 1e-15, "the first entry's");
}

/// Classes that have an order: their probabilities, where differences of sigmoids have no digits left, and shares of
/// a uniform start.
#[test]
fn ordered_classes_have_the_probabilities_of_their_nll() {
    let ordered = find("OrderedLogistic").unwrap();
    let cutpoints = [-1.0, 0.5, 0.75, 4.0];
    let arguments = |eta: &'static [f64]| {
        [
            rows(eta, 1),
            Rows {
                values: &cutpoints,
                stride: 0,
                step: 1,
            },
        ]
    };
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    for eta in [&[0.3], &[-2.0], &[40.0], &[-60.0]] as [&'static [f64]; 4] {
        let mut probabilities = [0.0; 5];
        ordered.predictive(&arguments(eta), [1, 1], &mut probabilities);
        assert_close(probabilities.iter().sum(), 1.0, 1e-14, "sum");
        for (class, probability) in probabilities.iter().enumerate() {
            let label = [class as u32];
            let mut nll = [0.0];
            ordered.nll_only(&arguments(eta), Targets::Labels(&label), &mut nll);
            let relative = (-nll[0]).exp() / probability;
            assert_close(relative, 1.0, 1e-12, format!("class {class} at {eta:?}"));
            let upper = cutpoints.get(class).map_or(1.0, |c| sigmoid(c - eta[0]));
            let lower = class
                .checked_sub(1)
                .map_or(0.0, |k| sigmoid(cutpoints[k] - eta[0]));
            assert_close(*probability, upper - lower, 1e-14, "difference");
        }
    }
    // exp(-60) on the wrong side: a difference of sigmoids would be 0.
    let mut nll = [0.0];
    ordered.nll_only(&arguments(&[-60.0]), Targets::Labels(&[2]), &mut nll);
    let expected = 60.5 - (1.0 - (-0.25f64).exp()).ln();
    assert_close(nll[0], expected, 1e-12, "far away");
    assert_eq!(ordered.arguments(&TargetKind::Category(5)), Ok(vec![1, 4]));
    assert!(ordered.arguments(&TargetKind::Real(1)).is_err());
}

/// Quantiles and levels undo each other, in heavy tails and where a quantile is a count.
#[test]
fn quantiles_of_mixtures() {
    for (name, parts) in [
        ("Cauchy", [[0.3, 0.2], [5.0, 1.0]]),
        ("LogNormal", [[0.3, 3.0], [2.0, 0.1]]),
        ("Gamma", [[0.2, 1.0], [30.0, 2.0]]),
        ("NegativeBinomial", [[0.5, 0.3], [3.0, 5.0]]),
    ] {
        let (_, marginal) = of_one(name, &parts[0]);
        let parts: Vec<&[f64]> = parts.iter().map(|part| &part[..]).collect();
        for p in [1e-4, 0.05, 0.5, 0.95, 0.9999] {
            let y = mixture::quantile(marginal, &parts, p);
            let [below, upto] = mixture::levels(marginal, &parts, y);
            match marginal.whole() {
                true => assert!(
                    y.fract() == 0.0 && below < p && p <= upto,
                    "{name} {p}: {y}"
                ),
                false => assert_close(upto, p, 1e-9, format!("{name} {p}")),
            }
        }
    }
}

/// Of standardized targets, in own units.
#[test]
fn locations_and_scales_have_the_units_of_the_target() {
    let (_, marginal) = of_one("StudentT", &[4.0, 0.5, 0.2]);
    let mut numbers = [4.0, 0.5, 0.2];
    marginal.in_units(&mut numbers, 10.0, 3.0);
    assert_eq!(numbers[0], 4.0);
    assert_close(numbers[1], 11.5, 1e-15, "loc");
    assert_close(numbers[2], 0.6, 1e-15, "scale");
    for (name, standardizes, heavy_tailed) in [
        ("Normal", true, false),
        ("Laplace", true, false),
        ("Cauchy", true, true),
        ("LogNormal", false, true),
        ("Gamma", false, false),
        ("NegativeBinomial", false, false),
    ] {
        let (_, marginal) = of_one(name, &[0.0, 1.0]);
        let found = (marginal.standardizes(), marginal.heavy_tailed());
        assert_eq!(found, (standardizes, heavy_tailed), "{name}");
    }
    // Two draws of an infinite variance have one, and not NaN.
    let summary = find("StudentT").unwrap().summary(&TargetKind::Real(1));
    let mut predicted = summary.begin(1, 2);
    (0..2).for_each(|draw| summary.add(&mut predicted, 0, draw, &[1.5, 0.5, 0.2]));
    assert_eq!(predicted.within, [f64::INFINITY]);
}

#[test]
fn values_without_a_probability_are_refused() {
    let refuse = |name: &str, fixed: &[Option<f64>], y| find(name).unwrap().refuse(fixed, y);
    assert_eq!(refuse("Normal", &[None, None], -1.0), None);
    assert_eq!(
        refuse("Gamma", &[None, None], 0.0).unwrap(),
        "a number above 0"
    );
    let trials = [Some(5.0), None];
    assert_eq!(refuse("Binomial", &trials, 5.0), None);
    assert_eq!(
        refuse("Binomial", &trials, 6.0).unwrap(),
        "a whole number from 0 to 5, the `trials`"
    );
}
