def local_reparameterization(function, x, kernel, noise, name, square=torch.square):
    """Local reparameterization (Kingma et al. 2015): draws y in place of the weights.

    y ~ Normal(x loc, x^2 scale^2), on its own for each example and output.
    """
    mean = function(x, kernel.loc)
    variance = function(square(x), kernel.scale**2)
    return mean + root(variance) * noise.example_normal(name, mean.shape[0], mean.shape[1:])


def root(variance):
    """The square root, with the gradient 0 where it is 0: what has no variance is certain."""
    some = variance > 0
    return torch.where(some, torch.sqrt(torch.where(some, variance, 1.0)), 0.0)
