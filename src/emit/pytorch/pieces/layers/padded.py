def padded(x, pad, value=0.0):
    """x [B, ..., C] with cells of this value around it: for each axis of `pad` how many before and after."""
    return F.pad(x, [0, 0, *[cells for sides in reversed(pad) for cells in sides]], value=value)
