//! Lists, counts, numbers and line breaks, as every message and report has them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::Hash;

/// `a`, `b` and `c`, each in backquotes.
pub fn list<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    let quoted = words.into_iter().map(|word| format!("`{}`", word.as_ref()));
    join(quoted.collect(), "and")
}

/// The items with commas, and `last` before the last of them.
pub fn join(mut items: Vec<String>, last: &str) -> String {
    match (items.pop(), items.is_empty()) {
        (None, _) => "none".into(),
        (Some(only), true) => only,
        (Some(end), false) => format!("{} {last} {end}", items.join(", ")),
    }
}

/// `1 entry`, `3 entries`.
pub fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// `1 weight`, `4,800 weights`
pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(n), if n == 1 { one } else { many })
}

/// `1 epoch`, `20 epochs`.
pub fn plural(n: usize, what: &str) -> String {
    count(n, what, &format!("{what}s"))
}

/// Each item once, in the order in which they come first.
pub fn distinct<T: Eq + Hash + Clone>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    let items = items.into_iter();
    items.filter(|item| seen.insert(item.clone())).collect()
}

/// Items with the same key together, in the order in which the keys come first.
pub fn grouped<T: Copy, K: PartialEq>(items: &[T], key: impl Fn(T) -> K) -> Vec<(K, Vec<T>)> {
    let mut groups: Vec<(K, Vec<T>)> = Vec::new();
    for &item in items {
        let key = key(item);
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, group)) => group.push(item),
            None => groups.push((key, vec![item])),
        }
    }
    groups
}

/// `163,840`
pub fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A foreign text as a terminal may show it: characters that would move the cursor, colour what follows or turn the
/// direction of reading are written as JSON writes them, `\u001b`. Line breaks and tabs stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    let acts = |c: char| {
        let turns = matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        turns || c.is_control() && !matches!(c, '\n' | '\t')
    };
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match acts(c) {
            true => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// A foreign text on one line, as a comment of a file has it: [`printable`], with blanks in place of line breaks and tabs.
pub fn on_one_line(text: &str) -> String {
    printable(text).replace(['\n', '\t'], " ")
}

/// An amount of memory, rounded up: `12 KiB`, `100 MiB`, `342 GiB`.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut unit = 0;
    // Of ten units of the next size on, these have digits enough.
    while unit < 1 && n >= 1 << 20 || unit > 0 && unit < 5 && n >> (10 * unit + 20) >= 10 {
        unit += 1;
    }
    format!("{} {}", n.div_ceil(1 << (10 * (unit + 1))), UNITS[unit])
}

/// Four significant digits: `23.00`, `0.2430`, `1.381e6`.
pub fn short(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 {
        return "0".into();
    }
    if !(1e-4..1e6).contains(&magnitude) {
        return format!("{value:.3e}");
    }
    let digits = (3 - magnitude.log10().floor() as i32).clamp(0, 7) as usize;
    format!("{value:.digits$}")
}

/// `text` in lines of up to `width` characters; a longer word has a line of its own.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is a first line");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= width {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// `text` after `head` within `width` columns, further lines under its beginning.
pub fn wrapped(head: &str, text: &str, width: usize) -> String {
    let indent = head.chars().count();
    let lines = wrap(text, width.saturating_sub(indent));
    let under = format!("\n{:indent$}", "");
    format!("{head}{}\n", lines.join(&under))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_well() {
        assert_eq!(list::<&str>([]), "none");
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(plural(1, "epoch"), "1 epoch");
    }

    #[test]
    fn what_is_alike_stands_together() {
        assert_eq!(distinct([2, 1, 2]), [2, 1]);
        let groups = grouped(&[3, 4, 5], |n| n % 2);
        assert_eq!(groups, [(1, vec![3, 5]), (0, vec![4])]);
    }

    #[test]
    fn what_would_act_on_a_terminal_is_written_out() {
        let text = "\u{1b}[2J\u{9b}\r\u{202e}a\n\té";
        assert_eq!(printable(text), "\\u001b[2J\\u009b\\u000d\\u202ea\n\té");
        assert!(matches!(printable("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn numbers_keep_four_digits() {
        assert_eq!(short(22.9998), "23.00");
        assert_eq!(short(0.24298), "0.2430");
        assert_eq!(short(1_379_988.0), "1.380e6");
        assert_eq!(thousands(163_840), "163,840");
        assert_eq!(thousands(64), "64");
        let sizes = [1, 1 << 20, 10 << 20, 10 << 30, 10 << 40, u64::MAX].map(bytes);
        assert_eq!(
            sizes,
            ["1 KiB", "1 MiB", "10 MiB", "10 GiB", "10 TiB", "16 EiB"]
        );
    }

    #[test]
    fn words_are_wrapped_where_they_fit() {
        assert_eq!(wrap("a bb ccc dddd", 6), ["a bb", "ccc", "dddd"]);
        assert_eq!(wrap("", 6), [""]);
        assert_eq!(wrapped("h  ", "a bb ccc", 8), "h  a bb\n   ccc\n");
    }
}
