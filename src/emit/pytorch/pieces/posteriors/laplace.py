class Laplace(Independent):
    """A Laplace variable for each entry, all independent: w = loc + scale * epsilon."""

    def law(self, noise):
        """Which noise."""
        return noise.laplace

    def log_law(self, epsilon):
        """The logarithm of its density."""
        return -epsilon.abs() - math.log(2)

    def score(self, epsilon):
        """The derivative of that."""
        return -torch.sign(epsilon)
