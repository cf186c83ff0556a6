def kl_normal_normal(m, s, loc, scale):
    """KL(Normal(m, s) || Normal(loc, scale)), of each entry."""
    return torch.log(scale / s) + (s**2 + (m - loc) ** 2) / (2 * scale**2) - 0.5


# The random draws of a step. Philox's key of each is made of the seed, the step and these: its
# parameter's number, its use, and how far apart the uses of further samples of the weights are.
STREAMS = {
    "gru_1.input.kernel.noise": (0, 0, 8),
    "gru_1.input.kernel.sign_in": (0, 1, 8),
    "gru_1.input.kernel.sign_out": (0, 2, 8),
    "gru_1.recurrent.kernel.noise": (2, 0, 8),
    "gru_1.recurrent.kernel.sign_in": (2, 1, 8),
    "gru_1.recurrent.kernel.sign_out": (2, 2, 8),
    "out.kernel.noise": (4, 0, 8),
    "out.kernel.sign_in": (4, 1, 8),
    "out.kernel.sign_out": (4, 2, 8),
}


class Model(nn.Module):
    """The model `series_gru`. What it returns is its loss.

    Everything that has a gradient is worked out inside `forward`, the terms of the weights too: so
    DDP, FSDP2 and torch.compile see every variable used. Values have a batch axis first and
    channels last.
    """

    def __init__(self):
        super().__init__()
        # Whether the factors of products are rounded to bfloat16, and nothing else.
        self.bfloat16_products = False
        # gru_1.input.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = GlorotUniform, scale =
        # Softplus(Normal(-6, 0.1))), flipout
        self.gru_1_input_kernel = MeanField("gru_1.input.kernel", [1, 96])
        # gru_1.input.bias: deterministic
        self.gru_1_input_bias = Point("gru_1.input.bias", [96])
        # gru_1.recurrent.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = GlorotUniform, scale
        # = Softplus(Normal(-6, 0.1))), flipout
        self.gru_1_recurrent_kernel = MeanField("gru_1.recurrent.kernel", [32, 96])
        # gru_1.recurrent.bias: deterministic
        self.gru_1_recurrent_bias = Point("gru_1.recurrent.bias", [32])
        # out.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = GlorotUniform, scale =
        # Softplus(Normal(-6, 0.1))), flipout
        self.out_kernel = MeanField("out.kernel", [32, 2])
        # out.bias: deterministic
        self.out_bias = Point("out.bias", [2])

    def draw(self, noise):
        """One draw of every parameter, which all of its uses share."""
        return {
            "gru_1.input.kernel": self.gru_1_input_kernel.draw(noise),
            "gru_1.input.bias": Known(self.gru_1_input_bias.loc),
            "gru_1.recurrent.kernel": self.gru_1_recurrent_kernel.draw(noise),
            "gru_1.recurrent.bias": Known(self.gru_1_recurrent_bias.loc),
            "out.kernel": self.out_kernel.draw(noise),
            "out.bias": Known(self.out_bias.loc),
        }

    def network(self, x, draw, noise):
        """The values that the likelihood takes, of inputs x: [B, 48, 1]."""

        # gru_1: gru(32, returns = last)
        input = flipout(matmul, x, draw["gru_1.input.kernel"], "gru_1.input.kernel", noise)
        input = input + draw["gru_1.input.bias"].w
        recurrent = recurrence(
            gru_cell,
            input,
            flipout(
                matmul,
                diagonal(x, 32),
                draw["gru_1.recurrent.kernel"],
                "gru_1.recurrent.kernel",
                noise,
            ),
            bias=draw["gru_1.recurrent.bias"].w[None],
            last=True,
        )

        out = flipout(matmul, recurrent, draw["out.kernel"], "out.kernel", noise)  # [B, 2]
        out = out + draw["out.bias"].w
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
        q = draw["gru_1.input.kernel"]
        terms["kl(gru_1.input.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
        q = draw["gru_1.recurrent.kernel"]
        terms["kl(gru_1.recurrent.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.17677669529663687
        ).sum()
        q = draw["out.kernel"]
        terms["kl(out.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 0.17677669529663687).sum()
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
        "kl(gru_1.input.kernel)": 1 / at.training_examples,
        "kl(gru_1.recurrent.kernel)": 1 / at.training_examples,
        "kl(out.kernel)": 1 / at.training_examples,
    }


# How each variable starts; `initialize` draws the numbers that bnnc draws for a seed.
START = {
    "gru_1.input.kernel.loc": (Start.uniform, -0.2487080016869035, 0.2487080016869035),
    "gru_1.input.kernel.rho": (Start.normal, -6.0, 0.1),
    "gru_1.input.bias.loc": (Start.normal, 0.0, 0.1),
    "gru_1.recurrent.kernel.loc": (Start.uniform, -0.21650635094610965, 0.21650635094610965),
    "gru_1.recurrent.kernel.rho": (Start.normal, -6.0, 0.1),
    "gru_1.recurrent.bias.loc": (Start.normal, 0.0, 0.1),
    "out.kernel.loc": (Start.uniform, -0.42008402520840293, 0.42008402520840293),
    "out.kernel.rho": (Start.normal, -6.0, 0.1),
    "out.bias.loc": (Start.normal, 0.0, 0.1),
}
