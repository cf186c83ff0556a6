//! A comparison as a table for other programs: a row a run, numbers with all digits.

use super::settings::differing;
use super::{Comparison, Found};

impl Comparison {
    /// Comma-separated, with a header.
    pub fn csv(&self) -> String {
        let settings = differing(self.runs.iter());
        let scores = self.scores();
        let mut header = vec!["run".to_owned(), "state".into()];
        header.extend(settings.iter().map(|setting| setting.key.clone()));
        for score in &scores {
            header.extend(["", "_low", "_high"].map(|end| format!("{score}{end}")));
        }
        if let Some(shown) = &self.shown {
            header.extend(["", "_low", "_high"].map(|end| format!("{shown}_difference{end}")));
        }
        let last = [
            "elbo_quantity",
            "elbo",
            "log_evidence",
            "training_examples",
            "weights",
            "epochs_done",
            "seconds",
            "examples_per_second",
            "data",
        ];
        header.extend(last.map(String::from));
        let mut out = line(&header);
        for (place, run) in self.runs.iter().enumerate() {
            let mut cells = vec![guarded(&run.name), run.state.word().into()];
            let own = settings.iter().map(|s| s.values[place].as_deref());
            cells.extend(own.map(|value| value.map_or(String::new(), guarded)));
            let found = run.found.as_ref();
            for name in &scores {
                let score = found.and_then(|found| found.score(name));
                cells.push(score.map_or(String::new(), |score| score.value.to_string()));
                cells.extend(ends(score.and_then(|score| score.interval())));
            }
            if self.shown.is_some() {
                let difference = self.difference(place);
                cells.push(difference.map_or(String::new(), |(x, _)| x.to_string()));
                cells.extend(ends(difference.and_then(|(_, interval)| interval)));
            }
            cells.extend(found.map_or(last.map(|_| String::new()), cost));
            out += &line(&cells);
        }
        out
    }
}

fn cost(found: &Found) -> [String; 9] {
    let (bound, cost) = (&found.bound, &found.cost);
    let number = |x: Option<f64>| x.map_or(String::new(), |x| x.to_string());
    [
        bound.quantity.into(),
        bound.value.to_string(),
        number(bound.log_evidence),
        bound.training_examples.to_string(),
        cost.weights.to_string(),
        cost.epochs.to_string(),
        number(cost.seconds),
        number(cost.examples_per_second),
        guarded(&found.examples.name),
    ]
}

fn ends(interval: Option<[f64; 2]>) -> [String; 2] {
    interval.map_or([String::new(), String::new()], |ends| {
        ends.map(|x| x.to_string())
    })
}

/// A line of these cells.
pub(super) fn line(cells: &[String]) -> String {
    let mut writer = csv::Writer::from_writer(vec![]);
    writer.write_record(cells).expect("in memory");
    let bytes = writer.into_inner().expect("in memory");
    String::from_utf8(bytes).expect("cells are text")
}

/// A text that a spreadsheet would take for a formula has an apostrophe before it.
pub(super) fn guarded(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    match is_formula && cell.parse::<f64>().is_err() {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_no_formulas() {
        let cells = ["a", "b,c", "d\"e", "=1+2", "-0.5", "+x", "@y"].map(guarded);
        assert_eq!(line(&cells), "a,\"b,c\",\"d\"\"e\",'=1+2,-0.5,'+x,'@y\n");
    }
}
