"""What a model is and what its loss is, as a terminal and as a notebook show it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from bnnc._html import Raw, amount, code, page, table


#: The columns of the terms.
HEAD = ["term", "form", "scale", "nats at the start", "nats / example"]


@dataclass(frozen=True)
class Term:
    """A term of the loss: ``scale`` times what ``form`` says.

    Attributes:
        name: ``nll`` or ``KL conv1.kernel``.
        form: How it is computed: a closed form, quadrature, Monte Carlo, a penalty.
        formula: Its formula, of one entry of the parameter; of the data's term of all examples.
        latex: The same formula in LaTeX, for math mode.
        scale: What it is multiplied with: ``1/N``.
        value_of_scale: The number, where it is the same at every step and N is known.
        why: Why it has this form and this scale.
        nats: Its expected value before the first step, in nats, not scaled; None where that depends on the data.
        nats_per_example: The same per training example at full weight, where N is known.
    """

    name: str
    form: str
    formula: str
    latex: str
    scale: str
    value_of_scale: float | None
    why: str
    nats: float | None
    nats_per_example: float | None


class Loss(Sequence[Term]):
    """The loss: a sequence of its terms, which a notebook shows with their formulas.

    Attributes:
        text: What is minimised, as a formula in text.
        terms: The terms, those of the data first.
        absent: Parameters without a term, each with the reason: ``{"fc.bias": "…"}``.
        remarks: What is to be known of the loss as a whole, a sentence each.
    """

    def __init__(self, report: dict[str, Any]) -> None:
        self.text: str = report["loss"]
        of_lambda = " ".join(report["lambda_text"])
        self.remarks: list[str] = [*report["remarks"], *([f"lambda: {of_lambda}"] if of_lambda else [])]
        self.absent: dict[str, str] = {row["name"]: row["reason"] for row in report["absent"]}
        self.terms: list[Term] = [
            Term(
                name=row["name"],
                form=row["form"],
                formula=formula["plain"],
                latex=formula["latex"],
                scale=row["scale_with_numbers"],
                value_of_scale=row["scale_value"],
                why=row["why"],
                nats=row["initial"],
                nats_per_example=row["initial_per_example"],
            )
            for row, formula in zip(report["terms"], report["formulas"])
        ]
        self._sums = _sums(report)

    def __getitem__(self, place: Any) -> Any:
        return self.terms[place]

    def __len__(self) -> int:
        return len(self.terms)

    def __iter__(self) -> Iterator[Term]:
        return iter(self.terms)

    def __repr__(self) -> str:
        lines = [self.text, ""]
        rows = [HEAD, *self._rows()]
        widths = [max(map(len, column)) for column in zip(*rows)]
        for row in rows:
            words = [f"{cell:<{width}}" for cell, width in zip(row[:3], widths)]
            words += [f"{cell:>{width}}" for cell, width in zip(row[3:], widths[3:])]
            lines.append(f"  {'  '.join(words)}".rstrip())
        for title, pairs in (("formulas", self._formulas()), ("scales", self._reasons())):
            lines += ["", title]
            lines += [f"  {what}\n      {text}" for what, text in pairs]
        if self.absent:
            lines += ["", "without a term"]
            lines += [f"  {name}: {reason}" for name, reason in self.absent.items()]
        return "\n".join([*lines, "", *self.remarks]).rstrip()

    def _rows(self) -> list[list[str]]:
        """Each term, and what those of the weights add up to."""
        rows = [[t.name, t.form, t.scale, _cell(t.nats), _cell(t.nats_per_example)] for t in self]
        return rows + [[name, "", "", _cell(nats), _cell(each)] for name, nats, each in self._sums]

    def _formulas(self) -> list[tuple[str, str]]:
        """Each form with its formula, once."""
        return list(dict.fromkeys((term.form, term.formula) for term in self))

    def _reasons(self) -> list[tuple[str, str]]:
        """Each scale with its reason, once."""
        return list(dict.fromkeys((term.scale, term.why) for term in self))

    def _repr_html_(self) -> str:
        return page("Loss", self._body())

    def _body(self) -> str:
        rows = [[Raw(code(name)), form, Raw(code(scale) if scale else ""), *nats] for name, form, scale, *nats in self._rows()]
        body = f"<p>{escape(self.text)}</p>" + table(HEAD, rows, numbers=[3, 4])
        formulas = [[form, Raw(f'<span class="formula">{escape(text)}</span>')] for form, text in self._formulas()]
        body += table(["form", "formula"], formulas)
        body += table(["scale", "why"], [[Raw(code(scale)), why] for scale, why in self._reasons()])
        if self.absent:
            absent = [[Raw(code(name)), reason] for name, reason in self.absent.items()]
            body += table(["no term", "reason"], absent)
        return body + "".join(f"<p>{escape(remark)}</p>" for remark in self.remarks)


class Check:
    """A report on a model: text in a terminal, tables in a notebook.

    Attributes:
        loss: The loss, its terms with their formulas.
        report: Everything that the report says, as ``bnnc check --format json`` has it.
        warnings: What is more likely a mistake than a choice, as text; empty where there is nothing.
        trainable: How many numbers are trained.
    """

    def __init__(self, text: str, report: dict[str, Any]) -> None:
        self._text = text
        self.report = report
        self.loss = Loss(report)
        self.warnings: str = report["warnings_text"]
        self.trainable: int = report["step"]["trainable"]

    def __str__(self) -> str:
        return self._text + (f"\n{self.warnings}\n" if self.warnings else "")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        report = self.report
        n, batch = report["training_examples"], report["batch_size"]
        sizes = f"N = {n:,}, B = {batch:,}" if n else f"B = {batch:,}"
        body = f'<p class="quiet">{escape(report["data"] or "no data")}, {sizes}, '
        body += f"{self.trainable:,} trainable numbers</p>"
        body += "".join(f'<div class="warning">{escape(self.warnings)}</div>' for _ in [0] if self.warnings)
        body += f"<h4>Loss</h4>{self.loss._body()}"
        layers = [
            [Raw(code(row["name"])), row["layer"], _shape(row["shape"]), f"{row['weights']:,}" if row["weights"] else ""]
            for row in report["layers"]
        ]
        body += "<h4>Network</h4>" + table(["value", "layer", "shape", "weights"], layers, numbers=[3])
        parameters = [
            [
                Raw(code(row["name"])),
                _shape(row["shape"]),
                row["prior"] or "none",
                row["posterior"],
                row["estimator"] or "",
            ]
            for row in report["parameters"]
        ]
        body += "<h4>Parameters</h4>" + table(["parameter", "shape", "prior", "posterior", "estimator"], parameters)
        if report["not_set"]:
            rows = "".join(f"<p>{escape(text)}</p>" for text in report["not_set"])
            body += f"<details><summary>What the file leaves out</summary>{rows}</details>"
        return page(f"Model {report['model']}", body)


def _sums(report: dict[str, Any]) -> list[tuple[str, float, float | None]]:
    """What the terms of each kind add up to, in nats and per training example, where all are known."""
    if any(row["initial"] is None for row in report["terms"] if not row["name"].startswith("nll")):
        return []
    initial, n = report["initial"], report["training_examples"]
    sums = []
    for part in initial["parts"]:
        name = part["name"]
        if part["terms"] > 1:
            each = initial["temperature"] * part["nats"] / n if n else None
            sums.append((f"sum of {name[:-1]}ies" if name.endswith("y") else f"sum of {name}s", part["nats"], each))
    return sums


def _cell(x: float | None) -> str:
    return "" if x is None else amount(x)


def _shape(axes: list[int]) -> str:
    return " × ".join(str(n) for n in axes) or "a number"
