//! Numbers as a paper writes them.

use super::when;
use crate::show;

/// A number: with few digits as it is, else as a root or a power of e if it is one, else with as many
/// digits as tell it from its neighbours, and a share from all or nothing.
pub(super) fn number(value: f64) -> String {
    let shown = show(value);
    if shown.parse() == Ok(value) || !value.is_finite() {
        return shown;
    }
    let sign = when(value < 0.0, "-");
    let magnitude = value.abs();
    let whole = |x: f64| {
        let near = (x - x.round()).abs() < 1e-9 * x.abs() && (1.0..1e9).contains(&x.round());
        near.then(|| x.round())
    };
    let square = magnitude * magnitude;
    // The square as a fraction of whole numbers.
    for (above, below) in [
        (whole(square), Some(1.0)),
        (Some(1.0), whole(1.0 / square)),
        (Some(2.0), whole(2.0 / square)),
        (Some(3.0), whole(3.0 / square)),
    ] {
        let (Some(above), Some(below)) = (above, below) else {
            continue;
        };
        // √4 is 2, and what is a little less than 1 is not √1.
        let root = (above / below).sqrt();
        if show(root).parse() == Ok(root) {
            continue;
        }
        return match (above, below) {
            (_, 1.0) => format!("{sign}sqrt({above})"),
            (1.0, _) => format!("{sign}1/sqrt({below})"),
            _ => format!("{sign}sqrt({above}/{below})"),
        };
    }
    match whole(magnitude.ln().abs()) {
        Some(power) => format!("{sign}e^{}{power}", when(magnitude < 1.0, "-")),
        None => digits(value),
    }
}

/// With as few significant digits as leave an error of 1e-9, of the number and of what it lacks to 1.
fn digits(value: f64) -> String {
    let error = 1e-9 * value.abs().min((1.0 - value.abs()).abs());
    let texts = (6..17).map(|digits| format!("{value:.digits$e}"));
    let near = |number: &f64| (number - value).abs() <= error;
    let mut numbers = texts.filter_map(|text| text.parse().ok());
    numbers.find(near).unwrap_or(value).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_what_it_is() {
        for (value, text) in [
            (0.1, "0.1"),
            (8f64.sqrt().recip(), "1/sqrt(8)"),
            (2f64.sqrt(), "sqrt(2)"),
            (-(2f64 / 7.0).sqrt(), "-sqrt(2/7)"),
            ((-6f64).exp(), "e^-6"),
            (0.1 + 0.2, "0.3"),
            (0.999_999_9, "0.9999999"),
            (1.0 - 1e-10, "0.9999999999"),
            (1.0 + 1e-10, "1.0000000001"),
            (123_456.789, "123456.789"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
