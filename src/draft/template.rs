//! Models to start from: those of `specs/` under short names, with a head of their own.

use super::lesson::explained;
use super::{Draft, formatted, model_head, model_name, run_file_head};
use std::path::Path;

/// A model to start from.
pub struct Template {
    /// Its name after `--template`.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    model: &'static str,
    run_file: &'static str,
    /// The named data set of its run file; `None` of models for tables.
    pub data: Option<&'static str>,
}

/// A template of a model in `specs/` and the run file beside it.
macro_rules! template {
    ($name:literal, $spec:literal, $data:expr, $summary:literal) => {
        Template {
            name: $name,
            summary: $summary,
            model: include_str!(concat!("../../specs/", $spec, ".bnn")),
            run_file: include_str!(concat!("../../specs/", $spec, ".toml")),
            data: $data,
        }
    };
}

/// Every template, the one that is taken where none is named first.
pub static TEMPLATES: &[Template] = &[
    template!(
        "convolution",
        "cifar10_flipout",
        Some("shapes"),
        "one convolution and a dense layer, for made images"
    ),
    template!("lenet", "mnist_lenet", Some("mnist"), "LeNet-5 for digits"),
    template!(
        "mlp",
        "mnist_mlp",
        Some("mnist"),
        "two hidden layers for digits"
    ),
    template!(
        "blundell",
        "mnist_bbb",
        Some("mnist"),
        "the network of Blundell et al. 2015, under their scale mixture"
    ),
    template!(
        "conv1d",
        "mnist_conv1d_rows",
        Some("mnist"),
        "convolutions over sequences: the rows of digits"
    ),
    template!(
        "last-layer",
        "last_layer",
        Some("mnist"),
        "ordinary layers below a Bayesian last one"
    ),
    template!(
        "resnet20",
        "cifar10_resnet20_frn",
        Some("cifar10"),
        "ResNet-20 with filter response norm"
    ),
    template!(
        "two-inputs",
        "two_inputs",
        Some("shapes_and_numbers"),
        "an image beside numbers"
    ),
    template!(
        "unet",
        "unet_shapes",
        Some("shapes_segmentation"),
        "a small U-Net: the class of each pixel"
    ),
    template!(
        "volume",
        "volume_conv3d",
        Some("volumes"),
        "convolutions over volumes"
    ),
    template!(
        "counts",
        "counts",
        Some("made_counts"),
        "a regression of counts"
    ),
    template!(
        "mixture-density",
        "mixture_density",
        Some("inverse_sine"),
        "several values that may be the target: a mixture of normals"
    ),
    template!(
        "sequence",
        "sequence_lstm",
        Some("adding_problem"),
        "an LSTM over sequences of different lengths"
    ),
    template!(
        "series",
        "series_gru",
        Some("seasonal_series"),
        "a GRU over a time series, with intervals"
    ),
    template!(
        "transformer",
        "text_transformer",
        Some("made_language"),
        "a causal transformer: the next token of made texts"
    ),
    template!(
        "regression",
        "concrete",
        None,
        "a table: one noise for all rows"
    ),
    template!(
        "heteroscedastic",
        "concrete_heteroscedastic",
        None,
        "a table: a noise for each row"
    ),
    template!(
        "hierarchical",
        "concrete_hierarchical",
        None,
        "a table: the prior's scale is inferred, too"
    ),
];

impl Template {
    /// The model and run file, for the model file at `path`.
    pub fn draft(&self, path: &Path) -> Draft {
        let name = &model_name(path);
        let (about, model) = parted(self.model);
        let model = model.split_once('\n').map_or("", |(_, below)| below);
        // A table is as wide as it is.
        let model = match self.data {
            None => model.replace("real[8]", "real[_]"),
            Some(_) => model.into(),
        };
        let about = match about.is_empty() {
            true => format!("# A model to start from: {}.\n", self.summary),
            false => about.replace(" 8 features", " the features of a table"),
        };
        let head = model_head(path);
        let (_, run_file) = parted(self.run_file);
        Draft {
            model: formatted(
                name,
                format!("{about}{head}model {name}\n{}", explained(&model)),
            ),
            run_file: run_file_head(path) + &self.with_data(run_file),
            data: self.data.map(str::to_owned),
            found: vec![("template", format!("{}: {}", self.name, self.summary))],
        }
    }

    /// The run file with the template's data in the place of that of `specs/`.
    fn with_data(&self, run_file: &str) -> String {
        let data = run_file.find("[data]").unwrap_or(run_file.len());
        let (above, of_data) = run_file.split_at(data);
        let line = |line: &str| match self.data {
            Some(data) if line.starts_with("name = ") => format!("name = \"{data}\"\n"),
            None if line.starts_with("[data]") => {
                format!("{line}# name = \"data.csv\"      # the table, where `--data` names none\n")
            }
            _ => line.into(),
        };
        let of_data = of_data.split_inclusive('\n').map(line);
        above.to_owned() + &of_data.collect::<String>()
    }
}

/// The comments at a file's top but for those that name it, and what is below them.
fn parted(text: &str) -> (String, &str) {
    let is_comment = |line: &&str| line.starts_with('#');
    let head = text.split_inclusive('\n').take_while(is_comment);
    let length: usize = head.clone().map(str::len).sum();
    let about = head.filter(|line| !line.contains("specs/"));
    (about.collect(), &text[length..])
}

/// The template of a name.
pub fn find(name: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::catalog;

    #[test]
    fn a_template_is_its_spec_under_another_name() {
        for template in TEMPLATES {
            let draft = template.draft(Path::new("mine.bnn"));
            assert!(draft.model.contains("\nmodel mine\n"), "{}", template.name);
            assert!(!draft.model.contains("specs/") && !draft.run_file.contains("specs/"));
            let said = draft.run_file.contains("\nname = \"") && draft.run_file.contains("[data]");
            assert!(said, "{}", draft.run_file);
            if let Some(data) = template.data {
                assert!(catalog::entry(data).is_some(), "{data}");
                assert!(draft.run_file.contains(&format!("\nname = \"{data}\"\n")));
            }
            // Without comments it is the spec, but for its name and the width of its table.
            let plain = |text: &str| {
                let lines = text.lines().filter(|line| {
                    let line = line.trim_start();
                    !line.starts_with('#') && !line.starts_with("model ")
                });
                lines.map(|line| format!("{line}\n")).collect::<String>()
            };
            assert_eq!(
                plain(&draft.model)
                    .trim_start()
                    .replace("real[_]", "real[8]"),
                plain(template.model).trim_start(),
                "{}",
                template.name
            );
        }
    }
}
