//! The table of words of other tools that are no layers, and what is said of each.

use super::{ANYWHERE, Elsewhere};

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
const ACTIVATION: &str = "an activation is a layer of its own, behind this one: `relu`";
const NO_BIAS: &str = "`bias = none` leaves a bias out: `dense(10, bias = none)`";
const KL_SCALE: &str = "delete this: bnnc scales the KL by 1/N itself; a factor beside it stands in the \
     objective, for all parameters: `objective elbo { temperature = 0.1 }`";
const CLASS_WEIGHT: &str = "leave it out: a weight on a class's terms makes a loss that is no log likelihood, so that \
     probabilities and intervals are those of no model. What a wrong decision costs is for the prediction: multiply \
     the predicted probabilities by the costs. A rare class needs no weight: the likelihood knows how rare it is; if rows \
     are resampled, multiply each class's probability by its true frequency over that in the sample";
const SAMPLE_WEIGHT: &str = "leave it out: a weight on an example's term makes a loss that is no log likelihood. If a \
     weight is how many times a row occurs, `weights = \"count\"` names its column; if some measurements are less \
     precise, the scale is of each: `scale = softplus(out[1])`; if rows are sampled unevenly, what decides that is an input";
const WEIGHTS: &str = "leave it out: weighted terms are no log likelihood. `weights = \"count\"` beside the data, or \
     `--weights count`, names a column that says how many times each row occurs";
/// What other tools call what multiplies the KL.
pub(super) const KL_WEIGHT: &[&str] = &[
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
pub(super) static WORDS: &[Elsewhere] = &[
    entry(
        ANYWHERE,
        &[
            "class_weight",
            "class_weights",
            "pos_weight",
            "scale_pos_weight",
        ],
        None,
        CLASS_WEIGHT,
    ),
    entry(
        ANYWHERE,
        &[
            "sample_weight",
            "sample_weights",
            "importance_weight",
            "importance_weights",
            "example_weight",
            "example_weights",
        ],
        None,
        SAMPLE_WEIGHT,
    ),
    entry(
        "E0203",
        &["weights"],
        Some("weight"),
        "here it is called `weight`",
    ),
    entry("E0203", &["weight", "weights"], None, WEIGHTS),
    entry("E0212", &["weight", "weights"], None, WEIGHTS),
    entry(
        "E0203",
        &["eps"],
        Some("epsilon"),
        "here it is called `epsilon`",
    ),
    entry(
        "E0203",
        &["num_groups"],
        Some("groups"),
        "here it is called `groups`",
    ),
    entry(
        "E0203",
        &["hidden_size"],
        Some("units"),
        "here it is called `units`",
    ),
    entry(
        "E0203",
        &["num_heads"],
        Some("heads"),
        "here it is called `heads`",
    ),
    entry(
        "E0203",
        &["return_sequences"],
        None,
        "`returns = steps`, which is the default here, gives the state after each step; `returns = last` the last one",
    ),
    entry(
        "E0203",
        &["bidirectional"],
        None,
        "`direction = both` has a layer of each direction",
    ),
    entry(
        "E0203",
        &["num_layers"],
        None,
        "write the layer as often as there are layers, or in `repeat 2 { … }`",
    ),
    entry("E0203", &["p"], Some("rate"), "here it is called `rate`"),
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
        &["negative_slope", "alpha"],
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
