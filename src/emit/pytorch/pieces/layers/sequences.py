def mask_padding(x, length):
    """x [B, T, ...] with zeros from each example's length on; length [B, 1]."""
    there = torch.arange(x.shape[1], device=x.device) < length
    return torch.where(there.reshape(*there.shape, *[1] * (x.dim() - 2)), x, 0.0)


def padded_avg(x, length):
    """The mean of each channel of x [B, T, C] over the steps before its example's length."""
    return mask_padding(x, length).sum(1) / length


def padded_max(x, length):
    """The largest number of each channel over the steps before each example's length."""
    there = torch.arange(x.shape[1], device=x.device) < length
    return torch.where(there[..., None], x, -torch.inf).amax(1)
