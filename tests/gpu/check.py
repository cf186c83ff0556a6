"""Checks emitted programs on a GPU, in a folder that prepare.py made, within ten minutes.

    python FOLDER/check.py [--device cuda] [--steps]

For each network: every number of one step in float64 against bnnc's (float64 draws and products; 1e-10 of a tensor's
largest entry); an epoch as it is, with bf16 products, and compiled, each with its examples a second after the first
pass and the loss that it ends with. `--steps` leaves the epochs out. The exit code is 1 where a number differs or a
program fails.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent
WAYS = {"float32": [], "bf16": ["--precision", "bf16"], "compiled": ["--compile"]}


def epochs(program, data, device, flags):
    """Trains two epochs; the lines of the log of each."""
    with tempfile.TemporaryDirectory() as place:
        run = Path(place) / "run"
        command = [sys.executable, program, "--data", data, "--device", device, "--out", run]
        subprocess.run(
            [*map(str, command), *flags], check=True, stdout=subprocess.DEVNULL
        )
        lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
        return [line for line in lines if "epoch" in line]


def main():
    """Checks all networks."""
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=style)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda")
    parser.add_argument("--steps", action="store_true")
    options = parser.parse_args()
    failed = []
    for step in sorted(FOLDER.glob("step-*")):
        name = step.name.removeprefix("step-")
        compare = [sys.executable, step / "compare.py", step, "--device", options.device]
        if subprocess.run(list(map(str, compare))).returncode:
            failed.append(f"step of {name}")
        data = FOLDER / ("mnist.npz" if "mnist" in name else "cifar10.npz")
        for way, flags in {} if options.steps else WAYS.items():
            try:
                *_, last = epochs(FOLDER / f"{name}.py", data, options.device, flags)
            except subprocess.CalledProcessError:
                failed.append(f"{name}, {way}")
                continue
            print(f"{name}, {way}: {last}", flush=True)
    print(f"FAILED: {', '.join(failed)}" if failed else "all agree and run")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
