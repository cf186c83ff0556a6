//! The layers of a file of another program: `0.weight` and `0.bias` of a `Sequential`, `fc1.weight` of a module.
//!
//! A norm has rows where other layers have a kernel:
//!
//! | here | PyTorch | Keras |
//! | --- | --- | --- |
//! | `gain` | `weight` | `gamma` |
//! | `shift` | `bias` | `beta` |
//! | `mean` | `running_mean` | `moving_mean` |
//! | `variance` | `running_var` | `moving_variance` |

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Names of kernels: PyTorch's, and those that tell of no program.
const KERNELS: [(&str, &str); 3] = [("weight", "bias"), ("W", "b"), ("w", "b")];

/// The rows of a norm, as they are called here.
const ROWS: [&str; 4] = ["gain", "shift", "mean", "variance"];
/// The same rows in PyTorch.
const TORCH: [&str; 4] = ["weight", "bias", "running_mean", "running_var"];
/// And in Keras.
const KERAS: [&str; 4] = ["gamma", "beta", "moving_mean", "moving_variance"];

/// Which of a norm's rows a parameter of this name is, if it is one.
pub fn row(word: &str) -> Option<usize> {
    ROWS.iter().position(|row| *row == word)
}

/// A layer with a kernel, or a norm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Its name: `0`, `features.3`, `fc1`.
    pub name: String,
    /// The tensor of its kernel; of a norm the first of its rows.
    pub kernel: String,
    /// That of its bias, whether it is there or not.
    pub bias: String,
    /// The kernel's axes, or a row's.
    pub shape: Vec<usize>,
    /// The tensors of a norm's rows, by [`row`].
    pub rows: Option<[Option<String>; 4]>,
}

impl Module {
    /// Whether the tensors' names are those that PyTorch gives.
    pub fn is_torch(&self) -> bool {
        let last = self.kernel.rsplit('.').next().unwrap_or_default();
        match self.rows {
            Some(_) => TORCH.contains(&last),
            None => last == "weight",
        }
    }

    /// Whether it is numbered, so that the order of such layers is that of the network.
    pub fn is_numbered(&self) -> bool {
        let last = self.name.rsplit('.').next().unwrap_or_default();
        !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Whether its name differs from that of `other` in more than its numbers, so that nothing tells which comes first.
    pub fn is_unordered(&self, other: &Module) -> bool {
        let words = |name: &str| -> Vec<String> {
            let parts = name.split('.');
            parts.map(|part| split(part).0.to_owned()).collect()
        };
        words(&self.name) != words(&other.name)
    }
}

/// The layers among these tensors, in the order of their names, numbers by their size.
pub fn modules<'a>(tensors: impl Iterator<Item = (&'a str, Vec<usize>)>) -> Vec<Module> {
    let tensors: BTreeMap<&str, Vec<usize>> = tensors.collect();
    let module = |(&kernel, shape): (&&str, &Vec<usize>)| {
        let (name, last) = kernel.rsplit_once('.').unwrap_or(("", kernel));
        let (_, bias) = KERNELS.iter().find(|(word, _)| *word == last)?;
        let is_kernel = matches!(shape.len(), 2..=5);
        is_kernel.then(|| Module {
            name: name.to_owned(),
            kernel: kernel.to_owned(),
            bias: kernel[..kernel.len() - last.len()].to_owned() + bias,
            shape: shape.clone(),
            rows: None,
        })
    };
    let mut all: Vec<Module> = tensors.iter().filter_map(module).collect();
    all.extend(norms(&tensors));
    all.sort_by(|a, b| by_numbers(&a.kernel, &b.kernel));
    all
}

/// The norms among these tensors: at least two rows of one length, so that a bias or a `prelu` is none.
fn norms(tensors: &BTreeMap<&str, Vec<usize>>) -> Vec<Module> {
    let mut all: Vec<Module> = vec![];
    for (tensor, shape) in tensors {
        let (name, last) = tensor.rsplit_once('.').unwrap_or(("", tensor));
        let mut programs = [TORCH, KERAS].into_iter();
        let words = programs.find(|words| words.contains(&last));
        let is_known = all.iter().any(|norm| norm.name == name);
        let (Some(words), [_], false) = (words, &shape[..], is_known) else {
            continue;
        };
        let prefix = &tensor[..tensor.len() - last.len()];
        let rows = words.map(|word| {
            let tensor = format!("{prefix}{word}");
            (tensors.get(tensor.as_str()) == Some(shape)).then_some(tensor)
        });
        if rows.iter().flatten().count() < 2 {
            continue;
        }
        all.push(Module {
            name: name.to_owned(),
            kernel: rows.iter().flatten().next().cloned().unwrap_or_default(),
            bias: String::new(),
            shape: shape.clone(),
            rows: Some(rows),
        });
    }
    all
}

/// `2.weight` before `10.weight`.
fn by_numbers(a: &str, b: &str) -> Ordering {
    let words = |name: &str| -> Vec<(String, u64)> {
        // A number alone stands before words, as the empty word does.
        let of = |(word, number): (&str, &str)| (word.to_owned(), number.parse().unwrap_or(0));
        name.split('.').map(split).map(of).collect()
    };
    words(a).cmp(&words(b)).then(a.cmp(b))
}

/// `fc10` as `fc` and `10`.
fn split(part: &str) -> (&str, &str) {
    let word = part.trim_end_matches(|c: char| c.is_ascii_digit());
    part.split_at(word.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_are_told_by_their_rows() {
        let names = [
            ("0.weight", vec![3, 4]),
            ("0.bias", vec![3]),
            ("1.weight", vec![3]),
            ("1.bias", vec![3]),
            ("1.running_mean", vec![3]),
            ("1.running_var", vec![3]),
            ("1.num_batches_tracked", vec![]),
            ("bn.beta", vec![5]),
            ("bn.moving_mean", vec![5]),
            ("bn.moving_variance", vec![5]),
            ("prelu.weight", vec![3]),
        ];
        let found = modules(names.into_iter());
        let norms: Vec<&Module> = found.iter().filter(|m| m.rows.is_some()).collect();
        let names: Vec<&str> = norms.iter().map(|norm| norm.name.as_str()).collect();
        assert_eq!(names, ["1", "bn"]);
        assert!(norms[0].is_torch() && !norms[1].is_torch());
        let rows = |norm: &Module| norm.rows.clone().unwrap().map(Option::unwrap_or_default);
        let torch = ["1.weight", "1.bias", "1.running_mean", "1.running_var"];
        assert_eq!(rows(norms[0]), torch);
        let keras = ["", "bn.beta", "bn.moving_mean", "bn.moving_variance"];
        assert_eq!(rows(norms[1]), keras);
        assert_eq!((row("shift"), row("kernel")), (Some(1), None));
    }

    #[test]
    fn layers_stand_in_the_order_of_their_numbers() {
        let names = [
            "10.weight",
            "2.weight",
            "2.bias",
            "0.weight",
            "1.running_mean",
            "fc10.weight",
            "fc2.weight",
            "conv1.weight",
        ];
        let dense = || vec![3, 4];
        let found = modules(names.iter().map(|name| (*name, dense())));
        let kernels: Vec<&str> = found.iter().map(|module| module.kernel.as_str()).collect();
        assert_eq!(
            kernels,
            [
                "0.weight",
                "2.weight",
                "10.weight",
                "conv1.weight",
                "fc2.weight",
                "fc10.weight"
            ]
        );
        assert_eq!(found[1].bias, "2.bias");
        assert!(found[1].is_numbered() && !found[4].is_numbered());
        // A row alone is neither a kernel nor a norm.
        assert!(modules([("1.weight", vec![3])].into_iter()).is_empty());
        let unknown = modules([("h.W", dense())].into_iter());
        assert!(unknown[0].bias == "h.b" && !unknown[0].is_torch());
    }
}
