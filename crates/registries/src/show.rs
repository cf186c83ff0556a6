//! Numbers as people read them.

use std::cell::Cell;

thread_local! {
    static ALL_DIGITS: Cell<bool> = const { Cell::new(false) };
}

/// What `print` prints, with every digit of each number that goes through [`show`].
///
/// Two texts compared this way differ wherever a number differs, even in its last digit.
pub fn with_all_digits<R>(print: impl FnOnce() -> R) -> R {
    let before = ALL_DIGITS.replace(true);
    let printed = print();
    ALL_DIGITS.set(before);
    printed
}

/// A number as messages and the IR print it: `0.1`, `1e-5`, `4`.
pub fn show(value: f64) -> String {
    if ALL_DIGITS.get() {
        return format!("{value:?}");
    }
    let magnitude = value.abs();
    if value != 0.0 && !(1e-4..1e7).contains(&magnitude) {
        return trim(format!("{value:.6e}"));
    }
    // Six significant digits; whole numbers whole.
    if value.fract() == 0.0 {
        return format!("{value}");
    }
    let digits = (5 - magnitude.log10().floor() as i32).clamp(0, 12) as usize;
    trim(format!("{value:.digits$}"))
}

fn trim(text: String) -> String {
    let (mantissa, exponent) = match text.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, format!("e{exponent}")),
        None => (text.as_str(), String::new()),
    };
    if !mantissa.contains('.') {
        return text;
    }
    format!(
        "{}{exponent}",
        mantissa.trim_end_matches('0').trim_end_matches('.')
    )
}

#[cfg(test)]
mod tests {
    use super::{show, with_all_digits};

    #[test]
    fn every_digit_where_it_is_asked_for() {
        assert_eq!(with_all_digits(|| show(1.000_000_01)), "1.00000001");
        assert_eq!(show(1.000_000_01), "1");
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.1, "0.1"),
            (1.0 / 3.0, "0.333333"),
            (64.0, "64"),
            (1e-9, "1e-9"),
            (0.0, "0"),
            (-0.017_008_4, "-0.0170084"),
            (123_456.789, "123457"),
            (5e10, "5e10"),
        ] {
            assert_eq!(show(value), text);
        }
    }
}
