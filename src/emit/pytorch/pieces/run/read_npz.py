def read_npz(path, inputs, targets, layout=None, classes=None):
    """The arrays of a NumPy archive: `inputs` and `targets` name them.

    `layout` is "nchw" where channels come first; `classes` names those of a target that are not
    numbers from 0 on.
    """
    with np.load(path) as archive:
        missing = [name for name in [*inputs, *targets] if name not in archive.files]
        if missing:
            fail_with(f"{path} has no array {missing[0]}; it has {', '.join(archive.files)}")
        of_inputs = [channels_last(archive[name], layout) for name in inputs]
        of_targets = [channels_last(archive[name], layout) for name in targets]
    if len(of_inputs) > 1:
        of_inputs = [
            np.concatenate([a.reshape(len(a), -1).astype(np.float64) for a in of_inputs], 1)
        ]
    if classes:
        of_targets[0] = labels_of(of_targets[0], classes)
    return Split(of_inputs[0], of_targets)


def channels_last(array, layout):
    """Images with their channels last."""
    return np.moveaxis(array, 1, -1) if layout == "nchw" and array.ndim == 4 else array


def labels_of(array, classes):
    """The place of each value in the list of classes."""
    places = {name: place for place, name in enumerate(classes)}
    names = (str(x.item() if not isinstance(x, str) else x) for x in array.reshape(-1))
    return np.array([places[name] for name in names], np.float64).reshape(array.shape)
