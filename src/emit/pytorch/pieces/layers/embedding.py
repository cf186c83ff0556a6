def embedding(x, w):
    """Rows of w [V, units] for tokens [B, T]: v + 1 is row v, -(v + 1) less row v, 0 zeros."""
    return w[token_rows(x)] * x.sign()[..., None]


def token_rows(x):
    """The row of each token; some row of padding."""
    return (x.abs().long() - 1).clamp(min=0)


def by_tokens(x, factors):
    """Tokens [B, T] times factors [B or 1, V]: signs, or 0 for tokens that are left out."""
    return x * factors.expand(x.shape[0], -1).gather(1, token_rows(x))
