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
    row(&["swish"], "silu", None),
    row(&["logistic"], "sigmoid", None),
];

/// What another tool's layer is here, in whatever case it is written.
pub fn layer(word: &str) -> Option<&'static LayerWord> {
    let word = plain(word);
    let mut rows = LAYERS.iter();
    rows.find(|row| row.theirs.contains(&word.as_str()))
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
