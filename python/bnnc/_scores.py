"""How good predictions are."""

from collections.abc import Iterator, Mapping
from typing import Any

from bnnc._html import Raw, amount, page, table


class Scores(Mapping[str, float]):
    """Scores by their names, as a dictionary: ``scores["nll"]``, in nats an example. ``docs/scores.md`` defines each.

    Attributes:
        intervals: The central 95 % interval of each by the bootstrap over the examples, or None where there are too few.
        baseline: The scores of predictions that do not look at the inputs.
        about: What each score is, in a line.
        examples: How many were scored.
        draws: Draws of the weights that were averaged.
        target: The name of the target.
        data: Which examples these are, ``"cifar10, test part of 10,000 examples"``; None of arrays that were given.
    """

    def __init__(self, found: dict[str, Any]) -> None:
        self._scores: dict[str, float] = dict(found["scores"])
        self.intervals: dict[str, list[float] | None] = found["intervals"]
        self.baseline: dict[str, float] = dict(found["baseline"])
        self.about: dict[str, str] = found["about"]
        self.examples: int = found["examples"]
        self.draws: int = found["draws"]
        self.target: str = found["target"]
        self.data: str | None = found.get("data")

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
        return "\n".join([self._title(), *lines])

    def _title(self) -> str:
        return f"{self.target}: {self.data or f'{self.examples:,} examples'}, {self.draws} draws"

    def _repr_html_(self) -> str:
        head = ["score", "value", "95 % interval", "without inputs", ""]
        rows = [[*map(_unbroken, row), self.about[row[0]]] for row in self._rows()]
        return page(self._title(), table(head, rows, numbers=[1, 2, 3]))


def _unbroken(text: str) -> Raw:
    """A cell of one line."""
    return Raw(f'<span style="white-space: nowrap">{text}</span>')
