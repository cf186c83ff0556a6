def dot_product_attention(q, k, v, heads, causal=False, length=None):
    """Means of values [B, S, heads * E], weighted by how alike q and k are (Vaswani et al. 2017).

    Head h has the channels h * D to h * D + D - 1. No query sees keys at and after the length.
    """
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (q, k, v))
    seen = None
    if length is not None:
        steps = torch.arange(k.shape[2], device=k.device)
        seen = (steps < length.reshape(-1, 1))[:, None, None]
        if causal:
            seen = seen & (steps <= steps[:, None])
    y = F.scaled_dot_product_attention(q, k, v, seen, is_causal=causal and seen is None)
    return y.transpose(1, 2).flatten(2)
