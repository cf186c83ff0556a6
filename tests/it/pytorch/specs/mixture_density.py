def kl_normal_normal(m, s, loc, scale):
    """KL(Normal(m, s) || Normal(loc, scale)), of each entry."""
    return torch.log(scale / s) + (s**2 + (m - loc) ** 2) / (2 * scale**2) - 0.5


# The random draws of a step. Philox's key of each is made of the seed, the step and these: its
# parameter's number, its use, and how far apart the uses of further samples of the weights are.
STREAMS = {
    "dense_1.kernel.activation_noise": (0, 3, 8),
    "dense_1.bias.activation_noise": (1, 3, 8),
    "out.kernel.activation_noise": (2, 3, 8),
    "out.bias.activation_noise": (3, 3, 8),
}


class Model(nn.Module):
    """The model `mixture_density`. What it returns is its loss.

    Everything that has a gradient is worked out inside `forward`, the terms of the weights too: so
    DDP, FSDP2 and torch.compile see every variable used. Values have a batch axis first and
    channels last.
    """

    def __init__(self):
        super().__init__()
        # Whether the factors of products are rounded to bfloat16, and nothing else.
        self.bfloat16_products = False
        # dense_1.kernel ~ Normal(0, 1): MeanField(loc = GlorotNormal, scale = Softplus(Normal(-4,
        # 0.1))), local_reparameterization
        self.dense_1_kernel = MeanField("dense_1.kernel", [1, 30])
        # dense_1.bias ~ Normal(0, 1): MeanField(loc = GlorotNormal, scale = Softplus(Normal(-4,
        # 0.1))), local_reparameterization
        self.dense_1_bias = MeanField("dense_1.bias", [30])
        # out.kernel ~ Normal(0, 1): MeanField(loc = GlorotNormal, scale = Softplus(Normal(-4,
        # 0.1))), local_reparameterization
        self.out_kernel = MeanField("out.kernel", [30, 9])
        # out.bias ~ Normal(0, 1): MeanField(loc = GlorotNormal, scale = Softplus(Normal(-4, 0.1))),
        # local_reparameterization
        self.out_bias = MeanField("out.bias", [9])

    def draw(self, noise):
        """One draw of every parameter, which all of its uses share."""
        return {
            "dense_1.kernel": self.dense_1_kernel.undrawn(),
            "dense_1.bias": self.dense_1_bias.undrawn(),
            "out.kernel": self.out_kernel.undrawn(),
            "out.bias": self.out_bias.undrawn(),
        }

    def network(self, x, draw, noise):
        """The values that the likelihood takes, of inputs x: [B, 1]."""
        dense_1 = local_reparameterization(
            matmul, x, draw["dense_1.kernel"], noise, "dense_1.kernel.activation_noise"
        )
        dense_1 = dense_1 + own_row(
            draw["dense_1.bias"], "dense_1.bias.activation_noise", noise.example_normal, x.shape[0]
        )
        tanh_1 = torch.tanh(dense_1)
        out = local_reparameterization(
            matmul, tanh_1, draw["out.kernel"], noise, "out.kernel.activation_noise"
        )
        out = out + own_row(
            draw["out.bias"], "out.bias.activation_noise", noise.example_normal, x.shape[0]
        )
        out_0_3 = out[..., 0:3]  # [B, 3]
        out_3_6 = out[..., 3:6]  # [B, 3]
        out_6_9 = out[..., 6:9]  # [B, 3]
        softplus_out_6_9 = softplus(out_6_9)
        return {"out[0:3]": out_0_3, "out[3:6]": out_3_6, "softplus(out[6:9])": softplus_out_6_9}

    def nll(self, values, draw, targets):
        """-log p(target | network), summed over the examples at hand."""
        # t ~ MixtureNormal(logits = out[0:components], loc = out[components:2 * components], scale
        # = softplus(out[2 * components:3 * components]))
        y = targets[0]
        y = y.unsqueeze(-1)
        logits = values["out[0:3]"].reshape(-1, 1, 3)
        loc = values["out[3:6]"].reshape(-1, 1, 3)
        scale = values["softplus(out[6:9])"].reshape(-1, 1, 3)
        nll = (
            torch.logsumexp(logits, -1)
            - torch.logsumexp(
                logits
                - (y - loc) ** 2 / (2 * scale**2)
                - torch.log(scale)
                - 0.5 * math.log(2 * math.pi),
                -1,
            )
        )
        return {"nll": nll.sum()}

    def fits(self, values, draw, targets):
        """Of each target: how many labels are right, or its entries' squared errors, scaled."""
        y = targets[0]
        logits = values["out[0:3]"].reshape(-1, 1, 3)
        loc = values["out[3:6]"].reshape(-1, 1, 3)
        mean = torch.sum(torch.exp(logits) * loc, -1) / torch.sum(torch.exp(logits), -1)
        fit_0 = (mean - y).square().sum(0)
        return [fit_0]

    def terms(self, draw):
        """What the loss has of the weights, each term unscaled."""
        terms = {}
        # closed form, x 1/N: the ELBO holds the KL once per data set, so each example carries 1/N
        # of it
        q = draw["dense_1.kernel"]
        terms["kl(dense_1.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
        q = draw["dense_1.bias"]
        terms["kl(dense_1.bias)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
        q = draw["out.kernel"]
        terms["kl(out.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
        q = draw["out.bias"]
        terms["kl(out.bias)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
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
        "kl(dense_1.kernel)": 1 / at.training_examples,
        "kl(dense_1.bias)": 1 / at.training_examples,
        "kl(out.kernel)": 1 / at.training_examples,
        "kl(out.bias)": 1 / at.training_examples,
    }


# How each variable starts; `initialize` draws the numbers that bnnc draws for a seed.
START = {
    "dense_1.kernel.loc": (Start.truncated_normal, 0.0, 0.288759486281624),
    "dense_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "dense_1.bias.loc": (Start.truncated_normal, 0.0, 0.288759486281624),
    "dense_1.bias.rho": (Start.normal, -4.0, 0.1),
    "out.kernel.loc": (Start.truncated_normal, 0.0, 0.2574452029544694),
    "out.kernel.rho": (Start.normal, -4.0, 0.1),
    "out.bias.loc": (Start.truncated_normal, 0.0, 0.2574452029544694),
    "out.bias.rho": (Start.normal, -4.0, 0.1),
}
