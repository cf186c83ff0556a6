class Known(NamedTuple):
    """A parameter that is no random variable, or whose randomness is that of its channels."""

    w: torch.Tensor


class Point(Variables):
    """A point estimate."""

    def __init__(self, name, shape):
        super().__init__(name, loc=shape)


class State(nn.Module):
    """What a layer keeps between steps and no optimizer moves."""

    def __init__(self, name, shape):
        super().__init__()
        self.name = name
        self.register_buffer("loc", torch.zeros(shape))


class PositivePoint(Point):
    """A point estimate above 0, w = exp(loc): the penalty is of the density of loc."""

    def draw(self, noise):
        """The point."""
        return Whole(positive_exp(self.loc), self.loc)

    def log_density(self, draw):
        """-ln |dw / dloc|."""
        return -self.loc.sum()


class PointBetween(Point):
    """A point w = low + (high - low) sigmoid(loc): the penalty is of the density of loc."""

    def __init__(self, name, shape, low, high):
        super().__init__(name, shape)
        self.low, self.high = low, high

    def draw(self, noise):
        """The point."""
        return Whole(between(self.loc, self.low, self.high), self.loc)

    def log_density(self, draw):
        """-ln |dw / dloc|."""
        slopes = softplus(self.loc) + softplus(-self.loc) - math.log(self.high - self.low)
        return slopes.sum()


class LearnedNumber(Variables):
    """A learned number, or one for each entry of the target."""

    def __init__(self, name, shape):
        super().__init__(name, value=shape)

    def number(self):
        """The number."""
        return self.value


class LearnedPositive(Variables):
    """A learned number above 0, or one for each entry of the target."""

    def __init__(self, name, shape):
        super().__init__(name, rho=shape)

    def number(self):
        """The number."""
        return positive(self.rho)


class LearnedShare(Variables):
    """A learned number between 0 and 1."""

    def __init__(self, name, shape):
        super().__init__(name, logit=shape)

    def number(self):
        """The number."""
        return torch.sigmoid(self.logit)
