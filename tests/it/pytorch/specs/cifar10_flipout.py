def kl_normal_normal(m, s, loc, scale):
    """KL(Normal(m, s) || Normal(loc, scale)), of each entry."""
    return torch.log(scale / s) + (s**2 + (m - loc) ** 2) / (2 * scale**2) - 0.5


# The random draws of a step. Philox's key of each is made of the seed, the step and these: its
# parameter's number, its use, and how far apart the uses of further samples of the weights are.
STREAMS = {
    "conv1.kernel.noise": (0, 0, 8),
    "conv1.kernel.sign_in": (0, 1, 8),
    "conv1.kernel.sign_out": (0, 2, 8),
    "logits.kernel.noise": (2, 0, 8),
    "logits.kernel.sign_in": (2, 1, 8),
    "logits.kernel.sign_out": (2, 2, 8),
}


class Model(nn.Module):
    """The model `cifar10_flipout`. What it returns is its loss.

    Everything that has a gradient is worked out inside `forward`, the terms of the weights too: so
    DDP, FSDP2 and torch.compile see every variable used. Values have a batch axis first and
    channels last.
    """

    def __init__(self):
        super().__init__()
        # Whether the factors of products are rounded to bfloat16, and nothing else.
        self.bfloat16_products = False
        # conv1.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale = Softplus(Normal(-3,
        # 0.1))), flipout
        self.conv1_kernel = MeanField("conv1.kernel", [5, 5, 3, 64])
        # conv1.bias: deterministic
        self.conv1_bias = Point("conv1.bias", [64])
        # logits.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale = Softplus(Normal(-3,
        # 0.1))), flipout
        self.logits_kernel = MeanField("logits.kernel", [16384, 10])
        # logits.bias: deterministic
        self.logits_bias = Point("logits.bias", [10])

    def draw(self, noise):
        """One draw of every parameter, which all of its uses share."""
        return {
            "conv1.kernel": self.conv1_kernel.draw(noise),
            "conv1.bias": Known(self.conv1_bias.loc),
            "logits.kernel": self.logits_kernel.draw(noise),
            "logits.bias": Known(self.logits_bias.loc),
        }

    def network(self, x, draw, noise):
        """The values that the likelihood takes, of inputs x: [B, 32, 32, 3]."""
        conv1 = flipout(partial(conv, padding=2), x, draw["conv1.kernel"], "conv1.kernel", noise)
        conv1 = conv1 + draw["conv1.bias"].w
        relu_1 = torch.relu(conv1)
        max_pool2d_1 = max_pool(relu_1, 2, 2)  # [B, 16, 16, 64]
        flatten_1 = max_pool2d_1.flatten(1)  # [B, 16384]
        logits = flipout(matmul, flatten_1, draw["logits.kernel"], "logits.kernel", noise)
        logits = logits + draw["logits.bias"].w
        return {"logits": logits}

    def nll(self, values, draw, targets):
        """-log p(target | network), summed over the examples at hand."""
        # label ~ Categorical(logits = logits)
        y = targets[0]
        logits = values["logits"]
        nll = torch.logsumexp(logits, -1) - logits.gather(-1, y.unsqueeze(-1)).squeeze(-1)
        return {"nll": nll.sum()}

    def fits(self, values, draw, targets):
        """Of each target: how many labels are right, or its entries' squared errors, scaled."""
        y = targets[0]
        logits = values["logits"]
        fit_0 = (logits.argmax(-1) == y).sum()
        return [fit_0]

    def terms(self, draw):
        """What the loss has of the weights, each term unscaled."""
        terms = {}
        # closed form, x 1/N: the ELBO holds the KL once per data set, so each example carries 1/N
        # of it
        q = draw["conv1.kernel"]
        terms["kl(conv1.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
        q = draw["logits.kernel"]
        terms["kl(logits.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
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
        # 1/N: the ELBO holds the KL once per data set, so each example carries 1/N of it
        "kl(conv1.kernel)": 1 / at.training_examples,
        "kl(logits.kernel)": 1 / at.training_examples,
    }


# How each variable starts; `initialize` draws the numbers that bnnc draws for a seed.
START = {
    "conv1.kernel.loc": (Start.normal, 0.0, 0.1),
    "conv1.kernel.rho": (Start.normal, -3.0, 0.1),
    "conv1.bias.loc": (Start.normal, 0.0, 0.1),
    "logits.kernel.loc": (Start.normal, 0.0, 0.1),
    "logits.kernel.rho": (Start.normal, -3.0, 0.1),
    "logits.bias.loc": (Start.normal, 0.0, 0.1),
}
