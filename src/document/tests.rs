use super::*;

fn sample() -> Document {
    let mut document = Document::new("The model `a_b`");
    document.heading("Loss & <co>");
    document.prose("The loss $L = KL(q || p)/N$ of `a_b.kernel` [@kingma2014; @graves2011] is $$L = 1/N sum_n l_n + 1/N KL(q || p) + a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q,$$ see [#terms].\n\nA new 100% paragraph costs 5\\$.");
    let rows = [vec!["nll".into(), "1,000".into(), "$1/B$ | x".into()]];
    document.table(
        "terms",
        "Its terms.",
        &[
            ("term", Align::Left),
            ("weights", Align::Right),
            ("scale", Align::Wrap),
        ],
        &rows,
    );
    document.list(&["one".into(), literal("two $ [@x] \\")]);
    document
}

#[test]
fn as_text() {
    insta::assert_snapshot!(sample().text(60));
    assert!(
        sample()
            .text(60)
            .lines()
            .all(|line| line.chars().count() <= 60)
    );
}

#[test]
fn as_markdown() {
    insta::assert_snapshot!(sample().markdown());
}

#[test]
fn as_latex() {
    insta::assert_snapshot!(sample().latex());
}

#[test]
fn only_what_is_cited_is_a_reference() {
    let keys: Vec<&str> = sample().references().iter().map(|r| r.key).collect();
    assert_eq!(keys, ["graves2011", "kingma2014"]);
}

#[test]
fn text_with_marks_is_taken_apart() {
    assert_eq!(inlines("a \\$ b"), [Inline::Text("a $ b".into())]);
    assert_eq!(
        inlines("[@nobody1900] $"),
        [Inline::Text("[@nobody1900] $".into())]
    );
    for text in ["$x$ `c` [#t]", "\\", "a\u{7}b", "[@", "é$"] {
        assert_eq!(inlines(&literal(text)).len(), 1, "{text}");
        assert_eq!(inlines(&code(text)).len(), 1, "{text}");
    }
}
