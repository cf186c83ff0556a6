class Cauchy(Independent):
    """A Cauchy variable for each entry, all independent: w = loc + scale * epsilon."""

    def law(self, noise):
        """Which noise."""
        return noise.cauchy

    def log_law(self, epsilon):
        """The logarithm of its density."""
        return -math.log(math.pi) - torch.log1p(epsilon**2)

    def score(self, epsilon):
        """The derivative of that."""
        return -2 * epsilon / (1 + epsilon**2)
