//! The pages of words, which `bnnc explain WORD` prints: what a word is, from the glossary; of a registry's entry its
//! page; the sections of the book that are about it; the row of a table that says what it takes.

/// Words with their pages in the book.
macro_rules! pages {
    ($($folder:literal: $($word:literal)*;)*) => {
        &[$($((concat!($folder, "/", $word, ".md"), include_str!(concat!("../../docs/", $folder, "/", $word, ".md")))),*),*]
    };
}

/// Every entry of the language's registries; a word of two of them has two pages.
static ENTRIES: &[(&str, &str)] = pages! {
    "layers":
        "add" "attention" "avg_pool1d" "avg_pool2d" "avg_pool3d" "batch_norm" "concat" "conv1d" "conv2d" "conv3d"
        "conv_transpose1d" "conv_transpose2d" "conv_transpose3d" "crop" "dense" "dot_product_attention" "dropout" "elu" "embedding" "exp"
        "filter_response_norm" "flatten" "gelu" "global_avg_pool1d" "global_avg_pool2d" "global_avg_pool3d"
        "global_max_pool1d" "global_max_pool2d" "global_max_pool3d" "group_norm" "gru" "gru_cell" "hard_swish" "instance_norm"
        "layer_norm" "leaky_relu" "log_softmax" "lstm" "lstm_cell" "mask_padding" "max_pool1d" "max_pool2d" "max_pool3d" "mish" "multiply" "pad"
        "pad_channels" "positions" "prelu" "relu" "reshape" "rnn" "rnn_cell" "sigmoid" "silu" "sinusoidal_positions" "softmax" "softplus" "spatial_dropout" "tanh"
        "upsample1d" "upsample2d" "upsample3d";
    "priors":
        "Cauchy" "Exponential" "Gamma" "HalfCauchy" "HalfNormal" "Horseshoe" "InverseGamma"
        "Laplace" "LogNormal" "LogUniform" "MOPED" "Normal" "ScaleMixture" "StudentT"
        "Uniform";
    "posteriors":
        "Cauchy" "Delta" "Dropout" "FullRank" "Laplace" "LogNormal" "LogitNormal" "LowRank"
        "MatrixNormal" "MeanField" "Radial" "Rank1" "deterministic";
    "initializers":
        "Constant" "Exp" "GlorotNormal" "GlorotUniform" "HeNormal" "HeUniform" "LecunNormal"
        "Normal" "Orthogonal" "Softplus" "TruncatedNormal" "Uniform";
    "estimators":
        "flipout" "local_reparameterization" "per_example" "reparameterization";
    "inference":
        "ensemble" "hmc" "ivon" "laplace" "nuts" "sghmc" "sgld" "swag";
    "likelihoods":
        "Bernoulli" "Binomial" "Categorical" "Cauchy" "Exponential" "Gamma" "InverseGamma" "Laplace"
        "LogNormal" "MixtureNormal" "NegativeBinomial" "Normal" "OrderedLogistic" "Poisson" "StudentT"
        "ZeroInflatedPoisson";
};

/// Pages of the book that are about more than a word.
static BOOK: &[(&str, &str)] = pages! {
    ".":
        "language" "loss" "inference" "run-files" "data" "tables" "run-directory" "command-line" "scores"
        "determinism" "prior-predictive" "lints" "diff" "compare" "sweep" "report" "export" "explain" "translate" "emit"
        "bench" "uci" "sequences" "transformers" "which-likelihood" "calibration" "diagnostics" "editors" "python";
};

static GLOSSARY: &str = include_str!("../../docs/words.md");

/// Words of which a section is about that is headed by another: the section's heading, they.
static SECTIONS: &[(&str, &[&str])] = &[
    ("Pretrained weights", &["from"]),
    ("Latent variables", &["latent"]),
    ("Minibatches", &["minibatch"]),
    ("Temperature and annealing", &["temperature", "annealing"]),
    ("MAP and maximum likelihood", &["map"]),
    ("[optimizer]", &["adam", "adamw", "sgd", "rmsprop"]),
    ("[schedule]", &["constant", "cosine", "step", "milestones"]),
    ("The test part", &["test part"]),
];

/// A word without what differs between ways of writing it.
fn plain(word: &str) -> String {
    let word = word.to_lowercase().replace(['_', '-', '−'], " ");
    word.replace(['`', '[', ']'], "").trim().to_owned()
}

/// Names of an entry of the glossary, and the entry.
fn glossary() -> impl Iterator<Item = (Vec<&'static str>, &'static str)> {
    GLOSSARY.split("\n## ").skip(1).map(|entry| {
        let (heading, text) = entry.split_once('\n').unwrap_or((entry, ""));
        let also = text.trim_start().lines().next();
        let also = also.and_then(|line| line.strip_prefix("Also: "));
        let also = also
            .map_or("", |line| line.trim_end_matches('.'))
            .split(", ");
        let names = std::iter::once(heading).chain(also.filter(|name| !name.is_empty()));
        (names.collect(), entry)
    })
}

/// The last part of a page's place without `.md`.
fn stem(place: &str) -> &str {
    let name = place.rsplit('/').next().unwrap_or(place);
    name.strip_suffix(".md").unwrap_or(name)
}

/// Pages, entries and sections about a word, as Markdown, the glossary's first: in whatever case it is given, an entry
/// in that case before others.
pub fn pages(word: &str) -> Vec<String> {
    let wanted = plain(word);
    let is = |known: &str| plain(known) == wanted;
    let entries = glossary().filter(|(names, _)| names.iter().any(|name| is(name)));
    let mut found: Vec<String> = entries.map(|(_, entry)| format!("# {entry}\n")).collect();
    let mut own: Vec<_> = ENTRIES
        .iter()
        .filter(|(place, _)| is(stem(place)))
        .collect();
    own.sort_by_key(|(place, _)| stem(place) != word);
    found.extend(own.into_iter().map(|(_, page)| (*page).to_owned()));
    let about = SECTIONS
        .iter()
        .filter(|(_, words)| words.iter().any(|known| is(known)));
    for heading in about
        .map(|(heading, _)| plain(heading))
        .chain([wanted.clone()])
    {
        found.extend(BOOK.iter().filter_map(|(_, page)| section(page, &heading)));
    }
    if found.is_empty() {
        let whole = BOOK.iter().filter(|(place, _)| is(stem(place)));
        found.extend(whole.map(|(_, page)| (*page).to_owned()));
    }
    if let Some(whole) = word.strip_suffix(".md") {
        let whole = BOOK.iter().filter(|(place, _)| stem(place) == whole);
        found.extend(whole.map(|(_, page)| (*page).to_owned()));
    }
    if wanted == "words" {
        found.push(GLOSSARY.to_owned());
    }
    let is_known = !found.is_empty();
    let rows = rows(&wanted, is_known);
    if !is_known && !rows.is_empty() {
        found.push(format!("# {word}\n"));
    }
    found.extend(rows);
    found
}

/// What a longer word is about that bnnc prints: `kl(conv1.kernel)`, `conv1.kernel`, `mean_y`.
pub fn pages_of_part(word: &str) -> Vec<String> {
    let parts = [
        word.split_once('(').map(|(head, _)| head),
        word.rsplit_once('.').map(|(_, last)| last),
        word.split_once('_').map(|(head, _)| head),
    ];
    let parts = parts.into_iter().flatten().map(pages);
    parts
        .into_iter()
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// The tables of a page that say what words take: their titles and rows.
fn tables(page: &str) -> impl Iterator<Item = (Vec<&str>, Vec<&str>)> {
    let mut titles: Vec<&str> = vec![];
    page.lines().filter_map(move |line| {
        if !line.starts_with('|') {
            titles.clear();
            return None;
        }
        let mut before = ' ';
        let ends = |c: char| std::mem::replace(&mut before, c) != '\\' && c == '|';
        let row: Vec<&str> = line.trim_matches('|').split(ends).map(str::trim).collect();
        if titles.is_empty() {
            titles = row;
            return None;
        }
        let says = titles.contains(&"takes") && !row[0].starts_with("---");
        says.then(|| (titles.clone(), row))
    })
}

/// What tables say that a word takes, a section each: as a setting, and unless `settings_alone` as an argument.
fn rows(word: &str, settings_alone: bool) -> Vec<String> {
    let settings = BOOK
        .iter()
        .filter(|(place, _)| ["run-files", "language"].contains(&stem(place)));
    let arguments = ENTRIES.iter().filter(|_| !settings_alone);
    let mut found = vec![];
    for (place, page) in settings.chain(arguments) {
        for (titles, row) in tables(page) {
            if plain(row[0]) != word {
                continue;
            }
            let of = match titles[0] {
                "key" => "a key of a [run file](run-files.md)".to_owned(),
                "option" => "an option of the [objective](language.md#objective)".to_owned(),
                "setting" => "a setting of a [parameter](language.md#settings)".to_owned(),
                other if other.starts_with('`') => format!("a setting of {other}"),
                _ => {
                    let kind = place
                        .split('/')
                        .next()
                        .unwrap_or_default()
                        .trim_end_matches('s');
                    format!("an argument of [{}]({place}), {kind}", stem(place))
                }
            };
            let rest = titles.iter().zip(&row).skip(1);
            let rest = rest.filter(|(_, cell)| !cell.is_empty());
            let rest: String = rest
                .map(|(title, cell)| format!("| {title} | {cell} |\n"))
                .collect();
            found.push(format!("## As {of}\n\n| | |\n| --- | --- |\n{rest}"));
        }
    }
    found
}

/// The section of a page under a heading, with the sections within it.
fn section(page: &str, heading: &str) -> Option<String> {
    let mut fenced = false;
    let mut inside: Option<usize> = None;
    let mut out = String::new();
    for line in page.lines() {
        fenced ^= line.starts_with("```");
        let level = line.chars().take_while(|c| *c == '#').count();
        if level > 0 && !fenced {
            match inside {
                Some(outer) if level <= outer => break,
                None if plain(&line[level..]) == heading => inside = Some(level),
                _ => {}
            }
        }
        if inside.is_some() {
            out += line;
            out.push('\n');
        }
    }
    inside.map(|_| format!("{}\n", out.trim_end()))
}

/// The headings of a page.
fn headings(page: &'static str) -> impl Iterator<Item = &'static str> {
    let mut fenced = false;
    let mut is_heading = move |line: &&str| {
        fenced ^= line.starts_with("```");
        !fenced && line.starts_with('#')
    };
    let lines = page.lines().filter(move |line| is_heading(line));
    lines.map(|line| line.trim_start_matches('#').trim())
}

/// Every word.
pub fn all() -> impl Iterator<Item = &'static str> {
    let entries = ENTRIES.iter().map(|(place, _)| stem(place));
    let sections = SECTIONS.iter().flat_map(|(_, words)| words.iter().copied());
    let book = BOOK.iter().flat_map(|(place, page)| {
        let settings = tables(page).map(|(_, row)| row[0].trim_matches('`'));
        let settings: Vec<&str> = settings.collect();
        std::iter::once(stem(place))
            .chain(settings)
            .chain(headings(page))
    });
    let glossary = glossary().flat_map(|(names, _)| names);
    glossary.chain(entries).chain(sections).chain(book)
}

/// The command that shows the page that a link leads to; `word` is what is being explained.
pub fn leads(target: &str, word: &str) -> Option<String> {
    if target.starts_with("http") {
        return Some(target.to_owned());
    }
    let (place, anchor) = target.split_once('#').unwrap_or((target, ""));
    let page = stem(place);
    if page == "README" {
        let lists = [
            "layers",
            "priors",
            "posteriors",
            "estimators",
            "inference",
            "likelihoods",
            "lints",
        ];
        return match anchor {
            "initialisers" => Some("bnnc list initializers".into()),
            _ => lists
                .contains(&anchor)
                .then(|| format!("bnnc list {anchor}")),
        };
    }
    if !place.is_empty() && !place.ends_with(".md") {
        return None;
    }
    let of_page = |of: &str| {
        let whole = BOOK.iter().find(|(place, _)| stem(place) == of);
        whole.map_or(GLOSSARY, |(_, page)| page)
    };
    let to = match anchor {
        "" if ENTRIES.iter().any(|(place, _)| stem(place) == page) => page.to_owned(),
        // Another page goes by this name, too.
        "" if !pages(page).is_empty() && !pages(page)[0].starts_with(of_page(page)) => {
            format!("{page}.md")
        }
        "" => page.to_owned(),
        anchor => {
            let is = |heading: &&str| as_anchor(heading) == anchor;
            let within: &[&'static str] = &[of_page(page)];
            let all = BOOK.iter().map(|(_, page)| *page);
            let within = within.iter().copied().chain(all);
            let mut found = within.flat_map(headings).filter(is);
            plain(found.next()?)
        }
    };
    (plain(&to) != plain(word)).then(|| format!("bnnc explain {to}"))
}

/// A heading as links name it.
fn as_anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests;
