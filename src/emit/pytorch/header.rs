//! The docstring at a program's head: what it is, its loss term by term, and how to run it.

use crate::ir::{Inference, Term};
use crate::plan::Plan;
use crate::report::check::form;

/// The docstring of the program in the file called `file`; `trains` where it has data, `members` of an ensemble that it
/// trains.
pub(super) fn docstring(plan: &Plan, file: &str, trains: bool, members: Option<usize>) -> String {
    let inference = &plan.inference;
    let name = &inference.name;
    let mut text =
        format!("\"\"\"The model `{name}` in PyTorch, with the loss that bnnc gives it.\n\n");
    text += &format!(
        "The loss of a minibatch, {}, is the sum of these terms:\n\n",
        inference.quantity()
    );
    for row in table(inference) {
        text += &format!("    {row}\n");
    }
    text += "\nB is the number of examples of a minibatch, of all processes together, and N that of all training examples.\n";
    if trains {
        text += &format!("\n{}", TRAINING.replace("FILE", file));
        if let Some(members) = members {
            let text_of_members = MEMBERS.replace("FILE", file);
            text += &format!(
                "\n{}",
                text_of_members.replace("COUNT", &members.to_string())
            );
        }
    }
    text += &format!("\n{}", LOSS.replace("FILE", file));
    text += "\nIt needs Python 3.10, torch 2.7, numpy and safetensors; tqdm shows a bar where it is installed.\n\"\"\"";
    text
}

const TRAINING: &str = r#"To train it:

    python FILE                                    on a GPU where there is one, else on the CPU
    torchrun --nproc-per-node 8 FILE               on 8 GPUs (DDP); --fsdp divides the variables, too (FSDP2)
    sbatch --nodes 2 --gpus-per-node 8 --ntasks-per-node 1 --wrap 'srun torchrun --nnodes 2
        --nproc-per-node 8 --rdzv-backend c10d --rdzv-id $SLURM_JOB_ID
        --rdzv-endpoint $(scontrol show hostnames $SLURM_JOB_NODELIST | head -n 1):29500 FILE --out RUN'

Each step's loss is the same on any number of processes: they divide each minibatch between them, and draw the same
weights. A run is a folder that `bnnc evaluate`, `predict`, `report`, `export` and `train --resume` take; `--resume RUN`
goes on with one of this program's or of bnnc's. `--help` lists the options.
"#;

const MEMBERS: &str = r#"Members are trained one after the other, or side by side, each by a program of its own:

    sbatch --array 1-COUNT --gpus 1 --wrap 'python FILE --out RUN --member $SLURM_ARRAY_TASK_ID'

The last one that is done joins them to the run that one program would have made.
"#;

const LOSS: &str = "`--loss WEIGHTS --data EXAMPLES` works out one step's loss at given weights, to compare with `bnnc loss`.\n";

/// A row of the table: the names of its terms; form, scale and why.
type Row = (String, [String; 3]);

/// The terms: name, form, scale and why. Terms that differ by their name alone share a row.
fn table(inference: &Inference) -> Vec<String> {
    let mut rows: Vec<(Vec<String>, [String; 3])> = vec![];
    for term in &inference.loss.terms {
        let name = term.kind.name(inference);
        let told = told(inference, term);
        match rows.iter_mut().find(|(_, other)| *other == told) {
            Some((names, _)) => names.push(name),
            None => rows.push((vec![name], told)),
        }
    }
    let head = ["form", "scale", "why"].map(str::to_owned);
    let mut cells = vec![("term".to_owned(), head)];
    cells.extend(rows.into_iter().map(|(names, told)| (listed(&names), told)));
    let widest = |column: &dyn Fn(&Row) -> usize| cells.iter().map(column).max().unwrap_or(0);
    let names = widest(&|(name, _)| name.chars().count());
    let forms = widest(&|(_, told)| told[0].chars().count());
    let scales = widest(&|(_, told)| told[1].chars().count());
    let row = |(name, [form, scale, why]): &Row| {
        format!("{name:names$}  {form:forms$}  {scale:scales$}  {why}")
    };
    cells.iter().map(row).collect()
}

/// Form, scale and why.
fn told(inference: &Inference, term: &Term) -> [String; 3] {
    [
        form(inference, term),
        term.scale.to_string(),
        term.why.to_string(),
    ]
}

/// One name or two, or the first and the last of many.
fn listed(names: &[String]) -> String {
    match names {
        [one] => one.clone(),
        [one, other] => format!("{one}, {other}"),
        [first, .., last] => format!("{first} ... {last} ({} terms)", names.len()),
        [] => String::new(),
    }
}
