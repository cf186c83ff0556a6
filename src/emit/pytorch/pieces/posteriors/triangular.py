def triangular(diagonal, lower):
    """The lower triangular matrix of a diagonal [n], and of what is below it, row by row."""
    n = diagonal.shape[0]
    matrix = torch.diag(diagonal)
    if lower is None:
        return matrix
    rows, columns = torch.tril_indices(n, n, -1, device=diagonal.device)
    return matrix.index_put((rows, columns), lower)


def row_lengths(matrix):
    """The length of each row."""
    return torch.sqrt((matrix**2).sum(1))


def excess(matrix):
    """The logarithms of a triangular matrix's row lengths, summed, minus ln det: never below 0."""
    below = torch.tril(matrix, -1)
    diagonal = torch.diagonal(matrix)
    return 0.5 * torch.log1p((below**2).sum(1) / diagonal**2).sum()


def log_standard_normal(noise):
    """The logarithm of the density of standard normal noise."""
    return -0.5 * (noise**2).sum() - 0.5 * math.log(2 * math.pi) * noise.numel()


class FullRank(Variables):
    """One normal over all entries, w = loc + L epsilon, L lower triangular.

    Titsias and Lazaro-Gredilla (2014), "Doubly stochastic variational Bayes".
    """

    def __init__(self, name, shape, transform=positive):
        n = math.prod(shape)
        below = {"lower": [n * (n - 1) // 2]} if n > 1 else {}
        super().__init__(name, loc=shape, rho=shape, **below)
        self.transform = transform

    def factor(self):
        """L."""
        return triangular(self.transform(self.rho).reshape(-1), getattr(self, "lower", None))

    def marginals(self):
        """Mean and standard deviation of each entry."""
        return Drawn(self.loc, row_lengths(self.factor()).reshape(self.loc.shape))

    def total_correlation(self):
        """KL(q || the product of its marginals)."""
        return excess(self.factor())

    def draw(self, noise):
        """A draw that all examples share."""
        epsilon = noise.normal(f"{self.name}.noise", self.loc.shape)
        moved = (self.factor() @ epsilon.reshape(-1)).reshape(self.loc.shape)
        return Whole(self.loc + moved, epsilon)

    def log_density(self, draw):
        """ln q(w), the noise held."""
        return log_standard_normal(draw.noise) - torch.log(self.transform(self.rho)).sum()

    def path_density(self, draw):
        """ln q(w) with its gradient through w alone."""
        pulled = -draw.noise.reshape(-1, 1)
        score = torch.linalg.solve_triangular(self.factor().mT, pulled, upper=True)
        return along_path(self.log_density(draw), score.reshape(self.loc.shape), draw.w)


class MatrixNormal(Variables):
    """W = loc + F E G^T over a matrix [r, c], rows all axes but the last; F and G lower triangular.

    Louizos and Welling (2016), with full covariances of the rows and of the columns.
    """

    def __init__(self, name, shape, transform=positive):
        columns = shape[-1] if shape else 1
        rows = math.prod(shape[:-1])
        shapes = {"row_rho": rows, "row_lower": rows * (rows - 1) // 2}
        shapes |= {"column_rho": columns, "column_lower": columns * (columns - 1) // 2}
        super().__init__(name, loc=shape, **{k: [n] for k, n in shapes.items() if n > 0})
        self.transform = transform

    def factors(self):
        """F [r, r] and G [c, c]."""
        row = triangular(self.transform(self.row_rho), getattr(self, "row_lower", None))
        column = triangular(self.transform(self.column_rho), getattr(self, "column_lower", None))
        return row, column

    def marginals(self):
        """Mean and standard deviation of each entry."""
        row, column = (row_lengths(factor) for factor in self.factors())
        return Drawn(self.loc, torch.outer(row, column).reshape(self.loc.shape))

    def total_correlation(self):
        """KL(q || the product of its marginals)."""
        row, column = self.factors()
        return column.shape[0] * excess(row) + row.shape[0] * excess(column)

    def draw(self, noise):
        """A draw that all examples share."""
        row, column = self.factors()
        epsilon = noise.normal(f"{self.name}.noise", [row.shape[0], column.shape[0]])
        return Whole(self.loc + (row @ epsilon @ column.mT).reshape(self.loc.shape), epsilon)

    def log_density(self, draw):
        """ln q(w), the noise held."""
        rows, columns = draw.noise.shape
        row = torch.log(self.transform(self.row_rho)).sum()
        column = torch.log(self.transform(self.column_rho)).sum()
        return log_standard_normal(draw.noise) - columns * row - rows * column

    def path_density(self, draw):
        """ln q(w) with its gradient through w alone."""
        row, column = self.factors()
        half = torch.linalg.solve_triangular(row.mT, -draw.noise, upper=True)
        score = torch.linalg.solve_triangular(column.mT, half.mT, upper=True).mT
        return along_path(self.log_density(draw), score.reshape(self.loc.shape), draw.w)
