"""What a run tells."""

from __future__ import annotations

import gc
import importlib.util
import json
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import bnnc
from conftest import KINDS, LINE


@pytest.fixture(scope="module")
def run(line_data) -> bnnc.Run:
    return bnnc.Model(LINE).fit(*line_data, epochs=60, validation=40, learning_rate=0.01, progress=False)


def test_history_has_a_row_for_each_epoch(run):
    pandas = pytest.importorskip("pandas")
    history = run.history
    assert isinstance(history, pandas.DataFrame) and list(history.index) == list(range(1, 61))
    np.testing.assert_allclose(history["loss"], history["nll"] + history["kl"])
    assert history["validation_nll"].iloc[-1] < history["validation_nll"].iloc[0]


def test_posteriors_have_the_moments_of_their_draws(run):
    posterior = run.posterior
    assert list(posterior) == ["dense_1.kernel", "dense_1.bias", "mean.kernel", "mean.bias"]
    kernel = posterior["dense_1.kernel"]
    draws = run.draws(4000, parameters=["dense_1.*"])
    assert list(draws) == ["dense_1.kernel", "dense_1.bias"] and draws["dense_1.kernel"].shape == (4000, 3, 16)
    error = (draws["dense_1.kernel"].mean(axis=0) - kernel.loc) / kernel.scale
    # Means of 4,000 draws have a standard error of 1/63 of a scale.
    assert np.abs(error).max() < 0.08
    np.testing.assert_allclose(draws["dense_1.kernel"].std(axis=0), kernel.scale, rtol=0.08)
    with pytest.raises(KeyError, match="dense_1.bias"):
        posterior["dense_2.kernel"]


def test_point_estimates_have_no_scale(line_data):
    run = bnnc.Model(LINE).fit(*line_data, inference="map", epochs=1, progress=False)
    assert run.posterior["mean.bias"].scale is None


def test_predictions_are_as_good_as_told(run, line_data):
    X, y = line_data
    predicted = run.predict(X)
    scores = run.evaluate(X, y)
    assert scores["rmse"] == pytest.approx(np.sqrt(np.mean((predicted.mean - y) ** 2)), rel=1e-6)
    low, high = predicted.interval(0.9)
    assert scores["coverage_90"] == pytest.approx(np.mean((low <= y) & (y <= high)), abs=0.005)
    assert scores["rmse"] < scores.baseline["rmse"]
    assert scores.intervals["rmse"][0] < scores["rmse"] < scores.intervals["rmse"][1]
    assert "rmse" in repr(scores) and "rmse" in scores._repr_html_()


def test_arviz_takes_the_draws(run, line_data):
    arviz = pytest.importorskip("arviz")
    X, y = line_data
    data = run.to_arviz(X[:50], y[:50], draws=30)
    assert data.posterior["mean.kernel"].shape == (1, 30, 16, 1)
    assert data.posterior_predictive["y"].shape == (1, 30, 50)
    np.testing.assert_allclose(data.observed_data["y"], y[:50], rtol=1e-6)
    assert np.isfinite(arviz.loo(data).elpd_loo)


def test_tables_are_taken_by_a_run_of_arrays(run, line_data):
    pandas = pytest.importorskip("pandas")
    X, y = line_data[0][:20], line_data[1][:20]
    table, target = pandas.DataFrame(X, columns=["a", "b", "c"]), pandas.DataFrame({"y": y})
    expected, scores = run.predict(X).mean, run.evaluate(X, y)
    np.testing.assert_array_equal(run.predict(table).mean, expected)
    assert run.evaluate(table, target) == scores
    if importlib.util.find_spec("arviz"):
        # There are no targets in the table.
        data = run.to_arviz(table, draws=10)
        assert data.posterior_predictive["y"].shape == (1, 10, 20) and not hasattr(data, "log_likelihood")
    arrow = pytest.importorskip("pyarrow")
    np.testing.assert_array_equal(run.predict(arrow.Table.from_pandas(table)).mean, expected)
    assert run.evaluate(arrow.Table.from_pandas(table), arrow.Table.from_pandas(target)) == scores


def test_a_format_that_is_not_there_is_refused(run):
    for explain in (run.explain, lambda format: bnnc.explain(run, format=format)):
        with pytest.raises(ValueError, match="format is 'text', 'markdown' or 'latex', not 'html'"):
            explain(format="html")


def test_numbers_outside_their_range_are_refused(run, line_data):
    X, y = line_data
    wrong = [
        (lambda: run.predict(X, quantiles=[0.5, 1.5]), "each of quantiles is a number between 0 and 1, such as 0.9, not 1.5"),
        (lambda: run.predict(X, quantiles=[float("nan")]), "between 0 and 1, such as 0.9, not nan"),
        (lambda: run.predict(X, samples=0), "samples is a whole number from 1 to .*, not 0"),
        (lambda: run.predict(X, seed=-1), "seed is a whole number from 0 to .*, not -1"),
        (lambda: run.predict(X, seed=2**70), "seed is a whole number from 0 to"),
        (lambda: run.evaluate(X, y, samples=-1), "samples is a whole number from 1"),
        (lambda: run.evaluate(X, y, resamples=5), "resamples is 0, for no intervals, or a whole number from 100 to 100000, not 5"),
        (lambda: run.draws(0), "draws is a whole number from 1"),
        (lambda: run.predict(X[:2]).interval(90), "an interval's probability is a number between 0 and 1"),
        (lambda: bnnc.Model(LINE).check(n=0), "n is a whole number from 1"),
        (lambda: bnnc.Model(LINE).check(n=-1), "n is a whole number from 1"),
        (lambda: bnnc.Model(LINE).fit(X, y, seed=2**70), "seed is at most"),
    ]
    for ask, message in wrong:
        with pytest.raises(ValueError, match=message):
            ask()
    # Its arrays are not kept, and what to do is said as Python says it.
    with pytest.raises(bnnc.Error, match="`data=PATH` names data"):
        run.evaluate()
    with pytest.raises(TypeError, match="stand in place of X and y"):
        run.evaluate(X, y, part="test")
    with pytest.raises(ValueError, match="part is 'test', 'validation' or 'train', not 'all'"):
        run.evaluate(part="all")
    with pytest.raises(TypeError, match="quantiles is a list of probabilities"):
        run.predict(X, quantiles=0.5)
    assert run.evaluate(X, y, resamples=0)["rmse"] == run.evaluate(X, y, resamples=100)["rmse"]


def test_every_quantile_that_is_asked_for_is_there(run, line_data):
    asked = [1 / 3, 0.975, 1e-7, 0.001, 0.29, 0.5]
    quantiles = run.predict(line_data[0][:5], quantiles=asked).quantiles
    assert list(quantiles) == asked
    ordered = np.stack([quantiles[probability] for probability in sorted(asked)])
    assert (np.diff(ordered, axis=0) > 0).all()


def test_classes_have_no_intervals(kinds_data):
    predicted = bnnc.Model(KINDS).fit(*kinds_data, epochs=1, progress=False).predict(kinds_data[0][:2])
    with pytest.raises(ValueError, match="kind has classes, which have no intervals"):
        predicted.interval()


def test_a_run_of_the_command_line_is_loaded(run, line_data, tmp_path):
    copy = run.save(tmp_path / "kept")
    assert copy.path == tmp_path / "kept" and "line" in repr(copy)
    np.testing.assert_array_equal(copy.predict(line_data[0]).mean, run.predict(line_data[0]).mean)
    assert "Methods: line" in copy.explain()
    with pytest.raises(bnnc.Error) as caught:
        bnnc.Run.load(tmp_path)
    assert caught.value.code == "E0604"


def test_a_prediction_is_a_table(run, line_data):
    pandas = pytest.importorskip("pandas")
    frame = run.predict(line_data[0][:4]).to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == ["mean", "std", "aleatoric", "epistemic", "q0.05", "q0.5", "q0.95"]


def test_a_run_is_pickled_with_its_files(run, line_data):
    copy = pickle.loads(pickle.dumps(run))
    assert copy.path != run.path
    np.testing.assert_array_equal(copy.predict(line_data[0]).mean, run.predict(line_data[0]).mean)


def test_a_temporary_folder_goes_with_its_run(line_data):
    run = bnnc.Model(LINE).fit(*line_data, epochs=1, progress=False)
    path = run.path
    assert path.is_dir()
    del run
    gc.collect()
    assert not path.exists()


def test_a_prediction_is_the_same_whatever_was_predicted_before(run, line_data):
    X = line_data[0]

    def asked(run, samples, seed):
        return run.predict(X[:3], samples=samples, seed=seed).mean

    fresh = {(samples, seed): asked(bnnc.Run.load(run.path), samples, seed) for samples in (3, 7) for seed in (0, 1)}
    used = bnnc.Run.load(run.path)
    for samples, seed in [(7, 0), (3, 1), (3, 0), (7, 1), (7, 0), (3, 0), (7, 1)]:
        used.predict(X)
        used.draws(2, seed=5)
        np.testing.assert_array_equal(asked(used, samples, seed), fresh[samples, seed])


def test_ctrl_c_ends_a_long_prediction(run):
    X = np.zeros((50_000, 3))
    timer = threading.Timer(0.2, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        while True:
            run.predict(X, samples=100)
    assert run.predict(X[:2]).mean.shape == (2,)


def test_rows_have_the_same_bits_in_whatever_number(run):
    X = np.random.default_rng(4).normal(size=(6000, 3))
    whole = run.predict(X, draws=True)
    np.testing.assert_array_equal(whole.mean[-3:], run.predict(X[-3:]).mean)
    np.testing.assert_array_equal(whole.quantiles[0.95][-3:], run.predict(X[-3:]).quantiles[0.95])
    np.testing.assert_array_equal(whole.draws["std"][:, -3:], run.predict(X[-3:], draws=True).draws["std"])


def test_a_run_scores_what_its_data_hold_out_as_the_command_line_does(line_data, tmp_path):
    X, y = line_data
    table = tmp_path / "line.csv"
    np.savetxt(table, np.column_stack([X, y]), delimiter=",", header="a,b,c,y", comments="")
    run = bnnc.Model(LINE).fit(data=table, target="y", test=50, validation=40, epochs=5, progress=False, out=tmp_path / "run")
    scores = run.evaluate(samples=20)
    assert scores.examples == 50 and "test part of 50 examples" in str(scores)
    told = subprocess.run(
        [sys.executable, "-m", "bnnc", "evaluate", str(run.path), "--samples", "20", "--format", "json"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert json.loads(told.stdout)["rmse"] == pytest.approx(scores["rmse"], rel=1e-12)
    assert run.evaluate(part="validation").examples == 40
    assert run.evaluate(part="train").examples == 310
    assert run.evaluate(data=table, part="test", samples=20)["rmse"] == scores["rmse"]


def test_ctrl_c_ends_an_evaluation_soon(line_data):
    X, y = line_data
    run = bnnc.Model(LINE).fit(X, y, epochs=1, progress=False)
    many, of_many = np.tile(X, (50, 1)), np.tile(y, 50)
    for call in (
        lambda: run.evaluate(many, of_many, samples=1_000_000, resamples=0),
        lambda: run.draws(1_000_000, parameters=["mean.bias"]),
    ):
        timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
        begun = time.monotonic()
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            call()
        assert time.monotonic() - begun < 20
    # The run is as it was.
    assert run.evaluate(X, y)["rmse"] > 0
