def sinusoidal_positions(x):
    """Sines and cosines of each step (Vaswani et al. 2017, section 3.5) for values [B, T, C]."""
    steps = torch.arange(x.shape[1], dtype=torch.float64, device=x.device)
    channels = torch.arange(x.shape[2], dtype=torch.float64, device=x.device)
    rates = 10000.0 ** (-2.0 * (channels // 2) / x.shape[2])
    angles = steps[:, None] * rates
    return torch.where(channels % 2 == 0, angles.sin(), angles.cos()).to(x.dtype)
