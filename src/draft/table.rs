//! A model drafted from a table: its likelihood by what the target holds, its width by the number of rows.

use super::lesson::explained;
use super::{Draft, formatted, model_head, model_name, run_file_head};
use crate::compile;
use crate::data::{self, Facts, Proposal, Request, TargetKind};
use crate::diagnostic::Result;
use crate::source::Source;
use crate::train::Config;
use crate::words::{join, on_one_line, plural, thousands};
use std::path::Path;

/// Hidden layers that are tried, the widest first.
const WIDTHS: [usize; 6] = [256, 128, 64, 32, 16, 8];
/// Whole numbers of more values than these are no labels.
const MOST_CLASSES: usize = 20;
/// A class has so many rows on average, or whole numbers are no labels.
const ROWS_A_CLASS: usize = 5;
/// Counts whose mean is larger are as good as real numbers.
const LARGEST_MEAN: f64 = 30.0;
/// A table of fewer rows holds none out.
const FEW_ROWS: usize = 50;
/// More classes than these are not named one by one.
const MOST_NAMED: usize = 10;
/// The part that is held out.
const TEST: &str = "0.1";

/// Drafts the model file at `model` for the table at `path`. `target` names its target columns, as `--target` does; `from_run_file` is the
/// table's path as the run file says it.
///
/// # Errors
///
/// Those of a file that is no table, or whose target cannot be predicted.
pub fn from_table(
    model: &Path,
    path: &Path,
    target: Option<&str>,
    from_run_file: &str,
) -> Result<Draft> {
    let mut proposal = data::propose(path, target)?;
    let mut request = Request {
        data: path.display().to_string(),
        target: proposal.target.clone(),
        choices: proposal.choices.clone(),
        ..Request::default()
    };
    let rows = data::facts(&request)?.train;
    if rows >= FEW_ROWS {
        proposal.choices.test = Some(TEST.into());
        request.choices.test = Some(TEST.into());
    }
    let facts = data::facts(&request)?;
    let observed = Observed::of(&facts, &proposal);
    request.predicts = Some(observed.kind);
    // Labels are named as the model's classes want them.
    let facts = data::facts(&request)?;
    let sketch = Sketch {
        name: &model_name(model),
        path: model,
        table: from_run_file,
        facts: &facts,
        width: width(&facts, observed.outputs),
        target: &proposal.target.clone().unwrap_or_default(),
        observed,
    };
    let column = facts.columns.as_ref().map(|columns| &columns.targets[..]);
    let column = match column {
        Some([only]) if is_word(only) => only,
        _ => "y",
    };
    // A column may have a name that the language has, too.
    let (column, config) = match sketch.chosen(column) {
        Ok(config) => (column, config),
        Err(_) => ("y", sketch.chosen("y")?),
    };
    Ok(Draft {
        model: formatted(sketch.name, sketch.model(column, config.epochs() / 2)),
        run_file: sketch.run_file(&proposal, &config),
        data: Some(from_run_file.into()),
        found: found(&sketch, &proposal),
    })
}

fn is_word(name: &str) -> bool {
    let mut signs = name.chars();
    let starts = signs.next().is_some_and(|c| c.is_ascii_alphabetic());
    starts && signs.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The widest hidden layer that has no more weights than there are training examples; the narrowest where none has.
fn width(facts: &Facts, outputs: usize) -> usize {
    let fits = |width: &&usize| weights(facts, outputs, **width) <= facts.train;
    *WIDTHS
        .iter()
        .find(fits)
        .unwrap_or(&WIDTHS[WIDTHS.len() - 1])
}

/// The weights of a network with a hidden layer of this width.
fn weights(facts: &Facts, outputs: usize, width: usize) -> usize {
    width * (facts.input_shape.len() + 1 + outputs) + outputs
}

/// What a target is taken for.
struct Observed {
    kind: TargetKind,
    outputs: usize,
    /// What it is, and what else it might be.
    what: String,
    /// `category[3]`
    data_type: String,
    /// Its line in the model, behind `observe y ~ `.
    likelihood: &'static str,
}

impl Observed {
    fn of(facts: &Facts, proposal: &Proposal) -> Observed {
        let width = facts.target.width();
        if width > 1 {
            return Observed {
                kind: TargetKind::Real(width),
                outputs: width,
                what: format!("{width} real numbers"),
                data_type: format!("real[{width}]"),
                likelihood: "Normal(loc = f, scale = exp(noise))",
            };
        }
        if facts.target.labels {
            let classes = facts.class_names.len();
            return Observed::of_classes(
                classes,
                format!("classes {}", some_of(&facts.class_names)),
            );
        }
        let range = facts
            .observed
            .first()
            .map_or([0.0, 0.0], |o| [o.low, o.high]);
        let distinct = proposal.distinct.unwrap_or(0);
        match whole(facts, range, distinct) {
            Whole::Labels => {
                let what = match distinct {
                    0..=2 => format!("{} or {}", range[0], range[1]),
                    _ => format!(
                        "whole numbers from {} to {}, taken for labels of {distinct} classes",
                        range[0], range[1]
                    ),
                };
                Observed::of_classes(distinct, what)
            }
            Whole::Counts => Observed {
                kind: TargetKind::Count,
                outputs: 1,
                what: "whole numbers, taken for counts".into(),
                data_type: "count".into(),
                likelihood: "NegativeBinomial(log_mean = f, concentration = learned(1))",
            },
            Whole::Neither => Observed {
                kind: TargetKind::Real(1),
                outputs: 1,
                what: "real numbers".into(),
                data_type: "real".into(),
                likelihood: "Normal(loc = f, scale = exp(noise))",
            },
        }
    }

    fn of_classes(classes: usize, what: String) -> Observed {
        match classes {
            0..=2 => Observed {
                kind: TargetKind::Binary,
                outputs: 1,
                what,
                data_type: "binary".into(),
                likelihood: "Bernoulli(logits = f)",
            },
            _ => Observed {
                kind: TargetKind::Category(classes),
                outputs: classes,
                what,
                data_type: format!("category[{classes}]"),
                likelihood: "Categorical(logits = f)",
            },
        }
    }

    fn is_real(&self) -> bool {
        matches!(self.kind, TargetKind::Real(_))
    }
}

enum Whole {
    Labels,
    Counts,
    Neither,
}

/// What a target of numbers may be if all are whole: two numbers, or all from 0 or 1 on, are labels, many from 0 on counts.
fn whole(facts: &Facts, [low, high]: [f64; 2], distinct: usize) -> Whole {
    let is_whole = low.fract() == 0.0 && high.fract() == 0.0;
    let mean = facts.observed.first().map_or(0.0, |o| o.mean);
    let all = is_whole && high - low + 1.0 == distinct as f64 && (low == 0.0 || low == 1.0);
    match distinct {
        2 if is_whole => Whole::Labels,
        3..=MOST_CLASSES if all && facts.train >= distinct * ROWS_A_CLASS => Whole::Labels,
        _ if facts.target.classes.is_some()
            && low >= 0.0
            && low < mean
            && mean <= LARGEST_MEAN
            && distinct > MOST_CLASSES =>
        {
            Whole::Counts
        }
        _ => Whole::Neither,
    }
}

/// What a draft is written of.
struct Sketch<'a> {
    name: &'a str,
    /// The model file.
    path: &'a Path,
    /// The table's path as the run file says it.
    table: &'a str,
    facts: &'a Facts,
    observed: Observed,
    width: usize,
    target: &'a str,
}

impl Sketch<'_> {
    /// The batch size and number of epochs that a run of the model would choose.
    fn chosen(&self, target: &str) -> Result<Config> {
        let source = Source {
            name: format!("{}.bnn", self.name),
            text: self.model(target, 1),
        };
        let compiled = compile::source(source, &[])?;
        let mut config = Config::default();
        config.choose(self.facts.train, &compiled.inference);
        Ok(config)
    }

    /// The model file.
    fn model(&self, target: &str, warm_up: usize) -> String {
        let (name, width, facts) = (self.name, self.width, self.facts);
        let observed = &self.observed;
        let (outputs, likelihood) = (observed.outputs, observed.likelihood);
        let inputs = facts.input_shape.len();
        let of = facts.columns.as_ref().map_or(0, |c| c.inputs.len());
        let latent = match observed.is_real() {
            true => {
                "latent noise ~ Normal(-1, 1), posterior = MeanField(loc = -1, scale = 0.1)    # ln of the noise's scale\n\n"
            }
            false => "",
        };
        // The mean of counts may be far from exp(0): its logarithm is left free.
        let bias = match observed.kind {
            TargetKind::Count => " { bias = deterministic }",
            _ => "",
        };
        let weights = weights(facts, outputs, width);
        let why = match weights <= facts.train {
            true => "is the widest of those with no more weights than rows".into(),
            false => format!(
                "has {width} units, the least, though these have {} weights",
                thousands(weights)
            ),
        };
        let text = format!(
            "const width   = {width}\n\
             const warm_up = {warm_up}    # epochs until the KL has its whole weight: half of the run's, so of `--epochs E` `--set warm_up=E/2`\n\
             \n\
             input  x: real[{inputs}]\n\
             target {target}: {}\n\
             \n\
             {latent}\
             default {{\n  \
               prior     = Normal(0, sqrt(2 / fan_in))\n  \
               posterior = MeanField\n  \
               estimator = local_reparameterization\n\
             }}\n\
             \n\
             network {{\n  \
               dense(width)\n  \
               relu\n  \
               f = dense({outputs}){bias}\n\
             }}\n\
             \n\
             observe {target} ~ {likelihood}\n\
             \n\
             objective elbo {{ annealing = linear(epochs = warm_up) }}\n",
            observed.data_type
        );
        format!(
            "# {}: {}, predicted from {} of {}.\n\
             # {} to train on: the hidden layer {why}.\n\
             {}model {name}\n\n{}",
            on_one_line(self.target),
            on_one_line(&observed.what),
            plural(of, "column"),
            on_one_line(self.table),
            plural_rows(facts.train),
            model_head(self.path),
            explained(&text)
        )
    }

    /// The run file.
    fn run_file(&self, proposal: &Proposal, config: &Config) -> String {
        let mut text = run_file_head(self.path);
        text += &format!(
            "epochs = {}\nbatch_size = {}\n\n\
             [optimizer]\nname = \"adam\"\nlearning_rate = 0.005\n\n\
             [schedule]\nname = \"cosine\"           # the learning rate falls to 0 by the last epoch\n\n\
             [data]\nname = {}\ntarget = {}\n",
            config.epochs(),
            config.batch_size(),
            toml(self.table),
            toml(self.target),
        );
        let choices = &proposal.choices;
        if choices.drop.is_some() {
            let names: Vec<String> = proposal
                .left_out
                .iter()
                .map(|(name, _)| toml(name))
                .collect();
            text += &format!("drop = [{}]", names.join(", "));
            text += &format!("    # {}\n", reasons(proposal));
        }
        if let Some(rules) = &choices.missing {
            text += &format!(
                "missing = {}    # of numbers the mean, and an input that says where; of texts a category\n",
                toml(rules)
            );
        }
        for (column, value) in &proposal.sentinels {
            let column = on_one_line(column);
            text += &format!(
                "# missing_values = [\"{value}\"]    # if {value} in {column}, far outside the rest, means a missing value\n"
            );
        }
        if let Some(test) = &choices.test {
            text += &format!(
                "test = {test}                # this part of the rows is held out, for `bnnc evaluate`\n"
            );
        }
        text += "scaling = \"standardize\"   # each input, by the training rows' mean and standard deviation\n";
        if self.observed.is_real() {
            text +=
                "targets = \"standardize\"   # the target, too; what is printed has its own unit\n";
        }
        text
    }
}

/// `a`, `b` and 198 more
fn some_of(names: &[String]) -> String {
    let named = names.iter().take(MOST_NAMED);
    let mut shown: Vec<String> = named.map(|name| format!("`{name}`")).collect();
    if names.len() > MOST_NAMED {
        shown.push(format!("{} more", names.len() - MOST_NAMED));
    }
    join(shown, "and")
}

fn plural_rows(n: usize) -> String {
    let rows = if n == 1 { "row" } else { "rows" };
    format!("{} {rows}", thousands(n))
}

fn reasons(proposal: &Proposal) -> String {
    let reasons = proposal.left_out.iter().map(|(_, why)| *why);
    crate::words::distinct(reasons).join(", ")
}

/// A text as TOML has it.
fn toml(text: &str) -> String {
    ::toml::Value::from(text).to_string()
}

/// What is to be said of a draft.
fn found(sketch: &Sketch, proposal: &Proposal) -> Vec<(&'static str, String)> {
    let facts = sketch.facts;
    let inputs = facts.input_shape.len();
    let columns = facts.columns.as_ref().map_or(0, |c| c.inputs.len());
    let mut found = vec![
        (
            "target",
            format!("{}: {}", sketch.target, sketch.observed.what),
        ),
        (
            "inputs",
            match inputs == columns {
                true => plural(inputs, "column"),
                false => format!(
                    "{} of {}",
                    plural(inputs, "number"),
                    plural(columns, "column")
                ),
            },
        ),
        (
            "width",
            format!(
                "{}, for {} to train on",
                plural(sketch.width, "hidden unit"),
                plural_rows(facts.train)
            ),
        ),
    ];
    if !proposal.left_out.is_empty() {
        let all = proposal.left_out.iter();
        let all: Vec<String> = all.map(|(name, why)| format!("{name} ({why})")).collect();
        found.push(("left out", all.join(", ")));
    }
    if let Some(column) = &proposal.sequence {
        found.push((
            "sequence",
            format!(
                "each row is taken for an example here. All rows of a {column} have one {}: if they are the steps of a \
                 sequence, `--sequence {column}` and an input `x: real[T, C, padded]` read them so, see \
                 `bnnc explain sequence`",
                sketch.target
            ),
        ));
    }
    if !proposal.missing.is_empty() {
        let all = proposal.missing.iter();
        let all: Vec<String> = all
            .map(|(name, n)| format!("{name} in {}", plural_rows(*n)))
            .collect();
        found.push(("missing", all.join(", ")));
    }
    for (column, value) in &proposal.sentinels {
        found.push((
            "remark",
            format!("{column} holds {value}, far outside the rest: a missing value?"),
        ));
    }
    found
}
