"""What the parameters of a run are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


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
