//! The kernels of a training step, one by one: rates of the products and convolutions as a part of that of
//! a 768³ product of the same run, and nanoseconds an entry of what goes over every weight.
//!
//!     cargo bench --bench kernels
//!
//! One thread, float32, best of several runs. Whole networks are measured by `bnnc bench`.

use bnnc::distribution::Normal;
use bnnc::kl;
use bnnc::layer::{Function, Layer, Moments, Operation, Reads, Towards};
use bnnc::optimizer;
use bnnc::posterior::{Transform, chain, scales};
use bnnc::signature::{Constant, Constants, Kind};
use bnnc::tensor::correlate::{Correlation, Gradient, Weights};
use bnnc::tensor::gemm::{MatrixMut, MatrixRef, gemm};
use bnnc::tensor::im2col::{Padding, Window};
use bnnc::tensor::{Shape, Stream};
use std::hint::black_box;
use std::time::Instant;

/// Seconds a call, the best of several stretches.
fn best(mut work: impl FnMut()) -> f64 {
    let (begun, mut best) = (Instant::now(), f64::INFINITY);
    while begun.elapsed().as_secs_f64() < 0.5 {
        let start = Instant::now();
        for _ in 0..4 {
            work();
        }
        best = best.min(start.elapsed().as_secs_f64() / 4.0);
    }
    best
}

/// Seconds of reading so many numbers and writing as many. Not by `memcpy`, which some processors do slowly where the
/// two places lie unluckily.
fn copy(len: usize) -> f64 {
    let (from, mut to) = (numbers(len), vec![0.0; len]);
    best(|| {
        let pairs = black_box(&mut to).iter_mut().zip(black_box(&from));
        pairs.for_each(|(to, from)| *to = 2.0 * from);
    })
}

fn numbers(len: usize) -> Vec<f32> {
    let mut values = vec![0.0; len];
    Stream::new(0, 0, 0, 0).fill_normal(0, &mut values);
    values
}

/// GFLOP/s of a product [m, k]·[k, n].
fn product([m, k, n]: [usize; 3]) -> f64 {
    let (a, b, mut c) = (numbers(m * k), numbers(k * n), numbers(m * n));
    let seconds = best(|| {
        let (a, b) = (
            MatrixRef::row_major(&a, m, k),
            MatrixRef::row_major(&b, k, n),
        );
        gemm(1.0, a, b, 0.0, MatrixMut::row_major(&mut c, m, n));
    });
    2.0 * (m * k * n) as f64 / seconds / 1e9
}

/// GFLOP/s of the three passes of a convolution with a 5 × 5 window and padding, and of the way through
/// patches forward; operations on padding counted.
fn convolution([side, channels, filters]: [usize; 3]) -> [f64; 4] {
    let image = [side, side, channels];
    let window = Window::new(image, [5, 5], [1, 1], [1, 1], Padding::Same).expect("it fits");
    let of = Correlation::new(&window, filters).expect("a stride of 1");
    let x = numbers(side * side * channels);
    let mut w = numbers(25 * channels * filters);
    let (mut y, mut dx) = (numbers(side * side * filters), x.clone());
    let mut scratch = vec![0.0; of.scratch()];
    let dy = y.clone();
    let forward = best(|| of.apply(&x, Weights::Plain(&w), &mut y, &mut scratch));
    let by_x = best(|| of.transpose(&dy, Weights::Plain(&w), &mut dx, &mut scratch));
    let by_w = best(|| {
        let into = Gradient {
            first: &mut w,
            second: None,
            add: false,
        };
        of.weight_gradient(&x, &dy, into, &mut scratch);
    });
    // float64 goes through patches: its rate, doubled for the width of its vectors.
    let choices = [
        ("filters", Constant::Count(filters)),
        ("kernel", Constant::Pair([5, 5])),
        ("stride", Constant::Pair([1, 1])),
        ("dilation", Constant::Pair([1, 1])),
        ("padding", Constant::Word("same")),
        ("groups", Constant::Count(1)),
    ];
    let layer = bnnc::layer::find("conv2d").expect("a layer");
    let built = Layer::build(layer, &Constants(choices.into()), &Shape(image.into()));
    let Ok(Operation::Linear(linear)) = built else {
        panic!("a convolution is linear")
    };
    let wide = |values: &[f32]| values.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
    let (x, w, mut y) = (wide(&x), wide(&w), wide(&y));
    let mut scratch = vec![0.0; linear.scratch(1)];
    let patches = best(|| linear.apply(&x, &w, &mut y, &mut scratch)) / 2.0;
    let operations = 2.0 * (side * side * 25 * channels * filters) as f64;
    [forward, by_x, by_w, patches].map(|seconds| operations / seconds / 1e9)
}

/// Seconds of the three passes of a layer over one example: forward, by x, by w; and its multiplications.
fn passes(name: &str, choices: &[(&'static str, Constant)], shape: &[usize]) -> ([f64; 3], f64) {
    let layer = bnnc::layer::find(name).expect("a layer");
    let built = Layer::build(layer, &Constants(choices.into()), &Shape::new(shape));
    let Ok(Operation::Linear(linear)) = built else {
        panic!("a convolution is linear")
    };
    let [x, w, dy] = [
        Shape::new(shape).len(),
        linear.kernel().len(),
        linear.output().len(),
    ]
    .map(numbers);
    let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
    let mut scratch = vec![0.0; linear.scratch(1)];
    let seconds = [
        best(|| linear.apply(&x, &w, &mut y, &mut scratch)),
        best(|| linear.transpose(&dy, &w, &mut dx, &mut scratch)),
        best(|| linear.weight_gradient(&x, &dy, false, &mut dw, &mut scratch)),
    ];
    (seconds, linear.multiplications() as f64)
}

/// The arguments of a convolution of an image.
fn image(
    filters: usize,
    kernel: usize,
    stride: usize,
    groups: usize,
) -> Vec<(&'static str, Constant)> {
    vec![
        ("filters", Constant::Count(filters)),
        ("kernel", Constant::Pair([kernel; 2])),
        ("stride", Constant::Pair([stride; 2])),
        ("dilation", Constant::Pair([1, 1])),
        ("padding", Constant::Word("same")),
        ("groups", Constant::Count(groups)),
    ]
}

/// Convolutions that do not go through `Correlation`: as parts of the product's rate, and depthwise ones, which
/// memory bounds, in copies of their input and output.
fn others(peak: f64) {
    println!("\nother convolutions: forward, by x, by w");
    for (what, shape, choices) in [
        ("1 × 1, 16 to 32", [32, 32, 16], image(32, 1, 1, 1)),
        ("1 × 1 by 2, 16 to 32", [32, 32, 16], image(32, 1, 2, 1)),
        ("1 × 1, 64 to 64", [16, 16, 64], image(64, 1, 1, 1)),
        ("3 × 3 by 2, 16 to 32", [32, 32, 16], image(32, 3, 2, 1)),
        ("3 × 3 by 2, 32 to 64", [16, 16, 32], image(64, 3, 2, 1)),
        ("3 × 3, 64 in 4 groups", [16, 16, 64], image(64, 3, 1, 4)),
    ] {
        let (seconds, multiplications) = passes("conv2d", &choices, &shape);
        let rates = seconds.map(|s| format!("{:.2}", 2.0 * multiplications / s / 1e9 / peak));
        println!("  {what:<24} {}", rates.join("  "));
    }
    println!("\ndepthwise, in copies of x and y: forward, by x, by w");
    for (side, channels) in [(32, 16), (16, 64), (8, 256)] {
        let shape = [side, side, channels];
        let copy = copy(2 * side * side * channels);
        let (seconds, _) = passes("conv2d", &image(channels, 3, 1, channels), &shape);
        let copies = seconds.map(|s| format!("{:.0}", s / copy));
        println!(
            "  {:<24} {}",
            format!("3 × 3, {shape:?}"),
            copies.join("  ")
        );
    }
}

/// Seconds forward and back of a layer without a kernel: of one example, of a minibatch where it takes its statistics.
fn both_ways(name: &str, shapes: &[Shape], examples: usize) -> [f64; 2] {
    let layer = bnnc::layer::find(name).expect("a layer");
    let chosen = layer.signature().parameters.iter().map(|parameter| {
        let default = parameter.default.and_then(|text| text.parse::<f64>().ok());
        let constant = match (parameter.kind, default) {
            (Kind::Number { .. }, Some(number)) => Constant::Number(number),
            // Of groups.
            _ => Constant::Count(4),
        };
        (parameter.name, constant)
    });
    let built = layer.join(&Constants(chosen.collect()), shapes);
    let x: Vec<Vec<f32>> = shapes.iter().map(|s| numbers(examples * s.len())).collect();
    match built {
        Ok(Operation::Function(function)) => {
            let x: Vec<&[f32]> = x.iter().map(|x| &x[..]).collect();
            let rows = function.parameters().into_iter();
            let rows: Vec<Vec<f32>> = rows.map(|row| numbers(row.shape.len())).collect();
            let parameters: Vec<&[f32]> = rows.iter().map(|row| &row[..]).collect();
            let reads = Reads {
                x: &x,
                parameters: &parameters,
                mask: &[],
            };
            let (mut y, mut saved) = (
                vec![0.0; function.output().len()],
                vec![0.0; function.saved()],
            );
            let dy = numbers(y.len());
            let forward =
                best(|| Function::<f32>::forward(&*function, black_box(reads), &mut y, &mut saved));
            let mut dx: Vec<Vec<f32>> = x.iter().map(|x| x.to_vec()).collect();
            let mut d_rows = rows.clone();
            let back = best(|| {
                let of = |dx| Towards { dx, add: false };
                let mut towards: Vec<Towards<f32>> =
                    dx.iter_mut().map(|dx| of(&mut dx[..])).collect();
                let mut to: Vec<&mut [f32]> = d_rows.iter_mut().map(|row| &mut row[..]).collect();
                function.backward(black_box(reads), &saved, &dy, &mut towards, &mut to);
            });
            [forward, back]
        }
        Ok(Operation::Statistics(statistics)) => {
            let (x, channels) = (&x[0], statistics.channels());
            let [gain, shift, mut mean, mut variance] = [(); 4].map(|()| numbers(channels));
            let (mut y, dy) = (x.clone(), numbers(x.len()));
            let forward = best(|| {
                let moments = Moments {
                    mean: &mut mean,
                    variance: &mut variance,
                };
                statistics.forward(black_box(x), [&gain, &shift], moments, &mut y);
            });
            let [mut d_gain, mut d_shift] =
                [(); 2].map(|()| vec![0.0f32; (examples + 1) * channels]);
            let back = best(|| {
                let rows: [&[f32]; 2] = [&gain, &shift];
                let to = [&mut d_gain[..], &mut d_shift[..]];
                let moments: [&[f32]; 2] = [&mean, &variance];
                statistics.backward(black_box(x), rows, moments, &dy, &mut y, false, to);
            });
            [forward, back]
        }
        _ => panic!("a function or statistics"),
    }
}

/// Norms and joins, which memory bounds: in copies of as many numbers as they read and write.
fn norms_and_joins() {
    println!("\nnorms and joins, in copies of what they read and write: forward, back");
    for (side, channels) in [(32, 16), (8, 64)] {
        let shape = Shape::new(&[side, side, channels]);
        for (name, values, examples) in [
            ("filter_response_norm", 1, 1),
            ("layer_norm", 1, 1),
            ("group_norm", 1, 1),
            ("instance_norm", 1, 1),
            ("batch_norm", 1, 64),
            ("add", 2, 1),
            ("multiply", 2, 1),
            ("concat", 2, 1),
        ] {
            let seconds = both_ways(name, &vec![shape.clone(); values], examples);
            // Forward x is read and y written; back dy is read, x too where it is needed, and dx written.
            let read = examples * shape.len();
            let moved = match name {
                "add" => [3 * read, 3 * read],
                "multiply" => [3 * read, 5 * read],
                "concat" => [4 * read, 4 * read],
                _ => [2 * read, 3 * read],
            };
            let copies = [0, 1].map(|way| format!("{:.1}", seconds[way] / copy(moved[way] / 2)));
            println!("  {:<36} {}", format!("{name}, {shape}"), copies.join("  "));
        }
    }
}

fn main() {
    let peak = product([768, 768, 768]);
    println!("768³ product {peak:.0} GFLOP/s; parts of it:");
    for shape in [
        [128, 784, 1200],
        [128, 1200, 1200],
        [784, 128, 1200],
        [128, 400, 400],
        [128, 5880, 84],
        [128, 16384, 10],
    ] {
        println!(
            "  {:<24} {:.2}",
            format!("{shape:?}"),
            product(shape) / peak
        );
    }
    println!(
        "\n5 × 5 convolutions, [side, channels, filters]: forward, by x, by w;\n\
         forward through patches, by twice its float64 rate"
    );
    for shape in [
        [32, 3, 64],
        [16, 64, 64],
        [28, 1, 6],
        [14, 6, 16],
        [7, 16, 120],
    ] {
        let rates = convolution(shape).map(|rate| format!("{:.2}", rate / peak));
        println!("  {:<24} {}", format!("{shape:?}"), rates.join("  "));
    }
    others(peak);
    norms_and_joins();
    let len = 1 << 18;
    let (mut a, mut b) = (numbers(len), numbers(len));
    let each = |seconds: f64| seconds / len as f64 * 1e9;
    println!("\nnanoseconds an entry, {len} entries");
    let stream = Stream::new(1, 2, 3, 4);
    let report = |name: &str, seconds: f64| println!("  {name:<24} {:.2}", each(seconds));
    report(
        "normal deviates",
        best(|| stream.fill_normal(0, black_box(&mut a))),
    );
    report("signs", best(|| stream.fill_signs(0, black_box(&mut a))));
    stream.fill_normal(0, &mut a);
    let softplus = Transform::Softplus;
    report("softplus", best(|| scales(softplus, black_box(&a), &mut b)));
    let mut gradient = numbers(len);
    report(
        "its slope",
        best(|| chain(softplus, black_box(&a), black_box(&b), &mut gradient)),
    );
    let (loc, mut by_loc) = (numbers(len), vec![0.0; len]);
    scales(softplus, &loc, &mut a);
    let normal = kl::find(&Normal, &Normal).expect("a closed form");
    report(
        "KL of two normals",
        best(|| {
            let entries = kl::Entries {
                loc: black_box(&loc),
                scale: &a,
                noise: &[],
            };
            let gradients = kl::Gradients {
                loc: &mut by_loc,
                scale: &mut b,
                prior: &mut [],
            };
            black_box(normal.accumulate(entries, &[0.0f32, 1.0], 1.0, gradients));
        }),
    );
    // not what is left in `b`, whose squares are no normal numbers
    stream.fill_normal(0, &mut b);
    let adam = optimizer::find("adam").expect("an optimizer");
    let mut state = optimizer::State::new(adam, optimizer::defaults(adam.signature()), len);
    report(
        "adam",
        best(|| {
            state.step(1, 1e-3, &mut a, black_box(&b));
        }),
    );
}
