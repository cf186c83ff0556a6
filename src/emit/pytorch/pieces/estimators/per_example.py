def per_example(function, x, kernel, name, draws):
    """A draw of the weights for each example: w_b = loc + scale * epsilon_b."""
    epsilon = draws(name, x.shape[0], kernel.loc.shape)

    def one(x, epsilon):
        return function(x[None], kernel.loc + kernel.scale * epsilon)[0]

    return torch.vmap(one)(x, epsilon)
