"""Holds emitted programs against bnnc and against themselves: runs in a folder with line.bnn and d.csv.

`programs.py BNNC`. One process imports torch, and others are forked from it: an import takes seconds.
"""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import load_file

BNNC = sys.argv[1]
torch.set_num_threads(1)
PORT = [29600 + os.getpid() % 1000]


def bnnc(*arguments):
    """What a command of bnnc prints."""
    done = subprocess.run([BNNC, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def emit(name, settings):
    """Makes a program with these settings of a run file."""
    Path("line.toml").write_text(settings + "\n")
    bnnc("emit", "pytorch", "line.bnn", "--out", f"{name}.py")


def program(name, arguments, change):
    """Runs a program in this process."""
    spec = importlib.util.spec_from_file_location(name, f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    change(module)
    sys.argv = [f"{name}.py", "--device", "cpu", *arguments]
    module.main()


def train(name, *arguments, processes=1, change=lambda module: None, fails=False):
    """Runs a program in so many processes."""
    PORT[0] += 1
    children = []
    for rank in range(processes):
        child = os.fork()
        if child:
            children.append(child)
            continue
        if processes > 1:
            os.environ.update(WORLD_SIZE=str(processes), RANK=str(rank), LOCAL_RANK=str(rank))
            os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(PORT[0]))
        code = 1
        try:
            os.dup2(os.open(f"{name}.log", os.O_CREAT | os.O_WRONLY | os.O_APPEND), 1)
            program(name, arguments, change)
            code = 0
        except SystemExit as exit:
            print(exit, flush=True)
            code = 0 if fails else 1
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(code)
    codes = [os.waitpid(child, 0)[1] for child in children]
    assert not any(codes), (name, arguments, Path(f"{name}.log").read_text())


def lines(run):
    """The lines of a run's log."""
    return [json.loads(line) for line in Path(run, "metrics.jsonl").read_text().splitlines()]


def difference(run, other):
    """The largest difference of losses, terms and tensors, each as a part of what it should be."""
    found, expected = lines(run), lines(other)
    assert len(found) == len(expected), (run, len(found), len(expected))
    most = 0.0
    for a, b in zip(found, expected):
        assert [a[key] for key in ["kind", "step", "epoch"]] == [b[key] for key in ["kind", "step", "epoch"]]
        assert a["lambda"] == b["lambda"] and abs(a["learning_rate"] - b["learning_rate"]) < 1e-15
        pairs = [(a["loss"], b["loss"])]
        pairs += [(s["scaled"], t["scaled"]) for s, t in zip(a["terms"], b["terms"], strict=True)]
        if "validation" in b:
            pairs.append((a["validation"]["nll"], b["validation"]["nll"]))
        if "gradient_norm" in b:
            pairs.append((a["gradient_norm"], b["gradient_norm"]))
        most = max(most, *(abs(x - y) / max(abs(y), 1e-3) for x, y in pairs))
        assert a.get("clipped") == b.get("clipped")
    names = ["checkpoint.safetensors", "rows.safetensors"]
    names += ["best.safetensors"] if Path(other, "best.safetensors").exists() else []
    for name in names:
        a, b = load_file(Path(run, name)), load_file(Path(other, name))
        assert a.keys() == b.keys(), a.keys() ^ b.keys()
        for key in a:
            size = max(np.abs(b[key].astype(float)).max(initial=0.0), 1e-3)
            most = max(most, float(np.abs(a[key].astype(float) - b[key].astype(float)).max(initial=0.0) / size))
    return most


def check(what, found, most):
    """Says a difference, and refuses one that is larger than `most`."""
    print(f"{what}: {found:.1e}", flush=True)
    assert found <= most, (what, found, most)


DATA = '[data]\nname = "d.csv"\n'

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


def stop_at(step):
    """Sends the program the signal that ends it, after this step."""

    def change(module):
        train_step = module.Trainer.train_step

        def stopped(self, places):
            terms = train_step(self, places)
            if self.step == step:
                os.kill(os.getpid(), signal.SIGTERM)
            return terms

        module.Trainer.train_step = stopped

    return change


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

    # What does not fit is refused.
    Path("d.csv").write_text(Path("d.csv").read_text().replace("\n", "\n1,2,3,4\n", 2))
    train("adam", "--out", "other", fails=True)
    assert "does not hold the rows" in Path("adam.log").read_text() and not Path("other").exists()
    print("all programs agree")


main()
