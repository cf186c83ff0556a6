//! What is asked of a table, by the names of its columns: which of them are inputs and targets, and which say what a row
//! is.

use crate::data::choices::Choices;
use crate::data::choose::{Chosen, choose};
use crate::data::columns::Wanted;
use crate::data::parts::group_column;
use crate::data::sheet::Role;
use crate::data::steps::{Steps, inputs_of_a_row};
use crate::data::{Request, TargetKind, names, weights};
use crate::diagnostic::{Diagnostic, Result};
use crate::tensor::Shape;
use std::path::Path;

/// What is asked of a table.
pub(in crate::data) struct Asked {
    /// The columns that are taken.
    pub(in crate::data) chosen: Chosen,
    pub(in crate::data) choices: Choices,
    /// The column that says how many times a row occurs.
    pub(in crate::data) weights: Option<usize>,
    /// Which rows are steps of what.
    pub(in crate::data) steps: Option<Steps>,
    /// Whether single entries of a target may be missing: those of steps.
    pub(in crate::data) may_miss: bool,
    /// The columns of a model's other targets, a list of names each.
    pub(in crate::data) others: Vec<String>,
    /// Which input of the model each column of inputs is of, where a row is an example.
    pub(super) inputs: Vec<usize>,
}

impl Asked {
    /// Of the table at `path`, whose header is `header`.
    ///
    /// # Errors
    ///
    /// `E0506` for a column that is not there, named twice, or all there is.
    pub(in crate::data) fn of(
        path: &Path,
        header: &[String],
        wanted: &Wanted,
        request: &Request,
    ) -> Result<Asked> {
        let mut choices = wanted.choices.cloned().unwrap_or_default();
        if choices.layout.is_some() {
            let title = format!("`{}` has no images, whose `layout` is said", path.display());
            return Err(Diagnostic::error("E0506", title)
                .note("`layout` says the order of the axes of an .npz's images")
                .into());
        }
        let steps = match wanted.of_run {
            None => Steps::of(&choices)?,
            Some(run) => run.columns.steps.clone(),
        };
        if let ([_, _, ..], None, None) = (&request.inputs[..], wanted.of_run, &choices.inputs) {
            let of_row = steps
                .as_ref()
                .map(|steps| inputs_of_a_row(request, steps.window));
            let inputs = of_row.as_ref().unwrap_or(&request.inputs);
            choices.inputs = Some(columns_of(path, header, inputs, Of::Inputs(request))?);
        }
        // A column of the name of a model's only input is a text of its words.
        if let ([(name, _)], None, None, None) =
            (&request.inputs[..], wanted.of_run, &choices.inputs, &steps)
            && header.contains(name)
            && is_of_tokens(request, name)
        {
            choices.inputs = Some(names::written(name));
        }
        let others = request.others.iter();
        let others = others.map(|(name, width)| columns_of_target(path, header, name, *width));
        let others: Vec<String> = match wanted.of_run {
            None => others.collect::<Result<_>>()?,
            // Data that a run predicts need not have them.
            Some(_) => others.flatten().collect(),
        };
        let width = request.predicts.map_or(1, TargetKind::entries);
        let target = match (wanted.target, wanted.of_run) {
            (Some(name), None) if !others.is_empty() => {
                Some(columns_of_target(path, header, name, width)?)
            }
            (target, _) => target.map(str::to_owned),
        };
        let chosen = choose(
            path,
            header,
            &Wanted {
                choices: Some(&choices),
                target: target.as_deref(),
                others: &others,
                steps: steps.as_ref(),
                ..*wanted
            },
        )?;
        let weights = match wanted.of_run {
            None => choices.weights.as_deref(),
            Some(run) => run.columns.weights.as_deref(),
        };
        // Another table than that of a run may have each row once, and no such column.
        let weights =
            weights.filter(|name| wanted.of_run.is_none() || header.iter().any(|h| h == name));
        let weights = weights
            .map(|name| weights::column(header, name))
            .transpose()?;
        if let (Some(_), Some(place)) = (&steps, weights) {
            let title = format!(
                "`weights` names `{}`, and rows that are steps are counted once",
                header[place]
            );
            return Err(Diagnostic::error("E0506", title).into());
        }
        // Of a model of which nothing is known yet, targets may be those of steps.
        let of_steps = steps.as_ref().is_some_and(|steps| steps.window.is_none());
        let may_be_of_steps = of_steps && request.inputs.is_empty();
        Ok(Asked {
            inputs: inputs_of(&chosen.inputs, header, request),
            chosen,
            choices,
            weights,
            steps,
            may_miss: may_be_of_steps || request.predicts.is_some_and(TargetKind::may_miss_entries),
            others,
        })
    }

    /// Whether windows are cut out of time series.
    pub(super) fn in_windows(&self) -> bool {
        let steps = self.steps.as_ref();
        steps.is_some_and(|steps| steps.window.is_some())
    }

    /// The column of groups, if one is named.
    ///
    /// # Errors
    ///
    /// `E0506` for one that is not there.
    pub(super) fn group(&self, header: &[String]) -> Result<Option<usize>> {
        let group = self.choices.group.as_deref();
        group.map(|name| group_column(header, name)).transpose()
    }
}

/// The columns of one of several targets, as a list of names: what is said of it, or numbered columns of its name.
fn columns_of_target(path: &Path, header: &[String], name: &str, width: usize) -> Result<String> {
    let is_said = names::resolve(header, name).is_ok_and(|places| !places.is_empty());
    if is_said || width == 1 {
        return Ok(name.to_owned());
    }
    let all = [(name.to_owned(), Shape::new(&[width]))];
    columns_of(path, header, &all, Of::Target)
}

/// What columns are looked for.
#[derive(Clone, Copy)]
enum Of<'a> {
    Inputs(&'a Request),
    Target,
}

/// Whether an input is a sequence of tokens, which one column of texts can hold.
fn is_of_tokens(request: &Request, name: &str) -> bool {
    let mut sequences = request.sequences.iter();
    sequences.any(|of| of.name == name && of.vocabulary.is_some())
}

/// Which of the model's inputs each of the columns `chosen` is of: a text is all of its input. One has the input's name,
/// or there are as many columns as if all inputs of tokens were texts.
fn inputs_of(chosen: &[usize], header: &[String], request: &Request) -> Vec<usize> {
    let inputs = request.inputs.iter();
    let if_texts = inputs.map(|(name, shape)| match is_of_tokens(request, name) {
        true => 1,
        false => shape.len(),
    });
    let are_texts = if_texts.sum::<usize>() == chosen.len();
    let mut all = vec![];
    for (place, (name, shape)) in request.inputs.iter().enumerate() {
        let next = chosen.get(all.len()).map(|column| &header[*column]);
        let is_text = (are_texts || next == Some(name)) && is_of_tokens(request, name);
        let columns = if is_text { 1 } else { shape.len() };
        all.resize((all.len() + columns).min(chosen.len()), place);
    }
    all.resize(chosen.len(), request.inputs.len().saturating_sub(1));
    all
}

/// The columns of inputs or targets by their names, as a list of names.
fn columns_of(
    path: &Path,
    header: &[String],
    all_wanted: &[(String, Shape)],
    of: Of,
) -> Result<String> {
    let mut all: Vec<String> = vec![];
    for (name, shape) in all_wanted {
        let numbered = |sign: &str, first: usize| -> Vec<String> {
            (first..first + shape.len())
                .map(|n| format!("{name}{sign}{n}"))
                .collect()
        };
        let mut forms: Vec<Vec<String>> = ["_", ""]
            .into_iter()
            .flat_map(|sign| [1, 0].map(|first| numbered(sign, first)))
            .collect();
        let is_text = matches!(of, Of::Inputs(request) if is_of_tokens(request, name));
        if shape.len() == 1 || is_text {
            forms.insert(0, vec![name.clone()]);
        }
        let there = |form: &&Vec<String>| form.iter().all(|name| header.contains(name));
        let Some(found) = forms.iter().find(there) else {
            let what = match of {
                Of::Inputs(_) => "input",
                Of::Target => "target",
            };
            let title = format!(
                "`{}` has no columns for the {what} `{name}`",
                path.display()
            );
            let expected = match &forms[0][..] {
                [only] if is_text => format!(
                    "`{only}`, a text, or `{only}_1` to `{only}_{}`",
                    shape.len()
                ),
                [only] => format!("`{only}`"),
                [first, .., last] => format!("`{first}` to `{last}`, as `{name}` is {shape}"),
                [] => String::new(),
            };
            return Err(Diagnostic::error("E0506", title)
                .note(format!("expected {expected}"))
                .note(format!("its columns: {}", crate::words::list(header)))
                .help(match of {
                    Of::Target => "`--target A,B` names the columns of each target, in their order",
                    Of::Inputs(_) => "`--inputs A,B,…` of `bnnc train` and `bnnc check` names the columns of all inputs, one input's after \
                          the other's",
                })
                .into());
        };
        all.extend(found.iter().map(|name| names::written(name)));
    }
    Ok(all.join(","))
}

/// What is known of the columns of a table before it is read.
pub(in crate::data) fn roles(header: &[String], wanted: &Wanted) -> Vec<Role> {
    let named = |list: Option<&str>| {
        let places = list.and_then(|list| names::resolve(header, list).ok());
        places.unwrap_or_default()
    };
    let Some(run) = wanted.of_run else {
        let of = |pick: fn(&Choices) -> &Option<String>| {
            named(wanted.choices.and_then(|choices| pick(choices).as_deref()))
        };
        let aside = [
            of(|choices| &choices.drop),
            of(|choices| &choices.group),
            of(|choices| &choices.sequence),
        ]
        .concat();
        let role = |place: usize| match aside.contains(&place) {
            true => Role::Aside { written: true },
            false => Role::Read { decimal: None },
        };
        return (0..header.len()).map(role).collect();
    };
    let own = &run.columns;
    let time = own.steps.as_ref().and_then(|steps| steps.time.as_ref());
    let targets = [named(wanted.target), named(wanted.described)].concat();
    let role = |(place, name): (usize, &String)| match () {
        _ if own.inputs.contains(name) || own.targets.contains(name) => Role::Read {
            decimal: Some(own.coding.decimal(name)),
        },
        _ if targets.contains(&place) || own.weights.as_ref() == Some(name) => {
            Role::Read { decimal: None }
        }
        _ if time == Some(name) => Role::Read { decimal: None },
        _ => Role::Aside {
            written: own.identifiers.contains(name),
        },
    };
    header.iter().enumerate().map(role).collect()
}
