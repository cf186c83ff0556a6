def kl_normal_normal(draw, loc, scale):
    """KL(N(m, s^2) || N(loc, scale^2)), summed over the entries."""
    m, s = draw.loc, draw.scale
    return (torch.log(scale / s) + (s**2 + (m - loc) ** 2) / (2 * scale**2) - 0.5).sum()
