def log_normal(w, loc, scale):
    """ln Normal(w), of each entry."""
    return -((w - loc) ** 2) / (2 * scale**2) - math.log(scale) - 0.5 * math.log(2 * math.pi)


# The random draws of a step. Philox's key of each is made of the seed, the step and these: its
# parameter's number, its use, and how far apart the uses of further samples of the weights are.
STREAMS = {}


class Model(nn.Module):
    """The model `uci_methods`. What it returns is its loss.

    Everything that has a gradient is worked out inside `forward`, the terms of the weights too: so
    DDP, FSDP2 and torch.compile see every variable used. Values have a batch axis first and
    channels last.
    """

    def __init__(self):
        super().__init__()
        # Whether the factors of products are rounded to bfloat16, and nothing else.
        self.bfloat16_products = False
        # noise ~ Normal(-1, 1): Delta
        self.noise_ = Point("noise", [])
        # dense_1.kernel ~ Normal(0, sqrt(2 / fan_in)): Delta
        self.dense_1_kernel = Point("dense_1.kernel", [8, 50])
        # dense_1.bias ~ Normal(0, sqrt(2 / fan_in)): Delta
        self.dense_1_bias = Point("dense_1.bias", [50])
        # f.kernel ~ Normal(0, sqrt(2 / fan_in)): Delta
        self.f_kernel = Point("f.kernel", [50, 1])
        # f.bias ~ Normal(0, sqrt(2 / fan_in)): Delta
        self.f_bias = Point("f.bias", [1])

    def draw(self, noise):
        """One draw of every parameter, which all of its uses share."""
        return {
            "noise": Known(self.noise_.loc),
            "dense_1.kernel": Known(self.dense_1_kernel.loc),
            "dense_1.bias": Known(self.dense_1_bias.loc),
            "f.kernel": Known(self.f_kernel.loc),
            "f.bias": Known(self.f_bias.loc),
        }

    def network(self, x, draw, noise):
        """The values that the likelihood takes, of inputs x: [B, 8]."""
        dense_1 = matmul(x, draw["dense_1.kernel"].w)  # [B, 50]
        dense_1 = dense_1 + draw["dense_1.bias"].w
        relu_1 = torch.relu(dense_1)
        f = matmul(relu_1, draw["f.kernel"].w)  # [B, 1]
        f = f + draw["f.bias"].w
        return {"f": f}

    def nll(self, values, draw, targets):
        """-log p(target | network), summed over the examples at hand."""
        # y ~ Normal(loc = f, scale = exp(noise))
        y = targets[0]
        loc = values["f"]
        scale = torch.exp(draw["noise"].w)
        nll = (y - loc) ** 2 / (2 * scale**2) + torch.log(scale) + 0.5 * math.log(2 * math.pi)
        return {"nll": nll.sum()}

    def fits(self, values, draw, targets):
        """Of each target: how many labels are right, or its entries' squared errors, scaled."""
        y = targets[0]
        loc = values["f"]
        mean = loc
        fit_0 = (mean - y).square().sum(0)
        return [fit_0]

    def terms(self, draw):
        """What the loss has of the weights, each term unscaled."""
        terms = {}
        # penalty -log p, no KL, x 1/N: the log posterior holds log p(w) once per data set, so each
        # example carries its share of it
        terms["neg_log_prior(noise)"] = -log_normal(draw["noise"].w, -1.0, 1.0).sum()
        terms["neg_log_prior(dense_1.kernel)"] = -log_normal(
            draw["dense_1.kernel"].w, 0.0, 0.5
        ).sum()
        terms["neg_log_prior(dense_1.bias)"] = -log_normal(draw["dense_1.bias"].w, 0.0, 0.5).sum()
        terms["neg_log_prior(f.kernel)"] = -log_normal(draw["f.kernel"].w, 0.0, 0.2).sum()
        terms["neg_log_prior(f.bias)"] = -log_normal(draw["f.bias"].w, 0.0, 0.2).sum()
        return terms

    def forward(self, x, targets, noise, scale):
        """The loss of a minibatch; its terms, unscaled; how well it is predicted.

        `targets` has an array for each target, `scale` a number for each term. Of several samples
        of the weights the last one predicts.
        """
        draw = self.draw(noise)
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.bfloat16_products):
            values = self.network(x, draw, noise)
        terms = {**self.nll(values, draw, targets), **self.terms(draw)}
        loss = sum(scale[name] * value for name, value in terms.items())
        with torch.no_grad():
            fits = self.fits(values, draw, targets)
        return loss, {name: value.detach() for name, value in terms.items()}, fits


def scales(at):
    """What each term of the loss is multiplied with at this position of a run."""
    return {
        # 1/B: a minibatch mean is an unbiased estimate of the mean over all N examples
        "nll": at.processes / at.batch,
        # 1/N: the log posterior holds log p(w) once per data set, so each example carries its share
        # of it
        "neg_log_prior(noise)": 1 / at.training_examples,
        "neg_log_prior(dense_1.kernel)": 1 / at.training_examples,
        "neg_log_prior(dense_1.bias)": 1 / at.training_examples,
        "neg_log_prior(f.kernel)": 1 / at.training_examples,
        "neg_log_prior(f.bias)": 1 / at.training_examples,
    }


# How each variable starts; `initialize` draws the numbers that bnnc draws for a seed.
START = {
    "noise.loc": (Start.constant, -1.0),
    "dense_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "dense_1.bias.loc": (Start.normal, 0.0, 0.1),
    "f.kernel.loc": (Start.normal, 0.0, 0.1),
    "f.bias.loc": (Start.normal, 0.0, 0.1),
}
