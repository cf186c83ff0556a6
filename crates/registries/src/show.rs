//! Numbers as people read them.

/// A number as messages and the IR print it: `0.1`, `1e-5`, `4`.
pub fn show(value: f64) -> String {
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
    use super::show;

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
