def mask_padding(x, length):
    """x [B, T, ...] with zeros from each example's length on; length [B, 1]."""
    there = torch.arange(x.shape[1], device=x.device) < length
    return torch.where(there.reshape(*there.shape, *[1] * (x.dim() - 2)), x, 0.0)
