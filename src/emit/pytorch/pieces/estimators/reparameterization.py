def reparameterized(function, x, kernel):
    """One draw for all examples: w = loc + scale * epsilon (Kingma and Welling 2014).

    Factors in bfloat16 have eight bits, in which the small scale * epsilon would be lost beside
    loc: then each has a product of its own.
    """
    if torch.is_autocast_enabled(x.device.type):
        return function(x, kernel.loc) + function(x, kernel.scale * kernel.epsilon)
    return function(x, kernel.w)
