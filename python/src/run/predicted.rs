//! Predictions of some rows, and how those of several rows are put together.

use bnnc::diagnostic::Result;
use bnnc::engine::Predictor;
use bnnc::evaluate::{self, Wanted, not_finite};
use bnnc::examples::Part;
use bnnc::likelihood::{Detail, Predictive, Quantile};
use bnnc::predict::Cells;

/// What is predicted of some rows of a target: its predictions, and what each draw predicts of each, one example's draws
/// after the other.
pub(super) struct Predicted {
    pub(super) predicted: Predictive,
    pub(super) kept: Vec<f64>,
}

pub(super) fn predict(
    predictor: &mut dyn Predictor,
    part: &Part,
    (draws, seed): (usize, u64),
    quantiles: &[f64],
    keep: bool,
) -> Result<Predicted> {
    let row = part.summary.row();
    let mut kept = vec![0.0; if keep { part.len() * draws * row } else { 0 }];
    let mut watch = |place: usize, draw: usize, own: &[f64]| {
        kept[(place * draws + draw) * row..][..row].copy_from_slice(own);
    };
    let is_image = part.kind.axes().is_some();
    let detail = match quantiles.is_empty() || is_image {
        true => Detail::Moments,
        false => Detail::Quantiles,
    };
    let wanted = Wanted {
        quantiles: quantiles.iter().map(|p| Quantile::of(*p)).collect(),
        watch: if keep { Some(&mut watch) } else { None },
        ..Wanted::new(draws, seed, detail)
    };
    let (predicted, broken) = evaluate::predict_some(predictor, part, wanted)?;
    match broken.first() {
        None => Ok(Predicted { predicted, kept }),
        Some(first) => {
            let farthest = part.farthest_input(*first);
            Err(not_finite(broken.len(), *first, part.len(), farthest))
        }
    }
}

/// Appends the entries of further examples.
pub(super) fn append(cells: &mut Cells, further: Cells) {
    match (cells, further) {
        (Cells::Numbers(all), Cells::Numbers(further))
        | (Cells::Whole(all), Cells::Whole(further)) => all.extend(further),
        (Cells::Texts(all), Cells::Texts(further)) => all.extend(further),
        _ => {}
    }
}

/// The entries of single draws, one draw's examples after the other; `chunks` have them an example's draws after the
/// other.
pub(super) fn by_draw(
    chunks: &[Vec<f64>],
    draws: usize,
    entries: usize,
    examples: usize,
) -> Vec<f64> {
    let mut all = Vec::with_capacity(draws * examples * entries);
    for draw in 0..draws {
        for of_example in chunks
            .iter()
            .flat_map(|chunk| chunk.chunks_exact(draws * entries))
        {
            all.extend_from_slice(&of_example[draw * entries..][..entries]);
        }
    }
    all
}
