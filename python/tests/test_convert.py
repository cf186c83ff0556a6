"""`bnnc.convert`: the converted network's outputs are those of the network in its own program."""

import tempfile
from pathlib import Path

import bnnc
import numpy as np
import pytest
from safetensors.numpy import load_file

torch = pytest.importorskip("torch")
nn = torch.nn

IMAGES = """
model images
input x: real[9, 8, 3]
target y: real[4]
default { from = "net.safetensors", posterior = deterministic }
network {
  conv2d(5, kernel = [3, 2])
  relu
  conv_transpose2d(6, kernel = 3, stride = 2)
  max_pool2d(2)
  flatten
  dense(7)
  tanh
  f = dense(4)
}
observe y ~ Normal(loc = f, scale = 1)
objective map
"""


def images():
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(3, 5, (3, 2)), nn.ReLU(), nn.ConvTranspose2d(5, 6, 3, stride=2), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(6 * 7 * 7, 7), nn.Tanh(), nn.Linear(7, 4),
    )  # fmt: skip


def outputs(text: str, folder: Path, x: np.ndarray, entries: int) -> np.ndarray:
    """The network's outputs, after a step that changes nothing."""
    model = bnnc.Model(text, path=folder / "model.bnn")
    y = np.zeros((len(x), entries), np.float32)
    run = model.fit(x, y, epochs=1, batch_size=len(x), learning_rate=1e-30, scaling="none", progress=False)
    return np.asarray(run.predict(x).mean).reshape(len(x), entries)


def convert(checkpoint, text: str, folder: Path, **options) -> dict[str, np.ndarray]:
    path = folder / "model.bnn"
    path.write_text(text)
    return load_file(bnnc.convert(checkpoint, path, verbose=False, **options))


def test_images_of_torch(tmp_path):
    net = images()
    convert(net, IMAGES, tmp_path)
    x = np.random.default_rng(0).normal(size=(16, 9, 8, 3)).astype(np.float32)
    with torch.no_grad():
        expected = net(torch.from_numpy(x.transpose(0, 3, 1, 2))).numpy()
    assert expected.std() > 0.1
    np.testing.assert_allclose(outputs(IMAGES, tmp_path, x, 4), expected, rtol=1e-5, atol=1e-5)


RESIDUAL = """
model residual_blocks
input x: real[8, 8, 3]
target y: real[2]
default { from = "net.safetensors", posterior = deterministic, bias = none }
block basic(channels, stride = 1) {
  residual(shortcut = conv2d(channels, kernel = 1, stride = stride)) {
    conv2d(channels, kernel = 3, stride = stride, padding = 1)
    batch_norm(momentum = 0.9999999, epsilon = 1e-5)
    relu
    conv2d(channels, kernel = 3, padding = 1)
    batch_norm(momentum = 0.9999999, epsilon = 1e-5)
  }
  relu
}
network {
  repeat 2 { basic(4) }
  basic(6, stride = 2)
  global_avg_pool2d
  f = dense(2)
}
observe y ~ Normal(loc = f, scale = 1)
objective map
"""


class Block(nn.Module):
    def __init__(self, channels_in, channels, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Conv2d(channels_in, channels, 1, stride, bias=False)

    def forward(self, x):
        inside = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return (inside + self.shortcut(x)).relu()


def test_residual_blocks_of_torch(tmp_path):
    torch.manual_seed(2)
    body = nn.Sequential(Block(3, 4), Block(4, 4), Block(4, 6, 2))
    net = nn.Sequential(body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 2, bias=False))
    with torch.no_grad():
        for _ in range(5):
            net(torch.randn(32, 3, 8, 8) * 2 + 1)
        net.eval()
        net[-1].weight *= 20
        x = np.random.default_rng(0).normal(size=(16, 8, 8, 3)).astype(np.float32)
        expected = net(torch.from_numpy(x.transpose(0, 3, 1, 2))).numpy()
    convert(net, RESIDUAL, tmp_path)
    assert expected.std() > 0.05
    np.testing.assert_allclose(outputs(RESIDUAL, tmp_path, x, 2), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("form", ["module", "state dict", "file of a state dict", "checkpoint with an optimizer"])
def test_forms_of_a_checkpoint(form, tmp_path):
    net = images()
    file = tmp_path / "net.pt"
    if form == "file of a state dict":
        torch.save(net.state_dict(), file)
    elif form == "checkpoint with an optimizer":
        torch.save({"epoch": 3, "state_dict": net.state_dict(), "optimizer": {}}, file)
    given = {"module": net, "state dict": net.state_dict()}.get(form, file)
    found = convert(given, IMAGES, tmp_path)
    kernel = net[0].weight.detach().numpy().transpose(2, 3, 1, 0)
    np.testing.assert_array_equal(found["conv2d_1.kernel"], kernel)
    assert list(found) == sorted(found) and len(found) == 8


NAMED = """
model named
input x: real[3]
target y: real
default { from = "net.safetensors", prior = MOPED(delta = (0.1)) }
network {
  a = dense(3)
  batch_norm
  relu
  b = dense(3)
  relu
  f = dense(1)
}
observe y ~ Normal(loc = f, scale = learned(0.5))
objective elbo
"""


class Named(nn.Module):
    """Layers that no name puts in order."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(3, 3)
        self.norm = nn.BatchNorm1d(3)
        self.deep = nn.Linear(3, 3)
        self.a_last = nn.Linear(3, 1)


def test_layers_are_taken_in_the_order_in_which_they_were_made(tmp_path):
    net = Named()
    net.norm.running_mean += torch.tensor([1.0, 2.0, 3.0])
    found = convert(net, NAMED, tmp_path)
    for ours, theirs in [("a", net.hidden), ("b", net.deep), ("f", net.a_last)]:
        np.testing.assert_array_equal(found[f"{ours}.kernel"], theirs.weight.detach().numpy().T)
        np.testing.assert_array_equal(found[f"{ours}.bias"], theirs.bias.detach().numpy())
    np.testing.assert_array_equal(found["batch_norm_1.mean"], [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(found["batch_norm_1.variance"], np.ones(3))
    # The model now compiles, and takes all from the file by its own names.
    parameters = bnnc.Model.load(tmp_path / "model.bnn").check(n=10)
    assert "a.kernel" in str(parameters)


def test_names_go_before_the_order(tmp_path):
    net = Named()
    found = convert(net, NAMED, tmp_path, names={"hidden": "b", "deep": "a"})
    np.testing.assert_array_equal(found["b.kernel"], net.hidden.weight.detach().numpy().T)
    np.testing.assert_array_equal(found["a.kernel"], net.deep.weight.detach().numpy().T)


def test_layers_that_start_from_no_file_are_left_out(tmp_path):
    text = NAMED.replace("f = dense(1)", "f = dense(1) { prior = Normal(0, 1), from = none }")
    body = {name: tensor for name, tensor in Named().state_dict().items() if not name.startswith("a_last")}
    assert "f.kernel" not in convert(body, text, tmp_path)


def test_what_does_not_fit_is_refused_with_both_names_and_shapes(tmp_path):
    wide = Named()
    wide.deep = nn.Linear(3, 5)
    with pytest.raises(ValueError, match=r"`b.kernel` is \[3, 3\], and `deep.weight` is \[5, 3\], which is \[3, 5\]"):
        convert(wide, NAMED, tmp_path)
    short = Named()
    del short.deep
    with pytest.raises(ValueError, match=r"has 2 layers with a kernel, and 3 of the model(.|\n)*a_last \[1, 3\] +b \[3, 3\]"):
        convert(short, NAMED, tmp_path)
    bare = Named()
    bare.deep = nn.Linear(3, 3, bias=False)
    with pytest.raises(ValueError, match=r"`b.bias` \[3\] has nothing to start from: `deep` has no bias"):
        convert(bare, NAMED, tmp_path)
    with pytest.raises(ValueError, match=r"`deep.bias` \[3\] has no place: the layer `b` of the model has no bias"):
        convert(Named(), NAMED.replace("b = dense(3)", "b = dense(3) { bias = none }"), tmp_path)
    other = nn.LSTM(3, 3)
    with pytest.raises(ValueError, match=r"`weight_ih_l0` \[12, 3\]"):
        convert(other, NAMED, tmp_path)
    with pytest.raises(ValueError, match="starts from no file"):
        convert(Named(), NAMED.replace('from = "net.safetensors", prior = MOPED(delta = (0.1))', "prior = Normal(0, 1)"), tmp_path)
    assert not (tmp_path / "net.safetensors").exists()


def test_code_in_a_checkpoint_is_not_run(tmp_path):
    file = tmp_path / "net.pt"
    torch.save(Named(), file)
    with pytest.raises(ValueError, match="without running code"):
        convert(file, NAMED, tmp_path)


def test_images_of_keras(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    layers = keras.layers
    net = keras.Sequential([
        keras.Input((9, 8, 3)), layers.Conv2D(5, (3, 2), activation="relu"), layers.Conv2DTranspose(6, 3, strides=2),
        layers.MaxPooling2D(2), layers.Flatten(), layers.Dropout(0.1), layers.Dense(7, activation="tanh"), layers.Dense(4),
    ])  # fmt: skip
    net.save(tmp_path / "net.keras")
    convert(tmp_path / "net.keras", IMAGES, tmp_path)
    x = np.random.default_rng(0).normal(size=(16, 9, 8, 3)).astype(np.float32)
    expected = np.asarray(net.predict(x, verbose=0))
    np.testing.assert_allclose(outputs(IMAGES, tmp_path, x, 4), expected, rtol=1e-5, atol=1e-5)


def test_the_folder_of_temporary_files_may_be_a_link(tmp_path, monkeypatch):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "link"))
    assert "f.kernel" in convert(images(), IMAGES, tmp_path)


def test_a_mistake_is_shown_as_it_was_written(tmp_path):
    path = tmp_path / "model.bnn"
    path.write_text(IMAGES.replace("network {", 'network from = "net.safetensors" {'))
    with pytest.raises(bnnc.Error, match='6 \\| network from = "net.safetensors" {'):
        bnnc.convert(images(), path)
    path.write_text(IMAGES.replace("tanh", "tahn"))
    with pytest.raises(bnnc.Error, match="tahn") as raised:
        bnnc.convert(images(), path)
    # The file that is yet to be written is not missed.
    assert "E0415" not in str(raised.value)
