//! What each code means: the rows of `docs/diagnostics.md`, which `bnnc explain CODE` prints.

/// The page of all codes.
static TABLE: &str = include_str!("../../docs/diagnostics.md");

/// Codes with what they mean.
fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.lines().filter_map(|line| {
        let (code, meaning) = line.strip_prefix("| ")?.split_once(" | ")?;
        let digits = code.strip_prefix('E')?;
        let is_code = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit());
        is_code.then(|| (code, meaning.trim_end_matches(['|', ' '])))
    })
}

/// What a code means, in whatever case it is given.
pub fn page(code: &str) -> Option<&'static str> {
    rows()
        .find(|(known, _)| known.eq_ignore_ascii_case(code))
        .map(|(_, meaning)| meaning)
}

/// Every code.
pub fn pages() -> impl Iterator<Item = &'static str> {
    rows().map(|(code, _)| code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_leads_to_what_it_means() {
        assert!(page("e0401").unwrap().contains("infinite"));
        assert!(page("E04").is_none());
        assert!(pages().count() > 50);
    }
}
