class Start:
    """How variables start: the same numbers as bnnc's for a seed."""

    def __init__(self, names, seed):
        # Philox's key: the variable's number, and 7 for initial values.
        streams = {name: (number, 7, 0) for number, name in enumerate(names)}
        self.noise = Noise(streams, seed, 0, dtype=torch.float64)

    def normal(self, name, shape, loc, scale):
        """Independent normal draws."""
        return loc + scale * self.noise.normal(name, shape)

    def uniform(self, name, shape, low, high):
        """Independent uniform draws."""

        def unit(words):
            words = words.unflatten(1, (2, 2))
            bits = (words[:, :, 0] << 20) | (words[:, :, 1] >> 12)
            return (bits.to(torch.float64) + 0.5) / 2.0**52

        return low + (high - low) * self.noise.draw(name, shape, 0, unit, 32)

    def truncated_normal(self, name, shape, loc, scale):
        """Independent normal draws, none beyond two scales."""
        kept = 0.9544997361036416
        return loc + scale * torch.special.ndtri(0.5 + kept * (self.uniform(name, shape, 0.0, 1.0) - 0.5))

    def orthogonal(self, name, shape, gain):
        """An orthogonal matrix times `gain`, its rows all axes but the last."""
        columns = shape[-1] if shape else 1
        rows = math.prod(shape[:-1])
        vectors = self.noise.normal(name, [min(rows, columns), max(rows, columns)])
        q, r = torch.linalg.qr(vectors.mT)
        q = q * torch.sign(torch.diagonal(r))
        return gain * (q if rows >= columns else q.mT).reshape(shape)
