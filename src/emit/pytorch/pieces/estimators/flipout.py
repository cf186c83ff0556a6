def flipout(function, x, kernel, name, noise, by=by_channels):
    """Flipout (Wen et al. 2018): one perturbation a minibatch, signs for each example and channel.

    Example b sees w_b = loc + (scale * epsilon) * (s_in s_out^T). `function` is linear in its
    weight, so that the signs can be put on its input, which `by` does, and its output.
    """
    y = function(x, kernel.loc)
    sign_in = noise.signs(f"{name}.sign_in", x.shape[0], kernel.loc.shape[-2])
    sign_out = noise.signs(f"{name}.sign_out", y.shape[0], y.shape[-1])
    perturbed = function(by(x, sign_in), kernel.scale * kernel.epsilon)
    return y + by_channels(perturbed, sign_out)


def flipout_in_groups(function, x, kernel, name, noise):
    """Flipout of a convolution in groups: weights for each example.

    The signs of the input go round the kernel's rows, which are all its axes but the last.
    """
    signs = noise.signs(f"{name}.sign_in", x.shape[0], x.shape[-1])
    rows = torch.arange(math.prod(kernel.loc.shape[:-1]), device=x.device) % x.shape[-1]
    sign_in = signs[:, rows].reshape(-1, *kernel.loc.shape[:-1], 1)
    sign_out = noise.signs(f"{name}.sign_out", x.shape[0], kernel.loc.shape[-1])
    perturbation = kernel.scale * kernel.epsilon

    def one(x, sign_in, sign_out):
        return function(x[None], perturbation * (sign_in * sign_out))[0]

    return function(x, kernel.loc) + torch.vmap(one)(x, sign_in, sign_out)
