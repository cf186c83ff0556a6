//! `class Model` and what stands beside it: the streams of its random draws and the scales of its terms.

use super::{Context, likelihood, network, posterior, start, terms};
use crate::diagnostic::{Failure, Result};
use crate::emit::python::{Code, number, quoted};
use crate::ir::{Factor, Scale};

/// The model's text.
pub(super) fn text(context: &Context) -> Result<String> {
    let mut code = Code::default();
    streams(context, &mut code);
    code.line("\n");
    model(context, &mut code)?;
    code.line("\n");
    scales(context, &mut code);
    code.line("\n");
    start::text(context, &mut code)?;
    Ok(code.finish())
}

fn streams(context: &Context, code: &mut Code) {
    code.comment(
        "The random draws of a step. Philox's key of each is made of the seed, the step and these: its parameter's \
         number, its use, and how far apart the uses of further samples of the weights are.",
    );
    let streams = context.plan.streams();
    let rows = streams.iter().map(|stream| {
        let (parameter, of_use, stride) = (stream.parameter, stream.of_use, stream.stride);
        format!(
            "{}: ({parameter}, {of_use}, {stride})",
            quoted(&stream.name)
        )
    });
    code.call("STREAMS = {", &rows.collect::<Vec<_>>(), "}");
}

fn model(context: &Context, code: &mut Code) -> Result<()> {
    let inference = &context.plan.inference;
    code.block("class Model(nn.Module):", |code| {
        code.docstring(
            &format!("The model `{}`. What it returns is its loss.", inference.name),
            "Everything that has a gradient is worked out inside `forward`, the terms of the weights too: so DDP, \
             FSDP2 and torch.compile see every variable used. Values have a batch axis first and channels last.",
        );
        code.line("");
        code.block("def __init__(self):", |code| {
            code.line("super().__init__()");
            code.comment("Whether the factors of products are rounded to bfloat16, and nothing else.");
            code.line("self.bfloat16_products = False");
            posterior::declarations(context, code)
        })?;
        code.line("");
        code.block("def draw(self, noise):", |code| {
            code.docstring("One draw of every parameter, which all of its uses share.", "");
            posterior::draws(context, code)
        })?;
        code.line("");
        code.block("def network(self, x, draw, noise):", |code| {
            let shape = &inference.input.shape;
            code.docstring(&format!("The values that the likelihood takes, of inputs x: [B, {}].", axes(&shape.0)), "");
            network::body(context, code)
        })?;
        code.line("");
        code.block("def nll(self, values, draw, targets):", |code| {
            code.docstring("-log p(target | network), summed over the examples at hand.", "");
            likelihood::body(context, code)
        })?;
        code.line("");
        code.block("def fits(self, values, draw, targets):", |code| {
            let whole = "Of each target: how many labels are right, or its entries' squared errors, scaled.";
            code.docstring(whole, "");
            likelihood::fits(context, code)
        })?;
        code.line("");
        code.block("def terms(self, draw):", |code| {
            code.docstring("What the loss has of the weights, each term unscaled.", "");
            terms::body(context, code)
        })?;
        code.line("");
        forward(context, code)
    })
}

/// `32, 32, 3`
fn axes(axes: &[usize]) -> String {
    let axes: Vec<String> = axes.iter().map(usize::to_string).collect();
    axes.join(", ")
}

/// The network's values, its products in bfloat16 where that is asked for.
fn values(code: &mut Code, noise: &str) -> Result<()> {
    let bfloat16 = "torch.autocast(x.device.type, torch.bfloat16, enabled=self.bfloat16_products)";
    code.block(format!("with {bfloat16}:"), |code| {
        code.line(format!("values = self.network(x, draw, {noise})"));
        Ok(())
    })
}

fn forward(context: &Context, code: &mut Code) -> Result<()> {
    let samples = context.plan.inference.objective.samples;
    code.block("def forward(self, x, targets, noise, scale):", |code| {
        code.docstring(
            "The loss of a minibatch; its terms, unscaled; how well it is predicted.",
            "`targets` has an array for each target, `scale` a number for each term. Of several samples of the weights the last \
             one predicts.",
        );
        let once = "{**self.nll(values, draw, targets), **self.terms(draw)}";
        if samples == 1 {
            code.line("draw = self.draw(noise)");
            values(code, "noise")?;
            code.line(format!("terms = {once}"));
        } else {
            code.line("terms = {}");
            code.block(format!("for number in range({samples}):"), |code| {
                code.comment("The mean over the samples of the weights.");
                code.line("sample = noise.sample(number)");
                code.line("draw = self.draw(sample)");
                values(code, "sample")?;
                code.line(format!("once = {once}"));
                code.block("for name, value in once.items():", |code| {
                    code.line(format!(
                        "terms[name] = terms.get(name, 0.0) + value / {samples}"
                    ));
                    Ok::<_, Failure>(())
                })
            })?;
        }
        code.line("loss = sum(scale[name] * value for name, value in terms.items())");
        code.block("with torch.no_grad():", |code| {
            code.line("fits = self.fits(values, draw, targets)");
            Ok::<_, Failure>(())
        })?;
        code.line("return loss, {name: value.detach() for name, value in terms.items()}, fits");
        Ok(())
    })
}

/// What each term is multiplied with, as a function of where the step stands.
fn scales(context: &Context, code: &mut Code) {
    let inference = &context.plan.inference;
    let _ = code.block("def scales(at):", |code| {
        code.docstring(
            "What each term of the loss is multiplied with at this position of a run.",
            "",
        );
        code.block("return {", |code| {
            let mut before = None;
            for term in &inference.loss.terms {
                // Terms that follow each other mostly have the same scale for the same reason.
                let comment = format!("{}: {}", term.scale, term.why);
                if before.as_ref() != Some(&comment) {
                    code.comment(&comment);
                }
                before = Some(comment);
                let name = quoted(&term.kind.name(inference));
                code.line(format!("{name}: {},", scale(&term.scale)));
            }
            Ok::<_, Failure>(())
        })?;
        code.line("}");
        Ok::<_, Failure>(())
    });
}

/// A scale as an expression of `at`.
fn scale(scale: &Scale) -> String {
    let mut above: Vec<String> = vec![];
    let mut below: Vec<&str> = vec![];
    for factor in &scale.0 {
        match factor {
            // Gradients are averaged over the processes, each of which has a part of the examples.
            Factor::PerBatch => {
                above.push("at.processes".into());
                below.push("at.batch");
            }
            Factor::PerExample => below.push("at.training_examples"),
            Factor::Blundell => {
                above.push("blundell(at)".into());
                below.push("at.batch");
            }
            Factor::Temperature(temperature) => above.push(number(*temperature)),
            Factor::Annealing(annealing) => {
                above.push(format!("min(1.0, at.epoch / {})", number(annealing.epochs)));
            }
        }
    }
    if above.is_empty() {
        above.push("1".into());
    }
    let mut text = above.join(" * ");
    below.iter().for_each(|part| text += &format!(" / {part}"));
    text
}
