//! Batch size and epochs where neither the run file nor a flag says them: by the number of training examples.
//!
//! The batch size is N/16, rounded to a power of two, from 16 to 128. A table is trained for about 20,000 steps, and for
//! 10 epochs at least: with the default learning rate, 0.001, that is as far as held-out RMSEs of tables of a few
//! hundred to ten thousand rows fall (`docs/run-files.md` has the study). Examples of several axes, such as images,
//! are trained for 10 epochs, small sets of them until 40,000 examples have been seen: their layers have more weights,
//! which every example moves more, and their steps take longer.

use super::config::{Config, EarlyStopping};
use crate::ir::Model;
use crate::words::{counted, plural, thousands};

/// Steps of a table's run.
const STEPS: usize = 20_000;
/// Examples that are seen of several axes.
const SEEN: usize = 40_000;
/// The fewest epochs.
const FEWEST: usize = 10;
/// The most weights that an epoch's examples meet, times the epochs, before these are fewer: so that a wide network
/// does not take minutes.
const MOST_WORK: f64 = 2e11;

/// What was chosen of a run's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chosen {
    /// Whether the batch size was.
    pub batch_size: bool,
    /// Whether the number of epochs was.
    pub epochs: bool,
}

/// The batch size for `n` training examples.
fn batch_size(n: usize) -> usize {
    let part = (n as f64 / 16.0).max(1.0);
    let rounded = part.log2().round().exp2() as usize;
    rounded.clamp(16, 128).min(n)
}

/// The number of epochs for `n` training examples.
fn epochs(n: usize, batch_size: usize, model: &Model) -> usize {
    if model.inputs.iter().any(|input| input.shape.rank() > 1) {
        return SEEN.div_ceil(n).max(FEWEST);
    }
    let weights: usize = model.tensors.iter().map(|(_, t)| t.shape.len()).sum();
    let most = MOST_WORK / (n as f64 * weights.max(1) as f64);
    let wanted = STEPS.div_ceil(n.div_ceil(batch_size));
    wanted.min(most as usize).max(FEWEST)
}

impl Config {
    /// Chooses the batch size and the number of epochs where nothing says them, for a model on `n` training examples.
    pub fn choose(&mut self, n: usize, model: &Model) -> Chosen {
        let n = n.max(1);
        if self.method.transitions().is_some() {
            self.batch_size = Some(n);
        }
        let chosen = Chosen {
            batch_size: self.batch_size.is_none(),
            epochs: self.epochs.is_none(),
        };
        let batch_size = *self.batch_size.get_or_insert_with(|| batch_size(n));
        let epochs = *self
            .epochs
            .get_or_insert_with(|| epochs(n, batch_size, model));
        if self.early_stopping == EarlyStopping::On {
            self.early_stopping = EarlyStopping::After(self.patience().unwrap_or(epochs));
        }
        chosen
    }
}

impl Chosen {
    /// What was chosen, by which N, and the flags that say otherwise; nothing where nothing was.
    pub fn words(self, config: &Config, n: usize) -> Option<String> {
        let (batch, epochs) = (config.batch_size(), config.epochs());
        let all = [
            (
                self.batch_size,
                format!("batch size {batch}"),
                "--batch-size",
            ),
            (self.epochs, plural(epochs, "epoch"), "--epochs"),
        ];
        let kept: Vec<_> = all.iter().filter(|(chosen, ..)| *chosen).collect();
        let what: Vec<&str> = kept.iter().map(|(_, what, _)| what.as_str()).collect();
        let flags: Vec<&str> = kept.iter().map(|(.., flag)| *flag).collect();
        let steps = epochs * n.div_ceil(batch);
        (!kept.is_empty()).then(|| {
            format!(
                "{}: chosen for N = {} ({}); {}",
                what.join(", "),
                thousands(n),
                counted(steps, "step", "steps"),
                flags.join(", ")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile;
    use crate::ir::Inference;
    use crate::source::Source;
    use std::sync::Arc;

    fn model(input: &str, width: usize) -> Arc<Inference> {
        let text = format!(
            "model m\ninput x: real[{input}]\ntarget y: real\ndefault {{ prior = Normal(0, 1) }}\n\
             network {{ flatten, dense({width}), relu, f = dense(1) }}\n\
             observe y ~ Normal(f, 1)\nobjective elbo\n"
        );
        let name = "m.bnn".into();
        let compiled = compile::source(Source { name, text }, &[]);
        compiled.expect("a model").inference
    }

    fn chosen(n: usize, model: &Inference) -> (usize, usize) {
        let mut config = Config::default();
        config.choose(n, model);
        (config.batch_size(), config.epochs())
    }

    #[test]
    fn tables_are_trained_for_as_many_steps_and_large_ones_for_ten_epochs() {
        let table = model("8", 50);
        for (n, expected) in [
            (1, (1, 20_000)),
            (5, (5, 20_000)),
            (100, (16, 2858)),
            (480, (32, 1334)),
            (927, (64, 1334)),
            (7373, (128, 345)),
            (50_000, (128, 52)),
            (1_000_000, (128, 10)),
        ] {
            assert_eq!(chosen(n, &table), expected, "{n}");
        }
        // 2.5 million weights: 345 epochs of 7373 rows would take minutes.
        assert_eq!(chosen(7373, &model("50", 50_000)).1, 10);
    }

    #[test]
    fn images_are_trained_as_ever() {
        let images = model("32, 32, 3", 50);
        for n in [4000, 50_000, 60_000] {
            assert_eq!(chosen(n, &images), (128, 10), "{n}");
        }
        assert_eq!(chosen(400, &images), (32, 100));
    }

    #[test]
    fn what_is_said_stays_and_the_other_follows_from_it() {
        let table = model("8", 50);
        let mut config = Config {
            batch_size: Some(100),
            early_stopping: EarlyStopping::On,
            ..Config::default()
        };
        let chosen = config.choose(1000, &table);
        assert_eq!((config.batch_size(), config.epochs()), (100, 2000));
        assert_eq!(config.early_stopping, EarlyStopping::After(200));
        let said = chosen.words(&config, 1000).unwrap();
        assert_eq!(
            said,
            "2000 epochs: chosen for N = 1,000 (20,000 steps); --epochs"
        );
        assert_eq!(config.choose(10, &table).words(&config, 10), None);
    }
}
