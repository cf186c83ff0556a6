//! Every draw of what is asked for, collected in memory.

use super::array::{Array, DRAW, EXAMPLE, Group, Values};
use super::predictions::Predictions;
use crate::data;
use crate::diagnostic::{Diagnostic, Result, nearest};
use crate::engine::{Drawn, Predictor};
use crate::examples::Part;
use crate::ir::Inference;
use crate::memory;
use crate::prior_predictive::network;
use crate::words::list;

/// What is exported, and how many draws of it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Parameters of layers.
    pub weights: bool,
    /// Latent variables, local scales and learned numbers.
    pub latent: bool,
    /// Predictions.
    pub predictions: bool,
    /// The log-likelihood of each example.
    pub log_likelihood: bool,
    /// The inputs, as the data has them.
    pub inputs: bool,
    /// Draws of the prior.
    pub prior: bool,
    /// Names of parameters and latent variables; `*` at the end of one stands for any ending. None are all.
    pub parameters: Vec<String>,
    /// How many draws.
    pub draws: usize,
    /// Of the draws.
    pub seed: u64,
}

/// A target of the examples.
pub struct Target<'a> {
    /// Its name in the model.
    pub name: &'a str,
    /// The examples.
    pub part: Part<'a>,
    /// The names of its classes, or of its entries; none where they are not known.
    pub labels: &'a [String],
}

impl Asked {
    /// Whether examples are needed.
    pub fn of_examples(&self) -> bool {
        self.predictions || self.log_likelihood || self.inputs
    }

    fn takes(&self, drawn: &Drawn) -> bool {
        let kind = if drawn.is_latent {
            self.latent
        } else {
            self.weights
        };
        let is_named = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => drawn.name.starts_with(start),
            None => drawn.name == pattern,
        };
        kind && (self.parameters.is_empty() || self.parameters.iter().any(is_named))
    }

    /// Refuses a name that no parameter has.
    fn refuse_unknown(&self, drawn: &[Drawn]) -> Result<()> {
        let names = || drawn.iter().map(|drawn| drawn.name);
        let is_known = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => names().any(|name| name.starts_with(start)),
            None => names().any(|name| name == pattern),
        };
        let Some(unknown) = self.parameters.iter().find(|name| !is_known(name)) else {
            return Ok(());
        };
        let message = Diagnostic::error("E0609", format!("the model has no parameter `{unknown}`"));
        Err(match nearest(unknown, names()) {
            Some(near) => message.help(format!("did you mean `{near}`?")),
            None => message.note(format!("it has {}", list(names()))),
        }
        .into())
    }
}

/// Everything that is asked for.
///
/// # Errors
///
/// `E0609` for a parameter that is none, `E0612` for predictions that are not finite, `E0613` where all draws take more
/// memory than there is; `E0603` for draws of a prior that has none.
pub fn collect(
    predictor: &mut dyn Predictor,
    inference: &Inference,
    targets: &[Target],
    rows: &[usize],
    asked: &Asked,
) -> Result<Vec<Array>> {
    predictor.draw_weights(0, asked.seed);
    let drawn = predictor.drawn();
    asked.refuse_unknown(&drawn)?;
    let taken: Vec<bool> = drawn.iter().map(|drawn| asked.takes(drawn)).collect();
    let mut parameters = empty(&drawn, &taken, asked.draws);
    let numbers: usize = parameters.iter().map(|array| count(&array.shape)).sum();
    let mut bytes = 4 * numbers as u64 * (1 + 2 * u64::from(asked.prior));
    let mut predictions: Vec<Predictions> = (targets.iter().enumerate())
        .map(|(number, target)| Predictions::new(number, target, asked))
        .collect();
    bytes += predictions.iter().map(Predictions::bytes).sum::<u64>();
    memory::refuse(
        "the export",
        bytes,
        "take fewer `--samples`, some of the parameters by `--parameters NAME`, or less of `--what`",
    )?;
    drop(drawn);
    if numbers > 0 || !predictions.is_empty() {
        for draw in 0..asked.draws {
            predictor.draw_weights(draw, asked.seed);
            let drawn = predictor.drawn();
            let drawn = drawn.iter().zip(&taken).filter(|(_, taken)| **taken);
            for (array, (drawn, _)) in parameters.iter_mut().zip(drawn) {
                let Values::F32(values) = &mut array.values else {
                    unreachable!("parameters are float32");
                };
                values.extend_from_slice(&drawn.values);
            }
            for of_target in &mut predictions {
                of_target.add(predictor, draw)?;
            }
        }
    }
    let mut arrays = parameters;
    for of_target in predictions {
        arrays.extend(of_target.finish()?);
    }
    if let (true, Some(first)) = (asked.of_examples(), targets.first()) {
        arrays.extend(constant(inference, &first.part, rows, asked.inputs));
    }
    if asked.prior {
        arrays.extend(of_prior(inference, asked)?);
    }
    Ok(arrays)
}

fn count(shape: &[usize]) -> usize {
    shape.iter().product()
}

/// The axes of a variable's own entries, as ArviZ calls axes without names.
pub fn own_axes(name: &str, axes: usize) -> impl Iterator<Item = String> {
    (0..axes).map(move |axis| format!("{name}_dim_{axis}"))
}

/// The arrays of parameters before the first draw.
fn empty(drawn: &[Drawn], taken: &[bool], draws: usize) -> Vec<Array> {
    let taken = drawn.iter().zip(taken).filter(|(_, taken)| **taken);
    let array = |drawn: &Drawn| Array {
        group: Group::Posterior,
        name: drawn.name.to_owned(),
        axes: [DRAW.to_owned()]
            .into_iter()
            .chain(own_axes(drawn.name, drawn.shape.0.len()))
            .collect(),
        shape: [&[draws], &drawn.shape.0[..]].concat(),
        values: Values::F32(vec![]),
        labels: vec![],
    };
    taken.map(|(drawn, _)| array(drawn)).collect()
}

/// The rows that the examples are, and their inputs.
fn constant(inference: &Inference, part: &Part, rows: &[usize], inputs: bool) -> Vec<Array> {
    let mut arrays = vec![Array {
        group: Group::ConstantData,
        name: "row".into(),
        axes: vec![EXAMPLE.into()],
        shape: vec![rows.len()],
        values: Values::I64(rows.iter().map(|row| *row as i64).collect()),
        labels: vec![],
    }];
    if !inputs {
        return arrays;
    }
    let width = part.split.input_shape.len();
    let mut start = 0;
    for input in &inference.inputs {
        let entries = start..start + input.shape.len();
        start = entries.end;
        let places = part.rows.iter();
        let places = places.flat_map(|row| entries.clone().map(move |entry| row * width + entry));
        let mut name = input.name.clone();
        while arrays.iter().any(|array| array.name == name) {
            name.push('_');
        }
        arrays.push(Array {
            group: Group::ConstantData,
            axes: [EXAMPLE.to_owned()]
                .into_iter()
                .chain(own_axes(&name, input.shape.0.len()))
                .collect(),
            name,
            shape: [&[part.len()], &input.shape.0[..]].concat(),
            values: match &part.split.inputs {
                data::Values::U8(all) => Values::U8(places.map(|place| all[place]).collect()),
                data::Values::F32(all) => Values::F32(places.map(|place| all[place]).collect()),
                data::Values::F64(all) => Values::F64(places.map(|place| all[place]).collect()),
            },
            labels: vec![],
        });
    }
    arrays
}

/// Draws of every prior: parameters without one are left out.
fn of_prior(inference: &Inference, asked: &Asked) -> Result<Vec<Array>> {
    if let Some((_, name)) = inference.improper_priors().next() {
        let title = format!("`{name}` has no draws: its integral is infinite");
        return Err(Diagnostic::error("E0603", title)
            .help("leave `prior` out of `--what`")
            .into());
    }
    let taken = inference.tensors.iter().filter(|(_, tensor)| {
        let is_latent = tensor.role.is_of_others();
        let drawn = Drawn {
            name: &tensor.name,
            is_latent,
            shape: tensor.shape.clone(),
            values: (&[][..]).into(),
        };
        tensor.prior.is_some() && asked.takes(&drawn)
    });
    let taken: Vec<_> = taken.collect();
    let mut values = vec![vec![]; taken.len()];
    for draw in 0..asked.draws as u64 {
        // Seed 0 has the networks of `check --prior-predictive`.
        let network = network(inference, draw.wrapping_add(asked.seed << 32));
        for (values, (handle, _)) in values.iter_mut().zip(&taken) {
            values.extend(&network[*handle]);
        }
    }
    let arrays = taken.into_iter().zip(values);
    Ok(arrays
        .map(|((_, tensor), values)| Array {
            group: Group::Prior,
            name: tensor.name.clone(),
            axes: [DRAW.to_owned()]
                .into_iter()
                .chain(own_axes(&tensor.name, tensor.shape.0.len()))
                .collect(),
            shape: [&[asked.draws], &tensor.shape.0[..]].concat(),
            values: Values::F64(values),
            labels: vec![],
        })
        .collect())
}
