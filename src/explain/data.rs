//! What is learned from.

use super::{Methods, counted, thousands};
use crate::document::code;
use crate::tensor::Shape;

impl Methods<'_> {
    pub(super) fn data(&mut self) {
        let (model, facts) = (self.model, self.facts);
        self.document.heading("Data and notation");
        let examples = match facts.training_examples {
            Some(n) => format!("$N = {}$ examples", thousands(n)),
            None => "$N$ examples".into(),
        };
        let of = facts
            .data
            .as_ref()
            .map_or(String::new(), |name| format!(" of {}", code(name)));
        let input = space(&model.input.shape);
        let target = model.target.kind.notation();
        let mut text = format!(
            "The training set $Data$ holds {examples}{of}: inputs $x_n in {input}$ ({}) and targets \
             {target} ({}).",
            code(&model.input.name),
            code(&model.target.name)
        );
        text += &self.units();
        if facts.validation_examples > 0 {
            let aside = counted(facts.validation_examples, "example is", "examples are");
            text += &format!(" {aside} set aside for validation and not among them.");
        }
        text += &match (facts.training_examples, facts.batch) {
            (Some(n), Some(b)) => {
                let last = match n % b {
                    0 => String::new(),
                    rest => format!(", the last of {}", counted(rest, "example", "examples")),
                };
                let batches = counted(n.div_ceil(b), "minibatch", "minibatches");
                format!(
                    " An epoch goes through them in {batches} of $B = {}${last}.",
                    thousands(b)
                )
            }
            (None, Some(b)) => format!(
                " Each step uses a minibatch of $B = {}$ of them.",
                thousands(b)
            ),
            _ => " Each step uses a minibatch of $B$ of them.".into(),
        };
        if !facts.set.is_empty() {
            let set = facts
                .set
                .iter()
                .map(|(name, value)| code(&format!("{name} = {value}")));
            let set = crate::words::join(set.collect(), "and");
            text += &format!(" The model file's constants are overridden by {set}.");
        }
        self.document.prose(&text);
    }
}

/// `Reals^(32 times 32 times 3)`
pub(super) fn space(shape: &Shape) -> String {
    match &shape.0[..] {
        [] | [1] => "Reals".into(),
        axes => format!("Reals^({})", product(axes)),
    }
}

/// `32 times 32 times 3`
pub(super) fn product(axes: &[usize]) -> String {
    let axes: Vec<String> = axes.iter().map(ToString::to_string).collect();
    axes.join(" times ")
}
