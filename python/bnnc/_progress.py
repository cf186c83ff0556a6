"""How far a fit is: a line on standard error that is drawn anew, a bar of tqdm, or a function of the user's."""

import sys
import time
from collections.abc import Callable
from typing import Any


class Shown:
    """Shows nothing."""

    def tell(self, event: dict[str, Any]) -> None:
        """The fit begins, is within an epoch, or has ended one."""

    def end(self) -> None:
        """The fit has ended, whatever the reason."""


def of(progress: bool | Callable[[dict[str, Any]], object]) -> Shown:
    """What ``progress=`` of ``fit`` asks for."""
    if callable(progress):
        return Function(progress)
    if not progress:
        return Shown()
    try:
        import warnings

        with warnings.catch_warnings():
            # tqdm warns where a notebook has no widgets, and then draws text.
            warnings.simplefilter("ignore")
            from tqdm.auto import tqdm
    except ImportError:
        return Text()
    return Bar(tqdm)


def numbers(event: dict[str, Any]) -> dict[str, float]:
    """The numbers of an epoch that are worth a place in the line, each by its name."""
    terms = event.get("terms", [])
    found = {"loss": event["loss"], "nll": _nll(terms)}
    if len(found) == 2 and len(terms) < 2:
        del found["nll"]
    for name in ("accuracy", "rmse"):
        if name in event:
            found[name] = event[name]
    validation = event.get("validation") or {}
    if "nll" in validation:
        found["validation nll"] = validation["nll"]
    for name in ("accuracy", "rmse"):
        if name in validation:
            found[f"validation {name}"] = validation[name]
    return found


def _nll(terms: list[dict[str, Any]]) -> float:
    return float(sum(term["scaled"] for term in terms if term["name"].startswith("nll")))


def number(x: float) -> str:
    """A number of some five digits."""
    return f"{x:.4f}" if 0.001 <= abs(x) < 10 or x == 0 else f"{x:.5g}"


class Function(Shown):
    """Calls a function with each epoch's numbers."""

    def __init__(self, function: Callable[[dict[str, Any]], object]) -> None:
        self._function = function

    def tell(self, event: dict[str, Any]) -> None:
        if event["kind"] == "epoch":
            self._function(event)


class Text(Shown):
    """One line, drawn anew at most ten times a second where standard error is a terminal."""

    def __init__(self) -> None:
        self._epochs = self._steps = 0
        self._begun = time.monotonic()
        self._last = ""
        self._is_terminal = sys.stderr.isatty()

    def tell(self, event: dict[str, Any]) -> None:
        if event["kind"] == "begin":
            self._epochs, self._steps = event["epochs"], event["steps"]
            self._from = event["done"]
            return
        epoch = event["epoch"]
        done = epoch * self._steps if event["kind"] == "epoch" else event["step"]
        passed = time.monotonic() - self._begun
        left = passed * (self._epochs * self._steps - done) / max(done - self._from, 1)
        shown = "  ".join(f"{name} {number(x)}" for name, x in numbers(event).items())
        self._draw(f"epoch {epoch}/{self._epochs}  {shown}  {clock(left)} left")

    def _draw(self, line: str) -> None:
        if self._is_terminal:
            blanks = " " * max(len(self._last) - len(line), 0)
            print(f"\r{line}{blanks}", end="", file=sys.stderr, flush=True)
        self._last = line

    def end(self) -> None:
        if self._last:
            line = self._last.rsplit("  ", 1)[0]
            passed = clock(time.monotonic() - self._begun)
            self._draw(f"{line}  {passed}")
            print(file=sys.stderr if self._is_terminal else sys.stderr)


class Bar(Shown):
    """A bar of tqdm, of the epochs."""

    def __init__(self, tqdm: Any) -> None:
        self._tqdm = tqdm
        self._bar: Any = None

    def tell(self, event: dict[str, Any]) -> None:
        if event["kind"] == "begin":
            steps = max(event["steps"], 1)
            self._bar = self._tqdm(total=event["epochs"], initial=event["done"] // steps, unit="epoch")
            return
        shown = {name: number(x) for name, x in numbers(event).items()}
        self._bar.set_postfix(shown, refresh=event["kind"] == "step")
        if event["kind"] == "epoch":
            self._bar.update()

    def end(self) -> None:
        if self._bar is not None:
            self._bar.close()


def clock(seconds: float) -> str:
    """``12 s``, ``3:05``, ``1:02:03``"""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
