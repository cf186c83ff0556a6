//! A whole LaTeX article. It needs amsmath, amssymb, booktabs, geometry, natbib and tabularx, which
//! every TeX installation has.

use super::render::{Format, line};
use super::text::Text;
use super::{Align, Document, Table};
use crate::bibliography::Reference;
use crate::maths::{Maths, Start};

const PREAMBLE: &str = r"\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\usepackage[margin=1in]{geometry}
\usepackage{amsmath,amssymb,booktabs,tabularx}
\usepackage[round]{natbib}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6em plus 0.2em}
\setlength{\emergencystretch}{3em}
\renewcommand{\arraystretch}{1.2}
\newcolumntype{L}[1]{>{\hsize=#1\hsize\raggedright\arraybackslash}X}
";

pub(super) struct Latex<'a> {
    /// Its table's cells are measured to share out the width of the page.
    pub(super) document: &'a Document,
}

impl Format for Latex<'_> {
    /// Words, none of whose signs has a meaning to LaTeX.
    fn words(&self, text: &str) -> String {
        text.chars().map(escape).collect()
    }

    fn emphasis(&self, text: &str) -> String {
        format!("\\emph{{{}}}", self.words(text))
    }

    /// Code may be broken after a comma's blank and after marks within a name or a path.
    fn code(&self, text: &str) -> String {
        let mut inside = String::new();
        for c in text.chars() {
            inside += &escape(c);
            if !c.is_alphanumeric() && !" ()[],=".contains(c) {
                inside += "\\allowbreak{}";
            }
        }
        format!(
            "\\texttt{{{}}}",
            inside.replace(' ', "~").replace(",~", ", ")
        )
    }

    fn table_number(&self, label: &str, _: usize) -> String {
        format!("Table~\\ref{{tab:{label}}}")
    }

    fn cite(&self, references: &[&Reference]) -> String {
        let keys: Vec<&str> = references.iter().map(|reference| reference.key).collect();
        format!("\\citep{{{}}}", keys.join(","))
    }

    fn blank_line_ends_paragraph(&self) -> bool {
        true
    }

    fn opening(&self, title: String) -> String {
        format!(
            "{PREAMBLE}\\title{{{title}}}\n\\author{{}}\n\\date{{}}\n\n\\begin{{document}}\n\\maketitle\n"
        )
    }

    fn heading(&self, level: usize, text: String) -> String {
        format!("\\{}section{{{text}}}\n", "sub".repeat(level - 1))
    }

    fn display(&self, maths: &Maths) -> String {
        match &lines(maths)[..] {
            [only] => format!("\\[ {} \\]\n", only.replace('&', "").trim()),
            lines => format!(
                "\\begin{{equation*}}\n\\begin{{split}}\n{}\n\\end{{split}}\n\\end{{equation*}}\n",
                lines.join(" \\\\\n")
            ),
        }
    }

    fn list(&self, items: Vec<String>) -> String {
        let items: String = items
            .iter()
            .map(|item| format!("\\item {item}\n"))
            .collect();
        format!("\\begin{{itemize}}\n{items}\\end{{itemize}}\n")
    }

    fn table(&self, table: &Table, _: &str, caption: &str, rows: &[Vec<String>]) -> String {
        let rows = rows
            .iter()
            .map(|cells| format!("{} \\\\\n", cells.join(" & ")));
        let mut rows: Vec<String> = rows.collect();
        rows.insert(1, "\\midrule\n".into());
        let columns = columns(self.document, table);
        let (name, width) = match columns.contains('L') {
            true => ("tabularx", "{\\textwidth}"),
            false => ("tabular", ""),
        };
        format!(
            "\\begin{{table}}[htbp]\n\\centering\\small\n\\caption{{{caption}}}\n\\label{{tab:{}}}\n\
             \\begin{{{name}}}{width}{{{columns}}}\n\\toprule\n{}\\bottomrule\n\
             \\end{{{name}}}\n\\end{{table}}\n",
            table.label,
            rows.concat()
        )
    }

    fn closing(&self, document: &Document) -> String {
        let item = |r: &&Reference| {
            format!(
                "\\bibitem[{}({})]{{{}}} {}. {} {}, {}.\n",
                self.words(r.names()),
                r.year,
                r.key,
                self.words(r.authors).replace(". ", ".~"),
                self.words(&r.sentence()),
                self.emphasis(r.place),
                r.year
            )
        };
        let items: String = document.references().iter().map(item).collect();
        let references = match items.is_empty() {
            true => String::new(),
            false => format!("\n\\begin{{thebibliography}}{{}}\n{items}\\end{{thebibliography}}\n"),
        };
        references + "\n\\end{document}\n"
    }
}

/// A character as one without a meaning of its own.
fn escape(c: char) -> String {
    let word = match c {
        '&' | '%' | '$' | '#' | '_' | '{' | '}' => return format!("\\{c}"),
        '\\' => "textbackslash",
        '~' => "textasciitilde",
        '^' => "textasciicircum",
        '<' => "textless",
        '>' => "textgreater",
        '|' => "textbar",
        '"' => "textquotedbl",
        '–' => return "--".into(),
        // Letters that T1 fonts have.
        'À'..='ſ' | '\n' | ' '..='~' => return c.into(),
        c => return format!("[U+{:X}]", u32::from(c)),
    };
    format!("\\{word}{{}}")
}

/// How many signs of a formula fit on a line.
const LINE: usize = 78;

/// The lines of a formula, with `&` where they are aligned: at the first relation of a clause.
pub(super) fn lines(maths: &Maths) -> Vec<String> {
    // The mark that keeps an operator from being a sign is needed at the start of a line alone.
    let piece = |piece: &Maths| piece.latex().trim_start_matches("{} ").to_string();
    let line = |line: crate::maths::Line| {
        let mut clauses: Vec<Vec<String>> = line
            .clauses
            .iter()
            .map(|clause| clause.iter().map(piece).collect())
            .collect();
        let mark = match line.start {
            Start::Relation => "&",
            Start::Operator => "&\\qquad {} ",
            Start::Clause { aligned: false } => "&",
            Start::Clause { aligned: true } => {
                clauses[0][1].insert(0, '&');
                ""
            }
        };
        let clauses: Vec<String> = clauses.iter().map(|clause| clause.join(" ")).collect();
        format!("{mark}{}", clauses.join("\\quad "))
    };
    maths.lines(LINE, true).into_iter().map(line).collect()
}

/// The letters of a table's columns. Those that may be broken share the page by the length of their
/// longest cells as text, 1 being the mean share.
fn columns(document: &Document, table: &Table) -> String {
    let text = Text { width: usize::MAX };
    let longest = |column: usize| {
        let cells = table
            .rows
            .iter()
            .map(|row| line(document, &text, &row[column]));
        let longest = cells.map(|cell| cell.chars().count()).max();
        (longest.unwrap_or(0) as f64).clamp(20.0, 60.0)
    };
    let aligned = || table.columns.iter().map(|(_, align)| *align).enumerate();
    let broken = aligned().filter(|(_, align)| *align == Align::Wrap);
    let lengths: Vec<f64> = broken.map(|(at, _)| longest(at)).collect();
    let mean = lengths.iter().sum::<f64>() / lengths.len().max(1) as f64;
    let letter = |(at, align)| match align {
        Align::Left => "l".into(),
        Align::Right => "r".into(),
        Align::Wrap => format!("L{{{:.2}}}", longest(at) / mean),
    };
    aligned().map(letter).collect()
}
