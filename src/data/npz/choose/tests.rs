//! Which arrays are taken, by their names.

use super::*;

fn chosen(names: &str, inputs: Option<&str>, targets: Option<&str>) -> Result<String, Refusal> {
    let all: Vec<String> = names.split(' ').map(str::to_owned).collect();
    let pair = |pair: Pair| {
        let targets = pair.targets.unwrap_or_default();
        format!("{} -> {targets}", pair.inputs)
    };
    choose(&all, Named { inputs, targets }, true).map(|chosen| {
        let test = chosen.test.map(|test| format!("; {}", pair(test)));
        pair(chosen.train) + &test.unwrap_or_default()
    })
}

#[test]
fn the_names_that_people_give_are_known() {
    for (names, expected) in [
        ("x y", "x -> y"),
        ("X Y", "X -> Y"),
        ("X y", "X -> y"),
        ("data target", "data -> target"),
        ("data target target_names", "data -> target"),
        ("DESCR data feature_names images target", "data -> target"),
        ("features labels", "features -> labels"),
        ("images labels", "images -> labels"),
        ("image label", "image -> label"),
        ("inputs targets", "inputs -> targets"),
        ("arr_0 arr_1", "arr_0 -> arr_1"),
        ("x_train y_train", "x_train -> y_train"),
        (
            "x_test x_train y_test y_train",
            "x_train -> y_train; x_test -> y_test",
        ),
        (
            "X_test X_train y_test y_train",
            "X_train -> y_train; X_test -> y_test",
        ),
        ("sample_weight x x_val y y_val", "x -> y"),
        ("x x_test y y_test", "x -> y; x_test -> y_test"),
        ("x_train x_test y_train", "x_train -> y_train"),
        (
            "X_Test X_Train y_Test y_Train",
            "X_Train -> y_Train; X_Test -> y_Test",
        ),
        (
            "test_images test_labels train_images train_labels val_images val_labels",
            "train_images -> train_labels; test_images -> test_labels",
        ),
    ] {
        assert_eq!(
            chosen(names, None, None).as_deref(),
            Ok(expected),
            "{names}"
        );
    }
}

#[test]
fn what_may_be_meant_twice_is_asked_for() {
    for names in [
        "x X y",
        "x y x_train y_train",
        "x y features labels",
        "x labels target y2 features",
    ] {
        assert_eq!(
            chosen(names, None, None),
            Err(Refusal::Ambiguous),
            "{names}"
        );
    }
    for names in ["x", "arr_0 arr_1 arr_2", "a b", "x_val y_val"] {
        assert_eq!(chosen(names, None, None), Err(Refusal::None), "{names}");
    }
}

#[test]
fn what_is_said_goes_first() {
    let of = |names, inputs, targets| chosen(names, inputs, targets).unwrap();
    assert_eq!(of("a b c", Some("c"), Some("a")), "c -> a");
    assert_eq!(of("x y X", Some("X"), None), "X -> y");
    assert_eq!(of("x y labels", None, Some("labels")), "x -> labels");
    assert_eq!(of("a b", None, Some("a")), "b -> a");
    assert_eq!(
        of("x_train x_test a_train a_test", None, Some("a_train")),
        "x_train -> a_train; x_test -> a_test"
    );
    assert_eq!(of("x speed", None, Some("speed")), "x -> speed");
    let missing = chosen("x speed", None, Some("sped"));
    let near = Some("speed".to_owned());
    assert_eq!(missing, Err(Refusal::NoArray("sped".into(), near)));
    let several = chosen("x a b", None, Some("a,b"));
    assert_eq!(several, Err(Refusal::Several("a,b".into())));
}

#[test]
fn a_name_is_of_training_by_a_word_of_its_own() {
    for (name, test) in [
        ("x", "x_test"),
        ("x_train", "x_test"),
        ("train-images", "test-images"),
        ("x_training", "x_testing"),
        ("strain", "strain_test"),
        ("strain_train", "strain_test"),
        ("train_strain_train", "test_strain_train"),
        ("constraints.train", "constraints.test"),
    ] {
        assert_eq!(of_test(name), test);
    }
    assert_eq!(
        chosen("strain strain_test y y_test", Some("strain"), None).unwrap(),
        "strain -> y; strain_test -> y_test"
    );
}

#[test]
fn inputs_may_be_alone_where_no_targets_are_needed() {
    let of = |names: &str| {
        let all: Vec<String> = names.split(' ').map(str::to_owned).collect();
        choose(&all, Named::default(), false).map(|chosen| chosen.train)
    };
    assert_eq!(of("X sample_weight").unwrap().inputs, "X");
    assert_eq!(of("arr_0").unwrap().inputs, "arr_0");
    assert_eq!(of("x_test").unwrap().inputs, "x_test");
    assert_eq!(of("x y").unwrap().targets.as_deref(), Some("y"));
    assert_eq!(of("a b"), Err(Refusal::None));
}
