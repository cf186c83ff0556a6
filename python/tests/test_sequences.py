"""Sequences of different lengths, and windows over a table of time series."""

from __future__ import annotations

import numpy as np
import pytest

import bnnc

ONCE = """
model once
input x: real[5, 2, padded]
target y: real
default { prior = Normal(0, 1) }
network {
    flatten
    dense(4)
    tanh
    f = dense(1)
}
observe y ~ Normal(loc = f, scale = 0.5)
objective elbo
"""

WINDOWS = """
model windows
input x: real[6, 1]
target load: real
default { prior = Normal(0, 1) }
network {
    flatten
    f = dense(1)
}
observe load ~ Normal(loc = f, scale = 0.5)
objective elbo
"""

SETTINGS = {"epochs": 2, "batch_size": 8, "progress": False}


def sequences() -> tuple[list[np.ndarray], np.ndarray]:
    random = np.random.default_rng(0)
    X = [random.normal(size=(1 + row % 4, 2)).astype(np.float32) for row in range(30)]
    return X, np.array([one.sum() for one in X])


def test_a_list_of_sequences_is_padded_with_its_lengths():
    X, y = sequences()
    model = bnnc.Model(ONCE)
    run = model.fit(X, y, **SETTINGS)
    padded = np.full((30, 5, 2), 7.0, np.float32)
    for row, one in enumerate(X):
        padded[row, : len(one)] = one
    named = {"x": padded, "x_length": np.array([len(one) for one in X])}
    other = model.fit(named, y, **SETTINGS)
    for name in ("checkpoint.safetensors", "rows.safetensors"):
        assert (run.path / name).read_bytes() == (other.path / name).read_bytes(), name
    predicted, alone = run.predict(X, samples=3), run.predict(X[:3], samples=3)
    np.testing.assert_array_equal(predicted.mean, other.predict(named, samples=3).mean)
    np.testing.assert_array_equal(predicted.mean[:3], alone.mean)


def test_sequences_of_different_lengths_are_none_of_a_fixed_input():
    X, y = sequences()
    fixed = bnnc.Model(ONCE.replace("real[5, 2, padded]", "real[4, 2]"))
    with pytest.raises(bnnc.Error, match="`x_length` says lengths, and the model's input has none"):
        fixed.fit(X, y, **SETTINGS)
    with pytest.raises(ValueError, match="steps of different shapes"):
        bnnc.Model(ONCE).fit([X[0], np.zeros((3, 4))], y[:2], **SETTINGS)


def test_windows_of_a_table_predict_what_is_yet_to_come():
    pandas = pytest.importorskip("pandas")
    series = pandas.DataFrame({"hour": np.arange(60), "load": np.sin(np.arange(60) / 4)})
    model = bnnc.Model(WINDOWS)
    run = model.fit(series, "load", time="hour", window=6, **SETTINGS)
    # The last six hours are enough.
    assert run.predict(series[-6:], samples=3).mean.shape == (1,)
