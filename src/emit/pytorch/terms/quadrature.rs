//! Quadrature: the entry of `QUADRATURES` that says what a prior is, and the call that takes the integral.

use super::super::prior::{self, Numbers};
use super::super::{Context, refused};
use crate::diagnostic::Result;
use crate::distribution::{Distribution, Feature};
use crate::emit::python::{number, quoted};
use crate::ir::Prior;
use crate::kl::Transform;

/// The value of a term by quadrature; its prior is noted under the term's name.
pub(super) fn call(
    context: &Context,
    term: &str,
    prior: &Prior,
    numbers: &Numbers,
    made_of: Transform,
) -> Result<String> {
    let function = prior::log_density(context, prior.distribution, numbers)?;
    let mut next = 0;
    let mut inside = |at: usize| match numbers.fixed[at] {
        Some(value) => number(value),
        None => {
            next += 1;
            format!("learned[{}]", next - 1)
        }
    };
    let arguments: Vec<String> = (0..numbers.names.len()).map(&mut inside).collect();
    let [toward_zero, far_out] = prior.distribution.growth().map(number);
    let made_of = match made_of {
        Transform::Identity => "None".into(),
        Transform::Exp => "\"exp\"".into(),
        Transform::Logistic { low, high } => format!("({}, {})", number(low), number(high)),
    };
    let features = features(prior.distribution, numbers, &arguments)?;
    context.quadratures.borrow_mut().push(format!(
        "{}: Seen(\n    lambda w, learned: {function}(w, {}),\n    lambda learned: {features},\n    \
         growth=({toward_zero}, {far_out}),\n    made={made_of},\n)",
        quoted(term),
        arguments.join(", "),
    ).replace("(w, )", "(w)"));
    let learned: Vec<&str> = (0..numbers.names.len())
        .filter(|&at| numbers.fixed[at].is_none())
        .map(|at| &*numbers.texts[at])
        .collect();
    let learned = match learned.is_empty() {
        true => "[]".into(),
        false => format!("[{}]", learned.join(", ")),
    };
    Ok(format!(
        "kl_by_quadrature(q.loc, q.scale, {learned}, {})",
        quoted(term)
    ))
}

/// Where quadrature must split, as Python text: of fixed numbers a list; of a learned loc or scale the list that
/// loc = 0 and scale = 1 have, moved and stretched.
fn features(prior: &dyn Distribution, numbers: &Numbers, arguments: &[String]) -> Result<String> {
    let at = |values: &dyn Fn(&str) -> f64| {
        let names = numbers.names.iter().zip(&numbers.fixed);
        let all: Vec<f64> = names
            .map(|(name, fixed)| fixed.unwrap_or_else(|| values(name)))
            .collect();
        prior.features(&all)
    };
    let [some, others] = [0.3, 0.7].map(|value| at(&|_| value));
    if some == others {
        return Ok(list(&some));
    }
    let free = |name: &str| numbers.free().any(|free| free == name);
    let fixed = |name: &str| {
        let at = numbers.names.iter().position(|own| own == name)?;
        numbers.fixed[at]
    };
    // With every loc and scale free, even where they are fixed. Student's t is as wide as scale sqrt(df).
    let placed = |loc: f64, scale: f64, df: f64| {
        let value = |name: &str, own: f64| match name {
            "loc" => loc,
            "scale" => scale,
            "df" if free("df") => df,
            _ => own,
        };
        let names = numbers.names.iter().zip(&numbers.fixed);
        let all: Vec<f64> = names
            .map(|(name, fixed)| value(name, fixed.unwrap_or(0.5)))
            .collect();
        prior.features(&all)
    };
    let unit = placed(0.0, 1.0, 1.0);
    let moved = |[loc, scale, df]: [f64; 3]| {
        let found = placed(loc, scale, df);
        let scale = if free("df") { scale * df.sqrt() } else { scale };
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * (1.0 + b.abs());
        let same = |(found, unit): (&Feature, &Feature)| {
            close(found.at, loc + scale * unit.at)
                && close(found.width, scale * unit.width)
                && found.kink == unit.kink
        };
        found.len() == unit.len() && found.iter().zip(&unit).all(same)
    };
    let has_loc = numbers.names.iter().any(|name| name == "loc");
    let places = if has_loc {
        [[0.3, 1.7, 2.0], [-0.4, 0.6, 5.0]]
    } else {
        [[0.0, 1.7, 2.0], [0.0, 0.6, 5.0]]
    };
    let others = numbers
        .free()
        .all(|name| matches!(name, "loc" | "scale" | "df"));
    if !others || !places.into_iter().all(moved) {
        let name = prior.signature().name;
        return Err(refused(format!(
            "the quadrature of `{name}` with learned numbers has no PyTorch yet"
        ))
        .help("`kl = monte_carlo` in the objective has")
        .into());
    }
    let text = |name: &str, default: &str| match (free(name), fixed(name)) {
        (true, _) => {
            let at = numbers.names.iter().position(|own| own == name);
            at.map_or(default.to_string(), |at| arguments[at].clone())
        }
        (false, Some(value)) => number(value),
        (false, None) => default.into(),
    };
    let mut scale = text("scale", "1.0");
    if free("df") {
        scale += &format!(" * math.sqrt({})", text("df", "1.0"));
    }
    let loc = text("loc", "0.0");
    Ok(format!("placed({}, {loc}, {scale})", list(&unit)))
}

fn list(features: &[Feature]) -> String {
    let feature = |feature: &Feature| {
        let kink = if feature.kink { "True" } else { "False" };
        format!(
            "({}, {}, {kink})",
            number(feature.at),
            number(feature.width)
        )
    };
    let all: Vec<String> = features.iter().map(feature).collect();
    format!("[{}]", all.join(", "))
}
