def reflect(x, pad):
    """x [B, ..., C] mirrored at its edges: for each axis how many cells before and after."""
    pad = [cells for sides in reversed(pad) for cells in sides]
    return F.pad(x.movedim(-1, 1), pad, mode="reflect").movedim(1, -1)
