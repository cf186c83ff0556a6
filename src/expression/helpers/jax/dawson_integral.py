def dawson_integral(x):
    """The integral of Dawson's function from 0 to x, x >= 0.

    Below 8 by Rybicki's sum of exponentials, whose integrals are error functions (Press et al.,
    Numerical Recipes, 6.10), from there on by the asymptotic series.
    """
    low, high = jnp.minimum(x, 8.0), jnp.maximum(x, 8.0)
    area = jnp.zeros_like(low)
    for n in range(1, 60, 2):
        at = n / 4
        ends = jax.scipy.special.erf(low - at) - jax.scipy.special.erf(low + at)
        area = area + (ends + 2 * math.erf(at)) / (2 * n)
    far = jnp.log(high) + math.log(2) + 0.5 * 0.5772156649015329
    term = jnp.ones_like(high)
    for n in range(1, 18):
        term = term * ((n - 0.5) / high**2)
        far = far - term / (2 * n)
    return jnp.where(x < 8.0, area, far / 2)
