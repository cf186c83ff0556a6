class Drawn(NamedTuple):
    """A draw of a parameter: w = loc + scale * epsilon."""

    loc: torch.Tensor
    scale: torch.Tensor
    epsilon: torch.Tensor

    @property
    def w(self):
        """The weights."""
        return self.loc + self.scale * self.epsilon


class MeanField(Variables):
    """A normal for each entry, all independent: w = loc + softplus(rho) * epsilon."""

    def __init__(self, name, shape):
        super().__init__(name, loc=shape, rho=shape)

    def draw(self, noise):
        """A draw that all examples share."""
        scale = 2.220446049250313e-16 + softplus(self.rho)
        return Drawn(self.loc, scale, noise.normal(f"{self.name}.noise", self.loc.shape))
