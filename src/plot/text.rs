//! How wide words are, roughly: layouts do not depend on which font a reader has.

/// An upper bound for common fonts of the width of a text whose letters are of this size.
pub fn width(text: &str, size: f64) -> f64 {
    let letter = |c: char| match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '|' | '\'' | ' ' => 0.34,
        'f' | 'r' | 't' | '(' | ')' | '-' | '/' | '[' | ']' => 0.42,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.95,
        'A'..='Z' => 0.72,
        _ if c.is_ascii() => 0.62,
        // Letters of scripts that are set wide.
        _ if c as u32 >= 0x2e80 => 1.0,
        _ => 0.65,
    };
    text.chars().map(letter).sum::<f64>() * size
}

/// The text, or as much of its beginning and end as there is room for.
pub fn fit(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.into();
    }
    let letters: Vec<char> = text.chars().collect();
    for kept in (2..letters.len()).rev() {
        let (head, tail) = (kept.div_ceil(2), kept / 2);
        let short: String = (letters[..head].iter().chain(&['…']))
            .chain(&letters[letters.len() - tail..])
            .collect();
        if width(&short, size) <= room {
            return short;
        }
    }
    "…".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_ends() {
        assert_eq!(fit("conv1.kernel", 12.0, 200.0), "conv1.kernel");
        let short = fit("stage3.block2.conv1.kernel", 12.0, 100.0);
        assert!(
            short.starts_with("stage3") && short.ends_with("rnel"),
            "{short}"
        );
        assert!(width(&short, 12.0) <= 100.0);
    }
}
