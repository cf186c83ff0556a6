class LowRank(Variables):
    """Independent normals and `rank` common directions: w = loc + scale * epsilon + U zeta.

    Ong, Nott and Smith (2018), "Gaussian variational approximation with a factor covariance
    structure". With V the rows of U over the scales, C = I + V^T V is the matrix whose determinant
    and inverse are needed, [rank, rank].
    """

    def __init__(self, name, shape, rank, transform=positive):
        super().__init__(name, loc=shape, rho=shape, factor=[math.prod(shape), rank])
        self.transform = transform

    def parts(self):
        """The scales [n], V [n, rank], and the Cholesky factor of C."""
        scale = self.transform(self.rho).reshape(-1)
        v = self.factor / scale[:, None]
        capacitance = torch.eye(v.shape[1], dtype=v.dtype, device=v.device) + v.mT @ v
        return scale, v, torch.linalg.cholesky(capacitance)

    def marginals(self):
        """Mean and standard deviation of each entry."""
        shared = (self.factor**2).sum(1).reshape(self.loc.shape)
        return Drawn(self.loc, torch.sqrt(self.transform(self.rho) ** 2 + shared))

    def total_correlation(self):
        """KL(q || the product of its marginals)."""
        _, v, cholesky = self.parts()
        each = 0.5 * torch.log1p((v**2).sum(1))
        return each.sum() - torch.log(torch.diagonal(cholesky)).sum()

    def draw(self, noise):
        """A draw that all examples share."""
        n, rank = self.factor.shape
        noise = noise.normal(f"{self.name}.noise", [n + rank])
        epsilon = noise[:n].reshape(self.loc.shape)
        moved = (self.factor @ noise[n:]).reshape(self.loc.shape)
        return Whole(self.loc + (self.transform(self.rho) * epsilon + moved), noise)

    def pulled(self, noise):
        """The shortest noise that makes the same w, parted as the noise is."""
        _, v, cholesky = self.parts()
        n = v.shape[0]
        right = (v.mT @ noise[:n] - noise[n:])[:, None]
        q = torch.cholesky_solve(right, cholesky)[:, 0]
        return noise[:n] - v @ q, noise[n:] + q

    def log_density(self, draw):
        """ln q(w), the noise held."""
        scale, _, cholesky = self.parts()
        y, along = self.pulled(draw.noise)
        width = torch.log(scale).sum() + torch.log(torch.diagonal(cholesky)).sum()
        constant = 0.5 * math.log(2 * math.pi) * scale.numel()
        return -0.5 * (y**2).sum() - 0.5 * (along**2).sum() - width - constant

    def path_density(self, draw):
        """ln q(w) with its gradient through w alone."""
        score = -self.pulled(draw.noise)[0] / self.transform(self.rho).reshape(-1)
        return along_path(self.log_density(draw), score.reshape(self.loc.shape), draw.w)
