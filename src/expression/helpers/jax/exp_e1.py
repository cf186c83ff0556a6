def exp_e1(x):
    """exp(x) E1(x), x >= 0, of the exponential integral E1.

    Below 3 by the power series of E1, from there on by its continued fraction (Abramowitz and
    Stegun, 5.1.11 and 5.1.22).
    """
    x = jnp.maximum(x, 2 * jnp.finfo(jnp.result_type(float)).tiny)
    low, high = jnp.minimum(x, 3.0), jnp.maximum(x, 3.0)
    total = -0.5772156649015329 - jnp.log(low)
    term = jnp.ones_like(low)
    for k in range(1, 31):
        term = term * (-low / k)
        total = total - term / k
    below = high + 89.0
    for k in range(44, 1, -1):
        below = high + (2 * k - 1) - k * k / below
    return jnp.where(x < 3.0, jnp.exp(low) * total, 1 / (high + 1 - 1 / below))
