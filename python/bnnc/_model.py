"""A model: what it is, what its loss is, and a fit of it."""

import json
import os
import re
import shutil
import sys
import tempfile
import textwrap
import warnings
from collections.abc import Callable, Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from bnnc import _bnnc, _data, _numbers, _progress
from bnnc._check import Check, Loss
from bnnc._error import Stopped, Warning
from bnnc._run import Run, check_format

#: Runs that Ctrl-C has ended, whose temporary folders stay until Python ends.
_stopped: list[Run] = []

#: The columns of text where no terminal says how wide it is.
WIDTH = 100


def width() -> int:
    """The columns of the terminal, at most 100."""
    return min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDTH)


class Model:
    """A model: the text of a ``.bnn`` file.

    Args:
        text: The text; ``Model.load(path)`` reads a file.
        set: Constants of the file that are overridden, by their names: ``{"width": 200}``.
        path: The file that messages name, and beside which the files are that the model names.

    Raises:
        Error: Every mistake of the text at once, each with its place and what to do.

    A model whose input has the width of the data, ``input x: real[_]``, is compiled once it has data.
    """

    def __init__(
        self,
        text: str,
        *,
        set: Mapping[str, Any] | None = None,
        path: str | PathLike[str] | None = None,
    ) -> None:
        pairs = [(name, _constant(value)) for name, value in (set or {}).items()]
        self._path = None if path is None else Path(path)
        self._set = pairs
        if isinstance(text, PathLike) or (text.endswith(".bnn") and "\n" not in text):
            file = fspath(text)
            raise ValueError(f"{file!r} is a path and not the text of a model: bnnc.Model.load({file!r}) reads it")
        self._model = _bnnc.Model(text, "the model" if path is None else fspath(path), pairs)
        declared = json.loads(self._model.declared())
        self._name: str = declared["name"] or "model"
        self._inputs: list[str] = declared["inputs"]
        self._targets: list[str] = declared["targets"]

    @classmethod
    def load(cls, path: str | PathLike[str], *, set: Mapping[str, Any] | None = None) -> "Model":
        """The model in a file. A run file of its name beside it, ``model.toml``, gives the settings that ``fit`` is not
        told, as it does on the command line."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except OSError as error:
            raise type(error)(error.errno, error.strerror, str(path)) from None
        return cls(text, set=set, path=path)

    @property
    def name(self) -> str:
        """What the text calls the model."""
        return self._name

    @property
    def text(self) -> str:
        """The text of the model file."""
        return self._model.text

    @property
    def inputs(self) -> list[str]:
        """The names of the inputs."""
        return list(self._inputs)

    @property
    def targets(self) -> list[str]:
        """The names of the targets."""
        return list(self._targets)

    def __repr__(self) -> str:
        inputs, targets = ", ".join(self._inputs), ", ".join(self._targets)
        return f"<bnnc.Model {self._name}: {inputs} -> {targets}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self.text, self._set, self._path)

    def _repr_html_(self) -> str:
        try:
            return self.check()._repr_html_()
        except ValueError:
            # Such as a model as wide as its data.
            from html import escape

            return f"<pre>{escape(self.text)}</pre>"

    def check(
        self,
        X: Any = None,
        y: Any = None,
        *,
        n: int | None = None,
        batch_size: int | None = None,
        data: str | PathLike[str] | None = None,
        **settings: Any,
    ) -> Check:
        """What the model is: its layers and parameters, and its loss term by term, each with its form, its scale and why.

        Args:
            X, y: Data, as ``fit`` takes them: the model is held against them.
            n: Training examples, where no data are given: the scales then have their numbers.
            batch_size: Examples a step; else chosen by ``n``.
            data: The name or the path of data, as ``--data`` of the command line.
            settings: What ``fit`` takes: an ``inference`` method gives another loss.

        Returns:
            A report that a terminal shows as text and a notebook as tables, with warnings of what is more likely a
            mistake than a choice.
        """
        n = None if n is None else _numbers.whole("n", n)
        asked = dict(settings, batch_size=batch_size)
        given, memory = self._given(X, y, data, asked)
        text, report = self._model.check(given, self._run_file(), memory, n, width())
        return Check(text, json.loads(report))

    @property
    def loss(self) -> Loss:
        """The loss of the model, its terms with their formulas. ``model.check(n=…).loss`` has the scales in numbers."""
        return self.check().loss

    def explain(
        self,
        X: Any = None,
        y: Any = None,
        *,
        format: str = "text",
        n: int | None = None,
        batch_size: int | None = None,
        data: str | PathLike[str] | None = None,
        **settings: Any,
    ) -> str:
        """The model as the methods section of a paper has it: prior, likelihood, posterior and loss with their formulas.

        Args:
            format: ``"text"``, ``"markdown"`` with formulas between dollars, or ``"latex"``, a file that compiles as it is.
            X, y, n, batch_size, data, settings: As :meth:`check`.
        """
        check_format(format)
        n = None if n is None else _numbers.whole("n", n)
        asked = dict(settings, batch_size=batch_size)
        given, memory = self._given(X, y, data, asked)
        return self._model.explain(given, self._run_file(), memory, n, format, width())

    def fit(
        self,
        X: Any = None,
        y: Any = None,
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        validation: float | int | None = None,
        inference: str | Mapping[str, Any] | None = None,
        seed: int | None = None,
        learning_rate: float | None = None,
        data: str | PathLike[str] | None = None,
        out: str | PathLike[str] | None = None,
        resume: bool = False,
        config: str | PathLike[str] | None = None,
        progress: bool | Callable[[dict[str, Any]], object] = True,
        **settings: Any,
    ) -> Run:
        """Trains the model, as ``bnnc train`` does: the same arrays and settings give the same bits.

        Args:
            X: The inputs. An array ``[N, …]`` with the axes of the model's input behind, channels last: of NumPy, or what
                NumPy takes without a copy, as a torch tensor on the CPU. Of several inputs a dictionary of arrays by
                their names. Or a DataFrame: every column is an input but the targets; texts become categories and dates
                numbers, as those of a ``.csv`` do on the command line.
            y: The targets: ``[N]`` or ``[N, …]``, numbers in their own units, labels as numbers from 0 on or as texts; of
                several targets a dictionary by their names. Beside a DataFrame also the name or names of its columns.
            epochs: Passes over the training examples; else chosen by their number.
            batch_size: Examples a step; else chosen.
            validation: Examples to set aside and watch the fit with: a fraction, or a number of them; else none.
            inference: The method, ``"mean_field"``, ``"map"``, ``"laplace"``, ``"nuts(draws = 500)"``, …; else the model's.
            seed: Of the initial values, the order of the examples and every draw; else 0.
            learning_rate: Of the optimizer, before the schedule.
            data: In place of ``X`` and ``y`` the name of a data set or the path of a file, as ``--data``.
            out: The folder of the run. Without it the run has a temporary folder, removed with the run;
                :meth:`Run.save` keeps it.
            resume: Whether the run in ``out`` goes on, on the same data: to the same bits as if it had not been stopped.
            config: A run file, whose settings the keywords go before; else the one of the model's name beside it.
            progress: Whether one line on standard error, or tqdm's bar where tqdm is installed, says how far the fit is;
                or a function that is called with each epoch's numbers.
            settings: Any other key of a run file, listed below.

        Returns:
            The run: :meth:`Run.predict`, :meth:`Run.evaluate`, :attr:`Run.history`, …

        Raises:
            Error: What is wrong with the settings or the data, or where the loss diverges.
            Stopped: A ``KeyboardInterrupt``, after Ctrl-C: the step under way is done and the run is saved, in ``.run``;
                after the last step it is the finished run.
        """
        asked = dict(
            settings,
            epochs=epochs,
            batch_size=batch_size,
            validation=validation,
            inference=inference,
            seed=seed,
            learning_rate=learning_rate,
        )
        given, memory = self._given(X, y, data, asked)
        file = self._run_file() if config is None else Path(config)
        if resume and out is None:
            raise ValueError("resume=True goes on with the run in out=…, which is not given")
        temporary = None
        if out is None:
            temporary = tempfile.TemporaryDirectory(prefix=f"bnnc-{self._name}-")
            out = temporary.name
        folder = Path(out)
        shown = _progress.of(progress)

        def watch(event: str) -> None:
            told = json.loads(event)
            for text in told.get("warnings", []):
                warnings.warn(text, Warning, stacklevel=_depth())
            shown.tell(told)

        try:
            ended = self._model.fit(given, file, memory, folder, resume, watch)
        finally:
            shown.end()
        run = Run(folder)
        run._folder = temporary
        if ended["interrupted"]:
            # Its message says where it is.
            _stopped.append(run)
            epochs, steps = ended["epochs"], ended["steps"]
            raise Stopped(run, f"{_count(epochs, 'epoch')} and {_count(steps, 'step')}")
        if ended["stopped"]:
            _stopped.append(run)
            raise Stopped(run)
        return run

    def _run_file(self) -> Path | None:
        if self._path is None:
            return None
        beside = self._path.with_suffix(".toml")
        return beside if beside.is_file() else None

    def _given(
        self, X: Any, y: Any, data: str | PathLike[str] | None, asked: dict[str, Any]
    ) -> tuple[dict[str, Any], _bnnc.Memory | None]:
        """The settings that are given, and the data in memory."""
        asked = {name: value for name, value in asked.items() if value is not None}
        for name, value in asked.items():
            if isinstance(value, int) and abs(value) > _numbers.LARGEST:
                raise ValueError(f"{name} is at most 2**63 - 1, not {value}")
        if isinstance(asked.get("from_"), Run):
            asked["from_"] = asked["from_"].path
        if data is not None:
            if X is not None or y is not None:
                raise TypeError("data=… stands in place of X and y")
            return dict(asked, data=fspath(data)), None
        if X is None:
            if y is not None:
                raise TypeError("there is y without X")
            return asked, None
        found = _data.given(X, y, self._inputs, self._targets)
        if found.target is not None:
            asked.setdefault("target", found.target)
        return asked, found.memory


def explain(model: Model | Run, *, format: str = "text", **settings: Any) -> str:
    """A model or a run as the methods section of a paper: ``"text"``, ``"markdown"`` or ``"latex"``."""
    if not isinstance(model, (Model, Run)):
        raise TypeError(f"bnnc.explain takes a bnnc.Model or a bnnc.Run, not {model!r}; `bnnc explain WORD` tells of words")
    return model.explain(format=format, **settings)


def _unpickled(text: str, set: list[tuple[str, str]], path: Path | None) -> Model:
    return Model(text, set=dict(set), path=path)


def _constant(value: Any) -> str:
    """A constant as a model file has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if hasattr(value, "item"):
        value = value.item()
    return str(value)


def _depth() -> int:
    """How far up the line is that called this package, as ``stacklevel`` of a warning that our caller gives counts it."""
    package = os.path.dirname(__file__) + os.sep
    frame, depth = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(package):
        frame, depth = frame.f_back, depth + 1
    return depth


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _document_settings() -> None:
    """Lists the settings below what ``fit`` says of itself."""
    named = set(Model.fit.__annotations__)
    lines = ["", "        Settings:"]
    for name, key, help in _bnnc.settings():
        if name in named:
            continue
        # The flags of the command line are keywords here.
        help = re.sub(r"(?<!tensorboard )`?--([a-z-]+)`?", lambda flag: f"``{flag[1].replace('-', '_')}``", help)
        help = f"{help[:1].upper()}{help[1:].rstrip('.')}." + ("" if key in (name, "from") else f" ``{key}``")
        lines += textwrap.wrap(f"{name}: {help}", 118, initial_indent=" " * 12, subsequent_indent=" " * 16)
    Model.fit.__doc__ = (Model.fit.__doc__ or "").rstrip() + "\n" + "\n".join(lines) + "\n"


_document_settings()
