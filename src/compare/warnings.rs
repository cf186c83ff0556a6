//! What is not comparable among some runs, each in a sentence.

use super::{Bound, Examples, Found, Run};
use crate::train::method::convergence::AGREE;
use crate::words::{distinct, join, thousands};

/// A run, by its name, with what it was found to be worth.
type Pair<'r> = (&'r str, &'r Found);

/// Everything that there is to say.
pub fn of(runs: &[Run]) -> Vec<String> {
    let named: Vec<(&str, &Run)> = runs.iter().map(|run| (&*run.name, run)).collect();
    of_named(&named)
}

/// As [`of`], of runs under these names.
pub fn of_named(runs: &[(&str, &Run)]) -> Vec<String> {
    let scored: Vec<Pair> = runs
        .iter()
        .filter_map(|(name, run)| Some((*name, run.found.as_ref()?)))
        .collect();
    if scored.len() < 2 {
        return vec![];
    }
    let all = [
        other_examples(&scored),
        other_quantities(&scored),
        other_data(&scored),
        tempered(&scored),
        annealed(&scored),
        improper(&scored),
        surrogates(&scored),
        points(&scored),
        densities(&scored),
        scaling(&scored),
        evidences(&scored),
        rescaled(&scored),
        apart(&scored),
        left_out(&scored),
    ];
    all.into_iter().flatten().collect()
}

/// The names of some runs: the first three and how many others there are.
fn names<'r>(names: impl Iterator<Item = &'r str>) -> String {
    const SHOWN: usize = 3;
    let names: Vec<String> = names.map(str::to_owned).collect();
    match names.len() {
        0..=SHOWN => join(names, "and"),
        many => format!(
            "{} and {} others",
            names[..SHOWN].join(", "),
            thousands(many - SHOWN)
        ),
    }
}

/// The names of the runs whose bound is such.
fn such(scored: &[Pair], is: impl Fn(&Bound) -> bool) -> Option<String> {
    let runs: Vec<&str> = scored
        .iter()
        .filter(|(_, found)| is(&found.bound))
        .map(|(run, _)| *run)
        .collect();
    (!runs.is_empty()).then(|| names(runs.into_iter()))
}

/// What some bounds differ in: each value, and whose it is.
fn split<T: Clone + Eq + std::hash::Hash>(
    scored: &[Pair],
    value: impl Fn(&Found) -> T,
    text: impl Fn(&T) -> String,
) -> Option<String> {
    let values = distinct(scored.iter().map(|(_, found)| value(found)));
    let whose = |of: &T| {
        let own = scored.iter().filter(|(_, found)| value(found) == *of);
        format!("{} of {}", text(of), names(own.map(|(run, _)| *run)))
    };
    (values.len() > 1).then(|| join(values.iter().map(whose).collect(), "and"))
}

fn other_examples(scored: &[Pair]) -> Option<String> {
    let first = &scored[0].1.examples;
    let others = |is: fn(&Examples, &Examples) -> bool| {
        let runs: Vec<&str> = scored
            .iter()
            .filter(|(_, found)| is(&found.examples, first))
            .map(|(run, _)| *run)
            .collect();
        (!runs.is_empty()).then(|| names(runs.into_iter()))
    };
    let targets = others(|own, first| own.rows == first.rows && own.targets != first.targets);
    let rows = others(|own, first| own.rows != first.rows && !own.are(first));
    let inputs = others(|own, first| {
        (&own.rows, &own.targets) == (&first.rows, &first.targets) && !own.are(first)
    });
    let head = scored[0].0;
    let told = [
        rows.map(|runs| format!("{runs} on other rows than {head}")),
        targets.map(|runs| format!("{runs} on other targets than {head}")),
        inputs.map(|runs| format!("{runs} on other inputs than {head}")),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    (!told.is_empty()).then(|| {
        format!(
            "the scores are not comparable: they are of other examples, {}",
            join(told, "and")
        )
    })
}

fn other_quantities(scored: &[Pair]) -> Option<String> {
    let text = split(scored, |found| found.bound.quantity, |name| (*name).into())?;
    Some(format!(
        "the ELBOs are not comparable: they are other quantities, {text}"
    ))
}

fn other_data(scored: &[Pair]) -> Option<String> {
    let n = split(
        scored,
        |found| found.bound.training_examples,
        |n| format!("N = {}", thousands(*n)),
    );
    if let Some(n) = n {
        return Some(format!(
            "the ELBOs are not comparable: they are of other training data, {n}"
        ));
    }
    let first = &scored[0].1.bound.data;
    let others = such(scored, |bound| bound.data != *first)?;
    Some(format!(
        "the ELBOs are not comparable: {others} had other training data than {}",
        scored[0].0
    ))
}

fn apart(scored: &[Pair]) -> Option<String> {
    let apart = |(_, found): &&Pair| found.r_hat.is_some_and(|r_hat| r_hat > AGREE);
    let runs: Vec<&str> = scored.iter().filter(apart).map(|(run, _)| *run).collect();
    (!runs.is_empty()).then(|| {
        format!(
            "the chains of {} do not agree, with an R-hat above {AGREE}: longer runs may score otherwise",
            names(runs.into_iter())
        )
    })
}

fn left_out(scored: &[Pair]) -> Option<String> {
    let without = scored.iter().filter(|(_, found)| found.left_out);
    let runs: Vec<&str> = without.map(|(run, _)| *run).collect();
    (!runs.is_empty()).then(|| {
        format!(
            "members or chains of {} are left out: `bnnc evaluate` says which and why",
            names(runs.into_iter())
        )
    })
}

fn evidences(scored: &[Pair]) -> Option<String> {
    let with: Vec<Pair> = scored
        .iter()
        .copied()
        .filter(|(_, found)| found.bound.log_evidence.is_some())
        .collect();
    let (_, first) = with.first()?;
    let others = such(&with, |bound| bound.data != first.bound.data);
    let reasons = [
        split(
            &with,
            |found| found.bound.averaged_out.clone().unwrap_or_default(),
            |of| format!("`of = {of}`"),
        )
        .map(|text| format!("they average out the weights of other layers, {text}")),
        split(
            &with,
            |found| found.bound.training_examples,
            |n| format!("N = {}", thousands(*n)),
        )
        .or_else(|| others.map(|runs| format!("{runs} had other data than {}", with[0].0)))
        .map(|text| format!("they are of other training data, {text}")),
        split(
            &with,
            |found| found.bound.targets,
            |scaling| format!("`targets = {}`", scaling.unwrap_or("none")),
        )
        .map(|text| {
            format!(
                "the targets are scaled otherwise, {text}, and scaling has looked at them before the prior"
            )
        }),
    ];
    let reasons: Vec<String> = reasons.into_iter().flatten().collect();
    (!reasons.is_empty()).then(|| {
        format!(
            "the log evidences are not comparable: {}",
            reasons.join("; ")
        )
    })
}

fn rescaled(scored: &[Pair]) -> Option<String> {
    let runs = such(scored, |bound| bound.rescaled)?;
    Some(format!(
        "the losses of {runs} are under the priors of the file, their log evidences under those that `prior = evidence` has \
         rescaled"
    ))
}

fn tempered(scored: &[Pair]) -> Option<String> {
    let runs = such(scored, |bound| bound.temperature != 1.0)?;
    Some(format!(
        "the ELBOs are not comparable: the objective of {runs} is tempered, so that its posterior is not the one of \
         the highest ELBO"
    ))
}

fn annealed(scored: &[Pair]) -> Option<String> {
    let runs = such(scored, |bound| bound.annealed.is_some())?;
    Some(format!(
        "the ELBOs are not comparable: annealing had not ended in {runs}, which went down another loss than the ELBO's"
    ))
}

fn improper(scored: &[Pair]) -> Option<String> {
    let runs = such(scored, |bound| bound.improper)?;
    Some(format!(
        "the ELBOs are not comparable: priors of {runs} are improper, so that the ELBO is known up to a constant \
         alone"
    ))
}

fn surrogates(scored: &[Pair]) -> Option<String> {
    let runs = such(scored, |bound| bound.surrogate)?;
    Some(format!(
        "the ELBOs are not comparable: a surrogate stands for dropout's KL in {runs}, which is no bound on the evidence"
    ))
}

fn points(scored: &[Pair]) -> Option<String> {
    let runs = such(scored, |bound| bound.penalty)?;
    // Where no run has an ELBO none is shown.
    let has_elbo = scored
        .iter()
        .any(|(_, found)| found.bound.quantity.contains("ELBO"));
    has_elbo.then(|| {
        format!("the ELBOs are not comparable: in {runs} the log prior of points or draws stands in the place of a KL")
    })
}

fn densities(scored: &[Pair]) -> Option<String> {
    let kinds = distinct(scored.iter().map(|(_, found)| found.bound.densities));
    let text = split(
        scored,
        |found| found.bound.likelihoods.clone(),
        |name| name.clone(),
    )?;
    (kinds.len() > 1).then(|| {
        format!(
            "neither ELBOs nor nlls are comparable: some likelihoods are densities and some are probabilities, {text}"
        )
    })
}

fn scaling(scored: &[Pair]) -> Option<String> {
    let text = split(
        scored,
        |found| found.bound.targets,
        |scaling| format!("`targets = {}`", scaling.unwrap_or("none")),
    )?;
    let kinds = scored
        .iter()
        .all(|(_, found)| found.bound.targets.is_some());
    kinds.then(|| {
        format!(
            "the ELBOs are not quite comparable: the targets are scaled otherwise, {text}; all are in the target's own \
             units, but standardizing has looked at the training targets before the prior, which no ELBO counts"
        )
    })
}
