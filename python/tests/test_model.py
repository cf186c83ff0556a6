"""What a model says of itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

import bnnc
from conftest import LINE


def test_mistakes_are_exceptions_with_the_command_lines_text(tmp_path):
    path = tmp_path / "wrong.bnn"
    path.write_text(LINE.replace("tanh", "tahn"))
    with pytest.raises(bnnc.Error) as caught:
        bnnc.Model.load(path)
    error = caught.value
    assert isinstance(error, ValueError)
    assert (error.code, error.message, error.path) == ("E0201", "`tahn` is not a layer", str(path))
    assert (error.line, error.column, error.help) == (8, 5, "there is `tanh`")
    assert str(error).startswith("error[E0201]: `tahn` is not a layer\n") and "8 |     tahn" in str(error)
    with pytest.raises(FileNotFoundError, match="none.bnn"):
        bnnc.Model.load(tmp_path / "none.bnn")


def test_a_path_in_place_of_a_text_is_pointed_out(tmp_path):
    path = tmp_path / "model.bnn"
    for given in (path, str(path)):
        with pytest.raises(ValueError, match="bnnc.Model.load"):
            bnnc.Model(given)
    with pytest.raises(TypeError, match="takes a bnnc.Model or a bnnc.Run, not 'kl'"):
        bnnc.explain("kl")


def test_the_loss_has_its_terms_with_formulas():
    model = bnnc.Model(LINE)
    assert (model.name, model.inputs, model.targets) == ("line", ["x"], ["y"])
    loss = model.check(n=1000).loss
    assert [term.name for term in loss] == ["nll", "kl(dense_1.kernel)", "kl(dense_1.bias)", "kl(mean.kernel)", "kl(mean.bias)"]
    kl = loss.terms[1]
    assert kl.form == "closed form" and kl.scale == "1/N = 1/1000" and kl.value_of_scale == 1 / 1000
    assert kl.formula == "KL(N(μ, σ²) ‖ N(m, s²)) = ln(s/σ) + (σ² + (μ − m)²)/(2s²) − ½"
    assert "the ELBO holds the KL once per data set" in kl.why
    assert kl.nats_per_example == pytest.approx(kl.nats / 1000)
    assert model.loss.terms[1].value_of_scale is None


def test_a_printed_loss_has_the_numbers_of_its_terms_and_their_sum():
    loss = bnnc.Model(LINE).check(n=1000).loss
    lines = [line.split() for line in str(loss).splitlines()]
    kernel, total = (next(line for line in lines if line[: len(start)] == start) for start in (["kl(dense_1.kernel)"], ["sum", "of", "KLs"]))
    assert float(kernel[-2]) == pytest.approx(loss.terms[1].nats, rel=1e-3)
    nats = sum(term.nats for term in loss.terms[1:])
    assert [float(x) for x in total[-2:]] == pytest.approx([nats, nats / 1000], rel=1e-3)
    assert "lambda: 1 on every minibatch" in str(loss)
    # Without N there is no number of an example.
    assert "sum of KLs" in str(bnnc.Model(LINE).loss)
    assert "sum of penalties" in str(bnnc.Model(LINE).check(n=10, inference="map").loss)


def test_constants_and_methods_change_the_loss():
    text = LINE.replace("model line", "model line\nconst width = 16").replace("dense(16)", "dense(width)")
    wide = bnnc.Model(text, set={"width": 32}).check(n=100)
    assert wide.report["parameters"][0]["shape"] == [3, 32]
    point = bnnc.Model(LINE).check(n=100, inference="map")
    assert point.loss.terms[1].form == "penalty -log p, no KL"
    assert point.loss.terms[1].formula == "−ln p(w)"


def test_a_model_as_wide_as_its_data_is_compiled_with_them(line_data):
    model = bnnc.Model(LINE.replace("real[3]", "real[_]"))
    with pytest.raises(bnnc.Error):
        model.check()
    assert model.check(*line_data).report["layers"][0]["shape"] == [3]


def test_reports_are_text_and_html():
    check = bnnc.Model(LINE).check(n=60_000)
    assert str(check).startswith("line\n  no data named: N = 60,000 training examples")
    html = check._repr_html_()
    assert "dense_1.kernel" in html and "<script" not in html
    # Each formula once, whatever the number of its terms.
    assert check.loss._repr_html_().count("ln(s/σ)") == repr(check.loss).count("ln(s/σ)") == 1


def test_a_model_is_a_methods_section():
    model = bnnc.Model(LINE)
    assert bnnc.explain(model, format="markdown").startswith("# Methods: `line`")
    assert "\\documentclass" in model.explain(format="latex")
    assert "Methods: line" in model.explain(n=100)
    with pytest.raises(ValueError, match="format"):
        model.explain(format="pdf")


def test_help_lists_every_setting():
    for name, _, _ in bnnc._bnnc.settings():
        assert f"{name}:" in bnnc.Model.fit.__doc__, name


def test_the_package_has_the_command(tmp_path):
    path = tmp_path / "wrong.bnn"
    path.write_text(LINE.replace("tanh", "tahn"))

    def run(*arguments):
        return subprocess.run([sys.executable, "-m", "bnnc", *arguments], capture_output=True, text=True)

    wrong = run("check", path)
    with pytest.raises(bnnc.Error) as caught:
        bnnc.Model.load(path)
    assert wrong.returncode == 1 and wrong.stderr.strip() == str(caught.value)
    assert run("check").returncode == 2
    version = run("--version")
    assert version.returncode == 0 and version.stdout.startswith(f"bnnc {bnnc.__version__}")
