//! The expected Fisher information of a likelihood by its arguments, and what it predicts where these are normal: what
//! a Laplace approximation asks of a likelihood.
//!
//! With y ~ p(y | f) and arguments f that come from the network,
//!
//! ```text
//! Λ = E[∂/∂f ln p · (∂/∂f ln p)ᵀ]
//! ```
//!
//! For a natural parameter, such as logits, Λ is the Hessian of −ln p for every y.

/// One argument of a likelihood at one example.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArgumentAt<'a> {
    /// A number for each entry of the target (or class), or one for all.
    pub values: &'a [f64],
    /// Whether it is a value of the network.
    pub is_of_network: bool,
}

impl ArgumentAt<'_> {
    /// The number for an entry of the target.
    pub fn at(&self, entry: usize) -> f64 {
        self.values[self.place(entry)]
    }

    /// Where that number lies.
    fn place(&self, entry: usize) -> usize {
        entry.min(self.values.len() - 1)
    }
}

/// A factor S of one example's information, Λ = S Sᵀ: square blocks on the diagonal, 0 elsewhere. The rows are the
/// numbers of the arguments that come from the network, one argument after the other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Information {
    /// Rows of a block, which all blocks have.
    pub block: usize,
    /// The blocks one after the other, each row by row.
    pub factor: Vec<f64>,
}

impl Information {
    /// Of numbers that do not depend on each other.
    pub fn diagonal(information: impl Iterator<Item = f64>) -> Self {
        Information {
            block: 1,
            factor: information.map(f64::sqrt).collect(),
        }
    }

    /// Of entries that are independent given the arguments, each with information `of` by each argument: `None`
    /// where that is not known, or where the argument depends on another. An entry that is not `observed` has none. The
    /// error names the argument.
    pub fn of_entries(
        arguments: &[ArgumentAt],
        observed: &[bool],
        of: impl Fn(&[f64]) -> Vec<Option<f64>>,
    ) -> Result<Self, usize> {
        let mut sums: Vec<Vec<f64>> = arguments
            .iter()
            .map(|argument| vec![0.0; argument.values.len()])
            .collect();
        let entries = observed.iter().enumerate();
        for (entry, _) in entries.filter(|(_, is_there)| **is_there) {
            let values: Vec<f64> = arguments.iter().map(|a| a.at(entry)).collect();
            for (number, information) in of(&values).into_iter().enumerate() {
                let argument = &arguments[number];
                if argument.is_of_network {
                    sums[number][argument.place(entry)] += information.ok_or(number)?;
                }
            }
        }
        let of_network = sums.into_iter().zip(arguments);
        let of_network = of_network.filter(|(_, argument)| argument.is_of_network);
        Ok(Information::diagonal(
            of_network.flat_map(|(information, _)| information),
        ))
    }

    /// How many numbers come from the network.
    pub fn len(&self) -> usize {
        self.factor.len() / self.block.max(1)
    }

    /// Whether nothing comes from the network.
    pub fn is_empty(&self) -> bool {
        self.factor.is_empty()
    }

    /// A column of S: its first row that is not 0, and the entries from there on.
    pub fn column(&self, column: usize) -> (usize, impl Iterator<Item = f64>) {
        let first = column / self.block * self.block;
        let rows = first..first + self.block;
        let within = column - first;
        (
            first,
            rows.map(move |row| self.factor[row * self.block + within]),
        )
    }
}

/// What logits with a normal distribution of mean f and variance v are taken as: f / √(1 + π v/8), as the logistic
/// function is close to the distribution function of a normal number (MacKay 1992, The Evidence Framework Applied to
/// Classification Networks).
pub fn probit(mean: f64, variance: f64) -> f64 {
    mean / (1.0 + std::f64::consts::PI / 8.0 * variance).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::{LIKELIHOODS, Likelihood, OwnedTargets, Rows, TargetKind, find};
    use super::*;

    /// Λ of an example, dense.
    fn dense(information: &Information) -> Vec<Vec<f64>> {
        let n = information.len();
        let mut all = vec![vec![0.0; n]; n];
        for column in 0..n {
            let (first, entries) = information.column(column);
            let entries: Vec<f64> = entries.collect();
            for (i, a) in entries.iter().enumerate() {
                for (j, b) in entries.iter().enumerate() {
                    all[first + i][first + j] += a * b;
                }
            }
        }
        all
    }

    /// An entry that is missing says nothing of its arguments.
    #[test]
    fn missing_entries_have_no_information() {
        let logits = [0.3, -1.0, 2.0, 0.1, 0.0, 0.7];
        let at = |values| ArgumentAt {
            values,
            is_of_network: true,
        };
        let of = |name: &str, arguments: &[ArgumentAt], observed: &[bool]| {
            let likelihood = find(name).unwrap();
            dense(&likelihood.information(arguments, observed).unwrap())
        };
        let half = of("Categorical", &[at(&logits)], &[true, false]);
        let alone = of("Categorical", &[at(&logits[..3])], &[true]);
        for (row, entries) in half.iter().enumerate() {
            for (column, found) in entries.iter().enumerate() {
                let there = row < 3 && column < 3;
                assert_eq!(*found, if there { alone[row][column] } else { 0.0 });
            }
        }
        let half = of("Bernoulli", &[at(&logits[..2])], &[false, true]);
        assert!(half[0] == [0.0, 0.0] && half[1][1] > 0.1);
        // One scale for both entries: the information of the one that is there.
        let scale = [0.5];
        let half = of("Normal", &[at(&logits[..2]), at(&scale)], &[true, false]);
        assert!((half[0][0] - 4.0).abs() < 1e-12 && half[1][1] == 0.0);
        assert!((half[2][2] - 8.0).abs() < 1e-12, "{half:?}");
    }

    /// The score of one target by the arguments that come from the network, by the likelihood's own gradient.
    fn score(
        likelihood: &dyn Likelihood,
        arguments: &[ArgumentAt],
        target: &OwnedTargets<f64>,
    ) -> Vec<f64> {
        let rows: Vec<Rows<f64>> = arguments
            .iter()
            .map(|argument| Rows {
                values: argument.values,
                stride: argument.values.len(),
                step: usize::from(argument.values.len() > 1),
            })
            .collect();
        let mut gradients: Vec<Vec<f64>> = arguments
            .iter()
            .map(|a| vec![0.0; a.values.len()])
            .collect();
        let mut slices: Vec<&mut [f64]> = gradients.iter_mut().map(|g| &mut g[..]).collect();
        let mut nll = [0.0];
        likelihood.nll(&rows, target.targets(), 1.0, &mut nll, &mut slices);
        let all = gradients.into_iter().zip(arguments);
        all.filter(|(_, a)| a.is_of_network)
            .flat_map(|(g, _)| g)
            .collect()
    }

    fn log_density(
        likelihood: &dyn Likelihood,
        arguments: &[ArgumentAt],
        target: &OwnedTargets<f64>,
    ) -> f64 {
        let rows: Vec<Rows<f64>> = arguments
            .iter()
            .map(|argument| Rows {
                values: argument.values,
                stride: argument.values.len(),
                step: usize::from(argument.values.len() > 1),
            })
            .collect();
        let mut nll = [0.0];
        likelihood.nll_only(&rows, target.targets(), &mut nll);
        -nll[0]
    }

    /// E[score scoreᵀ] over targets with these weights.
    fn expected(
        likelihood: &dyn Likelihood,
        arguments: &[ArgumentAt],
        targets: impl Iterator<Item = (OwnedTargets<f64>, f64)>,
    ) -> Vec<Vec<f64>> {
        let n = arguments
            .iter()
            .filter(|a| a.is_of_network)
            .map(|a| a.values.len())
            .sum();
        let mut all = vec![vec![0.0; n]; n];
        for (target, weight) in targets {
            let density = log_density(likelihood, arguments, &target).exp();
            let score = score(likelihood, arguments, &target);
            for (i, a) in score.iter().enumerate() {
                for (j, b) in score.iter().enumerate() {
                    all[i][j] += weight * density * a * b;
                }
            }
        }
        all
    }

    fn assert_close(found: &[Vec<f64>], expected: &[Vec<f64>], what: &str) {
        let all = found.iter().flatten().zip(expected.iter().flatten());
        for (a, b) in all {
            assert!(
                (a - b).abs() < 2e-6 * (1.0 + b.abs()),
                "{what}: {found:?} {expected:?}"
            );
        }
    }

    fn of_network(values: &[f64]) -> ArgumentAt<'_> {
        ArgumentAt {
            values,
            is_of_network: true,
        }
    }

    /// The sum over all classes.
    #[test]
    fn of_classes_is_the_expected_square_of_the_score() {
        let categorical = find("Categorical").unwrap();
        let logits = [0.3, -1.0, 2.0];
        let arguments = [of_network(&logits)];
        let classes = (0..3).map(|class| (OwnedTargets::Labels(vec![class]), 1.0));
        let expected = expected(categorical, &arguments, classes);
        let found = categorical.information(&arguments, &[true]).unwrap();
        assert_close(&dense(&found), &expected, "Categorical");
        // With classes at two places, the places are independent.
        let two = [0.3, -1.0, 2.0, 1.0, 1.0, 0.0];
        let found = categorical
            .information(&[of_network(&two)], &[true; 2])
            .unwrap();
        let found = dense(&found);
        assert!((found[0][1] - expected[0][1]).abs() < 1e-12 && found[0][3] == 0.0);

        let bernoulli = find("Bernoulli").unwrap();
        let logit = [0.7];
        let arguments = [of_network(&logit)];
        let both = (0..2).map(|label| (OwnedTargets::Labels(vec![label]), 1.0));
        let expected = self::expected(bernoulli, &arguments, both);
        let found = bernoulli.information(&arguments, &[true]).unwrap();
        assert_close(&dense(&found), &expected, "Bernoulli");
    }

    /// By Simpson's rule, or sums over counts: every likelihood that knows it of any of its arguments.
    #[test]
    fn of_numbers_is_the_expected_square_of_the_score() {
        let mut known = vec![];
        for &likelihood in LIKELIHOODS {
            let signature = likelihood.signature();
            let count = signature.parameters.len();
            let values: Vec<[f64; 1]> = (0..count)
                .map(|number| match (signature.name, number) {
                    ("Binomial", 0) => [5.0],
                    ("StudentT", 0) => [6.0],
                    ("LogNormal", 1) => [0.4],
                    (_, number) => [0.8 + 0.3 * number as f64],
                })
                .collect();
            for argument in 0..count {
                let arguments: Vec<ArgumentAt> = values
                    .iter()
                    .enumerate()
                    .map(|(number, values)| ArgumentAt {
                        values,
                        is_of_network: number == argument,
                    })
                    .collect();
                if likelihood.arguments(&TargetKind::Real(1)).is_err()
                    && likelihood.arguments(&TargetKind::Count).is_err()
                {
                    continue;
                }
                let Ok(found) = likelihood.information(&arguments, &[true]) else {
                    continue;
                };
                let counts = likelihood.arguments(&TargetKind::Count).is_ok();
                let most = match signature.name {
                    "Binomial" => 5,
                    _ => 400,
                };
                let targets: Vec<(OwnedTargets<f64>, f64)> = match counts {
                    true => (0..=most)
                        .map(|y| (OwnedTargets::Reals(vec![f64::from(y)]), 1.0))
                        .collect(),
                    // y = exp(t) for positive numbers and sinh(t) for others, so that the tails end.
                    false => (-9600..=9600)
                        .map(|at| {
                            let t = f64::from(at) / 400.0;
                            let positive = likelihood.refuse(&[None; 3], -1.0).is_some();
                            let (y, slope) = match positive {
                                true => (t.exp(), t.exp()),
                                false => (t.sinh(), t.cosh()),
                            };
                            (OwnedTargets::Reals(vec![y]), slope / 400.0)
                        })
                        .collect(),
                };
                let expected = expected(likelihood, &arguments, targets.into_iter());
                let name = signature.parameters[argument].name;
                assert_close(
                    &dense(&found),
                    &expected,
                    &format!("{} by {name}", signature.name),
                );
                known.push(format!("{} {name}", signature.name));
            }
        }
        assert_eq!(
            known.join(", "),
            "Normal loc, Normal scale, Laplace loc, Laplace scale, StudentT loc, StudentT scale, Cauchy loc, \
             Cauchy scale, LogNormal loc, LogNormal scale, Gamma rate, Exponential rate, Poisson log_rate, \
             NegativeBinomial log_mean, Binomial logits"
        );
    }

    /// A scale that all entries share has the information of each.
    #[test]
    fn of_a_shared_argument_is_the_sum() {
        let normal = find("Normal").unwrap();
        let (loc, scale) = ([1.0, 2.0, 3.0], [0.5]);
        let arguments = [of_network(&loc), of_network(&scale)];
        let found = normal.information(&arguments, &[true; 3]).unwrap();
        let expected = Information::diagonal([4.0, 4.0, 4.0, 24.0].into_iter());
        assert_eq!(found.block, 1);
        for (a, b) in found.factor.iter().zip(&expected.factor) {
            assert!((a - b).abs() < 1e-12);
        }
    }

    #[test]
    fn unknown_information_names_the_argument() {
        let gamma = find("Gamma").unwrap();
        let (concentration, rate) = ([1.5], [0.5]);
        let arguments = [of_network(&concentration), of_network(&rate)];
        let found = gamma.information(&arguments, &[true]).unwrap_err();
        assert!(found.contains("`concentration`"), "{found}");
    }
}
