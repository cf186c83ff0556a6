def read_npz(path, inputs, targets, layout=None, classes=None, sequences=(), steps_of=()):
    """The arrays of a NumPy archive: `inputs` and `targets` name them.

    `layout` is "nchw" where channels come first; `classes` names those of a target that are not
    numbers from 0 on. Of each input that is a sequence, `sequences` has the most steps, what is
    added to its numbers (1 to tokens), and the array of its lengths, which may be a mask;
    `steps_of` has the input whose lengths a target has.
    """
    with np.load(path) as archive:
        told = [sequence[2] for sequence in sequences if sequence and sequence[2]]
        missing = [name for name in [*inputs, *targets, *told] if name not in archive.files]
        if missing:
            fail_with(f"{path} has no array {missing[0]}; it has {', '.join(archive.files)}")
        of_inputs = [channels_last(archive[name], layout) for name in inputs]
        of_targets = [channels_last(archive[name], layout) for name in targets]
        lengths = [None] * len(inputs)
        for place, sequence in enumerate(sequences):
            if sequence:
                steps, first, by, is_mask = sequence
                lengths[place] = lengths_of(of_inputs[place], archive[by] if by else None, is_mask)
                numbers = of_inputs[place].astype(np.float64) + first
                padded = steps_of_sequences(numbers, lengths[place], steps, 0)
                of_inputs[place] = np.concatenate(
                    [padded.reshape(len(padded), -1), lengths[place][:, None]], 1
                )
        for place, of in enumerate(steps_of):
            if of is not None:
                of_targets[place] = steps_of_sequences(
                    of_targets[place], lengths[of], sequences[of][0], np.nan
                )
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


def lengths_of(array, told, is_mask):
    """How many steps of each sequence are there: all, or as many as an array says."""
    if told is None:
        return np.full(len(array), array.shape[1])
    told = told.reshape(len(array), -1)
    return told.sum(1).astype(np.int64) if is_mask else told[:, 0].astype(np.int64)


def steps_of_sequences(array, lengths, steps, padding):
    """Sequences [n, stored, ...] padded to [n, steps, ...], whatever stands behind their lengths."""
    padded = np.full((len(array), steps, *array.shape[2:]), padding, np.float64)
    for row, length in enumerate(lengths):
        padded[row, :length] = array[row, :length]
    return padded


def labels_of(array, classes):
    """The place of each value in the list of classes."""
    places = {name: place for place, name in enumerate(classes)}
    names = (str(x.item() if not isinstance(x, str) else x) for x in array.reshape(-1))
    return np.array([places[name] for name in names], np.float64).reshape(array.shape)
