//! Run files, read and written.

use super::*;

fn parse(text: &str) -> Result<Config> {
    Config::parse(Source {
        name: "run.toml".into(),
        text: text.into(),
    })
}

#[test]
fn a_constant_is_no_list() {
    for value in ["[1]", "true", "{ a = 1 }"] {
        let failure = parse(&format!("[set]\nx = {value}\ny = 2\n"))
            .err()
            .unwrap();
        let message = &failure.diagnostics[0];
        assert_eq!(message.code, "E0602");
        assert!(
            message.title.starts_with("`x` is a number"),
            "{}",
            message.title
        );
    }
    let set = parse("[set]\nx = \"1 / 2\"\ny = 2\n").unwrap().set;
    assert_eq!(
        set,
        [("x".into(), "1 / 2".into()), ("y".into(), "2".into())]
    );
}

#[test]
fn an_empty_file_has_the_defaults() {
    let config = parse("").unwrap();
    assert_eq!(
        (config.epochs, config.batch_size, config.seed),
        (None, None, 0)
    );
    assert_eq!(config.optimizer.0.signature().name, "adam");
    assert_eq!(config.learning_rate(), 1e-3);
    assert_eq!(config.data.scaling, "standardize");
}

#[test]
fn what_is_written_comes_back() {
    let text = "epochs = 3\nseed = 1_000\nsamples = 2\n[optimizer]\nname = 'sgd'\nmomentum = 0.9\nnesterov = true\n\
        [schedule]\nname = 'cosine'\nwarmup_epochs = 1\n[data]\nname = 'a \"b\".csv'\ntest_rows = 'rows.txt'\nvalidation = 0.25\n[set]\nwidth = 1200\n";
    let config = parse(text).unwrap();
    assert_eq!(config.seed, 1000);
    assert_eq!(config.data.validation, Some(Validation::Fraction(0.25)));
    assert_eq!(config.set, [("width".to_owned(), "1200".to_owned())]);
    let written = config.to_toml();
    assert_eq!(parse(&written).unwrap().to_toml(), written);
    assert!(config.change(&parse(&written).unwrap()).is_none());
    assert!(written.contains("nesterov = true"), "{written}");
    assert!(written.contains("test_rows = \"rows.txt\""), "{written}");
}

#[test]
fn every_mistake_of_a_file_is_told_with_its_place() {
    let text = "epoch = 3\nbatch_size = 0\n[optimizer]\nlearning_rate = \"high\"\nbeta = 1\n[data]\nscaling = \"standardise\"\n";
    let failure = parse(text).err().unwrap();
    let source = failure.source_file.as_ref().unwrap();
    let told: Vec<_> = failure
        .diagnostics
        .iter()
        .map(|d| {
            (
                source.line_column(d.labels[0].span.start).0,
                d.title.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (1, "the run file has no key `epoch`"),
            (2, "`batch_size` is a whole number from 1 to 16777216"),
            (4, "`learning_rate` is a number above 0"),
            (5, "[optimizer] has no key `beta`"),
            (
                7,
                "`scaling` is one of `standardize`, `symmetric`, `unit` and `none`"
            ),
        ]
    );
    assert_eq!(
        failure.diagnostics[0].helps[0].text,
        "the nearest key is `epochs`"
    );
    assert_eq!(
        failure.diagnostics[2].labels[0].text,
        "found the text \"high\""
    );
    assert_eq!(
        failure.diagnostics[4].helps[0].patch.as_ref().unwrap().1,
        "\"standardize\""
    );
}

#[test]
fn toml_mistakes_have_a_place() {
    let failure = parse("epochs = \n").err().unwrap();
    assert_eq!(failure.diagnostics[0].code, "E0602");
    assert!(!failure.diagnostics[0].labels[0].text.is_empty());
}
