"""A trained run: what it predicts, how good that is, and what its weights are."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from bnnc import _bnnc, _data
from bnnc._html import Raw, amount, page, table

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, repr=False)
class Prediction:
    """Predictive distributions of N examples, averaged over draws of the weights.

    Numbers are in the target's own units, with the shape ``[N]``, or ``[N, …]`` with the target's axes behind. What a
    target does not have is None.

    Attributes:
        mean: Numbers: the mean. Classes: the probabilities, as ``probabilities``.
        std: Numbers: the standard deviation; its square is ``aleatoric**2 + epistemic**2``.
        aleatoric: Numbers: the standard deviation within draws, which is noise. Classes: the mean entropy of the draws,
            in nats.
        epistemic: Numbers: the standard deviation of the draws' means, which more data would lower. Classes: the mutual
            information of class and weights, in nats: what the draws disagree about.
        quantiles: Numbers: each quantile that was asked for, by its probability: ``{0.05: array, …}``.
        probabilities: Classes: ``[N, K]``; of a binary target ``[N, 2]``.
        entropy: Classes: the entropy of the probabilities, ``[N]``, in nats.
        predicted: Classes: the likeliest one, by its name where the classes have names, else its label. Numbers: the mean.
        classes: The names of the classes, or their labels.
        draws: What each draw predicts, where ``draws=True`` asks for it: a dictionary of arrays ``[S, N, …]``,
            ``"probability"`` of classes; of numbers ``"mean"``, ``"std"`` and ``"draw"``, a number drawn from the predictive
            distribution.
        samples: Draws of the weights that were averaged.
        target: The name of the target.
    """

    target: str
    samples: int
    mean: Array
    std: Array | None = None
    aleatoric: Array | None = None
    epistemic: Array | None = None
    quantiles: dict[float, Array] = field(default_factory=dict)
    probabilities: Array | None = None
    entropy: Array | None = None
    predicted: Array | None = None
    classes: list[Any] | None = None
    draws: dict[str, Array] | None = None

    def interval(self, probability: float = 0.9) -> tuple[Array, Array]:
        """The ends of the central interval that holds this much of the predictive distribution, of whose quantiles they
        are: 0.9 takes 0.05 and 0.95, which ``predict`` gives unless others are asked for."""
        ends = (round((1 - probability) / 2, 12), round((1 + probability) / 2, 12))
        for end in ends:
            if end not in self.quantiles:
                raise KeyError(f"predict(…, quantiles={list(ends)}) gives the quantile {end}; there are {list(self.quantiles)}")
        return self.quantiles[ends[0]], self.quantiles[ends[1]]

    def to_frame(self) -> Any:
        """A DataFrame of pandas with a row for each example."""
        import pandas

        return pandas.DataFrame(self._columns())

    def _columns(self) -> dict[str, Array]:
        columns: dict[str, Array] = {}
        named = [("mean", self.mean), ("std", self.std), ("aleatoric", self.aleatoric), ("epistemic", self.epistemic)]
        if self.probabilities is not None:
            named = [("predicted", self.predicted), ("probability", self.probabilities), ("entropy", self.entropy),
                     ("aleatoric", self.aleatoric), ("epistemic", self.epistemic)]  # fmt: skip
        named += [(f"q{probability:g}", values) for probability, values in self.quantiles.items()]
        for name, values in named:
            if values is None:
                continue
            if values.ndim == 1:
                columns[name] = values
                continue
            flat = values.reshape(len(values), -1)
            of_classes = name == "probability" and self.classes is not None and len(self.classes) == flat.shape[1]
            ends = self.classes if of_classes else list(range(flat.shape[1]))
            for end, column in zip(ends or [], flat.T):
                columns[f"{name}_{end}"] = column
        return columns

    def __len__(self) -> int:
        return len(self.mean)

    def __repr__(self) -> str:
        what = "classes" if self.probabilities is not None else "numbers"
        return f"<bnnc.Prediction of {self.target}, {what}: {len(self)} examples, {self.samples} draws>"

    def _repr_html_(self) -> str:
        columns = self._columns()
        rows = [[f"{place}", *(_cell(column[place]) for column in columns.values())] for place in range(min(len(self), 10))]
        more = f"<p>and {len(self) - 10:,} more</p>" if len(self) > 10 else ""
        return page(f"Prediction of {self.target}", table(["", *columns], rows, numbers=range(len(columns) + 1)) + more)


def _cell(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, (float, np.floating)) else str(value)


class Scores(Mapping[str, float]):
    """Scores by their names, as a dictionary: ``scores["nll"]``, in nats an example. ``docs/scores.md`` defines each.

    Attributes:
        intervals: The central 95 % interval of each by the bootstrap over the examples, or None where there are too few.
        baseline: The scores of predictions that do not look at the inputs.
        about: What each score is, in a line.
        examples: How many were scored.
        draws: Draws of the weights that were averaged.
        target: The name of the target.
    """

    def __init__(self, found: dict[str, Any]) -> None:
        self._scores: dict[str, float] = dict(found["scores"])
        self.intervals: dict[str, list[float] | None] = found["intervals"]
        self.baseline: dict[str, float] = dict(found["baseline"])
        self.about: dict[str, str] = found["about"]
        self.examples: int = found["examples"]
        self.draws: int = found["draws"]
        self.target: str = found["target"]

    def __getitem__(self, name: str) -> float:
        return self._scores[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._scores)

    def __len__(self) -> int:
        return len(self._scores)

    def _rows(self) -> list[list[str]]:
        rows = []
        for name, value in self._scores.items():
            ends = self.intervals.get(name)
            interval = "" if ends is None else f"{ends[0]:.4g} to {ends[1]:.4g}"
            known = self.baseline.get(name)
            rows.append([name, amount(value), interval, "" if known is None else amount(known)])
        return rows

    def __repr__(self) -> str:
        rows = [["score", "value", "95 % interval", "without inputs"], *self._rows()]
        widths = [max(len(row[place]) for row in rows) for place in range(4)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        return "\n".join([f"{self.target}: {self.examples:,} examples, {self.draws} draws", *lines])

    def _repr_html_(self) -> str:
        head = ["score", "value", "95 % interval", "without inputs", ""]
        rows = [[*map(_unbroken, row), self.about[row[0]]] for row in self._rows()]
        return page(f"{self.target}: {self.examples:,} examples, {self.draws} draws", table(head, rows, numbers=[1, 2, 3]))


def _unbroken(text: str) -> Raw:
    """A cell of one line."""
    return Raw(f'<span style="white-space: nowrap">{text}</span>')


@dataclass(frozen=True, repr=False)
class Parameter:
    """The posterior of a parameter.

    Attributes:
        name: ``conv1.kernel``
        family: The posterior, as the model has it.
        loc: The middle of each entry's posterior, with the parameter's shape.
        scale: The scale of each entry's posterior, or None of a point estimate. Of methods whose posterior is a set of
            draws, loc and scale are mean and standard deviation over these.
    """

    name: str
    family: str
    loc: Array
    scale: Array | None

    @property
    def shape(self) -> tuple[int, ...]:
        """Its axes."""
        return tuple(self.loc.shape)

    def __repr__(self) -> str:
        return f"<bnnc.Parameter {self.name} {list(self.shape)}: {self.family}>"


class Posterior(Mapping[str, Parameter]):
    """The posteriors of the parameters by their names: ``run.posterior["conv1.kernel"].loc``."""

    def __init__(self, found: list[tuple[str, str, Array, Array | None]]) -> None:
        self._all = {name: Parameter(name, family, loc, scale) for name, family, loc, scale in found}

    def __getitem__(self, name: str) -> Parameter:
        if name not in self._all:
            raise KeyError(f"{name}; there are {', '.join(self._all)}")
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __repr__(self) -> str:
        return "\n".join(f"{p.name} {list(p.shape)}: {p.family}" for p in self._all.values())


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
        #: Whether Ctrl-C ended the fit before its last epoch.
        self.interrupted = False

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
        found = self._data(X, None)
        answers = self._run.predict(found.memory, samples, seed, list(quantiles), draws)
        targets = self._about["targets"]
        all = [_prediction(answer, target, list(quantiles)) for answer, target in zip(answers, targets)]
        return all[0] if len(all) == 1 else {prediction.target: prediction for prediction in all}

    def evaluate(
        self,
        X: Any,
        y: Any = None,
        *,
        samples: int = 50,
        seed: int | None = None,
        resamples: int = 1000,
    ) -> Any:
        """Scores the predictions of examples whose targets are known.

        Args:
            X, y: As ``fit`` takes them. A DataFrame may hold the targets, too.
            samples, seed: As :meth:`predict`.
            resamples: Resamples of the examples, of which the 95 % intervals are; 0 for none.

        Returns:
            :class:`Scores`; of a model with several targets a dictionary of them by the targets' names.
        """
        found = self._data(X, y)
        answers = json.loads(self._run.evaluate(found.memory, samples, seed, resamples))
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

        return self._run.explain(format, width())

    def _has_targets(self, X: Any) -> bool:
        if not _data.is_table(X):
            return False
        names = _data.column_names(X)
        return all(name in names for target in self._about["targets"] for name in target["columns"])

    def _data(self, X: Any, y: Any) -> _data.Given:
        about = self._about
        inputs = [name for name, _ in about["inputs"]]
        targets = [name for target in about["targets"] for name in (target["columns"] or [target["name"]])]
        return _data.given(X, y, inputs, targets, about["columns"] or [])


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


def _prediction(answer: dict[str, Any], target: dict[str, Any], asked: list[float]) -> Prediction:
    arrays: dict[str, Any] = answer["arrays"]
    single = answer["single"] or None
    if not target["are_classes"]:
        quantiles = {p: arrays[name] for p in asked for name in _quantile_names(p) if name in arrays}
        return Prediction(
            target=answer["name"],
            samples=answer["draws"],
            mean=arrays["mean"],
            std=arrays["std"],
            aleatoric=arrays.get("aleatoric_std"),
            epistemic=arrays.get("epistemic_std"),
            quantiles=quantiles,
            predicted=arrays["mean"],
            draws=single,
        )
    probabilities = arrays["probability"]
    entropy, epistemic = arrays.get("entropy"), arrays.get("mutual_information")
    names = target["classes"]
    if probabilities.ndim == 1:
        probabilities = np.stack([1 - probabilities, probabilities], axis=-1)
    return Prediction(
        target=answer["name"],
        samples=answer["draws"],
        mean=probabilities,
        aleatoric=None if entropy is None or epistemic is None else entropy - epistemic,
        epistemic=epistemic,
        probabilities=probabilities,
        entropy=entropy,
        predicted=np.asarray(arrays["predicted"]),
        classes=names or list(range(probabilities.shape[-1])),
        draws=single,
    )


def _quantile_names(probability: float) -> list[str]:
    percent = f"{100 * probability:.12g}"
    whole, _, rest = percent.partition(".")
    return [f"q{whole.zfill(2)}" + (f".{rest}" if rest else "")]


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
