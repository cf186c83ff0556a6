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

/// E0201 a layer, E0203 an argument, E0212 a setting or an option, E0215 an estimator.
static ELSEWHERE: &[Elsewhere] = &[
    entry(
        "E0201",
        &["dropout"],
        None,
        "dropout is a posterior, of the layer whose inputs it leaves out: \
         `dense(10) { kernel: posterior = Dropout(rate = 0.5), prior = Normal(0, 1) }`",
    ),
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
    entry(
        "E0203",
        &["activation"],
        None,
        "an activation is a layer of its own, on the next line: `relu`",
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
        &["kl_weight", "kl_scale", "kl_factor", "beta"],
        Some("temperature"),
        "what multiplies the KL is `temperature`; 1 is the ELBO, and 1/N is in it already",
    ),
    entry(
        "E0212",
        &[
            "lr",
            "learning_rate",
            "optimizer",
            "epochs",
            "batch_size",
            "seed",
        ],
        None,
        "how a model is trained stands in a run file or in flags: `bnnc train MODEL --learning-rate 0.001`",
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

/// What another tool's word is here.
pub fn find(code: &str, word: &str) -> Option<&'static Elsewhere> {
    let word = word.to_lowercase();
    let mut all = ELSEWHERE.iter();
    all.find(|entry| entry.code == code && entry.theirs.contains(&word.as_str()))
}
