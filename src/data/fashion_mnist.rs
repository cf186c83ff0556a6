//! Fashion-MNIST: 28x28 grey images of clothes, a harder drop-in for MNIST.
//!
//! Xiao, Rasul, Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
//! algorithms", arXiv:1708.07747, 2017. From its authors' repository, which speaks HTTPS where their file
//! server does not.

use super::catalog::{DataFile, Form};
use super::idx::Images;

/// `--data fashion_mnist`
pub(crate) static FASHION_MNIST: Images = Images {
    name: "fashion_mnist",
    summary: "clothes, 28x28 grey, 10 classes",
    folders: &["fashion-mnist", "FashionMNIST/raw"],
    url: "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    classes: CLASSES,
    files: FILES,
};

const CLASSES: &[&str] = &[
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

static FILES: &[DataFile] = &[
    DataFile {
        forms: &[
            Form {
                name: "train-images-idx3-ubyte.gz",
                bytes: 26_421_880,
                sha256: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            },
            Form {
                name: "train-images-idx3-ubyte",
                bytes: 47_040_016,
                sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            },
        ],
    },
    DataFile {
        forms: &[
            Form {
                name: "train-labels-idx1-ubyte.gz",
                bytes: 29_515,
                sha256: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            },
            Form {
                name: "train-labels-idx1-ubyte",
                bytes: 60_008,
                sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            },
        ],
    },
    DataFile {
        forms: &[
            Form {
                name: "t10k-images-idx3-ubyte.gz",
                bytes: 4_422_102,
                sha256: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            },
            Form {
                name: "t10k-images-idx3-ubyte",
                bytes: 7_840_016,
                sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            },
        ],
    },
    DataFile {
        forms: &[
            Form {
                name: "t10k-labels-idx1-ubyte.gz",
                bytes: 5_148,
                sha256: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            },
            Form {
                name: "t10k-labels-idx1-ubyte",
                bytes: 10_008,
                sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            },
        ],
    },
];
