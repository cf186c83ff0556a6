//! Pictures of runs: a file a kind, and the SVG and PNG that they become.
//!
//! A [`Kind`] draws a [`Figure`] of what is known of a run, its [`Material`]; what is not known is a sentence that says
//! why. `svg` and `raster` write figures.
//!
//! | code | what |
//! | --- | --- |
//! | `E0618` | there is no such picture of the run |

mod axis;
mod entropy;
mod examples;
mod figure;
mod kl;
pub mod log;
mod loss;
pub mod page;
mod panel;
pub mod parameters;
mod pit;
pub mod pixels;
mod posterior;
mod predictions;
pub mod pruned;
mod pruning;
mod quantiles;
#[cfg(feature = "raster")]
pub mod raster;
mod reliability;
mod risk_coverage;
pub mod svg;
mod text;

pub use figure::Figure;

use crate::likelihood::Summary;
use crate::score::Outcomes;
use log::Log;
use parameters::Parameter;
use pixels::Pixels;
use pruned::Pruned;

/// What is known of a run, as far as its pictures need it. What is not known is the reason why, for a reader.
pub struct Material {
    /// What the run is called where there are several.
    pub name: String,
    /// What it wrote while it was trained.
    pub log: Result<Log, String>,
    /// Its parameters as they are now.
    pub parameters: Result<Vec<Parameter>, String>,
    /// What it predicts of some examples.
    pub predicted: Result<Predicted, String>,
    /// What it predicts of examples that are out of its distribution.
    pub elsewhere: Vec<Predicted>,
    /// What leaving out weights costs.
    pub pruned: Result<Pruned, String>,
}

impl Material {
    /// Nothing is known, for this reason.
    pub fn unknown(name: &str, why: &str) -> Material {
        Material {
            name: name.into(),
            log: Err(why.into()),
            parameters: Err(why.into()),
            predicted: Err(why.into()),
            elsewhere: vec![],
            pruned: Err(why.into()),
        }
    }
}

/// What a run predicts of some examples.
pub struct Predicted {
    /// What the examples are called.
    pub data: String,
    /// The predictions beside the targets.
    pub outcomes: Outcomes,
    /// The names of the classes, where there are any.
    pub classes: Vec<String>,
    /// The names of the target's entries.
    pub targets: Vec<String>,
    /// What the inputs look like.
    pub inputs: Inputs,
}

/// The inputs of some examples.
pub enum Inputs {
    /// A number each, with its name.
    Number(String, Vec<f64>),
    /// Images, which are made one by one.
    Images(Box<dyn Fn(usize) -> Option<Pixels>>),
    /// Something else.
    Other,
}

/// Which parts of a [`Material`] a kind looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// The log alone.
    Log,
    /// The parameters.
    Parameters,
    /// Predictions.
    Predictions,
    /// Predictions without some of the weights.
    Pruned,
}

/// A kind of picture.
pub trait Kind: Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;
    /// What it shows, in a line.
    fn what(&self) -> &'static str;
    /// How to read it, in a few sentences.
    fn reading(&self) -> &'static str;
    /// What it is drawn of.
    fn needs(&self) -> Needs;
    /// Whether it shows several runs in one picture; else it draws the first.
    fn overlays(&self) -> bool {
        false
    }
    /// Draws it, of at least one run; else says why there is nothing to draw.
    fn draw(&self, runs: &[&Material]) -> Result<Figure, String>;
}

/// Every kind.
pub static KINDS: &[&dyn Kind] = &[
    &loss::Loss,
    &reliability::Reliability,
    &risk_coverage::RiskCoverage,
    &entropy::Entropy,
    &predictions::Predictions,
    &pit::Pit,
    &quantiles::Quantiles,
    &examples::Examples,
    &posterior::Posterior,
    &kl::Kl,
    &pruning::Pruning,
];

/// The kind called `name`.
pub fn find(name: &str) -> Option<&'static dyn Kind> {
    KINDS.iter().copied().find(|kind| kind.name() == name)
}

/// A run's name and what it predicts.
type Named<'a> = (&'a str, &'a Predicted);

/// The runs whose predictions are kept and beside known targets, of at least one; those that `fits` refuses have the
/// reason `why`.
fn known<'a>(
    runs: &[&'a Material],
    fits: impl Fn(&Summary) -> bool,
    why: &str,
) -> Result<Vec<Named<'a>>, String> {
    let mut found = vec![];
    let mut reason = None;
    for run in runs {
        let missing = match &run.predicted {
            Err(missing) => missing.clone(),
            Ok(predicted) if !fits(&predicted.outcomes.summary) => why.into(),
            Ok(predicted) if predicted.outcomes.targets.is_empty() => {
                "the examples have no targets to compare with".into()
            }
            Ok(predicted) => {
                found.push((&run.name[..], predicted));
                continue;
            }
        };
        reason.get_or_insert(missing);
    }
    match found.is_empty() {
        true => Err(reason.unwrap_or_default()),
        false => Ok(found),
    }
}

/// The runs that predict classes whose labels are known.
fn known_classes<'a>(runs: &[&'a Material]) -> Result<Vec<Named<'a>>, String> {
    let fits = |summary: &Summary| matches!(summary, Summary::Classes(_));
    known(runs, fits, "its predictions are numbers, not classes")
}

/// The runs that predict numbers whose targets are known.
fn known_numbers<'a>(runs: &[&'a Material]) -> Result<Vec<Named<'a>>, String> {
    let fits = |summary: &Summary| matches!(summary, Summary::Numbers(_));
    let why = "its predictions are probabilities of classes, not numbers";
    known(runs, fits, why)
}

/// The lines of several runs.
fn keys<'a>(names: impl Iterator<Item = &'a str>) -> Vec<figure::Key> {
    let key = |(number, name): (usize, &str)| figure::Key {
        name: name.into(),
        sample: figure::Sample::Line(figure::Pen::of_series(number)),
    };
    names.enumerate().map(key).collect()
}

/// Three significant digits: `0.0123`, `24.5`, `1,240`.
fn digits(x: f64) -> String {
    let text = match x.abs() {
        0.0 => "0".into(),
        a if !a.is_finite() => format!("{x}"),
        a if !(1e-4..1e12).contains(&a) => format!("{x:.2e}"),
        a if a >= 1000.0 => {
            let sign = if x < 0.0 { "-" } else { "" };
            format!("{sign}{}", crate::words::thousands(a.round() as usize))
        }
        a => {
            let decimals = (2 - a.log10().floor() as i32).clamp(0, 6) as usize;
            format!("{x:.decimals$}")
        }
    };
    axis::minus(&text)
}

#[cfg(test)]
mod tests;
