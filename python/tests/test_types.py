"""The stubs are those of the compiled part, and the package's types hold."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import bnnc
from bnnc import _bnnc

PACKAGE = Path(bnnc.__file__).parent


def test_stubs_have_what_the_module_has():
    stub = ast.parse((PACKAGE / "_bnnc.pyi").read_text())
    for node in stub.body:
        if isinstance(node, ast.FunctionDef):
            assert _parameters(getattr(_bnnc, node.name)) == _arguments(node), node.name
        if isinstance(node, ast.ClassDef):
            own = getattr(_bnnc, node.name)
            methods = {method.name: method for method in node.body if isinstance(method, ast.FunctionDef)}
            public = {name for name in vars(own) if not name.startswith("_")}
            assert public == {name for name in methods if not name.startswith("_")}, node.name
            for name, method in methods.items():
                if callable(getattr(own, name)) and name != "__new__":
                    assert _parameters(getattr(own, name)) == _arguments(method), f"{node.name}.{name}"
    named = {node.name for node in stub.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    assert {name for name in dir(_bnnc) if not name.startswith("_")} == named


def _parameters(function) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


def _arguments(function: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in function.args.args if argument.arg not in ("self", "cls")]


def test_the_package_is_typed():
    api = pytest.importorskip("mypy.api")
    root = PACKAGE.parent.parent
    arguments = ["--strict", "--no-error-summary", "--ignore-missing-imports", "-p", "bnnc"]
    if (root / "pyproject.toml").is_file():
        arguments = ["--config-file", "", *arguments]
    output, errors, code = api.run(arguments)
    assert code == 0, output + errors
