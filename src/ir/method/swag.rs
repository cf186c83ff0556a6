//! `swag(start = 0.75, rank = 20)`: a normal distribution fitted to the weights that stochastic gradient descent passes
//! through at a constant learning rate (Maddox, Garipov, Izmailov, Vetrov and Wilson 2019, "A simple baseline for
//! Bayesian uncertainty in deep learning").

use super::{LearningRate, Method};
use crate::diagnostic::Diagnostic;
use crate::ir::Inference;
use crate::show;
use crate::signature::{Constants, Domain, Kind, Parameter, Signature};

/// The method.
pub struct Swag;

static SIGNATURE: Signature = Signature {
    name: "swag",
    summary: "stochastic weight averaging, Gaussian: a `map` fit, then a normal distribution of the weights at each of its last \
              epochs' ends",
    parameters: &[
        Parameter {
            name: "start",
            kind: Kind::Number {
                domain: Domain::Unit,
                learnable: false,
            },
            default: Some("0.75"),
            summary: "the fraction of the epochs before the learning rate is constant and snapshots are taken",
        },
        Parameter {
            name: "rank",
            kind: Kind::Count,
            default: Some("20"),
            summary: "the most deviations from the mean that make up the covariance; those of the last snapshots",
        },
        Parameter {
            name: "learning_rate",
            kind: Kind::NumberOr {
                domain: Domain::Positive,
                word: "optimizer",
            },
            default: Some("optimizer"),
            summary: "from `start` on; `optimizer` is the optimizer's before its schedule",
        },
    ],
};

/// The first of `epochs` epochs, from 0, whose learning rate is constant and at whose end a snapshot is taken.
pub fn first_epoch(arguments: &Constants, epochs: usize) -> usize {
    // 0.55 × 100 is 55.000000000000007 in float64.
    let first = (arguments.number("start") * epochs as f64 - 1e-9).ceil();
    first.max(0.0) as usize
}

/// How many draws a model with a batch norm has: as many as Maddox et al. average over.
pub const DRAWS_WITH_STATISTICS: usize = 30;

impl Method for Swag {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }
    fn remarks(&self, arguments: &Constants) -> Vec<String> {
        let percent = show(100.0 * arguments.number("start"));
        let rate = match arguments.number_if_any("learning_rate") {
            Some(rate) => format!("constant, {}", show(rate)),
            None => "constant, the optimizer's before its schedule".into(),
        };
        let rank = arguments.count("rank");
        vec![
            format!(
                "minimised by descent; after {percent} % of the epochs the learning rate is {rate}, and the weights at each \
                 epoch's end are a snapshot"
            ),
            format!(
                "weights are then drawn from the normal distribution that has the mean of the snapshots; half of its \
                 covariance are the variances, half the last {rank} deviations from the mean"
            ),
        ]
    }
    fn remarks_of(&self, _: &Constants, inference: &Inference) -> Vec<String> {
        let text = format!(
            "the means and variances of batch norms are taken anew at the end, over training examples, for the mean of the \
             weights and for each of {DRAWS_WITH_STATISTICS} draws, which alone predict"
        );
        let has_statistics = inference.batch_statistics().next().is_some();
        has_statistics.then_some(text).into_iter().collect()
    }
    fn methods(&self, arguments: &Constants, inference: &Inference) -> Option<String> {
        let percent = show(100.0 * arguments.number("start"));
        let rate = match arguments.number_if_any("learning_rate") {
            Some(rate) => format!("kept at {}", show(rate)),
            None => "kept constant".into(),
        };
        let rank = arguments.count("rank");
        let statistics = match inference.batch_statistics().next() {
            None => String::new(),
            Some(_) => format!(
                " There are {DRAWS_WITH_STATISTICS} draws; for each of them the means and variances of batch norms were \
                 taken anew, over training examples [@izmailov2018]."
            ),
        };
        Some(format!(
            "This is done by descent; after {percent} % of the epochs the learning rate is {rate}, and the weights are \
             collected at the end of each epoch: SWAG [@maddox2019]. With $mu$ and $sigma$ the mean and the \
             standard deviation of each weight over these, and $D$ the matrix of the last $K$ deviations from the mean, each \
             from the mean as it was then, and at most {rank} of them, a draw of all weights is \
             $$w = mu + 1/sqrt(2) (sigma odot z_1 + 1/sqrt(K - 1) D z_2), z_1, z_2 ~ Normal(0, I).$${statistics}"
        ))
    }
    fn draws(&self, _: &Constants, inference: &Inference, asked: usize) -> usize {
        match inference.batch_statistics().next() {
            None => asked,
            Some(_) => asked.min(DRAWS_WITH_STATISTICS),
        }
    }
    fn needs_epochs(&self) -> bool {
        true
    }
    fn learning_rate(&self, arguments: &Constants, rate: &LearningRate) -> f64 {
        if rate.epoch < first_epoch(arguments, rate.epochs) {
            return rate.scheduled;
        }
        let own = self.own_rate(arguments, rate.epoch, rate.epochs);
        own.unwrap_or(rate.of_optimizer)
    }
    fn own_rate(&self, arguments: &Constants, epoch: usize, epochs: usize) -> Option<f64> {
        let own = arguments.number_if_any("learning_rate");
        own.filter(|_| epoch >= first_epoch(arguments, epochs))
    }
    fn refuse(&self, arguments: &Constants, _: &Inference) -> Vec<Diagnostic> {
        let mut refused = vec![];
        if arguments.count("rank") < 2 {
            let title = "`rank` of `swag` is 1, not a whole number of at least 2";
            refused.push(
                Diagnostic::error("E0207", title)
                    .note("the covariance of K deviations is their sum of squares over K - 1"),
            );
        }
        refused
    }
}
