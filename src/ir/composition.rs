//! Which values of a network belong together: those of a block's use, and of a `repeat`.

use super::arena::Handle;
use super::model::Node;
use crate::layer;
use crate::source::Span;
use std::collections::HashMap;

/// The use of a block, or a `repeat`: its values have paths below its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composition {
    /// `stage2`, `repeat_1.3`
    pub path: String,
    /// Its call, with what it is given, on one line: `basic(32, stride = 2)`, `3 × basic(16)`.
    pub written: String,
    /// The block that is used; `None` of a `repeat`.
    pub block: Option<String>,
    /// Where the file has it.
    pub line: Span,
    /// The names of the values that it takes; none where something is wrong with these.
    pub inputs: Vec<String>,
    /// The block's parameters that are given values, with these.
    pub given: Vec<(String, Handle<Node>)>,
}

/// The uses of blocks and the repeats of a network.
#[derive(Debug, Clone, Default)]
pub struct Compositions {
    /// In the order in which they are written out.
    all: Vec<Composition>,
    /// Their places by their paths.
    places: HashMap<String, usize>,
    /// The blocks that the file declares and the network has no use of, with the places of their names.
    pub unused_blocks: Vec<(String, Span)>,
}

impl Compositions {
    /// Adds one.
    pub fn push(&mut self, composition: Composition) {
        let place = self.all.len();
        self.places.insert(composition.path.clone(), place);
        self.all.push(composition);
    }

    /// All, in the order in which they are written out.
    pub fn iter(&self) -> std::slice::Iter<'_, Composition> {
        self.all.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The one at a path.
    pub fn at(&self, path: &str) -> Option<&Composition> {
        self.places.get(path).map(|place| &self.all[*place])
    }

    /// Where a layer or parameter is written: `basic's conv2d_1` of `stage2.3.conv2d_1`.
    pub fn place(&self, name: &str) -> String {
        let mut innermost: Option<&Composition> = None;
        while let Some(of) = self.of(name, innermost.map_or("", |of| &of.path)) {
            innermost = Some(of);
        }
        let inside = innermost.and_then(|of| Some((of, name.strip_prefix(&of.path)?)));
        let Some((of, inside)) = inside else {
            return name.into();
        };
        let inside = inside.trim_start_matches('.');
        match (&of.block, inside.split_once('.')) {
            (Some(block), _) => format!("{block}'s {inside}"),
            // The first part is the round.
            (None, Some((_, inside))) => format!("{}'s {inside}", of.path),
            (None, None) => name.into(),
        }
    }

    /// What the file calls a value: the last one of a layer that is written in the language, `h.recurrent`, is `h`
    /// there, and an entry of it `h[0]`.
    pub fn called(&self, name: &str) -> String {
        let start = name.rfind('(').map_or(0, |at| at + 1);
        let (function, value) = name.split_at(start);
        let Some(of) = self.layer_of(value) else {
            return name.into();
        };
        let entry = value.find(['[', ')']).unwrap_or(value.len());
        format!("{function}{}{}", of.path, &value[entry..])
    }

    /// The layer written in the language that a value is in.
    pub fn layer_of(&self, name: &str) -> Option<&Composition> {
        let mut dots = name.match_indices('.').map(|(at, _)| at);
        dots.find_map(|at| {
            let of = self.at(&name[..at])?;
            layer::find(of.block.as_deref()?).map(|_| of)
        })
    }

    /// The outermost one below the path `within` that a name belongs to; `within` is empty for the network.
    pub fn of(&self, name: &str, within: &str) -> Option<&Composition> {
        let start = match within.is_empty() {
            true => 0,
            false => within.len() + 1,
        };
        let dots = name.match_indices('.').map(|(at, _)| at);
        let mut paths = dots.filter(|at| *at > start).map(|at| &name[..at]);
        paths.find_map(|path| self.at(path))
    }
}
