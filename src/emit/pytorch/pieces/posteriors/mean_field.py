LEAST_SCALE = 2.220446049250313e-16


def positive(rho):
    """A scale above 0: softplus(rho), and a little where that underflows."""
    return LEAST_SCALE + softplus(rho)


class Drawn(NamedTuple):
    """A parameter at a draw, w = loc + scale * epsilon; without epsilon, at none."""

    loc: torch.Tensor
    scale: torch.Tensor
    epsilon: torch.Tensor | None = None

    @property
    def w(self):
        """The weights."""
        return self.loc + self.scale * self.epsilon


class Independent(Variables):
    """Independent entries w = loc + scale * epsilon, scale = transform(rho)."""

    def __init__(self, name, shape, transform=positive, largest_rho=None):
        super().__init__(name, loc=shape, rho=shape)
        self.transform, self.largest_rho = transform, largest_rho

    def undrawn(self):
        """Loc and scale alone, where each example has noise of its own."""
        return Drawn(self.loc, self.transform(self.rho))

    def draw(self, noise):
        """A draw that all examples share."""
        epsilon = self.law(noise)(f"{self.name}.noise", self.loc.shape)
        return Drawn(self.loc, self.transform(self.rho), epsilon)

    def log_density(self, draw):
        """ln q(w), epsilon held."""
        return (self.log_law(draw.epsilon) - torch.log(draw.scale)).sum()

    def path_density(self, draw):
        """ln q(w) with its gradient through w alone."""
        return along_path(self.log_density(draw), self.score(draw.epsilon) / draw.scale, draw.w)


class MeanField(Independent):
    """A normal for each entry, all independent: w = loc + scale * epsilon."""

    def law(self, noise):
        """Which noise."""
        return noise.normal

    def log_law(self, epsilon):
        """The logarithm of its density."""
        return -0.5 * epsilon**2 - 0.5 * math.log(2 * math.pi)

    def score(self, epsilon):
        """The derivative of that."""
        return -epsilon


def along_path(value, score, w):
    """The value ln q(w), its gradient `score` through w alone, without that by q's own parameters.

    What is left out has the mean 0, and so has the gradient's noise where q is the exact posterior:
    "sticking the landing" (Roeder, Wu and Duvenaud 2017).
    """
    return value.detach() + (score.detach() * (w - w.detach())).sum()
