//! Words of other tools, and what is written here instead.

/// What is said of a word that another tool has.
pub struct Elsewhere {
    /// Of the error that the word is: where it stands.
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
        entry.code == code
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
