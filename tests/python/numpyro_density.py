"""ln p(y, w | x) of emitted NumPyro programs, in float64.

    python numpyro_density.py FOLDER...

Each folder has program.py and case.safetensors: x, the targets (target.NAME) and the weights by their names. Prints a number
for each.
"""

import importlib.util
import sys
from pathlib import Path

import jax
from numpyro.infer.util import log_density
from safetensors.numpy import load_file

jax.config.update("jax_enable_x64", True)

for folder in map(Path, sys.argv[1:]):
    spec = importlib.util.spec_from_file_location("program", folder / "program.py")
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    case = load_file(folder / "case.safetensors")
    targets = {k.removeprefix("target."): case.pop(k) for k in list(case) if k.startswith("target.")}
    # A label has no axis of its own, and is a whole number.
    targets = {k: v.astype(int) if v.ndim == 1 else v for k, v in targets.items()}
    density, _ = log_density(program.model, (case.pop("x"),), targets, case)
    print(repr(float(density)))
