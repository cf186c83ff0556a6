"""A fit from Python is a fit of the command line."""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import bnnc
from conftest import KINDS, LINE


def bnnc_command(*arguments: object) -> str:
    """What the command line prints."""
    command = [sys.executable, "-m", "bnnc", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_seed_gives_the_command_lines_bits(dtype, line_data, tmp_path):
    X, y = (array.astype(dtype) for array in line_data)
    (tmp_path / "line.bnn").write_text(LINE)
    np.savez(tmp_path / "data.npz", x=X, y=y)
    flags = ["--epochs", 3, "--validation", 0.1, "--seed", 7, "--learning-rate", 0.01]
    bnnc_command("train", tmp_path / "line.bnn", "--data", tmp_path / "data.npz", *flags, "--out", tmp_path / "run")
    model = bnnc.Model.load(tmp_path / "line.bnn")
    run = model.fit(X, y, epochs=3, validation=0.1, seed=7, learning_rate=0.01, progress=False)
    for name in ("checkpoint.safetensors", "rows.safetensors"):
        assert (run.path / name).read_bytes() == (tmp_path / "run" / name).read_bytes(), name
    # What is predicted is the same, too.
    out = tmp_path / "predicted.npz"
    np.savez(tmp_path / "new.npz", x=X[:20])
    flags = ["--samples", 9, "--interval", 0.8]
    bnnc_command("predict", run.path, "--data", tmp_path / "new.npz", *flags, "--out", out)
    predicted = run.predict(X[:20], samples=9, quantiles=[0.05, 0.5, 0.95, 0.1, 0.9])
    with np.load(out) as file:
        np.testing.assert_array_equal(predicted.mean, file["mean"])
        np.testing.assert_array_equal(predicted.std, file["std"])
        np.testing.assert_array_equal(predicted.quantiles[0.5], file["q50"])
        np.testing.assert_array_equal(predicted.interval(0.8)[1], file["upper_80"])
        np.testing.assert_array_equal(predicted.epistemic, file["epistemic_std"])
    # So are the scores, with their intervals.
    np.savez(tmp_path / "test.npz", x=X[:50] + 1, y=y[:50])
    flags = ["--data", tmp_path / "test.npz", "--samples", 9, "--format", "json"]
    told = json.loads(bnnc_command("evaluate", run.path, *flags))
    scores = run.evaluate(X[:50] + 1, y[:50], samples=9)
    assert len(scores) > 10
    for name, value in scores.items():
        assert (value, scores.intervals[name]) == (told[name], told["intervals"][name]), name


def test_a_table_is_coded_as_a_csv_is(tmp_path):
    pandas = pytest.importorskip("pandas")
    random = np.random.default_rng(2)
    table = pandas.DataFrame(
        {
            "age": np.where(np.arange(200) % 9 == 0, np.nan, random.integers(20, 80, 200)),
            "colour": random.choice(["red", "green", "blue"], 200),
            "seen": pandas.Timestamp("2024-03-01") + pandas.to_timedelta(random.integers(0, 90, 200), "D"),
            "member": random.choice([True, False], 200),
            "price": random.normal(10, 3, 200).round(3),
        }
    )
    table.to_csv(tmp_path / "table.csv", index=False)
    text = LINE.replace("real[3]", "real[_]").replace("target y", "target price").replace("observe y", "observe price")
    (tmp_path / "price.bnn").write_text(text)
    flags = ["--target", "price", "--missing", "mean", "--epochs", 2, "--out", tmp_path / "run"]
    bnnc_command("train", tmp_path / "price.bnn", "--data", tmp_path / "table.csv", *flags)
    model = bnnc.Model.load(tmp_path / "price.bnn")
    run = model.fit(table, "price", missing="mean", epochs=2, progress=False)
    checkpoint = (tmp_path / "run" / "checkpoint.safetensors").read_bytes()
    assert (run.path / "checkpoint.safetensors").read_bytes() == checkpoint
    by_series = model.fit(table.drop(columns="price"), table["price"], missing="mean", epochs=2, progress=False)
    assert (by_series.path / "checkpoint.safetensors").read_bytes() == checkpoint
    # Columns go by their names, whatever their order, and further ones are left out.
    new = table.drop(columns="price").head(5)
    mixed = new[new.columns[::-1]].assign(other=1)
    np.testing.assert_array_equal(run.predict(mixed).mean, run.predict(new).mean)
    with pytest.raises(bnnc.Error, match="no column `colour`") as caught:
        run.predict(new.drop(columns="colour"))
    assert caught.value.code == "E0506"
    polars = pytest.importorskip("polars")
    other = model.fit(polars.from_pandas(table), "price", missing="mean", epochs=2, progress=False)
    assert (other.path / "checkpoint.safetensors").read_bytes() == checkpoint


def test_every_kind_of_column_is_a_number_a_text_or_a_date(line_data):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(
        {
            "whole": pandas.array([1, None, 3], dtype="Int64"),
            "flag": pandas.array([True, False, None], dtype="boolean"),
            "text": pandas.array(["a", None, "b"], dtype="string"),
            "kind": pandas.Categorical(["low", "high", "low"]),
            "day": pandas.to_datetime(["2024-03-01", None, "2024-03-03"]),
            "time": pandas.to_datetime(["2024-03-01 13:45:10"] * 3).tz_localize("Europe/Paris"),
            "spent": pandas.to_timedelta([12, 24, 36], "h"),
        }
    )
    columns = dict(bnnc._data.columns(table))
    np.testing.assert_array_equal(columns["whole"], [1, np.nan, 3])
    assert columns["flag"] == ["true", "false", None]
    assert columns["text"] == ["a", None, "b"]
    assert columns["kind"] == ["low", "high", "low"]
    assert columns["day"] == ["2024-03-01", None, "2024-03-03"]
    assert columns["time"] == ["2024-03-01T12:45:10"] * 3
    np.testing.assert_array_equal(columns["spent"], [0.5, 1, 1.5])


def test_tensors_and_views_are_arrays(line_data):
    X, y = line_data
    model = bnnc.Model(LINE)
    expected = model.fit(X, y, epochs=1, progress=False).predict(X[:3]).mean
    wide = np.zeros((400, 6))
    wide[:, ::2] = X
    run = model.fit(wide[:, ::2], list(y), epochs=1, progress=False)
    np.testing.assert_array_equal(run.predict(X[:3].tolist()).mean, expected)
    torch = pytest.importorskip("torch")
    run = model.fit(torch.tensor(X, requires_grad=True), torch.tensor(y), epochs=1, progress=False)
    np.testing.assert_array_equal(run.predict(torch.tensor(X[:3])).mean, expected)


def test_classes_have_their_names(kinds_data):
    X, labels = kinds_data
    run = bnnc.Model(KINDS).fit(X, labels, epochs=30, learning_rate=0.01, progress=False)
    predicted = run.predict(X, samples=20, draws=True)
    assert predicted.classes == ["low", "middle", "top"]
    assert predicted.probabilities.shape == (400, 3)
    np.testing.assert_allclose(predicted.probabilities.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(predicted.draws["probability"].mean(axis=0), predicted.probabilities, atol=1e-6)
    names = np.array(predicted.classes)[predicted.probabilities.argmax(axis=1)]
    assert list(predicted.predicted) == list(names)
    scores = run.evaluate(X, labels, samples=20)
    assert scores["accuracy"] == np.mean(predicted.predicted == labels)
    place = np.array([predicted.classes.index(label) for label in labels])
    nll = -np.log(predicted.probabilities[np.arange(400), place]).mean()
    assert scores["nll"] == pytest.approx(nll, rel=1e-5)
    entropy = -(predicted.probabilities * np.log(predicted.probabilities)).sum(axis=1)
    np.testing.assert_allclose(predicted.entropy, entropy, rtol=1e-5)
    np.testing.assert_allclose(predicted.aleatoric + predicted.epistemic, entropy, rtol=1e-5)


def test_draws_average_to_the_prediction(line_data):
    X, y = line_data
    run = bnnc.Model(LINE).fit(X, y, epochs=2, progress=False)
    predicted = run.predict(X[:7], samples=30, draws=True)
    means, stds = predicted.draws["mean"], predicted.draws["std"]
    assert means.shape == stds.shape == predicted.draws["draw"].shape == (30, 7)
    np.testing.assert_allclose(means.mean(axis=0), predicted.mean, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(means.std(axis=0), predicted.epistemic, rtol=1e-6)
    np.testing.assert_allclose((stds**2).mean(axis=0) ** 0.5, predicted.aleatoric, rtol=1e-6)
    total = predicted.aleatoric**2 + predicted.epistemic**2
    np.testing.assert_allclose(predicted.std**2, total, rtol=1e-6)


def test_settings_are_the_keys_of_a_run_file(line_data):
    X, y = line_data
    model = bnnc.Model(LINE)
    asked = dict(optimizer={"name": "sgd", "momentum": 0.5}, schedule="cosine", clip_norm=2, evaluation_samples=3)
    run = model.fit(X, y, epochs=2, batch_size=np.int64(50), early_stopping=True, progress=False, **asked)
    for line in ('name = "sgd"', "momentum = 0.5", 'name = "cosine"', "clip_norm = 2.0", "batch_size = 50", "validation = 0.1"):
        assert line in run.settings, line
    with pytest.raises(bnnc.Error, match="no setting `batchsize`") as caught:
        model.fit(X, y, batchsize=3)
    assert (caught.value.code, caught.value.help) == ("E0602", "the nearest is `batch_size`")
    with pytest.raises(bnnc.Error, match="epochs"):
        model.fit(X, y, epochs=-1)


def test_a_run_file_beside_the_model_is_read(line_data, tmp_path):
    (tmp_path / "line.bnn").write_text(LINE)
    (tmp_path / "line.toml").write_text("epochs = 2\nseed = 5\n[optimizer]\nlearning_rate = 0.01\n")
    run = bnnc.Model.load(tmp_path / "line.bnn").fit(*line_data, seed=6, progress=False)
    assert "epochs = 2\n" in run.settings and "seed = 6\n" in run.settings and "learning_rate = 0.01\n" in run.settings


def test_arrays_have_none_of_the_columns_that_a_run_file_names(line_data, tmp_path):
    X, y = line_data
    (tmp_path / "line.bnn").write_text(LINE)
    (tmp_path / "line.toml").write_text(
        'epochs = 2\n[data]\nname = "patients.csv"\ntarget = "y"\ndrop = "id"\nmissing = "mean"\ninputs = "a, b, c"\n'
        'categories = "b"\ngroup = "id"\nweights = "times"\ntest = 0.2\nscaling = "none"\n'
    )
    model = bnnc.Model.load(tmp_path / "line.bnn")
    run = model.fit(X, y, progress=False)
    assert run.training_examples == 400 and 'scaling = "none"' in run.settings and "drop" not in run.settings
    expected = bnnc.Model(LINE).fit(X, y, epochs=2, scaling="none", progress=False)
    np.testing.assert_array_equal(run.predict(X[:5]).mean, expected.predict(X[:5]).mean)
    assert "400" in str(model.check(X, y))
    # What fit itself is told is still held against the arrays.
    with pytest.raises(bnnc.Error, match="drop") as caught:
        model.fit(X, y, drop="id", progress=False)
    assert caught.value.code == "E0506"


def test_ctrl_c_keeps_the_run_which_goes_on_to_the_same_bits(line_data, tmp_path):
    X, y = line_data
    model = bnnc.Model(LINE)
    whole = model.fit(X, y, epochs=40, progress=False)
    seen = []

    def stop(epoch):
        seen.append(epoch)
        if len(seen) == 2:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(bnnc.Stopped, match="resume=True") as caught:
        model.fit(X, y, epochs=40_000, out=tmp_path / "run", progress=stop)
    run = caught.value.run
    assert run.interrupted and run.predict(X[:2]).mean.shape == (2,)
    assert len(run.history) >= 2
    # The same settings, and another number of epochs only if there are more.
    part = bnnc.Model(LINE)
    with pytest.raises(bnnc.Error) as refused:
        part.fit(X[:100], y[:100], epochs=40_000, out=tmp_path / "run", resume=True, progress=False)
    assert refused.value.code == "E0607"
    short = model.fit(X, y, epochs=10, out=tmp_path / "short", progress=False)
    longer = model.fit(X, y, epochs=40, out=short.path, resume=True, progress=False)
    name = "checkpoint.safetensors"
    assert (longer.path / name).read_bytes() == (whole.path / name).read_bytes()
    # A width that is the data's is one of the run's settings that nobody has set.
    wide = bnnc.Model(LINE.replace("real[3]", "real[_]"))
    first = wide.fit(X, y, epochs=10, out=tmp_path / "wide", progress=False)
    assert len(wide.fit(X, y, epochs=20, out=first.path, resume=True, progress=False).history) == 20


def test_ctrl_c_after_the_last_step_is_raised_with_the_finished_run(line_data, tmp_path):
    X, y = line_data

    def stop(epoch):
        if epoch["epoch"] == 3:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(bnnc.Stopped, match="the fit is finished") as caught:
        bnnc.Model(LINE).fit(X, y, epochs=3, inference="laplace", out=tmp_path / "run", progress=stop)
    run = caught.value.run
    assert not run.interrupted and "resume" not in str(caught.value)
    expected = bnnc.Model(LINE).fit(X, y, epochs=3, inference="laplace", progress=False).predict(X[:5])
    np.testing.assert_array_equal(run.predict(X[:5]).std, expected.std)


def test_a_stopped_run_says_so_wherever_it_is_loaded(line_data, tmp_path):
    def fail(epoch):
        raise KeyboardInterrupt

    with pytest.raises(bnnc.Stopped) as caught:
        bnnc.Model(LINE).fit(*line_data, epochs=100_000, out=tmp_path / "run", progress=fail)
    run = caught.value.run
    copies = [bnnc.Run.load(run.path), run.save(tmp_path / "copy"), pickle.loads(pickle.dumps(run))]
    assert run.interrupted and all(copy.interrupted for copy in copies)
    early = bnnc.Model(LINE).fit(
        *line_data, epochs=500, learning_rate=0.05, validation=0.2, early_stopping=2, progress=False
    )
    # It ended by itself, before its last epoch.
    assert len(early.log) < 500 and not early.interrupted


def test_what_a_callback_raises_ends_the_fit_and_keeps_the_run(line_data, tmp_path):
    def fail(epoch):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        bnnc.Model(LINE).fit(*line_data, epochs=100_000, out=tmp_path / "run", progress=fail)
    assert bnnc.Run.load(tmp_path / "run").predict(line_data[0][:1]).mean.shape == (1,)


def test_other_threads_run_while_a_model_is_trained(line_data):
    count, done = 0, threading.Event()
    # What was counted when the last epoch had been told, and what was counted from there to the next one.
    left, between = None, []

    def work():
        nonlocal count
        while not done.is_set():
            count += 1

    def told(epoch):
        nonlocal left
        if left is not None:
            between.append(count - left)
        left = count

    thread = threading.Thread(target=work)
    thread.start()
    try:
        bnnc.Model(LINE).fit(*line_data, epochs=200, progress=told)
    finally:
        done.set()
        thread.join()
    assert len(between) == 199 and sum(between) > 1000


def test_several_targets_and_inputs_go_by_their_names():
    text = """
model both
input a: real[2]
input b: real[1]
target y: real
target k: category[2]
default { prior = Normal(0, 1) }
network {
    concat on (a, b)
    h = dense(4)
    mean = dense(1) on h
    logits = dense(2) on h
}
observe y ~ Normal(loc = mean, scale = 0.1)
observe k ~ Categorical(logits = logits)
objective elbo
"""
    random = np.random.default_rng(3)
    X = {"a": random.normal(size=(60, 2)), "b": random.normal(size=(60, 1))}
    y = {"y": X["a"].sum(axis=1), "k": (X["b"][:, 0] > 0).astype(int)}
    run = bnnc.Model(text).fit(X, y, epochs=2, progress=False)
    predicted = run.predict(X)
    assert predicted["y"].mean.shape == (60,) and predicted["k"].probabilities.shape == (60, 2)
    assert run.evaluate(X, y)["k"].examples == 60


def test_what_is_odd_is_a_warning(line_data):
    X, y = line_data

    def places(caught):
        """The files of the lines that the warnings are of: those that call fit."""
        return [warning.filename for warning in caught if warning.category is bnnc.Warning]

    text = LINE.replace("objective elbo", "objective elbo { temperature = 0.1 }")
    with pytest.warns(bnnc.Warning, match="temperature-not-one") as caught:
        bnnc.Model(text).fit(X, y, epochs=1, progress=False)
    assert places(caught) == [__file__]
    sklearn = pytest.importorskip("bnnc.sklearn")
    with pytest.warns(bnnc.Warning, match="temperature-not-one") as caught:
        sklearn.BayesianNetRegressor(model=text, epochs=1).fit(X, y)
    assert places(caught) == [__file__]


def test_nothing_is_printed(line_data, capfd):
    X, y = line_data
    run = bnnc.Model(LINE).fit(X, y, epochs=2, progress=False)
    run.predict(X)
    run.evaluate(X, y)
    assert capfd.readouterr() == ("", "")
    bnnc.Model(LINE).fit(X, y, epochs=2)
    assert capfd.readouterr().out == ""


def test_named_data_are_those_of_the_command_line(tmp_path, line_data):
    X, y = line_data
    np.savez(tmp_path / "data.npz", x=X, y=y)
    model = bnnc.Model(LINE)
    one = model.fit(data=tmp_path / "data.npz", epochs=1, progress=False)
    other = model.fit(X, y, epochs=1, progress=False)
    name = "checkpoint.safetensors"
    assert (one.path / name).read_bytes() == (other.path / name).read_bytes()
    # What a run file says of columns and rows is said of its own data, as on the command line.
    (tmp_path / "line.bnn").write_text(LINE)
    (tmp_path / "line.toml").write_text('[data]\nname = "patients.csv"\ntarget = "sick"\ndrop = "id"\n')
    beside = bnnc.Model.load(tmp_path / "line.bnn").fit(data=tmp_path / "data.npz", epochs=1, progress=False)
    assert (beside.path / name).read_bytes() == (other.path / name).read_bytes()
    with pytest.raises(TypeError, match="in place of X and y"):
        model.fit(X, y, data="a.npz")
    with pytest.raises(bnnc.Error) as caught:
        model.fit(X, y[:-1], epochs=1)
    assert caught.value.code == "E0507"


def test_a_fit_starts_from_another_run(line_data):
    X, y = line_data
    model = bnnc.Model(LINE)
    first = model.fit(X, y, epochs=20, learning_rate=0.01, progress=False)
    kept = model.fit(X, y, from_=first, epochs=0, progress=False)
    np.testing.assert_array_equal(kept.predict(X).mean, first.predict(X).mean)
