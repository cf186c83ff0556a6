use super::format;
use crate::source::Source;

fn formatted(text: &str) -> String {
    let source = Source {
        name: "m.bnn".into(),
        text: text.into(),
    };
    format(&source).unwrap_or_else(|messages| panic!("{text}\n{messages:?}"))
}

/// `text` is laid out as `wanted`, and that is left as it is.
#[track_caller]
fn becomes(text: &str, wanted: &str) {
    let found = formatted(text);
    assert_eq!(found, wanted, "found:\n{found}");
    assert_eq!(formatted(&found), found, "a second time");
}

#[test]
fn blanks_stand_between_tokens_and_not_in_brackets() {
    becomes(
        "model   m\nconst a=2^( 3+1 )- -1*( -b )/.5\nobserve y~Normal( loc=out [ 0 : 2 ],scale=softplus(out[1]))",
        "model m\nconst a = 2 ^ (3 + 1) - -1 * (-b) / .5\nobserve y ~ Normal(loc = out[0:2], scale = softplus(out[1]))\n",
    );
    becomes(
        "network{concat on(a,b)\n reuse  c on d\n repeat 3{basic(16)}\n concat{{dense(8)}{ }}\n}",
        "network {\n  concat on (a, b)\n  reuse c on d\n  repeat 3 { basic(16) }\n  concat { { dense(8) } { } }\n}\n",
    );
    becomes(
        "input x :real [ 3,4 ]\ntarget y: category[3] [2,2]",
        "input  x: real[3, 4]\ntarget y: category[3][2, 2]\n",
    );
}

#[test]
fn what_is_alike_stands_under_one_another() {
    becomes(
        "const a = 1\nconst width = 2\n\nconst b = 3\nlatent tau ~ Normal(0, 1)\nlatent t ~ Normal(0, 1), posterior = MeanField",
        "const a     = 1\nconst width = 2\n\nconst b = 3\nlatent tau ~ Normal(0, 1)\nlatent t   ~ Normal(0, 1), posterior = MeanField\n",
    );
    becomes(
        "default {\nprior = Normal(0, 1),\nposterior = MeanField\n# why\nbias = none }",
        "default {\n  prior     = Normal(0, 1)\n  posterior = MeanField\n  # why\n  bias      = none\n}\n",
    );
    // Layers between names part them.
    becomes(
        "network {\na = dense(1)\nbody = relu\ntanh\nx = dense(1)\n}",
        "network {\n  a    = dense(1)\n  body = relu\n  tanh\n  x = dense(1)\n}\n",
    );
}

#[test]
fn settings_of_a_parameter_stand_behind_it_or_below_it() {
    becomes(
        "network { dense(1) {\nestimator = flipout, kernel: prior = A\nbias: prior = B, posterior = C } }",
        "network {\n  dense(1) {\n    estimator = flipout\n    kernel: prior = A\n    bias:   prior = B, posterior = C\n  }\n}\n",
    );
    becomes(
        "network {\ndense(1) {\nkernel: prior = A # one\nposterior = B\nbias: prior = C } }",
        "network {\n  dense(1) {\n    kernel:\n      prior     = A    # one\n      posterior = B\n    bias: prior = C\n  }\n}\n",
    );
    let long = "Normal(0, 1 / sqrt(fan_in))";
    becomes(
        &format!(
            "default {{ kernel: prior = {long}, posterior = MeanField(loc = {long}, scale = {long}) }}"
        ),
        &format!(
            "default {{\n  kernel:\n    prior     = {long}\n    posterior = MeanField(loc = {long}, scale = {long})\n}}\n"
        ),
    );
}

#[test]
fn what_is_too_long_is_broken() {
    let name = "a_name_of_forty_characters_in_all_______";
    becomes(
        &format!(
            "network {{\nf = conv2d(filters = {name}, kernel = {name}, stride = 2) on x {{ prior = A }}\n}}"
        ),
        &format!(
            "network {{\n  f = conv2d(\n    filters = {name},\n    kernel = {name},\n    stride = 2,\n  ) on x {{ prior = A }}\n}}\n"
        ),
    );
    becomes(
        &format!("const x = {name} + {name} * {name}"),
        &format!("const x = {name} +\n  {name} *\n  {name}\n"),
    );
    becomes(
        &format!("latent t ~ Normal(0, 1), posterior = MeanField(loc = {name}, scale = {name})"),
        &format!(
            "latent t ~ Normal(0, 1),\n  posterior = MeanField(\n    loc = {name},\n    scale = {name},\n  )\n"
        ),
    );
    // What would fit is joined.
    becomes(
        "network {\n conv2d(\n  16,\n  3,\n )\n}",
        "network {\n  conv2d(16, 3)\n}\n",
    );
    let wide = "a_layer_of_thirty_characters__";
    becomes(
        &format!("network {{ {wide}, {wide}, {wide}, {wide} }}"),
        &format!("network {{\n  {wide}\n  {wide}\n  {wide}\n  {wide}\n}}\n"),
    );
}

#[test]
fn comments_stay_where_they_are() {
    becomes(
        "#! a script\n\n\n# two\n\nmodel m #name\nnetwork { # layers\n\n# first\nconv2d(16, # filters\n 3 # kernel\n , # stride\n # none\n ) # done\n\n\n# last\n} # end\n# of file",
        "#! a script\n\n# two\n\nmodel m    #name\n\nnetwork {    # layers\n  # first\n  conv2d(\n    16,    # filters\n    3,     # kernel\n    # stride\n    # none\n  )    # done\n\n  # last\n}    # end\n\n# of file\n",
    );
    becomes(
        "objective elbo # why\n{ kl = auto }\nconst a = (1 # one\n + # two\n 2)",
        "objective elbo    # why\n{\n  kl = auto\n}\n\nconst a = (\n  1    # one\n    +    # two\n    2\n)\n",
    );
    becomes("# alone", "# alone\n");
    becomes("default { # empty\n }", "default {    # empty\n}\n");
}

#[test]
fn the_ends_of_lines_are_the_files_own() {
    becomes(
        "model m\r\n\r\nconst a=1 # b\r\n",
        "model m\r\n\r\nconst a = 1    # b\r\n",
    );
    becomes(
        "\u{FEFF}model m\nconst a=1\r",
        "\u{FEFF}model m\nconst a = 1\n",
    );
}
