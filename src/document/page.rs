//! A page of the book as a terminal shows it: its Markdown set in lines of the terminal's width.
//!
//! Pages are this program's own, and use little of Markdown: headings, paragraphs, lists, tables, blocks of code,
//! links, `code` and **bold** words.

use super::Align;
use super::grid::{fits, grid};
use crate::words::wrapped;

/// What shows the page that a link leads to: a command, or an address; `None` where there is nothing to show.
pub type Leads<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A page within `width` columns, and below it where its links lead.
pub fn page(markdown: &str, width: usize, leads: Leads) -> String {
    let mut setter = Setter {
        width,
        leads,
        out: String::new(),
        links: vec![],
    };
    let lines: Vec<&str> = markdown.lines().collect();
    let mut at = 0;
    while at < lines.len() {
        at = setter.block(&lines, at);
    }
    setter.finish()
}

struct Setter<'a> {
    width: usize,
    leads: Leads<'a>,
    out: String,
    /// Where links lead, and their words.
    links: Vec<(String, String)>,
}

impl Setter<'_> {
    /// Sets the block that begins at a line; the line after it.
    fn block(&mut self, lines: &[&str], at: usize) -> usize {
        let line = lines[at];
        let run = |holds: &dyn Fn(&str) -> bool| {
            let rest = lines[at + 1..].iter();
            at + 1 + rest.take_while(|line| holds(line)).count()
        };
        if line.starts_with("```") {
            let end = run(&|line| !line.starts_with("```"));
            self.code(&lines[at + 1..end]);
            return end + 1;
        }
        if line.starts_with("    ") {
            let end = run(&|line| line.starts_with("    ") || line.is_empty());
            let code = lines[at..end]
                .iter()
                .map(|line| line.get(4..).unwrap_or(""));
            let code: Vec<&str> = code.collect();
            self.code(&code);
            return end;
        }
        if line.trim().is_empty() {
            return at + 1;
        }
        if line.starts_with('#') {
            self.heading(line);
            return at + 1;
        }
        if line.starts_with('|') {
            let end = run(&|line| line.starts_with('|'));
            self.table(&lines[at..end]);
            return end;
        }
        let is_item = item(line).is_some();
        let end = run(&|line| {
            !line.trim().is_empty() && item(line).is_none() && !line.starts_with(['#', '|', '`'])
                || line.starts_with('`') && !line.starts_with("```")
        });
        let text = lines[at..end].join(" ");
        let follows_item = is_item && at > 0 && !lines[at - 1].trim().is_empty();
        let (head, text) = item(&text).unwrap_or(("".into(), &text));
        let text = self.inline(text);
        if !follows_item {
            self.gap();
        }
        self.out += &wrapped(&head, &text, self.width);
        end
    }

    /// A blank line between blocks.
    fn gap(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn code(&mut self, lines: &[&str]) {
        self.gap();
        let text = lines.join("\n");
        for line in text.trim_end().lines() {
            self.out += format!("    {line}").trim_end();
            self.out.push('\n');
        }
    }

    fn heading(&mut self, line: &str) {
        let level = line.chars().take_while(|c| *c == '#').count();
        let text = self.inline(line[level..].trim());
        self.gap();
        let rule = match level {
            1 => "═",
            2 => "─",
            _ => "",
        };
        self.out += &format!("{text}\n");
        if level < 3 {
            let length = text.chars().count().min(self.width);
            self.out += &format!("{}\n", rule.repeat(length));
        }
    }

    fn table(&mut self, lines: &[&str]) {
        let mut rows: Vec<Vec<String>> = lines.iter().map(|line| cells(line)).collect();
        let marks = if rows.len() > 1 {
            rows.remove(1)
        } else {
            vec![]
        };
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        for row in &mut rows {
            for cell in row.iter_mut() {
                *cell = self.inline(cell);
            }
            row.resize(columns, String::new());
        }
        let align = |c: usize| match marks.get(c) {
            Some(mark) if mark.ends_with(':') => Align::Right,
            _ => Align::Wrap,
        };
        let align: Vec<Align> = (0..columns).map(align).collect();
        let heading = rows[0].iter().any(|cell| !cell.is_empty());
        if !heading {
            rows.remove(0);
        }
        self.gap();
        if fits(&rows, &align, self.width) {
            self.out += &grid(&rows, &align, self.width, heading);
            return;
        }
        // Too wide for a table: each row a paragraph under its first cell.
        let heads = if heading { rows.remove(0) } else { vec![] };
        for row in rows {
            self.out += &wrapped("  ", &row[0], self.width);
            for (c, cell) in row
                .iter()
                .enumerate()
                .skip(1)
                .filter(|(_, cell)| !cell.is_empty())
            {
                let head = heads.get(c).filter(|head| !head.is_empty());
                let head = head.map_or(String::new(), |head| format!("{head}: "));
                self.out += &wrapped("      ", &format!("{head}{cell}"), self.width);
            }
        }
    }

    /// Words without their marks; links are kept for the end.
    fn inline(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if let Some((code, after)) = between(rest, "`", "`") {
                // Its blanks are no places to break a line at, where it is short.
                out += code;
                rest = after;
            } else if let Some((bold, after)) = between(rest, "**", "**") {
                out += &self.inline(bold);
                rest = after;
            } else if let Some((words, after)) = emphasis(rest) {
                out += words;
                rest = after;
            } else if let Some((words, target, after)) = link(rest) {
                let words = self.inline(words);
                self.link(&words, target);
                out += &words;
                rest = after;
            } else {
                rest = &rest[c.len_utf8()..];
                match (c, rest.chars().next()) {
                    ('\\', Some(escaped)) if escaped.is_ascii_punctuation() => {
                        out.push(escaped);
                        rest = &rest[escaped.len_utf8()..];
                    }
                    _ => out.push(c),
                }
            }
        }
        out
    }

    fn link(&mut self, words: &str, target: &str) {
        if let Some(leads) = (self.leads)(target) {
            let is_new = !self.links.iter().any(|(known, _)| *known == leads);
            if is_new {
                self.links.push((leads, words.to_owned()));
            }
        }
    }

    /// The page, and where its links lead.
    fn finish(mut self) -> String {
        if self.links.is_empty() {
            return self.out;
        }
        self.out += "\nmore\n";
        let longest = self.links.iter().map(|(leads, _)| leads.chars().count());
        let longest = longest.filter(|n| *n <= 40).max().unwrap_or(0);
        for (leads, words) in &self.links {
            // A word that the command has needs no saying twice.
            let says = leads.to_lowercase().ends_with(&words.to_lowercase());
            let line = match says {
                true => format!("  {leads}\n"),
                false => wrapped(&format!("  {leads:<longest$}  "), words, self.width),
            };
            self.out += &line;
        }
        self.out
    }
}

/// The mark of a list's item with the blanks before it, and its text.
fn item(line: &str) -> Option<(String, &str)> {
    let text = line.trim_start();
    let blanks = &line[..line.len() - text.len()];
    let number = text.chars().take_while(char::is_ascii_digit).count();
    let mark = match number {
        0 => text.starts_with("- ").then_some(2)?,
        n => text[n..].starts_with(". ").then_some(n + 2)?,
    };
    (blanks.len() < 4).then(|| (format!("{blanks}{}", &text[..mark]), &text[mark..]))
}

/// The cells of a table's row; `\|` is no border.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut escaped = false;
    let line = line.trim().trim_start_matches('|');
    for c in line.strip_suffix('|').unwrap_or(line).chars() {
        let cell = cells.last_mut().expect("a cell");
        match (c, escaped) {
            ('|', true) => {
                cell.pop();
                cell.push('|');
            }
            ('|', false) => cells.push(String::new()),
            _ => cell.push(c),
        }
        escaped = c == '\\' && !escaped;
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// What stands between two marks at the beginning of a text, and what comes after.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<(&'a str, &'a str)> {
    text.strip_prefix(open)?.split_once(close)
}

/// `*words*`; a star with a blank behind it is a product.
fn emphasis(text: &str) -> Option<(&str, &str)> {
    let (words, after) = between(text, "*", "*")?;
    let is_marked =
        words.starts_with(char::is_alphanumeric) && words.ends_with(char::is_alphanumeric);
    is_marked.then_some((words, after))
}

/// `[words](target)`, and what comes after.
fn link(text: &str) -> Option<(&str, &str, &str)> {
    let (words, rest) = text.strip_prefix('[')?.split_once("](")?;
    if words.contains(['[', ']']) {
        return None;
    }
    let (target, after) = rest.split_once(')')?;
    Some((words, target, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(markdown: &str, width: usize) -> String {
        page(markdown, width, &|target| match target {
            "gone.md" => None,
            target => Some(format!("bnnc explain {}", target.trim_end_matches(".md"))),
        })
    }

    #[test]
    fn marks_are_set_and_links_are_commands() {
        let text = "# A `b`\n\nSome **bold** words of a [long link](c.md) that\ngo on, 2 * 3, `a*b` \\| [x](gone.md).\n\n\
                    - one\n  more\n- two [c](c.md)\n\n    code  |x|\n\n```bnn\nkernel = 5\n```\n";
        assert_eq!(
            set(text, 30),
            "A b\n═══\n\nSome bold words of a long link\nthat go on, 2 * 3, a*b | x.\n\n- one more\n- two c\n\n    \
             code  |x|\n\n    kernel = 5\n\nmore\n  bnnc explain c  long link\n"
        );
    }

    #[test]
    fn a_table_is_columns_or_where_it_is_too_wide_paragraphs() {
        let text = "| a | b |\n| --- | ---: |\n| `x \\| y` | 10 |\n| some more words | 2 |\n";
        assert_eq!(
            set(text, 20),
            "  a                b\n  ──────────────────\n  x | y           10\n  some more        2\n  words\n"
        );
        let wide = "| k | meaning |\n| --- | --- |\n| averyverylongword | anotherverylongword |\n";
        assert_eq!(
            set(wide, 30),
            "  averyverylongword\n      meaning:\n      anotherverylongword\n"
        );
        let unnamed = "| | |\n| --- | --- |\n| a | b |\n";
        assert_eq!(set(unnamed, 30), "  a  b\n");
    }
}
