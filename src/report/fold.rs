//! The rows of blocks and repeats as one: `stage2.*.kernel`, so that a long network is seen at a glance.

use super::check::{Check, LayerRow, ParameterRow, TermRow};
use super::reused::ReusedRow;
use crate::ir::{Composition, Compositions};
use crate::words::distinct;

/// What rows are shown as one row.
pub(super) struct Fold<'a> {
    compositions: &'a Compositions,
    unfolded: bool,
}

impl Check {
    pub(super) fn fold(&self) -> Fold<'_> {
        Fold {
            compositions: &self.compositions,
            unfolded: self.unfolded,
        }
    }

    /// Whether rows are shown as one.
    pub(super) fn is_folded(&self) -> bool {
        !self.unfolded && !self.compositions.is_empty()
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

    /// `stage2.*.kernel` of `stage2.1.conv2d_1.kernel`; the name where it belongs to no composition.
    pub(super) fn name(&self, name: &str) -> String {
        match (self.composition(name), name.rsplit_once('.')) {
            (Some(composition), Some((_, last))) => format!("{}.*.{last}", composition.path),
            _ => name.into(),
        }
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
                on = self.on(layer, above);
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

    /// ` on a`, where a layer does not take the value above it alone.
    fn on(&self, layer: &LayerRow, above: Option<&str>) -> String {
        let parent = layer.name.rsplit_once('.').map(|(parent, _)| parent);
        let inputs = layer.inputs.iter().map(|input| {
            // `.conv2d_1` stands beside the layer.
            let beside = parent.and_then(|parent| input.strip_prefix(parent));
            let beside = beside.filter(|rest| self.unfolded && rest.starts_with('.'));
            beside.unwrap_or(self.root(input))
        });
        let inputs: Vec<&str> = inputs.collect();
        let is_above = layer.inputs.iter().map(String::as_str).eq(above);
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
        let mut rows: Vec<(ParameterRow, usize)> = Vec::new();
        for parameter in parameters {
            let name = self.name(&parameter.name);
            let like = |row: &ParameterRow| {
                row.name == name
                    && row.prior_written == parameter.prior_written
                    && row.posterior == parameter.posterior
                    && row.estimator == parameter.estimator
                    && row.largest_scale == parameter.largest_scale
                    && row.remark == parameter.remark
            };
            let folded = name != parameter.name;
            let mut found = rows.iter_mut();
            if folded && let Some((row, count)) = found.find(|(row, _)| like(row)) {
                row.count += parameter.count;
                *count += 1;
                if row.prior != parameter.prior {
                    row.prior.clone_from(&parameter.prior_written);
                }
                continue;
            }
            let row = ParameterRow {
                name,
                ..parameter.clone()
            };
            rows.push((row, 1));
        }
        rows
    }

    /// The terms, those of a composition that have one form and scale as one, with their sums.
    pub(super) fn terms(&self, terms: &[TermRow]) -> Vec<(TermRow, usize)> {
        let mut rows: Vec<(TermRow, usize)> = Vec::new();
        for term in terms {
            let inner = term
                .name
                .strip_suffix(')')
                .and_then(|name| name.split_once('('));
            let name = match inner {
                Some((word, inner)) => format!("{word}({})", self.name(inner)),
                None => term.name.clone(),
            };
            let folded = name != term.name;
            let mut found = rows.iter_mut();
            let like = |row: &TermRow| {
                row.name == name && row.form == term.form && row.scale == term.scale
            };
            if folded && let Some((row, count)) = found.find(|(row, _)| like(row)) {
                let sum = |a: Option<f64>, b: Option<f64>| Some(a? + b?);
                row.initial = sum(row.initial, term.initial);
                row.initial_per_example = sum(row.initial_per_example, term.initial_per_example);
                *count += 1;
                continue;
            }
            let row = TermRow {
                name,
                ..term.clone()
            };
            rows.push((row, 1));
        }
        rows
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
        let mut found: Vec<(String, usize)> = Vec::new();
        for name in names {
            let name = self.name(name);
            match found.iter_mut().find(|(known, _)| *known == name) {
                Some((_, count)) => *count += 1,
                None => found.push((name, 1)),
            }
        }
        let text = |(name, count): (String, usize)| match count {
            1 => name,
            count => format!("{name} ({count})"),
        };
        found.into_iter().map(text).collect()
    }
}
