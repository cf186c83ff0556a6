//! What `check`, `explain`, lints and messages say of sequences, in the words of the model's file.

use crate::cli::Place;
use bnnc::data::npz::encode;

/// Two sequences, one read by the other.
const TWO: &str = "model m
input  x: real[12, 4, padded]
input  z: real[7, 6, padded]
target y: real[12, 1]
default { prior = Normal(0, 1), posterior = MeanField }
network {
  a = dense(8) on x
  b = dense(8) on z
  attention(2) on (a, b)
  h = lstm(8)
  out = dense(1)
}
observe y ~ Normal(loc = out, scale = learned(1))
objective elbo
";

/// Runs of blanks as one.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn place(model: &str) -> Place {
    let place = Place::new();
    std::fs::write(place.path("m.bnn"), model).unwrap();
    place
}

/// A length is no layer that a user wrote, and what is padding is said.
#[test]
fn tables_of_layers_have_no_lengths_and_say_what_padding_does() {
    let place = place(TWO);
    let check = flat(&place.ok("check m.bnn"));
    assert!(
        check.contains("x input, at most 12 steps [12, 4]"),
        "{check}"
    );
    assert!(
        check.contains("attention(2) (5 layers) on (a, b) [12, 8]"),
        "{check}"
    );
    let layers = flat(&place.ok("check m.bnn --layers"));
    assert!(layers.contains("h.recurrent lstm_cell [12, 8]"), "{layers}");
    let explained = flat(&place.ok("explain m.bnn"));
    for said in [
        "attention_1 attention(2) on (a, b)",
        "padding, and take no part in what the network makes of it: dot_product_attention and lstm_cell are told the length",
        "at the steps of x, at most 12: those behind its length, and those without a target, have no term",
    ] {
        assert!(explained.contains(said), "{said}: {explained}");
    }
    for text in [&check, &layers, &explained] {
        assert!(
            !text.contains("x.length") && !text.contains("(x, z)"),
            "{text}"
        );
    }
}

#[test]
fn the_space_of_tokens_is_whole_numbers_and_types_stand_in_columns() {
    let text = "model m\ninput words: token[6, vocabulary = 14]\ntarget y: real\n\
                default { prior = Normal(0, 1) }\n\
                network { embedding(8), global_avg_pool1d, out = dense(1) }\n\
                observe y ~ Normal(out, 1)\nobjective elbo\n";
    let place = place(text);
    let check = flat(&place.ok("check m.bnn"));
    assert!(
        check.contains("words input, at most 6 of 14 tokens [6]"),
        "{check}"
    );
    let explained = flat(&place.ok("explain m.bnn"));
    assert!(explained.contains("words input {0, …, 13}⁶"), "{explained}");
    let ir = place.ok("check m.bnn --emit ir");
    let column = |name: &str| {
        let line = ir.lines().find(|line| line.ends_with(name));
        let line = line.unwrap_or_else(|| panic!("{name}: {ir}"));
        line.chars().count() - name.chars().count()
    };
    assert_eq!(column("input"), column("target"), "{ir}");
}

/// Messages call values as the file does: `h` is the last state of `h = lstm(4)`, and nobody wrote `x.length`.
#[test]
fn messages_call_values_as_the_file_does() {
    for (line, other, said) in [
        (
            "attention(2) on (a, b)",
            "attention(3) on (a, b)",
            "`attention_1` takes channels that 3 heads can share, and `a` is [12, 8] and `b` is [7, 8]",
        ),
        (
            "attention(2) on (a, b)",
            "k = lstm(4, returns = last)\n add on (k, a)",
            "`add_1` takes values of one shape, and `k` is [4] and `a` is [12, 8]",
        ),
        (
            "attention(2) on (a, b)",
            "dot_product_attention on (x, z, b)",
            "and `x` is [12, 4], `z` is [7, 6] and `b` is [7, 8]",
        ),
        (
            "out = dense(1)",
            "out = lstm(2, returns = last)",
            "`out` is [2], and `y`",
        ),
        (
            "out = dense(1)",
            "batch_norm\n out = dense(1)",
            "all steps of `h` alike",
        ),
    ] {
        let place = place(&TWO.replace(line, other));
        let message = place.refused("check m.bnn");
        assert!(message.contains(said), "{said}: {message}");
        let inner = [".length", ".recurrent", ".query", ".input"];
        assert!(
            inner.iter().all(|inner| !message.contains(inner)),
            "{message}"
        );
    }
}

#[test]
fn windows_of_a_run_file_are_said() {
    let place = place(
        "model m\ninput x: real[4, 1]\ntarget power: real\ndefault { prior = Normal(0, 1) }\n\
         network { gru(3, returns = last), out = dense(1) }\n\
         observe power ~ Normal(out, 1)\nobjective elbo\n",
    );
    let rows = (0..40).map(|hour| format!("{},{hour},{}\n", hour % 2, hour * hour % 7));
    let table = format!("plant,hour,power\n{}", rows.collect::<String>());
    std::fs::write(place.path("d.csv"), table).unwrap();
    let run_file = "epochs = 1\nbatch_size = 4\n[data]\nname = \"d.csv\"\ntarget = \"power\"\n\
                    sequence = \"plant\"\ntime = \"hour\"\nwindow = 4\nhorizon = 2\n";
    std::fs::write(place.path("m.toml"), run_file).unwrap();
    let said = "each window of 4 rows of a series of `plant` in the order of `hour` is an example, and its target stands \
                2 rows behind the last of them";
    assert!(flat(&place.ok("check m.bnn")).contains(said));
    assert!(flat(&place.ok("train m.bnn --out run")).contains(said));
    for what in ["m.bnn", "run"] {
        let explained = flat(&place.ok(&format!("explain {what}")));
        assert!(explained.contains(&said.replace('`', "")), "{explained}");
    }
}

/// The lint counts what the training part has, and says what the rows cost.
#[test]
fn tokens_that_never_occur_are_told() {
    let place = place(
        "model m\ninput words: token[3, vocabulary = 9]\ntarget y: real\n\
         default { prior = Normal(0, 1), posterior = MeanField(scale = Softplus(-3)) }\n\
         network { embedding(2), global_avg_pool1d, out = dense(1) }\n\
         observe y ~ Normal(out, 1)\nobjective elbo\n",
    );
    let arrays: [(&str, &[usize], &[f64]); 3] = [
        (
            "words",
            &[4, 3],
            &[1.0, 2.0, 3.0, 2.0, 8.0, 8.0, 3.0, 8.0, 8.0, 1.0, 1.0, 8.0],
        ),
        ("words_length", &[4], &[3.0, 1.0, 1.0, 2.0]),
        ("y", &[4], &[0.5, 1.5, 2.5, 3.5]),
    ];
    std::fs::write(place.path("d.npz"), encode(arrays).unwrap()).unwrap();
    let warned = |flags: &str| {
        let output = place.bnnc(&format!("check m.bnn --data d.npz{flags}"));
        flat(&String::from_utf8(output.stderr).unwrap())
    };
    let said = warned("");
    for text in [
        "`words` has a vocabulary of 9 tokens, and 6 occur in no training example of d.npz",
        "they are 0, 4, 5, 6, 7 and 8",
        "whose posterior becomes the prior: they start with",
        "number the tokens that occur from 0 on",
    ] {
        assert!(said.contains(text), "{text}: {said}");
    }
    let said = warned(" --allow tokens-never-seen");
    assert!(!said.contains("never"), "{said}");
}
