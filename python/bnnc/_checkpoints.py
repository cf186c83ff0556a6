"""Layers with weights, in order, of a PyTorch or Keras checkpoint.

A layer's arrays have the names that bnnc gives a layer's parameters: ``kernel`` and ``bias``, or, of a norm, ``gain``,
``shift``, ``mean`` and ``variance``. Their axes still lie as the other program has them.
"""

# PyTorch and Keras are not imported unless a checkpoint is theirs.
# mypy: no-warn-return-any
from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

#: What bnnc calls the parameters of PyTorch's and Keras's layers.
KERNEL = {"weight": "kernel", "kernel": "kernel", "bias": "bias"}
NORM = {
    "weight": "gain", "bias": "shift", "running_mean": "mean", "running_var": "variance",
    "gamma": "gain", "beta": "shift", "moving_mean": "mean", "moving_variance": "variance",
}  # fmt: skip


@dataclass
class Layer:
    """A layer of a checkpoint."""

    #: As the checkpoint calls it: ``features.0``, ``fc1``, ``conv2d_1``.
    name: str
    #: ``torch`` or ``keras``: how the axes lie.
    program: str
    #: Each array under bnnc's word for it.
    arrays: dict[str, Array] = field(default_factory=dict)
    #: The checkpoint's name of each array.
    tensors: dict[str, str] = field(default_factory=dict)

    @property
    def is_norm(self) -> bool:
        return "kernel" not in self.arrays


def read(checkpoint: Any) -> list[Layer]:
    """The layers of ``checkpoint``: a path, an ``nn.Module``, a state dict or a Keras model."""
    if isinstance(checkpoint, (str, os.PathLike)):
        return _read_file(Path(checkpoint))
    if isinstance(checkpoint, Mapping):
        return _of_state_dict(checkpoint)
    if hasattr(checkpoint, "state_dict"):
        return _of_state_dict(checkpoint.state_dict())
    if hasattr(checkpoint, "layers") and hasattr(checkpoint, "weights"):
        return _of_keras(checkpoint)
    raise TypeError(
        f"a checkpoint is a path, an nn.Module, a state dict or a Keras model, not {type(checkpoint).__name__}"
    )


def _read_file(path: Path) -> list[Layer]:
    suffix = path.suffix.lower()
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    if suffix in (".keras", ".h5", ".hdf5"):
        try:
            import keras
        except ImportError as error:
            raise ImportError(
                f"{path} is read by Keras, which is not installed here (`pip install keras`, with TensorFlow, PyTorch or JAX)"
            ) from error
        return _of_keras(keras.models.load_model(path, compile=False))
    if suffix == ".safetensors":
        from safetensors.numpy import load_file

        # Such a file keeps its tensors in the order of their sizes: numbers in names tell the order of the layers.
        tensors = load_file(path)
        return _of_state_dict({name: tensors[name] for name in sorted(tensors, key=_by_numbers)})
    try:
        import torch
    except ImportError as error:
        raise ImportError(f"{path} is read by PyTorch, which is not installed here") from error
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(
            f"{path} holds no state dict that can be read without running code in it ({error}). "
            "Load it as you did before, and give bnnc.convert the module or its state dict"
        ) from error
    if not isinstance(loaded, Mapping):
        raise ValueError(f"{path} holds a {type(loaded).__name__}, not a state dict")
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
    return _of_state_dict(loaded)


def _by_numbers(name: str) -> list[tuple[str, int]]:
    """``2.weight`` before ``10.weight``."""
    return [(word, int(number or 0)) for word, number in re.findall(r"([^\d]*)(\d*)", name)]


def _of_state_dict(tensors: Mapping[str, Any]) -> list[Layer]:
    """In the order of the dictionary, which of a module is the order in which its layers were made."""
    groups: dict[str, dict[str, Array]] = {}
    for name, tensor in tensors.items():
        module, _, last = name.rpartition(".")
        if last != "num_batches_tracked":
            groups.setdefault(module, {})[last] = _numpy(tensor)
    layers = []
    for module, group in groups.items():
        weight = group.get("weight")
        is_kernel = weight is not None and weight.ndim >= 2
        words = KERNEL if is_kernel else NORM
        unknown = [word for word in group if word not in words]
        if unknown or (not is_kernel and len(group) < 2):
            shown = ", ".join(f"`{_join(module, word)}` {list(group[word].shape)}" for word in unknown or group)
            raise ValueError(
                f"{shown}: no parameter of a dense layer, a convolution or a norm. Leave such tensors out of the state "
                "dict, and start them in the model file"
            )
        layers.append(_layer(module, "torch", words, group))
    return layers


def _of_keras(model: Any) -> list[Layer]:
    layers = []
    for layer in _keras_layers(model):
        group = {weight.name.split("/")[-1].split(":")[0]: _numpy(weight) for weight in layer.weights}
        kind = type(layer).__name__
        words = KERNEL if "kernel" in group else NORM
        unknown = [word for word in group if word not in words]
        if unknown or kind.startswith(("Depthwise", "Separable")):
            raise ValueError(
                f"the layer `{layer.name}` is a {kind}, with {', '.join(group)}: it has no layer in bnnc whose weights lie so"
            )
        found = _layer(layer.name, "keras", words, group)
        if kind.endswith("Transpose"):
            # [kh, kw, out, in] there.
            found.arrays["kernel"] = found.arrays["kernel"].swapaxes(-1, -2)
        layers.append(found)
    return layers


def _keras_layers(model: Any) -> Iterator[Any]:
    """Layers with weights, those of models within a model in their places."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _keras_layers(layer)
        elif layer.weights and not all(weight.dtype == "uint32" for weight in layer.weights):
            # A dropout's seed is no weight of the network.
            yield layer


def _layer(name: str, program: str, words: dict[str, str], group: dict[str, Array]) -> Layer:
    layer = Layer(name, program)
    for word, array in group.items():
        layer.arrays[words[word]] = array
        layer.tensors[words[word]] = _join(name, word)
    return layer


def _join(module: str, word: str) -> str:
    return f"{module}.{word}" if module else word


def _numpy(tensor: Any) -> Array:
    if hasattr(tensor, "detach"):
        tensor = tensor.detach().cpu()
        return (tensor.float() if tensor.is_floating_point() else tensor).numpy()
    if hasattr(tensor, "numpy"):
        tensor = tensor.numpy()
    if hasattr(tensor, "detach"):  # a Keras variable on PyTorch
        return _numpy(tensor)
    return np.asarray(tensor)
