def max_pool(x, size, stride, padding=0, pad=None):
    """The largest number of each window of x [B, ..., C], by channel; padding never is."""
    function = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[x.dim() - 3]
    if pad is not None:
        x = padded(x, pad, -math.inf)
    return function(x.movedim(-1, 1), size, stride, padding).movedim(1, -1)


def avg_pool(x, size, stride, pad=None):
    """The mean of each window of x [B, ..., C], channel by channel; padding is not counted."""
    function = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[x.dim() - 3]
    if pad is None:
        return function(x.movedim(-1, 1), size, stride).movedim(1, -1)
    inside = padded(torch.ones_like(x[:1, ..., :1]), pad)
    x, inside = (function(value.movedim(-1, 1), size, stride) for value in (padded(x, pad), inside))
    return (x / inside).movedim(1, -1)


def global_max_pool(x):
    """The largest number of each channel of x [B, ..., C]: [B, C]."""
    return x.flatten(1, -2).max(1).values
