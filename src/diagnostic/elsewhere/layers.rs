//! Layers of other tools, and the layer and estimator that they are here.

/// What another tool's layer is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerWord {
    /// Its names there, in small letters and without `_`.
    pub theirs: &'static [&'static str],
    /// The layer here.
    pub ours: &'static str,
    /// The estimator that it is there.
    pub estimator: Option<&'static str>,
}

const fn row(
    theirs: &'static [&'static str],
    ours: &'static str,
    estimator: Option<&'static str>,
) -> LayerWord {
    LayerWord {
        theirs,
        ours,
        estimator,
    }
}

static LAYERS: &[LayerWord] = &[
    row(
        &["multiheadattention", "selfattention", "mha"],
        "attention",
        None,
    ),
    row(
        &["scaleddotproductattention"],
        "dot_product_attention",
        None,
    ),
    row(
        &["positionembedding", "positionalembedding"],
        "positions",
        None,
    ),
    row(
        &["sinepositionencoding", "positionalencoding"],
        "sinusoidal_positions",
        None,
    ),
    row(&["linear", "fc", "fullyconnected"], "dense", None),
    row(&["denseflipout", "linearflipout"], "dense", Some("flipout")),
    row(
        &[
            "densereparameterization",
            "linearreparameterization",
            "densevariational",
            "bayeslinear",
            "bayesianlinear",
        ],
        "dense",
        Some("reparameterization"),
    ),
    row(
        &["denselocalreparameterization", "bbblinear"],
        "dense",
        Some("local_reparameterization"),
    ),
    row(&["conv", "convolution", "convolution2d"], "conv2d", None),
    row(
        &["conv2dflipout", "convolution2dflipout"],
        "conv2d",
        Some("flipout"),
    ),
    row(
        &[
            "conv2dreparameterization",
            "convolution2dreparameterization",
            "bayesconv2d",
            "bayesianconv2d",
        ],
        "conv2d",
        Some("reparameterization"),
    ),
    row(&["bbbconv2d"], "conv2d", Some("local_reparameterization")),
    row(&["maxpool", "maxpooling2d"], "max_pool2d", None),
    row(&["avgpool", "averagepooling2d"], "avg_pool2d", None),
    row(&["globalaveragepooling2d"], "global_avg_pool2d", None),
    row(&["globalmaxpooling2d"], "global_max_pool2d", None),
    row(&["conv1dtranspose"], "conv_transpose1d", None),
    row(&["upsampling1d"], "upsample1d", None),
    row(&["conv2dtranspose"], "conv_transpose2d", None),
    row(&["upsampling2d"], "upsample2d", None),
    row(&["conv3dtranspose"], "conv_transpose3d", None),
    row(&["upsampling3d"], "upsample3d", None),
    row(&["convolution1d"], "conv1d", None),
    row(
        &["conv1dflipout", "convolution1dflipout"],
        "conv1d",
        Some("flipout"),
    ),
    row(
        &[
            "conv1dreparameterization",
            "convolution1dreparameterization",
            "bayesconv1d",
        ],
        "conv1d",
        Some("reparameterization"),
    ),
    row(&["bbbconv1d"], "conv1d", Some("local_reparameterization")),
    row(&["maxpooling1d"], "max_pool1d", None),
    row(&["averagepooling1d"], "avg_pool1d", None),
    row(&["globalaveragepooling1d"], "global_avg_pool1d", None),
    row(&["globalmaxpooling1d"], "global_max_pool1d", None),
    row(&["convolution3d"], "conv3d", None),
    row(
        &["conv3dflipout", "convolution3dflipout"],
        "conv3d",
        Some("flipout"),
    ),
    row(
        &[
            "conv3dreparameterization",
            "convolution3dreparameterization",
            "bayesconv3d",
        ],
        "conv3d",
        Some("reparameterization"),
    ),
    row(&["bbbconv3d"], "conv3d", Some("local_reparameterization")),
    row(&["maxpooling3d"], "max_pool3d", None),
    row(&["averagepooling3d"], "avg_pool3d", None),
    row(&["globalaveragepooling3d"], "global_avg_pool3d", None),
    row(&["globalmaxpooling3d"], "global_max_pool3d", None),
    row(&["swish"], "silu", None),
    row(&["hardswish", "hardsilu"], "hard_swish", None),
    row(
        &[
            "batchnormalization",
            "batchnorm1d",
            "batchnorm2d",
            "batchnorm3d",
        ],
        "batch_norm",
        None,
    ),
    row(&["layernormalization"], "layer_norm", None),
    row(&["groupnormalization"], "group_norm", None),
    row(
        &["instancenorm1d", "instancenorm2d", "instancenorm3d"],
        "instance_norm",
        None,
    ),
    row(
        &[
            "spatialdropout1d",
            "spatialdropout2d",
            "spatialdropout3d",
            "dropout1d",
            "dropout2d",
            "dropout3d",
        ],
        "spatial_dropout",
        None,
    ),
    row(&["logistic"], "sigmoid", None),
];

/// What another tool's layer is here, in whatever case it is written.
pub fn layer(word: &str) -> Option<&'static LayerWord> {
    let word = plain(word);
    let mut rows = LAYERS.iter();
    rows.find(|row| row.theirs.contains(&word.as_str()))
}

/// What another tool's layer is among the layers `known`. A name that differs only in its case is the same:
/// `MaxPool2D`.
pub fn known_layer(word: &str, known: impl IntoIterator<Item = &'static str>) -> Option<LayerWord> {
    let row = layer(word);
    let is_it =
        |ours: &&str| plain(ours) == plain(word) || row.is_some_and(|row| row.ours == *ours);
    let ours = known.into_iter().find(is_it)?;
    let estimator = row.and_then(|row| row.estimator);
    Some(self::row(&[], ours, estimator))
}

/// What an activation of another tool is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// The softmax, which `Categorical(logits = …)` applies itself.
    Softmax,
    /// None.
    Identity,
    /// A layer.
    Layer(&'static str),
}

/// What an activation of another tool is here, if it is one of the layers `known`.
pub fn activation(word: &str, known: impl IntoIterator<Item = &'static str>) -> Option<Activation> {
    match plain(word).as_str() {
        "softmax" | "logsoftmax" => Some(Activation::Softmax),
        "linear" | "none" => Some(Activation::Identity),
        _ => known_layer(word, known).map(|row| Activation::Layer(row.ours)),
    }
}

const LINEAR: &[&str] = &["in_features", "out_features", "bias"];
const RECURRENT: &[&str] = &["input_size", "hidden_size", "num_layers", "bias"];
const CONVOLUTION: &[&str] = &[
    "in_channels",
    "out_channels",
    "kernel_size",
    "stride",
    "padding",
    "dilation",
    "groups",
    "bias",
];

/// What the arguments of another tool's layer are called there, in their order, as far as they are the same in all
/// tools that have such a layer; nothing of a layer whose arguments stand in the order that they have here.
///
/// `given` are the names of the arguments of the call, `None` of those by place. They tell a convolution of PyTorch,
/// which begins with the width of its input, from one that begins with the number of filters.
pub fn order(word: &str, given: &[Option<&str>]) -> Option<&'static [&'static str]> {
    let word_plain = plain(word);
    let placed = given.iter().filter(|name| name.is_none()).count();
    // Whether the first `wanted` arguments are all given, which PyTorch demands.
    let has = |wanted: &[&str]| {
        let is_wanted = |name: &&&str| wanted.contains(name) || **name == "kernel";
        placed + given.iter().flatten().filter(is_wanted).count() >= wanted.len()
    };
    Some(match word_plain.as_str() {
        "densevariational" => &[
            "units",
            "make_posterior_fn",
            "make_prior_fn",
            "kl_weight",
            "kl_use_exact",
            "activation",
        ],
        "bayeslinear" if placed > 2 => &[
            "prior_mu",
            "prior_sigma",
            "in_features",
            "out_features",
            "bias",
        ],
        "bayesconv2d" if placed > 3 => &[
            "prior_mu",
            "prior_sigma",
            "in_channels",
            "out_channels",
            "kernel_size",
            "stride",
            "padding",
            "dilation",
        ],
        // Its third argument may also be the mean of the prior.
        "linearreparameterization" | "linearflipout" if has(&LINEAR[..2]) => &LINEAR[..2],
        word if word.contains("linear") => match has(&LINEAR[..2]) {
            true => LINEAR,
            false => &["out_features"],
        },
        // Its fourth argument is the number of groups.
        "bayesianconv2d" if has(&CONVOLUTION[..3]) => &CONVOLUTION[..3],
        // PyTorch's has groups and a bias before its dilation.
        _ if word.contains("ConvTranspose") && has(&CONVOLUTION[..3]) => &[
            "in_channels",
            "out_channels",
            "kernel_size",
            "stride",
            "padding",
            "output_padding",
            "groups",
            "bias",
            "dilation",
        ],
        _ if is_torch_convolution(word) && has(&CONVOLUTION[..3]) => match word {
            "BBBConv2d" => &CONVOLUTION[..6],
            _ => CONVOLUTION,
        },
        word if word.starts_with("conv") || word.ends_with("conv2d") => &[
            "filters",
            "kernel_size",
            "strides",
            "padding",
            "data_format",
            "dilation_rate",
        ],
        "batchnorm1d" | "batchnorm2d" | "batchnorm3d" => &["num_features", "eps", "momentum"],
        "instancenorm1d" | "instancenorm2d" | "instancenorm3d" => {
            &["num_features", "eps", "momentum", "affine"]
        }
        "layernorm" => &["normalized_shape", "eps"],
        "groupnorm" => &["num_groups", "num_channels", "eps"],
        "batchnormalization" => &["axis", "momentum", "epsilon"],
        "layernormalization" => &["axis", "epsilon"],
        "groupnormalization" => &["groups", "axis", "epsilon"],
        "prelu" => &["num_parameters"],
        // PyTorch demands both.
        "lstm" | "gru" | "rnn" if has(&RECURRENT[..2]) => RECURRENT,
        "multiheadattention" if word == "MultiheadAttention" => &["embed_dim", "num_heads"],
        word if word.starts_with("dense") || word == "fc" => &["units", "activation", "use_bias"],
        _ => return None,
    })
}

/// Whether a convolution is written as PyTorch does, with a small `d`.
fn is_torch_convolution(word: &str) -> bool {
    ["Conv1d", "Conv2d", "Conv3d"]
        .iter()
        .any(|name| word.contains(name))
}

/// Whether an argument says the width of a layer's input, which a layer here takes from the value above it.
pub fn is_input_width(name: &str) -> bool {
    const WIDTHS: &[&str] = &[
        "in_features",
        "in_channels",
        "num_features",
        "num_channels",
        "normalized_shape",
        "input_size",
        "embed_dim",
    ];
    WIDTHS.contains(&name)
}

/// A word in small letters and without `_`: `MaxPool2D` and `max_pool2d` are the same.
pub fn plain(word: &str) -> String {
    word.to_lowercase().replace('_', "")
}

impl LayerWord {
    /// How it is written here, with these arguments.
    pub fn written(&self, arguments: &str) -> String {
        match self.estimator {
            None => format!("{}{arguments}", self.ours),
            Some(estimator) => format!("{}{arguments} {{ estimator = {estimator} }}", self.ours),
        }
    }
}
