//! The models of a page: what `bnnc check` says of them, the loss as it is now, and the files.

use super::read::Read;
use crate::evaluate::Elbo;
use crate::plot::page::{Block, Section, Table};
use crate::train::progress::number;
use crate::words::thousands;

/// Rows that are shown without being asked for.
const SHOWN: usize = 24;

/// The section about the models; the same model of several runs once.
pub fn section(runs: &[Read]) -> Section {
    let mut blocks = vec![];
    let mut seen: Vec<(&str, &[(String, String)])> = vec![];
    for run in runs {
        let Ok(opened) = &run.opened else {
            continue;
        };
        let key = (&opened.source.text[..], &opened.config.set[..]);
        let is_new = !seen.contains(&key);
        if runs.len() > 1 && (is_new || run.scored.is_ok()) {
            blocks.push(Block::Heading(run.name.clone()));
        }
        if let Ok(scored) = &run.scored {
            blocks.push(loss(&scored.elbo));
        }
        if is_new {
            blocks.extend(tables(run));
            blocks.push(Block::File {
                name: "model.bnn, the model as it is written".into(),
                text: opened.source.text.clone(),
            });
            seen.push(key);
        }
        blocks.extend(run.settings.clone().map(|text| Block::File {
            name: "run.toml, how it was trained".into(),
            text,
        }));
    }
    if blocks.is_empty() {
        blocks.push(Block::Note("No run could be opened.".into()));
    }
    Section {
        title: "Model".into(),
        lead: "What bnnc check says of it.".into(),
        blocks,
    }
}

/// The terms of the loss as they are now.
fn loss(elbo: &Elbo) -> Block {
    let mut rows = vec![texts([
        "term",
        "value, nats",
        "scale",
        "scaled, nats an example",
    ])];
    for term in &elbo.terms {
        let value = &term.value;
        rows.push(texts([
            &term.name,
            &number(value.value),
            term.symbol.as_deref().unwrap_or_default(),
            &number(value.scaled),
        ]));
    }
    rows.push(texts([elbo.quantity, "", "", &number(elbo.loss)]));
    let n = thousands(elbo.training_examples);
    Block::Table(Table {
        caption: format!("The loss now, with the nll of the examples that were predicted; N = {n}"),
        folded: folded("The loss now, term by term", &rows),
        rows,
        right: vec![1, 3],
        explanation: None,
    })
}

fn tables(run: &Read) -> Vec<Block> {
    let Some(check) = &run.check else {
        return vec![];
    };
    let table = |caption: &str, rows: Vec<Vec<String>>, right: Vec<usize>| {
        let caption = caption.to_owned();
        Block::Table(Table {
            folded: folded(&caption, &rows),
            caption,
            rows,
            right,
            explanation: None,
        })
    };
    let remarks: Vec<&String> = check.parameters.iter().flat_map(|p| &p.remark).collect();
    let mut blocks = vec![
        table("Layers", check.layer_rows(), vec![3]),
        table("Parameters", check.parameter_rows(), vec![2]),
    ];
    for remark in crate::words::distinct(remarks) {
        blocks.push(Block::Text(format!("* {remark}")));
    }
    let caption = format!("The loss before the first step: {}", check.loss);
    blocks.push(table(&caption, check.terms_table(), vec![3, 4]));
    if !check.lambda_text.is_empty() {
        blocks.push(Block::Text(format!("λ: {}", check.lambda_text.join(" "))));
    }
    for absent in &check.absent {
        let (name, reason) = (&absent.name, &absent.reason);
        blocks.push(Block::Text(format!("{name} has no term: {reason}.")));
    }
    blocks
}

/// A long table is shown when it is asked for.
fn folded(caption: &str, rows: &[Vec<String>]) -> Option<String> {
    (rows.len() > SHOWN).then(|| format!("{caption}: {} rows", rows.len() - 1))
}

fn texts<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(String::from).to_vec()
}
