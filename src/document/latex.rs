//! A whole LaTeX article. It needs amsmath, amssymb, booktabs, geometry, natbib and tabularx, which
//! every TeX installation has.

use super::{Align, Block, Document, Inline, Table};
use crate::maths::Maths;

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

pub(super) fn write(document: &Document) -> String {
    let mut out = PREAMBLE.to_string();
    out += &format!(
        "\\title{{{}}}\n\\author{{}}\n\\date{{}}\n",
        line(&document.title)
    );
    out += "\n\\begin{document}\n\\maketitle\n";
    let mut before: Option<&Block> = None;
    for block in &document.blocks {
        // What follows a formula goes on with its sentence.
        let goes_on = match (before, block) {
            (Some(Block::Paragraph(_)), Block::Display(_)) => true,
            (Some(Block::Display(_)), Block::Paragraph(text)) => starts_small(text),
            _ => false,
        };
        if !goes_on {
            out.push('\n');
        }
        match block {
            Block::Heading(text) => out += &format!("\\section{{{}}}\n", line(text)),
            Block::Subheading(text) => out += &format!("\\subsection{{{}}}\n", line(text)),
            Block::Paragraph(text) => out += &format!("{}\n", line(text)),
            Block::Display(maths) => display(maths, &mut out),
            Block::List(items) => {
                out += "\\begin{itemize}\n";
                for item in items {
                    out += &format!("\\item {}\n", line(item));
                }
                out += "\\end{itemize}\n";
            }
            Block::Table(found) => table(found, &mut out),
        }
        before = Some(block);
    }
    references(document, &mut out);
    out += "\n\\end{document}\n";
    out
}

/// Whether it goes on with a sentence.
fn starts_small(parts: &[Inline]) -> bool {
    matches!(parts.first(), Some(Inline::Text(text)) if text.starts_with(char::is_lowercase))
}

fn references(document: &Document, out: &mut String) {
    let references = document.references();
    if references.is_empty() {
        return;
    }
    *out += "\n\\begin{thebibliography}{}\n";
    for r in references {
        let stop = if r.title.ends_with('?') { "" } else { "." };
        *out += &format!(
            "\\bibitem[{}({})]{{{}}} {}. {}{stop} \\emph{{{}}}, {}.\n",
            escape(r.names()),
            r.year,
            r.key,
            escape(r.authors).replace(". ", ".~"),
            escape(r.title),
            escape(r.place),
            r.year
        );
    }
    *out += "\\end{thebibliography}\n";
}

fn line(parts: &[Inline]) -> String {
    let mut out = String::new();
    for part in parts {
        match part {
            Inline::Text(text) => out += &escape(text),
            Inline::Lead(text) => out += &format!("\\emph{{{}}}", escape(text)),
            Inline::Code(text) => out += &code(text),
            Inline::Maths(maths) => out += &format!("${}$", maths.latex()),
            Inline::Cite(references) => {
                let keys: Vec<&str> = references.iter().map(|r| r.key).collect();
                out += &format!("\\citep{{{}}}", keys.join(","));
            }
            Inline::Table(label) => out += &format!("Table~\\ref{{tab:{label}}}"),
        }
    }
    out
}

/// Words of which no sign has a meaning of its own.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => out += &format!("\\{c}"),
            '\\' => out += "\\textbackslash{}",
            '~' => out += "\\textasciitilde{}",
            '^' => out += "\\textasciicircum{}",
            '<' => out += "\\textless{}",
            '>' => out += "\\textgreater{}",
            '|' => out += "\\textbar{}",
            '"' => out += "\\textquotedbl{}",
            // Letters that T1 fonts have.
            'À'..='ſ' | '\n' | ' '..='~' => out.push(c),
            '–' => out += "--",
            c => out += &format!("[U+{:X}]", u32::from(c)),
        }
    }
    out
}

/// Code, which may be broken after a comma's blank and after marks within a name or a path.
fn code(text: &str) -> String {
    let mut inside = String::new();
    for c in text.chars() {
        inside += &escape(&c.to_string());
        if !c.is_alphanumeric() && !" ()[],=".contains(c) {
            inside += "\\allowbreak{}";
        }
    }
    let inside = inside.replace(' ', "~").replace(",~", ", ");
    format!("\\texttt{{{inside}}}")
}

/// How many signs fit on a line.
const LINE: usize = 78;

/// The lines of a formula, `&` where they are aligned: each part between commas that does not fit on a
/// line begins one, at its first relation if it has one.
pub(super) fn lines(maths: &Maths) -> Vec<String> {
    let length = |piece: &Maths| piece.plain().chars().count() + 1;
    let mut lines: Vec<String> = Vec::new();
    let mut used = 0;
    for clause in maths.clauses() {
        let whole: usize = clause.iter().map(length).sum();
        let aligned = clause.get(1).is_some_and(starts_with_relation);
        let indent = if aligned { length(&clause[0]) } else { 0 };
        if lines.is_empty() || used + whole > LINE {
            lines.push(if aligned { String::new() } else { "&".into() });
            used = 0;
        } else if let Some(line) = lines.last_mut() {
            *line += "\\quad ";
        }
        let begins = used == 0;
        for (index, piece) in clause.iter().enumerate() {
            let relation = starts_with_relation(piece);
            if index > 1 && used + length(piece) > LINE {
                lines.push(if relation { "&" } else { "&\\qquad " }.into());
                used = indent + if relation { 0 } else { 4 };
            }
            let Some(line) = lines.last_mut() else {
                continue;
            };
            if index == 1 && aligned && begins {
                *line += " &";
            } else if !line.is_empty() && !line.ends_with(['&', ' ']) {
                line.push(' ');
            }
            // What keeps an operator from being a sign is needed where nothing else stands before it.
            let latex = piece.latex();
            let first = line.is_empty() || line.ends_with('&') || line.ends_with("\\qquad ");
            *line += match latex.strip_prefix("{} ") {
                Some(bare) if !first || relation => bare,
                _ => &latex,
            };
            used += length(piece);
        }
    }
    lines
}

fn starts_with_relation(piece: &Maths) -> bool {
    let text = piece.plain();
    ["=", "≈", "~", "≤", "∈", "≔"]
        .iter()
        .any(|mark| text.starts_with(mark))
}

fn display(maths: &Maths, out: &mut String) {
    let lines = lines(maths);
    match &lines[..] {
        [only] => *out += &format!("\\[ {} \\]\n", only.replace('&', "").trim()),
        _ => {
            *out += &format!(
                "\\begin{{equation*}}\n\\begin{{split}}\n{}\n\\end{{split}}\n\\end{{equation*}}\n",
                lines.join(" \\\\\n")
            );
        }
    }
}

/// Signs that are seen of a line.
fn length(parts: &[Inline]) -> usize {
    let of = |part: &Inline| match part {
        Inline::Text(text) | Inline::Lead(text) | Inline::Code(text) => text.chars().count(),
        Inline::Maths(maths) => maths.plain().chars().count(),
        Inline::Cite(references) => references.iter().map(|r| r.label.len() + 2).sum(),
        Inline::Table(_) => 8,
    };
    parts.iter().map(of).sum()
}

/// What part of the room each column that is broken takes, 1 in the mean, by the length of its cells.
fn shares(table: &Table) -> Vec<f64> {
    let longest = |column: usize| {
        let cells = table.rows.iter().filter_map(|row| row.get(column));
        let most = cells.map(|cell| length(cell)).max().unwrap_or(0);
        (most as f64).clamp(20.0, 60.0)
    };
    let broken = |column: &usize| table.columns[*column].align == Align::Wrap;
    let columns: Vec<usize> = (0..table.columns.len()).filter(broken).collect();
    let mean = columns.iter().map(|c| longest(*c)).sum::<f64>() / columns.len().max(1) as f64;
    (0..table.columns.len())
        .map(|column| longest(column) / mean)
        .collect()
}

fn table(table: &Table, out: &mut String) {
    let wide = table
        .columns
        .iter()
        .any(|column| column.align == Align::Wrap);
    let shares = shares(table);
    let letters: String = table
        .columns
        .iter()
        .zip(&shares)
        .map(|(column, share)| match column.align {
            Align::Left => "l".into(),
            Align::Right => "r".into(),
            Align::Wrap => format!("L{{{share:.2}}}"),
        })
        .collect();
    let (open, close) = match wide {
        true => (
            format!("\\begin{{tabularx}}{{\\textwidth}}{{{letters}}}"),
            "\\end{tabularx}",
        ),
        false => (format!("\\begin{{tabular}}{{{letters}}}"), "\\end{tabular}"),
    };
    let caption = line(&table.caption);
    *out += &format!("\\begin{{table}}[htbp]\n\\centering\\small\n\\caption{{{caption}}}\n");
    *out += &format!("\\label{{tab:{}}}\n{open}\n\\toprule\n", table.label);
    let titles: Vec<String> = table.columns.iter().map(|c| escape(c.title)).collect();
    *out += &format!("{} \\\\\n\\midrule\n", titles.join(" & "));
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(|cell| line(cell)).collect();
        *out += &format!("{} \\\\\n", cells.join(" & "));
    }
    *out += &format!("\\bottomrule\n{close}\n\\end{{table}}\n");
}
