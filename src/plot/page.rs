//! A page of pictures and tables: one HTML file that asks for nothing else, without a script.

use super::Figure;
use super::svg::{self, Use};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// A page.
#[derive(Debug, Default)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// What it is about, in a sentence or two.
    pub lead: String,
    /// What is to be known first: each with its name.
    pub facts: Vec<(String, String)>,
    /// What a reader is to be warned of.
    pub warnings: Vec<String>,
    /// Its sections.
    pub sections: Vec<Section>,
}

/// A section.
#[derive(Debug, Default)]
pub struct Section {
    /// Its title.
    pub title: String,
    /// What it shows.
    pub lead: String,
    /// What it is made of.
    pub blocks: Vec<Block>,
}

/// A part of a section.
#[derive(Debug)]
pub enum Block {
    /// A title of what follows.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// What is not there, and why.
    Note(String),
    /// A few numbers that stand out.
    Headline(Vec<Headline>),
    /// Pictures beside each other.
    Pictures(Vec<Picture>),
    /// A table.
    Table(Table),
    /// Text as it is in a file, shown when it is asked for.
    File {
        /// What it is.
        name: String,
        /// The text.
        text: String,
    },
}

/// A number that stands out.
#[derive(Debug)]
pub struct Headline {
    /// What it is.
    pub name: String,
    /// The number.
    pub value: String,
    /// What stands beneath it, a line each.
    pub beneath: Vec<String>,
}

/// A picture.
#[derive(Debug)]
pub struct Picture {
    /// What is drawn.
    pub figure: Figure,
    /// What it is of, where there are several.
    pub of: String,
    /// How to read it.
    pub reading: String,
}

/// A table.
#[derive(Debug, Default)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// The names of its columns, then its rows.
    pub rows: Vec<Vec<String>>,
    /// Which columns are numbers.
    pub right: Vec<usize>,
    /// Which column is an explanation, if one is.
    pub explanation: Option<usize>,
    /// Whether it is shown only when it is asked for, by this name.
    pub folded: Option<String>,
}

const STYLE: &str = include_str!("page.css");

/// What a page may load: its own style and images that it holds.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

impl Page {
    /// As HTML.
    pub fn html(&self) -> String {
        let style = format!("{STYLE}{}", svg::style());
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta http-equiv="Content-Security-Policy" content=(POLICY);
                    link rel="icon" href="data:,";
                    title { (printed(&self.title)) }
                    style { (PreEscaped(style)) }
                }
                body {
                    header {
                        h1 { (printed(&self.title)) }
                        @if !self.lead.is_empty() { p.lead { (printed(&self.lead)) } }
                        @if !self.facts.is_empty() {
                            dl {
                                @for (name, value) in &self.facts {
                                    dt { (printed(name)) }
                                    dd { (printed(value)) }
                                }
                            }
                        }
                        @for warning in &self.warnings { p.note.warning { (printed(warning)) } }
                        nav {
                            @for (number, section) in self.sections.iter().enumerate() {
                                a href=(format!("#{}", place(number))) { (printed(&section.title)) }
                            }
                        }
                    }
                    main {
                        @for (number, section) in self.sections.iter().enumerate() {
                            section id=(place(number)) { (section.html()) }
                        }
                    }
                    footer { "Written by bnnc " (env!("CARGO_PKG_VERSION")) "." }
                }
            }
        };
        page.into_string() + "\n"
    }
}

/// The anchor of a section.
fn place(number: usize) -> String {
    format!("section-{}", number + 1)
}

/// A foreign text without characters that act on what is around it: they are written as JSON writes them.
fn printed(text: &str) -> std::borrow::Cow<'_, str> {
    crate::words::printable(text)
}

impl Section {
    fn html(&self) -> Markup {
        html! {
            h2 { (printed(&self.title)) }
            @if !self.lead.is_empty() { p.lead { (printed(&self.lead)) } }
            @for block in &self.blocks { (block.html()) }
        }
    }
}

impl Block {
    fn html(&self) -> Markup {
        match self {
            Block::Heading(text) => html! { h3 { (printed(text)) } },
            Block::Text(text) => html! { p { (printed(text)) } },
            Block::Note(text) => html! { p.note { (printed(text)) } },
            Block::Headline(numbers) => html! {
                div.headline {
                    @for number in numbers {
                        div {
                            span { (printed(&number.name)) }
                            b { (printed(&number.value)) }
                            @for line in &number.beneath { span { (printed(line)) } }
                        }
                    }
                }
            },
            Block::Pictures(pictures) => html! {
                div.pictures { @for picture in pictures { (picture.html()) } }
            },
            Block::Table(table) => table.html(),
            Block::File { name, text } => html! {
                details {
                    summary { (printed(name)) }
                    pre { (printed(text)) }
                }
            },
        }
    }
}

impl Picture {
    fn html(&self) -> Markup {
        html! {
            figure {
                (PreEscaped(svg::write(&self.figure, Use::Page)))
                figcaption {
                    @if !self.of.is_empty() { b { (printed(&self.of)) } @if !self.reading.is_empty() { ": " } }
                    span { (printed(&self.reading)) }
                }
            }
        }
    }
}

impl Table {
    fn html(&self) -> Markup {
        let class = |column: usize| match () {
            _ if self.right.contains(&column) => Some("right"),
            _ if self.explanation == Some(column) => Some("what"),
            _ => None,
        };
        let (head, rows) = match self.rows.split_first() {
            Some((head, rows)) => (&head[..], rows),
            None => (&[][..], &[][..]),
        };
        let table = html! {
            div.wide {
                table class=[self.explanation.map(|_| "explained")] {
                    @if !self.caption.is_empty() { caption { (printed(&self.caption)) } }
                    thead { tr {
                        @for (column, cell) in head.iter().enumerate() {
                            th scope="col" class=[class(column)] { (printed(cell)) }
                        }
                    } }
                    tbody {
                        @for row in rows { tr {
                            @for (column, cell) in row.iter().enumerate() {
                                td class=[class(column)] { (printed(cell)) }
                            }
                        } }
                    }
                }
            }
        };
        match &self.folded {
            None => table,
            Some(name) => html! { details { summary { (printed(name)) } (table) } },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(name: &str) -> String {
        let table = Table {
            caption: name.into(),
            rows: vec![vec![name.into(), "b".into()], vec![name.into(), "1".into()]],
            right: vec![1],
            ..Table::default()
        };
        let picture = Picture {
            figure: Figure::new(name),
            of: name.into(),
            reading: name.into(),
        };
        let file = Block::File {
            name: name.into(),
            text: name.into(),
        };
        Page {
            title: name.into(),
            lead: name.into(),
            facts: vec![(name.into(), name.into())],
            warnings: vec![name.into()],
            sections: vec![Section {
                title: name.into(),
                lead: name.into(),
                blocks: vec![
                    Block::Heading(name.into()),
                    Block::Text(name.into()),
                    Block::Note(name.into()),
                    Block::Table(table),
                    Block::Pictures(vec![picture]),
                    file,
                ],
            }],
        }
        .html()
    }

    /// What is foreign comes back as it was, and as text alone, wherever it stands.
    #[cfg(feature = "raster")]
    #[test]
    fn names_are_text_and_the_page_is_well_formed() {
        use resvg::usvg::roxmltree::Document;
        let name = "<script>&amp; \"a\" 'b' </title></style>ü☃]]>";
        let html = page(name);
        assert!(!html.contains("<script"));
        // HTML does not close what has no inside.
        let mut xml = html
            .replace("<!DOCTYPE html>", "")
            .replace(":,\">", ":,\"/>");
        let meta: Vec<String> = (xml.match_indices("<meta"))
            .map(|(at, _)| xml[at..at + xml[at..].find('>').unwrap() + 1].to_owned())
            .collect();
        assert_eq!(meta.len(), 3);
        for tag in meta {
            xml = xml.replace(&tag, &tag.replace("\">", "\"/>"));
        }
        let document = Document::parse(&xml).unwrap();
        let nodes = document.descendants().filter(|node| node.is_text());
        let texts = nodes.filter_map(|node| node.text());
        assert_eq!(texts.filter(|text| text.trim() == name).count(), 20);
    }

    #[test]
    fn nothing_is_loaded() {
        let html = page("a");
        for asks in [
            "src=",
            "http-equiv=\"refresh\"",
            "@import",
            "url(",
            "<script",
            "<iframe",
            "<link rel=\"style",
        ] {
            assert!(!html.contains(asks), "{asks}");
        }
        let addresses = html.match_indices("http").map(|(at, _)| &html[at..at + 12]);
        assert!(
            addresses
                .into_iter()
                .all(|at| at.starts_with("http://www.w") || at.starts_with("http-equiv"))
        );
    }

    #[test]
    fn what_would_turn_the_text_is_written_out() {
        let html = page("a\u{202e}b");
        assert!(
            !html.contains('\u{202e}') && html.contains("a\\u202eb"),
            "{html}"
        );
    }
}
