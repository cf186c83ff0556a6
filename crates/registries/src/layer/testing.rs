//! What the layers' tests share, and the tests that every layer of the registry has to pass.

use super::*;
use crate::signature::{Constant, Domain, Kind};
use crate::tensor::im2col::{Padding, Window};
use windows::of_volume;

/// `n` numbers between −1 and 1, no two alike among the first thousand.
pub fn numbers(n: usize, salt: usize) -> Vec<f64> {
    (0..n)
        .map(|i| ((i * 7919 + salt * 104_729 + 13) % 10_007) as f64 / 5003.0 - 1.0)
        .collect()
}

/// The arguments of `conv2d`.
pub fn conv2d(
    filters: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    padding: &'static str,
) -> Constants {
    conv(
        filters,
        kernel,
        stride,
        dilation,
        Constant::Word(padding),
        1,
    )
}

/// The arguments of a convolution over one or three axes, or in groups.
pub fn conv<const N: usize>(
    filters: usize,
    kernel: [usize; N],
    stride: [usize; N],
    dilation: [usize; N],
    padding: Constant,
    groups: usize,
) -> Constants {
    Constants(vec![
        ("filters", Constant::Count(filters)),
        ("kernel", counts(kernel)),
        ("stride", counts(stride)),
        ("dilation", counts(dilation)),
        ("padding", padding),
        ("groups", Constant::Count(groups)),
    ])
}

/// A count for each axis.
pub fn counts<const N: usize>(of: [usize; N]) -> Constant {
    match of[..] {
        [n] => Constant::Count(n),
        [a, b] => Constant::Pair([a, b]),
        _ => Constant::Triple([of[0], of[1], of[2]]),
    }
}

/// The padding that an argument asks for on each axis.
fn padding_of<const N: usize>(padding: &Constant) -> [Padding; 3] {
    let of: [Padding; N] = match padding {
        Constant::Word(word) => [Padding::of(word); N],
        Constant::Cells(cells) => {
            std::array::from_fn(|axis| Padding::Cells(*cells.get(axis).unwrap_or(&cells[0])))
        }
        other => panic!("{other:?} is no padding"),
    };
    of_volume(of, Padding::Valid)
}

/// By the definition: the number of each cell of window number `position` that is inside the image, with where its
/// channels begin.
pub fn window_cells(window: &Window<3>, position: usize) -> Vec<(usize, usize)> {
    let [_, height, width] = window.output;
    let place = [
        position / (height * width),
        position / width % height,
        position % width,
    ];
    let [depth, height, width] = window.image;
    let mut found = Vec::new();
    for at in 0..depth * height * width {
        let of = [at / (height * width), at / width % height, at % width];
        let cell = (0..window.cells()).find(|cell| {
            let [_, kh, kw] = window.size;
            let offset = [cell / (kh * kw), cell / kw % kh, cell % kw];
            (0..3).all(|axis| {
                let seen = place[axis] * window.stride[axis] + offset[axis] * window.dilation[axis];
                seen == of[axis] + window.before[axis]
            })
        });
        found.extend(cell.map(|cell| (cell, at * window.channels)));
    }
    found
}

/// The arguments of a transposed convolution.
pub fn transposed<const N: usize>(
    filters: usize,
    kernel: [usize; N],
    stride: [usize; N],
    dilation: [usize; N],
    padding: Constant,
    output_padding: usize,
) -> Constants {
    Constants(vec![
        ("filters", Constant::Count(filters)),
        ("kernel", counts(kernel)),
        ("stride", counts(stride)),
        ("dilation", counts(dilation)),
        ("padding", padding),
        ("output_padding", Constant::Cells(vec![output_padding])),
    ])
}

/// The arguments of transposed convolutions, with shapes that they take.
pub fn transposed_convolutions(name: &str) -> Vec<(Constants, Shape)> {
    let word = Constant::Word;
    let cells = |cells: usize| Constant::Cells(vec![cells]);
    let shape = |axes: &[usize]| Shape::new(axes);
    match name {
        "conv_transpose1d" => vec![
            (
                transposed(3, [3], [2], [1], word("valid"), 0),
                shape(&[4, 2]),
            ),
            (
                transposed(2, [2], [2], [1], word("same"), 0),
                shape(&[4, 3]),
            ),
            (
                transposed(2, [1], [2], [1], word("valid"), 0),
                shape(&[4, 1]),
            ),
            (transposed(3, [4], [3], [1], cells(1), 0), shape(&[4, 2])),
            (
                transposed(2, [3], [1], [2], word("valid"), 0),
                shape(&[5, 3]),
            ),
            (transposed(1, [2], [3], [1], cells(0), 2), shape(&[3, 1])),
        ],
        "conv_transpose2d" => vec![
            (
                transposed(3, [3, 2], [1, 2], [1; 2], word("valid"), 0),
                shape(&[4, 4, 2]),
            ),
            (
                transposed(2, [3, 2], [2, 1], [1; 2], word("same"), 0),
                shape(&[4, 6, 3]),
            ),
            (
                transposed(4, [3, 4], [1, 2], [1; 2], word("same"), 0),
                shape(&[3, 4, 1]),
            ),
            (
                transposed(2, [4, 4], [2, 2], [1; 2], cells(1), 0),
                shape(&[3, 4, 3]),
            ),
        ],
        _ => vec![
            (
                transposed(2, [2, 1, 2], [1, 1, 2], [1; 3], word("valid"), 0),
                shape(&[3, 3, 4, 2]),
            ),
            (
                transposed(3, [1, 2, 3], [1, 2, 1], [1; 3], word("same"), 0),
                shape(&[2, 3, 3, 2]),
            ),
        ],
    }
}

/// The arguments of a pooling layer.
pub fn pool(size: [usize; 2], stride: [usize; 2], padding: &'static str) -> Constants {
    Constants(vec![
        ("size", Constant::Pair(size)),
        ("stride", Constant::Pair(stride)),
        ("padding", Constant::Word(padding)),
    ])
}

/// The map that a layer builds.
pub fn map(layer: &dyn Layer, arguments: &Constants, shape: &Shape) -> Arc<dyn AnyMap> {
    match layer.build(arguments, shape).unwrap() {
        Operation::Map(map) => map,
        _ => panic!("not a map"),
    }
}

/// The linear operation that a layer builds.
pub fn linear(layer: &dyn Layer, arguments: &Constants, shape: &Shape) -> Arc<dyn AnyLinear> {
    match layer.build(arguments, shape).unwrap() {
        Operation::Linear(linear) => linear,
        _ => panic!("not linear"),
    }
}

/// The function that a layer builds.
pub fn function(layer: &dyn Layer, arguments: &Constants, shape: &Shape) -> Arc<dyn AnyFunction> {
    match layer.build(arguments, shape).unwrap() {
        Operation::Function(function) => function,
        _ => panic!("not a function"),
    }
}

const IMAGES: [[usize; 3]; 4] = [[6, 6, 2], [7, 5, 3], [5, 8, 1], [9, 6, 17]];
const SIZES: [[usize; 2]; 5] = [[1, 1], [2, 2], [3, 3], [5, 5], [1, 4]];

/// Compares the pooling layers of 1, 2 and 3 axes with `reduce` applied to the cells of each window.
pub fn pools(layers: [&dyn Layer; 3], reduce: impl Fn(&[f64]) -> f64) {
    let [sequences, images, volumes] = layers;
    for image in IMAGES {
        for size in SIZES {
            for stride in [[1, 1], [2, 2], [3, 1]] {
                for padding in Padding::WORDS {
                    let padding = Constant::Word(padding);
                    agrees(
                        images,
                        image[..2].try_into().unwrap(),
                        image[2],
                        size,
                        stride,
                        &padding,
                        &reduce,
                    );
                }
            }
        }
    }
    for (size, stride, padding) in OF_POOLS {
        for (n, channels) in [(9, 3), (4, 17)] {
            agrees(
                sequences,
                [n],
                channels,
                [size],
                [stride],
                &padding,
                &reduce,
            );
        }
        agrees(images, [5, 7], 2, [size, 3], [1, stride], &padding, &reduce);
        agrees(
            volumes,
            [4, 5, 6],
            3,
            [2, size, 3],
            [stride, 1, 2],
            &padding,
            &reduce,
        );
    }
}

/// Sizes, strides and paddings of pools along one axis.
const OF_POOLS: [(usize, usize, Constant); 5] = [
    (2, 2, Constant::Word("valid")),
    (3, 1, Constant::Word("same")),
    (3, 2, Constant::Word("same")),
    (4, 3, Constant::Word("valid")),
    (1, 1, Constant::Word("valid")),
];

fn agrees<const N: usize>(
    layer: &dyn Layer,
    image: [usize; N],
    channels: usize,
    size: [usize; N],
    stride: [usize; N],
    padding: &Constant,
    reduce: &impl Fn(&[f64]) -> f64,
) {
    let arguments = Constants(vec![
        ("size", counts(size)),
        ("stride", counts(stride)),
        ("padding", padding.clone()),
    ]);
    let shape = Shape([&image[..], &[channels]].concat());
    let pool = map(layer, &arguments, &shape);
    let [image, size, stride] = [image, size, stride].map(|of| of_volume(of, 1));
    let padding = padding_of::<N>(padding);
    let window = Window::over(image, channels, size, stride, [1; 3], padding).unwrap();
    let x = numbers(window.input(), 3);
    let mut y = vec![f64::NAN; pool.output().len()];
    Map::<f64>::forward(&*pool, &x, &mut y);
    assert_eq!(y.len(), window.positions() * channels);
    for (place, y) in y.iter().enumerate() {
        let cells = window_cells(&window, place / channels).into_iter();
        let cells: Vec<f64> = cells.map(|(_, at)| x[at + place % channels]).collect();
        assert!(
            (y - reduce(&cells)).abs() < 1e-14,
            "{arguments:?} of {shape}"
        );
    }
}

/// The arguments of convolutions over one axis or three, and in groups, with shapes that they take.
pub fn convolutions(name: &str) -> Vec<(Constants, Shape)> {
    let word = Constant::Word;
    let cells = |cells: &[usize]| Constant::Cells(cells.to_vec());
    let shape = |axes: &[usize]| Shape::new(axes);
    match name {
        "conv1d" => vec![
            (conv(4, [3], [1], [1], word("valid"), 1), shape(&[9, 3])),
            (conv(3, [3], [1], [2], word("causal"), 1), shape(&[9, 2])),
            (conv(5, [4], [1], [1], word("same"), 1), shape(&[7, 1])),
            (conv(3, [3], [2], [1], word("same"), 1), shape(&[8, 2])),
            (conv(2, [3], [1], [1], cells(&[4]), 1), shape(&[5, 3])),
            (conv(6, [3], [1], [1], word("same"), 3), shape(&[6, 6])),
            (conv(4, [2], [3], [1], cells(&[1]), 2), shape(&[7, 4])),
            (conv(10, [3], [1], [2], word("causal"), 5), shape(&[8, 5])),
            (conv(4, [1], [1], [1], word("valid"), 2), shape(&[6, 4])),
            (conv(3, [1], [1], [1], cells(&[2]), 1), shape(&[3, 2])),
        ],
        "conv2d" => vec![
            (
                conv(6, [3, 3], [1, 1], [1, 1], word("same"), 2),
                shape(&[5, 6, 4]),
            ),
            (
                conv(3, [3, 3], [2, 2], [1, 1], word("same"), 3),
                shape(&[6, 5, 3]),
            ),
            (
                conv(18, [2, 3], [1, 1], [2, 1], cells(&[1, 2]), 18),
                shape(&[4, 5, 18]),
            ),
            (
                conv(4, [3, 3], [1, 1], [1, 1], cells(&[1]), 1),
                shape(&[4, 5, 2]),
            ),
            (
                conv(4, [3, 2], [1, 1], [1, 1], cells(&[3, 0]), 1),
                shape(&[4, 5, 2]),
            ),
            (
                conv(2, [1, 1], [1, 1], [1, 1], cells(&[1, 0]), 1),
                shape(&[2, 3, 3]),
            ),
            (
                conv(4, [1, 1], [1, 1], [1, 1], word("valid"), 2),
                shape(&[3, 4, 2]),
            ),
        ],
        _ => vec![
            (
                conv(3, [2, 3, 2], [1; 3], [1; 3], word("same"), 1),
                shape(&[3, 4, 5, 2]),
            ),
            (
                conv(2, [2, 2, 3], [2, 1, 2], [1; 3], word("valid"), 1),
                shape(&[4, 3, 6, 3]),
            ),
            (
                conv(4, [2, 2, 2], [1; 3], [1, 2, 1], cells(&[1, 0, 2]), 2),
                shape(&[2, 4, 3, 4]),
            ),
            (
                conv(6, [3, 1, 2], [1; 3], [1; 3], word("same"), 3),
                shape(&[3, 2, 4, 3]),
            ),
            (
                conv(5, [1, 1, 1], [1; 3], [1; 3], word("valid"), 1),
                shape(&[2, 3, 2, 3]),
            ),
            (
                conv(3, [1, 3, 3], [1; 3], [1; 3], word("same"), 1),
                shape(&[1, 4, 4, 2]),
            ),
        ],
    }
}

/// Several choices of arguments of a layer, and the shapes of values it takes with them.
fn cases(layer: &dyn Layer) -> Vec<(Constants, Vec<Shape>)> {
    let none = Constants::default;
    let shape = |axes: &[usize]| Shape::new(axes);
    match layer.signature().name {
        "add" | "multiply" => vec![
            (none(), vec![shape(&[4, 3]); 2]),
            (none(), vec![shape(&[7]); 3]),
        ],
        "dot_product_attention" => {
            let of = |heads, causal| {
                let heads = ("heads", Constant::Count(heads));
                Constants(vec![heads, ("causal", Constant::Word(causal))])
            };
            vec![
                (of(2, "false"), vec![shape(&[5, 4]); 3]),
                (of(1, "true"), vec![shape(&[6, 3]); 3]),
                (
                    of(2, "false"),
                    vec![shape(&[3, 4]), shape(&[5, 4]), shape(&[5, 6])],
                ),
                // Two blocks of queries, and two of keys.
                (
                    of(1, "true"),
                    vec![shape(&[131, 1]), shape(&[131, 1]), shape(&[131, 2])],
                ),
            ]
        }
        "concat" => vec![
            (none(), vec![shape(&[4, 3]), shape(&[4, 2])]),
            (none(), vec![shape(&[5]), shape(&[1]), shape(&[3])]),
        ],
        _ => {
            let cases = of_one_value(layer).into_iter();
            cases
                .map(|(arguments, shape)| (arguments, vec![shape]))
                .collect()
        }
    }
}

/// The same of a layer of one value.
fn of_one_value(layer: &dyn Layer) -> Vec<(Constants, Shape)> {
    let images = || IMAGES.iter().map(|image| Shape(image.to_vec()));
    let mut cases = Vec::new();
    match layer.signature().name {
        name @ ("lstm_cell" | "gru_cell" | "rnn_cell") => {
            let word = |name, word| (name, Constant::Word(word));
            let mut arguments = vec![word("returns", "last"), word("direction", "forward")];
            if name == "lstm_cell" {
                arguments.push(("forget_bias", Constant::Number(0.7)));
            }
            for units in [1, 9] {
                cases.push((Constants(arguments.clone()), Shape::new(&[3, 12 * units])));
            }
        }
        "conv2d" => {
            for shape in images() {
                for kernel in SIZES {
                    for (stride, dilation) in [
                        ([1, 1], [1, 1]),
                        ([2, 2], [1, 1]),
                        ([1, 3], [1, 1]),
                        ([1, 1], [2, 2]),
                        ([1, 1], [1, 2]),
                    ] {
                        for padding in Padding::WORDS {
                            let arguments = conv2d(3, kernel, stride, dilation, padding);
                            if layer.build(&arguments, &shape).is_ok() {
                                cases.push((arguments, shape.clone()));
                            }
                        }
                    }
                }
            }
            cases.extend(convolutions("conv2d"));
            assert!(cases.len() > 150);
        }
        name @ ("conv1d" | "conv3d") => cases.extend(convolutions(name)),
        name if name.starts_with("conv_transpose") => cases.extend(transposed_convolutions(name)),
        name if name.starts_with("upsample") => {
            let (size, shape) = match name {
                "upsample1d" => (counts([3]), Shape::new(&[4, 2])),
                "upsample2d" => (counts([2, 3]), Shape::new(&[3, 4, 2])),
                _ => (counts([1, 2, 3]), Shape::new(&[2, 3, 2, 2])),
            };
            for word in ["nearest", "bilinear"] {
                let mut arguments = vec![("size", size.clone())];
                if name == "upsample2d" {
                    arguments.push(("interpolation", Constant::Word(word)));
                }
                cases.push((Constants(arguments), shape.clone()));
            }
        }
        name @ ("pad" | "crop") => {
            let cells = |cells: &[usize]| Constant::Cells(cells.to_vec());
            for (before, after, shape) in [
                (cells(&[1]), cells(&[1]), &[5, 2][..]),
                (cells(&[1, 0]), cells(&[0, 2]), &[3, 4, 2]),
                (cells(&[0, 2, 1]), cells(&[1]), &[2, 4, 3, 1]),
            ] {
                for mode in ["zeros", "reflect"] {
                    let mut arguments = vec![("before", before.clone()), ("after", after.clone())];
                    if name == "pad" {
                        arguments.push(("mode", Constant::Word(mode)));
                    }
                    cases.push((Constants(arguments), Shape::new(shape)));
                }
            }
        }
        name if name.ends_with("_pool1d") || name.ends_with("_pool3d") => {
            let volumes = name.ends_with("3d");
            let shape = Shape::new(if volumes { &[4, 3, 5, 2] } else { &[7, 3] });
            if name.starts_with("global") {
                return vec![(Constants::default(), shape)];
            }
            for (size, stride, padding) in OF_POOLS {
                let sizes = match volumes {
                    true => [counts([2, size.min(3), 2]), counts([stride, 1, 2])],
                    false => [counts([size]), counts([stride])],
                };
                let [size, stride] = sizes;
                let arguments = vec![("size", size), ("stride", stride), ("padding", padding)];
                cases.push((Constants(arguments), shape.clone()));
            }
        }
        "max_pool2d" | "avg_pool2d" => {
            for shape in images() {
                for size in SIZES {
                    for stride in [[1, 1], [2, 2], [2, 3]] {
                        for padding in Padding::WORDS {
                            cases.push((pool(size, stride, padding), shape.clone()));
                        }
                    }
                }
            }
        }
        "global_avg_pool2d" | "global_max_pool2d" => {
            cases.extend(images().map(|shape| (Constants::default(), shape)));
        }
        "filter_response_norm" | "instance_norm" => {
            let arguments = || Constants(vec![("epsilon", Constant::Number(0.01))]);
            cases.extend(images().map(|shape| (arguments(), shape)));
            cases.push((arguments(), Shape(vec![3, 24])));
        }
        "layer_norm" => {
            for axes in [vec![2], vec![37], vec![3, 4, 2], vec![2, 16]] {
                let arguments = Constants(vec![("epsilon", Constant::Number(0.01))]);
                cases.push((arguments, Shape(axes)));
            }
        }
        "group_norm" => {
            for (groups, axes) in [
                (1, vec![3]),
                (2, vec![3, 4, 6]),
                (3, vec![2, 24]),
                (8, vec![2, 2, 16]),
                (2, vec![2, 64]),
                (1, vec![4, 1]),
            ] {
                let arguments = vec![
                    ("groups", Constant::Count(groups)),
                    ("epsilon", Constant::Number(0.01)),
                ];
                cases.push((Constants(arguments), Shape(axes)));
            }
        }
        "batch_norm" => {
            for axes in [vec![5], vec![2, 3, 17], vec![40, 8]] {
                let arguments = vec![
                    ("momentum", Constant::Number(0.9)),
                    ("epsilon", Constant::Number(0.01)),
                ];
                cases.push((Constants(arguments), Shape(axes)));
            }
        }
        "dropout" | "spatial_dropout" => {
            for axes in [vec![3, 2], vec![2, 2, 18]] {
                let arguments = Constants(vec![("rate", Constant::Number(0.3))]);
                cases.push((arguments, Shape(axes)));
            }
        }
        "dense" => {
            for (inputs, units) in [(1, 1), (7, 3), (20, 33)] {
                let arguments = Constants(vec![("units", Constant::Count(units))]);
                cases.push((arguments, Shape(vec![inputs])));
            }
            // Positions of each example, few and as many as turn the kernel's gradient over.
            for (axes, units) in [(&[2, 3, 4][..], 5), (&[40, 20], 3), (&[1, 7], 2)] {
                let arguments = Constants(vec![("units", Constant::Count(units))]);
                cases.push((arguments, Shape::new(axes)));
            }
        }
        "pad_channels" => {
            for (stride, axes) in [
                (1, vec![3, 5, 2]),
                (2, vec![3, 5, 2]),
                (3, vec![7, 2]),
                (1, vec![2]),
            ] {
                let stride = ("stride", Constant::Count(stride));
                let arguments = Constants(vec![("channels", Constant::Count(4)), stride]);
                cases.push((arguments, Shape(axes)));
            }
        }
        "embedding" => {
            for (size, units, steps) in [(7, 3, 4), (40, 17, 9)] {
                let arguments = vec![
                    ("units", Constant::Count(units)),
                    (sequences::VOCABULARY, Constant::Count(size)),
                ];
                cases.push((Constants(arguments), Shape(vec![steps])));
            }
        }
        "positions" | "sinusoidal_positions" => {
            let shapes = [[5, 3], [2, 40]].map(|axes| Shape::new(&axes));
            cases.extend(shapes.map(|shape| (Constants::default(), shape)));
        }
        "reshape" => {
            let arguments = Constants(vec![("shape", Constant::Counts(vec![3, 4]))]);
            cases.push((arguments, Shape(vec![12])));
        }
        _ => {
            // Each parameter by itself at several values in its kind.
            let parameters = layer.signature().parameters;
            assert!(parameters.len() <= 1, "this layer needs cases of its own");
            let values: Vec<Constants> = match parameters.first() {
                None => vec![Constants::default()],
                Some(parameter) => values(&parameter.kind)
                    .into_iter()
                    .map(|value| Constants(vec![(parameter.name, value)]))
                    .collect(),
            };
            for arguments in values {
                cases
                    .extend([vec![41], vec![3, 5, 2]].map(|axes| (arguments.clone(), Shape(axes))));
            }
        }
    }
    cases
}

fn values(kind: &Kind) -> Vec<Constant> {
    match kind {
        Kind::Choice(words) => words.iter().map(|word| Constant::Word(word)).collect(),
        Kind::Number { domain, .. } => [-1.5, 0.0, 0.3, 1.0, 2.0]
            .into_iter()
            .filter(|&value| Domain::holds(*domain, value))
            .map(Constant::Number)
            .collect(),
        other => panic!("{other:?} needs cases of its own"),
    }
}

fn narrow(numbers: &[f64]) -> Vec<f32> {
    numbers.iter().map(|&x| x as f32).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Checks `gradient` against central differences of `value` at `x`, in every coordinate.
fn check_gradient(what: &str, x: &[f64], gradient: &[f64], mut value: impl FnMut(&[f64]) -> f64) {
    let step = 1e-5;
    let mut moved = x.to_vec();
    for i in 0..x.len() {
        moved[i] = x[i] + step;
        let above = value(&moved);
        moved[i] = x[i] - step;
        let below = value(&moved);
        moved[i] = x[i];
        let expected = (above - below) / (2.0 * step);
        assert!(
            (gradient[i] - expected).abs() < 1e-7,
            "{what}: {} for {expected}",
            gradient[i]
        );
    }
}

fn close(what: &str, single: &[f32], double: &[f64]) {
    for (single, double) in single.iter().zip(double) {
        let error = (f64::from(*single) - double).abs();
        assert!(
            error < 2e-5 * (1.0 + double.abs()),
            "{what}: {single} for {double}"
        );
    }
}

fn check_map(what: &str, map: &dyn AnyMap, shape: &Shape) {
    let x: Vec<f64> = numbers(shape.len(), 1).iter().map(|x| 3.0 * x).collect();
    let dy = numbers(map.output().len(), 2);
    let forward = |x: &[f64]| {
        let mut y = vec![f64::NAN; map.output().len()];
        Map::<f64>::forward(map, x, &mut y);
        y
    };
    let y = forward(&x);
    let mut dx = vec![f64::NAN; x.len()];
    let read = if map.needs_input() { &x[..] } else { &[] };
    Map::<f64>::backward(map, read, &y, &dy, &mut dx);
    check_gradient(what, &x, &dx, |x| dot(&dy, &forward(x)));

    let (x32, dy32) = (narrow(&x), narrow(&dy));
    let (mut y32, mut dx32) = (vec![f32::NAN; y.len()], vec![f32::NAN; x.len()]);
    Map::<f32>::forward(map, &x32, &mut y32);
    let read32 = if map.needs_input() { &x32[..] } else { &[] };
    Map::<f32>::backward(map, read32, &y32, &dy32, &mut dx32);
    close(what, &y32, &y);
    close(what, &dx32, &dx);

    if map.elementwise() {
        assert_eq!(&map.output(), shape);
        let (mut in_place, mut gradient) = (x.clone(), dy.clone());
        Map::<f64>::forward_in_place(map, &mut in_place);
        Map::<f64>::backward_in_place(map, read, &y, &mut gradient);
        assert_eq!((in_place, gradient), (y, dx), "{what} in place");
    }
}

fn check_linear(what: &str, linear: &dyn AnyLinear, shape: &Shape) {
    let n = 2;
    let mut x = numbers(n * shape.len(), 1);
    let tokens = linear.vocabulary();
    assert_eq!(Linear::<f64>::tokens(linear), tokens.is_some(), "{what}");
    if let Some(size) = tokens {
        // Of either sign, and none.
        x.iter_mut()
            .for_each(|x| *x = (*x * (size + 1) as f64).trunc());
    }
    let w = numbers(linear.kernel().len(), 2);
    let dy = numbers(n * linear.output().len(), 3);
    let mut scratch = vec![f64::NAN; linear.scratch(n)];
    let mut apply = |x: &[f64], w: &[f64]| {
        let mut y = vec![f64::NAN; dy.len()];
        Linear::<f64>::apply(linear, x, w, &mut y, &mut scratch);
        y
    };
    // Linear in each, so that one difference of any length is the derivative along it.
    let y = apply(&x, &w);
    let mut scratch = vec![f64::NAN; linear.scratch(n)];
    let (mut dx, mut dw) = (vec![f64::NAN; x.len()], vec![f64::NAN; w.len()]);
    Linear::<f64>::transpose(linear, &dy, &w, &mut dx, &mut scratch);
    Linear::<f64>::weight_gradient(linear, &x, &dy, false, &mut dw, &mut scratch);
    let mut twice = dw.clone();
    Linear::<f64>::weight_gradient(linear, &x, &dy, true, &mut twice, &mut scratch);
    let doubled: Vec<f64> = dw.iter().map(|d| d + d).collect();
    twice
        .iter()
        .zip(&doubled)
        .for_each(|(a, b)| assert!((a - b).abs() < 1e-12, "{what}: {a} {b}"));
    check_gradient(what, &w, &dw, |w| dot(&dy, &apply(&x, w)));
    if tokens.is_none() {
        check_gradient(what, &x, &dx, |x| dot(&dy, &apply(x, &w)));
    }

    let (x32, w32, dy32) = (narrow(&x), narrow(&w), narrow(&dy));
    let mut scratch = vec![f32::NAN; linear.scratch(n)];
    let (mut y32, mut dx32) = (vec![f32::NAN; y.len()], vec![f32::NAN; x.len()]);
    let mut dw32 = vec![f32::NAN; w.len()];
    Linear::<f32>::apply(linear, &x32, &w32, &mut y32, &mut scratch);
    Linear::<f32>::transpose(linear, &dy32, &w32, &mut dx32, &mut scratch);
    Linear::<f32>::weight_gradient(linear, &x32, &dy32, false, &mut dw32, &mut scratch);
    close(what, &y32, &y);
    close(what, &dx32, &dx);
    close(what, &dw32, &dw);

    let [.., inputs, outputs] = linear.kernel().0[..] else {
        panic!("a kernel of 2 axes or more")
    };
    assert_eq!(linear.output().0.last(), Some(&outputs));
    let channels = tokens.unwrap_or(*shape.0.last().unwrap());
    assert_eq!(channels % inputs, 0, "{what}: whole groups of channels");
    // All products but one are with 0 where a row of the input is one-hot.
    let meet = linear.kernel().len() / outputs;
    let fan_in = if tokens.is_some() { 1 } else { meet };
    assert_eq!(linear.fan_in(), fan_in, "{what}");
    assert_eq!(linear.fan_out() * channels, linear.kernel().len());
    assert_eq!(linear.positions() * outputs, linear.output().len());
}

/// Checks one step of a recurrence: its gradients by all that it reads, and float32 against float64.
fn check_scan(what: &str, scan: &dyn AnyScan) {
    let Geometry {
        units,
        products,
        memory,
        saved,
        ..
    } = scan.geometry();
    let has_bias = scan.parameters().len() > 1;
    // x, the product, the bias, both states.
    let lens = [
        products,
        products,
        usize::from(has_bias) * units,
        units,
        memory,
    ];
    let reads: Vec<f64> = numbers(lens.iter().sum(), 1);
    fn parts<'a, T>(mut all: &'a [T], lens: &[usize; 5]) -> [&'a [T]; 5] {
        lens.map(|len| {
            let (own, rest) = all.split_at(len);
            all = rest;
            own
        })
    }
    fn step<T: Real>(
        cell: &dyn Scan<T>,
        reads: &[T],
        lens: &[usize; 5],
        saved: usize,
    ) -> (Vec<T>, Vec<T>) {
        let [x, product, bias, state, memory] = parts(reads, lens);
        let (mut state, mut memory) = (state.to_vec(), memory.to_vec());
        let mut kept = vec![T::of(f64::NAN); saved];
        cell.step(StepForward {
            x,
            product,
            bias,
            state: &mut state,
            memory: &mut memory,
            saved: &mut kept,
        });
        ([state, memory].concat(), kept)
    }
    let (y, kept) = step::<f64>(scan, &reads, &lens, saved);
    let dy = numbers(y.len(), 3);
    let (mut d_state, mut d_memory) = (dy[..units].to_vec(), dy[units..].to_vec());
    let (mut dx, mut d_product) = (vec![f64::NAN; products], vec![f64::NAN; products]);
    let mut d_bias = vec![0.0; lens[2]];
    Scan::<f64>::back(
        scan,
        StepBack {
            saved: &kept,
            before: parts(&reads, &lens)[3],
            d_state: &mut d_state,
            d_memory: &mut d_memory,
            dx: &mut dx,
            d_product: &mut d_product,
            d_bias: &mut d_bias,
        },
    );
    let gradient = [dx, d_product, d_bias, d_state, d_memory].concat();
    check_gradient(what, &reads, &gradient, |moved| {
        dot(&dy, &step::<f64>(scan, moved, &lens, saved).0)
    });
    let single: Vec<f32> = reads.iter().map(|x| *x as f32).collect();
    close(what, &step::<f32>(scan, &single, &lens, saved).0, &y);
}

/// Checks the gradients by inputs and rows of parameters, and float32 against float64.
fn check_function(what: &str, function: &dyn AnyFunction, shapes: &[Shape]) {
    let declared = function.parameters();
    let rows = declared.iter().map(|p| p.shape.len()).enumerate();
    let rows: Vec<Vec<f64>> = rows
        .map(|(i, len)| numbers(len, 5 + i).iter().map(|x| 1.1 + x / 2.0).collect())
        .collect();
    let x: Vec<Vec<f64>> = (0..)
        .zip(shapes)
        .map(|(i, s)| numbers(s.len(), i))
        .collect();
    let mask = function.mask();
    let mask: Vec<f64> = (0..mask.map_or(0, |mask| mask.len))
        .map(|i| (i % 3).min(1) as f64)
        .collect();
    let dy = numbers(function.output().len(), 3);
    let forward = |x: &[Vec<f64>], rows: &[Vec<f64>]| {
        let (x, rows): (Vec<&[f64]>, Vec<&[f64]>) = (
            x.iter().map(|x| &x[..]).collect(),
            rows.iter().map(|row| &row[..]).collect(),
        );
        let reads = Reads {
            x: &x,
            parameters: &rows,
            mask: &mask,
        };
        let (mut y, mut saved) = (vec![f64::NAN; dy.len()], vec![f64::NAN; function.saved()]);
        Function::<f64>::forward(function, reads, &mut y, &mut saved);
        (y, saved)
    };
    let (y, saved) = forward(&x, &rows);
    let (dx, d_rows) = gradients(
        (function, function as &dyn Function<f64>),
        (&x, &rows, &mask),
        &saved,
        &dy,
        0.0,
    );
    for at in 0..x.len() {
        check_gradient(&format!("{what}, input {at}"), &x[at], &dx[at], |moved| {
            let mut x = x.clone();
            x[at] = moved.to_vec();
            dot(&dy, &forward(&x, &rows).0)
        });
    }
    for at in 0..rows.len() {
        check_gradient(
            &format!("{what}, row {at}"),
            &rows[at],
            &d_rows[at],
            |moved| {
                let mut rows = rows.clone();
                rows[at] = moved.to_vec();
                dot(&dy, &forward(&x, &rows).0)
            },
        );
    }
    // Gradients by inputs are added where there are some, those by rows always.
    let (added, added_rows) = gradients(
        (function, function as &dyn Function<f64>),
        (&x, &rows, &mask),
        &saved,
        &dy,
        1.0,
    );
    for (plain, added) in dx
        .iter()
        .chain(&d_rows)
        .zip(added.iter().chain(&added_rows))
    {
        for (plain, added) in plain.iter().zip(added) {
            assert!(
                (plain + 1.0 - added).abs() < 1e-12,
                "{what}: {added} for {plain} + 1"
            );
        }
    }

    let all = |all: &[Vec<f64>]| all.iter().map(|x| narrow(x)).collect::<Vec<_>>();
    let (x32, rows32, mask32, dy32) = (all(&x), all(&rows), narrow(&mask), narrow(&dy));
    let (mut y32, mut saved32) = (vec![f32::NAN; y.len()], vec![f32::NAN; saved.len()]);
    let (inputs, parameters): (Vec<&[f32]>, Vec<&[f32]>) = (
        x32.iter().map(|x| &x[..]).collect(),
        rows32.iter().map(|row| &row[..]).collect(),
    );
    let reads = Reads {
        x: &inputs,
        parameters: &parameters,
        mask: &mask32,
    };
    Function::<f32>::forward(function, reads, &mut y32, &mut saved32);
    close(what, &y32, &y);
    let of = (&x32[..], &rows32[..], &mask32[..]);
    let (dx32, d_rows32) = gradients(
        (function, function as &dyn Function<f32>),
        of,
        &saved32,
        &dy32,
        0.0,
    );
    for (single, double) in dx32.iter().chain(&d_rows32).zip(dx.iter().chain(&d_rows)) {
        close(what, single, double);
    }

    if function.in_place() {
        assert!(!function.needs_inputs(), "{what}");
        let mut over = x[0].clone();
        let mut inputs: Vec<&[f64]> = x.iter().map(|x| &x[..]).collect();
        inputs[0] = &[];
        let parameters: Vec<&[f64]> = rows.iter().map(|row| &row[..]).collect();
        let reads = Reads {
            x: &inputs,
            parameters: &parameters,
            mask: &mask,
        };
        Function::<f64>::forward(function, reads, &mut over, &mut []);
        assert_eq!((over, &dx[0]), (y, &dy), "{what} in place");
    }
}

/// The gradients by inputs and by rows, on top of `start`: 0 is written over, and read as not a number by inputs.
fn gradients<T: Real>(
    (function, arithmetic): (&dyn AnyFunction, &dyn Function<T>),
    (x, rows, mask): (&[Vec<T>], &[Vec<T>], &[T]),
    saved: &[T],
    dy: &[T],
    start: f64,
) -> (Vec<Vec<T>>, Vec<Vec<T>>) {
    let add = start != 0.0;
    let from = if add { T::of(start) } else { T::of(f64::NAN) };
    let mut dx: Vec<Vec<T>> = x.iter().map(|x| vec![from; x.len()]).collect();
    let mut d_rows: Vec<Vec<T>> = rows
        .iter()
        .map(|row| vec![T::of(start); row.len()])
        .collect();
    let inputs: Vec<&[T]> = match function.needs_inputs() {
        true => x.iter().map(|x| &x[..]).collect(),
        false => x.iter().map(|_| &[][..]).collect(),
    };
    let parameters: Vec<&[T]> = rows.iter().map(|row| &row[..]).collect();
    let reads = Reads {
        x: &inputs,
        parameters: &parameters,
        mask,
    };
    let mut towards: Vec<Towards<T>> = dx.iter_mut().map(|dx| Towards { dx, add }).collect();
    let mut to_rows: Vec<&mut [T]> = d_rows.iter_mut().map(|row| &mut row[..]).collect();
    arithmetic.backward(reads, saved, dy, &mut towards, &mut to_rows);
    (dx, d_rows)
}

/// Checks the gradients by inputs and rows of three examples, with no rows, rows that all share and one for each, and
/// that with the moments of a minibatch as what is kept the settled function gives the same, and a gradient of its own.
fn check_statistics(what: &str, statistics: &dyn AnyStatistics) {
    let (n, len, channels) = (3, statistics.output().len(), statistics.channels());
    let x = numbers(n * len, 1);
    let dy = numbers(n * len, 2);
    for each in [0, 1, n] {
        let rows: Vec<Vec<f64>> = (0..2).map(|i| numbers(each * channels, 3 + i)).collect();
        let forward = |x: &[f64], rows: &[Vec<f64>]| {
            let (mut y, mut moments) = (vec![f64::NAN; n * len], vec![vec![f64::NAN; channels]; 2]);
            let [mean, variance] = &mut moments[..] else {
                unreachable!()
            };
            let into = Moments { mean, variance };
            Statistics::<f64>::forward(statistics, x, [&rows[0], &rows[1]], into, &mut y);
            (y, moments)
        };
        let (y, moments) = forward(&x, &rows);
        let kept = [&moments[0][..], &moments[1][..]];
        for add in [false, true] {
            let mut dx = vec![if add { 1.0 } else { f64::NAN }; n * len];
            let mut d_rows = [0, 1].map(|_| vec![f64::NAN; (n + 1) * channels]);
            let [d_gain, d_shift] = &mut d_rows;
            let of = [&rows[0][..], &rows[1][..]];
            Statistics::<f64>::backward(
                statistics,
                &x,
                of,
                kept,
                &dy,
                &mut dx,
                add,
                [d_gain, d_shift],
            );
            dx.iter_mut().for_each(|dx| *dx -= f64::from(add));
            check_gradient(what, &x, &dx, |x| dot(&dy, &forward(x, &rows).0));
            for at in 0..2 {
                let own: Vec<f64> = match each {
                    0 => vec![],
                    1 => (0..channels)
                        .map(|c| {
                            d_rows[at][..n * channels]
                                .iter()
                                .skip(c)
                                .step_by(channels)
                                .sum()
                        })
                        .collect(),
                    _ => d_rows[at][..n * channels].to_vec(),
                };
                check_gradient(&format!("{what}, row {at}"), &rows[at], &own, |moved| {
                    let mut rows = rows.clone();
                    rows[at] = moved.to_vec();
                    dot(&dy, &forward(&x, &rows).0)
                });
            }
        }
        if each == 1 {
            for (x, y) in x.chunks_exact(len).zip(y.chunks_exact(len)) {
                let parameters = [&rows[0][..], &rows[1], kept[0], kept[1]];
                let reads = Reads {
                    x: &[x],
                    parameters: &parameters,
                    mask: &[],
                };
                let mut settled = vec![f64::NAN; len];
                Function::<f64>::forward(statistics.settled(), reads, &mut settled, &mut []);
                settled
                    .iter()
                    .zip(y)
                    .for_each(|(a, b)| assert!((a - b).abs() < 1e-12, "{what}"));
            }
            check_settled(
                what,
                statistics.settled(),
                &x[..len],
                [&rows[0], &rows[1], kept[0], kept[1]],
            );
            let (x32, rows32) = (narrow(&x), [narrow(&rows[0]), narrow(&rows[1])]);
            let (mut y32, mut mean, mut variance) = (
                vec![f32::NAN; n * len],
                vec![f32::NAN; channels],
                vec![f32::NAN; channels],
            );
            let into = Moments {
                mean: &mut mean,
                variance: &mut variance,
            };
            let of = [&rows32[0][..], &rows32[1]];
            Statistics::<f32>::forward(statistics, &x32, of, into, &mut y32);
            close(what, &y32, &y);
        }
    }
}

/// Checks the gradients by input, gain and shift of one example with kept moments.
fn check_settled(what: &str, settled: &dyn AnyFunction, x: &[f64], rows: [&[f64]; 4]) {
    let dy = numbers(x.len(), 7);
    let value = |x: &[f64], rows: [&[f64]; 4]| {
        let reads = Reads {
            x: &[x],
            parameters: &rows,
            mask: &[],
        };
        let mut y = vec![f64::NAN; x.len()];
        Function::<f64>::forward(settled, reads, &mut y, &mut []);
        dot(&dy, &y)
    };
    let owned = rows.map(|row| row.to_vec());
    let arithmetic = settled as &dyn Function<f64>;
    let (x, of) = (x.to_vec(), (settled, arithmetic));
    let (dx, d_rows) = gradients(of, (std::slice::from_ref(&x), &owned, &[]), &[], &dy, 0.0);
    check_gradient(what, &x, &dx[0], |x| value(x, rows));
    for at in 0..2 {
        check_gradient(what, rows[at], &d_rows[at], |moved| {
            let mut rows = rows;
            rows[at] = moved;
            value(&x, rows)
        });
    }
}

#[test]
fn gradients_are_those_of_central_differences() {
    for layer in LAYERS.iter().filter(|layer| layer.block().is_none()) {
        for (arguments, shapes) in cases(*layer) {
            let shape = shapes[0].clone();
            let what = format!("{}{arguments:?} of {shapes:?}", layer.signature().name);
            let operation = layer.join(&arguments, &shapes).unwrap();
            let declared = operation.parameters();
            let axes: Vec<usize> = declared.iter().map(|p| p.shape.rank()).collect();
            let slots = layer.slots().iter();
            let named: Vec<usize> = slots.map(|slot| slot.axes.split(',').count()).collect();
            assert_eq!(axes, named, "{what}: the axes of its slots");
            match operation {
                Operation::View(output) => assert_eq!(output.len(), shape.len(), "{what}"),
                Operation::Map(map) => check_map(&what, &*map, &shape),
                Operation::Linear(linear) => check_linear(&what, &*linear, &shape),
                Operation::Function(function) => check_function(&what, &*function, &shapes),
                Operation::Statistics(statistics) => check_statistics(&what, &*statistics),
                Operation::Scan(scan) => check_scan(&what, &*scan),
            }
        }
    }
}

#[test]
fn names_are_found_and_no_two_are_alike() {
    for (i, layer) in LAYERS.iter().enumerate() {
        let name = layer.signature().name;
        assert!(
            std::ptr::eq(find(name).unwrap().signature(), layer.signature()),
            "{name}"
        );
        assert!(
            LAYERS[..i]
                .iter()
                .all(|other| other.signature().name != name)
        );
        assert!(
            layer
                .signature()
                .parameters
                .iter()
                .all(|p| !p.summary.ends_with('.'))
        );
    }
    assert!(find("denze").is_none());
}
