//! Words of other tools, and what is written here instead.

pub use super::layers::{LayerWord, layer, plain};

/// What is said of a word that another tool has.
pub struct Elsewhere {
    /// Of the error that the word is, which is where it stands; [`ANYWHERE`] of a word that may be any.
    code: &'static str,
    /// As they are written there, in small letters.
    theirs: &'static [&'static str],
    /// The word here that stands in its place, if there is one.
    pub ours: Option<&'static str>,
    /// What to write.
    pub help: &'static str,
}

const fn entry(
    code: &'static str,
    theirs: &'static [&'static str],
    ours: Option<&'static str>,
    help: &'static str,
) -> Elsewhere {
    Elsewhere {
        code,
        theirs,
        ours,
        help,
    }
}

const DROPOUT: &str = "dropout is a posterior, of the layer whose inputs it leaves out: \
     `dense(10) { kernel: posterior = Dropout(rate = 0.5), prior = Normal(0, 1) }`";
const ACTIVATION: &str = "an activation is a layer of its own, on the next line: `relu`";
const NO_BIAS: &str = "`bias = none` leaves a bias out: `dense(10, bias = none)`";
const KL_SCALE: &str = "delete this: bnnc scales the KL by 1/N itself; a factor beside it stands in the \
     objective, for all parameters: `objective elbo { temperature = 0.1 }`";
const KL_WEIGHT: &[&str] = &[
    "kl_weight",
    "kl_scale",
    "kl_factor",
    "kl_coef",
    "kl_loss_weight",
    "kl_loss_scaling",
    "beta",
    "lambda",
    "lam",
    "lmbda",
];

/// The code of words that may stand in any place.
const ANYWHERE: &str = "";
const POSTERIOR: &str = "delete this: the posterior stands in braces behind the layer, \
     `dense(10) { posterior = MeanField }`, or in `default { … }` for all layers";
const PRIOR: &str = "delete this: the prior stands in braces behind the layer, \
     `dense(10) { prior = Normal(0, 1) }`, or in `default { … }` for all layers";
const DIVERGENCE: &str =
    "delete this: bnnc works out the KL of every parameter, and scales it by 1/N itself";
const START: &str = "delete this: where a posterior starts stands among its arguments, in braces behind the layer: \
     `posterior = MeanField(loc = Normal(0, 0.1), scale = Softplus(-3))`";
const INPUTS: &str = "delete this: a layer takes the width of the value above it; the input's stands in \
     `input x: real[28, 28, 1]`";
const ADDED: &str =
    "delete this: the KL of every parameter is in the loss already; `bnnc check` prints each term";

/// E0201 a layer, E0203 an argument, E0205 an argument too many, E0206 a word for a choice, E0212 a setting or an
/// option, E0215 an estimator. Of two entries for a word the first whose own word is known there counts.
static ELSEWHERE: &[Elsewhere] = &[
    entry("E0201", &["dropout"], None, DROPOUT),
    entry(
        "E0201",
        &[
            "batchnorm",
            "batchnorm2d",
            "batch_norm",
            "batchnormalization",
            "batch_normalization",
            "layernorm",
            "layer_norm",
            "layernormalization",
        ],
        None,
        "there is no layer that normalises; a prior such as `Normal(0, 1 / sqrt(fan_in))` keeps values \
         of one size, and `scaling` in the run file standardizes the inputs",
    ),
    entry("E0203", &["activation"], None, ACTIVATION),
    entry("E0212", &["activation"], None, ACTIVATION),
    entry(
        "E0205",
        &[
            "relu",
            "tanh",
            "sigmoid",
            "gelu",
            "elu",
            "silu",
            "softplus",
            "leaky_relu",
        ],
        None,
        ACTIVATION,
    ),
    entry("E0203", &["use_bias"], None, NO_BIAS),
    entry("E0212", &["use_bias"], None, NO_BIAS),
    entry("E0203", &["dropout", "dropout_rate"], None, DROPOUT),
    entry("E0212", &["dropout", "dropout_rate"], None, DROPOUT),
    entry(
        "E0206",
        &["analytic", "analytical", "exact"],
        Some("closed_form"),
        "here it is called `closed_form`",
    ),
    entry(
        "E0206",
        &["mc", "montecarlo", "sample", "sampled"],
        Some("monte_carlo"),
        "here it is called `monte_carlo`",
    ),
    entry(
        "E0203",
        &["sigma", "std", "stddev", "sd"],
        Some("scale"),
        "the standard deviation is `scale`",
    ),
    entry("E0203", &["mu", "mean"], Some("loc"), "the mean is `loc`"),
    entry(
        "E0203",
        &["kernel_size", "filter_size"],
        Some("kernel"),
        "here it is called `kernel`",
    ),
    entry(
        "E0203",
        &["strides"],
        Some("stride"),
        "here it is called `stride`",
    ),
    entry(
        "E0203",
        &["pool_size", "kernel_size"],
        Some("size"),
        "here it is called `size`",
    ),
    entry(
        "E0203",
        &["dilation_rate"],
        Some("dilation"),
        "here it is called `dilation`",
    ),
    entry(
        "E0203",
        &["out_features", "neurons"],
        Some("units"),
        "here it is called `units`",
    ),
    entry(
        "E0203",
        &["out_channels"],
        Some("filters"),
        "here it is called `filters`",
    ),
    entry(
        "E0203",
        &["negative_slope"],
        Some("slope"),
        "here it is called `slope`",
    ),
    entry(
        ANYWHERE,
        &[
            "kernel_posterior_fn",
            "bias_posterior_fn",
            "make_posterior_fn",
            "kernel_posterior_tensor_fn",
            "bias_posterior_tensor_fn",
            "default_mean_field_normal_fn",
        ],
        None,
        POSTERIOR,
    ),
    entry(
        ANYWHERE,
        &[
            "kernel_prior_fn",
            "bias_prior_fn",
            "make_prior_fn",
            "prior_mu",
            "prior_sigma",
            "prior_mean",
            "prior_variance",
        ],
        None,
        PRIOR,
    ),
    entry(
        ANYWHERE,
        &["kernel_divergence_fn", "bias_divergence_fn", "kl_use_exact"],
        None,
        DIVERGENCE,
    ),
    entry(
        ANYWHERE,
        &[
            "posterior_mu_init",
            "posterior_rho_init",
            "kernel_initializer",
            "bias_initializer",
        ],
        None,
        START,
    ),
    entry(
        ANYWHERE,
        &[
            "in_features",
            "in_channels",
            "input_shape",
            "input_dim",
            "data_format",
        ],
        None,
        INPUTS,
    ),
    entry(
        ANYWHERE,
        &[
            "add_loss",
            "model.add_loss",
            "model.losses",
            "losses",
            "kl_loss",
            "get_kl_loss",
            "kl_divergence",
        ],
        None,
        ADDED,
    ),
    entry(
        ANYWHERE,
        &["pyro.sample", "numpyro.sample", "pyrosample"],
        None,
        "weights are drawn layer by layer under `prior = Normal(0, 1)`; the target is `observe y ~ …`, and one \
         number of its own is `latent s ~ HalfNormal(1)`",
    ),
    entry(
        ANYWHERE,
        &["pyromodule", "pyro.nn.pyromodule"],
        None,
        "the layers stand in `network { … }`, and the prior of all their weights in \
         `default { prior = Normal(0, 1) }`",
    ),
    entry(
        ANYWHERE,
        &[
            "autonormal",
            "autodiagonalnormal",
            "automultivariatenormal",
            "autolowrankmultivariatenormal",
            "autodelta",
            "autoguide",
        ],
        None,
        "a guide is a posterior here: `MeanField` for AutoNormal and AutoDiagonalNormal, `Delta` for AutoDelta; \
         `FullRank` and `LowRank` correlate the weights of one tensor",
    ),
    entry(
        ANYWHERE,
        &[
            "trace_elbo",
            "tracemeanfield_elbo",
            "tracegraph_elbo",
            "svi",
        ],
        None,
        "this is `objective elbo`: closed forms of the KL where there are any, as TraceMeanField_ELBO; \
         `objective elbo { kl = monte_carlo }` estimates it by draws, as Trace_ELBO",
    ),
    entry(
        ANYWHERE,
        &["plate", "pyro.plate", "numpyro.plate"],
        None,
        "delete this: examples are independent given the weights, and bnnc scales a minibatch itself",
    ),
    entry(
        ANYWHERE,
        &["dnn_to_bnn"],
        None,
        "every layer is Bayesian by its settings; `from = \"lenet.safetensors\"` starts it from trained weights",
    ),
    entry(
        "E0212",
        KL_WEIGHT,
        Some("temperature"),
        "what multiplies the KL beside 1/N is `temperature`; bnnc scales the KL by 1/N itself",
    ),
    entry("E0212", KL_WEIGHT, None, KL_SCALE),
    entry("E0203", KL_WEIGHT, None, KL_SCALE),
    entry(
        "E0212",
        &["lr", "learning_rate"],
        None,
        "the step size stands under `[optimizer]` in a run file, or in a flag: \
         `bnnc train MODEL --learning-rate 0.001`",
    ),
    entry(
        "E0212",
        &["optimizer", "optimiser"],
        None,
        "the optimizer stands in a run file, MODEL.toml: `[optimizer]` and under it `name = \"adam\"`",
    ),
    entry(
        "E0212",
        &["epochs", "num_epochs"],
        None,
        "how long a model is trained stands in a run file, or in a flag: `bnnc train MODEL --epochs 10`",
    ),
    entry(
        "E0212",
        &["batch_size", "batch"],
        None,
        "the examples of a step are counted in a run file, or in a flag: \
         `bnnc train MODEL --batch-size 128`",
    ),
    entry(
        "E0212",
        &["seed"],
        None,
        "the seed stands in a run file, or in a flag: `bnnc train MODEL --seed 0`",
    ),
    entry(
        "E0212",
        &["weight_decay", "l2"],
        None,
        "weight decay is a normal prior of a point estimate: `prior = Normal(0, 1), posterior = Delta`",
    ),
    entry(
        "E0215",
        &["reparam", "reparametrization", "reparameterisation"],
        Some("reparameterization"),
        "here it is called `reparameterization`",
    ),
    entry(
        "E0215",
        &["local_reparam", "lrt", "local_reparametrization"],
        Some("local_reparameterization"),
        "here it is called `local_reparameterization`",
    ),
];

/// What another tool's word is here, where these words are known.
pub fn find(code: &str, word: &str, known: &[&str]) -> Option<&'static Elsewhere> {
    let word = word.to_lowercase();
    let mut all = ELSEWHERE.iter();
    all.find(|entry| {
        [code, ANYWHERE].contains(&entry.code)
            && entry.theirs.contains(&word.as_str())
            && entry.ours.is_none_or(|ours| known.contains(&ours))
    })
}

/// Whether another tool calls what multiplies the KL so.
pub fn is_kl_weight(word: &str) -> bool {
    KL_WEIGHT.contains(&word.to_lowercase().as_str())
}

/// What is written in the place of another tool's word that begins a line of its own, outside of every block.
pub fn declaration(word: &str) -> Option<&'static str> {
    find("E0212", word, &[]).map(|entry| entry.help)
}

/// What is said of a word that may stand in any place.
pub fn anywhere(word: &str) -> Option<&'static str> {
    find(ANYWHERE, word, &[]).map(|entry| entry.help)
}

/// All that is to be said of a word of other tools; nothing of a word that they do not have.
pub fn helps(word: &str) -> Vec<String> {
    let mut helps: Vec<String> = vec![];
    helps.extend(layer(word).map(|row| format!("here it is `{}`", row.written("(…)"))));
    helps.extend(data_type(word).map(|ours| format!("as a type it is called `{ours}` here")));
    let lower = word.to_lowercase();
    let entries = ELSEWHERE
        .iter()
        .filter(|entry| entry.theirs.contains(&lower.as_str()));
    helps.extend(entries.map(|entry| entry.help.to_owned()));
    helps.dedup();
    helps.sort_by_key(|help| !help.starts_with("delete "));
    helps
}

/// Every word of other tools, as messages look for it.
pub fn all() -> impl Iterator<Item = &'static str> {
    ELSEWHERE
        .iter()
        .flat_map(|entry| entry.theirs.iter().copied())
}

/// What a type of another tool is called here.
pub fn data_type(word: &str) -> Option<&'static str> {
    Some(match word.to_lowercase().as_str() {
        "categorical" | "class" | "classes" | "label" | "int" | "int32" | "int64" | "integer" => {
            "category"
        }
        "float" | "float32" | "float64" | "double" | "tensor" | "continuous" => "real",
        "bool" | "boolean" => "binary",
        _ => return None,
    })
}
