class Start:
    """How a variable starts: functions of its noise, its name and its shape."""

    @staticmethod
    def given(noise, name, shape, values):
        """These numbers."""
        return values

    @staticmethod
    def constant(noise, name, shape, value):
        """One number everywhere."""
        return torch.full(shape, value, dtype=torch.float64)

    @staticmethod
    def normal(noise, name, shape, loc, scale):
        """Independent normal draws."""
        return loc + scale * noise.normal(name, shape)

    @staticmethod
    def uniform(noise, name, shape, low, high):
        """Independent uniform draws."""

        def unit(words):
            words = words.unflatten(1, (2, 2))
            bits = (words[:, :, 0] << 20) | (words[:, :, 1] >> 12)
            return (bits.to(torch.float64) + 0.5) / 2.0**52

        return low + (high - low) * noise.draw(name, shape, 0, unit, 32)

    @staticmethod
    def truncated_normal(noise, name, shape, loc, scale):
        """Independent normal draws, none beyond two scales."""
        kept = 0.9544997361036416
        place = Start.uniform(noise, name, shape, 0.0, 1.0)
        return loc + scale * torch.special.ndtri(0.5 + kept * (place - 0.5))

    @staticmethod
    def orthogonal(noise, name, shape, gain):
        """An orthogonal matrix times `gain`, its rows all axes but the last."""
        columns = shape[-1] if shape else 1
        rows = math.prod(shape[:-1])
        vectors = noise.normal(name, [min(rows, columns), max(rows, columns)])
        q, r = torch.linalg.qr(vectors.mT)
        q = q * torch.sign(torch.diagonal(r))
        return gain * (q if rows >= columns else q.mT).reshape(shape)


def initialize(model, seed):
    """Sets every variable to where it starts, the same as bnnc's for this seed."""
    # Philox's key: the variable's number, and 7 for initial values.
    streams = {name: (number, 7, 0) for number, name in enumerate(START)}
    noise = Noise(streams, seed, 0, dtype=torch.float64)
    with torch.no_grad():
        for name, variable in named_variables(model):
            start, *numbers = START[name]
            variable.copy_(start(noise, name, variable.shape, *numbers))
    limit(model)
