"""The compiled part of the package."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

__version__: str

class Memory:
    """Data that Python has in memory."""

class Model:
    """The text of a model file, and constants that are set in it."""

    def __new__(cls, text: str, path: str, set: Sequence[tuple[str, str]]) -> Model: ...
    @property
    def text(self) -> str: ...
    @property
    def path(self) -> str: ...
    def declared(self) -> str: ...
    def check(
        self, given: Mapping[str, Any], file: Path | None, memory: Memory | None, n: int | None, columns: int
    ) -> tuple[str, str]: ...
    def explain(
        self,
        given: Mapping[str, Any],
        file: Path | None,
        memory: Memory | None,
        n: int | None,
        format: str,
        columns: int,
    ) -> str: ...
    def fit(
        self,
        given: Mapping[str, Any],
        file: Path | None,
        memory: Memory | None,
        out: Path,
        resume: bool,
        watch: Callable[[str], object],
    ) -> dict[str, Any]: ...

class Run:
    """A run, opened."""

    def __new__(cls, path: Path) -> Run: ...
    @property
    def path(self) -> Path: ...
    def about(self) -> str: ...
    def predict(
        self, memory: Memory, samples: int, seed: int | None, quantiles: Sequence[float], keep: bool
    ) -> list[dict[str, Any]]: ...
    def evaluate(
        self,
        memory: Memory | None,
        data: str | None,
        part: str | None,
        samples: int,
        seed: int | None,
        resamples: int,
    ) -> str: ...
    def posterior(
        self, draws: int
    ) -> list[tuple[str, str, np.ndarray[Any, Any], np.ndarray[Any, Any] | None]]: ...
    def draws(
        self,
        draws: int,
        seed: int | None,
        parameters: Sequence[str],
        weights: bool,
        memory: Memory | None,
        log_likelihood: bool,
    ) -> tuple[int, list[tuple[str, str, list[str], np.ndarray[Any, Any], list[str]]]]: ...
    def explain(self, format: str, columns: int) -> str: ...

def arrays(all: Sequence[tuple[str, str, Sequence[int], np.ndarray[Any, Any]]]) -> Memory: ...
def table(columns: Sequence[tuple[str, Any]]) -> Memory: ...
def settings() -> list[tuple[str, str, str]]: ...
def command(arguments: Sequence[str]) -> int: ...
