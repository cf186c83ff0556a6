def softplus(x):
    """ln(1 + exp(x)). Above its threshold `F.softplus` returns x: the same number from 50 on."""
    return F.softplus(x, threshold=50.0)
