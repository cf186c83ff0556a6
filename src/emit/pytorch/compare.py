"""Holds emitted programs against the interpreter's numbers, in float64.

    python compare.py [--device cuda] [--tolerance X] FOLDER ...

A folder is a case: program.py, case.json, and case.safetensors with inputs, targets.K, the variables (variable/NAME),
and what the interpreter made of them: loss, term/NAME, gradient/NAME, and kept/NAME, the variables that layers keep
and the step changed. `bnnc verify --out FOLDER` writes one. Each number and tensor is printed with its largest
difference, as a part of its largest entry; the exit code is 1 where one is above the tolerance.

Without folders they are read from the lines of the input, and answered with a line of JSON each.
"""

import argparse
import importlib.util
import json
import sys
import traceback
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file


def load(path):
    """The program as a module."""
    spec = importlib.util.spec_from_file_location("program", path)
    program = importlib.util.module_from_spec(spec)
    sys.modules["program"] = program
    spec.loader.exec_module(program)
    return program


def step(program, case, facts, device):
    """The loss, its terms and the gradients of one step."""
    model = program.Model().to(device, torch.float64)
    variables = dict(program.named_variables(model))
    given = {k.removeprefix("variable/"): v for k, v in case.items() if k.startswith("variable/")}
    if set(variables) != set(given):
        raise ValueError(f"variables that only one side has: {sorted(set(variables) ^ set(given))}")
    with torch.no_grad():
        for name, variable in variables.items():
            if variable.shape != given[name].shape:
                raise ValueError(f"{name} is {list(variable.shape)}, not {list(given[name].shape)}")
            variable.copy_(given[name])
    at = program.Position(**facts["position"])
    scales = program.scales(at).items()
    number_on = {"dtype": torch.float64, "device": device}
    scale = {name: torch.tensor(value, **number_on) for name, value in scales}
    targets = [case[f"targets.{k}"] for k in range(facts["targets"])]
    seed, number, samples = facts["seed"], facts["step"], facts["samples"]
    noise = program.Noise(program.STREAMS, seed, number, samples, **number_on)
    run = model
    if facts["compiled"]:
        torch._dynamo.reset()
        run = torch.compile(model, fullgraph=True, backend=facts["compiled"])
    loss, terms, _ = run(case["inputs"], targets, noise, scale)
    trained = {name: value for name, value in variables.items() if value.requires_grad}
    gradients = torch.autograd.grad(loss, trained.values(), allow_unused=True)
    found = {"loss": loss, **{f"term/{name}": value for name, value in terms.items()}}
    for name, value in variables.items():
        found[f"gradient/{name}"] = torch.zeros_like(value)
        if not value.requires_grad:
            found[f"kept/{name}"] = value
    for name, gradient in zip(trained, gradients):
        if gradient is not None:
            found[f"gradient/{name}"] = gradient
    return found


def differences(folder, device="cpu"):
    """What one case comes to."""
    case = load_file(folder / "case.safetensors", device)
    facts = json.loads((folder / "case.json").read_text())
    found = step(load(folder / "program.py"), case, facts, device)
    rows = []
    for name, value in found.items():
        unchanged = name.replace("kept/", "variable/")
        expected = case[name if name in case else unchanged].cpu().numpy().reshape(-1)
        value = torch.as_tensor(value).detach().cpu().numpy().reshape(-1)
        # Numbers that are all but 0 are compared as they are.
        size = max(np.abs(expected).max(initial=0.0), 1e-3)
        error = np.abs(value - expected) / size
        # NaN where the interpreter has NaN, too, is the same.
        error[np.isnan(value) & np.isnan(expected)] = 0.0
        error[value == expected] = 0.0
        at = int(np.nan_to_num(error, nan=np.inf).argmax()) if error.size else 0
        pair = [float(value[at]), float(expected[at])] if error.size else [0.0, 0.0]
        worst = float(error[at]) if error.size else 0.0
        # JSON has no NaN and no infinity.
        worst = worst if np.isfinite(worst) else 1e300
        rows.append({"name": name, "entries": error.size, "error": worst, "at": at, "values": [repr(x) for x in pair]})
    return {"torch": torch.__version__, "rows": rows}


def answer(lines):
    """One case after the other, each a line of JSON."""
    for line in lines:
        try:
            found = differences(Path(line.strip()))
        except Exception:  # a program that fails is a case that fails
            found = {"failed": traceback.format_exc()}
        print(json.dumps(found), flush=True)


def tell(folder, device, tolerance):
    """Prints what a case comes to; whether all of it agrees."""
    report = differences(folder, device)
    on = torch.cuda.get_device_name() if device == "cuda" else device
    print(f"{folder.name}: float64, PyTorch {report['torch']} on {on}")
    wide = max(len(row["name"]) for row in report["rows"])
    for row in report["rows"]:
        value, expected = row["values"]
        mark = "  differs" if row["error"] > tolerance else ""
        print(f"  {row['name']:{wide}}  {value:>24}  bnnc {expected:>24}  {row['error']:.1e}{mark}")
    return all(row["error"] <= tolerance for row in report["rows"])


def main():
    """Compares the folders that are named, else those of the input."""
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=style)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--tolerance", type=float, default=1e-10)
    options = parser.parse_args()
    if not options.folders:
        return answer(sys.stdin)
    agree = [tell(folder, options.device, options.tolerance) for folder in options.folders]
    sys.exit(0 if all(agree) else 1)


if __name__ == "__main__":
    main()
