def by_channels(values, factors):
    """Values [B, ..., C] times factors [B, C] of each example, or [1, C] of all."""
    positions = [1] * (values.dim() - 2)
    return values * factors.reshape(factors.shape[0], *positions, factors.shape[1])


def flipout_row(row, name, noise, batch):
    """A bias [C] as rows [B, C]: its perturbation with random signs for each example."""
    signs = noise.signs(f"{name}.sign_out", batch, row.loc.numel())
    return row.loc + row.scale * row.epsilon * signs.reshape(batch, *row.loc.shape)


def own_row(row, name, draws, batch):
    """A bias [C] as rows [B, C], one draw for each example; `draws` names the noise in full."""
    return row.loc + row.scale * draws(name, batch, row.loc.shape)
