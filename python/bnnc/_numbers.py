"""Numbers that a user gives: what lies outside its range is refused by its name."""

import operator
from collections.abc import Sequence
from typing import Any

#: The largest whole number of a run file.
LARGEST = 2**63 - 1

#: The most resamples, as ``bnnc evaluate --resamples`` has it.
MOST_RESAMPLES = 100_000


def whole(name: str, value: Any, least: int = 1) -> int:
    """A whole number of at least ``least``."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is a whole number, not {value!r}") from None
    if not least <= number <= LARGEST:
        raise ValueError(f"{name} is a whole number from {least} to 2**63 - 1, not {number}")
    return number


def seed(value: Any) -> int | None:
    """A seed; None for the run's."""
    return None if value is None else whole("seed", value, 0)


def resamples(value: Any) -> int:
    """None, or as many as the ends of a 95 % interval take."""
    number = whole("resamples", value, 0)
    if number != 0 and not 100 <= number <= MOST_RESAMPLES:
        raise ValueError(
            f"resamples is 0, for no intervals, or a whole number from 100 to {MOST_RESAMPLES}, not {number}: "
            "fewer resamples have no 95 % interval"
        )
    return number


def probability(name: str, value: Any) -> float:
    """A probability between 0 and 1, neither of them."""
    try:
        number = float(value)
    except TypeError:
        raise TypeError(f"{name} is a number between 0 and 1, not {value!r}") from None
    # Not a number is refused, too.
    if not 0 < number < 1:
        raise ValueError(f"{name} is a number between 0 and 1, such as 0.9, not {value!r}")
    return number


def quantiles(values: Sequence[float]) -> list[float]:
    """The probabilities of quantiles."""
    try:
        each = list(values)
    except TypeError:
        raise TypeError(f"quantiles is a list of probabilities, such as [0.05, 0.95], not {values!r}") from None
    return [probability("each of quantiles", value) for value in each]
