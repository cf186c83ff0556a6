//! What the program cites, by key: `[@blundell2015]` in the texts of registry entries.

/// A publication.
#[derive(Debug, PartialEq, Eq)]
pub struct Reference {
    /// `blundell2015`
    pub key: &'static str,
    /// As it is cited: `Blundell et al., 2015`.
    pub label: &'static str,
    /// Authors.
    pub authors: &'static str,
    /// Title.
    pub title: &'static str,
    /// Where it appeared.
    pub place: &'static str,
    /// When.
    pub year: u16,
}

/// All of them, in the order a list of references has.
pub static REFERENCES: &[Reference] = &[
    Reference {
        key: "aitchison1980",
        label: "Aitchison and Shen, 1980",
        authors: "J. Aitchison and S. M. Shen",
        title: "Logistic-normal distributions: some properties and uses",
        place: "Biometrika 67(2), 261-272",
        year: 1980,
    },
    Reference {
        key: "ba2016",
        label: "Ba et al., 2016",
        authors: "J. L. Ba, J. R. Kiros and G. E. Hinton",
        title: "Layer normalization",
        place: "arXiv:1607.06450",
        year: 2016,
    },
    Reference {
        key: "blundell2015",
        label: "Blundell et al., 2015",
        authors: "C. Blundell, J. Cornebise, K. Kavukcuoglu and D. Wierstra",
        title: "Weight uncertainty in neural networks",
        place: "International Conference on Machine Learning",
        year: 2015,
    },
    Reference {
        key: "chyzak2019",
        label: "Chyzak and Nielsen, 2019",
        authors: "F. Chyzak and F. Nielsen",
        title: "A closed-form formula for the Kullback-Leibler divergence between Cauchy distributions",
        place: "arXiv:1905.10965",
        year: 2019,
    },
    Reference {
        key: "clevert2016",
        label: "Clevert et al., 2016",
        authors: "D.-A. Clevert, T. Unterthiner and S. Hochreiter",
        title: "Fast and accurate deep network learning by exponential linear units (ELUs)",
        place: "International Conference on Learning Representations",
        year: 2016,
    },
    Reference {
        key: "daxberger2021",
        label: "Daxberger et al., 2021",
        authors: "E. Daxberger, A. Kristiadi, A. Immer, R. Eschenhagen, M. Bauer and P. Hennig",
        title: "Laplace redux: effortless Bayesian deep learning",
        place: "Advances in Neural Information Processing Systems",
        year: 2021,
    },
    Reference {
        key: "dusenberry2020",
        label: "Dusenberry et al., 2020",
        authors: "M. W. Dusenberry, G. Jerfel, Y. Wen, Y. Ma, J. Snoek, K. Heller, B. Lakshminarayanan and D. Tran",
        title: "Efficient and scalable Bayesian neural nets with rank-1 factors",
        place: "International Conference on Machine Learning",
        year: 2020,
    },
    Reference {
        key: "farquhar2020",
        label: "Farquhar et al., 2020",
        authors: "S. Farquhar, M. A. Osborne and Y. Gal",
        title: "Radial Bayesian neural networks: beyond discrete support in large-scale Bayesian deep learning",
        place: "International Conference on Artificial Intelligence and Statistics",
        year: 2020,
    },
    Reference {
        key: "gal2016",
        label: "Gal and Ghahramani, 2016",
        authors: "Y. Gal and Z. Ghahramani",
        title: "Dropout as a Bayesian approximation: representing model uncertainty in deep learning",
        place: "International Conference on Machine Learning",
        year: 2016,
    },
    Reference {
        key: "graves2011",
        label: "Graves, 2011",
        authors: "A. Graves",
        title: "Practical variational inference for neural networks",
        place: "Advances in Neural Information Processing Systems",
        year: 2011,
    },
    Reference {
        key: "he2015",
        label: "He et al., 2015",
        authors: "K. He, X. Zhang, S. Ren and J. Sun",
        title: "Delving deep into rectifiers: surpassing human-level performance on ImageNet classification",
        place: "IEEE International Conference on Computer Vision",
        year: 2015,
    },
    Reference {
        key: "hendrycks2016",
        label: "Hendrycks and Gimpel, 2016",
        authors: "D. Hendrycks and K. Gimpel",
        title: "Gaussian error linear units (GELUs)",
        place: "arXiv:1606.08415",
        year: 2016,
    },
    Reference {
        key: "hoffman2013",
        label: "Hoffman et al., 2013",
        authors: "M. D. Hoffman, D. M. Blei, C. Wang and J. Paisley",
        title: "Stochastic variational inference",
        place: "Journal of Machine Learning Research 14, 1303-1347",
        year: 2013,
    },
    Reference {
        key: "howard2019",
        label: "Howard et al., 2019",
        authors: "A. Howard, M. Sandler, G. Chu, L.-C. Chen, B. Chen, M. Tan, W. Wang, Y. Zhu, R. Pang, V. Vasudevan, Q. V. Le and H. Adam",
        title: "Searching for MobileNetV3",
        place: "IEEE International Conference on Computer Vision",
        year: 2019,
    },
    Reference {
        key: "hron2018",
        label: "Hron et al., 2018",
        authors: "J. Hron, A. G. de G. Matthews and Z. Ghahramani",
        title: "Variational Bayesian dropout: pitfalls and fixes",
        place: "International Conference on Machine Learning",
        year: 2018,
    },
    Reference {
        key: "immer2021",
        label: "Immer et al., 2021",
        authors: "A. Immer, M. Korzepa and M. Bauer",
        title: "Improving predictions of Bayesian neural nets via local linearization",
        place: "International Conference on Artificial Intelligence and Statistics",
        year: 2021,
    },
    Reference {
        key: "ioffe2015",
        label: "Ioffe and Szegedy, 2015",
        authors: "S. Ioffe and C. Szegedy",
        title: "Batch normalization: accelerating deep network training by reducing internal covariate shift",
        place: "International Conference on Machine Learning",
        year: 2015,
    },
    Reference {
        key: "jordan1999",
        label: "Jordan et al., 1999",
        authors: "M. I. Jordan, Z. Ghahramani, T. S. Jaakkola and L. K. Saul",
        title: "An introduction to variational methods for graphical models",
        place: "Machine Learning 37, 183-233",
        year: 1999,
    },
    Reference {
        key: "kingma2014",
        label: "Kingma and Welling, 2014",
        authors: "D. P. Kingma and M. Welling",
        title: "Auto-encoding variational Bayes",
        place: "International Conference on Learning Representations",
        year: 2014,
    },
    Reference {
        key: "kingma2015",
        label: "Kingma et al., 2015",
        authors: "D. P. Kingma, T. Salimans and M. Welling",
        title: "Variational dropout and the local reparameterization trick",
        place: "Advances in Neural Information Processing Systems",
        year: 2015,
    },
    Reference {
        key: "krishnan2020",
        label: "Krishnan et al., 2020",
        authors: "R. Krishnan, M. Subedar and O. Tickoo",
        title: "Specifying weight priors in Bayesian deep neural networks with empirical Bayes",
        place: "AAAI Conference on Artificial Intelligence",
        year: 2020,
    },
    Reference {
        key: "kucukelbir2017",
        label: "Kucukelbir et al., 2017",
        authors: "A. Kucukelbir, D. Tran, R. Ranganath, A. Gelman and D. M. Blei",
        title: "Automatic differentiation variational inference",
        place: "Journal of Machine Learning Research 18(14), 1-45",
        year: 2017,
    },
    Reference {
        key: "lakshminarayanan2017",
        label: "Lakshminarayanan et al., 2017",
        authors: "B. Lakshminarayanan, A. Pritzel and C. Blundell",
        title: "Simple and scalable predictive uncertainty estimation using deep ensembles",
        place: "Advances in Neural Information Processing Systems",
        year: 2017,
    },
    Reference {
        key: "leone1961",
        label: "Leone et al., 1961",
        authors: "F. C. Leone, L. S. Nelson and R. B. Nottingham",
        title: "The folded normal distribution",
        place: "Technometrics 3(4), 543-550",
        year: 1961,
    },
    Reference {
        key: "louizos2016",
        label: "Louizos and Welling, 2016",
        authors: "C. Louizos and M. Welling",
        title: "Structured and efficient variational deep learning with matrix Gaussian posteriors",
        place: "International Conference on Machine Learning",
        year: 2016,
    },
    Reference {
        key: "mackay1992",
        label: "MacKay, 1992",
        authors: "D. J. C. MacKay",
        title: "A practical Bayesian framework for backpropagation networks",
        place: "Neural Computation 4(3), 448-472",
        year: 1992,
    },
    Reference {
        key: "maddox2019",
        label: "Maddox et al., 2019",
        authors: "W. J. Maddox, T. Garipov, P. Izmailov, D. Vetrov and A. G. Wilson",
        title: "A simple baseline for Bayesian uncertainty in deep learning",
        place: "Advances in Neural Information Processing Systems",
        year: 2019,
    },
    Reference {
        key: "martens2015",
        label: "Martens and Grosse, 2015",
        authors: "J. Martens and R. Grosse",
        title: "Optimizing neural networks with Kronecker-factored approximate curvature",
        place: "International Conference on Machine Learning",
        year: 2015,
    },
    Reference {
        key: "misra2020",
        label: "Misra, 2020",
        authors: "D. Misra",
        title: "Mish: a self regularized non-monotonic activation function",
        place: "British Machine Vision Conference",
        year: 2020,
    },
    Reference {
        key: "molchanov2017",
        label: "Molchanov et al., 2017",
        authors: "D. Molchanov, A. Ashukha and D. Vetrov",
        title: "Variational dropout sparsifies deep neural networks",
        place: "International Conference on Machine Learning",
        year: 2017,
    },
    Reference {
        key: "ong2018",
        label: "Ong et al., 2018",
        authors: "V. M.-H. Ong, D. J. Nott and M. S. Smith",
        title: "Gaussian variational approximation with a factor covariance structure",
        place: "Journal of Computational and Graphical Statistics 27(3), 465-478",
        year: 2018,
    },
    Reference {
        key: "ritter2018",
        label: "Ritter et al., 2018",
        authors: "H. Ritter, A. Botev and D. Barber",
        title: "A scalable Laplace approximation for neural networks",
        place: "International Conference on Learning Representations",
        year: 2018,
    },
    Reference {
        key: "roeder2017",
        label: "Roeder et al., 2017",
        authors: "G. Roeder, Y. Wu and D. Duvenaud",
        title: "Sticking the landing: simple, lower-variance gradient estimators for variational inference",
        place: "Advances in Neural Information Processing Systems",
        year: 2017,
    },
    Reference {
        key: "shen2024",
        label: "Shen et al., 2024",
        authors: "Y. Shen, N. Daheim, B. Cong, P. Nickl, G. M. Marconi, C. Bazan, R. Yokota, I. Gurevych, D. Cremers, \
                  M. E. Khan and T. Möllenhoff",
        title: "Variational learning is effective for large deep networks",
        place: "International Conference on Machine Learning",
        year: 2024,
    },
    Reference {
        key: "singh2020",
        label: "Singh and Krishnan, 2020",
        authors: "S. Singh and S. Krishnan",
        title: "Filter response normalization layer: eliminating batch dependence in the training of deep neural networks",
        place: "IEEE Conference on Computer Vision and Pattern Recognition",
        year: 2020,
    },
    Reference {
        key: "sonderby2016",
        label: "Sønderby et al., 2016",
        authors: "C. K. Sønderby, T. Raiko, L. Maaløe, S. K. Sønderby and O. Winther",
        title: "Ladder variational autoencoders",
        place: "Advances in Neural Information Processing Systems",
        year: 2016,
    },
    Reference {
        key: "srivastava2014",
        label: "Srivastava et al., 2014",
        authors: "N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov",
        title: "Dropout: a simple way to prevent neural networks from overfitting",
        place: "Journal of Machine Learning Research 15, 1929-1958",
        year: 2014,
    },
    Reference {
        key: "titsias2014",
        label: "Titsias and Lázaro-Gredilla, 2014",
        authors: "M. K. Titsias and M. Lázaro-Gredilla",
        title: "Doubly stochastic variational Bayes for non-conjugate inference",
        place: "International Conference on Machine Learning",
        year: 2014,
    },
    Reference {
        key: "tompson2015",
        label: "Tompson et al., 2015",
        authors: "J. Tompson, R. Goroshin, A. Jain, Y. LeCun and C. Bregler",
        title: "Efficient object localization using convolutional networks",
        place: "IEEE Conference on Computer Vision and Pattern Recognition",
        year: 2015,
    },
    Reference {
        key: "ulyanov2016",
        label: "Ulyanov et al., 2016",
        authors: "D. Ulyanov, A. Vedaldi and V. Lempitsky",
        title: "Instance normalization: the missing ingredient for fast stylization",
        place: "arXiv:1607.08022",
        year: 2016,
    },
    Reference {
        key: "watanabe1960",
        label: "Watanabe, 1960",
        authors: "S. Watanabe",
        title: "Information theoretical analysis of multivariate correlation",
        place: "IBM Journal of Research and Development 4(1), 66-82",
        year: 1960,
    },
    Reference {
        key: "wen2018",
        label: "Wen et al., 2018",
        authors: "Y. Wen, P. Vicol, J. Ba, D. Tran and R. Grosse",
        title: "Flipout: efficient pseudo-independent weight perturbations on mini-batches",
        place: "International Conference on Learning Representations",
        year: 2018,
    },
    Reference {
        key: "wenzel2020",
        label: "Wenzel et al., 2020",
        authors: "F. Wenzel, K. Roth, B. S. Veeling, J. Świątkowski, L. Tran, S. Mandt, J. Snoek, T. Salimans, R. Jenatton and S. Nowozin",
        title: "How good is the Bayes posterior in deep neural networks really?",
        place: "International Conference on Machine Learning",
        year: 2020,
    },
    Reference {
        key: "wu2018",
        label: "Wu and He, 2018",
        authors: "Y. Wu and K. He",
        title: "Group normalization",
        place: "European Conference on Computer Vision",
        year: 2018,
    },
];

/// The publication of a key.
pub fn find(key: &str) -> Option<&'static Reference> {
    REFERENCES.iter().find(|reference| reference.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_in_order_and_say_their_year() {
        let keys: Vec<&str> = REFERENCES.iter().map(|r| r.key).collect();
        assert!(keys.is_sorted(), "{keys:?}");
        for reference in REFERENCES {
            let year = reference.year.to_string();
            assert!(reference.key.ends_with(&year) && reference.label.ends_with(&year));
            assert!(std::ptr::eq(
                find(reference.key).expect("itself"),
                reference
            ));
        }
    }
}
