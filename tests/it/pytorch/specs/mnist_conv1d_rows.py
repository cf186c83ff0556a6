def kl_normal_normal(m, s, loc, scale):
    """KL(Normal(m, s) || Normal(loc, scale)), of each entry."""
    return torch.log(scale / s) + (s**2 + (m - loc) ** 2) / (2 * scale**2) - 0.5


# The random draws of a step. Philox's key of each is made of the seed, the step and these: its
# parameter's number, its use, and how far apart the uses of further samples of the weights are.
STREAMS = {
    "stage_1.conv1d_1.kernel.noise": (0, 0, 8),
    "stage_1.conv1d_1.kernel.sign_in": (0, 1, 8),
    "stage_1.conv1d_1.kernel.sign_out": (0, 2, 8),
    "stage_2.conv1d_1.kernel.noise": (2, 0, 8),
    "stage_2.conv1d_1.kernel.sign_in": (2, 1, 8),
    "stage_2.conv1d_1.kernel.sign_out": (2, 2, 8),
    "dense_1.kernel.noise": (4, 0, 8),
    "dense_1.kernel.sign_in": (4, 1, 8),
    "dense_1.kernel.sign_out": (4, 2, 8),
    "logits.kernel.noise": (6, 0, 8),
    "logits.kernel.sign_in": (6, 1, 8),
    "logits.kernel.sign_out": (6, 2, 8),
}


class Model(nn.Module):
    """The model `mnist_conv1d_rows`. What it returns is its loss.

    Everything that has a gradient is worked out inside `forward`, the terms of the weights too: so
    DDP, FSDP2 and torch.compile see every variable used. Values have a batch axis first and
    channels last.
    """

    def __init__(self):
        super().__init__()
        # Whether the factors of products are rounded to bfloat16, and nothing else.
        self.bfloat16_products = False
        # stage_1.conv1d_1.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = HeNormal, scale =
        # Softplus(Normal(-4, 0.1))), flipout
        self.stage_1_conv1d_1_kernel = MeanField("stage_1.conv1d_1.kernel", [5, 28, 64])
        # stage_1.conv1d_1.bias: deterministic
        self.stage_1_conv1d_1_bias = Point("stage_1.conv1d_1.bias", [64])
        # stage_2.conv1d_1.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = HeNormal, scale =
        # Softplus(Normal(-4, 0.1))), flipout
        self.stage_2_conv1d_1_kernel = MeanField("stage_2.conv1d_1.kernel", [5, 64, 128])
        # stage_2.conv1d_1.bias: deterministic
        self.stage_2_conv1d_1_bias = Point("stage_2.conv1d_1.bias", [128])
        # dense_1.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = HeNormal, scale =
        # Softplus(Normal(-4, 0.1))), flipout
        self.dense_1_kernel = MeanField("dense_1.kernel", [896, 128])
        # dense_1.bias: deterministic
        self.dense_1_bias = Point("dense_1.bias", [128])
        # logits.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = HeNormal, scale =
        # Softplus(Normal(-4, 0.1))), flipout
        self.logits_kernel = MeanField("logits.kernel", [128, 10])
        # logits.bias: deterministic
        self.logits_bias = Point("logits.bias", [10])

    def draw(self, noise):
        """One draw of every parameter, which all of its uses share."""
        return {
            "stage_1.conv1d_1.kernel": self.stage_1_conv1d_1_kernel.draw(noise),
            "stage_1.conv1d_1.bias": Known(self.stage_1_conv1d_1_bias.loc),
            "stage_2.conv1d_1.kernel": self.stage_2_conv1d_1_kernel.draw(noise),
            "stage_2.conv1d_1.bias": Known(self.stage_2_conv1d_1_bias.loc),
            "dense_1.kernel": self.dense_1_kernel.draw(noise),
            "dense_1.bias": Known(self.dense_1_bias.loc),
            "logits.kernel": self.logits_kernel.draw(noise),
            "logits.bias": Known(self.logits_bias.loc),
        }

    def network(self, x, draw, noise):
        """The values that the likelihood takes, of inputs x: [B, 28, 28, 1]."""
        rows = x.reshape(-1, 28, 28)  # [B, 28, 28]

        # stage_1: stage(64)
        conv1d_1 = flipout(
            partial(conv, padding=2),
            rows,
            draw["stage_1.conv1d_1.kernel"],
            "stage_1.conv1d_1.kernel",
            noise,
        )
        conv1d_1 = conv1d_1 + draw["stage_1.conv1d_1.bias"].w
        relu_1 = torch.relu(conv1d_1)
        max_pool1d_1 = max_pool(relu_1, 2, 2)  # [B, 14, 64]

        # stage_2: stage(128)
        conv1d_1 = flipout(
            partial(conv, padding=2),
            max_pool1d_1,
            draw["stage_2.conv1d_1.kernel"],
            "stage_2.conv1d_1.kernel",
            noise,
        )
        conv1d_1 = conv1d_1 + draw["stage_2.conv1d_1.bias"].w
        relu_1 = torch.relu(conv1d_1)
        max_pool1d_1 = max_pool(relu_1, 2, 2)  # [B, 7, 128]

        flatten_1 = max_pool1d_1.flatten(1)  # [B, 896]
        dense_1 = flipout(matmul, flatten_1, draw["dense_1.kernel"], "dense_1.kernel", noise)
        dense_1 = dense_1 + draw["dense_1.bias"].w
        relu_1 = torch.relu(dense_1)
        logits = flipout(matmul, relu_1, draw["logits.kernel"], "logits.kernel", noise)  # [B, 10]
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
        q = draw["stage_1.conv1d_1.kernel"]
        terms["kl(stage_1.conv1d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.08451542547285165
        ).sum()
        q = draw["stage_2.conv1d_1.kernel"]
        terms["kl(stage_2.conv1d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.05590169943749474
        ).sum()
        q = draw["dense_1.kernel"]
        terms["kl(dense_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.03340765523905305
        ).sum()
        q = draw["logits.kernel"]
        terms["kl(logits.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.08838834764831843
        ).sum()
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
        "kl(stage_1.conv1d_1.kernel)": 1 / at.training_examples,
        "kl(stage_2.conv1d_1.kernel)": 1 / at.training_examples,
        "kl(dense_1.kernel)": 1 / at.training_examples,
        "kl(logits.kernel)": 1 / at.training_examples,
    }


# How each variable starts; `initialize` draws the numbers that bnnc draws for a seed.
START = {
    "stage_1.conv1d_1.kernel.loc": (Start.truncated_normal, 0.0, 0.13587923389241244),
    "stage_1.conv1d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stage_1.conv1d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage_2.conv1d_1.kernel.loc": (Start.truncated_normal, 0.0, 0.08987566530432559),
    "stage_2.conv1d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stage_2.conv1d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "dense_1.kernel.loc": (Start.truncated_normal, 0.0, 0.053710983227346236),
    "dense_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "dense_1.bias.loc": (Start.normal, 0.0, 0.1),
    "logits.kernel.loc": (Start.truncated_normal, 0.0, 0.14210590429231956),
    "logits.kernel.rho": (Start.normal, -4.0, 0.1),
    "logits.bias.loc": (Start.normal, 0.0, 0.1),
}
