"""What is raised where something is wrong."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bnnc._run import Run


#: Names of Python that are flags of the command line, and no keys of a run file.
_BESIDE = ("data", "out", "resume", "samples", "seed", "draws", "resamples", "quantiles", "set", "n")


def _of_python(text: str) -> str:
    """A message with the flags of the command line as keywords: ``--clip-norm 10`` is ``clip_norm=10``, ``--missing a=mean`` is ``missing='a=mean'``."""
    from bnnc import _bnnc

    names = {name for name, _, _ in _bnnc.settings()} | set(_BESIDE)

    def keyword(flag: re.Match[str]) -> str:
        name, value = flag[1].replace("-", "_"), flag[2]
        name = "part" if name == "split" else name
        if name not in names and name != "part":
            return flag[0]
        if value is None:
            return f"`{name}`"
        # Numbers stand as they are, and so do words in capitals, which stand for something.
        if not re.fullmatch(r"[-+.\dA-Z_]+", value):
            value = "'" + value.strip("'") + "'"
        return f"`{name}={value}`"

    return re.sub(r"`--([a-z][a-z-]*)(?:[ =]([^`\s]+))?`", keyword, text)


class Error(ValueError):
    """Something is wrong with a model, its settings, data or a run.

    ``str(error)`` is the text that the command line prints, with its flags as the keywords that they are here: what is
    wrong, where, and what to do. Its parts:

    Attributes:
        code: The message's code, such as ``"E0203"``; ``bnnc explain E0203`` has its page.
        message: What is wrong, in one line.
        path: The file that the message is about, or None.
        line: The line in it, from 1, or None.
        column: The column in characters, from 1, or None.
        help: What to do, one suggestion a line; empty where there is none.
        messages: All messages, as ``--format json`` of the command line has them: a failed compilation has every
            mistake of the file, and the attributes above are those of the first.
    """

    code: str
    message: str
    path: str | None
    line: int | None
    column: int | None
    help: str
    messages: list[dict[str, Any]]

    def __init__(self, text: str, messages: str = "[]") -> None:
        text, messages = _of_python(text), _of_python(messages)
        super().__init__(text, messages)
        self.text = text
        self.messages = json.loads(messages)
        first: dict[str, Any] = self.messages[0] if self.messages else {}
        labels = first.get("labels", [])
        label = next((label for label in labels if label["primary"]), labels[0] if labels else {})
        self.code = first.get("code", "")
        self.message = first.get("title", text)
        self.path = first.get("file") if label else None
        self.line = label.get("line")
        self.column = label.get("column")
        self.help = "\n".join(help["text"] for help in first.get("helps", []))

    def __str__(self) -> str:
        return self.text


class Stopped(KeyboardInterrupt):
    """Ctrl-C has ended a fit after the step under way, and the run is saved.

    Attributes:
        run: The run as far as it is, a :class:`bnnc.Run`: it predicts, and ``fit(…, out=run.path, resume=True)`` goes
            on with it to the same bits as a fit that was not stopped. Where Ctrl-C came after the last step it is the
            finished run, and ``run.interrupted`` is false.
    """

    def __init__(self, run: Run, done: str | None = None) -> None:
        if done is None:
            text = f"Ctrl-C came after the last step; the fit is finished, and the run is kept in {run.path}"
        else:
            text = f"the fit was stopped after {done}; the run is kept in {run.path}, and "
            text += f"fit(…, out={str(run.path)!r}, resume=True) goes on with it"
        super().__init__(text)
        self.run = run


class Warning(UserWarning):
    """What is more likely a mistake than a choice, of a model, its settings or data."""
