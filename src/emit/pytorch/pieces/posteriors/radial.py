class Radial(Variables):
    """An even direction, a half-normal distance: w = loc + scale * epsilon / |epsilon| * |zeta|.

    Farquhar, Osborne and Gal (2020), "Radial Bayesian neural networks", section 3.
    """

    def __init__(self, name, shape, transform=positive):
        super().__init__(name, loc=shape, rho=shape)
        self.transform = transform

    def marginals(self):
        """Mean and standard deviation of each entry."""
        return Drawn(self.loc, self.transform(self.rho) / math.sqrt(self.loc.numel()))

    def total_correlation(self):
        """What the KL has beyond that of normals with the same means and deviations: a constant."""
        d = self.loc.numel()
        euler = 0.5772156649015329
        each = 1 + math.log(2 * math.pi) + euler + math.log(2)
        return 0.5 * (d - 1) * each - 0.5 * d * math.log(math.pi * d) + math.lgamma(0.5 * d)

    def polar(self, noise):
        """The direction, the distance, and 1 / |epsilon|."""
        epsilon, radius = noise[:-1].reshape(self.loc.shape), noise[-1].abs()
        per_length = 1 / torch.sqrt((epsilon**2).sum())
        return epsilon * per_length, radius

    def draw(self, noise):
        """A draw that all examples share."""
        noise = noise.normal(f"{self.name}.noise", [self.loc.numel() + 1])
        direction, radius = self.polar(noise)
        return Whole(self.loc + self.transform(self.rho) * (direction * radius), noise)

    def log_density(self, draw):
        """ln q(w), the noise held."""
        d, r = self.loc.numel(), self.polar(draw.noise)[1]
        sphere = math.log(2) + 0.5 * d * math.log(math.pi) - math.lgamma(0.5 * d)
        length = math.log(2) - 0.5 * math.log(2 * math.pi) - 0.5 * r**2 - (d - 1) * torch.log(r)
        return length - sphere - torch.log(self.transform(self.rho)).sum()

    def path_density(self, draw):
        """ln q(w) with its gradient through w alone."""
        direction, r = self.polar(draw.noise)
        score = -(r + (self.loc.numel() - 1) / r) * direction / self.transform(self.rho)
        return along_path(self.log_density(draw), score, draw.w)
