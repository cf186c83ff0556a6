"""How far a fit is: a line on standard error that is drawn anew, a bar of tqdm, or a function of the user's."""

import shutil
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
        found["valid. nll"] = validation["nll"]
    for name in ("accuracy", "rmse"):
        if name in validation:
            found[f"valid. {name}"] = validation[name]
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
    """One line, drawn anew ten times a second at most; only the last one where standard error is no terminal."""

    def __init__(self) -> None:
        self._epochs = self._steps = self._from = 0
        self._begun = self._drawn = time.monotonic()
        self._last: dict[str, Any] | None = None
        self._is_terminal = sys.stderr.isatty()

    def tell(self, event: dict[str, Any]) -> None:
        if event["kind"] == "begin":
            self._epochs, self._steps, self._from = event["epochs"], event["steps"], event["done"]
            return
        now = time.monotonic()
        if event["kind"] == "epoch" or self._last is None:
            self._last = event
        if not self._is_terminal or now - self._drawn < 0.1:
            return
        self._drawn = now
        done = event["epoch"] * self._steps if event["kind"] == "epoch" else event["step"]
        left = (now - self._begun) * (self._epochs * self._steps - done) / max(done - self._from, 1)
        self._draw(event, f"{clock(left)} left")

    def _draw(self, event: dict[str, Any], time: str) -> None:
        # What matters least comes last, where a narrow terminal has no room for it.
        room = shutil.get_terminal_size().columns - 1 if self._is_terminal else 200
        line = f"epoch {event['epoch']}/{self._epochs}  {time}"
        for name, x in numbers(event).items():
            field = f"  {name} {number(x)}"
            if len(line) + len(field) > room:
                break
            line += field
        start = "\r\x1b[2K" if self._is_terminal else ""
        print(f"{start}{line}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._last is not None:
            self._draw(self._last, clock(time.monotonic() - self._begun))
            print(file=sys.stderr)


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
