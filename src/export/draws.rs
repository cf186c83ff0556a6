//! Every draw of what is asked for, collected in memory.

use super::array::{Array, CHAIN, DRAW, EXAMPLE, Group, Values};
use super::predictions::Predictions;
use crate::data;
use crate::data::random::Stream;
use crate::diagnostic::{Diagnostic, Result, nearest};
use crate::engine::{Drawn, Predictor};
use crate::evaluate;
use crate::examples::Part;
use crate::ir::{Handle, Inference, Tensor};
use crate::memory;
use crate::prior_predictive::network;
use crate::words::list;
use std::collections::BTreeSet;

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
    /// Draws of the prior: of weights, latent variables or both, as asked for; of both where neither is.
    pub prior: bool,
    /// How many draws of it: a run whose weights are points has as many as any other.
    pub prior_draws: usize,
    /// Names of parameters and latent variables; `*` at the end of one stands for any ending. None are all.
    pub parameters: Vec<String>,
    /// How many draws.
    pub draws: usize,
    /// Of the draws.
    pub seed: u64,
    /// The numbers of the draws, in their order in the file; none are 0, 1, …
    pub order: Vec<usize>,
}

/// The first `draws` draws of a sampler's chains in the order of the file: chain by chain, each in the order in which it
/// was sampled, and all of the same length; and how many chains there are. `None` where draws lie in no chains.
pub fn in_chains(predictor: &dyn Predictor, draws: usize) -> Option<(Vec<usize>, usize)> {
    let placed = |draw: usize| predictor.chain_of(draw).map(|place| (place, draw));
    let placed: Vec<([usize; 2], usize)> = (0..draws).map(placed).collect::<Option<_>>()?;
    let chains: BTreeSet<usize> = placed.iter().map(|([chain, _], _)| *chain).collect();
    let whole = placed.len() / chains.len() * chains.len();
    let mut order = placed[..whole].to_vec();
    order.sort();
    Some((
        order.into_iter().map(|(_, draw)| draw).collect(),
        chains.len(),
    ))
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
        let kind = match drawn.is_latent {
            true => self.latent,
            false => self.weights,
        };
        kind && self.is_named(drawn.name)
    }

    fn takes_prior(&self, name: &str, is_latent: bool) -> bool {
        let kind = match (self.weights, self.latent) {
            (false, false) => true,
            (weights, latent) => {
                if is_latent {
                    latent
                } else {
                    weights
                }
            }
        };
        self.prior && kind && self.is_named(name)
    }

    fn is_named(&self, name: &str) -> bool {
        let is_named = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == pattern,
        };
        self.parameters.is_empty() || self.parameters.iter().any(is_named)
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
/// memory than there is; `E0603` for draws of a prior that has none, and where there is nothing of what is asked for.
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
    let prior = of_prior(inference, asked)?;
    let prior_numbers: usize = prior.iter().map(|(_, tensor)| tensor.shape.len()).sum();
    let mut bytes =
        4 * numbers as u64 + 8 * (prior_numbers as u64).saturating_mul(asked.prior_draws as u64);
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
    if numbers > 0 || asked.predictions || asked.log_likelihood {
        for at in 0..asked.draws {
            if predictor.is_stopped() {
                return Err(evaluate::stopped().into());
            }
            let draw = asked.order.get(at).copied().unwrap_or(at);
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
        arrays.extend(constant(inference, &first.part, rows, asked.inputs)?);
    }
    if asked.prior {
        arrays.extend(draw_prior(inference, &prior, asked)?);
    }
    if !arrays.is_empty() {
        arrays.extend(statistics(predictor, asked));
    }
    if arrays.is_empty() {
        let title = "the model has nothing of what is to be exported";
        return Err(Diagnostic::error("E0603", title)
            .help("ask for other parts by `--what`, or for other names by `--parameters`")
            .into());
    }
    tell_apart(&mut arrays);
    Ok(arrays)
}

/// Gives every array a name of its own in its group, with `_` behind one that an earlier array has, or that is an axis:
/// a Zarr store has the coordinates of axes beside the arrays.
fn tell_apart(arrays: &mut [Array]) {
    let mut taken: BTreeSet<(Group, String)> = BTreeSet::new();
    for array in &*arrays {
        let counted = [CHAIN, DRAW, EXAMPLE].map(str::to_owned);
        let axes = counted.into_iter().chain(array.axes.iter().cloned());
        taken.extend(axes.map(|axis| (array.group, axis)));
    }
    for array in arrays {
        while !taken.insert((array.group, array.name.clone())) {
            array.name.push('_');
        }
    }
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

/// What a sampler measured at the draws.
fn statistics(predictor: &dyn Predictor, asked: &Asked) -> Vec<Array> {
    let places = asked
        .order
        .iter()
        .filter_map(|draw| predictor.chain_of(*draw));
    let places: Vec<[usize; 2]> = places.collect();
    if places.is_empty() {
        return vec![];
    }
    let array = |(name, chains): (&str, Vec<Vec<f64>>)| {
        let values = places.iter().map(|[chain, draw]| chains[*chain][*draw]);
        Array {
            group: Group::SampleStats,
            name: name.to_owned(),
            axes: vec![DRAW.to_owned()],
            shape: vec![places.len()],
            values: match name {
                "accepted" | "diverging" => Values::Bool(values.map(|x| x != 0.0).collect()),
                "n_steps" | "tree_depth" => Values::I64(values.map(|x| x as i64).collect()),
                _ => Values::F64(values.collect()),
            },
            labels: vec![],
        }
    };
    predictor.statistics().into_iter().map(array).collect()
}

/// The rows that the examples are, and their inputs.
fn constant(
    inference: &Inference,
    part: &Part,
    rows: &[usize],
    inputs: bool,
) -> Result<Vec<Array>> {
    let mut arrays = vec![Array {
        group: Group::ConstantData,
        name: "row".into(),
        axes: vec![EXAMPLE.into()],
        shape: vec![rows.len()],
        values: Values::I64(rows.iter().map(|row| *row as i64).collect()),
        labels: vec![],
    }];
    if !inputs {
        return Ok(arrays);
    }
    let width = part.split.input_shape.len();
    let values = part.split.inputs.of_rows(part.rows, width)?;
    let mut start = 0;
    for input in &inference.inputs {
        let entries = start..start + input.shape.len();
        start += input.row_len();
        let places = 0..part.len();
        let places = places.flat_map(|row| entries.clone().map(move |entry| row * width + entry));
        arrays.push(Array {
            group: Group::ConstantData,
            axes: [EXAMPLE.to_owned()]
                .into_iter()
                .chain(own_axes(&input.name, input.shape.0.len()))
                .collect(),
            name: input.name.clone(),
            shape: [&[part.len()], &input.shape.0[..]].concat(),
            values: match &values {
                // In a row, token v is v + 1, and padding 0.
                all if input.sequence.is_some_and(|of| of.vocabulary.is_some()) => {
                    Values::I64(places.map(|place| all.get(place) as i64 - 1).collect())
                }
                data::Values::U8(all) => Values::U8(places.map(|place| all[place]).collect()),
                data::Values::F32(all) => Values::F32(places.map(|place| all[place]).collect()),
                // Those of rows are in memory.
                data::Values::F64(_) | data::Values::Stored(_) => {
                    Values::F64(places.map(|place| values.get(place)).collect())
                }
            },
            labels: vec![],
        });
        if input.sequence.is_some() {
            let lengths = 0..part.len();
            let lengths = lengths.map(|row| values.get(row * width + entries.end));
            arrays.push(Array {
                group: Group::ConstantData,
                name: format!("{}_length", input.name),
                axes: vec![EXAMPLE.into()],
                shape: vec![part.len()],
                values: Values::I64(lengths.map(|length| length as i64).collect()),
                labels: vec![],
            });
        }
    }
    Ok(arrays)
}

/// The parameters whose priors are drawn: those without one are left out.
///
/// # Errors
///
/// `E0603` for a prior that has no draws.
fn of_prior<'a>(
    inference: &'a Inference,
    asked: &Asked,
) -> Result<Vec<(Handle<Tensor>, &'a Tensor)>> {
    if let (true, Some((_, name))) = (asked.prior, inference.improper_priors().next()) {
        let title = format!("`{name}` has no draws: its integral is infinite");
        return Err(Diagnostic::error("E0603", title)
            .help("leave `prior` out of `--what`")
            .into());
    }
    let all = inference.tensors.iter();
    let taken = all.filter(|(_, tensor)| {
        tensor.prior.is_some() && asked.takes_prior(&tensor.name, tensor.role.is_of_others())
    });
    Ok(taken.collect())
}

/// The number of the first network of a seed. Seed 0 has the networks of `check --prior-predictive`; those of others
/// lie far apart.
fn first_network(seed: u64) -> u64 {
    match seed {
        0 => 0,
        seed => Stream::new(seed, 0).bits(),
    }
}

/// Draws of these priors.
fn draw_prior(
    inference: &Inference,
    taken: &[(Handle<Tensor>, &Tensor)],
    asked: &Asked,
) -> Result<Vec<Array>> {
    let mut values = vec![vec![]; taken.len()];
    for draw in 0..asked.prior_draws as u64 {
        let network = network(inference, draw.wrapping_add(first_network(asked.seed)));
        for (values, (handle, _)) in values.iter_mut().zip(taken) {
            values.extend(&network[*handle]);
        }
    }
    let arrays = taken.iter().zip(values);
    Ok(arrays
        .map(|((_, tensor), values)| Array {
            group: Group::Prior,
            name: tensor.name.clone(),
            axes: [DRAW.to_owned()]
                .into_iter()
                .chain(own_axes(&tensor.name, tensor.shape.0.len()))
                .collect(),
            shape: [&[asked.prior_draws], &tensor.shape.0[..]].concat(),
            values: Values::F64(values),
            labels: vec![],
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_and_axes_keep_theirs() {
        let array = |group, name: &str, axes: &[&str]| Array {
            group,
            name: name.into(),
            axes: axes.iter().map(|axis| axis.to_string()).collect(),
            shape: vec![0; axes.len()],
            values: Values::F64(vec![]),
            labels: vec![],
        };
        let predicted = Group::PosteriorPredictive;
        let mut arrays = [
            array(predicted, "age", &["draw", "example"]),
            array(predicted, "age_mean", &["draw", "example"]),
            array(predicted, "age_mean", &["draw", "example"]),
            array(predicted, "draw", &["draw", "example"]),
            array(predicted, "kind_class", &["draw", "example"]),
            array(
                predicted,
                "kind_probability",
                &["draw", "example", "kind_class"],
            ),
            array(Group::ObservedData, "age_mean", &["example"]),
            array(Group::ObservedData, "chain", &["example"]),
        ];
        tell_apart(&mut arrays);
        let names = arrays.each_ref().map(|array| &array.name[..]);
        let expected = [
            "age",
            "age_mean",
            "age_mean_",
            "draw_",
            "kind_class_",
            "kind_probability",
            "age_mean",
            "chain_",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn every_bit_of_a_seed_counts() {
        let firsts: BTreeSet<u64> = [0, 1, 1 << 32, u64::MAX].map(first_network).into();
        assert_eq!((firsts.len(), first_network(0)), (4, 0));
    }
}
