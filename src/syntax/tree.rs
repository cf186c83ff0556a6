//! The text by the rules of the grammar, every token included: what the formatter lays out anew.

use super::parser::{Grammar, Rule, parse};
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};
use pest::Parser;
use pest::iterators::Pair;

/// A rule of the grammar and the text that it matched. Blanks and comments belong to no rule: they stand between
/// the tokens.
pub(crate) struct Tree {
    /// The rule.
    pub rule: Rule,
    /// The text, from its first token to its last.
    pub span: Span,
    /// The rules within it; a token has none.
    pub children: Vec<Tree>,
}

/// The tree of a file.
///
/// # Errors
///
/// As [`parse`].
pub(crate) fn tree(source: &Source) -> Result<Tree, Vec<Diagnostic>> {
    parse(source)?;
    let mut pairs = Grammar::parse(Rule::file, &source.text).expect("it has just been parsed");
    Ok(of(pairs.next().expect("a file is one rule")))
}

fn of(pair: Pair<Rule>) -> Tree {
    let rule = pair.as_rule();
    let whole = pair.as_span();
    let children: Vec<Tree> = pair.into_inner().map(of).collect();
    // pest counts blanks and comments where something optional could have followed.
    let span = match (children.first(), children.last()) {
        (Some(first), Some(last)) => first.span.to(last.span),
        _ => Span::new(whole.start(), whole.end()),
    };
    Tree {
        rule,
        span,
        children,
    }
}
