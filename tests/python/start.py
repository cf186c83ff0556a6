"""Prints, for each program named on the command line, what its variables start from: a line of JSON."""

import importlib.util
import json
import sys

import torch

for path in sys.argv[2:]:
    spec = importlib.util.spec_from_file_location("program", path)
    program = importlib.util.module_from_spec(spec)
    sys.modules["program"] = program
    spec.loader.exec_module(program)
    model = program.Model().to(torch.float64)
    program.initialize(model, int(sys.argv[1]))
    print(json.dumps({k: v.detach().reshape(-1).tolist() for k, v in program.named_variables(model)}))
