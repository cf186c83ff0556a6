//! Parsed pairs to the tree. It relies on the shape that the grammar guarantees.

mod expression;

use super::ast::*;
use super::parser::Rule;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use pest::iterators::{Pair, Pairs};

/// The tree of a [`Rule::file`]; fails on numbers out of range and on values nested too deeply.
pub(super) fn file(pairs: Pairs<Rule>) -> Result<File, Vec<Diagnostic>> {
    let mut builder = Builder { errors: vec![] };
    let items = pairs
        .flat_map(Pair::into_inner)
        .filter(|pair| pair.as_rule() == Rule::item)
        .map(|pair| builder.item(pair))
        .collect();
    if builder.errors.is_empty() {
        Ok(File { items })
    } else {
        Err(builder.errors)
    }
}

struct Builder {
    errors: Vec<Diagnostic>,
}

/// From the first byte to the end of the last token: pest counts the blanks and comments after
/// it where something optional could have followed.
fn span(pair: &Pair<Rule>) -> Span {
    let start = pair.as_span().start();
    let mut last = pair.clone();
    while let Some(inner) = last.clone().into_inner().next_back() {
        last = inner;
    }
    Span::new(start, last.as_span().end())
}

/// What a pair holds, without the punctuation and keywords.
fn parts<'a>(pair: &Pair<'a, Rule>) -> Parts<'a> {
    use Rule::*;
    pair.clone()
        .into_inner()
        .filter(|inner| {
            !matches!(
                inner.as_rule(),
                newline
                    | comma
                    | colon
                    | equals
                    | tilde
                    | left_brace
                    | right_brace
                    | left_paren
                    | right_paren
                    | left_bracket
                    | right_bracket
                    | model_keyword
                    | const_keyword
                    | input_keyword
                    | target_keyword
                    | latent_keyword
                    | default_keyword
                    | block_keyword
                    | network_keyword
                    | observe_keyword
                    | objective_keyword
                    | inference_keyword
                    | repeat_keyword
                    | residual_keyword
                    | concat_keyword
                    | reuse_keyword
                    | on_keyword
            )
        })
        .collect::<Vec<_>>()
        .into_iter()
        .peekable()
}

type Parts<'a> = std::iter::Peekable<std::vec::IntoIter<Pair<'a, Rule>>>;

fn next<'a>(parts: &mut Parts<'a>) -> Pair<'a, Rule> {
    parts.next().expect("the grammar gives this part")
}

fn take<'a>(parts: &mut Parts<'a>, rule: Rule) -> Option<Pair<'a, Rule>> {
    parts.next_if(|pair| pair.as_rule() == rule)
}

fn ident(pair: Pair<Rule>) -> Ident {
    Ident {
        text: pair.as_str().to_string(),
        span: span(&pair),
    }
}

/// What stands between two quotes.
fn text(pair: &Pair<Rule>) -> Expr {
    let inner = pair.as_str().trim_matches('"').to_string();
    Expr {
        kind: ExprKind::Text(inner),
        span: span(pair),
    }
}

impl Builder {
    fn item(&mut self, item: Pair<Rule>) -> Item {
        let pair = item
            .into_inner()
            .next()
            .expect("an item is one of its kinds");
        let mut p = parts(&pair);
        let kind = match pair.as_rule() {
            Rule::model => ItemKind::Model(ident(next(&mut p))),
            Rule::constant => ItemKind::Const {
                name: ident(next(&mut p)),
                value: self.expression(next(&mut p), 0),
            },
            Rule::input => ItemKind::Input {
                name: ident(next(&mut p)),
                data_type: self.data_type(next(&mut p)),
            },
            Rule::target => ItemKind::Target {
                name: ident(next(&mut p)),
                data_type: self.data_type(next(&mut p)),
            },
            Rule::latent => ItemKind::Latent {
                name: ident(next(&mut p)),
                prior: self.call(next(&mut p), 0),
                settings: p.map(|setting| self.setting(setting)).collect(),
            },
            Rule::default => ItemKind::Default(self.parameter_settings(next(&mut p))),
            Rule::block => ItemKind::Block {
                name: ident(next(&mut p)),
                parameters: take(&mut p, Rule::block_parameters)
                    .map(|list| parts(&list).map(|one| self.block_parameter(one)).collect())
                    .unwrap_or_default(),
                body: self.steps(next(&mut p)),
            },
            Rule::network => ItemKind::Network(self.steps(next(&mut p))),
            Rule::observe => ItemKind::Observe {
                target: ident(next(&mut p)),
                likelihood: self.call(next(&mut p), 0),
            },
            rule @ (Rule::objective | Rule::inference) => {
                let name = ident(next(&mut p));
                let arguments = self.arguments(take(&mut p, Rule::arguments), 0);
                let settings = p
                    .flat_map(|block| parts(&block))
                    .map(|one| self.setting(one))
                    .collect();
                match rule {
                    Rule::objective => ItemKind::Objective { name, settings },
                    _ => ItemKind::Inference {
                        name,
                        arguments,
                        settings,
                    },
                }
            }
            other => unreachable!("{other:?} is no item"),
        };
        Item {
            kind,
            span: span(&pair),
        }
    }

    fn data_type(&mut self, pair: Pair<Rule>) -> DataType {
        let mut p = parts(&pair);
        let name = ident(next(&mut p));
        let mut said = Vec::new();
        let mut axes = p.map(|axes| {
            let all = self.arguments(Some(axes), 0);
            let (named, sizes): (Vec<_>, Vec<_>) =
                all.into_iter().partition(|one| one.name.is_some());
            said.extend(named);
            sizes.into_iter().map(|size| size.value).collect()
        });
        let [axes, places] = [axes.next(), axes.next()];
        DataType {
            name,
            axes,
            places,
            said,
            span: span(&pair),
        }
    }

    fn block_parameter(&mut self, pair: Pair<Rule>) -> BlockParameter {
        let mut p = parts(&pair);
        BlockParameter {
            name: ident(next(&mut p)),
            default: p.next().map(|value| self.expression(value, 0)),
            span: span(&pair),
        }
    }

    fn steps(&mut self, pair: Pair<Rule>) -> Vec<Step> {
        parts(&pair).map(|step| self.step(step)).collect()
    }

    fn step(&mut self, pair: Pair<Rule>) -> Step {
        let mut p = parts(&pair);
        let name = take(&mut p, Rule::name).map(ident);
        let inner = next(&mut p);
        let (on, others): (Vec<_>, Vec<_>) =
            parts(&inner).partition(|part| part.as_rule() == Rule::on);
        let on = on.first().map(|on| On {
            values: parts(on).map(ident).collect(),
            span: span(on),
        });
        let mut p = others.into_iter().peekable();
        let operation = match inner.as_rule() {
            Rule::layer => Operation::Layer(Layer {
                kind: ident(next(&mut p)),
                arguments: self.arguments(take(&mut p, Rule::arguments), 0),
                settings: p.next().map(|block| self.parameter_settings(block)),
                span: span(&inner),
            }),
            Rule::reuse => Operation::Reuse {
                layer: ident(next(&mut p)),
            },
            Rule::residual => Operation::Residual {
                arguments: self.arguments(take(&mut p, Rule::arguments), 0),
                body: self.steps(next(&mut p)),
            },
            Rule::concat => Operation::Concat {
                branches: p
                    .map(|branch| Branch {
                        body: parts(&branch).flat_map(|steps| self.steps(steps)).collect(),
                        span: span(&branch),
                    })
                    .collect(),
            },
            Rule::repeat => Operation::Repeat {
                count: self.expression(next(&mut p), 0),
                body: self.steps(next(&mut p)),
            },
            other => unreachable!("{other:?} is no step"),
        };
        Step {
            name,
            operation,
            on,
            span: span(&pair),
        }
    }

    fn parameter_settings(&mut self, pair: Pair<Rule>) -> ParameterSettings {
        let mut shared = vec![];
        let mut groups: Vec<SettingGroup> = vec![];
        for entry in parts(&pair) {
            let mut p = parts(&entry);
            let parameter = take(&mut p, Rule::name).map(ident);
            let setting = self.setting(next(&mut p));
            match (parameter, groups.last_mut()) {
                (Some(parameter), _) => {
                    groups.push(SettingGroup {
                        parameter,
                        settings: vec![setting],
                        span: span(&entry),
                    });
                }
                (None, Some(group)) => {
                    group.span = group.span.to(setting.span);
                    group.settings.push(setting);
                }
                (None, None) => shared.push(setting),
            }
        }
        ParameterSettings {
            shared,
            groups,
            span: span(&pair),
        }
    }

    fn setting(&mut self, pair: Pair<Rule>) -> Setting {
        let mut p = parts(&pair);
        let name = ident(next(&mut p));
        let value = next(&mut p);
        let value = match value.as_rule() {
            Rule::string => text(&value),
            _ => self.expression(value, 0),
        };
        let span = span(&pair);
        Setting { name, value, span }
    }

    fn arguments(&mut self, pair: Option<Pair<Rule>>, depth: usize) -> Vec<Argument> {
        let argument = |argument: Pair<Rule>| {
            let mut p = parts(&argument);
            Argument {
                name: take(&mut p, Rule::name).map(ident),
                value: self.expression(next(&mut p), depth),
                span: span(&argument),
            }
        };
        pair.map(|list| parts(&list).map(argument).collect())
            .unwrap_or_default()
    }

    fn call(&mut self, pair: Pair<Rule>, depth: usize) -> Call {
        let mut p = parts(&pair);
        Call {
            name: ident(next(&mut p)),
            arguments: self.arguments(p.next(), depth),
            span: span(&pair),
        }
    }
}
