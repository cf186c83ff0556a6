class Whole(NamedTuple):
    """A draw of a whole tensor, and the noise (or the variable) that it is made of."""

    w: torch.Tensor
    noise: torch.Tensor


def positive_exp(z):
    """exp(z), kept within the positive numbers that the number type has."""
    ends = torch.finfo(z.dtype)
    return torch.clamp(torch.exp(z), ends.tiny, ends.max)


def between(z, low, high):
    """low + (high - low) sigmoid(z), strictly between the ends, from the nearer one."""
    share = (high - low) * torch.sigmoid(-z.abs())
    ends = torch.finfo(z.dtype)
    first = low + max(abs(low) * ends.eps, ends.tiny)
    last = high - max(abs(high) * ends.eps, ends.tiny)
    return torch.clamp(torch.where(z < 0, low + share, high - share), first, last)


class LogNormal(Variables):
    """The exponential of a normal for each entry: w = exp(loc + scale * epsilon)."""

    def __init__(self, name, shape, transform=positive):
        super().__init__(name, loc=shape, rho=shape)
        self.transform = transform

    def marginals(self):
        """Loc and scale of ln w."""
        return Drawn(self.loc, self.transform(self.rho))

    def draw(self, noise):
        """A draw that all examples share."""
        epsilon = noise.normal(f"{self.name}.noise", self.loc.shape)
        return Whole(positive_exp(self.normal(epsilon)), epsilon)

    def normal(self, epsilon):
        """ln w."""
        return self.loc + self.transform(self.rho) * epsilon

    def log_density(self, draw):
        """ln q(w), epsilon held."""
        width = torch.log(self.transform(self.rho)) + 0.5 * math.log(2 * math.pi)
        return (-0.5 * draw.noise**2 - width - self.normal(draw.noise)).sum()

    def path_density(self, draw):
        """ln q(w) with its gradient through w alone."""
        score = -(1 + draw.noise / self.transform(self.rho))
        return along_path(self.log_density(draw), score, self.normal(draw.noise))


class LogitNormal(LogNormal):
    """A logistic normal for each entry: w = low + (high - low) sigmoid(loc + scale * epsilon)."""

    def __init__(self, name, shape, low, high, transform=positive):
        super().__init__(name, shape, transform)
        self.low, self.high = low, high

    def draw(self, noise):
        """A draw that all examples share."""
        epsilon = noise.normal(f"{self.name}.noise", self.loc.shape)
        return Whole(between(self.normal(epsilon), self.low, self.high), epsilon)

    def log_density(self, draw):
        """ln q(w), epsilon held."""
        width = torch.log(self.transform(self.rho)) + 0.5 * math.log(2 * math.pi)
        z = self.normal(draw.noise)
        steepness = softplus(z) + softplus(-z) - math.log(self.high - self.low)
        return (-0.5 * draw.noise**2 - width + steepness).sum()

    def path_density(self, draw):
        """ln q(w) with its gradient through w alone."""
        z = self.normal(draw.noise)
        score = torch.sigmoid(z) - torch.sigmoid(-z) - draw.noise / self.transform(self.rho)
        return along_path(self.log_density(draw), score, z)
