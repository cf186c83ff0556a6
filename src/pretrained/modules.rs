//! The layers of a file of another program: `0.weight` and `0.bias` of a `Sequential`, `fc1.weight` of a module.

use std::cmp::Ordering;

/// Names of kernels: PyTorch's, and those that tell of no program.
const KERNELS: [(&str, &str); 3] = [("weight", "bias"), ("W", "b"), ("w", "b")];

/// A layer with a kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Its name: `0`, `features.3`, `fc1`.
    pub name: String,
    /// The tensor of its kernel.
    pub kernel: String,
    /// That of its bias, whether it is there or not.
    pub bias: String,
    /// The kernel's axes.
    pub shape: Vec<usize>,
}

impl Module {
    /// Whether the kernel's name is one that PyTorch gives.
    pub fn is_torch(&self) -> bool {
        self.kernel == "weight" || self.kernel.ends_with(".weight")
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
    let module = |(kernel, shape): (&str, Vec<usize>)| {
        let (name, last) = kernel.rsplit_once('.').unwrap_or(("", kernel));
        let (_, bias) = KERNELS.iter().find(|(word, _)| *word == last)?;
        let is_kernel = matches!(shape.len(), 2..=5);
        is_kernel.then(|| Module {
            name: name.to_owned(),
            kernel: kernel.to_owned(),
            bias: kernel[..kernel.len() - last.len()].to_owned() + bias,
            shape,
        })
    };
    let mut all: Vec<Module> = tensors.filter_map(module).collect();
    all.sort_by(|a, b| by_numbers(&a.kernel, &b.kernel));
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
        // The scale of a batch norm is no kernel.
        assert!(modules([("1.weight", vec![3])].into_iter()).is_empty());
        let unknown = modules([("h.W", dense())].into_iter());
        assert!(unknown[0].bias == "h.b" && !unknown[0].is_torch());
    }
}
