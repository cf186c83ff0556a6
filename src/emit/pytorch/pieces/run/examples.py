def scaled_rows(values, rows, transform, dtype):
    """(value - offset) / scale by channel, worked out in float64, [rows, ...]."""
    offset, scale = np.array(transform["offset"]), np.array(transform["scale"])
    found = torch.empty((len(rows), values[0].size), dtype=dtype)
    for start in range(0, len(rows), 4096):
        part = values[rows[start : start + 4096]].astype(np.float64)
        part = (part.reshape(-1, len(offset)) - offset) / scale
        found[start : start + 4096] = torch.from_numpy(part.reshape(-1, values[0].size))
    return found


class Examples:
    """Examples on the device, scaled as data.json says."""

    def __init__(self, split, rows, record, device, dtype):
        self.rows = rows
        inputs = scaled_rows(split.inputs, rows, record["inputs"], dtype)
        self.inputs = inputs.reshape(len(rows), *INPUT_SHAPE).to(device)
        transforms = [record["targets"], *(other["targets"] for other in record.get("others", []))]
        self.targets, self.log_scales, self.squared_scales = [], [], []
        for values, transform, (kind, entries) in zip(split.targets, transforms, TARGETS):
            if kind == "labels":
                target = torch.from_numpy(values[rows].astype(np.int64).reshape(len(rows), entries))
                target = target.squeeze(1) if entries == 1 else target
            else:
                target = scaled_rows(values, rows, transform, dtype)
            self.targets.append(target.to(device))
            # What scaling takes off the nll of an example is added back, so that it is of the
            # target's own units.
            each = entries // len(transform["scale"])
            squared = torch.tensor(transform["scale"] * each, dtype=torch.float64).square()
            self.squared_scales.append(squared.to(device))
            self.log_scales.append(each * sum(math.log(scale) for scale in transform["scale"]))

    def __len__(self):
        return len(self.rows)

    def batch(self, places):
        """Inputs and targets of the examples at these places."""
        places = torch.from_numpy(places).to(self.inputs.device)
        return self.inputs[places], [target[places] for target in self.targets]
