"""Predictive distributions."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bnnc import _numbers
from bnnc._html import page, table

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
        if self.probabilities is not None:
            raise ValueError(f"{self.target} has classes, which have no intervals: see .probabilities and .entropy")
        probability = _numbers.probability("an interval's probability", probability)
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


def predicted(answer: dict[str, Any], target: dict[str, Any], asked: list[float]) -> Prediction:
    """The prediction of a target that the compiled part has made, with the quantiles that were asked for."""
    arrays: dict[str, Any] = answer["arrays"]
    single = answer["single"] or None
    if not target["are_classes"]:
        quantiles = {p: arrays[name] for p in asked if (name := _quantile_name(p)) in arrays}
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


def _quantile_name(probability: float) -> str:
    """What the compiled part calls a quantile: its percentage, with two digits before the point."""
    whole, _, rest = f"{100 * probability:.12f}".partition(".")
    rest = rest.rstrip("0")
    return f"q{whole.zfill(2)}" + (f".{rest}" if rest else "")
