//! Pretrained networks: safetensors files whose tensors are where parameters start from.
//!
//! A parameter is found under its name, `conv1.kernel`, or under that of its loc in a checkpoint of
//! this program, `conv1.kernel.loc`. Such tensors lie as Keras has them: a dense kernel `[in, out]`, a
//! convolution's `[kh, kw, C_in, C_out]`. Those of PyTorch have other names, [`modules`], and another [`layout`].

pub mod checksum;
pub mod layout;
pub mod modules;
pub mod moped;

use crate::files;
use crate::tensor::Shape;
use layout::{Arrangement, Flattened, Layout};
use modules::Module;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest, Sha256};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder of a run that holds the files its model starts from.
pub const FOLDER: &str = "pretrained";

/// A safetensors file.
pub struct Checkpoint {
    bytes: Vec<u8>,
}

/// A file that a model starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// As the model names it.
    pub written: String,
    /// Where it was read.
    pub path: PathBuf,
    /// Of its bytes.
    pub sha256: String,
    /// The tensors of a file of another program that no parameter starts from.
    pub unread: Vec<String>,
}

/// A tensor of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its name there.
    pub name: String,
    /// Its entries, in the parameter's order.
    pub values: Arc<[f64]>,
    /// What was done to them.
    pub arrangement: Arrangement,
}

/// Why a parameter cannot start from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It has no such tensor, but those of these names.
    Missing(Vec<String>),
    /// The tensor has another shape.
    Shape {
        /// Its name.
        name: String,
        /// Its shape.
        found: Shape,
    },
    /// Two kernels, of which nothing tells which comes first.
    Unordered([String; 2]),
    /// Its entries are no floating-point numbers.
    Type {
        /// Its name.
        name: String,
        /// What they are.
        found: String,
    },
    /// An entry is infinite or not a number.
    NotFinite(String),
    /// An entry is more than float32 holds.
    TooLarge(String),
    /// Nothing tells in which order the entries of this tensor lie.
    Layout(String),
    /// The order of the entries cannot be told; why, in words.
    Order {
        /// The tensor's name.
        name: String,
        /// Why.
        why: String,
    },
}

impl Checkpoint {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn read(path: &Path) -> Result<Checkpoint, String> {
        let bytes = files::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let name = path.display();
        let tensors = SafeTensors::deserialize(&bytes)
            .map_err(|error| format!("{name} is no safetensors file: {error}"))?;
        checksum::check(&bytes, &tensors).map_err(|fact| format!("{name} is damaged: {fact}"))?;
        Ok(Checkpoint { bytes })
    }

    /// Of its bytes.
    pub fn sha256(&self) -> String {
        sha256(&self.bytes)
    }

    /// Whether a run of this program wrote it.
    pub fn is_own(&self) -> bool {
        checksum::header(&self.bytes).is_ok_and(|header| header.is_some())
    }

    fn tensors(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.bytes).expect("read before")
    }

    /// The names of its tensors, in their order; of a checkpoint, those of weights.
    pub fn names(&self) -> Vec<String> {
        let tensors = self.tensors();
        // The optimizer's state of a variable is no weight.
        let weights = tensors.names().into_iter();
        let weights = weights.filter(|name| !name.starts_with("optimizer."));
        let mut names: Vec<String> = weights.map(str::to_owned).collect();
        names.sort();
        names
    }

    /// The layers whose names are another program's.
    pub fn modules(&self) -> Vec<Module> {
        if self.is_own() {
            return vec![];
        }
        let tensors = self.tensors();
        let views = tensors.iter();
        modules::modules(views.map(|(name, view)| (name, view.shape().to_vec())))
    }

    /// The tensor that a parameter starts from by its own name, if there is one.
    pub fn named(&self, parameter: &str) -> Option<String> {
        let tensors = self.tensors();
        let names = [parameter.to_owned(), format!("{parameter}.loc")];
        names.into_iter().find(|name| tensors.tensor(name).is_ok())
    }

    /// The entries of the tensor `name`, which lies in `layout`, for a parameter of `shape`.
    ///
    /// # Errors
    ///
    /// Why it has none.
    pub fn take(
        &self,
        name: &str,
        shape: &Shape,
        layout: Layout,
        flattened: &Flattened,
    ) -> Result<Found, Refusal> {
        let name = name.to_owned();
        let tensors = self.tensors();
        let Ok(view) = tensors.tensor(&name) else {
            return Err(Refusal::Missing(self.names()));
        };
        if view.shape() != layout.shape(shape).0 {
            let found = Shape::new(view.shape());
            return Err(Refusal::Shape { name, found });
        }
        let Some(values) = numbers(&view) else {
            let found = format!("{:?}", view.dtype()).to_lowercase();
            return Err(Refusal::Type { name, found });
        };
        if !values.iter().all(|value| value.is_finite()) {
            return Err(Refusal::NotFinite(name));
        }
        if !values.iter().all(|value| (*value as f32).is_finite()) {
            return Err(Refusal::TooLarge(name));
        }
        if let (Layout::Torch, 1 | 2, Flattened::Unknown(why)) = (layout, shape.rank(), flattened) {
            let why = why.clone();
            return Err(Refusal::Order { name, why });
        }
        let (values, arrangement) = layout.arrange(values, shape, flattened);
        Ok(Found {
            name,
            values: values.into(),
            arrangement,
        })
    }
}

/// The entries as float64; `None` where they are not floating-point numbers.
fn numbers(view: &TensorView) -> Option<Vec<f64>> {
    let bytes = view.data();
    let two = |of: fn(u16) -> f64| -> Vec<f64> {
        let pairs = bytes.chunks_exact(2);
        pairs
            .map(|b| of(u16::from_le_bytes([b[0], b[1]])))
            .collect()
    };
    Some(match view.dtype() {
        Dtype::F64 => {
            let entries = bytes.chunks_exact(8);
            entries
                .map(|b| f64::from_le_bytes(b.try_into().expect("eight bytes")))
                .collect()
        }
        Dtype::F32 => {
            let entries = bytes.chunks_exact(4);
            entries
                .map(|b| f64::from(f32::from_le_bytes(b.try_into().expect("four bytes"))))
                .collect()
        }
        // The upper half of a float32.
        Dtype::BF16 => two(|bits| f64::from(f32::from_bits(u32::from(bits) << 16))),
        Dtype::F16 => two(files::half),
        _ => return None,
    })
}

/// In hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a file is called in the folder of a run: its own name, and before that of one from another
/// folder a number made of the path, so that two of one name stay apart.
pub fn kept_name(written: &str) -> PathBuf {
    let path = Path::new(written);
    let name = path.file_name().unwrap_or_default();
    if path.as_os_str() == name {
        return name.into();
    }
    let number = &sha256(written.as_bytes())[..16];
    format!("{number}-{}", name.to_string_lossy()).into()
}

/// Where a model in `folder` finds the file that it names: in that folder, or, where the folder is that
/// of a run which keeps a copy of it, there.
pub fn locate(folder: &Path, written: &str) -> PathBuf {
    let kept = folder.join(FOLDER).join(kept_name(written));
    match folder.join("run.toml").is_file() && kept.is_file() {
        true => kept,
        false => folder.join(written),
    }
}

impl fmt::Display for Refusal {
    /// The fact, without what was wanted.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Refusal::Missing(_) => f.write_str("there is no such tensor"),
            Refusal::Shape { name, found } => write!(f, "`{name}` is {found}"),
            Refusal::Type { name, found } => write!(f, "the entries of `{name}` are {found}"),
            Refusal::NotFinite(name) => write!(f, "`{name}` has an entry that is not finite"),
            Refusal::Layout(name) => {
                write!(
                    f,
                    "nothing tells in which order the entries of `{name}` lie"
                )
            }
            Refusal::Unordered([one, other]) => {
                write!(
                    f,
                    "nothing tells which of `{one}` and `{other}` comes first"
                )
            }
            Refusal::Order { name, why } => write!(f, "the order of `{name}` is unknown: {why}"),
            Refusal::TooLarge(name) => write!(
                f,
                "`{name}` has an entry beyond float32, in which models are trained"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// As any other program would write it.
    fn file(tensors: &[(&str, Dtype, &[usize], Vec<u8>)]) -> tempfile::NamedTempFile {
        let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
            let view = TensorView::new(*dtype, shape.to_vec(), bytes).unwrap();
            (name.to_string(), view)
        });
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), safetensors::serialize(views, None).unwrap()).unwrap();
        file
    }

    #[test]
    fn every_floating_point_type_is_read() {
        // 1, -2, 1.5, the least number above 0 of each half, and the largest of binary16.
        let halves: [u16; 5] = [0x3C00, 0xC000, 0x3E00, 0x0001, 0x7BFF];
        let brains: [u16; 5] = [0x3F80, 0xC000, 0x3FC0, 0x0001, 0x7F7F];
        let two = |all: [u16; 5]| all.iter().flat_map(|x| x.to_le_bytes()).collect();
        let exact: [f64; 5] = [1.0, -2.0, 1.5, 0.1, 7.25];
        let file = file(&[
            ("f16.kernel", Dtype::F16, &[5], two(halves)),
            ("bf16.kernel", Dtype::BF16, &[5], two(brains)),
            (
                "f32.kernel",
                Dtype::F32,
                &[5],
                exact
                    .iter()
                    .flat_map(|x| (*x as f32).to_le_bytes())
                    .collect(),
            ),
            (
                "f64.kernel.loc",
                Dtype::F64,
                &[5],
                exact.iter().flat_map(|x| x.to_le_bytes()).collect(),
            ),
            ("i8.kernel", Dtype::I8, &[5], vec![0; 5]),
        ]);
        let checkpoint = Checkpoint::read(file.path()).unwrap();
        let shape = Shape::new(&[5]);
        let find = |parameter: &str, shape: &Shape| match checkpoint.named(parameter) {
            Some(name) => checkpoint.take(&name, shape, Layout::Bnnc, &Flattened::No),
            None => Err(Refusal::Missing(checkpoint.names())),
        };
        let values = |name: &str| find(name, &shape).unwrap().values.to_vec();
        let least = 2f64.powi(-24);
        assert_eq!(values("f16.kernel"), [1.0, -2.0, 1.5, least, 65504.0]);
        let (least, most) = (2f64.powi(-133), (2.0 - 2f64.powi(-7)) * 2f64.powi(127));
        assert_eq!(values("bf16.kernel"), [1.0, -2.0, 1.5, least, most]);
        assert_eq!(values("f32.kernel"), exact.map(|x| f64::from(x as f32)));
        assert_eq!(values("f64.kernel"), exact);
        let refused = |name: &str, shape| find(name, &shape).unwrap_err();
        assert!(matches!(
            refused("i8.kernel", shape.clone()),
            Refusal::Type { .. }
        ));
        let other = refused("f64.kernel", Shape::new(&[1, 5]));
        assert_eq!(other.to_string(), "`f64.kernel.loc` is [5]");
        let Refusal::Missing(names) = refused("f32.bias", shape) else {
            panic!("there is no such tensor");
        };
        assert_eq!(names.len(), 5);
    }

    #[test]
    fn entries_beyond_float32_are_refused() {
        let bytes = |x: f64| [1.0, x].iter().flat_map(|x| x.to_le_bytes()).collect();
        let file = file(&[
            ("large", Dtype::F64, &[2], bytes(1e300)),
            ("infinite", Dtype::F64, &[2], bytes(f64::INFINITY)),
            ("small", Dtype::F64, &[2], bytes(-1e-300)),
        ]);
        let checkpoint = Checkpoint::read(file.path()).unwrap();
        let shape = Shape::new(&[2]);
        let found = |name: &str| checkpoint.take(name, &shape, Layout::Bnnc, &Flattened::No);
        assert_eq!(found("large"), Err(Refusal::TooLarge("large".into())));
        assert_eq!(
            found("infinite"),
            Err(Refusal::NotFinite("infinite".into()))
        );
        assert!(found("small").is_ok());
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for bytes in [&b""[..], b"model m", &[255; 64]] {
            fs::write(file.path(), bytes).unwrap();
            assert!(Checkpoint::read(file.path()).is_err());
        }
        assert!(Checkpoint::read(Path::new("no/such.safetensors")).is_err());
    }

    #[test]
    fn files_of_one_name_stay_apart_in_a_run() {
        assert_eq!(kept_name("a.safetensors"), Path::new("a.safetensors"));
        let names: Vec<PathBuf> = ["a.st", "x/a.st", "y/a.st", "../a.st"]
            .map(kept_name)
            .into();
        for (index, name) in names.iter().enumerate() {
            assert_eq!(name.components().count(), 1);
            assert!(!names[..index].contains(name), "{name:?} stands for two");
        }
    }
}
