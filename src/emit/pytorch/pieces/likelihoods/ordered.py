def between_ends(values, *numbers):
    """Numbers in ascending order, before them minus infinity and behind them infinity: [k]."""
    like = next(iter(values.values()))
    ends = [-math.inf, *numbers, math.inf]
    return torch.stack([torch.as_tensor(n, dtype=like.dtype, device=like.device) for n in ends])
