"""The examples of the book and of the README run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def examples(page: str) -> str:
    """The Python of a page, each line in its place, so that a traceback names the page's own lines."""
    text = (ROOT / page).read_text(encoding="utf-8")
    kept, inside = [], False
    for line in text.splitlines():
        if line.startswith("```"):
            inside = line == "```python"
            line = ""
        kept.append(line if inside else "")
    return "\n".join(kept)


@pytest.mark.parametrize("page", ["docs/python.md", "README.md"])
def test_examples_run(page, tmp_path, monkeypatch):
    for module in re.findall(r"^import (\w+)", examples(page), flags=re.MULTILINE):
        pytest.importorskip(module)
    (tmp_path / "specs").symlink_to(ROOT / "specs")
    monkeypatch.chdir(tmp_path)
    exec(compile(examples(page), page, "exec"), {"__name__": "__main__"})
