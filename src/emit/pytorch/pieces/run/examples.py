def scaled_rows(values, rows, transform, dtype):
    """(value - offset) / scale by channel, worked out in float64, [rows, ...]."""
    offset, scale = np.array(transform["offset"]), np.array(transform["scale"])
    found = torch.empty((len(rows), values[0].size), dtype=dtype)
    for start in range(0, len(rows), 4096):
        part = values[rows[start : start + 4096]].astype(np.float64)
        part = (part.reshape(-1, len(offset)) - offset) / scale
        for of in transform.get("padded", []):
            # What stands behind the lengths of sequences stays 0.
            first, width = of["start"], of["width"]
            end = first + of["steps"] * width
            behind = np.arange(end - first) >= part[:, end : end + 1] * width
            part[:, first:end][behind] = 0.0
        found[start : start + 4096] = torch.from_numpy(part.reshape(-1, values[0].size))
    return found


def labels_of_entries(values, missing_byte):
    """Labels, -1 for one that is missing: -1 and NaN in the data, and that byte if there is one."""
    labels = np.nan_to_num(values, nan=-1).astype(np.int64)
    if values.dtype == np.uint8 and missing_byte is not None:
        labels[values == missing_byte] = -1
    return torch.from_numpy(labels)


class Examples:
    """Examples on the device, scaled as data.json says."""

    def __init__(self, split, rows, record, device, dtype):
        self.rows = rows
        inputs = scaled_rows(split.inputs, rows, record["inputs"], dtype)
        self.inputs = inputs.reshape(len(rows), *INPUT_SHAPE).to(device)
        transforms = [record["targets"], *(other["targets"] for other in record.get("others", []))]
        # Of each target: its values; of each example how many of them there are, and what scaling
        # takes off its nll, which is added back so that it is of the target's own units.
        self.targets, self.entries, self.log_scales, self.squared_scales = [], [], [], []
        targets = zip(split.targets, transforms, TARGETS, MISSING_BYTES)
        for values, transform, (kind, entries), missing_byte in targets:
            if kind == "labels":
                target = labels_of_entries(values[rows].reshape(len(rows), entries), missing_byte)
                known = target >= 0
                target = target.squeeze(1) if entries == 1 else target
            else:
                target = scaled_rows(values, rows, transform, dtype)
                known = ~target.isnan()
            self.targets.append(target.to(device))
            scale = torch.tensor(transform["scale"] * (entries // len(transform["scale"])))
            scale = scale.double()
            self.squared_scales.append(scale.square().to(device))
            self.entries.append(known.sum(1).double().to(device))
            self.log_scales.append((known * scale.log()).sum(1).to(device))

    def __len__(self):
        return len(self.rows)

    def batch(self, places):
        """Inputs and targets of the examples at these places."""
        places = torch.from_numpy(places).to(self.inputs.device)
        return self.inputs[places], [target[places] for target in self.targets]

    def totals(self, places):
        """Of each target, [targets]: how many values these examples have, and what is added to their
        nll.
        """
        places = torch.from_numpy(places).to(self.inputs.device)
        sums = [[of[places].sum() for of in all] for all in [self.entries, self.log_scales]]
        return [torch.stack(of_targets) for of_targets in sums]
