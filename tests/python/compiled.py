"""Compiles the model of the program named on the command line with torch.compile in float32, and holds the error of its loss
and gradients, against float64, to a small multiple of the error that the model has without it.
"""

import importlib.util
import sys

import torch

SHAPE = [4, 3, 3, 2]

spec = importlib.util.spec_from_file_location("program", sys.argv[1])
program = importlib.util.module_from_spec(spec)
sys.modules["program"] = program
spec.loader.exec_module(program)


def step(dtype, how=lambda model: model):
    """The loss and the gradients of one step."""
    torch.manual_seed(1)
    x = torch.randn(SHAPE, dtype=torch.float64).to(dtype)
    targets = [torch.randn(SHAPE[0], 1, dtype=torch.float64).to(dtype)]
    model = program.Model().to(torch.float64)
    program.initialize(model, 5)
    # Rounded in all precisions, so that all start from the same numbers.
    model.to(torch.float32).to(dtype)
    at = program.Position(training_examples=40, batch=SHAPE[0])
    scale = {name: torch.tensor(value, dtype=dtype) for name, value in program.scales(at).items()}
    trained = [value for _, value in program.named_variables(model) if value.requires_grad]
    loss, _, _ = how(model)(x, targets, program.Noise(program.STREAMS, 7, 3, dtype=dtype), scale)
    return [value.double() for value in [loss, *torch.autograd.grad(loss, trained)]]


expected = step(torch.float64)


def error(found):
    """The largest error, each as a part of the largest entry."""
    pairs = zip(found, expected, strict=True)
    return max(float((a - b).abs().max() / b.abs().max()) for a, b in pairs)


eager = error(step(torch.float32))
compiled = error(step(torch.float32, lambda model: torch.compile(model, fullgraph=True)))
assert 0 < eager < 1e-5, eager
assert 0 < compiled <= 3 * eager, (eager, compiled)
