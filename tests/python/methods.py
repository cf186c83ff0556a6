"""Holds programs of other inference methods against bnnc: `methods.py BNNC`, as runs.py says."""

import json
from pathlib import Path

from runs import DATA, bnnc, check, difference, emit, stop_at, train

COMMON = "batch_size = 16\nlog_every = 3\n"

# What a run file says of each method. Samplers amplify the rounding of float32 from step to step.
METHODS = {
    "swag": ('epochs = 8\ninference = "swag(start = 0.5, rank = 3, learning_rate = 0.02)"\nclip_norm = 3.0\n', 2e-5),
    "ensemble": ('epochs = 3\ninference = "ensemble(members = 3)"\nema_decay = 0.9\nclip_norm = 3.0\n', 2e-5),
    "sgld": ('epochs = 4\ninference = "sgld(step_size = 0.02, draws = 5, chains = 2)"\n', 2e-5),
    "sghmc": (
        'epochs = 6\ninference = "sghmc(step_size = 0.02, draws = 6, chains = 2, cycles = 2, preconditioner = rmsprop)"\n',
        2e-5,
    ),
}


def main():
    """Every comparison."""
    for name, (settings, most) in METHODS.items():
        emit(name, settings + COMMON + DATA)
        bnnc("train", "line.bnn", "--out", f"{name}-bnnc")
        train(name, "--out", name)
        check(f"{name}: the run of bnnc", difference(name, f"{name}-bnnc"), most)
        bnnc("evaluate", name)

        # Stopped in the last epoch but one and resumed: the same bits.
        steps = json.loads(Path(name, "metrics.jsonl").read_text().splitlines()[-1])["step"]
        train(name, "--out", f"{name}-stopped", change=stop_at(steps - 9))
        train(name, "--resume", f"{name}-stopped")
        check(f"{name}: stopped and resumed", difference(f"{name}-stopped", name), 0.0)

        # The same on two processes.
        precise = ["--precision", "float64", "--out"]
        train(name, *precise, f"{name}-alone")
        train(name, "--precision", "float64", "--resume", f"{name}-alone", fails=True)
        assert "is finished" in Path(f"{name}.log").read_text().splitlines()[-1]
        train(name, *precise, f"{name}-two", processes=2)
        check(f"{name}: two processes", difference(f"{name}-two", f"{name}-alone"), 1e-10)

    # Members trained apart, in any order, one of them stopped and resumed, are the ensemble.
    for member in ["2", "3", "1"]:
        stops = stop_at(9) if member == "3" else lambda module: None
        train("ensemble", "--out", "apart", "--member", member, change=stops)
        if member == "3":
            train("ensemble", "--resume", "apart", "--member", member)
    check("members apart", difference("apart", "ensemble"), 0.0)
    bnnc("evaluate", "apart")
    train("ensemble", "--out", "apart", "--member", "1", fails=True)
    train("ensemble", "--out", "apart", "--member", "4", fails=True)
    said = Path("ensemble.log").read_text()
    assert "member 1 is there" in said and "no member 4" in said
    print("all methods agree")


main()
