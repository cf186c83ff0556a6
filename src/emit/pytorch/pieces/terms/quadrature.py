class Seen(NamedTuple):
    """A prior as the normal number z sees it of which w is made."""

    log_prob: object  # ln p(w), from w and the learned numbers of the prior
    # Where ln p(w) is not smooth, from these numbers: places, widths, and whether each is a kink.
    features: object
    growth: tuple = (0.0, 0.0)  # how fast -ln p grows, as powers of w, toward 0 and far out
    made: object = None  # w = z; "exp": w = exp(z); (low, high): w = low + (high - low) sigmoid(z)


# Rules: counts of Gauss-Hermite nodes and how wide features must be for each, in units of the
# posterior's scale. Where one is narrower, Gauss-Legendre on panels that shrink toward it.
HERMITE = [(8, 8.0), (16, 4.5), (32, 2.6)]

LEGENDRE = 12

# A panel's Bernstein ellipse has the parameter 2.5: (2.5 + 1 / 2.5) / 2.
ELLIPSE = 1.45

# Exponential growth that is followed; beyond, the integral is more than float64 holds.
FASTEST = 23.0


def kl_by_quadrature(loc, scale, learned, prior):
    """KL(Normal(loc, scale) || prior), summed over the entries, near exact and without noise."""
    learned = torch.stack(learned) if learned else loc.new_zeros(0)
    expected = normal_quadrature(loc, scale, learned, prior)[0]
    return -expected - torch.log(scale).sum() - 0.5 * math.log(2 * math.pi * math.e) * scale.numel()


def expected_log_prior(
    loc: torch.Tensor, scale: torch.Tensor, learned: torch.Tensor, prior: str
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """The sum of E ln p, and its derivatives by loc, scale and the learned numbers.

    Which nodes an entry has depends on its loc and scale, so that this is an operator that
    torch.compile does not look into. Within an operator autograd is off; a thread of its own has it
    on.
    """
    with ThreadPoolExecutor(1) as thread:
        wide = (loc.double().reshape(-1), scale.double().reshape(-1), learned.double())
        found = thread.submit(integrate, QUADRATURES[prior], *wide).result()
    value, by_loc, by_scale, by_learned = (part.to(loc) for part in found)
    return value, by_loc.reshape(loc.shape), by_scale.reshape(loc.shape), by_learned


def integrate(prior, loc, scale, learned):
    """`expected_log_prior` of entries [n] in float64."""
    # Features as each entry sees them: (places [n], widths [n], kink).
    features = carried(prior, learned.tolist())
    seen = [((at - loc) / scale, width / scale, kink) for at, width, kink in features]
    rates = [rate * scale for rate in growth(prior)]
    fastest = torch.maximum(*rates)
    width = 8.0 / fastest
    for at, wide, _ in seen:
        width = torch.where(torch.hypot(at, wide) < 8, torch.minimum(width, wide), width)
    sums = torch.zeros(6, len(loc), dtype=loc.dtype, device=loc.device)
    by_learned = torch.zeros_like(learned)

    def add(chosen, z, weights, parts):
        """The sums over nodes z [m, k] of the chosen entries [m]."""
        found, by = moments(prior, loc[chosen], scale[chosen], learned, z, weights, parts)
        sums.index_add_(1, chosen, found)
        by_learned.add_(by)

    too_steep = fastest > FASTEST
    left = ~too_steep
    for count, needed in HERMITE:
        chosen = (left & (width >= needed)).nonzero()[:, 0]
        left = left & (width < needed)
        if chosen.numel() > 0:
            rule = np.polynomial.hermite_e.hermegauss(count)
            nodes, weights = (torch.from_numpy(x).to(loc) for x in rule)
            weights = weights / math.sqrt(2 * math.pi)
            for part in chosen.split(1 << 16):
                add(part, nodes.expand(len(part), -1), weights.expand(len(part), -1), None)
    for part in left.nonzero()[:, 0].split(1 << 14):
        panels(part, seen, rates, add)
    value, by_loc, by_scale, mass, first, second = sums
    # Where derivatives are taken of the density: E[z (f - E f)] / scale and E[z^2 (f - E f)] /
    # scale.
    mean = value / mass.where(mass > 0, math.inf) / scale
    by_loc, by_scale = by_loc - first * mean, by_scale - second * mean
    most = torch.finfo(loc.dtype).max
    value = torch.where(too_steep, -math.inf, value)
    side = (rates[0] > FASTEST).to(loc) - (rates[1] > FASTEST).to(loc)
    by_loc = torch.where(too_steep, side * most, by_loc)
    by_scale = torch.where(too_steep, -most, by_scale)
    return value.sum(), by_loc, by_scale, by_learned


def panels(chosen, seen, rates, add):
    """Gauss-Legendre for chosen entries [m], on panels whose ellipses leave all features out."""
    seen = [(at[chosen], wide[chosen], kink) for at, wide, kink in seen]
    rates = [rate[chosen] for rate in rates]
    longest = torch.clamp(12 / torch.clamp(torch.maximum(*rates), max=FASTEST), max=3.5)
    left, right = (7 + torch.clamp(rate, max=FASTEST) for rate in rates)
    start = -left
    # Where ln p itself is singular, the score has no integral: derivatives are taken of the
    # density.
    parts = torch.zeros_like(start, dtype=torch.bool)
    for at, wide, kink in seen:
        parts = parts | ((wide == 0) & (at.abs() < 8) & (not kink))
    rule = np.polynomial.legendre.leggauss(LEGENDRE)
    nodes, weights = (torch.from_numpy(x).to(start) for x in rule)
    for _ in range(20_000):
        length = longest
        for at, wide, kink in seen:
            ahead = at - start
            if kink:
                length = torch.where(ahead > 1e-12, torch.minimum(length, ahead), length)
            else:
                distance = torch.hypot(ahead, torch.clamp(wide, min=1e-9))
                length = torch.minimum(length, 2 * (ELLIPSE * distance - ahead) / (ELLIPSE**2 - 1))
        end = torch.minimum(right, start + torch.clamp(length, min=1e-12))
        middle, half = 0.5 * (start + end)[:, None], 0.5 * (end - start)[:, None]
        z = middle + half * nodes
        add(chosen, z, half * weights * torch.exp(-0.5 * z**2 - 0.5 * math.log(2 * math.pi)), parts)
        more = (end < right).nonzero()[:, 0]
        if more.numel() == 0:
            return
        chosen, start, right = chosen[more], end[more], right[more]
        longest, parts = longest[more], parts[more]
        seen = [(at[more], wide[more], kink) for at, wide, kink in seen]


def moments(prior, loc, scale, learned, z, weights, parts):
    """Sums over nodes z [m, k]: of ln p and its derivatives by loc, scale and `learned`.

    For entries where `parts` holds, z ln p / scale and z^2 ln p / scale stand for the derivatives.
    The last three of the sums [6, m] are theirs alone: those of 1, z and z^2.
    """
    with torch.enable_grad():
        point = (loc[:, None] + scale[:, None] * z).requires_grad_()
        numbers = learned.clone().requires_grad_()
        log_prob = seen_log_prob(prior, point, numbers)
        total = (weights * log_prob).sum()
        score, by = torch.autograd.grad(total, [point, numbers], allow_unused=True)
    value = weights * log_prob.detach()
    none = torch.zeros_like(loc)
    sums = [value.sum(1), score.sum(1), (z * score).sum(1), none, none, none]
    if parts is not None and parts.any():
        f = value / scale[:, None]
        powers = [weights.sum(1), (z * weights).sum(1), (z**2 * weights).sum(1)]
        of_density = [sums[0], (z * f).sum(1), (z**2 * f).sum(1), *powers]
        sums = [torch.where(parts, a, b) for a, b in zip(of_density, sums)]
    return torch.stack(sums), torch.zeros_like(learned) if by is None else by


def seen_log_prob(prior, z, learned):
    """ln of the density that z has, kept finite."""
    most = torch.finfo(z.dtype).max
    if prior.made is None:
        return prior.log_prob(z, learned)
    if prior.made == "exp":
        return torch.clamp(prior.log_prob(positive_exp(z), learned) + z, -most, most)
    low, high = prior.made
    share = (high - low) * torch.sigmoid(-z.abs())
    w = torch.where(z < 0, low + share, high - share)
    slope = math.log(high - low) - softplus(z) - softplus(-z)
    return torch.clamp(prior.log_prob(w, learned) + slope, -most, most)


def placed(features, loc, scale):
    """Features of loc 0 and scale 1, moved and stretched."""
    return [(loc + scale * at, scale * width, kink) for at, width, kink in features]


def carried(prior, learned):
    """A prior's features where z sees them."""
    features = prior.features(learned)
    if prior.made is None:
        return features

    def logarithm(at, width):
        size = math.hypot(at, width)
        return (math.log(size) if size > 0 else -math.inf), math.atan2(width, at)

    found = []
    for at, width, kink in features:
        if prior.made == "exp":
            at, width = logarithm(at, width)
        else:
            low, high = prior.made
            below = logarithm((at - low) / (high - low), width / (high - low))
            above = logarithm((high - at) / (high - low), width / (high - low))
            at, width = below[0] - above[0], abs(below[1] + above[1])
        if math.isfinite(at) and (width == 0 or not kink):
            found.append((at, width, kink))
    # The poles of the logistic function.
    return found if prior.made == "exp" else [*found, (0.0, math.pi, False)]


def growth(prior):
    """The rates at which -ln p grows exponentially in z, to the left and to the right."""
    if prior.made is None:
        return 0.0, 0.0
    if prior.made == "exp":
        return prior.growth
    return tuple(prior.growth[0] if end == 0 else 0.0 for end in prior.made)


def quadrature_shapes(loc, scale, learned, prior):
    """What the operator returns, without its numbers."""
    by_entries = [torch.empty_like(loc), torch.empty_like(loc)]
    return loc.new_empty(()), *by_entries, torch.empty_like(learned)


def keep_derivatives(ctx, inputs, output):
    """What the way back needs."""
    ctx.save_for_backward(*output[1:])


def scale_derivatives(ctx, by_value, *_):
    """The derivatives times that by the value."""
    return *(by_value * derivative for derivative in ctx.saved_tensors), None


normal_quadrature = torch.library.custom_op(
    "bnnc::normal_quadrature", expected_log_prior, mutates_args=()
)
normal_quadrature.register_fake(quadrature_shapes)
normal_quadrature.register_autograd(scale_derivatives, setup_context=keep_derivatives)
