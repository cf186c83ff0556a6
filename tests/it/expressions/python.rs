//! The printed code, run: values and autograd's derivatives against the kernels'.

use super::code::{all_tensors, mixed};
use super::{Case, cases};
use bnnc::expression::Dialect;
use bnnc::verify::python;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

/// How the script ends where there is no torch.
const WITHOUT_TORCH: i32 = 77;

/// Reads cases from its input, and prints what differs.
const SCRIPT: &str = r#"
import json, math, sys

given = json.load(sys.stdin)
try:
    import torch
except ImportError:
    sys.exit(77)
import torch.nn.functional as F

for code in given["torch_helpers"]:
    exec(code)
wrong = 0


def check(what, value, expected):
    global wrong
    value, expected = float(value.detach()), -math.inf if expected is None else expected
    same = value == expected or abs(value - expected) <= 1e-12 * max(1.0, abs(expected))
    if not same:
        wrong += 1
        print(f"{what}: {value!r}, and not {expected!r}")


def tensors(case):
    values = {n: torch.tensor(v, dtype=torch.float64, requires_grad=True) for n, v in case["values"].items()}
    names = dict(values)
    if case["what"].startswith("nll of Categorical"):
        names["logits"] = torch.stack([values[f"logits_{k}"] for k in range(1, 5)])
        names["y"] = torch.tensor(int(case["values"]["y"]))
    return values, names


for case in given["cases"]:
    values, names = tensors(case)
    value = eval(case["torch"], globals(), names)
    check(case["what"], value, case["kernel"])
    if case["slopes"]:
        value.backward()
    for name, slope in case["slopes"].items():
        check(f"{case['what']}, the slope by {name}", values[name].grad if values[name].grad is not None else torch.zeros(()), slope)
    values, names = tensors(case)
    floats = {n: v if n in case["tensors"] else v.item() for n, v in names.items() if v.dim() == 0}
    value = eval(case["mixed"], globals(), {**names, **floats})
    # What has no tensor in it is a number of Python's.
    value = torch.tensor(value, dtype=torch.float64) if isinstance(value, float) else value
    assert value.dtype == torch.float64, case
    check(f"{case['what']} of floats", value, case["kernel"])

try:
    import jax
except ImportError:
    sys.exit(wrong > 0)
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)
for code in given["jax_helpers"]:
    exec(code)
for case in given["cases"]:
    if "logits_1" not in case["values"] and case["round"] < 2:
        names = {n: jnp.array(v) for n, v in case["values"].items()}
        value = eval(case["jax"], globals(), names)
        # What has no variable in it is a number of Python's.
        value = jnp.asarray(value) if isinstance(value, float) else value
        assert value.dtype == jnp.float64, case
        check(f"{case['what']} in jax", torch.tensor(float(value), dtype=torch.float64), case["kernel"])
sys.exit(wrong > 0)
"#;

/// Printed code gives the kernels' values in PyTorch and JAX, and autograd their derivatives.
#[test]
fn code_gives_what_the_kernels_give() {
    let all = cases(6);
    let mut helpers: [BTreeMap<&str, &str>; 2] = Default::default();
    for case in &all {
        for (helpers, dialect) in helpers.iter_mut().zip([Dialect::Torch, Dialect::Jax]) {
            let used = case.expression.helpers(dialect).into_iter();
            helpers.extend(used.map(|helper| (helper.name, helper.code)));
        }
    }
    let [torch, jax] = helpers.map(|helpers| helpers.into_values().collect::<Vec<_>>());
    let each = all.iter().enumerate();
    let each: Vec<Value> = each
        .map(|(at, case)| described(case, at * 6 / all.len()))
        .collect();
    let given = json!({ "cases": each, "torch_helpers": torch, "jax_helpers": jax });
    let skipped =
        || eprintln!("SKIPPED: printed code is not run: no Python with torch (BNNC_PYTHON)");
    let started = Command::new(python(None))
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = started else {
        return skipped();
    };
    let mut input = child.stdin.take().unwrap();
    input.write_all(given.to_string().as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    if output.status.code() == Some(WITHOUT_TORCH) {
        return skipped();
    }
    let [out, error] =
        [output.stdout, output.stderr].map(|b| String::from_utf8_lossy(&b).into_owned());
    assert!(output.status.success(), "{out}{error}");
}

fn described(case: &Case, round: usize) -> Value {
    let torch = |names| case.expression.python(Dialect::Torch, names);
    let tensors = case.values.iter().map(|(name, _)| name);
    json!({
        "what": case.what,
        "round": round,
        "values": BTreeMap::from_iter(case.values.iter().cloned()),
        "tensors": tensors.filter(|name| mixed(name).tensor).collect::<Vec<_>>(),
        "kernel": case.kernel,
        "slopes": BTreeMap::from_iter(case.slopes.iter().cloned()),
        "torch": torch(&all_tensors),
        "mixed": torch(&mixed),
        "jax": case.expression.python(Dialect::Jax, &all_tensors),
    })
}
