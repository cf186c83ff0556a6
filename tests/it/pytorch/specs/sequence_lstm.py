def kl_normal_normal(m, s, loc, scale):
    """KL(Normal(m, s) || Normal(loc, scale)), of each entry."""
    return torch.log(scale / s) + (s**2 + (m - loc) ** 2) / (2 * scale**2) - 0.5


# The random draws of a step. Philox's key of each is made of the seed, the step and these: its
# parameter's number, its use, and how far apart the uses of further samples of the weights are.
STREAMS = {
    "lstm_1.input.kernel.noise": (0, 0, 8),
    "lstm_1.input.kernel.sign_in": (0, 1, 8),
    "lstm_1.input.kernel.sign_out": (0, 2, 8),
    "lstm_1.recurrent.kernel.noise": (2, 0, 8),
    "lstm_1.recurrent.kernel.sign_in": (2, 1, 8),
    "lstm_1.recurrent.kernel.sign_out": (2, 2, 8),
    "sum.kernel.noise": (3, 0, 8),
    "sum.kernel.sign_in": (3, 1, 8),
    "sum.kernel.sign_out": (3, 2, 8),
}


class Model(nn.Module):
    """The model `sequence_lstm`. What it returns is its loss.

    Everything that has a gradient is worked out inside `forward`, the terms of the weights too: so
    DDP, FSDP2 and torch.compile see every variable used. Values have a batch axis first and
    channels last.
    """

    def __init__(self):
        super().__init__()
        # Whether the factors of products are rounded to bfloat16, and nothing else.
        self.bfloat16_products = False
        # lstm_1.input.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = GlorotUniform, scale =
        # Softplus(Normal(-6, 0.1))), flipout
        self.lstm_1_input_kernel = MeanField("lstm_1.input.kernel", [2, 256])
        # lstm_1.input.bias: deterministic
        self.lstm_1_input_bias = Point("lstm_1.input.bias", [256])
        # lstm_1.recurrent.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = GlorotUniform,
        # scale = Softplus(Normal(-6, 0.1))), flipout
        self.lstm_1_recurrent_kernel = MeanField("lstm_1.recurrent.kernel", [64, 256])
        # sum.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = GlorotUniform, scale =
        # Softplus(Normal(-6, 0.1))), flipout
        self.sum_kernel = MeanField("sum.kernel", [64, 1])
        # sum.bias: deterministic
        self.sum_bias = Point("sum.bias", [1])
        # y.scale: learned, above 0
        self.y_scale = LearnedPositive("y.scale", [])

    def draw(self, noise):
        """One draw of every parameter, which all of its uses share."""
        return {
            "lstm_1.input.kernel": self.lstm_1_input_kernel.draw(noise),
            "lstm_1.input.bias": Known(self.lstm_1_input_bias.loc),
            "lstm_1.recurrent.kernel": self.lstm_1_recurrent_kernel.draw(noise),
            "sum.kernel": self.sum_kernel.draw(noise),
            "sum.bias": Known(self.sum_bias.loc),
        }

    def network(self, x, draw, noise):
        """The values that the likelihood takes, of inputs x: [B, 101]."""
        length = x[..., 100:101]  # [B, 1]
        x_ = x[..., 0:100].reshape(-1, 50, 2)  # [B, 50, 2]

        # lstm_1: lstm(64, returns = last)
        input = flipout(matmul, x_, draw["lstm_1.input.kernel"], "lstm_1.input.kernel", noise)
        input = input + draw["lstm_1.input.bias"].w
        recurrent = recurrence(
            lstm_cell,
            input,
            flipout(
                matmul,
                diagonal(x, 64),
                draw["lstm_1.recurrent.kernel"],
                "lstm_1.recurrent.kernel",
                noise,
            ),
            length=length,
            last=True,
        )

        sum = flipout(matmul, recurrent, draw["sum.kernel"], "sum.kernel", noise)  # [B, 1]
        sum = sum + draw["sum.bias"].w
        return {"sum": sum}

    def nll(self, values, draw, targets):
        """-log p(target | network), summed over the examples at hand."""
        # y ~ Normal(loc = sum, scale = learned(0.3))
        y = targets[0]
        loc = values["sum"]
        scale = self.y_scale.number()
        nll = (y - loc) ** 2 / (2 * scale**2) + torch.log(scale) + 0.5 * math.log(2 * math.pi)
        return {"nll": nll.sum()}

    def fits(self, values, draw, targets):
        """Of each target: how many labels are right, or its entries' squared errors, scaled."""
        y = targets[0]
        loc = values["sum"]
        mean = loc
        fit_0 = (mean - y).square().sum(0)
        return [fit_0]

    def terms(self, draw):
        """What the loss has of the weights, each term unscaled."""
        terms = {}
        # closed form, x 1/N: the ELBO holds the KL once per data set, so each example carries 1/N
        # of it
        q = draw["lstm_1.input.kernel"]
        terms["kl(lstm_1.input.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.7071067811865475
        ).sum()
        q = draw["lstm_1.recurrent.kernel"]
        terms["kl(lstm_1.recurrent.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 0.125).sum()
        q = draw["sum.kernel"]
        terms["kl(sum.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 0.125).sum()
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
        "kl(lstm_1.input.kernel)": 1 / at.training_examples,
        "kl(lstm_1.recurrent.kernel)": 1 / at.training_examples,
        "kl(sum.kernel)": 1 / at.training_examples,
    }


# How each variable starts; `initialize` draws the numbers that bnnc draws for a seed.
START = {
    "lstm_1.input.kernel.loc": (Start.uniform, -0.15249857033260467, 0.15249857033260467),
    "lstm_1.input.kernel.rho": (Start.normal, -6.0, 0.1),
    "lstm_1.input.bias.loc": (Start.normal, 0.0, 0.1),
    "lstm_1.recurrent.kernel.loc": (Start.uniform, -0.13693063937629152, 0.13693063937629152),
    "lstm_1.recurrent.kernel.rho": (Start.normal, -6.0, 0.1),
    "sum.kernel.loc": (Start.uniform, -0.3038218101251, 0.3038218101251),
    "sum.kernel.rho": (Start.normal, -6.0, 0.1),
    "sum.bias.loc": (Start.normal, 0.0, 0.1),
    "y.scale.rho": (Start.constant, -1.0502256128148475),
}
