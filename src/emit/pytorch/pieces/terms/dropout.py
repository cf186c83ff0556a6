def dropout_surrogate(w, keep, loc, scale):
    """What stands in for dropout's KL (Gal and Ghahramani 2016, appendix, proposition 1)."""
    return 0.5 * keep / scale**2 * ((w - loc) ** 2).sum()
