//! The rows of blocks and repeats as one: `stage2.*.kernel`, so that a long network is seen at a glance.

use super::check::{Check, LayerRow, ParameterRow, TermRow};
use super::reused::ReusedRow;
use crate::ir::{Composition, Compositions};
use crate::words::distinct;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

/// What rows are shown as one row.
pub(super) struct Fold<'a> {
    compositions: &'a Compositions,
    layers: HashSet<&'a str>,
    unfolded: bool,
}

impl Check {
    pub(super) fn fold(&self) -> Fold<'_> {
        Fold {
            compositions: &self.compositions,
            layers: self
                .layers
                .iter()
                .map(|layer| layer.name.as_str())
                .collect(),
            unfolded: self.unfolded,
        }
    }

    /// Whether rows are shown as one.
    pub(super) fn is_folded(&self) -> bool {
        let mut layers = self.layers.iter();
        !self.unfolded && layers.any(|layer| self.compositions.of(&layer.name, "").is_some())
    }
}

impl<'a> Fold<'a> {
    /// The path of the composition that a name belongs to, or the name.
    fn root<'b>(&'b self, name: &'b str) -> &'b str
    where
        'a: 'b,
    {
        match self.composition(name) {
            Some(composition) => &composition.path,
            None => name,
        }
    }

    fn composition(&self, name: &str) -> Option<&'a Composition> {
        let found = self.compositions.of(name, "");
        found.filter(|_| !self.unfolded)
    }

    /// `stage2.*.kernel` of `stage2.1.conv2d_1.kernel`, and `stage2.*.kernel.prior.scale` of its prior's scale; the name
    /// where it belongs to no composition.
    fn name(&self, name: &str) -> String {
        let Some(composition) = self.composition(name) else {
            return name.into();
        };
        let mut dots = name.rmatch_indices('.').map(|(at, _)| at);
        let layer = dots.find(|at| self.layers.contains(&name[..*at]));
        let of_layer = layer.map_or(name, |at| &name[at + 1..]);
        format!("{}.*.{of_layer}", composition.path)
    }

    /// The layers, each with the values that it takes where these are not the one above.
    pub(super) fn layers(&self, layers: &[LayerRow]) -> Vec<LayerRow> {
        let mut rows: Vec<LayerRow> = Vec::new();
        // What stands behind the layer of the last row, and how many layers it is.
        let (mut on, mut count) = (String::new(), 0);
        let mut above: Option<&str> = None;
        for layer in layers {
            let composition = self.composition(&layer.name);
            let root = self.root(&layer.name);
            let own = rows.last().filter(|last| last.name == root).is_some();
            if !own {
                let taken = composition.map_or(&layer.inputs, |of| &of.inputs);
                on = self.on(&layer.name, taken, above);
                count = 0;
                let first = LayerRow {
                    name: root.into(),
                    weights: 0,
                    ..layer.clone()
                };
                rows.push(first);
            }
            above = Some(&layer.name);
            count += 1;
            let Some(row) = rows.last_mut() else { continue };
            row.shape.clone_from(&layer.shape);
            row.weights += layer.weights;
            row.layer = match composition {
                Some(of) => format!("{} ({count} layers){on}", of.written),
                None => format!("{}{on}", layer.layer),
            };
        }
        rows
    }

    /// ` on a`, where what a layer takes is not the value above it alone.
    fn on(&self, layer: &str, taken: &[String], above: Option<&str>) -> String {
        let parent = layer.rsplit_once('.').map(|(parent, _)| parent);
        let inputs = taken.iter().map(|input| {
            // `.conv2d_1` stands beside the layer.
            let beside = parent.and_then(|parent| input.strip_prefix(parent));
            let beside = beside.filter(|rest| self.unfolded && rest.starts_with('.'));
            beside.unwrap_or(self.root(input))
        });
        let inputs: Vec<&str> = inputs.collect();
        let is_above = taken.iter().map(String::as_str).eq(above);
        match &inputs[..] {
            [] => String::new(),
            _ if is_above => String::new(),
            [one] => format!(" on {one}"),
            several => format!(" on ({})", several.join(", ")),
        }
    }

    /// The parameters, those of a composition that have one slot, prior, posterior and estimator as one; each with how
    /// many it stands for.
    pub(super) fn parameters(&self, parameters: &[ParameterRow]) -> Vec<(ParameterRow, usize)> {
        let key = |row: &ParameterRow| {
            let limit = row.largest_scale.map(f64::to_bits);
            let (prior, estimator) = (row.prior_written.clone(), row.estimator.clone());
            let settings = (
                prior,
                row.posterior.clone(),
                estimator,
                limit,
                row.remark.clone(),
            );
            (self.name(&row.name), settings)
        };
        let add = |row: &mut ParameterRow, other: &ParameterRow| {
            row.name = self.name(&other.name);
            row.count += other.count;
            if row.prior != other.prior {
                row.prior.clone_from(&other.prior_written);
            }
        };
        folded(parameters, key, add)
    }

    /// The terms, those of a composition that have one form and scale as one, with their sums.
    pub(super) fn terms(&self, terms: &[TermRow]) -> Vec<(TermRow, usize)> {
        let name = |term: &TermRow| {
            let name = term.name.strip_suffix(')');
            match name.and_then(|name| name.split_once('(')) {
                Some((word, inner)) => format!("{word}({})", self.name(inner)),
                None => term.name.clone(),
            }
        };
        let key = |term: &TermRow| (name(term), term.form.clone(), term.scale.to_string());
        let add = |row: &mut TermRow, other: &TermRow| {
            let sum = |a: Option<f64>, b: Option<f64>| Some(a? + b?);
            row.name = name(other);
            row.initial = sum(row.initial, other.initial);
            row.initial_per_example = sum(row.initial_per_example, other.initial_per_example);
        };
        folded(terms, key, add)
    }

    /// Layers that are used again; a block that is, as one.
    pub(super) fn reused(&self, reused: &[ReusedRow]) -> Vec<ReusedRow> {
        let row = |row: &ReusedRow| ReusedRow {
            layer: self.root(&row.layer).into(),
            by: distinct(row.by.iter().map(|name| self.root(name).to_owned())),
            ..row.clone()
        };
        // A layer of a block that the same block uses again is said of the layer.
        let own = |row: &&ReusedRow| {
            let by: Vec<&str> = distinct(row.by.iter().map(|name| self.root(name)));
            by.len() < row.by.len()
        };
        let (within, across): (Vec<&ReusedRow>, Vec<&ReusedRow>) = reused.iter().partition(own);
        let mut rows: Vec<ReusedRow> = Vec::new();
        for row in across.into_iter().map(row) {
            let mut told = rows.iter_mut();
            match told.find(|told| told.layer == row.layer && told.by == row.by) {
                Some(told) => {
                    told.drawn |= row.drawn;
                    told.has_terms |= row.has_terms;
                }
                None => rows.push(row),
            }
        }
        rows.extend(within.into_iter().cloned());
        rows
    }

    /// Names, those of a composition that end alike as one: `stage2.*.bias (6)`.
    pub(super) fn names(&self, names: &[&str]) -> Vec<String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let add = |row: &mut String, other: &String| *row = self.name(other);
        let found = folded(&names, |name| self.name(name), add);
        let text = |(name, count): (String, usize)| match count {
            1 => name,
            count => format!("{name} ({count})"),
        };
        found.into_iter().map(text).collect()
    }
}

/// Rows of one key as one, each with how many it stands for, in the order in which the keys come first; `add` adds a
/// further one. A row that stands for itself alone is left as it is.
fn folded<T: Clone, K: Eq + Hash>(
    rows: &[T],
    key: impl Fn(&T) -> K,
    add: impl Fn(&mut T, &T),
) -> Vec<(T, usize)> {
    let mut folded: Vec<(T, usize)> = Vec::new();
    let mut places: HashMap<K, usize> = HashMap::new();
    for row in rows {
        let place = *places.entry(key(row)).or_insert(folded.len());
        match folded.get_mut(place) {
            Some((first, count)) => {
                add(first, row);
                *count += 1;
            }
            None => folded.push((row.clone(), 1)),
        }
    }
    folded
}
