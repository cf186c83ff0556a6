"""Models and data that several tests fit."""

from __future__ import annotations

import signal

import numpy as np
import pytest

LINE = """
model line
input x: real[3]
target y: real
default { prior = Normal(0, 1) }
network {
    dense(16)
    tanh
    mean = dense(1)
}
observe y ~ Normal(loc = mean, scale = 0.1)
objective elbo
"""

KINDS = """
model kinds
input x: real[3]
target kind: category[3]
default { prior = Normal(0, 1) }
network {
    dense(8)
    relu
    logits = dense(3)
}
observe kind ~ Categorical(logits = logits)
objective elbo
"""


@pytest.fixture(autouse=True, scope="session")
def ctrl_c() -> None:
    """Ctrl-C as in a terminal: a shell starts what runs in the background without it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def line_data() -> tuple[np.ndarray, np.ndarray]:
    """400 examples of three inputs, and a sine of the first with noise of 0.1."""
    random = np.random.default_rng(0)
    X = random.normal(size=(400, 3))
    y = np.sin(X[:, 0]) + 0.1 * random.normal(size=400)
    return X, y


@pytest.fixture(scope="session")
def kinds_data() -> tuple[np.ndarray, np.ndarray]:
    """400 examples of three inputs, and one of three classes that the first two decide."""
    X = np.random.default_rng(1).normal(size=(400, 3))
    labels = np.array(["low", "middle", "top"])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0)]
    return X, labels
