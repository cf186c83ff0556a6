//! A named array with its axes.

use std::io::{self, Write};

/// What an array is of, as ArviZ calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Parameters and latent variables.
    Posterior,
    /// Predictions.
    PosteriorPredictive,
    /// What a sampler measured at each draw.
    SampleStats,
    /// Log-likelihoods of examples.
    LogLikelihood,
    /// Targets.
    ObservedData,
    /// Inputs, and the rows that the examples are.
    ConstantData,
    /// Parameters and latent variables before any data.
    Prior,
}

impl Group {
    /// Every group, in the order in which they are written.
    pub const ALL: [Group; 7] = [
        Group::Posterior,
        Group::PosteriorPredictive,
        Group::SampleStats,
        Group::LogLikelihood,
        Group::ObservedData,
        Group::ConstantData,
        Group::Prior,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Group::Posterior => "posterior",
            Group::PosteriorPredictive => "posterior_predictive",
            Group::SampleStats => "sample_stats",
            Group::LogLikelihood => "log_likelihood",
            Group::ObservedData => "observed_data",
            Group::ConstantData => "constant_data",
            Group::Prior => "prior",
        }
    }

    /// Whether its arrays have an axis of draws, the first.
    pub fn is_drawn(self) -> bool {
        !matches!(self, Group::ObservedData | Group::ConstantData)
    }

    /// Whether these draws lie in the chains of a sampler, if there are any.
    pub fn has_chains(self) -> bool {
        self.is_drawn() && self != Group::Prior
    }
}

/// The axis of chains, which a Zarr store has.
pub const CHAIN: &str = "chain";
/// The axis of draws.
pub const DRAW: &str = "draw";
/// The axis of examples.
pub const EXAMPLE: &str = "example";

/// A named array.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// What it is of.
    pub group: Group,
    /// Its name, one of a kind in its group.
    pub name: String,
    /// What its axes are called.
    pub axes: Vec<String>,
    /// How long they are.
    pub shape: Vec<usize>,
    /// Its entries, the last axis innermost.
    pub values: Values,
    /// What the entries along the last axis, or the labels, stand for, where that is known.
    pub labels: Vec<String>,
}

impl Array {
    /// The chain of each of so many draws, from 0: chains of one length, one after the other.
    pub fn of_chains(chains: usize, draws: usize) -> Array {
        let each = draws / chains;
        Array {
            group: Group::SampleStats,
            name: CHAIN.into(),
            axes: vec![DRAW.into()],
            shape: vec![draws],
            values: Values::I64((0..draws).map(|draw| (draw / each) as i64).collect()),
            labels: vec![],
        }
    }

    /// Its name among all groups: that of the posterior's arrays is theirs alone.
    pub fn full_name(&self) -> String {
        match self.group {
            Group::Posterior => self.name.clone(),
            group => format!("{}/{}", group.name(), self.name),
        }
    }
}

/// The entries of an array.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// What is so or not.
    Bool(Vec<bool>),
    /// Pixels as a file has them.
    U8(Vec<u8>),
    /// Labels, counts and places.
    I64(Vec<i64>),
    /// What a network works with.
    F32(Vec<f32>),
    /// What is worked out of it.
    F64(Vec<f64>),
}

impl Values {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Values::Bool(v) => v.len(),
            Values::U8(v) => v.len(),
            Values::I64(v) => v.len(),
            Values::F32(v) => v.len(),
            Values::F64(v) => v.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of one of them.
    pub fn width(&self) -> usize {
        match self {
            Values::Bool(_) | Values::U8(_) => 1,
            Values::F32(_) => 4,
            Values::I64(_) | Values::F64(_) => 8,
        }
    }

    /// Bytes of all of them.
    pub fn bytes(&self) -> usize {
        self.len() * self.width()
    }

    /// Writes them in little-endian bytes.
    pub fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        fn each<V: Copy, const N: usize>(
            values: &[V],
            to: &mut dyn Write,
            bytes: impl Fn(V) -> [u8; N],
        ) -> io::Result<()> {
            let mut block = Vec::with_capacity(N << 13);
            for values in values.chunks(1 << 13) {
                block.clear();
                block.extend(values.iter().flat_map(|value| bytes(*value)));
                to.write_all(&block)?;
            }
            Ok(())
        }
        match self {
            Values::Bool(v) => each(v, to, |x| [u8::from(x)]),
            Values::U8(v) => to.write_all(v),
            Values::I64(v) => each(v, to, i64::to_le_bytes),
            Values::F32(v) => each(v, to, f32::to_le_bytes),
            Values::F64(v) => each(v, to, f64::to_le_bytes),
        }
    }
}
