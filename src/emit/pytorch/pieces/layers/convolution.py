def matmul(x, w):
    """x [B, ..., in] times w [in, out]: in x's type, whatever the factors are rounded to."""
    return torch.matmul(x, w).to(x.dtype)


def conv(x, w, stride=1, padding=0, pad=None, dilation=1, groups=1):
    """A convolution of x [B, ..., C] with w [..., C / groups, F].

    Channels are last: PyTorch gets views with channels first, which are in its memory format
    channels_last. Where the zeros before and after x differ, `pad` has them for each axis.
    """
    function = (F.conv1d, F.conv2d, F.conv3d)[x.dim() - 3]
    if pad is not None:
        x = padded(x, pad)
    x, w = x.movedim(-1, 1), w.movedim((-1, -2), (0, 1)).contiguous()
    return function(x, w, None, stride, padding, dilation, groups).movedim(1, -1).to(x.dtype)


def conv_transpose(x, w, stride=1, padding=0, output_padding=0, pad=None, dilation=1):
    """A transposed convolution of x [B, ..., C] with w [..., C, F].

    `pad` has the cells that are added before and after the output along each axis; those below 0
    are cut off.
    """
    function = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[x.dim() - 3]
    x, w = x.movedim(-1, 1), w.movedim((-2, -1), (0, 1)).contiguous()
    y = function(x, w, None, stride, padding, output_padding, 1, dilation)
    y = y.movedim(1, -1).to(x.dtype)
    return y if pad is None else padded(y, pad)
