//! Weights of PyTorch: what a network computes with them is what PyTorch computes, whose layers are written out here
//! with channels first.

use crate::cli::Place;
use crate::support::{plan, shared, write_weights};
use bnnc::data::npz::encode;
use bnnc::exec::Interpreter;
use bnnc::source::Source;
use std::path::Path;

/// Irregular numbers of both signs.
fn numbers(len: usize, first: f64) -> Vec<f32> {
    (0..len)
        .map(|i| (0.5 * (first + 1.7 * i as f64).sin()) as f32)
        .collect()
}

/// `Conv2d(2, 3, (3, 2)), ReLU, Flatten, Linear(48, 4), Tanh, Linear(4, 4), Tanh, Linear(4, 1)` on images of 6 × 5.
struct Network {
    tensors: Vec<(&'static str, &'static str, Vec<usize>, Vec<f32>)>,
}

const CHANNELS: usize = 2;
const HEIGHT: usize = 6;
const WIDTH: usize = 5;
const FILTERS: usize = 3;
const KERNEL_HEIGHT: usize = 3;
const KERNEL_WIDTH: usize = 2;

impl Network {
    fn new() -> Network {
        let (height, width) = (HEIGHT - KERNEL_HEIGHT + 1, WIDTH - KERNEL_WIDTH + 1);
        let flat = FILTERS * height * width;
        let conv = vec![FILTERS, CHANNELS, KERNEL_HEIGHT, KERNEL_WIDTH];
        let sizes = [
            ("0", "conv", conv),
            ("3", "fc1", vec![4, flat]),
            ("5", "fc2", vec![4, 4]),
            ("7", "fc3", vec![1, 4]),
        ];
        let tensors = sizes
            .into_iter()
            .enumerate()
            .map(|(index, (number, name, shape))| {
                let len = shape.iter().product();
                (number, name, shape, numbers(len, 0.3 + index as f64))
            });
        Network {
            tensors: tensors.collect(),
        }
    }

    fn bias(index: usize, len: usize) -> Vec<f32> {
        numbers(len, 5.1 + index as f64)
    }

    /// The state dict as a safetensors file, its layers called by number or by name.
    fn write(&self, path: &Path, numbered: bool) {
        let tensors =
            self.tensors
                .iter()
                .enumerate()
                .flat_map(|(index, (number, name, shape, values))| {
                    let name = if numbered { number } else { name };
                    let bias = Network::bias(index, shape[0]);
                    [
                        (format!("{name}.weight"), shape.clone(), values.clone()),
                        (format!("{name}.bias"), vec![shape[0]], bias),
                    ]
                });
        write_weights(path, tensors);
    }

    /// What PyTorch computes of one image `[channels, height, width]`.
    fn forward(&self, image: &[f64]) -> f64 {
        let (height, width) = (HEIGHT - KERNEL_HEIGHT + 1, WIDTH - KERNEL_WIDTH + 1);
        let (_, _, _, kernel) = &self.tensors[0];
        let bias = Network::bias(0, FILTERS);
        let mut values = vec![];
        for (filter, bias) in bias.iter().enumerate() {
            for (row, column) in
                (0..height).flat_map(|row| (0..width).map(move |column| (row, column)))
            {
                let mut sum = f64::from(*bias);
                for channel in 0..CHANNELS {
                    for (h, w) in
                        (0..KERNEL_HEIGHT).flat_map(|h| (0..KERNEL_WIDTH).map(move |w| (h, w)))
                    {
                        let place =
                            ((filter * CHANNELS + channel) * KERNEL_HEIGHT + h) * KERNEL_WIDTH + w;
                        let pixel = (channel * HEIGHT + row + h) * WIDTH + column + w;
                        sum += f64::from(kernel[place]) * image[pixel];
                    }
                }
                values.push(sum.max(0.0));
            }
        }
        for index in 1..4 {
            let (_, _, shape, weight) = &self.tensors[index];
            let bias = Network::bias(index, shape[0]);
            let outputs = (0..shape[0]).map(|output| {
                let row = &weight[output * shape[1]..][..shape[1]];
                let products = row.iter().zip(&values).map(|(w, x)| f64::from(*w) * x);
                let sum = f64::from(bias[output]) + products.sum::<f64>();
                if index < 3 { sum.tanh() } else { sum }
            });
            values = outputs.collect();
        }
        values[0]
    }
}

const MODEL: &str = "model net
input  x: real[6, 5, 2]
target y: real
default { from = \"net.safetensors\", posterior = deterministic }
network {
  first = conv2d(3, kernel = [3, 2])
  relu
  flatten
  second = dense(4)
  tanh
  third = dense(4)
  tanh
  last = dense(1)
}
observe y ~ Normal(loc = last, scale = 1)
objective elbo
";

/// A rate at which no weight moves.
const RUN: &str = "epochs = 1\nbatch_size = 8\n[optimizer]\nlearning_rate = 1e-30\n\
                   [data]\nname = \"d.npz\"\nlayout = \"nchw\"\nscaling = \"none\"\ntargets = \"none\"\n";

#[test]
fn predictions_are_those_of_pytorch() {
    let (place, network) = (Place::new(), Network::new());
    let images: Vec<f64> = (0..8 * CHANNELS * HEIGHT * WIDTH)
        .map(|i| (0.9 * i as f64).cos())
        .collect();
    let shape = [8, CHANNELS, HEIGHT, WIDTH];
    let arrays = [
        ("images", &shape[..], &images[..]),
        ("labels", &shape[..1], &[0.0; 8]),
    ];
    std::fs::write(place.path("d.npz"), encode(arrays).unwrap()).unwrap();
    std::fs::write(place.path("net.toml"), RUN).unwrap();
    std::fs::write(place.path("net.bnn"), MODEL).unwrap();
    let expected: Vec<f64> = images
        .chunks(CHANNELS * HEIGHT * WIDTH)
        .map(|image| network.forward(image))
        .collect();
    assert!(
        expected.iter().any(|y| (y - expected[0]).abs() > 0.02),
        "{expected:?}"
    );
    for (numbered, out) in [(true, "numbered"), (false, "named")] {
        network.write(&place.path("net.safetensors"), numbered);
        place.ok(&format!("train net.bnn --out {out}"));
        place.ok(&format!("predict {out} --out p.csv"));
        let predicted = std::fs::read_to_string(place.path("p.csv")).unwrap();
        let predicted: Vec<f64> = (predicted.lines().skip(1))
            .map(|line| line.split(',').nth(2).unwrap().parse().unwrap())
            .collect();
        assert_eq!(predicted.len(), 8);
        for (mean, expected) in predicted.iter().zip(&expected) {
            assert!(
                (mean - expected).abs() < 1e-5,
                "{out}: {predicted:?} is not {expected:?}"
            );
        }
    }
}

#[test]
fn check_shows_which_tensor_each_parameter_starts_from() {
    let (place, network) = (Place::new(), Network::new());
    network.write(&place.path("net.safetensors"), true);
    std::fs::write(
        place.path("net.bnn"),
        MODEL.replace("last = dense(1)", "last = dense(1) { from = none }"),
    )
    .unwrap();
    let text = place.ok("check net.bnn");
    let from = text.find("  from  ").unwrap();
    let (text, _) = text[from..].split_once("\n\n").unwrap();
    insta::assert_snapshot!(text);
}

/// `Conv2d(2, 3, 1), BatchNorm2d(3), ReLU, Flatten, BatchNorm1d(12), Linear(12, 1)` on images of 2 × 2, in prediction.
#[test]
fn batch_norms_are_those_of_pytorch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let (pixels, filters) = (4, 3);
    let flat = filters * pixels;
    let positive = |all: Vec<f32>| all.into_iter().map(|x| x.abs() + 0.1).collect();
    let norm = |name: &str, len: usize, first: f64| {
        [
            (format!("{name}.weight"), numbers(len, first)),
            (format!("{name}.bias"), numbers(len, first + 1.0)),
            (format!("{name}.running_mean"), numbers(len, first + 2.0)),
            (
                format!("{name}.running_var"),
                positive(numbers(len, first + 3.0)),
            ),
        ]
    };
    let (first, second) = (norm("1", filters, 0.4), norm("4", flat, 0.9));
    let (kernel, bias) = (numbers(2 * filters, 7.0), numbers(filters, 8.0));
    let (weight, last) = (numbers(flat, 9.0), numbers(1, 3.0));
    let rows = |rows: &[(String, Vec<f32>)]| {
        let rows = rows.iter();
        let rows = rows.map(|(name, values)| (name.clone(), vec![values.len()], values.clone()));
        rows.collect::<Vec<_>>()
    };
    let tensors = [
        (
            "0.weight".to_owned(),
            vec![filters, 2, 1, 1],
            kernel.clone(),
        ),
        ("0.bias".to_owned(), vec![filters], bias.clone()),
        ("5.weight".to_owned(), vec![1, flat], weight.clone()),
        ("5.bias".to_owned(), vec![1], last.clone()),
    ];
    let tensors = tensors.into_iter().chain(rows(&first)).chain(rows(&second));
    write_weights(&path, tensors);
    let text = format!(
        "model net\ninput x: real[2, 2, 2]\ntarget y: real\n\
         default {{ from = \"{}\", posterior = deterministic }}\nnetwork {{\n  conv2d(3, kernel = 1)\n  \
         batch_norm(epsilon = 1e-5)\n  relu\n  flatten\n  batch_norm(epsilon = 1e-5)\n  f = dense(1)\n}}\n\
         observe y ~ Normal(loc = f, scale = 1)\nobjective elbo\n",
        path.display()
    );
    // As PyTorch does it, channels first.
    let wide = |x: f32| f64::from(x);
    let normed = |x: f64, [gain, shift, mean, variance]: [f32; 4]| {
        wide(gain) * (x - wide(mean)) / (wide(variance) + 1e-5).sqrt() + wide(shift)
    };
    let row = |norm: &[(String, Vec<f32>); 4], i: usize| [0, 1, 2, 3].map(|row| norm[row].1[i]);
    let image: Vec<f64> = (0..2 * pixels).map(|i| (0.9 * i as f64).cos()).collect();
    let mut expected = wide(last[0]);
    for (place, weight) in weight.iter().enumerate() {
        let (filter, pixel) = (place / pixels, place % pixels);
        let channels = (0..2).map(|c| wide(kernel[2 * filter + c]) * image[c * pixels + pixel]);
        let x = wide(bias[filter]) + channels.sum::<f64>();
        let x = normed(x, row(&first, filter)).max(0.0);
        expected += wide(*weight) * normed(x, row(&second, place));
    }
    let mut interpreter = Interpreter::<f64>::new(plan(&text), 1);
    interpreter.initialize(1);
    interpreter.draw_weights(1, 0);
    let last_first: Vec<f64> = (0..2 * pixels)
        .map(|i| image[i % 2 * pixels + i / 2])
        .collect();
    let mut out = [0.0; 2];
    interpreter.predict_drawn(&last_first, 1, &mut out, None);
    assert!((out[0] - expected).abs() < 1e-12, "{out:?} {expected}");
}

/// Norms that look at one example, by name and in their order; and Keras's names.
#[test]
fn norms_are_found_by_their_rows_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let text = format!(
        "model m\ninput x: real[4]\ntarget y: real\n\
         default {{ from = \"{}\", posterior = deterministic }}\n\
         network {{ dense(6)\nln = layer_norm\ntanh\nnorm = batch_norm\nf = dense(1) }}\n\
         observe y ~ Normal(f, 0.5)\nobjective elbo\n",
        path.display()
    );
    for ([gain, shift, mean, variance], layers) in [
        (
            ["weight", "bias", "running_mean", "running_var"],
            ["0", "1", "3", "4"],
        ),
        (
            ["gamma", "beta", "moving_mean", "moving_variance"],
            ["0", "ln", "norm", "4"],
        ),
        // The names go before the order.
        (
            ["weight", "bias", "running_mean", "running_var"],
            ["0", "ln", "norm", "4"],
        ),
    ] {
        let [dense, first, second, last] = layers;
        let tensors = [
            (format!("{dense}.weight"), vec![6, 4]),
            (format!("{dense}.bias"), vec![6]),
            (format!("{first}.{gain}"), vec![6]),
            (format!("{first}.{shift}"), vec![6]),
            (format!("{second}.{gain}"), vec![6]),
            (format!("{second}.{shift}"), vec![6]),
            (format!("{second}.{mean}"), vec![6]),
            (format!("{second}.{variance}"), vec![6]),
            (format!("{last}.weight"), vec![1, 6]),
            (format!("{last}.bias"), vec![1]),
        ];
        let values = |index: usize, len: usize| numbers(len, 2.0 * index as f64);
        let all = tensors.iter().enumerate().map(|(index, (name, shape))| {
            let len = shape.iter().product();
            (name.clone(), shape.clone(), values(index, len))
        });
        write_weights(&path, all);
        for (index, variable) in [
            (2, "ln.gain"),
            (3, "ln.shift"),
            (4, "norm.gain"),
            (5, "norm.shift"),
            (6, "norm.mean"),
            (7, "norm.variance"),
        ] {
            let expected: Vec<f64> = values(index, 6).into_iter().map(f64::from).collect();
            assert_eq!(
                start(&text, &format!("{variable}.loc")),
                expected,
                "{variable} {layers:?}"
            );
        }
    }
}

/// The values that `variable` starts with.
fn start(text: &str, variable: &str) -> Vec<f64> {
    let plan = plan(text);
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), 1);
    interpreter.initialize(1);
    let found = plan.variables.iter().find(|v| v.name == variable);
    interpreter.variables()[found.unwrap().range.clone()].to_vec()
}

/// `h = dense(3)` on 3 inputs, from the file with these settings.
fn square(file: &Path, settings: &str) -> String {
    format!(
        "model m\ninput x: real[3]\ntarget y: real\n\
         default {{ from = \"{}\"{settings}, posterior = deterministic }}\n\
         network {{ h = dense(3)\ntanh\nf = dense(1) {{ from = none }} }}\n\
         observe y ~ Normal(f, 0.5)\nobjective elbo\n",
        file.display()
    )
}

#[test]
fn how_a_square_kernel_lies_is_told_by_its_name_or_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let entries = numbers(9, 0.2);
    let as_it_is: Vec<f64> = entries.iter().map(|x| f64::from(*x)).collect();
    let transposed: Vec<f64> = (0..9).map(|i| as_it_is[i % 3 * 3 + i / 3]).collect();
    let refused = |settings: &str| {
        let text = square(&path, settings);
        let source = Source {
            name: "m.bnn".into(),
            text,
        };
        let failure = bnnc::compile::source(source, &[]).map(|_| ()).unwrap_err();
        let message = &failure.diagnostics[0];
        format!(
            "{} {} {}",
            message.code,
            message.title,
            message.helps.first().map_or("", |help| &help.text)
        )
    };
    for (name, layouts) in [
        (
            "h.kernel",
            [Some(&as_it_is), Some(&as_it_is), Some(&transposed)],
        ),
        (
            "h.weight",
            [Some(&transposed), Some(&as_it_is), Some(&transposed)],
        ),
        (
            "net.0.weight",
            [Some(&transposed), Some(&as_it_is), Some(&transposed)],
        ),
        ("h.W", [None, Some(&as_it_is), Some(&transposed)]),
    ] {
        let layer = name.rsplit_once('.').unwrap();
        let bias = if layer.1 == "W" { "b" } else { "bias" };
        let bias = format!("{}.{bias}", layer.0);
        let tensors = [
            (name.to_owned(), vec![3, 3], entries.clone()),
            (bias, vec![3], numbers(3, 9.0)),
        ];
        write_weights(&path, tensors);
        for (layout, expected) in ["", ", layout = bnnc", ", layout = torch"]
            .iter()
            .zip(layouts)
        {
            match expected {
                Some(expected) => {
                    assert_eq!(
                        start(&square(&path, layout), "h.kernel.loc"),
                        **expected,
                        "{name}{layout}"
                    );
                    assert_eq!(
                        start(&square(&path, layout), "h.bias.loc")[0],
                        f64::from(numbers(3, 9.0)[0])
                    );
                }
                None => {
                    let text = refused(layout);
                    assert!(
                        text.starts_with("E0417 nothing tells in which order"),
                        "{text}"
                    );
                    assert!(text.contains("layout = torch"), "{text}");
                }
            }
        }
    }
    assert!(refused(", layout = keras").starts_with("E0206 `layout` is"));
    let alone = square(&path, "").replacen(
        &format!("from = \"{}\"", path.display()),
        "layout = torch",
        1,
    );
    let source = Source {
        name: "m.bnn".into(),
        text: alone,
    };
    let failure = bnnc::compile::source(source, &[]).map(|_| ()).unwrap_err();
    assert!(
        failure.diagnostics[0].title.contains("no `from`"),
        "{failure}"
    );
}

#[test]
fn what_cannot_be_put_in_order_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let tensors = [
        ("0.weight", vec![12, 3]),
        ("0.bias", vec![12]),
        ("3.weight", vec![2, 12]),
        ("3.bias", vec![2]),
    ];
    write_weights(
        &path,
        tensors.map(|(name, shape)| {
            (
                name.to_owned(),
                shape.clone(),
                numbers(shape.iter().product(), 1.0),
            )
        }),
    );
    let of = |layers: &str| {
        let text = format!(
            "model m\ninput x: real[3]\ntarget y: real[2]\n\
             default {{ from = \"{}\", posterior = deterministic }}\nnetwork {{ {layers} }}\n\
             observe y ~ Normal(f, 0.5)\nobjective elbo\n",
            path.display()
        );
        let source = Source {
            name: "m.bnn".into(),
            text,
        };
        match bnnc::compile::source(source, &[]) {
            Ok(_) => String::new(),
            Err(failure) => {
                let message = &failure.diagnostics[0];
                format!("{} {} {:?}", message.code, message.title, message.notes)
            }
        }
    };
    assert_eq!(of("h = dense(12)\ntanh\nf = dense(2)"), "");
    // Which of the 12 outputs is which pixel of which channel depends on the program.
    for layers in [
        "reshape([2, 2, 3])\nrelu",
        "reshape([2, 2, 3])\nreshape([4, 3])",
        "reshape([3, 4])",
    ] {
        let text = of(&format!("h = dense(12)\n{layers}\nflatten\nf = dense(2)"));
        assert!(
            text.contains("E0417") && text.contains("channels first"),
            "{layers}: {text}"
        );
    }
    assert_eq!(
        of("h = dense(12)\nreshape([3, 4, 1])\nrelu\nflatten\nf = dense(2)"),
        ""
    );
    // Numbered layers are taken in their order, whatever fits.
    let text = of("h = dense(6)\ntanh\nf = dense(2)");
    assert!(
        text.contains("E0417") && text.contains("`0.weight`"),
        "{text}"
    );
}

#[test]
fn a_batch_norm_that_the_model_lacks_is_told() {
    let place = Place::new();
    let layer = |name: &str, shape: &[usize]| {
        let kernel = (
            format!("{name}.weight"),
            shape.to_vec(),
            numbers(shape.iter().product(), 0.4),
        );
        [
            kernel,
            (
                format!("{name}.bias"),
                vec![shape[0]],
                numbers(shape[0], 1.0),
            ),
        ]
    };
    let norm = ["weight", "bias", "running_mean", "running_var"]
        .map(|name| (format!("1.{name}"), vec![3], numbers(3, 0.4)));
    let plain = layer("0", &[3, 3]).into_iter().chain(layer("3", &[1, 3]));
    let [x, y] = [numbers(24, 0.1), numbers(8, 0.2)]
        .map(|x| x.into_iter().map(f64::from).collect::<Vec<_>>());
    let arrays = [("x", &[8, 3][..], &x[..]), ("y", &[8], &y)];
    std::fs::write(place.path("d.npz"), encode(arrays).unwrap()).unwrap();
    let text = square(Path::new("net.safetensors"), "").replace(" { from = none }", "");
    std::fs::write(place.path("m.bnn"), text).unwrap();
    for (with_norm, tensors) in [
        (false, plain.clone().collect::<Vec<_>>()),
        (true, plain.chain(norm).collect()),
    ] {
        write_weights(&place.path("net.safetensors"), tensors);
        let output = place.bnnc(&format!(
            "train m.bnn --data d.npz --batch-size 8 --epochs 1 --out {with_norm}"
        ));
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{told}");
        assert_eq!(told.contains("has a batch norm, `1`,"), with_norm, "{told}");
    }
}

/// The alphabet is no order: `hidden` comes before `input` in it.
#[test]
fn names_without_an_order_are_not_guessed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let tensors = [("input", 0.1), ("hidden", 0.7)].map(|(name, first)| {
        let kernel = (format!("{name}.weight"), vec![2, 2], numbers(4, first));
        let bias = (format!("{name}.bias"), vec![2], numbers(2, first));
        [kernel, bias]
    });
    write_weights(&path, tensors.into_iter().flatten());
    let of = |[first, second]: [&str; 2]| {
        format!(
            "model m\ninput x: real[2]\ntarget y: real\n\
             default {{ from = \"{}\", posterior = deterministic }}\n\
             network {{ {first} = dense(2)\ntanh\n{second} = dense(2)\ntanh\nf = dense(1) {{ from = none }} }}\n\
             observe y ~ Normal(f, 0.5)\nobjective elbo\n",
            path.display()
        )
    };
    let source = |text| Source {
        name: "m.bnn".into(),
        text,
    };
    let failure = bnnc::compile::source(source(of(["a", "b"])), &[]).map(|_| ());
    let failure = failure.unwrap_err();
    let [message] = &failure.diagnostics[..] else {
        panic!("one message: {failure}");
    };
    assert!(
        message
            .title
            .contains("`hidden.weight` or from `input.weight`"),
        "{failure}"
    );
    // One name of the file's says which the other is.
    for names in [["input", "hidden"], ["input", "b"]] {
        let bias = start(&of(names), &format!("{}.bias.loc", names[1]));
        assert_eq!(bias[0], f64::from(numbers(2, 0.7)[0]), "{names:?}");
    }
}

/// The shared case: `right.safetensors` holds the same network with names and axes as here.
#[test]
fn the_shared_network_is_the_right_one() {
    let Some(folder) = shared("cases/pretrained_torch") else {
        return;
    };
    let text = std::fs::read_to_string(folder.join("model.bnn")).unwrap();
    let of = |file: &str| {
        let path = folder.join(file).display().to_string();
        text.replace("torch.safetensors", &path)
    };
    for variable in ["a.kernel.loc", "a.bias.loc", "f.kernel.loc", "f.bias.loc"] {
        let found = start(&of("torch.safetensors"), variable);
        assert_eq!(
            found,
            start(&of("right.safetensors"), variable),
            "{variable}"
        );
    }
}
