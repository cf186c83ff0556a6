"""Traces the model of each program named on the command line as torch.compile does: a graph break is an error.

What was traced has the model's own loss and gradients. Inputs have the shape that the first argument says, noise is
made as the second one says. No code is generated from the graph, which would take minutes.
"""

import importlib.util
import json
import sys

import torch

shape = json.loads(sys.argv[1])
how = sys.argv[2]
for path in sys.argv[3:]:
    spec = importlib.util.spec_from_file_location("program", path)
    program = importlib.util.module_from_spec(spec)
    sys.modules["program"] = program
    spec.loader.exec_module(program)
    torch.manual_seed(1)
    model = program.Model().to(torch.float64)
    program.initialize(model, 5)
    at = program.Position(training_examples=40, batch=shape[0])
    scale = {k: torch.tensor(v, dtype=torch.float64) for k, v in program.scales(at).items()}
    x = torch.randn(shape, dtype=torch.float64)
    targets = [torch.randn(shape[0], 1, dtype=torch.float64)]
    trained = [value for _, value in program.named_variables(model) if value.requires_grad]
    found = []
    for step in [model, torch.compile(model, fullgraph=True, backend="eager")]:
        torch.manual_seed(2)
        noise = program.Noise(program.STREAMS, 7, 3, 2, dtype=torch.float64, how=how)
        loss, _, _ = step(x, targets, noise, scale)
        found.append([loss, *torch.autograd.grad(loss, trained, allow_unused=True)])
    for own, compiled in zip(*found):
        if own is not None:
            torch.testing.assert_close(compiled, own, rtol=1e-11, atol=1e-11)
