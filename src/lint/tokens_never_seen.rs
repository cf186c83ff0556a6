//! Tokens of a vocabulary that the data do not have: no datum moves their rows of an embedding.

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::ir::{Facts, Handle, Inference, Subject, Tensor};
use crate::words::{counted, join, short, thousands};

/// At most so many tokens are listed.
const MOST_LISTED: usize = 8;
/// Fewer of so many tokens cost next to nothing: one that stands for padding, or a few rare words.
const ONE_IN: usize = 100;

/// `tokens-never-seen`
pub struct TokensNeverSeen;

impl Lint for TokensNeverSeen {
    fn name(&self) -> &'static str {
        "tokens-never-seen"
    }
    fn summary(&self) -> &'static str {
        "more than one in a hundred tokens of a vocabulary occurs in no training example"
    }
    fn page(&self) -> &'static str {
        include_str!("../../docs/lints/tokens-never-seen.md")
    }
    fn check(&self, inference: &Inference, facts: &Facts) -> Option<Diagnostic> {
        let mut inputs = facts.unseen_tokens.iter();
        inputs.find_map(|(input, unseen)| self.of(inference, facts, input, unseen))
    }
}

impl TokensNeverSeen {
    /// What is to be said of one input of tokens.
    fn of(
        &self,
        inference: &Inference,
        facts: &Facts,
        input: &str,
        unseen: &[usize],
    ) -> Option<Diagnostic> {
        let mut inputs = inference.inputs.iter();
        let vocabulary = inputs.find(|of| of.name == input)?.sequence?.vocabulary?;
        // Token 0 may stand for padding.
        let words = unseen.iter().filter(|token| **token > 0).count();
        if words * ONE_IN <= vocabulary {
            return None;
        }
        let node = inference.nodes.values().find(|node| {
            let of_input = node.inputs.iter();
            let mut of_input = of_input.map(|value| &inference.nodes[*value].name);
            of_input.any(|name| name == input)
                && node.call.as_ref().is_some_and(|c| c.layer.is_some())
        })?;
        let kernel = node.call.as_ref()?.kernel()?;
        let data = facts.data.as_deref().unwrap_or("the data");
        let title = format!(
            "`{input}` has a vocabulary of {}, and {} {} in no training example of {data}",
            counted(vocabulary, "token", "tokens"),
            thousands(unseen.len()),
            if unseen.len() == 1 { "occurs" } else { "occur" },
        );
        let seen = (0..vocabulary)
            .rev()
            .find(|token| unseen.binary_search(token).is_err());
        let most = seen.map_or(1, |last| last + 1);
        let help = match vocabulary - most {
            behind if behind == unseen.len() => {
                format!("`vocabulary = {most}` has room for those that occur")
            }
            _ => "number the tokens that occur from 0 on, and give all others one number".into(),
        };
        Some(
            Diagnostic::warning(self.name(), title)
                .at(node.span, "a row of weights for each token")
                .note(listed(unseen))
                .note(what_becomes(
                    inference,
                    facts,
                    kernel,
                    unseen.len(),
                    vocabulary,
                ))
                .help(help),
        )
    }
}

/// `they are 3, 7 and 1,204 more`
fn listed(tokens: &[usize]) -> String {
    let shown = tokens.iter().take(MOST_LISTED);
    let mut shown: Vec<String> = shown.map(|token| thousands(*token)).collect();
    if tokens.len() > MOST_LISTED {
        shown.push(format!("{} more", thousands(tokens.len() - MOST_LISTED)));
    }
    match tokens.len() {
        1 => format!("it is {}", join(shown, "and")),
        _ => format!("they are {}", join(shown, "and")),
    }
}

/// What training makes of the rows of such tokens.
fn what_becomes(
    inference: &Inference,
    facts: &Facts,
    kernel: Handle<Tensor>,
    unseen: usize,
    vocabulary: usize,
) -> String {
    let tensor = inference.fitted(kernel);
    let name = &tensor.name;
    let mut absent = inference.loss.absent.iter();
    if absent.any(|absent| absent.subject == Subject::Tensor(kernel)) {
        return format!(
            "their rows of `{name}` stay as they start: what is predicted from such a token is arbitrary"
        );
    }
    if inference.method.is_sampler() {
        return format!("their rows of `{name}` are draws of the prior");
    }
    if !tensor.posterior.family.entries().is_random() {
        return format!(
            "the data say nothing of their rows of `{name}`, which go to the prior's mode"
        );
    }
    let mut terms = inference.loss.terms.iter().zip(&facts.initial_terms);
    let nats = terms.find(|(term, _)| term.kind.tensor() == Some(kernel));
    let cost = nats
        .and_then(|(_, nats)| *nats)
        .map_or(String::new(), |nats| {
            let of = nats * unseen as f64 / vocabulary as f64;
            format!(
                ": they start with {} of its {} nats of KL, which training takes to 0",
                short(of),
                short(nats)
            )
        });
    format!(
        "the data say nothing of their rows of `{name}`, whose posterior becomes the prior{cost}"
    )
}
