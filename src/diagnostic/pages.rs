//! The page of each code, which `bnnc explain CODE` prints and `docs/diagnostics/` holds.

/// A code's page.
macro_rules! pages {
    ($($code:literal),* $(,)?) => {
        &[$(($code, include_str!(concat!("../../docs/diagnostics/", $code, ".md")))),*]
    };
}

/// Codes with their pages.
static PAGES: &[(&str, &str)] = pages![];

/// The page of a code, in whatever case it is given.
pub fn page(code: &str) -> Option<&'static str> {
    PAGES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(code))
        .map(|(_, page)| *page)
}

/// Every code that has a page.
pub fn pages() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|(code, _)| *code)
}
