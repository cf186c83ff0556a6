use super::*;

/// The place at the `|` of a text.
fn at(text: &str) -> Place {
    let offset = text.find('|').unwrap();
    place(&text.replace('|', ""), offset)
}

#[test]
fn declarations_steps_and_settings() {
    assert_eq!(at("model m\nnet|"), Place::Declaration);
    assert_eq!(at("network {\n  relu\n  con|"), Place::Step);
    assert_eq!(at("network {\n  a = con|\n}"), Place::Step);
    assert_eq!(at("network\n{\n  repeat 2 {\n|"), Place::Step);
    assert_eq!(at("network { concat { { | } } }"), Place::Step);
    assert_eq!(at("default { pr|"), Place::Setting(Owner::Default));
    let dense = Owner::Layer("dense".into());
    assert_eq!(
        at("network { a = dense(1) on x { kernel: | } }"),
        Place::Setting(dense)
    );
    assert_eq!(
        at("objective elbo {\n  k|"),
        Place::Setting(Owner::Objective)
    );
    assert_eq!(at("objective elbo {\n  kl = |"), Place::Option("kl".into()));
    assert_eq!(at("# net|"), Place::Nothing);
}

#[test]
fn entries_by_what_they_are_the_value_of() {
    assert_eq!(at("default { prior = N|"), Place::Entry(Registry::Priors));
    assert_eq!(
        at("default { prior = Normal(0, 1), posterior = |"),
        Place::Entry(Registry::Posteriors)
    );
    assert_eq!(
        at("network { dense(1) { bias: estimator = |"),
        Place::Entry(Registry::Estimators)
    );
    assert_eq!(at("observe y ~ |"), Place::Entry(Registry::Likelihoods));
    assert_eq!(at("latent t ~ |"), Place::Entry(Registry::Priors));
    assert_eq!(
        at("latent t ~ Normal(0, 1), posterior = |"),
        Place::Entry(Registry::Posteriors)
    );
    assert_eq!(at("inference |"), Place::Entry(Registry::Methods));
    assert_eq!(at("input x: |"), Place::Type);
    assert_eq!(at("observe |"), Place::Target);
    assert_eq!(at("network { dense(1) on |"), Place::Value);
    assert_eq!(at("network { add on (a, |"), Place::Value);
    assert_eq!(at("network { reuse |"), Place::Value);
}

#[test]
fn arguments_with_what_is_called_and_what_is_given() {
    let Place::Argument {
        call,
        given,
        position,
        name,
    } = at("network {\n f = conv2d(64, kernel = 5, pa|")
    else {
        panic!()
    };
    assert_eq!(
        (call.name.as_str(), call.registry),
        ("conv2d", Registry::Layers)
    );
    assert_eq!(
        (given, position, name),
        (vec!["kernel".to_owned()], 2, None)
    );
    let Place::Argument { call, name, .. } =
        at("default { posterior = MeanField(loc = Normal(0, 1), scale = |")
    else {
        panic!()
    };
    assert_eq!(
        (call.registry, name.as_deref()),
        (Registry::Posteriors, Some("scale"))
    );
    let Place::Argument { call, .. } = at("default { posterior = MeanField(loc = Normal(|") else {
        panic!()
    };
    assert_eq!(call.registry, Registry::Initializers);
    let Place::Argument { call, .. } = at("network { residual(shortcut = conv2d(|") else {
        panic!()
    };
    assert_eq!(call.registry, Registry::Layers);
}
