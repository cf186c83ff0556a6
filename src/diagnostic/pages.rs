//! The page of each code, which `bnnc explain CODE` prints: what it means, an example, what to do.

/// Codes with their pages in the book.
macro_rules! pages {
    ($($code:literal),* $(,)?) => {
        &[$(($code, include_str!(concat!("../../docs/diagnostics/", $code, ".md")))),*]
    };
}

/// Every code.
static PAGES: &[(&str, &str)] = pages![
    "E0101", "E0102", "E0103", "E0104", "E0105", "E0106", "E0107", "E0201", "E0202", "E0203",
    "E0204", "E0205", "E0206", "E0207", "E0208", "E0209", "E0210", "E0211", "E0212", "E0213",
    "E0214", "E0215", "E0216", "E0217", "E0218", "E0220", "E0221", "E0301", "E0302", "E0303",
    "E0304", "E0305", "E0306", "E0307", "E0308", "E0309", "E0401", "E0402", "E0403", "E0404",
    "E0405", "E0406", "E0407", "E0408", "E0409", "E0410", "E0411", "E0412", "E0413", "E0415",
    "E0416", "E0417", "E0418", "E0419", "E0420", "E0421", "E0501", "E0502", "E0503", "E0504",
    "E0505", "E0506", "E0507", "E0508", "E0509", "E0510", "E0511", "E0512", "E0513", "E0514",
    "E0515", "E0601", "E0602", "E0603", "E0604", "E0605", "E0606", "E0607", "E0608", "E0609",
    "E0610", "E0611", "E0612", "E0613", "E0614", "E0615", "E0616", "E0618", "E0619", "E0620",
];

/// The page of a code, in whatever case it is given.
pub fn page(code: &str) -> Option<&'static str> {
    let mut all = PAGES.iter();
    all.find(|(known, _)| known.eq_ignore_ascii_case(code))
        .map(|(_, page)| *page)
}

/// Every code.
pub fn pages() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|(code, _)| *code)
}
