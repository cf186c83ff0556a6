"""What scripts that hold emitted programs against bnnc share. They run in a folder with line.bnn and d.csv, as
`SCRIPT BNNC`. One process imports torch, and others are forked from it: an import takes seconds.
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
        others = [key for key in b if key in ["step_size", "gradient_norm"] or key.startswith(("accuracy", "rmse"))]
        pairs += [(a[key], b[key]) for key in others]
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
