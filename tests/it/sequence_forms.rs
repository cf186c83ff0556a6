//! Forms in which sequences and series come, and what is said of those that cannot be taken.

use crate::sequence_data::{EACH_STEP, ONCE, arrays, cells, column, place, visits};

/// How wide a step is may be left to the data, whose sequences are of different lengths and may lack targets.
#[test]
fn a_padded_sequence_is_as_wide_as_the_data() {
    let table = visits();
    let first = table.lines().nth(1).unwrap();
    let without = first.rsplit_once(',').unwrap().0;
    let lacks_one = table.replacen(first, &format!("{without},"), 1);
    for (model, table) in [(ONCE, &table), (EACH_STEP, &table), (EACH_STEP, &lacks_one)] {
        let said = [
            model.to_owned(),
            model.replace("[4, 2, padded]", "[4, _, padded]"),
        ]
        .map(|model| {
            let place = place(&model);
            std::fs::write(place.path("t.csv"), table).unwrap();
            place.ok("check m.bnn --data t.csv --target ill --sequence patient --time day")
        });
        assert!(said[0].contains("input, at most 4 steps"), "{}", said[0]);
        assert_eq!(said[0], said[1]);
    }
    let place = place(&EACH_STEP.replace("[4, 2, padded]", "[4, _, padded]"));
    std::fs::write(place.path("a.npz"), arrays(0.0)).unwrap();
    place.ok("check m.bnn --data a.npz");
}

/// Labels of steps have the names of their classes, and a missing one none.
#[test]
fn classes_of_steps_are_named() {
    let place = place(
        "input word: token[3, vocabulary = 5]\ntarget tag: category[2][3]|embedding(4), f = dense(2) } \
         observe tag ~ Categorical(logits = f)",
    );
    let sentence = |at: usize| {
        let last = if at == 0 { "" } else { "verb" };
        format!("{at},0,dog,noun\n{at},1,runs,{last}\n")
    };
    let sentences: String = (0..12).map(sentence).collect();
    std::fs::write(
        place.path("t.csv"),
        format!("text,at,word,tag\n{sentences}"),
    )
    .unwrap();
    place.ok(
        "train m.bnn --data t.csv --sequence text --time at --epochs 80 --batch-size 4 --learning-rate 0.05 --out run",
    );
    place.ok("predict run --samples 8 --out p.csv");
    let written = cells(&place, "p.csv");
    assert_eq!(column(&written, "predicted"), ["noun", "verb"].repeat(12));
    let mut expected = ["noun", "verb"].repeat(12);
    expected[1] = "";
    assert_eq!(column(&written, "target"), expected);
}

/// The latest values are not known yet: rows inside of a series cannot be left out as these can.
#[test]
fn a_hole_in_a_series_is_told_once_and_not_to_be_left_out() {
    let place = place(
        "input x: real[4, _]\ntarget load: real|flatten, f = dense(1) } observe load ~ Normal(f, 0.5)",
    );
    let row = |hour: usize| format!("2024-01-01T{hour:02}:00:00+00:00,{}.5\n", hour % 3);
    let table = |hours| format!("hour,load\n{}", (0..hours).map(row).collect::<String>());
    std::fs::write(place.path("t.csv"), table(16)).unwrap();
    let tail = format!("{}2024-01-01T16:00:00+00:00,\n", table(16));
    std::fs::write(place.path("tail.csv"), tail).unwrap();
    let settings = "--time hour --window 4 --epochs 1 --batch-size 4 --out run";
    let told = "rows at the end of a series, whose values are not known yet, may be left out";
    let said = place.refused(&format!("train m.bnn --data tail.csv {settings}"));
    assert!(said.contains(told), "{said}");
    assert!(!said.contains("say nothing"), "{said}");
    assert_eq!(said.matches("`load`:").count(), 1, "{said}");
    place.ok(&format!("train m.bnn --data t.csv {settings}"));
    let said = place.refused("predict run --data tail.csv --samples 2 --out p.csv");
    assert!(said.contains(told), "{said}");
    assert_eq!(said.matches("error[").count(), 1, "{said}");
}

/// A date that may mean one day or another is refused with the forms that may not.
#[test]
fn the_forms_of_a_time_are_named() {
    let place = place(ONCE);
    let train = "check m.bnn --data t.csv --target ill --sequence patient --time day";
    let dated = |date: &dyn Fn(&str) -> String| {
        let lines = visits();
        let mut lines = lines.lines();
        let header = lines.next().unwrap().to_owned();
        let rows = lines.map(|line| format!("{},{}", date(&line[..1]), &line[2..]));
        [header]
            .into_iter()
            .chain(rows)
            .collect::<Vec<_>>()
            .join("\n")
    };
    for date in ["0D/12/2024 00:00", "12/0D/2024"] {
        let text = dated(&|day| date.replace('D', &(day.parse::<u8>().unwrap() + 1).to_string()));
        std::fs::write(place.path("t.csv"), text).unwrap();
        let said = place.refused(train);
        assert!(said.contains("has no time in `day`"), "{said}");
        assert!(
            said.contains("dates are `2024-03-01`, `2024/03/01` or `01.03.2024`"),
            "{said}"
        );
    }
    let text = dated(&|day| format!("2024-03-0{}T00:00:00+01:00", day.parse::<u8>().unwrap() + 1));
    std::fs::write(place.path("t.csv"), text).unwrap();
    place.ok(train);
    // Where the sequences are named, no other column tells the rows apart.
    std::fs::write(place.path("t.csv"), dated(&|_| "2024-03-01".into())).unwrap();
    let said = place.refused(train);
    assert!(said.contains("each step has its own"), "{said}");
}

/// A cell of text is a sequence of its words, alone or beside another input; the run reads other tables as its own.
#[test]
fn texts_are_sequences_of_their_words() {
    let alone = place(
        "input review: token[6, vocabulary = 12]\ntarget mood: category[2]|embedding(4), global_avg_pool1d, \
         f = dense(2) } observe mood ~ Categorical(logits = f)",
    );
    let beside = place(
        "input review: token[6, vocabulary = 12]\ninput price: real\ntarget mood: category[2]|a = embedding(4) on review, \
         b = global_avg_pool1d on a, concat on (b, price), f = dense(2) } observe mood ~ Categorical(logits = f)",
    );
    let row = |at: usize| {
        let [word, mood] = [["good", "glad"], ["bad", "sad"]][at % 2];
        let filler = ["The film", "A plot", "One actor"][at % 3];
        format!("{at},\"{filler} was {word}!\",{},{mood}\n", at % 7)
    };
    let table = format!(
        "id,review,price,mood\n{}",
        (0..60).map(row).collect::<String>()
    );
    for place in [&alone, &beside] {
        std::fs::write(place.path("t.csv"), &table).unwrap();
        let said = place.ok(
            "train m.bnn --data t.csv --epochs 60 --batch-size 10 --learning-rate 0.05 --out run",
        );
        assert!(said.contains("split into up to 6 words"), "{said}");
        let scores = place.ok("evaluate run");
        let accuracy = scores.lines().find(|line| line.starts_with("accuracy "));
        assert!(
            accuracy.is_some_and(|line| line.contains(" 100.00 % ")),
            "{scores}"
        );
        let new = "id,review,price\n9,GOOD good,1\n8,so bad and then much too long,2\n";
        std::fs::write(place.path("new.csv"), new).unwrap();
        let output = place.bnnc("predict run --data new.csv --out p.csv");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        let told = "1 text has words of the column `review` without a token of their own: `so`, `and`, `then`, …";
        assert!(said.contains(told), "{said}");
        assert!(
            said.contains("of these the first 6 are read; the longest has 7"),
            "{said}"
        );
        let predicted = cells(place, "p.csv");
        assert_eq!(column(&predicted, "predicted"), ["glad", "sad"]);
    }
    // Numbers among texts are words.
    std::fs::write(alone.path("new.csv"), "review\n100%\n7\n").unwrap();
    alone.ok("predict run --data new.csv --out p.csv");
    assert_eq!(cells(&alone, "p.csv").len(), 3);
    let named = table.replace("review", "words").replace("price", "cost");
    std::fs::write(beside.path("named.csv"), named).unwrap();
    beside.ok("check m.bnn --data named.csv --inputs words,cost --target mood");
    std::fs::write(alone.path("t.csv"), "review,mood\nso good,glad\n  ,sad\n").unwrap();
    let said = alone.refused("train m.bnn --data t.csv --epochs 1 --batch-size 1");
    assert!(said.contains("t.csv:3: a sequence has no step"), "{said}");
}

#[test]
fn words_need_room_and_new_ones_are_told() {
    let model = "input w: token[3, vocabulary = 4]\ntarget y: real|embedding(2), global_avg_pool1d, f = dense(1) } \
                 observe y ~ Normal(f, 0.5)";
    let place = place(model);
    let row = |at: usize| {
        format!(
            "s{},{},{}\n",
            at / 2,
            ["a", "b", "c", "d"][at * 3 % 4],
            at / 2
        )
    };
    let table = format!("text,word,y\n{}", (0..8).map(row).collect::<String>());
    std::fs::write(place.path("t.csv"), table).unwrap();
    let train = "train m.bnn --data t.csv --sequence text --epochs 1 --batch-size 2 --out run";
    let said = place.refused(train);
    assert!(
        said.starts_with("error[E0514]: the column `word` of `"),
        "{said}"
    );
    assert!(said.contains("`vocabulary = 5` has room for all"), "{said}");
    let text = std::fs::read_to_string(place.path("m.bnn")).unwrap();
    let text = text.replace("vocabulary = 4", "vocabulary = 5");
    std::fs::write(place.path("m.bnn"), text).unwrap();
    place.ok(train);
    std::fs::write(place.path("new.csv"), "text,word\nz,a\nz,zebra\nz,yak\n").unwrap();
    let output = place.bnnc("predict run --data new.csv --samples 2 --out p.csv");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let told = "2 rows have in the column `word` a word that training never saw: `zebra`, `yak`;";
    assert!(said.contains(told), "{said}");
}

#[test]
fn all_texts_without_a_word_are_told() {
    let place = place(
        "input review: token[6, vocabulary = 12]\ntarget mood: category[2]|embedding(4), global_avg_pool1d, f = dense(2) } \
         observe mood ~ Categorical(logits = f)",
    );
    let table = "review,mood\nso good,glad\nNone,sad\nso bad,sad\n,glad\nN/A,sad\n";
    std::fs::write(place.path("t.csv"), table).unwrap();
    let said = place.refused("check m.bnn --data t.csv");
    for told in [
        "t.csv:3: a sequence has no step",
        "what stands there for `review` is empty, or marked as missing",
        "so is it in 2 other rows: lines 5, 6",
    ] {
        assert!(said.contains(told), "{said}");
    }
}

/// Columns are taken in the order of the inputs: one in the wrong place is told with what each input got.
#[test]
fn columns_of_another_order_than_the_inputs_are_told() {
    let place = place(
        "input review: token[6, vocabulary = 12]\ninput price: real\ntarget mood: category[2]|a = embedding(4) on review, \
         b = global_avg_pool1d on a, concat on (b, price), f = dense(2) } observe mood ~ Categorical(logits = f)",
    );
    let table = "review,price,mood\nso good,1,glad\nso bad,2,sad\nnot good,3,sad\n";
    std::fs::write(place.path("t.csv"), table).unwrap();
    let check = "check m.bnn --data t.csv --target mood --inputs";
    place.ok(&format!("{check} review,price"));
    let said = place.refused(&format!("{check} price,review"));
    for told in [
        "is a text, and its input takes numbers from it",
        "`review` takes `price` and `price` takes `review`",
        "in the order of the model's inputs, `review` and `price`",
    ] {
        assert!(said.contains(told), "{said}");
    }
    assert_eq!(said.matches("error[").count(), 1, "{said}");
}
