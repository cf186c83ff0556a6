MISSING_CELLS = {"", "na", "n/a", "nan", "null", "none", "?", "missing"}

TRUTH = {"false": 0, "no": 0, "n": 0, "f": 0, "true": 1, "yes": 1, "y": 1, "t": 1}


class TextTable:
    """A table of text: a header, then a row a line. Its columns become numbers as `columns` of
    data.json says.
    """

    def __init__(self, path):
        with open(path, newline="", encoding="utf-8-sig") as file:
            header = file.readline()
            file.seek(0)
            rows = list(csv.reader(file, delimiter=max(",;\t", key=header.count)))
        rows = [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
        self.path, self.rows = path, rows[1:]
        self.places = {name: place for place, name in enumerate(rows[0])}

    def cells(self, name):
        """The texts of a column."""
        if name not in self.places:
            fail_with(f"{self.path} has no column {name}")
        return [row[self.places[name]] for row in self.rows]

    def inputs(self, columns):
        """All inputs, [rows, entries]."""
        found = [self.input(name, columns.get("coding", {})) for name in columns["inputs"]]
        return np.concatenate(found, 1)

    def input(self, name, coding):
        """What a column gives, [rows, 1 or more]."""
        marks = coding.get("missing_values", [])
        code = coding.get("inputs", {}).get(name, {"number": {"unit": "number"}})
        (kind, said), cells = next(iter(code.items())), self.cells(name)
        missing = np.array([is_missing(cell, marks) for cell in cells])
        if kind == "number":
            fill = said.get("missing")
            fill = coding.get("fills", {}).get(name) if fill is None else fill
            of_cell = cell_truth if said["unit"] == "boolean" else cell_number
            if fill is None and missing.any():
                fail_with(f"{self.path}: {name} has a missing value, and nothing stands for it")
            texts = with_points(cells, name, coding)
            column = np.array([fill if gap else of_cell(cell) for gap, cell in zip(missing, texts)])
            return np.stack([column, missing] if said.get("indicator") else [column], 1).astype(
                float
            )
        names = ["(missing)" if gap else cell_category(cell) for gap, cell in zip(missing, cells)]
        if kind == "one_hot":
            # The last input is of values that training did not see.
            places = [said.index(name) if name in said else len(said) for name in names]
            return np.eye(len(said) + 1)[places]
        return np.array([[float(said.index(name))] for name in names])

    def target(self, columns):
        """A target, [rows, entries]: numbers, or the place of its class."""
        coding = columns.get("coding", {})
        if coding.get("classes"):
            return labels_of_cells(self.cells(columns["targets"][0]), coding["classes"])
        texts = [with_points(self.cells(name), name, coding) for name in columns["targets"]]
        return np.array([[cell_number(cell) for cell in cells] for cells in texts]).T

    def split(self, columns):
        """Inputs and targets; `columns` has those of each target."""
        return Split(self.inputs(columns[0]), [self.target(own) for own in columns])


def is_missing(cell, marks):
    """Whether a cell means a missing value."""
    if cell.lower() in MISSING_CELLS or cell in marks:
        return True
    return (
        bool(marks)
        and is_number(cell)
        and any(is_number(m) and float(m) == float(cell) for m in marks)
    )


def is_number(cell):
    """Whether a cell is a number."""
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def with_points(cells, name, coding):
    """The cells of a column, with points for decimal commas."""
    comma = name in coding.get("decimal_commas", [])
    return [cell.replace(",", ".") if comma else cell for cell in cells]


def cell_number(cell):
    """A cell's number: of a percentage its hundredth."""
    digits = cell.removesuffix("%")
    if not is_number(digits):
        fail_with(f"the cell {cell!r} is not a number")
    return float(digits) / 100 if digits != cell else float(digits)


def cell_truth(cell):
    """1 for yes or true, 0 for no or false."""
    return float(TRUTH.get(cell.lower(), cell))


def cell_category(cell):
    """A cell as the name of a category: numbers as bnnc prints them."""
    if not is_number(cell):
        return cell
    return np.format_float_positional(float(cell), trim="-")


def labels_of_cells(cells, classes):
    """The place of each cell's class, [rows, 1]; words for no and yes are the same in capital
    letters.
    """
    folded = all(name.lower() in TRUTH for name in classes)
    key = str.lower if folded else cell_category
    places = {name.lower() if folded else name: place for place, name in enumerate(classes)}
    return np.array([[float(places[key(cell)])] for cell in cells])


def hold_out(split, listed):
    """The training part, and the test part: the rows that the file `listed` has, one a line."""
    rows = [int(line) for line in Path(listed).read_text().split()]
    held_out = np.zeros(len(split.inputs), bool)
    held_out[rows] = True
    return split.rows(~held_out), split.rows(held_out)


def hold_out_at_random(split, count):
    """The training part, and a test part of so many rows at random: the same ones in every run, as
    bnnc takes them.
    """
    order = shuffled(len(split.inputs), mixed_key(0x7465737400000000, 0), 0)
    return split.rows(np.sort(order[count:])), split.rows(np.sort(order[:count]))
