def softplus(x):
    """ln(1 + exp(x)). F.softplus returns x itself above 20, which is not it."""
    return torch.logaddexp(x, torch.zeros((), dtype=x.dtype, device=x.device))
