def normal_nll(loc, scale, y):
    """-ln N(y; loc, scale^2) of each entry."""
    return (y - loc) ** 2 / (2 * scale**2) + math.log(scale) + 0.5 * math.log(2 * math.pi)
