//! Distributions of real numbers as likelihoods, by [`Independent`]: each a row of names, words and formulas.

use super::independent::Independent;
use super::value;
use crate::distribution::{Cauchy, Exponential, Gamma, InverseGamma, Laplace, LogNormal, StudentT};
use crate::signature::{Domain, Signature};

/// Laplace(loc, scale): absolute errors, so that single targets far off weigh less than under a normal noise.
pub static LAPLACE: Independent<Laplace> = Independent {
    distribution: Laplace,
    signature: &Signature {
        name: "Laplace",
        summary: "real numbers with double exponential noise",
        parameters: &[
            value("loc", Domain::Real, "the mean of each entry"),
            value(
                "scale",
                Domain::Positive,
                "the mean absolute deviation of each entry, or of all",
            ),
        ],
    },
    formula: "|y - loc|/scale + ln(2 scale)",
    mean: "loc",
    notation: "Laplace(loc, scale)",
};

/// StudentT(df, loc, scale): outliers among normal noise.
pub static STUDENT_T: Independent<StudentT> = Independent {
    distribution: StudentT,
    signature: &Signature {
        name: "StudentT",
        summary: "real numbers with noise of heavier tails the lower df",
        parameters: &[
            value("df", Domain::Positive, "the degrees of freedom"),
            value("loc", Domain::Real, "the centre of each entry"),
            value(
                "scale",
                Domain::Positive,
                "the scale of each entry, or of all; not its standard deviation",
            ),
        ],
    },
    formula: "(df + 1)/2 ln(1 + (y - loc)^2/(df scale^2)) + ln scale + 1/2 ln(df pi) + ln gamma(df/2) \
              - ln gamma((df + 1)/2)",
    mean: "loc",
    notation: "StudentT(df, loc, scale)",
};

/// Cauchy(loc, scale): Student's t with df = 1.
pub static CAUCHY: Independent<Cauchy> = Independent {
    distribution: Cauchy,
    signature: &Signature {
        name: "Cauchy",
        summary: "real numbers with noise so heavy-tailed that it has no mean",
        parameters: &[
            value("loc", Domain::Real, "the median of each entry"),
            value(
                "scale",
                Domain::Positive,
                "half the interquartile range of each entry, or of all",
            ),
        ],
    },
    formula: "ln(pi scale) + ln(1 + (y - loc)^2/scale^2)",
    mean: "loc",
    notation: "Cauchy(loc, scale)",
};

/// LogNormal(loc, scale): positive numbers with an error in proportion to them.
pub static LOG_NORMAL: Independent<LogNormal> = Independent {
    distribution: LogNormal,
    signature: &Signature {
        name: "LogNormal",
        summary: "positive numbers whose logarithms have normal noise",
        parameters: &[
            value("loc", Domain::Real, "the mean of each entry's logarithm"),
            value(
                "scale",
                Domain::Positive,
                "the standard deviation of each entry's logarithm, or of all",
            ),
        ],
    },
    formula: "(ln y - loc)^2/(2 scale^2) + ln y + ln scale + 1/2 ln(2 pi)",
    mean: "exp(loc + scale^2/2)",
    notation: "LogNormal(loc, scale^2)",
};

/// Gamma(concentration, rate): positive numbers, such as waiting times.
pub static GAMMA: Independent<Gamma> = Independent {
    distribution: Gamma,
    signature: &Signature {
        name: "Gamma",
        summary: "positive numbers of a gamma distribution, by its rate",
        parameters: &[
            value("concentration", Domain::Positive, "the shape of each entry"),
            value(
                "rate",
                Domain::Positive,
                "the rate of each entry: its mean is concentration/rate",
            ),
        ],
    },
    formula: "rate y - (concentration - 1) ln y - concentration ln rate + ln gamma(concentration)",
    mean: "concentration/rate",
    notation: "Gamma(concentration, rate)",
};

/// InverseGamma(concentration, scale): positive numbers with a heavy upper tail.
pub static INVERSE_GAMMA: Independent<InverseGamma> = Independent {
    distribution: InverseGamma,
    signature: &Signature {
        name: "InverseGamma",
        summary: "positive numbers whose inverses have a gamma distribution",
        parameters: &[
            value("concentration", Domain::Positive, "the shape of each entry"),
            value("scale", Domain::Positive, "the scale of each entry"),
        ],
    },
    formula: "scale/y + (concentration + 1) ln y - concentration ln scale + ln gamma(concentration)",
    mean: "scale/(concentration - 1)",
    notation: "InverseGamma(concentration, scale)",
};

/// Exponential(rate): the time until an event that is as likely at any moment.
pub static EXPONENTIAL: Independent<Exponential> = Independent {
    distribution: Exponential,
    signature: &Signature {
        name: "Exponential",
        summary: "positive numbers of an exponential distribution, by its rate",
        parameters: &[value(
            "rate",
            Domain::Positive,
            "1 over the mean of each entry",
        )],
    },
    formula: "rate y - ln rate",
    mean: "1/rate",
    notation: "Exponential(rate)",
};
