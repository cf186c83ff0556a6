//! What is shown of a sweep: its runs with their numbers, and the table of their means.

use super::plan::Planned;
use super::standing::Standing;
use super::{SweepArgs, workers};
use crate::cli::arguments::{DataSource, DrawArgs};
use crate::cli::compare::{TableFormat, read};
use crate::cli::open::Which;
use crate::cli::parts::PartArgs;
use crate::cli::scored::Asked;
use crate::cli::terminal::{out, quietly, say, width};
use crate::cli::train::STOP;
use crate::compare::{Group, Means, Run};
use crate::diagnostic::{Failure, Result};
use crate::report::table::table as aligned;
use crate::sweep::Sweep;
use crate::words::distinct;
use serde_json::json;
use std::sync::Mutex;
use std::sync::atomic::Ordering;

/// The runs with their numbers and how far they are.
pub(super) fn list(planned: &[&Planned], standings: &[Standing], format: TableFormat) {
    let all = || planned.iter().zip(standings);
    let cells = |(planned, standing): (&&Planned, &Standing)| {
        let number = planned.number.to_string();
        [number, planned.task.name.clone(), standing.word().into()]
    };
    match format {
        TableFormat::Json => {
            let runs = all().map(|(planned, standing)| {
                json!({
                    "task": planned.number,
                    "run": planned.task.name,
                    "state": standing.word(),
                    "folder": planned.path,
                })
            });
            say!("{:#}", json!({ "runs": runs.collect::<Vec<_>>() }));
        }
        TableFormat::Csv => {
            say!("task,run,state");
            // A name has commas.
            all()
                .map(cells)
                .for_each(|[number, name, state]| say!("{number},\"{name}\",{state}"));
        }
        _ => {
            let head = ["task", "run", "state"].map(String::from).to_vec();
            let rows = all().map(|pair| cells(pair).to_vec());
            let rows: Vec<Vec<String>> = [head].into_iter().chain(rows).collect();
            out(format_args!("\n{}", aligned(&rows, &[0], usize::MAX)));
        }
    }
}

/// Scores every run and prints the means; nothing where Ctrl-C stops it. Those that failed are told with their reasons.
pub(super) fn table(
    sweep: &Sweep,
    planned: &[&Planned],
    failures: &[(String, Failure)],
    args: &SweepArgs,
) -> Result<()> {
    let split = sweep.part.map(|part| match part {
        "test" => Which::Test,
        "validation" => Which::Validation,
        _ => Which::Train,
    });
    let data = DataSource::default();
    let asked = Asked {
        data: &data,
        part: PartArgs {
            split,
            allow_changed: false,
        },
        ood: &[],
        calibration: Default::default(),
        reference: None,
        bar: false,
        draws: DrawArgs {
            samples: sweep.samples,
            seed: None,
            threads: None,
        },
        resamples: 0,
    };
    let scored: Vec<Mutex<Option<Run>>> = planned.iter().map(|_| Mutex::new(None)).collect();
    workers::each(args.jobs, planned.len(), |place| {
        if STOP.load(Ordering::Relaxed) {
            return;
        }
        let Planned { path, task, .. } = planned[place];
        let failed = failures.iter().find(|(name, _)| *name == task.name);
        let run = match failed {
            Some((_, failure)) => read::failed(&task.name, failure),
            None => quietly(|| read::run(path, &task.name, asked)),
        };
        *scored[place]
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(run);
    })?;
    let data = distinct(
        planned
            .iter()
            .map(|planned| planned.config.data.name.clone()),
    );
    let mut groups: Vec<Group> = vec![];
    for (planned, run) in planned.iter().zip(scored) {
        let run = run
            .into_inner()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        // Ctrl-C has stopped the scoring.
        let Some(run) = run else { return Ok(()) };
        match groups
            .iter_mut()
            .find(|group| group.name == planned.task.group)
        {
            Some(group) => group.runs.push(run),
            None => groups.push(Group {
                name: planned.task.group.clone(),
                data: data
                    .iter()
                    .position(|name| *name == planned.config.data.name)
                    .unwrap_or(0),
                runs: vec![run],
            }),
        }
    }
    let means = Means::new(groups, &sweep.sort);
    // The names of draws do not say what was drawn.
    let settings = sweep.random.is_some();
    match args.format {
        TableFormat::Text => out(format_args!("\n{}", means.text(settings, width()))),
        TableFormat::Json => say!("{:#}", means.json()),
        TableFormat::Csv => out(format_args!("{}", means.csv())),
        TableFormat::Markdown => out(format_args!("{}", means.markdown(settings))),
    }
    Ok(())
}
