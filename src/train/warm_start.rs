//! What a new run takes over from the run that `from` names.

use super::opened::open;
use super::rows::Rows;
use super::start::of_other_scaling;
use super::warm::pieces;
use crate::diagnostic::{Diagnostic, Result};
use crate::engine::Piece;
use crate::examples::Scales;
use crate::plan::Plan;
use crate::words::{plural, thousands};
use std::path::Path;

/// The variables of another run.
pub struct Warm {
    /// Their places in the new run, and values.
    pub pieces: Vec<Piece>,
    /// What is taken over, in words.
    pub said: String,
    /// What the user should know of it.
    pub(super) warnings: Vec<String>,
}

impl Warm {
    /// Reads what `plan` takes over from the run in `folder`, and notes where that scaled its data otherwise than `scales`.
    ///
    /// # Errors
    ///
    /// `E0603` for an ensemble, whose members have to start apart; `E0604` and others where there is no run; `E0609` where
    /// its parameters are not those of the model.
    pub(super) fn read(folder: &Path, plan: &Plan, scales: &Scales, rows: &Rows) -> Result<Warm> {
        let method = &plan.inference.method;
        let rounds = method.rounds();
        // Chains of a sampler go apart from one start.
        if rounds > 1 && !method.is_sampler() {
            let title = format!(
                "the members of an `{}` do not start from one run",
                method.signature().name
            );
            return Err(Diagnostic::error("E0603", title)
                .note(format!(
                    "all {rounds} would start alike, and members disagree because they start apart"
                ))
                .help("leave `from` out, or take another method for this run")
                .into());
        }
        let (run, mut predictor) = open(folder)?;
        let name = folder.display().to_string();
        let pieces = pieces(plan, predictor.centre(), &name)?;
        let theirs = &run.record.scales;
        let mut warnings = vec![];
        for (what, own, of_run) in [
            ("inputs", &scales.inputs, &theirs.inputs),
            ("targets", &scales.targets, &theirs.targets),
        ] {
            if let Some(most) = own.distance(of_run) {
                warnings.extend(of_other_scaling(&name, "", what, most, folder));
            }
        }
        let seen = run
            .rows
            .as_ref()
            .map_or([0; 2], |other| rows.seen_by(other));
        warnings.extend(of_seen(&name, seen, rows));
        let taken: usize = pieces.iter().map(|(range, _)| range.len()).sum();
        let anew = plan.trainable() - taken;
        let rest = match anew {
            0 => String::new(),
            _ => format!("; the other {} as in any run", plural(anew, "number")),
        };
        let said = format!(
            "starts from {name} after {}, fitted by {}{rest}",
            run.progress(),
            run.inference.method.signature().name
        );
        Ok(Warm {
            pieces,
            said,
            warnings,
        })
    }
}

/// Warnings about rows that are no test of a run: the run that it starts from was trained on them.
fn of_seen(name: &str, seen: [usize; 2], rows: &Rows) -> Vec<String> {
    let parts = rows.set_aside();
    let told = [
        (seen[0], parts[0], "set aside to watch the run"),
        (seen[1], parts[1], "held out to test it"),
    ];
    let told = told.into_iter().filter(|(seen, ..)| *seen > 0);
    told.map(|(seen, all, what)| {
        format!(
            "`{name}` was trained on {} of the {} rows that are {what}\n  \
             scores on them are no measure of new data; hold out the rows that it held out: the same `--test-rows`, or the \
             same `--test`, `--validation` and `--seed`",
            thousands(seen),
            thousands(all)
        )
    })
    .collect()
}
