"""A trained run: what it predicts, how good that is, and what its weights are."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np

from bnnc import _bnnc, _data, _numbers
from bnnc._posterior import Posterior
from bnnc._prediction import predicted
from bnnc._scores import Scores

Array = np.ndarray[Any, Any]


class Run:
    """A trained model: the folder that ``Model.fit`` or ``bnnc train`` has written.

    Args:
        path: The folder.

    Raises:
        Error: Where there is no run, or a damaged one.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self._run = _bnnc.Run(Path(path))
        self._about: dict[str, Any] = json.loads(self._run.about())
        #: The folder, where it is a temporary one: removed once the run is no longer used.
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        #: Whether the fit was stopped before its last step, as by Ctrl-C, so that ``resume=True`` goes on with it.
        self.interrupted: bool = self._about["interrupted"]

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "Run":
        """The run in a folder."""
        return cls(path)

    @property
    def path(self) -> Path:
        """The folder: the model, the settings, the data's scaling, the log and the weights."""
        return Path(self._run.path)

    @property
    def name(self) -> str:
        """The model's name."""
        return str(self._about["model"])

    @property
    def settings(self) -> str:
        """The settings, every default filled in, as a run file."""
        return str(self._about["settings"])

    @property
    def targets(self) -> list[str]:
        """The names of the targets."""
        return [target["name"] for target in self._about["targets"]]

    @property
    def training_examples(self) -> int:
        """N, what is trained on; the examples set aside are left out."""
        return int(self._about["training_examples"])

    @property
    def said(self) -> dict[str, str]:
        """What the method says at the end, such as whether a sampler's chains agree."""
        return dict(self._about["said"])

    def save(self, path: str | PathLike[str]) -> "Run":
        """Copies the run to the folder ``path``, which must not exist, and returns the run there."""
        shutil.copytree(self.path, path)
        return Run(path)

    def __reduce__(self) -> tuple[Any, ...]:
        files = [file for file in sorted(self.path.rglob("*")) if file.is_file() and file.name != "lock"]
        return _unpickled, ({str(file.relative_to(self.path)): file.read_bytes() for file in files},)

    def __deepcopy__(self, memo: Any) -> "Run":
        # A run is never changed.
        return self

    def __repr__(self) -> str:
        about = self._about
        examples = f"{about['training_examples']:,} examples"
        return f"<bnnc.Run {self.name} in {self.path}: {about['method']}, {about['progress']} on {examples}>"

    def predict(
        self,
        X: Any,
        *,
        samples: int = 50,
        quantiles: Sequence[float] = (0.05, 0.5, 0.95),
        draws: bool = False,
        seed: int | None = None,
    ) -> Any:
        """Predicts N examples.

        Args:
            X: The inputs, as ``fit`` takes them. The columns of a DataFrame are found by their names; columns that the run
                does not know are left out.
            samples: Draws of the weights that are averaged; a closed form, a point estimate and a set of points have
                their own number.
            quantiles: Which quantiles of numbers; none are faster.
            draws: Whether to keep what each draw predicts.
            seed: Of the draws; else the run's.

        Returns:
            A :class:`Prediction`; of a model with several targets a dictionary of them by the targets' names.
        """
        samples, seed, asked = _numbers.whole("samples", samples), _numbers.seed(seed), _numbers.quantiles(quantiles)
        found = self._data(X, None)
        answers = self._run.predict(found.memory, samples, seed, asked, draws)
        targets = self._about["targets"]
        all = [predicted(answer, target, asked) for answer, target in zip(answers, targets)]
        return all[0] if len(all) == 1 else {prediction.target: prediction for prediction in all}

    def evaluate(
        self,
        X: Any = None,
        y: Any = None,
        *,
        data: str | PathLike[str] | None = None,
        part: str | None = None,
        samples: int = 50,
        seed: int | None = None,
        resamples: int = 1000,
    ) -> Any:
        """Scores the predictions of examples whose targets are known.

        Args:
            X, y: As ``fit`` takes them. A DataFrame may hold the targets, too. Without them, the run's own data are read
                again that ``fit`` was told by ``data=``: arrays in memory are not kept.
            data: In place of ``X`` and ``y`` the name of a data set or the path of a file, as ``--data`` of the command line.
            part: Of such data, ``"test"``, ``"validation"`` or ``"train"``; else the test part, else what was set aside, else
                all of it.
            samples, seed: As :meth:`predict`.
            resamples: Resamples of the examples, of which the 95 % intervals are: 100 or more; 0 for no intervals.

        Returns:
            :class:`Scores`; of a model with several targets a dictionary of them by the targets' names.
        """
        if X is not None and (data is not None or part is not None):
            raise TypeError("data=… and part=… stand in place of X and y")
        if X is None and y is not None:
            raise TypeError("there is y without X")
        if part not in (None, "test", "validation", "train"):
            raise ValueError(f"part is 'test', 'validation' or 'train', not {part!r}")
        samples, seed, resamples = _numbers.whole("samples", samples), _numbers.seed(seed), _numbers.resamples(resamples)
        memory = None if X is None else self._data(X, y).memory
        name = None if data is None else fspath(data)
        answers = json.loads(self._run.evaluate(memory, name, part, samples, seed, resamples))
        all = [Scores(answer) for answer in answers]
        return all[0] if len(all) == 1 else {scores.target: scores for scores in all}

    @property
    def log(self) -> list[dict[str, Any]]:
        """The lines of the run's log as they are in ``metrics.jsonl``: one for each epoch, and for every so many steps."""
        lines = (self.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    @property
    def history(self) -> Any:
        """What each epoch has come to: its loss, the loss's terms (``nll``, ``kl``, in nats an example), the fit, the
        validation scores and the time. A DataFrame of pandas where pandas is installed, else a list of dictionaries."""
        rows = [_epoch(line) for line in self.log if line["kind"] == "epoch"]
        try:
            import pandas
        except ImportError:
            return rows
        return pandas.DataFrame(rows).set_index("epoch") if rows else pandas.DataFrame()

    @property
    def posterior(self) -> Posterior:
        """The posterior of each parameter, by its name."""
        return Posterior(self._run.posterior(200))

    def draws(
        self, draws: int = 100, *, parameters: Sequence[str] = (), seed: int | None = None
    ) -> dict[str, Array]:
        """Draws of the weights from their posterior: each parameter's by its name, ``[S, …]`` with its axes behind.

        Args:
            draws: S, how many; draw s is the one that ``predict`` makes with the same seed. A set of points has its own
                number.
            parameters: Which, by their names; ``"conv1.*"`` are all whose names begin so; else all.
            seed: Of the draws; else the run's.
        """
        draws, seed = _numbers.whole("draws", draws), _numbers.seed(seed)
        _, found = self._run.draws(draws, seed, list(parameters), True, None, False)
        return {name: values for group, name, _, values, _ in found if group == "posterior"}

    def to_arviz(self, X: Any = None, y: Any = None, *, draws: int = 200, seed: int | None = None) -> Any:
        """The draws for ArviZ: a ``DataTree`` of ArviZ 1.0 and later, an ``InferenceData`` before.

        Args:
            X, y: Examples that are predicted: the group ``posterior_predictive``, and with targets ``log_likelihood`` and
                ``observed_data``.
            draws: How many draws of the weights.
            seed: Of the draws; else the run's.
        """
        import arviz

        draws, seed = _numbers.whole("draws", draws), _numbers.seed(seed)
        memory = None if X is None else self._data(X, y).memory
        has_targets = memory is not None and (y is not None or self._has_targets(X))
        chains, found = self._run.draws(draws, seed, [], True, memory, has_targets)
        groups = _datasets(chains, found)
        if hasattr(arviz, "InferenceData"):
            return arviz.InferenceData(**groups)
        import xarray

        return xarray.DataTree.from_dict(groups)

    def explain(self, *, format: str = "text") -> str:
        """The run as the methods section of a paper: ``"text"``, ``"markdown"`` or ``"latex"``."""
        from bnnc._model import width

        check_format(format)
        return self._run.explain(format, width())

    def _has_targets(self, X: Any) -> bool:
        if not _data.is_table(X):
            return False
        names = _data.column_names(X)
        # A run of arrays knows no names of columns.
        wanted = [target["columns"] for target in self._about["targets"]]
        return all(columns and all(name in names for name in columns) for columns in wanted)

    def _data(self, X: Any, y: Any) -> _data.Given:
        about = self._about
        inputs = [name for name, _ in about["inputs"]]
        targets = [name for target in about["targets"] for name in (target["columns"] or [target["name"]])]
        return _data.given(X, y, inputs, targets, about["columns"] or [])


def check_format(format: str) -> None:
    """Refuses a format that ``explain`` does not have."""
    if format not in ("text", "markdown", "latex"):
        raise ValueError(f"format is 'text', 'markdown' or 'latex', not {format!r}")


def _unpickled(files: dict[str, bytes]) -> Run:
    """A run in a temporary folder, of these files."""
    folder = tempfile.TemporaryDirectory(prefix="bnnc-")
    for name, contents in files.items():
        file = Path(folder.name) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(contents)
    run = Run(folder.name)
    run._folder = folder
    return run


def _epoch(line: dict[str, Any]) -> dict[str, Any]:
    """The numbers of an epoch's line, one level deep."""
    row: dict[str, Any] = {"epoch": round(line["epoch"]), "step": line["step"], "loss": line["loss"]}
    weights = 0.0
    for term in line["terms"]:
        if term["name"].startswith("nll"):
            row[term["name"]] = term["scaled"]
        else:
            weights += term["scaled"]
    if len(line["terms"]) > sum(term["name"].startswith("nll") for term in line["terms"]):
        row["kl"] = weights
    known = {"kind", "terms", "validation", *row}
    for name, value in line.items():
        if name not in known and isinstance(value, (int, float)):
            row[name] = value
    for name, value in (line.get("validation") or {}).items():
        if isinstance(value, (int, float)) and name not in ("examples", "draws"):
            row[f"validation_{name}"] = value
    return row


def _datasets(chains: int, found: list[tuple[str, str, list[str], Array, list[str]]]) -> dict[str, Any]:
    import xarray

    groups: dict[str, dict[str, Any]] = {}
    coordinates: dict[str, dict[str, Any]] = {}
    for group, name, axes, values, labels in found:
        if axes and axes[0] == "draw":
            values = values.reshape(chains, len(values) // chains, *values.shape[1:])
            axes = ["chain", *axes]
        if labels and axes and len(labels) == values.shape[-1] and axes[-1] not in ("draw", "example"):
            coordinates.setdefault(group, {})[axes[-1]] = labels
        groups.setdefault(group, {})[name] = (axes, values)
    attributes = {"inference_library": "bnnc", "inference_library_version": _bnnc.__version__}
    return {
        group: xarray.Dataset(arrays, coords=coordinates.get(group), attrs=attributes)
        for group, arrays in groups.items()
    }
