def per_example(function, x, kernel, name, draws):
    """A draw of the weights for each example: w_b = loc + scale * epsilon_b."""
    epsilon = draws(name, x.shape[0], kernel.loc.shape)

    def one(x, epsilon):
        return function(x[None], kernel.scale * epsilon)[0]

    return function(x, kernel.loc) + torch.vmap(one)(x, epsilon)
