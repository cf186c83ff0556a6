def read_cifar10(folder):
    """The training and the test part of CIFAR-10's binary version: images [32, 32, 3] of bytes,
    labels 0 to 9.
    """

    def records(names):
        bytes_read = [np.fromfile(folder / name, np.uint8).reshape(-1, 3073) for name in names]
        records = np.concatenate(bytes_read)
        # A record is the label, then the red, the green and the blue plane.
        images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return Split(np.ascontiguousarray(images), [records[:, 0]])

    return records([f"data_batch_{k}.bin" for k in range(1, 6)]), records(["test_batch.bin"])
