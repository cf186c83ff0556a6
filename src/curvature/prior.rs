//! The prior around a point: its density there, and its precision P₀, the second derivative of −ln p.
//!
//! Of a normal prior P₀ is 1/scale² everywhere. Of another it is taken at the point, as a Laplace approximation of the
//! prior itself, and has to be above 0 there.

use super::{Parameter, Refusal, Result};
use crate::distribution::{Density, Distribution, Normal};
use crate::exec::{Interpreter, Number};
use crate::ir::{Leaf, Prior};
use crate::words::count;

/// The prior of the parameters that are curved about, around a point.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalPrior {
    /// ln p(θ*), of these parameters.
    pub log_density: f64,
    /// ∂ ln p/∂θ there, a number for each entry.
    pub score: Vec<f64>,
    /// P₀, a number for each entry.
    pub precision: Vec<f64>,
    /// (θ* − μ₀)ᵀ P₀ (θ* − μ₀) where every prior is normal.
    pub distance: Option<f64>,
}

impl LocalPrior {
    /// At the weights that the interpreter drew last.
    ///
    /// # Errors
    /// A parameter without a prior, and a prior whose −ln p is not convex at the point.
    pub fn at<T: Number>(interpreter: &Interpreter<T>, parameters: &[Parameter]) -> Result<Self> {
        let plan = interpreter.plan();
        let mut found = LocalPrior {
            log_density: 0.0,
            score: vec![],
            precision: vec![],
            distance: Some(0.0),
        };
        let leaf = |leaf: Leaf| match leaf {
            Leaf::Learned(learned) => {
                let learned = &plan.learned[learned];
                learned.value(interpreter.variables()[learned.place(0)].wide())
            }
            Leaf::Latent(latent) => interpreter.drawn(latent)[0].wide(),
        };
        for parameter in parameters {
            let prior = plan.model.tensors[parameter.tensor].prior.as_ref();
            let prior = prior.filter(|prior| prior.local.is_none());
            let Some(prior) = prior else {
                return Err(Refusal::new(
                    format!("`{}` has no prior of independent entries", parameter.name),
                    "give it one, or leave it out of `of`",
                ));
            };
            let numbers = prior.parameters.iter().map(|scalar| scalar.value(&leaf));
            let numbers: Vec<f64> = numbers.collect();
            let w = interpreter.drawn(parameter.tensor).iter().map(|w| w.wide());
            found.add(&parameter.name, prior, &numbers, w)?;
        }
        Ok(found)
    }

    /// The same with the scale of every prior multiplied by `factor`; `None` unless every prior is normal.
    pub fn scaled(&self, factor: f64) -> Option<LocalPrior> {
        let distance = self.distance?;
        let square = factor * factor;
        let by = |numbers: &[f64]| numbers.iter().map(|x| x / square).collect();
        let entries = self.precision.len() as f64;
        Some(LocalPrior {
            log_density: self.log_density + 0.5 * distance * (1.0 - 1.0 / square)
                - entries * factor.ln(),
            score: by(&self.score),
            precision: by(&self.precision),
            distance: Some(distance / square),
        })
    }

    fn add(
        &mut self,
        name: &str,
        prior: &Prior,
        numbers: &[f64],
        w: impl Iterator<Item = f64>,
    ) -> Result<()> {
        let (mut flat, mut entries) = (0, 0);
        let is_normal = prior.distribution == &Normal as &dyn Distribution;
        for (entry, w) in w.enumerate() {
            let anchor = prior.anchor.as_ref().map_or(0.0, |anchor| anchor[entry]);
            let w = w - anchor;
            let density: &dyn Density<f64> = prior.distribution;
            self.log_density += density.log_prob(numbers, w);
            self.score.push(density.score(numbers, w));
            let precision = match is_normal {
                true => numbers[1].powi(-2),
                false => second_derivative(prior.distribution, numbers, w),
            };
            self.distance = match is_normal {
                true => self
                    .distance
                    .map(|sum| sum + precision * (w - numbers[0]).powi(2)),
                false => None,
            };
            flat += usize::from(!(precision > 0.0 && precision.is_finite()));
            entries += 1;
            self.precision.push(precision);
        }
        match flat {
            0 => Ok(()),
            flat => Err(Refusal::new(
                format!(
                    "the prior `{}` has no precision at {flat} of the {} of `{name}`: -ln p is not convex there",
                    prior.written,
                    count(entries, "entry", "entries")
                ),
                "a normal prior has one everywhere",
            )),
        }
    }
}

/// −∂² ln p/∂w², by central differences of the score.
fn second_derivative(distribution: &dyn Distribution, numbers: &[f64], w: f64) -> f64 {
    let density: &dyn Density<f64> = distribution;
    let (_, deviation) = distribution.moments(numbers);
    let scale = deviation.filter(|d| d.is_finite() && *d > 0.0);
    let step = 1e-4 * scale.unwrap_or(w.abs().max(1e-3));
    let slope = |step: f64| {
        (density.score(numbers, w - step) - density.score(numbers, w + step)) / (2.0 * step)
    };
    // Richardson: the error of the fourth order in the step.
    (4.0 * slope(step) - slope(2.0 * step)) / 3.0
}
