//! A whole program: the model, what trains it, the texts of its run directory, and the command line.

use super::method::{self, Fit, keyword_arguments};
use super::{data, header, library, refused};
use crate::data::{Request, VOID, Values, is_missing};
use crate::diagnostic::Result;
use crate::emit::python::{Code, number, quoted};
use crate::likelihood::{Storage, TargetKind};
use crate::optimizer::Decayed;
use crate::plan::{DrawKind, Plan};
use crate::signature::Constant;
use crate::train::Config;
use crate::train::descent::decayed;
use crate::train::prepared::Prepared;
use crate::train::rows::Rows;
use std::ops::Range;

/// The run that a program makes.
pub struct Run<'a> {
    /// Its settings.
    pub config: &'a Config,
    /// The data that it asks for.
    pub request: Request,
    /// What was read of them.
    pub prepared: &'a Prepared,
    /// The text of `data.json`.
    pub record: String,
    /// The digests of the rows.
    pub rows: &'a Rows,
    /// The text of `ir.txt`.
    pub ir: String,
    /// The text of `run.toml`.
    pub settings: String,
    /// The model's source.
    pub source: &'a str,
    /// What tells the model from others in a checkpoint.
    pub fingerprint: &'a str,
}

/// The text of the program in the file called `file`: of a model with data one that trains it, else one that works out
/// the loss at given weights alone.
///
/// # Errors
///
/// `E0619` for what has no PyTorch yet.
pub fn program(plan: &Plan, file: &str, run: Option<&Run>) -> Result<String> {
    if let Some(run) = run {
        refuse_run(plan, run)?;
    }
    let fit = method::fit(plan)?;
    let mut code = Code::default();
    code.line(super::model(plan)?.trim_end());
    code.line("\n");
    if let Some(run) = run {
        constants(&mut code, plan, run, &fit);
        code.line("\n");
        data::reader(&mut code, &run.request, run.prepared)?;
        code.line("\n");
        optimizer(&mut code, plan, run.config, &fit)?;
        code.line("\n");
        hooks(&mut code, plan, run, &fit)?;
        code.line("\n");
        texts(&mut code, run);
    } else {
        code.line(format!("SAMPLES = {}", plan.inference.objective.samples));
    }
    code.line("\n");
    let members = match fit {
        Fit::Members(members) if run.is_some() => Some(members),
        _ => None,
    };
    main(&mut code, run.is_some(), members.is_some());
    let body = code.finish();
    let asked = if run.is_none() { super::ALWAYS } else { "" };
    let library = library::used_by(&format!("{body}\n{asked}"));
    let body = format!("{library}\n\n\n{body}");
    let header = header::docstring(plan, file, run.is_some(), members);
    Ok(format!("{header}\n\n{}\n\n{body}", library::imports(&body)))
}

/// Refuses what a run starts from files, and what it writes or does beside its steps that programs do not.
fn refuse_run(plan: &Plan, run: &Run) -> Result<()> {
    if run.config.from.is_some()
        || plan
            .variables
            .iter()
            .any(|variable| variable.given.is_some())
    {
        let help = "`bnnc train --epochs 1` makes a run that starts there, with which a program made without it goes on: \
                    `--resume RUN`";
        return Err(refused("programs do not start from the weights of a file")
            .help(help)
            .into());
    }
    if run.config.tensorboard.is_some() {
        let help = "leave `--tensorboard` out: the numbers are in metrics.jsonl";
        return Err(refused("programs write no files of TensorBoard")
            .help(help)
            .into());
    }
    if run.config.augmentation.is_on() && plan.model.target.kind.axes().is_some() {
        let help = "leave `[augmentation]` out, or `--flip` and `--crop-padding`";
        return Err(
            refused("programs do not augment images together with targets")
                .help(help)
                .into(),
        );
    }
    Ok(())
}

/// What the run and its data are.
fn constants(code: &mut Code, plan: &Plan, run: &Run, fit: &Fit) {
    let model = &plan.model;
    code.line(format!("NAME = {}", quoted(&model.name)));
    code.line("");
    code.comment(
        "What tells the model from others in a checkpoint, and the rows of its data from others.",
    );
    code.line(format!("FINGERPRINT = {}", quoted(run.fingerprint)));
    code.line(format!("ROWS_SHA256 = {}", quoted(&run.rows.sha256())));
    code.line("");
    code.comment(
        "The shape of an input; each target: what it holds, and how many numbers an example has.",
    );
    code.line(format!("INPUT_SHAPE = {:?}", model.input.shape.0));
    let target = |kind: TargetKind| match kind.storage() {
        Storage::Labels { .. } => format!("(\"labels\", {})", kind.entries()),
        Storage::Reals => format!("(\"reals\", {})", kind.entries()),
    };
    let targets: Vec<String> = model.observed().map(|(t, _)| target(t.kind)).collect();
    code.line(format!("TARGETS = [{}]", targets.join(", ")));
    code.line("");
    code.comment("Of each target the byte that stands for a label that is missing, if one does.");
    let missing = |kind: TargetKind| {
        let is_missing = is_missing(kind, &Values::U8(vec![]), VOID);
        if is_missing {
            VOID.to_string()
        } else {
            "None".into()
        }
    };
    let missing: Vec<String> = model.observed().map(|(t, _)| missing(t.kind)).collect();
    code.line(format!("MISSING_BYTES = [{}]", missing.join(", ")));
    code.line("");
    code.comment("Samples of the weights in a step; examples set aside; whether a run may be asked for more epochs.");
    code.line(format!("SAMPLES = {}", plan.inference.objective.samples));
    code.line(format!(
        "VALIDATION_EXAMPLES = {}",
        run.prepared.rows[1].len()
    ));
    let method = &plan.inference.method;
    let longer = match run.config.schedule.0.needs_epochs() || method.entry.needs_epochs() {
        true => "False",
        false => "True",
    };
    code.line(format!("MAY_BE_LONGER = {longer}"));
    if let Fit::Members(members) = fit {
        code.line(format!("MEMBERS = {members}"));
    }
    if !run.prepared.rows[1].is_empty() {
        code.line("");
        code.comment(
            "The random draws of a prediction, whose weights all examples share, as STREAMS has those of a step.",
        );
        let drawn = plan
            .tensors
            .iter()
            .filter(|(_, tensor)| !tensor.is_constant());
        let rows = drawn.map(|(handle, tensor)| {
            let kind = match tensor.mask {
                Some(_) => DrawKind::Mask,
                None => DrawKind::Noise,
            };
            let name = quoted(&plan.draw_name(handle, kind, 0));
            format!("{name}: ({}, {}, 8)", handle.index(), kind.key(0, 0))
        });
        code.call("DRAWS = {", &rows.collect::<Vec<_>>(), "}");
    }
}

/// The function `make_optimizer`.
fn optimizer(code: &mut Code, plan: &Plan, config: &Config, fit: &Fit) -> Result<()> {
    code.line("def make_optimizer(model, processes):");
    code.line("    \"\"\"What moves the variables.\"\"\"");
    let Fit::Chain(arguments) = fit else {
        return descent(code, plan, config, fit);
    };
    code.line("    return Langevin(");
    code.line("        model,");
    arguments
        .iter()
        .for_each(|argument| code.line(format!("        {argument},")));
    code.line("    )");
    Ok(())
}

/// An optimizer that goes down the gradient of the loss, with what is gathered beside it.
fn descent(code: &mut Code, plan: &Plan, config: &Config, fit: &Fit) -> Result<()> {
    let (entry, settings) = &config.optimizer;
    let name = entry.signature().name;
    let has_momentum = settings
        .0
        .iter()
        .any(|(key, value)| *key == "momentum" && matches!(value, Constant::Number(x) if *x > 0.0));
    let (class, keys): (&str, &[&str]) = match (name, has_momentum) {
        ("adam", _) => ("Adam", &["beta1", "beta2", "epsilon"]),
        ("adamw", _) => ("AdamW", &["weight_decay", "beta1", "beta2", "epsilon"]),
        ("sgd", false) => ("SGD", &[]),
        ("sgd", true) => ("Momentum", &["momentum", "nesterov"]),
        ("rmsprop", false) => ("RMSprop", &["rho", "epsilon"]),
        ("rmsprop", true) => ("RMSpropMomentum", &["rho", "momentum", "epsilon"]),
        _ => return Err(refused(format!("the optimizer `{name}` has no PyTorch yet")).into()),
    };
    let mut arguments = keyword_arguments(settings, keys);
    let of_range = |range: &Range<usize>| {
        let variable = plan
            .variables
            .iter()
            .find(|variable| variable.range == *range);
        variable.map(|variable| quoted(&variable.name))
    };
    if let Some(decay) = entry.decay(settings, 1.0) {
        let of: Decayed = decay.of;
        let names: Vec<String> = decayed(plan, of).iter().filter_map(of_range).collect();
        arguments.push(format!("decayed=[{}]", names.join(", ")));
    }
    code.line(format!("    optimizer = {class}("));
    code.line("        model,");
    arguments
        .iter()
        .for_each(|argument| code.line(format!("        {argument},")));
    code.line("    )");
    if let Some(most) = config.clip_norm {
        code.line(format!(
            "    optimizer = Clipped(optimizer, {}, processes)",
            number(most)
        ));
    }
    if let Some(decay) = config.ema_decay {
        code.line(format!(
            "    optimizer = Averaged(optimizer, {})",
            number(decay)
        ));
    }
    match fit {
        Fit::Members(_) => code.line("    optimizer = Ensemble(optimizer, MEMBERS)"),
        Fit::Iterates(arguments) => {
            let arguments = arguments.join(", ");
            code.line(format!("    optimizer = Swag(optimizer, {arguments})"));
        }
        Fit::Descent | Fit::Chain(_) => (),
    }
    code.line("    return optimizer");
    Ok(())
}

/// The functions `rate_factor` and `make_hooks`.
fn hooks(code: &mut Code, plan: &Plan, run: &Run, fit: &Fit) -> Result<()> {
    let config = run.config;
    let (schedule, settings) = &config.schedule;
    let keys: Vec<&str> = settings.0.iter().map(|(key, _)| *key).collect();
    code.line("def rate_factor(epoch, epochs):");
    code.line("    \"\"\"What the learning rate is multiplied with after so many epochs.\"\"\"");
    let mut arguments = vec!["epoch".to_owned(), "epochs".into()];
    arguments.extend(keyword_arguments(settings, &keys));
    let name = schedule.signature().name;
    if !library::has(&format!("{name}_rate")) {
        return Err(refused(format!("the schedule `{name}` has no PyTorch yet")).into());
    }
    code.line(format!("    return {name}_rate({})", arguments.join(", ")));
    code.line("\n");
    let mut parts = vec!["rate_factor".to_owned()];
    let augmentation = &config.augmentation;
    if augmentation.is_on() {
        let flip = if augmentation.flip == "horizontal" {
            "True"
        } else {
            "False"
        };
        let (padding, fill) = (augmentation.crop_padding, quoted(augmentation.crop_fill));
        parts.push(format!("augment=Augmentation({flip}, {padding}, {fill})"));
    }
    if !run.prepared.validation.is_empty() {
        if !fit.is_validated() {
            let method = plan.inference.method.signature().name;
            let help = "leave `validation` out: `bnnc evaluate` scores the run";
            let title = format!("programs do not validate fits by `{method}`");
            return Err(refused(title).help(help).into());
        }
        if plan
            .model
            .observed()
            .any(|(target, _)| target.kind.axes().is_some())
        {
            let help =
                "leave `validation` and `early_stopping` out: `bnnc evaluate` scores the run";
            return Err(refused("programs do not validate targets that are images")
                .help(help)
                .into());
        }
        let draws = plan.inference.draws(config.evaluation_samples).max(1);
        parts.push(format!(
            "validation=Validation(examples, {draws}, seed, processes)"
        ));
    }
    if let Some(patience) = config.patience() {
        parts.push(format!("early_stopping=EarlyStopping({patience})"));
    }
    code.line("def make_hooks(examples, seed, processes):");
    code.line("    \"\"\"What a run does beside its steps; `examples` are those set aside.\"\"\"");
    code.line("    return Hooks(");
    parts
        .iter()
        .for_each(|part| code.line(format!("        {part},")));
    code.line("    )");
    Ok(())
}

/// The files of the run directory that are known beforehand.
fn texts(code: &mut Code, run: &Run) {
    code.comment(
        "The files that a run directory of bnnc has, as they are written before the first step.",
    );
    let texts = [
        ("MODEL_BNN", run.source),
        ("RUN_TOML", &run.settings),
        ("DATA_JSON", &run.record),
        ("IR_TXT", &run.ir),
    ];
    let mut first = true;
    for (name, text) in texts {
        if !std::mem::take(&mut first) {
            code.line("");
        }
        let text = text.replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"");
        // A quotation mark at the end would join those that close the text.
        let text = match text.strip_suffix('"') {
            Some(rest) => format!("{rest}\\\""),
            None => text,
        };
        code.line(format!("{name} = \"\"\"\\\n{text}\"\"\""));
    }
}

/// The command line.
fn main(code: &mut Code, trains: bool, has_members: bool) {
    code.line("def main():");
    let what = match trains {
        true => "Trains the model; with --loss, works out its loss at given weights.",
        false => "Works out the loss at given weights.",
    };
    code.line(format!("    \"\"\"{what}\"\"\""));
    code.line("    style = argparse.RawDescriptionHelpFormatter");
    code.line("    parser = argparse.ArgumentParser(description=__doc__, formatter_class=style)");
    if trains {
        code.line("    options_of_training(parser)");
    }
    if has_members {
        code.line("    option_of_members(parser)");
    }
    code.line("    options_of_loss(parser)");
    code.line("    options = parser.parse_args()");
    match trains {
        true => {
            code.line("    refuse_options(options)");
            code.line("    if options.loss:");
            code.line("        tell_mistakes(report_loss, options)");
            if has_members {
                code.line("    elif options.member:");
                code.line("        tell_mistakes(train_member, options, make_optimizer, read_data, make_hooks)");
            }
            code.line("    else:");
            code.line("        tell_mistakes(train_model, options, make_optimizer, read_data, make_hooks)");
        }
        false => {
            code.line("    if not options.loss:");
            code.line("        fail_with(\"no data was named when this program was made: it has the model and its loss alone\")");
            code.line("    refuse_options(options)");
            code.line("    tell_mistakes(report_loss, options)");
        }
    }
    code.line("\n");
    code.line("if __name__ == \"__main__\":");
    code.line("    main()");
}
