//! Several sources whose rows stand side by side: those of a model's inputs.

use super::{Kind, Source, Stored};
use crate::data::Values;
use crate::diagnostic::Result;

/// Sources of the same number of rows.
struct Beside {
    all: Vec<Stored>,
    kind: Kind,
}

/// The rows of all sources side by side, in the narrowest kind that holds the numbers of all.
///
/// # Errors
///
/// As [`Stored::read`]: float64 is looked through for numbers that float32 does not hold.
pub(in crate::data) fn beside(mut all: Vec<Stored>) -> Result<Stored> {
    if all.len() == 1 {
        return Ok(all.remove(0));
    }
    let mut kind = Kind::U8;
    for one in &all {
        let mut own = one.kind();
        if own == Kind::F64 && kind < Kind::F64 && is_narrow(one)? {
            own = Kind::F32;
        }
        kind = kind.max(own);
    }
    Ok(Stored::new(Beside { all, kind }))
}

/// Whether float32 holds all numbers.
fn is_narrow(stored: &Stored) -> Result<bool> {
    let mut is_narrow = true;
    stored.show(&mut |piece| {
        if let Values::F64(all) = piece.values {
            is_narrow &= all.iter().all(|x| f64::from(*x as f32) == *x || x.is_nan());
        }
    })?;
    Ok(is_narrow)
}

impl Source for Beside {
    fn rows(&self) -> usize {
        self.all[0].rows()
    }

    fn width(&self) -> usize {
        self.all.iter().map(Stored::width).sum()
    }

    fn kind(&self) -> Kind {
        self.kind
    }

    fn read(&self, rows: &[usize]) -> Result<Values> {
        let parts = self.all.iter().map(|one| one.read(rows));
        let parts = parts.collect::<Result<Vec<_>>>()?;
        Ok(in_rows(&parts, rows.len(), self.kind))
    }
}

/// The values of several arrays of as many rows, those of a row one after the other.
pub(in crate::data) fn in_rows(all: &[Values], rows: usize, kind: Kind) -> Values {
    fn each<V>(all: &[Values], rows: usize, of: impl Fn(f64) -> V) -> Vec<V> {
        let mut numbers = Vec::with_capacity(all.iter().map(Values::len).sum());
        for row in 0..rows {
            for values in all {
                let width = values.len() / rows;
                let entries = row * width..(row + 1) * width;
                numbers.extend(entries.map(|entry| of(values.get(entry))));
            }
        }
        numbers
    }
    match kind {
        Kind::U8 => Values::U8(each(all, rows, |x| x as u8)),
        Kind::F32 => Values::F32(each(all, rows, |x| x as f32)),
        Kind::F64 => Values::F64(each(all, rows, |x| x)),
    }
}
