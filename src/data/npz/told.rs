//! What is said of an archive's arrays: which are taken, which are not read, and why none can be.

use super::Wanted;
use super::archive::{Archive, Found};
use super::choose::{self, Part, Refusal};
use super::inputs::Inputs;
use crate::data::npy::Header;
use crate::diagnostic::Diagnostic;
use crate::tensor::Shape;
use crate::words::list;
use std::io::{Read, Seek};

impl<R: Read + Seek> Archive<'_, R> {
    pub(super) fn refused(&mut self, refusal: Refusal) -> Diagnostic {
        let message = match &refusal {
            Refusal::NoArray(name, _) => self.fault(&format!("has no array `{name}`")),
            Refusal::Several(list) => self
                .fault(&format!("has no array `{list}`"))
                .note("inputs are one array, and targets are one: `[examples, targets]` where there are several"),
            Refusal::Ambiguous => {
                self.fault("has several arrays that may be the inputs or the targets")
            }
            Refusal::None => self
                .fault("does not hold the arrays of a data set")
                .note(
                    "expected `x` and `y`, `data` and `target`, `features` and `labels`, `images` and `labels`, or \
                     such with `_train` (and `_test`)",
                ),
        };
        let message = message.note(format!("its arrays: {}", self.listed()));
        if let Refusal::NoArray(_, near) = &refusal {
            return match near {
                Some(near) => message.help(format!("the nearest name is `{near}`")),
                None => message,
            };
        }
        message.help(
            "`--inputs NAME --target NAME` says which they are, or `inputs = \"NAME\"` and `target = \"NAME\"` \
             under [data] of the run file or in the data's .toml",
        )
    }

    /// The arrays with their shapes: `x` float32 [150, 4].
    pub(super) fn listed(&mut self) -> String {
        let most = 12;
        let mut shown: Vec<String> = (self.names.clone().iter().take(most))
            .map(|name| match self.header(name) {
                Ok(header) => format!("`{name}` {}", described(&header)),
                Err(_) => format!("`{name}`, damaged"),
            })
            .collect();
        match self.names.len() {
            0 => return "none".into(),
            all if all > most => shown.push(format!("… ({all} arrays)")),
            _ => {}
        }
        shown.join(", ")
    }

    /// Which arrays are taken, and which are not read, in words.
    pub(super) fn taken(
        &self,
        inputs: &[Inputs],
        targets: &[(Shape, Found)],
        wanted: &Wanted,
    ) -> Vec<String> {
        let choices = wanted.choices;
        let target = &targets[0].1;
        let mut line = format!(
            "{}, targets `{}` {}",
            inputs[0].described(choices),
            target.name,
            described(&target.header)
        );
        if let [_, (_, test)] = targets {
            let names = inputs[1].names().chain([test.name.as_str()]);
            let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
            line += &format!("; test part {}", names.join(", "));
        }
        let read = inputs.iter().flat_map(Inputs::names);
        let read = read.chain(inputs.iter().flat_map(Inputs::lengths));
        // A model's other targets are read for themselves.
        let others = wanted.request.others.iter();
        let others = others.filter_map(|(name, _)| self.of_training(name));
        let others: Vec<String> = others
            .flat_map(|name| [choose::of_test(&name), name])
            .collect();
        let read: Vec<&str> = read
            .chain(targets.iter().map(|(_, f)| f.name.as_str()))
            .chain(others.iter().map(String::as_str))
            .collect();
        let mut taken = vec![line];
        taken.extend(self.not_read(&read));
        taken
    }

    /// The arrays that nobody reads, in words.
    pub(super) fn not_read(&self, read: &[&str]) -> Option<String> {
        let most = 8;
        let left: Vec<&String> = (self.names.iter())
            .filter(|name| !read.contains(&name.as_str()))
            .collect();
        let shown = left.iter().take(most);
        let mut line = match left.len() {
            0 => return None,
            all if all <= most => format!("not read: {}", list(shown)),
            all => format!("not read: {} and {} more", list(shown), all - most),
        };
        let is_weight = |name: &&&String| name.to_lowercase().contains("weight");
        if left
            .iter()
            .any(|name| choose::part(name) == Some(Part::Validation))
        {
            line += "; `--validation 0.1` sets a tenth of the training examples aside";
        }
        if let Some(weights) = left.iter().find(is_weight) {
            line += &format!(
                "; weights of examples such as `{weights}` are not taken, each counts once"
            );
        }
        Some(line)
    }
}

/// `float32 [150, 4]`
pub(super) fn described(header: &Header) -> String {
    let kind = header.kind.trim_start_matches(['<', '>', '|', '=']);
    let bits = |bytes: &str| bytes.parse::<u64>().ok().map(|bytes| 8 * bytes);
    let (letter, bytes) = kind.split_at(kind.chars().next().map_or(0, char::len_utf8));
    let name = match (letter, bits(bytes)) {
        ("f", Some(bits)) => format!("float{bits}"),
        ("u", Some(bits)) => format!("uint{bits}"),
        ("i", Some(bits)) => format!("int{bits}"),
        ("b", _) => "bool".into(),
        ("U" | "S", _) => "text".into(),
        _ => kind.into(),
    };
    format!("{name} {:?}", header.shape)
}
