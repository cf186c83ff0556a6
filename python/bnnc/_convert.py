"""``bnnc.convert``: a PyTorch or Keras checkpoint as the file that a model starts from."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bnnc import _bnnc, _checkpoints
from bnnc._checkpoints import Array, Layer
from bnnc._error import Error
from bnnc._model import Model

#: The layers of a model that start from a file: the shape of each parameter, by its last word.
Wanted = dict[str, dict[str, tuple[int, ...]]]


def convert(
    checkpoint: Any,
    model: Model | str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    *,
    names: Mapping[str, str] | None = None,
    verbose: bool = True,
) -> Path:
    """Write the weights of a PyTorch or Keras network as the file that ``from = "FILE"`` of a model takes.

    Layers with weights are taken in their order: the first dense layer or convolution of the checkpoint goes to the first
    of the model that starts from a file, and norms to norms. Axes are put into bnnc's order: PyTorch's dense kernels
    ``[out, in]`` become ``[in, out]``, its convolutions ``[out, in, kh, kw]`` become ``[kh, kw, in, out]``, and the rows of
    a dense kernel behind a ``flatten`` of images go from (channel, row, column) to (row, column, channel).

    Args:
        checkpoint: The path of a ``.pt``, ``.pth``, ``.safetensors``, ``.keras`` or ``.h5`` file, an ``nn.Module``, a state
            dict or a Keras model.
        model: A :class:`bnnc.Model`, or the path of a model file, that says ``from = "FILE"``.
        out: The file to write; without it, the one that the model names.
        names: Layers that are not to be taken by their order: ``{"checkpoint's layer": "model's layer"}``.
        verbose: Whether a line is printed for each array: what it starts from, and what was done to its axes.

    Returns:
        The file's path.

    Raises:
        ValueError: Layers that do not fit, with the names and shapes of both. Nothing is written then.
    """
    save_file = _save_file()
    text, path, constants = _source(model)
    named = re.findall(r'\bfrom\s*=\s*"([^"\n]*)"', re.sub(r"(?m)^([^\"#]*)#.*$", r"\1", text))
    if not named:
        raise ValueError(f'{path} starts from no file: write `default {{ from = "net.safetensors" }}`')
    if out is None and len(set(named)) > 1:
        raise ValueError(f"{path} starts from {', '.join(sorted(set(named)))}: say which one is written, with out=")
    target = Path(out) if out is not None else path.parent / named[0]
    wanted, parameters, layers = _wanted(text, path, constants, named)
    pairs = _pairs(_checkpoints.read(checkpoint), wanted, dict(names or {}))
    arrays, lines = {}, []
    for layer, name in pairs:
        left = [word for word in layer.arrays if f"{name}.{word}" not in parameters]
        if left:
            word = left[0]
            raise ValueError(
                f"`{layer.tensors[word]}` {list(layer.arrays[word].shape)} has no place: the layer `{name}` of the model has "
                f"no {word}"
            )
        for word, shape in wanted[name].items():
            parameter = f"{name}.{word}"
            array, how = _arranged(layer, word, parameter, shape, layers)
            arrays[parameter] = np.ascontiguousarray(array)
            lines.append((parameter, str(list(shape)), layer.tensors[word], how))
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    save_file(arrays, beside)
    os.replace(beside, target)
    if verbose:
        widths = [max(len(line[column]) for line in lines) for column in range(3)]
        for parameter, axes, tensor, how in lines:
            print(f"{parameter:{widths[0]}}  {axes:{widths[1]}}  from {tensor:{widths[2]}}  {how}".rstrip())
        print(f"written: {target}")
    return target


def _save_file() -> Any:
    try:
        from safetensors.numpy import save_file
    except ImportError as error:
        raise ImportError("bnnc.convert needs safetensors: pip install 'bnnc[convert]'") from error
    return save_file


def _source(model: Model | str | os.PathLike[str]) -> tuple[str, Path, list[tuple[str, str]]]:
    """The text of a model, its path, and the constants that are set in it."""
    if isinstance(model, Model):
        return model.text, model._path or Path("model.bnn"), model._set
    return Path(model).read_text(encoding="utf-8"), Path(model), []


def _check(text: str, path: Path, constants: list[tuple[str, str]]) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(_bnnc.Model(text, str(path), constants).check({}, None, None, None, 80)[1])
    return report


def _wanted(
    text: str, path: Path, constants: list[tuple[str, str]], files: list[str]
) -> tuple[Wanted, set[str], dict[str, Any]]:
    """The layers that start from a file, each parameter with its shape, in the network's order; all parameters' names; and
    all layers.

    The file is not there yet, and without it the model does not compile. So the model is compiled twice: without files,
    which gives the shapes, and beside files with arrays of these shapes, which tells what starts from them.
    """
    save_file = _save_file()
    try:
        checked = _check(_without_files(text), path, constants)
    except Error:
        _check_as_written(text, path, constants)
        raise
    blank = {p["name"]: np.ones(p["shape"], np.float32) for p in checked["parameters"]}
    with tempfile.TemporaryDirectory() as temporary:
        # The folder of temporary files may itself be a link, as it is on macOS.
        folder = Path(temporary).resolve()
        for file in files:
            beside = folder / "model" / file
            if folder in beside.resolve().parents:
                beside.parent.mkdir(parents=True, exist_ok=True)
                save_file(blank, beside)
        inside = folder / "model" / path.name
        inside.parent.mkdir(exist_ok=True)
        checked = _check(text, inside, constants)
    wanted: Wanted = {}
    for parameter in checked["parameters"]:
        layer, _, word = parameter["name"].rpartition(".")
        if parameter["from"] is not None:
            wanted.setdefault(layer, {})[word] = tuple(parameter["shape"])
    return wanted, set(blank), {layer["name"]: layer for layer in checked["layers"]}


def _check_as_written(text: str, path: Path, constants: list[tuple[str, str]]) -> None:
    """Raises the mistakes of a model with the lines that the user wrote, unless a file that it names is among them."""
    try:
        _check(text, path, constants)
    except Error as error:
        if all(message["code"] != "E0415" for message in error.messages):
            raise error from None


def _without_files(text: str) -> str:
    """The model, starting from no file: shapes are the same."""
    text = re.sub(r'\bfrom(\s*)=(\s*)"[^"\n]*"', r"from\1=\2none", text)
    while found := re.search(r"\bMOPED\b[ \t]*", text):
        end, depth = found.end(), 0
        if text[end : end + 1] == "(":
            for end in range(end, len(text)):
                depth += {"(": 1, ")": -1}.get(text[end], 0)
                if depth == 0:
                    end += 1
                    break
        text = f"{text[: found.start()]}Normal(0, 1){text[end:]}"
    return text


def _pairs(found: list[Layer], wanted: Wanted, names: dict[str, str]) -> list[tuple[Layer, str]]:
    """Each layer of the checkpoint with the model's; those of ``names`` first, the others in order."""
    by_name = {layer.name: layer for layer in found}
    for theirs_name, ours_name in names.items():
        if theirs_name not in by_name:
            raise ValueError(f"the checkpoint has no layer `{theirs_name}`, but {_list(by_name)}")
        if ours_name not in wanted:
            raise ValueError(f"no layer `{ours_name}` of the model starts from a file, but {_list(wanted)}")
    pairs = [(by_name[theirs_name], ours_name) for theirs_name, ours_name in names.items()]
    for is_norm in (False, True):
        theirs = [layer for layer in found if layer.is_norm == is_norm and layer.name not in names]
        ours = [n for n, words in wanted.items() if ("kernel" not in words) == is_norm and n not in names.values()]
        kind = "norms" if is_norm else "layers with a kernel"
        if len(theirs) != len(ours):
            raise ValueError(
                f"the checkpoint has {len(theirs)} {kind}, and {len(ours)} of the model start from a file:\n"
                + _side_by_side(theirs, [(name, wanted[name]) for name in ours])
                + "\n`from = none` in a layer of the model leaves it out; a state dict may leave out layers, too"
            )
        pairs += zip(theirs, ours)
    order = list(wanted)
    return sorted(pairs, key=lambda pair: order.index(pair[1]))


def _arranged(
    layer: Layer, word: str, parameter: str, shape: tuple[int, ...], layers: dict[str, Any]
) -> tuple[Array, str]:
    """The array of a parameter with its axes as bnnc has them, and what was done to it."""
    if word not in layer.arrays:
        help = " (`bias = none` makes a layer without one)" if word == "bias" else ""
        raise ValueError(f"`{parameter}` {list(shape)} has nothing to start from: `{layer.name}` has no {word}{help}")
    array = layer.arrays[word]
    found, how = array, ""
    if layer.program == "torch" and word == "kernel":
        is_transposed = layers[parameter.rpartition(".")[0]]["layer"].startswith("conv_transpose")
        found = np.moveaxis(array, (0, 1), (-2, -1) if is_transposed else (-1, -2))
        how = "transposed" if array.ndim == 2 else f"axes {list(array.shape)} put last"
    if found.shape != shape:
        raise ValueError(
            f"`{parameter}` is {list(shape)}, and `{layer.tensors[word]}` is {list(array.shape)}"
            + (f", which is {list(found.shape)} in bnnc's order" if found.shape != array.shape else "")
        )
    if layer.program == "torch" and (found.ndim == 2 or (found.ndim == 1 and layer.is_norm)):
        images = _flattened(parameter.rpartition(".")[0], layers)
        if images is not None:
            channels_last = np.arange(found.shape[0]).reshape(images[-1], *images[:-1])
            found = found[np.moveaxis(channels_last, 0, -1).ravel()]
            how += (", " if how else "") + f"rows of {list(images)} from channels first to last"
    return found, how


def _flattened(name: str, layers: dict[str, Any]) -> tuple[int, ...] | None:
    """The shape of the images whose flattened values a layer takes, if it takes such values."""
    inputs = layers[name]["inputs"]
    while inputs:
        above = layers[inputs[0]]
        if len(above["shape"]) != 1:
            return None
        if len(inputs) > 1:
            if any(_flattened_value(layers[one], layers) is not None for one in inputs):
                raise ValueError(f"`{name}` takes joined values of flattened images: their order cannot be told")
            return None
        images = _flattened_value(above, layers)
        is_norm = above["layer"].split("(")[0].endswith("_norm")
        if images is not None or (above["weights"] and not is_norm):
            return images
        inputs = above["inputs"]
    return None


def _flattened_value(layer: dict[str, Any], layers: dict[str, Any]) -> tuple[int, ...] | None:
    shapes = [tuple(layers[one]["shape"]) for one in layer["inputs"]]
    is_view = layer["layer"].split("(")[0] in ("flatten", "reshape")
    if is_view and len(layer["shape"]) == 1 and len(shapes[0]) > 1 and shapes[0][-1] > 1:
        return shapes[0]
    return None


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _side_by_side(theirs: list[Layer], ours: list[tuple[str, dict[str, tuple[int, ...]]]]) -> str:
    left = [f"{layer.name} {_shape(layer.arrays)}" for layer in theirs]
    right = [f"{name} {list(next(iter(words.values())))}" for name, words in ours]
    width = max(map(len, left), default=0)
    rows = max(len(left), len(right))
    left += [""] * (rows - len(left))
    right += [""] * (rows - len(right))
    return "\n".join(f"  {one:{width}}   {other}".rstrip() for one, other in zip(left, right))


def _shape(arrays: dict[str, Array]) -> list[int]:
    return list(next(iter(arrays.values())).shape)
