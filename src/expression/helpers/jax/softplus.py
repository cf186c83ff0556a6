def softplus(x):
    """ln(1 + exp(x))."""
    return jnp.logaddexp(x, 0.0)
