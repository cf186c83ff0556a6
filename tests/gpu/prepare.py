"""Makes what a machine with a GPU and no bnnc needs to check emitted programs, in a folder of some 60 MB.

    python tests/gpu/prepare.py FOLDER --data DIR [--bnnc PATH] [--examples 7000]

For each of three networks the folder gets the program that trains it on the first training images of CIFAR-10 or
MNIST, as an .npz beside it, and one step with bnnc's numbers. `check.py` goes with them; run it there:

    python FOLDER/check.py

It needs numpy. DIR has the folders `cifar-10-batches-bin` and `mnist` of `bnnc data fetch`.
"""

import argparse
import gzip
import shutil
import subprocess
from pathlib import Path

import numpy as np

SPECS = Path(__file__).parents[2] / "specs"
NETWORKS = {
    "cifar10_flipout": "cifar10",
    "mnist_lenet": "mnist",
    "cifar10_resnet20_frn": "cifar10",
}


def cifar10(folder, examples):
    """The first training images, channels last, and their labels."""
    files = sorted((folder / "cifar-10-batches-bin").glob("data_batch_*.bin"))
    rows = np.concatenate([np.fromfile(file, np.uint8) for file in files]).reshape(-1, 3073)
    rows = rows[:examples]
    return rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), rows[:, 0]


def mnist(folder, examples):
    """The first training images and their labels."""

    def read(name, head):
        with gzip.open(folder / "mnist" / f"train-{name}-ubyte.gz") as file:
            return np.frombuffer(file.read(), np.uint8, offset=head)

    images = read("images-idx3", 16).reshape(-1, 28, 28, 1)
    return images[:examples], read("labels-idx1", 8)[:examples]


def main():
    """Writes the folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bnnc", default="bnnc")
    parser.add_argument("--data", type=Path, required=True, help="the folder of the data sets")
    parser.add_argument("--examples", type=int, default=7_000)
    options = parser.parse_args()
    options.folder.mkdir(parents=True)
    for name, read in {"cifar10": cifar10, "mnist": mnist}.items():
        images, labels = read(options.data, options.examples)
        part = {"x_train": images, "y_train": labels, "x_test": images[:100], "y_test": labels[:100]}
        np.savez(options.folder / f"{name}.npz", **part)
    for network, data in NETWORKS.items():
        model, npz = SPECS / f"{network}.bnn", options.folder / f"{data}.npz"
        step, program = options.folder / f"step-{network}", options.folder / f"{network}.py"
        for command in [
            ["verify", model, "--data", npz, "--examples", "32", "--out", step],
            ["emit", "pytorch", model, "--data", npz, "--epochs", "2", "--out", program],
        ]:
            subprocess.run([options.bnnc, *map(str, command)], check=True, stdout=subprocess.DEVNULL)
        print(f"made {network}")
    shutil.copy(Path(__file__).with_name("check.py"), options.folder)


if __name__ == "__main__":
    main()
