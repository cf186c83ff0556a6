"""Holds emitted programs against the interpreter's numbers, in float64.

Reads the folder of a case from each line of its input: program.py, case.json, and case.safetensors with inputs,
targets.K, the variables (variable/NAME), and what the interpreter made of them: loss, term/NAME,
gradient/NAME, and the variables after the step, kept/NAME, of which those that layers keep are compared.
Answers each with a line of JSON: for each number or tensor its name, how many entries it has, the largest
difference as a part of its largest entry, and both values there; or the error that stopped it.
"""

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


def step(program, case, facts):
    """The loss, its terms and the gradients of one step."""
    model = program.Model().to(torch.float64)
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
    scale = {name: torch.tensor(value, dtype=torch.float64) for name, value in scales}
    targets = [case[f"targets.{k}"] for k in range(facts["targets"])]
    seed, number, samples = facts["seed"], facts["step"], facts["samples"]
    noise = program.Noise(program.STREAMS, seed, number, samples, dtype=torch.float64)
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


def differences(folder):
    """What one case comes to."""
    case = load_file(folder / "case.safetensors")
    facts = json.loads((folder / "case.json").read_text())
    found = step(load(folder / "program.py"), case, facts)
    rows = []
    for name, value in found.items():
        expected = case[name].detach().numpy().reshape(-1)
        value = torch.as_tensor(value).detach().numpy().reshape(-1)
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


def main():
    """One case after the other."""
    for line in sys.stdin:
        try:
            answer = differences(Path(line.strip()))
        except Exception:  # a program that fails is a case that fails
            answer = {"failed": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
