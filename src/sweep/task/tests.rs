//! Tests of `task`.

use super::*;
use crate::source::Source;

fn sweep(text: &str) -> Sweep {
    let source = Source {
        name: "sweep.toml".into(),
        text: format!("model = \"m.bnn\"\n{text}"),
    };
    Sweep::parse(source).unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics))
}

fn names(text: &str) -> Vec<String> {
    let all = tasks(&sweep(text), None).unwrap();
    all.into_iter().map(|task| task.name).collect()
}

#[test]
fn a_grid_has_every_combination_under_its_name() {
    let found = names("folds = 2\n[grid]\nseed = [0, 1]\nset.width = [8, 16]\nepochs = 3\n");
    let expected = [
        "width=8,seed=0,fold=1",
        "width=8,seed=0,fold=2",
        "width=8,seed=1,fold=1",
        "width=8,seed=1,fold=2",
        "width=16,seed=0,fold=1",
        "width=16,seed=0,fold=2",
        "width=16,seed=1,fold=1",
        "width=16,seed=1,fold=2",
    ];
    assert_eq!(found, expected);
    let tasks = tasks(&sweep("folds = 2\n[grid]\nset.width = [8, 16]\n"), None).unwrap();
    let groups: Vec<&str> = tasks.iter().map(|task| &*task.group).collect();
    assert_eq!(groups, ["width=8", "width=8", "width=16", "width=16"]);
    assert_eq!(names(""), ["run"]);
    // More values may follow a list's only one, and more cases a file's only one: the names stay.
    assert_eq!(
        names("[grid]\nseed = [0]\nepochs = 3\n[[case]]\nname = \"small\"\n"),
        ["small,seed=0"]
    );
}

#[test]
fn no_run_is_called_as_what_the_folder_holds_itself() {
    for name in ["rows", "sweep.toml"] {
        let sweep = sweep(&format!("[[case]]\nname = \"{name}\"\n"));
        let failure = tasks(&sweep, None).err().unwrap();
        assert!(failure.diagnostics[0].title.contains(name));
    }
}

#[test]
fn paths_of_the_file_are_from_its_folder() {
    let source = Source {
        name: "there/sweep.toml".into(),
        text: "model = \"m.bnn\"\n[grid]\ntensorboard = \"tb\"\n".into(),
    };
    let sweep = Sweep::parse(source).unwrap_or_else(|f| panic!("{:?}", f.diagnostics));
    let task = &tasks(&sweep, None).unwrap()[0];
    let folder = task.config(&sweep, None).unwrap().tensorboard.unwrap();
    assert!(folder.ends_with("there/tb"), "{}", folder.display());
}

#[test]
fn draws_stay_as_they_are_where_more_are_asked_for() {
    let text = |draws: usize| {
        format!(
            "[random]\ndraws = {draws}\nlearning_rate = {{ low = 0.001, high = 0.1, log = true }}\n"
        )
    };
    let of = |draws| tasks(&sweep(&text(draws)), None).unwrap();
    let (few, many) = (of(3), of(5));
    assert_eq!((few.len(), many.len()), (3, 5));
    for (a, b) in few.iter().zip(&many) {
        assert_eq!((&a.name, &a.settings), (&b.name, &b.settings));
    }
    assert_eq!(few[2].name, "draw=3");
}

#[test]
fn settings_stand_over_those_of_the_run_file() {
    let sweep = sweep(
        "data = \"t.csv\"\n[grid]\noptimizer.name = [\"adam\", \"sgd\"]\nlearning_rate = 0.5\nvalidation = 0.2\n\
         set.width = \"2 * 3\"\n",
    );
    let all = tasks(&sweep, Some(Path::new("there"))).unwrap();
    let config = all[1].config(&sweep, None).unwrap();
    assert_eq!(config.optimizer.0.signature().name, "sgd");
    assert_eq!(config.learning_rate(), 0.5);
    assert_eq!(config.set, [("width".to_owned(), "2 * 3".to_owned())]);
    assert!(config.data.name.unwrap().ends_with("there/t.csv"));
    assert_eq!(all[1].name, "optimizer=sgd");
}

#[test]
fn a_value_that_does_not_fit_is_told_at_its_place() {
    let text = "[grid]\nbatch_size = [1, 0]\n";
    let sweep = sweep(text);
    let all = tasks(&sweep, None).unwrap();
    assert!(all[0].config(&sweep, None).is_ok());
    let failure = all[1].config(&sweep, None).err().unwrap();
    let message = &failure.diagnostics[0];
    assert!(
        message.title.starts_with("`batch_size` is a whole number"),
        "{}",
        message.title
    );
    let place = message.labels[0].span;
    assert_eq!(&sweep.source.text[place.start..place.end], "0");
}

#[test]
fn names_are_those_of_folders() {
    assert_eq!(
        named(&["a/b".into(), "prior=N(0, 1)".into()]),
        "a-b,prior=N-0-1"
    );
    let long = named(&["x".repeat(500)]);
    assert!(long.len() < 100 && long != named(&["x".repeat(501)]));
    assert_eq!(named(&["..".into()]).len(), 17);
}

/// What the name of an optimizer brings with it is there before its settings, wherever they stand.
#[test]
fn the_name_of_an_optimizer_comes_before_its_settings() {
    let text =
        "[grid]\noptimizer.momentum = 0.5\noptimizer.name = [\"sgd\"]\n[[case]]\nname = \"a\"\n";
    let sweep = sweep(text);
    let config = tasks(&sweep, None).unwrap()[0].config(&sweep, None);
    let config = config.unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics));
    assert_eq!(config.optimizer.0.signature().name, "sgd");
}
