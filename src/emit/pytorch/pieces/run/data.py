class Split(NamedTuple):
    """The training part or the test part of a data set, as it was read."""

    inputs: np.ndarray  # [examples, ...]
    targets: list  # an array [examples, ...] for each target

    def rows(self, rows):
        """Some of the examples."""
        return Split(self.inputs[rows], [target[rows] for target in self.targets])


def fail_with(message):
    """Ends the program with a message."""
    raise SystemExit(f"error: {message}")


def data_folder(name, given, folders):
    """The folder of a named data set, looked for where bnnc does: --data, BNNC_DATA, the user's
    data directory.
    """
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    places = [given] if given else [os.environ.get("BNNC_DATA"), Path(home) / "bnnc"]
    places = [Path(place) for place in places if place]
    for place in places:
        for folder in [*folders, "."] if given else folders:
            if (place / folder).is_dir():
                return place / folder
    looked = ", ".join(str(place) for place in places)
    fail_with(
        f"the data set {name} is not found in {looked}; `bnnc data fetch {name}` downloads it"
    )


def first_bytes(hashed):
    """The first eight bytes of a SHA-256."""
    return hashed.digest()[:8]


def row_bytes(values):
    """A row's numbers as bytes, the same whatever type they were read in: a byte each where all are
    whole numbers from 0 to 255, else float64.
    """
    if values.dtype != np.uint8:
        whole = values.astype(np.uint8, casting="unsafe")
        if not np.array_equal(whole, values):
            # Adding 0 turns -0 into 0.
            return b"\x08" + (values.astype("<f8") + 0.0).tobytes()
        values = whole
    return b"\x01" + values.tobytes()


def row_digests(split, rows):
    """Two digests of each row, [rows, 2]: of inputs and the first target, and of inputs alone."""
    found = []
    targets = split.targets[0].reshape(len(split.targets[0]), -1)
    inputs = split.inputs.reshape(len(split.inputs), -1)
    with np.errstate(invalid="ignore"):
        for row in rows:
            hashed = hashlib.sha256(row_bytes(inputs[row]))
            of_inputs = first_bytes(hashed)
            hashed.update(row_bytes(targets[row]))
            found.append(first_bytes(hashed) + of_inputs)
    return np.frombuffer(b"".join(found), "<u8").reshape(-1, 2)


def digests_of_rows(train, test, training, validation):
    """What bnnc keeps of a run's rows, and holds against the data that the run is evaluated on."""
    return {
        "training": row_digests(train, training),
        "validation": row_digests(train, validation),
        "test": row_digests(test, range(len(test.inputs))) if test else np.zeros((0, 2), np.uint64),
    }


def check_rows(digests, expected):
    """Refuses data that does not hold the numbers that bnnc read when it wrote this program."""
    hashed = hashlib.sha256()
    for part in ["training", "validation", "test"]:
        hashed.update(digests[part].astype("<u8").tobytes())
    if hashed.hexdigest() != expected:
        fail_with(
            "the data does not hold the rows that this program was made for; "
            "`bnnc emit pytorch` makes one for others"
        )
