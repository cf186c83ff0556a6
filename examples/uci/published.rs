//! The numbers that the study is held against, as they were published: means over the same twenty splits
//! and their standard errors.

/// What was published of a set: mean and standard error of each of [`METHODS`].
pub struct Published {
    /// The set's folder.
    pub set: &'static str,
    /// Root mean squared error.
    pub rmse: [[f64; 2]; 3],
    /// Mean log-likelihood of a target.
    pub log_likelihood: [[f64; 2]; 3],
}

/// Each method with its source.
pub const METHODS: [(&str, &str); 3] = [
    (
        "VI",
        "mean-field variational inference (Graves 2011), as run by Hernández-Lobato and Adams 2015, tables 1 and 2",
    ),
    (
        "PBP",
        "probabilistic backpropagation, Hernández-Lobato and Adams 2015, tables 1 and 2",
    ),
    (
        "MC dropout",
        "Gal and Ghahramani 2016, table 1; there with standard deviations, here divided by √20",
    ),
];

/// Of every set with published numbers.
pub const PUBLISHED: &[Published] = &[
    Published {
        set: "concrete",
        rmse: [[7.13, 0.12], [5.67, 0.09], [5.23, 0.12]],
        log_likelihood: [[-3.39, 0.02], [-3.16, 0.02], [-3.04, 0.02]],
    },
    Published {
        set: "energy",
        rmse: [[2.65, 0.08], [1.80, 0.05], [1.66, 0.04]],
        log_likelihood: [[-2.39, 0.03], [-2.04, 0.02], [-1.99, 0.02]],
    },
    Published {
        set: "kin8nm",
        rmse: [[0.10, 0.00], [0.10, 0.00], [0.10, 0.00]],
        log_likelihood: [[0.90, 0.01], [0.90, 0.01], [0.95, 0.01]],
    },
    Published {
        set: "power-plant",
        rmse: [[4.33, 0.04], [4.12, 0.03], [4.02, 0.04]],
        log_likelihood: [[-2.89, 0.01], [-2.84, 0.01], [-2.80, 0.01]],
    },
    Published {
        set: "wine-quality-red",
        rmse: [[0.65, 0.01], [0.64, 0.01], [0.62, 0.01]],
        log_likelihood: [[-0.98, 0.01], [-0.97, 0.01], [-0.93, 0.01]],
    },
];
