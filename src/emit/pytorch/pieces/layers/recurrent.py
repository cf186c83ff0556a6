def diagonal(x, units):
    """Ones on the diagonal, [B, units, units]: products with them are each example's weights."""
    return torch.eye(units, device=x.device, dtype=x.dtype).expand(x.shape[0], units, units)


def recurrence(cell, x, weights, bias=0.0, length=None, backward=False, last=False):
    """A state along the steps of x [B, T, gates * units], multiplied with `weights` at each.

    `weights` [units, gates * units], or with an axis B before, have one draw for all steps. From
    `length` [B, 1] on steps are padding: the state stays, and the output is 0 there.
    """
    state = x.new_zeros(x.shape[0], weights.shape[-2])
    memory, outputs = torch.zeros_like(state), []
    steps = range(x.shape[1])
    for step in reversed(steps) if backward else steps:
        product = state @ weights if weights.dim() == 2 else (state[:, None] @ weights)[:, 0]
        new, new_memory = cell(x[:, step], product, bias, state, memory)
        if length is None:
            state, memory = new, new_memory
        else:
            there = step < length
            state, memory = torch.where(there, new, state), torch.where(there, new_memory, memory)
            new = torch.where(there, new, 0.0)
        outputs.append(new)
    return state if last else torch.stack(outputs[::-1] if backward else outputs, 1)


def lstm_cell(x, product, bias, state, memory, forget_bias=1.0):
    """Long short-term memory (Hochreiter and Schmidhuber 1997): gates i, f, g, o."""
    i, f, g, o = (x + product).chunk(4, -1)
    memory = torch.sigmoid(f + forget_bias) * memory + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(memory), memory


def gru_cell(x, product, bias, state, memory):
    """Gated recurrent units (Cho et al. 2014), reset after the product: gates z, r, n."""
    (z, r, n), (p, q, s) = x.chunk(3, -1), product.chunk(3, -1)
    z, r = torch.sigmoid(z + p), torch.sigmoid(r + q)
    return torch.lerp(torch.tanh(n + r * (s + bias)), state, z), memory


def rnn_cell(x, product, bias, state, memory):
    """A plain recurrent layer (Elman 1990)."""
    return torch.tanh(x + product), memory
