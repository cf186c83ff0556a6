"""Tables for notebooks, readable on light and on dark pages."""

from collections.abc import Sequence
from html import escape

#: Colours are those of the page around, so that it may be light or dark. Jupyter sets every cell to the right, in a rule
#: that goes before ours.
STYLE = """
.bnnc { font-family: system-ui, sans-serif; font-size: 13px; line-height: 1.45; max-width: 72em; }
.bnnc h3 { font-size: 1.15em; margin: 0.2em 0 0.5em; }
.bnnc h4 { font-size: 1em; margin: 1.1em 0 0.3em; }
.bnnc p { margin: 0.3em 0; }
.bnnc table { border-collapse: collapse; margin: 0.2em 0 0.6em; }
.bnnc th, .bnnc td { text-align: left !important; padding: 0.2em 0.9em 0.2em 0; vertical-align: top; border: 0;
  background: transparent; white-space: pre-wrap; max-width: 34em; }
.bnnc th { font-weight: 600; border-bottom: 1px solid color-mix(in srgb, currentColor 35%, transparent); }
.bnnc tbody tr { background: transparent !important; }
.bnnc tbody tr + tr td { border-top: 1px solid color-mix(in srgb, currentColor 12%, transparent); }
.bnnc td.number { text-align: right !important; font-variant-numeric: tabular-nums; }
.bnnc code { font-size: 0.95em; background: color-mix(in srgb, currentColor 9%, transparent); padding: 0 0.25em;
  border-radius: 3px; color: inherit; }
.bnnc .formula { font-family: "STIX Two Math", "Cambria Math", "Latin Modern Math", Georgia, serif; font-size: 1.15em; }
.bnnc .quiet { opacity: 0.7; }
.bnnc .warning { border-left: 3px solid #d9a400; padding: 0.2em 0.8em; margin: 0.5em 0; white-space: pre-wrap;
  font-family: ui-monospace, monospace; font-size: 12px; }
.bnnc details > summary { cursor: pointer; margin: 0.5em 0; }
"""


def page(title: str, body: str) -> str:
    """A block of a notebook's page."""
    return f'<div class="bnnc"><style>{STYLE}</style><h3>{escape(title)}</h3>{body}</div>'


def code(text: str) -> str:
    """Text as it is written in a file."""
    return f"<code>{escape(text)}</code>"


def amount(x: float) -> str:
    """A number of four digits, or all digits of a large one."""
    return f"{x:,.0f}" if 10_000 <= abs(x) < 1e12 else f"{x:.4g}"


class Raw(str):
    """A cell that is HTML already."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[int] = ()) -> str:
    """A table; the columns ``numbers`` are set to the right."""

    def cell(place: int, text: str) -> str:
        kind = ' class="number"' if place in numbers else ""
        return f"<td{kind}>{text if isinstance(text, Raw) else escape(text)}</td>"

    top = "".join(f"<th>{escape(title)}</th>" for title in head)
    body = "".join("<tr>" + "".join(cell(place, text) for place, text in enumerate(row)) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
