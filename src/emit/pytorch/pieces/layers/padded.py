def padded(x, pad, value=0.0):
    """x [B, ..., C] with cells of this value around it: how many before and after each axis."""
    return F.pad(x, [0, 0, *[cells for sides in reversed(pad) for cells in sides]], value=value)
