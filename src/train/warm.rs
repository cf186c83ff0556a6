//! Warm starts: a run whose variables begin where those of another run have come to.
//!
//! Variables are matched by name and shape. Each parameter's point (the loc of a posterior) and each learned number has to
//! be there; a scale that the other run has not fitted, or by another family or transform, starts as if there were no
//! other run.

use crate::diagnostic::{Diagnostic, Result, nearest};
use crate::engine::Piece;
use crate::exec::Interpreter;
use crate::ir::method::Parameters;
use crate::kl::Transform;
use crate::plan::{Plan, TensorPlan};
use crate::show;
use crate::signature::Domain;
use crate::tensor::Shape;
use std::ops::Range;

/// What `plan`'s variables take over from a run, which messages call `name` and whose variables `from` holds.
///
/// # Errors
///
/// `E0609` for every parameter that the run lacks, or has in another shape or form.
pub fn pieces(plan: &Plan, from: &Interpreter<f32>, name: &str) -> Result<Vec<Piece>> {
    let theirs = from.plan();
    let mut notes = vec![];
    let mut taken = vec![];
    for variable in &plan.variables {
        let Some(other) = theirs.variables.iter().find(|v| v.name == variable.name) else {
            if needed(plan, &variable.range) {
                notes.push(lacks(&variable.name, &variable.shape, theirs));
            }
            continue;
        };
        let scales = scale(plan, &variable.range).zip(scale(theirs, &other.range));
        if scales.is_some_and(|(here, there)| here != there || here.is_made_anew) {
            continue;
        }
        let forms = form(plan, &variable.range).zip(form(theirs, &other.range));
        if other.shape != variable.shape {
            notes.push(format!(
                "`{}` is {} here, and {} there",
                variable.name, variable.shape, other.shape
            ));
        } else if let Some((here, there)) = forms.filter(|(here, there)| here != there) {
            notes.push(format!(
                "`{}` is fitted as {here} here, and as {there} there",
                variable.name
            ));
        } else {
            let values = from.variables()[other.range.clone()].to_vec();
            taken.push((variable.range.clone(), values));
        }
    }
    if notes.is_empty() {
        return Ok(taken);
    }
    let title = format!("the model cannot start from the run in `{name}`");
    let mut message = Diagnostic::error("E0609", title);
    message.notes = notes;
    Err(message
        .help(format!(
            "parameters are matched by name: a model that names and sizes its layers as {name}/model.bnn starts from it; \
             without `from` every parameter starts anew"
        ))
        .into())
}

/// Whether a run that has no such variable is refused: it is a parameter's point, or a learned number.
fn needed(plan: &Plan, range: &Range<usize>) -> bool {
    let mut points = plan.tensors.values().map(|tensor| &tensor.loc);
    let mut learned = plan.learned.values().map(|learned| &learned.range);
    points.any(|loc| loc == range) || learned.any(|of| of == range)
}

/// What a variable means that is not its parameter's loc.
#[derive(PartialEq)]
struct Scale {
    family: &'static str,
    transform: &'static str,
    /// Whether the method makes it anew at its first step.
    is_made_anew: bool,
}

/// That of a posterior's further variable.
fn scale(plan: &Plan, range: &Range<usize>) -> Option<Scale> {
    let holds = |tensor: &TensorPlan| {
        let all = &tensor.variables;
        tensor.loc != *range && all.start <= range.start && range.end <= all.end
    };
    let (handle, _) = plan.tensors.iter().find(|(_, tensor)| holds(tensor))?;
    let posterior = &plan.inference.fits[handle].posterior;
    Some(Scale {
        family: posterior.family.signature().name,
        transform: posterior.transform.name(),
        is_made_anew: plan.inference.method.entry.parameters() == Parameters::Normals,
    })
}

/// What is fitted of the number that a variable stands for.
fn form(plan: &Plan, range: &Range<usize>) -> Option<String> {
    let mut tensors = plan.tensors.iter();
    if let Some((handle, _)) = tensors.find(|(_, tensor)| tensor.loc == *range) {
        return Some(match plan.inference.fits[handle].posterior.made_of() {
            Transform::Identity => "itself".into(),
            Transform::Exp => "its logarithm".into(),
            Transform::Logistic { low, high } => {
                format!("its logit between {} and {}", show(low), show(high))
            }
        });
    }
    let mut learned = plan.learned.values();
    let learned = learned.find(|learned| learned.range == *range)?;
    Some(match learned.domain {
        Domain::Real => "itself".into(),
        Domain::Positive | Domain::NonNegative => "its inverse softplus".into(),
        Domain::Unit | Domain::OpenUnit => "its logit".into(),
    })
}

/// What is said of a variable that the run lacks.
fn lacks(name: &str, shape: &Shape, theirs: &Plan) -> String {
    let names = theirs.variables.iter().map(|v| v.name.as_str());
    let near =
        nearest(name, names).map_or(String::new(), |near| format!("; the nearest is `{near}`"));
    format!("`{name}` {shape} is not there{near}")
}
