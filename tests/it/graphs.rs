//! Blocks, repeats, residuals, branches, values by name and layers used again: each is the network written out.

use crate::support::{Examples, draw, plan, step};
use bnnc::compile;
use bnnc::exec::Interpreter;
use bnnc::explain::explain;
use bnnc::ir::{Facts, Inference, TermKind, text};
use bnnc::plan::Plan;
use bnnc::report;
use bnnc::source::Source;
use bnnc::spread;
use std::sync::Arc;

fn written(head: &str, network: &str) -> String {
    format!(
        "model m\ninput x: real[8, 8, 2]\ntarget y: category[3]\n\
         default {{ prior = Normal(0, 1), bias = deterministic }}\n{head}\nnetwork {{\n{network}\n}}\n\
         observe y ~ Categorical(logits)\nobjective elbo\n"
    )
}

pub fn model(head: &str, network: &str) -> Arc<Inference> {
    let text = written(head, network);
    let name = "m.bnn".into();
    compile::source(Source { name, text }, &[])
        .unwrap_or_else(|failure| panic!("{failure}"))
        .inference
}

/// The IR with names in the places of others, so that two networks that differ in these alone are the same text.
fn renamed(inference: &Inference, names: &[(&str, &str)]) -> String {
    let text = text(inference, &Facts::default());
    let text = names
        .iter()
        .fold(text, |text, (from, to)| text.replace(from, to));
    // Columns are as wide as their names.
    let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n";
    text.lines().map(line).collect()
}

pub fn names(inference: &Inference) -> Vec<&str> {
    let tensors = inference.tensors.iter();
    tensors.map(|(_, tensor)| tensor.name.as_str()).collect()
}

/// Blocks with parameters of every kind, in each other, are the layers that they stand for: shapes, settings, order and
/// all.
#[test]
fn blocks_are_what_they_stand_for() {
    let blocks = "const width = 4
block conv(channels, size, act = relu, pad = same, s = 1) {
  conv2d(channels, kernel = size, padding = pad) { kernel: prior = Normal(0, s / sqrt(fan_in)) }
  act
}
block twice(channels) {
  conv(channels, [3, 1])
  conv(2 * channels, 3, act = elu(0.5), s = 0.1)
  conv(channels, size = 1, act = none)
}";
    let short = model(
        blocks,
        "twice(width), last = twice(channels = width / 2), flatten, logits = dense(3)",
    );
    let conv = |channels, size, act, s| {
        format!(
            "conv2d({channels}, kernel = {size}, padding = same) {{ kernel: prior = Normal(0, {s} / sqrt(fan_in)) }}\n{act}\n"
        )
    };
    let twice = |channels: usize| {
        conv(channels, "[3, 1]", "relu", "1")
            + &conv(2 * channels, "3", "elu(0.5)", "0.1")
            + &conv(channels, "1", "", "1")
    };
    let long = model(
        "",
        &format!("{}{}flatten\nlogits = dense(3)", twice(4), twice(2)),
    );
    let written = [
        ("twice_1.conv_1.conv2d_1", "conv2d_1"),
        ("twice_1.conv_2.conv2d_1", "conv2d_2"),
        ("twice_1.conv_3.conv2d_1", "conv2d_3"),
        ("last.conv_1.conv2d_1", "conv2d_4"),
        ("last.conv_2.conv2d_1", "conv2d_5"),
        ("last.conv_3.conv2d_1", "conv2d_6"),
        ("twice_1.conv_1.relu_1", "relu_1"),
        ("last.conv_1.relu_1", "relu_2"),
        ("twice_1.conv_2.elu_1", "elu_1"),
        ("last.conv_2.elu_1", "elu_2"),
        // As the setting is written.
        ("Normal(0, s / sqrt(fan_in))", "SETTING"),
        ("Normal(0, 1 / sqrt(fan_in))", "SETTING"),
        ("Normal(0, 0.1 / sqrt(fan_in))", "SETTING"),
    ];
    assert_eq!(renamed(&short, &written), renamed(&long, &written));
}

#[test]
fn compositions_are_what_they_stand_for() {
    let block = "block shrink(channels) { conv2d(channels, kernel = 1, stride = 2), tanh }";
    let short = model(
        block,
        "conv2d(4, kernel = 3, padding = same)
         residual { conv2d(4, kernel = 3, padding = same), relu }
         residual(shortcut = shrink(6)) { conv2d(6, kernel = 2, stride = 2) }
         r = residual(shortcut = conv2d(3, kernel = 1)) { conv2d(3, kernel = 1) }
         concat { { c = conv2d(2, kernel = 1), relu } { } { max_pool2d(3, stride = 1, padding = same) } }
         repeat 2 { conv2d(5, kernel = 1), relu }
         flatten, logits = dense(3)",
    );
    let long = model(
        "",
        "a = conv2d(4, kernel = 3, padding = same)
         b = conv2d(4, kernel = 3, padding = same), c = relu, residual_1 = add on (c, a)
         d = conv2d(6, kernel = 2, stride = 2), e = conv2d(6, kernel = 1, stride = 2) on residual_1, f = tanh
         residual_2 = add on (d, f)
         g = conv2d(3, kernel = 1), h = conv2d(3, kernel = 1) on residual_2
         r = add on (g, h)
         i = conv2d(2, kernel = 1), j = relu, k = max_pool2d(3, stride = 1, padding = same) on r
         concat_1 = concat on (j, r, k)
         l = conv2d(5, kernel = 1), m = relu, n = conv2d(5, kernel = 1), o = relu
         flatten, logits = dense(3)",
    );
    let paths = [
        "conv2d_1",
        "conv2d_2",
        "relu_1",
        "residual_1",
        "conv2d_3",
        "residual_2.shortcut.conv2d_1",
        "residual_2.shortcut.tanh_1",
        "residual_2",
        "r.conv2d_1",
        "r.shortcut",
        "r",
        "concat_1.1.c",
        "concat_1.1.relu_1",
        "concat_1.3.max_pool2d_1",
        "concat_1",
        "repeat_1.1.conv2d_1",
        "repeat_1.1.relu_1",
        "repeat_1.2.conv2d_1",
        "repeat_1.2.relu_1",
        "flatten_1",
        "logits",
    ];
    let values = |inference: &Inference| -> Vec<String> {
        let nodes = inference.nodes.iter().skip(1);
        nodes.map(|(_, node)| node.name.clone()).collect()
    };
    assert_eq!(values(&short), paths);
    // The same places, inputs, operations and terms, under the other names.
    let by_place = |inference: &Inference| {
        let mut out = Vec::new();
        for (_, node) in inference.nodes.iter() {
            let inputs: Vec<usize> = node.inputs.iter().map(|input| input.index()).collect();
            let tensors = node.call.iter().flat_map(|call| call.tensors());
            let tensors: Vec<usize> = tensors.map(|tensor| tensor.index()).collect();
            let call = inference.call_text(node);
            out.push(format!("{call} {inputs:?} {tensors:?} {}", node.shape));
        }
        for (_, tensor) in inference.tensors.iter() {
            out.push(format!("{} {}", tensor.shape, tensor.fan_in));
        }
        let terms = inference.loss.terms.iter();
        out.extend(terms.map(|term| format!("{} {}", term.scale, term.why)));
        out
    };
    assert_eq!(by_place(&short), by_place(&long));
}

/// A line more in the network, or in one block, renumbers nothing in another block.
#[test]
fn names_are_stable() {
    let network = |before: &str| {
        format!(
            "{before} a = deep(3), repeat 2 {{ deep(2) }}, flatten, b = repeat 2 {{ c = dense(2) }}, logits = dense(3)"
        )
    };
    let block = "block deep(n) { conv2d(n, kernel = 1), relu, conv2d(n, kernel = 1) }";
    let few = model(block, &network(""));
    let more = model(
        &format!("block other(n) {{ conv2d(n, kernel = 1), relu }}\n{block}"),
        &network("conv2d(2, kernel = 1), relu, other(5), concat { { other(2) } { other(3) } },"),
    );
    let expected = [
        "a.conv2d_1",
        "a.conv2d_2",
        "repeat_1.1.conv2d_1",
        "repeat_1.1.conv2d_2",
        "repeat_1.2.conv2d_1",
        "repeat_1.2.conv2d_2",
        "b.1.c",
        "b.2.c",
        "logits",
    ];
    let expected: Vec<String> = (expected.iter())
        .flat_map(|layer| [format!("{layer}.kernel"), format!("{layer}.bias")])
        .collect();
    assert_eq!(names(&few), expected);
    let found = names(&more);
    assert!(expected.iter().all(|name| found.contains(&name.as_str())));
}

/// A layer that is used again has its parameters, and they have one term each.
#[test]
fn a_layer_used_again_has_one_term() {
    let once = model("", "flatten, a = dense(5), b = tanh, logits = dense(3)");
    let again = model(
        "",
        "flatten, a = dense(5), tanh, c = dense(128), d = reuse a, b = add on (a, d), logits = dense(3)",
    );
    let kernel = |inference: &Inference, value: &str| {
        let mut nodes = inference.nodes.iter();
        let (_, node) = nodes.find(|(_, node)| node.name == value).unwrap();
        node.call.as_ref().unwrap().parameters.clone()
    };
    assert_eq!(kernel(&again, "a"), kernel(&again, "d"));
    assert_eq!(
        names(&again),
        [
            "a.kernel",
            "a.bias",
            "c.kernel",
            "c.bias",
            "logits.kernel",
            "logits.bias"
        ]
    );
    let of_a = |inference: &Inference| {
        let terms = inference.loss.terms.iter();
        let of = |kind: &TermKind| kind.name(inference).contains("a.kernel");
        terms.filter(|term| of(&term.kind)).count()
    };
    assert_eq!((of_a(&once), of_a(&again)), (1, 1));
    assert_eq!(again.loss.terms.len(), 4, "nll and three kernels");
}

/// The use of a block that is used again has its parameters, every one of them.
#[test]
fn a_block_used_again_has_its_parameters() {
    let block = "block hidden(n) { dense(n), relu, dense(n) }
block encoder(n) { hidden(n), tanh, shared = dense(n), reuse shared }";
    let again = model(
        block,
        "flatten, left = dense(6), right = dense(6) on flatten_1
         first = encoder(6) on left, second = reuse first on right, add on (first, second), logits = dense(3)",
    );
    let of = |path: &str| {
        let nodes = again
            .nodes
            .iter()
            .filter(|(_, node)| node.name.starts_with(path));
        let tensors = nodes.map(|(_, node)| node.call.as_ref().unwrap().parameters.clone());
        tensors.collect::<Vec<_>>()
    };
    assert_eq!(of("first.").len(), 6);
    assert_eq!(of("first."), of("second."));
    // A kernel and a bias each of left, right, the encoder's three and logits.
    assert_eq!(again.tensors.len(), 12);
    assert_eq!(again.loss.terms.len(), 7);
    let facts = Facts::default();
    let check = report::check(&Arc::new(Plan::new(again)), &facts, 10, 0).text(100);
    let check = check.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        check.contains("first is used 2 times, by first and second"),
        "{check}"
    );
}

pub fn refused(head: &str, network: &str) -> String {
    let (name, text) = ("m.bnn".into(), written(head, network));
    match compile::source(Source { name, text }, &[]) {
        Ok(_) => panic!("it compiles"),
        Err(failure) => failure.to_string(),
    }
}

/// What would be written out without bound is refused, and soon.
#[test]
fn networks_have_a_most() {
    let doubled: String = (1..60)
        .map(|i| format!("block b{i} {{ b{0}, b{0} }}\n", i - 1))
        .collect();
    let said = refused(
        &format!("block b0 {{ dense(8) }}\n{doubled}"),
        "flatten, b59, logits = dense(3)",
    );
    assert!(
        said.starts_with("E0307: the network has more than 20,000 layers"),
        "{said}"
    );
    let said = refused(
        "",
        "flatten, repeat 16777216 { repeat 16777216 { relu } }, logits = dense(3)",
    );
    assert!(
        said.starts_with("E0307: the network has more than 20,000 layers"),
        "{said}"
    );
    let list = vec!["1"; 4000].join(", ");
    let said = refused(
        "block of(list) { dense(8) }",
        &format!("flatten, repeat 15000 {{ of([{list}]) }}, logits = dense(3)"),
    );
    assert!(
        said.starts_with("E0307: what blocks are given has more than 1,000,000 parts"),
        "{said}"
    );
    let nested = |i: usize| {
        let residuals = "residual { ".repeat(50);
        format!(
            "block n{i} {{ {residuals} n{} {} }}\n",
            i - 1,
            "}".repeat(50)
        )
    };
    let deep: String = (1..100).map(nested).collect();
    let said = refused(
        &format!("block n0 {{ relu }}\n{deep}"),
        "flatten, n99, logits = dense(3)",
    );
    assert!(
        said.starts_with("E0307: blocks, repeats and residuals stand in each other"),
        "{said}"
    );
}

/// A value is handed to a block as a parameter, and the value above as its input.
#[test]
fn values_are_given_to_blocks() {
    let block = "block up(skip, n) { dense(n), own = relu, concat on (own, skip) }";
    let short = model(
        block,
        "flatten, a = dense(4), tanh, up(a, 6), logits = dense(3)",
    );
    let nodes: Vec<_> = short.nodes.iter().collect();
    let (_, joined) = nodes
        .iter()
        .find(|(_, node)| node.name == "up_1.concat_1")
        .unwrap();
    let inputs: Vec<&str> = joined
        .inputs
        .iter()
        .map(|i| short.nodes[*i].name.as_str())
        .collect();
    assert_eq!(inputs, ["up_1.own", "a"]);
}

/// The networks of the language's design parse and are lowered.
#[test]
fn designed_networks_compile() {
    let several = model(
        "",
        "conv2d(32, kernel = 3, padding = same) on x
         relu
         features = global_avg_pool2d
         both = concat on (features, features)
         dense(64)
         relu
         mean  = dense(3)
         other = dense(3) on both
         logits = add on (mean, other)",
    );
    assert_eq!(several.loss.terms.len(), 5);
    let blocks = model(
        "block basic(channels, stride = 1) {
           residual(shortcut = conv2d(channels, kernel = 1, stride = stride)) {
             conv2d(channels, kernel = 3, stride = stride, padding = same)
             relu
             conv2d(channels, kernel = 3, padding = same)
           }
           relu
         }",
        "conv2d(16, kernel = 3, padding = same)
         repeat 3 { basic(16) }
         basic(32, stride = 2)
         repeat 2 { basic(32) }
         global_avg_pool2d
         logits = dense(3)",
    );
    assert_eq!(blocks.tensors.len(), 2 * (1 + 3 * 6 + 1));
    assert!(names(&blocks).contains(&"basic_1.residual_1.shortcut.kernel"));
}

const RESIDUAL: [&str; 2] = [
    "block basic(channels, stride = 1, short = none) {
       residual(shortcut = short) {
         conv2d(channels, kernel = 3, stride = stride, padding = same) { estimator = flipout }
         tanh
         conv2d(channels, kernel = 1)
       }
       tanh
     }",
    "conv2d(3, kernel = 3, padding = same)
     repeat 2 { basic(3) }
     last = basic(4, stride = 2, short = conv2d(4, kernel = 1, stride = 2))
     basic(5, stride = 2, short = pad_channels(5, stride = 2))
     concat { { conv2d(2, kernel = 1), softplus } { } }
     flatten, a = dense(3), sigmoid, b = reuse a2, logits = multiply on (a, b)",
];

/// The loss of a step, every gradient and the KL of a network of blocks are those of the network written out, to the bit.
#[test]
fn a_step_of_blocks_is_that_of_the_layers_written_out() {
    let body = |channels, stride, input: &str, shortcut: &str, at: usize| {
        format!(
            "conv2d({channels}, kernel = 3, stride = {stride}, padding = same) on {input} {{ estimator = flipout }}
             tanh, c{at} = conv2d({channels}, kernel = 1)
             {shortcut}
             r{at} = add on (c{at}, {}), t{at} = tanh\n",
            if shortcut.is_empty() { input.to_owned() } else { format!("s{at}") }
        )
    };
    let long = format!(
        "t0 = conv2d(3, kernel = 3, padding = same)\n{}{}{}{}\
         conv2d(2, kernel = 1), p = softplus, concat on (p, t4)
         flatten, a = dense(3), sigmoid, b = dense(3), logits = multiply on (a, b)",
        body(3, 1, "t0", "", 1),
        body(3, 1, "t1", "", 2),
        body(
            4,
            2,
            "t2",
            "s3 = conv2d(4, kernel = 1, stride = 2) on t2",
            3
        ),
        body(5, 2, "t3", "s4 = pad_channels(5, stride = 2) on t3", 4),
    );
    let short = RESIDUAL[1].replace("reuse a2", "dense(3)");
    let examples = Examples::<f64>::new(4, 128, 3, 0);
    let run = |text: &str| {
        let mut interpreter = Interpreter::<f64>::new(plan(text), examples.len);
        interpreter.initialize(5);
        let report = step(&mut interpreter, &examples, &draw(3, 9), 11);
        let terms: Vec<f64> = report.terms.iter().map(|term| term.value).collect();
        (report.loss, terms, interpreter.gradient().to_vec())
    };
    let (short, long) = (run(&written(RESIDUAL[0], &short)), run(&written("", &long)));
    assert!(short.0.is_finite() && short.2.iter().any(|g| *g != 0.0));
    assert_eq!(short, long);
}

/// Gradients through joins, and of parameters that are used twice, are those of central differences.
#[test]
fn gradients_of_graphs_are_central_differences() {
    let network = RESIDUAL[1].replace("b = reuse a2", "dense(20), tanh, b = reuse a");
    let text = written(
        RESIDUAL[0],
        &network.replace("flatten, a =", "flatten, dense(20), tanh, a ="),
    );
    let plan = plan(&text);
    let examples = Examples::<f64>::new(3, 128, 3, 0);
    let mut interpreter = Interpreter::<f64>::new(plan.clone(), examples.len);
    interpreter.initialize(5);
    let draw = draw(3, 9);
    step(&mut interpreter, &examples, &draw, 11);
    let gradient = interpreter.gradient().to_vec();
    for variable in &plan.variables {
        let len = variable.range.len();
        for entry in variable.range.clone().step_by(len.div_ceil(6)) {
            let at = interpreter.variables()[entry];
            let h = 1e-5;
            let mut loss = |x: f64| {
                interpreter.variables_mut()[entry] = x;
                step(&mut interpreter, &examples, &draw, 11).loss
            };
            let difference = (loss(at + h) - loss(at - h)) / (2.0 * h);
            interpreter.variables_mut()[entry] = at;
            let error = (gradient[entry] - difference).abs() / (1e-3 + difference.abs());
            assert!(
                error < 2e-5,
                "{} entry {}: {} {difference}",
                variable.name,
                entry - variable.range.start,
                gradient[entry]
            );
        }
    }
}

/// The mean square of a sum is the sum of its values', that of a product the product, and that of joined channels their
/// mean by width.
#[test]
fn spread_goes_through_joins() {
    let of = |network: &str| {
        let model = model(
            "",
            &format!(
                "global_avg_pool2d, a = dense(2), b = dense(4) on a, c = dense(4) on a, {network}"
            ),
        );
        let spread = spread::under_prior(&model);
        let square = |name: &str| {
            let mut nodes = model.nodes.iter();
            let (node, _) = nodes.find(|(_, node)| node.name == name).unwrap();
            spread[node.index()].unwrap().powi(2)
        };
        // Biases start at Normal(0, 0.1).
        assert!(
            (square("a") - 2.01).abs() < 1e-12 && (square("b") - (2.0 * 2.01 + 0.01)).abs() < 1e-12
        );
        square("j")
    };
    let [a, b] = [2.01, 2.0 * 2.01 + 0.01];
    for (join, expected) in [
        ("add on (b, c)", 2.0 * b),
        ("multiply on (b, c, b)", b * b * b),
        ("concat on (a, b)", (2.0 * a + 4.0 * b) / 6.0),
    ] {
        let found = of(&format!(
            "j = {join}, k = dense(3), l = dense(3) on c, logits = add on (k, l)"
        ));
        assert!(
            (found - expected).abs() < 1e-9,
            "{join}: {found} {expected}"
        );
    }
}

const DEEP: [&str; 2] = [
    "block basic(channels, stride = 1) {
       residual(shortcut = conv2d(channels, kernel = 1, stride = stride)) {
         conv2d(channels, kernel = 3, stride = stride, padding = same)
         relu
         conv2d(channels, kernel = 3, padding = same)
       }
       relu
     }",
    "conv2d(4, kernel = 3, padding = same)
     repeat 3 { basic(4) }
     stage2 = basic(8, stride = 2)
     repeat 2 { conv2d(8, kernel = 1) { bias: prior = Normal(0, 1), posterior = MeanField }, tanh }
     features = global_avg_pool2d
     a = dense(8)
     b = reuse a on features
     both = add on (a, b)
     logits = dense(3)",
];

fn report(unfolded: bool) -> String {
    let plan = Arc::new(Plan::new(model(DEEP[0], DEEP[1])));
    let facts = Facts {
        training_examples: Some(1000),
        batch: Some(100),
        ..Facts::default()
    };
    let mut check = report::check(&plan, &facts, 100, 100 << 20);
    check.unfolded = unfolded;
    for width in [80, 100] {
        let text = check.text(width);
        assert!(
            text.lines().all(|line| line.chars().count() <= width),
            "{text}"
        );
    }
    check.text(100)
}

/// Blocks and repeats are a row each, with what they add up to.
#[test]
fn check_folds_blocks() {
    let folded = report(false);
    insta::assert_snapshot!("check_folded", folded);
    let unfolded = report(true);
    let (_, layers) = unfolded.split_once("\n  layer ").unwrap();
    let (layers, _) = layers.split_once("\n\n").unwrap();
    insta::assert_snapshot!("check_layers", format!("  layer {layers}"));
    // Sums are those of the rows that they stand for.
    let nats = |text: &str, of: &str| -> f64 {
        let rows = text
            .lines()
            .filter(|line| line.trim_start().starts_with(of));
        let cells = rows.map(|row| {
            row.split_whitespace()
                .rev()
                .nth(1)
                .unwrap()
                .replace(',', "")
        });
        cells.map(|cell| cell.parse::<f64>().unwrap()).sum()
    };
    let (one, each) = (
        nats(&folded, "kl(repeat_1.*"),
        nats(&unfolded, "kl(repeat_1."),
    );
    assert!((one - each).abs() < 9.0 && one > 100.0, "{one} {each}");
}

#[test]
fn explain_tells_a_block_once() {
    let markdown = explain(&model(DEEP[0], DEEP[1]), &Facts::default()).markdown();
    let table = markdown
        .split("| value")
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap();
    insta::assert_snapshot!("explain_blocks", format!("| value{table}"));
}
