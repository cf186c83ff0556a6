def read_idx(path):
    """The array in an IDX file of bytes, compressed or not."""
    if not path.exists():
        path = path.with_name(path.name + ".gz")
    contents = path.read_bytes()
    if path.suffix == ".gz":
        contents = gzip.decompress(contents)
    axes = struct.unpack(f">{contents[3]}I", contents[4 : 4 + 4 * contents[3]])
    return np.frombuffer(contents, np.uint8, offset=4 + 4 * len(axes)).reshape(axes)


def read_mnist(folder):
    """The training and the test part of MNIST or a set in its form: images [28, 28, 1] of bytes,
    labels 0 to 9.
    """

    def part(name):
        images = read_idx(folder / f"{name}-images-idx3-ubyte")
        return Split(images[..., None], [read_idx(folder / f"{name}-labels-idx1-ubyte")])

    return part("train"), part("t10k")
