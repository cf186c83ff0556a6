def dropout(x, rate, name, noise):
    """Each entry of x is 0 with probability `rate`, others are larger (Srivastava et al. 2014)."""
    return x * (noise.example_keep(name, rate, x.shape[0], x.shape[1:]) / (1.0 - rate))


def spatial_dropout(x, rate, name, noise):
    """Each channel of x is 0 with probability `rate`, others are larger (Tompson et al. 2015)."""
    kept = noise.example_keep(name, rate, x.shape[0], x.shape[-1:]) / (1.0 - rate)
    return x * kept.reshape(x.shape[0], *[1] * (x.dim() - 2), x.shape[-1])
