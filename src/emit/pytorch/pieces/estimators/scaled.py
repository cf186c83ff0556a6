def masked(function, x, kernel, mask, by=by_channels):
    """Dropout: the weights of input channels that the mask [B or 1, C_in] leaves out are 0."""
    return function(by(x, mask), kernel.w)


def scaled(function, x, kernel, r, s):
    """Factors (Dusenberry et al. 2020, eq. 2): r [B or 1, C_in] of inputs, s of outputs."""
    return by_channels(function(by_channels(x, r), kernel.w), s)
