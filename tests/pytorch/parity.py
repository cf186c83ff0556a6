"""Holds emitted programs against the interpreter's numbers, in float64.

Reads the folder of a case from each line of its input: program.py, case.json, and case.safetensors with inputs,
targets.K, the variables (variable/NAME), and what the interpreter made of them: loss, term/NAME, gradient/NAME.
Answers each with a line, a JSON list of what differs by more than 1e-12 of its size.
"""

import importlib.util
import json
import sys
import traceback
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

TOLERANCE = 1e-12


def differences(folder):
    """What differs in one case."""
    spec = importlib.util.spec_from_file_location("program", folder / "program.py")
    program = importlib.util.module_from_spec(spec)
    sys.modules["program"] = program
    spec.loader.exec_module(program)
    case = load_file(folder / "case.safetensors")
    facts = json.loads((folder / "case.json").read_text())

    model = program.Model().to(torch.float64)
    variables = dict(program.named_variables(model))
    given = {k.removeprefix("variable/"): v for k, v in case.items() if k.startswith("variable/")}
    assert set(variables) == set(given), sorted(set(variables) ^ set(given))
    with torch.no_grad():
        for name, variable in variables.items():
            assert variable.shape == given[name].shape, (name, variable.shape, given[name].shape)
            variable.copy_(given[name])
    at = program.Position(**facts["position"])
    scale = {name: torch.tensor(value, dtype=torch.float64) for name, value in program.scales(at).items()}
    targets = [case[f"targets.{k}"] for k in range(facts["targets"])]
    noise = program.Noise(
        program.STREAMS, facts["seed"], facts["step"], facts["samples"], dtype=torch.float64
    )
    loss, terms = model(case["inputs"], targets, noise, scale)
    trained = {n: v for n, v in variables.items() if v.requires_grad}
    gradients = torch.autograd.grad(loss, trained.values(), allow_unused=True)
    found = {"loss": loss, **{f"term/{name}": value for name, value in terms.items()}}
    for (name, variable), gradient in zip(trained.items(), gradients):
        found[f"gradient/{name}"] = torch.zeros_like(variable) if gradient is None else gradient
    wrong = []
    for name, value in found.items():
        expected = case[name].detach().numpy().reshape(-1)
        value = torch.as_tensor(value).detach().numpy().reshape(-1)
        size = max(np.abs(expected).max(initial=0.0), 1e-3)
        error = np.abs(value - expected) / size
        if not error.max(initial=0.0) <= TOLERANCE:
            at = int(error.argmax())
            wrong.append(f"{name}[{at}] is {value[at]}, expected {expected[at]} ({error[at]:.1e} of the largest)")
    return wrong


def main():
    """One case after the other."""
    for line in sys.stdin:
        try:
            wrong = differences(Path(line.strip()))
        except Exception:  # noqa: BLE001 a program that fails is a case that fails
            wrong = [traceback.format_exc()]
        print(json.dumps(wrong), flush=True)


if __name__ == "__main__":
    main()
