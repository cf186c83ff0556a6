//! `bnnc list`: the registries.

use super::arguments::Format;
use super::terminal::{answer, say, say_wrapped};
use crate::data::catalog::CATALOG;
use crate::diagnostic::Result;
use crate::distribution::DISTRIBUTIONS;
use crate::estimator::ESTIMATORS;
use crate::initializer::INITIALIZERS;
use crate::ir::METHODS;
use crate::layer::{LAYERS, Slot};
use crate::likelihood::LIKELIHOODS;
use crate::lint::LINTS;
use crate::optimizer::{OPTIMIZERS, SCHEDULES};
use crate::posterior::{POSTERIORS, TRANSFORMS};
use crate::pretrained::moped;
use crate::score;
use crate::signature::{Kind, Signature};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

/// The arguments of `bnnc list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Which registry; without one, the names of all
    #[arg(value_enum)]
    registry: Option<Registry>,
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Registry {
    Layers,
    Priors,
    Posteriors,
    Initializers,
    Estimators,
    Likelihoods,
    Inference,
    Optimizers,
    Schedules,
    Lints,
    Scores,
    Data,
}

/// Runs `bnnc list`.
pub fn run(args: &ListArgs) -> Result<()> {
    if args.format == Format::Json {
        let all = Registry::value_variants();
        let wanted = args.registry.map_or(all.to_vec(), |one| vec![one]);
        let entries = wanted.into_iter().map(|one| (name(one), json(one)));
        answer(&Value::Object(entries.collect()));
        return Ok(());
    }
    match args.registry {
        Some(Registry::Data) => {
            for entry in CATALOG {
                say!("{:<14} {}", entry.name(), entry.summary());
            }
            say!(
                "\n`bnnc data list` says where each is found, `bnnc data fetch NAME` downloads it"
            );
        }
        Some(Registry::Lints) => {
            for lint in LINTS {
                let head = format!("{:<26} {:<9} ", lint.name(), lint.level().word());
                say_wrapped(&head, lint.summary());
            }
            say!("\nlints that warn are always shown, pedantic ones with `--pedantic`");
        }
        Some(Registry::Scores) => scores(),
        Some(Registry::Layers) => LAYERS
            .iter()
            .for_each(|layer| entry(layer.signature(), layer.slots())),
        Some(registry) => signatures(registry)
            .iter()
            .for_each(|signature| entry(signature, &[])),
        None => {
            for registry in Registry::value_variants() {
                let name = name(*registry);
                let names: Vec<_> = match registry {
                    Registry::Data => CATALOG.iter().map(|e| e.name()).collect(),
                    Registry::Lints => LINTS.iter().map(|l| l.name()).collect(),
                    Registry::Scores => score::ALL.iter().map(|s| s.about().name).collect(),
                    _ => signatures(*registry).iter().map(|s| s.name).collect(),
                };
                say_wrapped(&format!("{name:<12} "), &names.join("  "));
            }
            say!(
                "\n`bnnc list layers` prints each layer with its arguments and defaults; so do the others"
            );
        }
    }
    Ok(())
}

/// What a registry is called.
fn name(registry: Registry) -> String {
    let value = registry.to_possible_value().expect("no variant is hidden");
    value.get_name().to_owned()
}

/// The entries of a registry for a program.
fn json(registry: Registry) -> Value {
    let summary = |name: &str, summary: &str| json!({ "name": name, "summary": summary });
    match registry {
        Registry::Data => (CATALOG.iter())
            .map(|entry| summary(entry.name(), entry.summary()))
            .collect(),
        Registry::Lints => (LINTS.iter())
            .map(|lint| {
                let mut entry = summary(lint.name(), lint.summary());
                entry["level"] = lint.level().word().into();
                entry
            })
            .collect(),
        Registry::Scores => (score::ALL.iter())
            .map(|score| {
                let about = score.about();
                let mut entry = summary(about.name, about.what);
                entry["scheme"] = about.scheme.into();
                entry["unit"] = about.unit.word().into();
                entry["better"] = about.better.word().into();
                entry["source"] = about.source.into();
                entry
            })
            .collect(),
        Registry::Layers => (LAYERS.iter())
            .map(|layer| of_signature(layer.signature(), layer.slots()))
            .collect(),
        _ => (signatures(registry).into_iter())
            .map(|signature| of_signature(signature, &[]))
            .collect(),
    }
}

/// An entry with its arguments, and the parameters that a layer declares.
fn of_signature(signature: &Signature, slots: &[Slot]) -> Value {
    let arguments = signature.parameters.iter().map(|parameter| {
        json!({
            "name": parameter.name,
            "summary": parameter.summary,
            "takes": takes(parameter.kind),
            "default": parameter.default,
        })
    });
    let mut entry = json!({
        "name": signature.name,
        "summary": signature.summary,
        "arguments": arguments.collect::<Vec<_>>(),
    });
    if !slots.is_empty() {
        let slots = slots.iter();
        entry["parameters"] = slots
            .map(|slot| json!({ "name": slot.name, "axes": slot.axes, "optional": slot.optional }))
            .collect();
    }
    entry
}

fn signatures(registry: Registry) -> Vec<&'static Signature> {
    match registry {
        Registry::Layers => LAYERS.iter().map(|l| l.signature()).collect(),
        Registry::Priors => {
            let all = DISTRIBUTIONS.iter().map(|d| d.signature());
            all.chain([&moped::SIGNATURE]).collect()
        }
        Registry::Posteriors => POSTERIORS.iter().map(|p| p.signature()).collect(),
        Registry::Initializers => {
            let schemes = INITIALIZERS.iter().map(|s| s.signature());
            schemes
                .chain(TRANSFORMS.iter().map(|t| t.signature()))
                .collect()
        }
        Registry::Estimators => ESTIMATORS.iter().map(|e| e.signature()).collect(),
        Registry::Likelihoods => LIKELIHOODS.iter().map(|l| l.signature()).collect(),
        Registry::Inference => METHODS.iter().map(|m| m.signature()).collect(),
        Registry::Optimizers => OPTIMIZERS.iter().map(|o| o.signature()).collect(),
        Registry::Schedules => SCHEDULES.iter().map(|s| s.signature()).collect(),
        Registry::Lints | Registry::Scores | Registry::Data => vec![],
    }
}

/// Each score with what it is, how it is computed and where it comes from.
fn scores() {
    for score in score::ALL {
        let about = score.about();
        say_wrapped(&format!("{:<24} ", about.name), about.what);
        let facts = [
            about.scheme.map(String::from),
            Some(format!("unit: {}", about.unit.word())),
            Some(format!("better: {}", about.better.word()))
                .filter(|_| about.better != score::Better::Neither),
            Some(about.source.to_owned()).filter(|source| !source.is_empty()),
        ];
        let facts: Vec<String> = facts.into_iter().flatten().collect();
        say_wrapped(&" ".repeat(25), &facts.join("; "));
    }
    say!("\ndocs/scores.md has their formulas");
}

/// `conv2d(filters, kernel, stride = 1)`, what it is, a line for each argument, and one for each parameter
/// that a layer declares.
fn entry(signature: &Signature, slots: &[Slot]) {
    let arguments: Vec<_> = signature
        .parameters
        .iter()
        .map(|p| {
            p.default.map_or(p.name.to_owned(), |default| {
                format!("{} = {default}", p.name)
            })
        })
        .collect();
    match arguments.is_empty() {
        true => say!("{}", signature.name),
        false => say_wrapped(
            &format!("{}(", signature.name),
            &(arguments.join(", ") + ")"),
        ),
    }
    say_wrapped("    ", signature.summary);
    let names = signature
        .parameters
        .iter()
        .map(|p| p.name.len())
        .chain(slots.iter().map(|slot| slot.name.len()))
        .max()
        .unwrap_or(0);
    for parameter in signature.parameters {
        let text = format!("{}; {}", parameter.summary, takes(parameter.kind));
        say_wrapped(&format!("      {:names$}  ", parameter.name), &text);
    }
    if !slots.is_empty() {
        say!("    parameters:");
    }
    for slot in slots {
        let left_out = match slot.optional {
            true => format!("; `{} = none` leaves it out", slot.name),
            false => String::new(),
        };
        let text = format!("{}{left_out}", slot.axes);
        say_wrapped(&format!("      {:names$}  ", slot.name), &text);
    }
    say!("");
}

/// What an argument takes, in words.
fn takes(kind: Kind) -> String {
    let learned = |learnable| if learnable { ", or learned(…)" } else { "" };
    match kind {
        Kind::Count => "a whole number of at least 1".into(),
        Kind::Pair => "a count for both axes, or [vertical, horizontal]".into(),
        Kind::Triple => "a count for all axes, or [depth, vertical, horizontal]".into(),
        Kind::Cells { words, axes } => {
            let words = words.join(", ");
            let or = if words.is_empty() { "" } else { ", or " };
            let each = match axes {
                1 => "",
                _ => "; or one for each axis in brackets",
            };
            format!("{words}{or}a whole number from 0{each}")
        }
        Kind::Counts => "a list of counts".into(),
        Kind::Choice(words) => words.join(" or "),
        Kind::Names(words) => format!("{}, or names of layers in brackets", words.join(", ")),
        Kind::Number { domain, learnable } => {
            format!("{}{}", domain.describe(), learned(learnable))
        }
        Kind::NumberOr { domain, word } => format!("{word} or {}", domain.describe()),
        Kind::Numbers { domain, learnable } => {
            format!(
                "one or a list, each {}{}",
                domain.describe(),
                learned(learnable)
            )
        }
        Kind::Initializer => "a number, or how to draw it: `bnnc list initializers`".into(),
        Kind::ScaleInitializer => {
            "a number above 0, or Softplus(…) or Exp(…) of an initialiser".into()
        }
        Kind::Ordered => "numbers in ascending order, or learned(…)".into(),
        Kind::Value { domain } => {
            format!(
                "a value of the network; or one for all: {}, or learned(…)",
                domain.describe()
            )
        }
    }
}
