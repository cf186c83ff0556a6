"""Holds emitted programs against bnnc and against themselves: `programs.py BNNC`, as runs.py says."""

import json
import math
from pathlib import Path

import numpy as np
from runs import DATA, bnnc, check, difference, emit, stop_at, train
from safetensors import safe_open

SETTINGS = {
    "adam": "epochs = 8\nbatch_size = 16\nlog_every = 3\n" + DATA,
    "adamw": "epochs = 6\nbatch_size = 16\nlog_every = 3\nclip_norm = 3.0\n[optimizer]\nname = \"adamw\"\n"
    "decays = \"kernels\"\nweight_decay = 0.5\nlearning_rate = 0.05\n[schedule]\nname = \"cosine\"\nwarmup_epochs = 1\n"
    + DATA,
    "sgd": "epochs = 6\nbatch_size = 16\nema_decay = 0.9\n[optimizer]\nname = \"sgd\"\nmomentum = 0.9\n"
    "nesterov = true\nlearning_rate = 0.002\n[schedule]\nname = \"milestones\"\nat = [2, 4]\n" + DATA,
    "rmsprop": "epochs = 6\nbatch_size = 16\n[optimizer]\nname = \"rmsprop\"\nmomentum = 0.5\nlearning_rate = 0.002\n"
    "[schedule]\nname = \"step\"\nevery = 2\nfactor = 0.5\n" + DATA,
    "stopping": "epochs = 30\nbatch_size = 16\nearly_stopping = 2\nema_decay = 0.5\n[optimizer]\nlearning_rate = 0.3\n"
    + DATA
    + "validation = 0.2\ntest = 0.1\n",
}


FITS = {
    "local": "posterior = MeanField, estimator = local_reparameterization",
    "flipout": "posterior = MeanField, estimator = flipout",
    "rank1": "posterior = Rank1",
    "dropout": "posterior = Dropout(0.2)",
}


# A likelihood for each way to say how well training examples are predicted: the kind of its target, what its target
# is of a row's number y, and what is observed.
LIKELIHOODS = {
    "normal": ("real[1]", "y", "Normal(loc = f, scale = 0.5)"),
    "student": ("real", "y", "StudentT(df = 4, loc = f, scale = 0.5)"),
    "cauchy": ("real", "y", "Cauchy(loc = f, scale = 0.5)"),
    "log_normal": ("real", "exp(y)", "LogNormal(loc = f, scale = 0.5)"),
    "gamma": ("real", "exp(y)", "Gamma(concentration = 2, rate = e)"),
    "inverse_gamma": ("real", "exp(y)", "InverseGamma(concentration = 3, scale = e)"),
    "exponential": ("real", "exp(y)", "Exponential(rate = e)"),
    "poisson": ("count", "int(exp(y + 1))", "Poisson(log_rate = f)"),
    "negative_binomial": ("count", "int(exp(y + 1))", "NegativeBinomial(log_mean = f, concentration = 3)"),
    "binomial": ("count", "int(exp(y)) % 5", "Binomial(trials = 5, logits = f)"),
    "bernoulli": ("binary", "int(y > 0)", "Bernoulli(logits = f)"),
    "categorical": ("category[3]", "int(y > 0) + int(y > 1)", "Categorical(logits = three)"),
}


def main():
    """Every comparison."""
    # Curves of float32 differ by its rounding alone.
    for name, settings in SETTINGS.items():
        emit(name, settings)
        bnnc("train", "line.bnn", "--out", f"{name}-bnnc")
        train(name, "--out", name)
        check(f"{name}: the curve of bnnc", difference(name, f"{name}-bnnc"), 2e-5)
    for command in ["evaluate adam", "predict adam --data d.csv --out p.csv", "report adam --out r.html"]:
        bnnc(*command.split())
    bnnc("export", "adam", "--out", "e.npz")

    # Moved: half by one, half by the other.
    emit("adam", SETTINGS["adam"].replace("epochs = 8", "epochs = 3"))
    train("adam", "--out", "to")
    bnnc("train", "line.bnn", "--out", "fro")
    bnnc("train", "line.bnn", "--out", "to", "--resume", "--epochs", "8")
    train("adam", "--resume", "fro", "--epochs", "8")
    check("from the program to bnnc", difference("to", "adam-bnnc"), 2e-5)
    check("from bnnc to the program", difference("fro", "adam-bnnc"), 2e-5)
    assert "epochs = 8" in Path("fro/run.toml").read_text()
    bnnc("evaluate", "fro")

    # Stopped within an epoch and resumed: the same bits.
    emit("adam", SETTINGS["adam"])
    train("adam", "--out", "stopped", change=stop_at(10))
    with safe_open("stopped/checkpoint.safetensors", "numpy") as file:
        assert json.loads(file.metadata()["bnnc"])["counters"]["step"] == 10
    train("adam", "--resume", "stopped")
    check("stopped and resumed", difference("stopped", "adam"), 0.0)

    # Any number of processes, whose parts differ and may be empty.
    for name, processes, how in [("adamw", 2, []), ("adamw", 3, ["--fsdp"]), ("sgd", 2, ["--fsdp"]), ("stopping", 3, [])]:
        precise = ["--precision", "float64", "--batch-size", "3" if name == "sgd" else "16"]
        alone = f"{name}-alone"
        if not Path(alone).exists():
            train(name, *precise, "--out", alone)
        out = f"{name}-{processes}{''.join(how)}"
        train(name, *precise, *how, "--out", out, processes=processes)
        check(f"{out} processes", difference(out, alone), 1e-12)

    # Validation draws weights that all examples share, whatever the family and the estimator.
    model = Path("line.bnn").read_text()
    for name, how in FITS.items():
        fit = "posterior = MeanField, estimator = reparameterization"
        Path("line.bnn").write_text(model.replace(fit, how))
        emit(name, "epochs = 2\nbatch_size = 16\n" + DATA + "validation = 0.2\n")
        bnnc("train", "line.bnn", "--out", f"{name}-bnnc")
        train(name, "--out", name)
        check(f"{name}, validated", difference(name, f"{name}-bnnc"), 1e-4)
    Path("line.bnn").write_text(model)

    # How well training examples are predicted, under each likelihood.
    table = Path("d.csv").read_text()
    rows = [row.split(",") for row in table.splitlines()[1:]]
    for name, (kind, y_of, likelihood) in LIKELIHOODS.items():
        layers = "  f = dense(1)\n"
        layers += "  three = dense(3)\n" if "three" in likelihood else ""
        layers += "  e = exp on f\n" if "= e)" in likelihood else ""
        fit = model.replace("target y: real\n", f"target y: {kind}\n").replace("  f = dense(1)\n", layers)
        Path("line.bnn").write_text(fit.replace("Normal(loc = f, scale = 0.5)", likelihood))
        made = [f"{a},{b},{c},{eval(y_of, {'exp': math.exp, 'y': float(y)})}\n" for a, b, c, y in rows]
        Path("d.csv").write_text("a,b,c,y\n" + "".join(made))
        emit(name, "epochs = 2\nbatch_size = 16\nlog_every = 3\n" + DATA)
        bnnc("train", "line.bnn", "--out", f"{name}-fit")
        train(name, "--out", f"{name}-program")
        check(f"{name}, fitted", difference(f"{name}-program", f"{name}-fit"), 1e-4)
    Path("line.bnn").write_text(model)
    Path("d.csv").write_text(table)

    # Sequences of an archive, with lengths or a mask, and a target of each step.
    random = np.random.default_rng(0)
    lengths = random.integers(1, 5, 60)
    there = np.arange(4) < lengths[:, None]
    x = np.where(there[:, :, None], random.normal(size=(60, 4, 3)), 99.0).astype(np.float32)
    np.savez("steps.npz", x=x, y=np.where(there, x[:, :, 0], 7.0), x_length=lengths)
    words = random.integers(0, 5, (60, 4)).astype(np.uint8)
    np.savez("words.npz", words=words, y=random.normal(size=60), mask=there.astype(np.int8))
    for name, declared, layers in [
        ("steps", "input x: real[6, 3, padded]\ntarget y: real[6, 1]\n", "  dense(4)\n"),
        ("words", "input words: token[6, vocabulary = 5]\ntarget y: real\n", "  embedding(3)\n  flatten\n"),
    ]:
        text = model.replace("input x: real[3]\ntarget y: real\n", declared).replace("  dense(4)\n", layers)
        Path("line.bnn").write_text(text)
        emit(name, f"epochs = 2\nbatch_size = 16\n[data]\nname = \"{name}.npz\"\ntest = 10\n")
        bnnc("train", "line.bnn", "--out", f"{name}-bnnc")
        train(name, "--out", f"{name}-program")
        check(f"{name} of sequences", difference(f"{name}-program", f"{name}-bnnc"), 1e-4)
    Path("line.bnn").write_text(model)

    # What does not fit is refused.
    Path("d.csv").write_text(Path("d.csv").read_text().replace("\n", "\n1,2,3,4\n", 2))
    train("adam", "--out", "other", fails=True)
    assert "does not hold the rows" in Path("adam.log").read_text() and not Path("other").exists()
    print("all programs agree")


main()
