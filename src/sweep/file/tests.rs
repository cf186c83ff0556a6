//! Tests of `file`.

use super::*;

fn parsed(text: &str) -> Result<Sweep> {
    Sweep::parse(Source {
        name: "sweep.toml".into(),
        text: text.into(),
    })
}

#[test]
fn a_file_says_what_is_varied() {
    let sweep = parsed(
        "model = \"m.bnn\"\ntest = 0.2\nsplits = 3\n[grid]\nset.width = [8, \"2 * 4\"]\nlearning_rate = 0.1\n\
         seed = \"split\"\n[random]\ndraws = 4\nclip_norm = { low = 1, high = 10, log = true }\n\
         [[case]]\nname = \"a\"\nset.depth = 2\n",
    )
    .unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics));
    let keys: Vec<&str> = sweep.grid.iter().map(|axis| &*axis.key).collect();
    assert_eq!(keys, ["set.width", "optimizer.learning_rate"]);
    assert_eq!(sweep.grid[0].values[1].literal, "\"2 * 4\"");
    assert_eq!(sweep.seed, Seed::OfSplit);
    assert_eq!(sweep.random.unwrap().draws, 4);
    assert_eq!(sweep.cases[0].settings[0].0, "set.depth");
    assert!(matches!(sweep.split, Split::Random { count: 3, .. }));
}

#[test]
fn each_mistake_is_told_with_its_place() {
    for (text, title, place) in [
        ("model = \"m\"\nfold = 5\n", "has no key `fold`", "fold"),
        (
            "model = \"m\"\n[grid]\nepoch = [1]\n",
            "no setting `epoch` to vary",
            "epoch",
        ),
        (
            "model = \"m\"\n[grid]\ndata.name = \"t.csv\"\n",
            "no setting `data.name` to vary",
            "name",
        ),
        (
            "model = \"m\"\n[grid]\nset.a = []\n",
            "the list of `set.a` is empty",
            "[]",
        ),
        (
            "model = \"m\"\n[grid]\nset.a = [0.1, 1e-1]\n",
            "`set.a` has one value twice",
            "1e-1",
        ),
        (
            "model = \"m\"\nfolds = 2\n[grid]\nseed = [\"split\", 5]\n",
            "stands alone",
            "\"split\"",
        ),
        (
            "model = \"m\"\n[random]\ndraws = 2\nset.a = { low = 2, high = 1 }\n",
            "`low` is below `high`",
            "{ low = 2, high = 1 }",
        ),
        (
            "model = \"m\"\n[random]\ndraws = 2\nset.a = { low = 0, high = 1, log = true }\n",
            "lies above 0",
            "{ low = 0, high = 1, log = true }",
        ),
        (
            "model = \"m\"\n[grid]\nset.a = [1]\n[[case]]\nname = \"x\"\nset.a = 2\n",
            "`set.a` is said twice",
            "2",
        ),
        (
            "model = \"m\"\nfolds = 5\ntest = 0.2\n",
            "each say which rows are held out",
            "",
        ),
        ("model = \"m\"\nfolds = 1\n", "one fold leaves no row", ""),
        ("model = \"m\"\nsplits = 3\n", "needs `test`", ""),
        ("model = \"m\"\nsplit_seed = 3\n", "and none are", ""),
        ("model = \"m\"\ntest = 1.5\n", "a fraction below 1", ""),
        ("data = \"t.csv\"\n", "names no model", ""),
        (
            "model = \"m\"\n[random]\ndraws = 3\n",
            "lacks a setting to draw",
            "",
        ),
        (
            "model = \"m\"\n[grid]\nseed = \"split\"\n",
            "needs splits",
            "",
        ),
        (
            "model = [1]\n",
            "`model` is text in quotes, or a list of such",
            "[1]",
        ),
        (
            "model = \"m\"\n[[case]]\nset.a = 1\n",
            "[[case]] 1 has no name",
            "",
        ),
    ] {
        let failure = parsed(text).err().unwrap_or_else(|| panic!("{text}"));
        let found = &failure.diagnostics[0];
        assert!(found.title.contains(title), "{text}: {}", found.title);
        assert_eq!(found.code, "E0602");
        let span = found.labels.first().map(|label| label.span);
        let at = span.map_or("", |span| &text[span.start..span.end]);
        assert_eq!(at, place, "{text}");
    }
}
