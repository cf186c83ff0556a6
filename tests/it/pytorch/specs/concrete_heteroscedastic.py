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
    """The model `concrete_heteroscedastic`. What it returns is its loss.

    Everything that has a gradient is worked out inside `forward`, the terms of the weights too: so
    DDP, FSDP2 and torch.compile see every variable used. Values have a batch axis first and
    channels last.
    """

    def __init__(self):
        super().__init__()
        # Whether the factors of products are rounded to bfloat16, and nothing else.
        self.bfloat16_products = False
        # dense_1.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField, local_reparameterization
        self.dense_1_kernel = MeanField("dense_1.kernel", [8, 50])
        # dense_1.bias ~ Normal(0, 1 / sqrt(fan_in)): MeanField, local_reparameterization
        self.dense_1_bias = MeanField("dense_1.bias", [50])
        # out.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField, local_reparameterization
        self.out_kernel = MeanField("out.kernel", [50, 2])
        # out.bias ~ Normal(0, 1 / sqrt(fan_in)): MeanField, local_reparameterization
        self.out_bias = MeanField("out.bias", [2])

    def draw(self, noise):
        """One draw of every parameter, which all of its uses share."""
        return {
            "dense_1.kernel": self.dense_1_kernel.undrawn(),
            "dense_1.bias": self.dense_1_bias.undrawn(),
            "out.kernel": self.out_kernel.undrawn(),
            "out.bias": self.out_bias.undrawn(),
        }

    def network(self, x, draw, noise):
        """The values that the likelihood takes, of inputs x: [B, 8]."""
        dense_1 = local_reparameterization(
            matmul, x, draw["dense_1.kernel"], noise, "dense_1.kernel.activation_noise"
        )
        dense_1 = dense_1 + own_row(
            draw["dense_1.bias"], "dense_1.bias.activation_noise", noise.example_normal, x.shape[0]
        )
        relu_1 = torch.relu(dense_1)
        out = local_reparameterization(
            matmul, relu_1, draw["out.kernel"], noise, "out.kernel.activation_noise"
        )
        out = out + own_row(
            draw["out.bias"], "out.bias.activation_noise", noise.example_normal, x.shape[0]
        )
        out_0 = out[..., 0:1]  # [B, 1]
        out_1 = out[..., 1:2]  # [B, 1]
        softplus_out_1 = softplus(out_1)
        return {"out[0]": out_0, "softplus(out[1])": softplus_out_1}

    def nll(self, values, draw, targets):
        """-log p(target | network), summed over the examples at hand."""
        # y ~ Normal(loc = out[0], scale = softplus(out[1]))
        y = targets[0]
        loc = values["out[0]"]
        scale = values["softplus(out[1])"]
        nll = (y - loc) ** 2 / (2 * scale**2) + torch.log(scale) + 0.5 * math.log(2 * math.pi)
        return {"nll": nll.sum()}

    def fits(self, values, draw, targets):
        """Of each target: how many labels are right, or its entries' squared errors, scaled."""
        y = targets[0]
        loc = values["out[0]"]
        mean = loc
        fit_0 = (mean - y).square().sum(0)
        return [fit_0]

    def terms(self, draw):
        """What the loss has of the weights, each term unscaled."""
        terms = {}
        # closed form, x 1/N: the ELBO holds the KL once per data set, so each example carries 1/N
        # of it
        q = draw["dense_1.kernel"]
        terms["kl(dense_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.35355339059327373
        ).sum()
        q = draw["dense_1.bias"]
        terms["kl(dense_1.bias)"] = kl_normal_normal(q.loc, q.scale, 0.0, 0.35355339059327373).sum()
        q = draw["out.kernel"]
        terms["kl(out.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 0.1414213562373095).sum()
        q = draw["out.bias"]
        terms["kl(out.bias)"] = kl_normal_normal(q.loc, q.scale, 0.0, 0.1414213562373095).sum()
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
    "dense_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "dense_1.kernel.rho": (Start.normal, -3.0, 0.1),
    "dense_1.bias.loc": (Start.normal, 0.0, 0.1),
    "dense_1.bias.rho": (Start.normal, -3.0, 0.1),
    "out.kernel.loc": (Start.normal, 0.0, 0.1),
    "out.kernel.rho": (Start.normal, -3.0, 0.1),
    "out.bias.loc": (Start.normal, 0.0, 0.1),
    "out.bias.rho": (Start.normal, -3.0, 0.1),
}
