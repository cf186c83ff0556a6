class ExpE1(torch.autograd.Function):
    """exp(x) E1(x), x >= 0, of the exponential integral E1, worked out in float64.

    Below 3 by the power series of E1, from there on by its continued fraction (Abramowitz and
    Stegun, 5.1.11 and 5.1.22) for c in exp(x) E1(x) = 1 / (x + c).
    """

    @staticmethod
    def forward(ctx, x):
        wide = x.detach().double().clamp(min=2 * torch.finfo(torch.float64).tiny)
        low, high = wide.clamp(max=3.0), wide.clamp(min=3.0)
        total = -0.5772156649015329 - torch.log(low)
        term = torch.ones_like(low)
        for k in range(1, 31):
            term = term * (-low / k)
            total = total - term / k
        series = torch.exp(low) * total
        below = high + 89.0
        for k in range(44, 1, -1):
            below = high + (2 * k - 1) - k * k / below
        c = torch.where(wide < 3.0, 1 / series - low, 1 - 1 / below)
        ctx.save_for_backward(wide, c)
        return (1 / (wide + c)).to(x.dtype)

    @staticmethod
    def backward(ctx, gradient):
        x, c = ctx.saved_tensors
        return (gradient * (-c / (x * (x + c)))).to(gradient.dtype)


def exp_e1(x):
    """exp(x) E1(x), x >= 0, of the exponential integral E1."""
    return ExpE1.apply(x)
