def kl_normal_normal(m, s, loc, scale):
    """KL(Normal(m, s) || Normal(loc, scale)), of each entry."""
    return torch.log(scale / s) + (s**2 + (m - loc) ** 2) / (2 * scale**2) - 0.5


# The random draws of a step. Philox's key of each is made of the seed, the step and these: its
# parameter's number, its use, and how far apart the uses of further samples of the weights are.
STREAMS = {
    "conv2d_1.kernel.noise": (0, 0, 8),
    "conv2d_1.kernel.sign_in": (0, 1, 8),
    "conv2d_1.kernel.sign_out": (0, 2, 8),
    "conv2d_2.kernel.noise": (5, 0, 8),
    "conv2d_2.kernel.sign_in": (5, 1, 8),
    "conv2d_2.kernel.sign_out": (5, 2, 8),
    "dense_1.kernel.noise": (10, 0, 8),
    "dense_1.kernel.sign_in": (10, 1, 8),
    "dense_1.kernel.sign_out": (10, 2, 8),
    "dense_2.kernel.noise": (12, 0, 8),
    "dense_2.kernel.sign_in": (12, 1, 8),
    "dense_2.kernel.sign_out": (12, 2, 8),
    "logits.kernel.noise": (14, 0, 8),
    "logits.kernel.sign_in": (14, 1, 8),
    "logits.kernel.sign_out": (14, 2, 8),
}


class Model(nn.Module):
    """The model `two_inputs`. What it returns is its loss.

    Everything that has a gradient is worked out inside `forward`, the terms of the weights too: so
    DDP, FSDP2 and torch.compile see every variable used. Values have a batch axis first and
    channels last.
    """

    def __init__(self):
        super().__init__()
        # Whether the factors of products are rounded to bfloat16, and nothing else.
        self.bfloat16_products = False
        # conv2d_1.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = HeNormal, scale =
        # Softplus(Normal(-5, 0.1))), flipout
        self.conv2d_1_kernel = MeanField("conv2d_1.kernel", [3, 3, 1, 16])
        # conv2d_1.bias: deterministic
        self.conv2d_1_bias = Point("conv2d_1.bias", [16])
        # filter_response_norm_1.gain: deterministic
        self.filter_response_norm_1_gain = Point("filter_response_norm_1.gain", [16])
        # filter_response_norm_1.shift: deterministic
        self.filter_response_norm_1_shift = Point("filter_response_norm_1.shift", [16])
        # filter_response_norm_1.threshold: deterministic
        self.filter_response_norm_1_threshold = Point("filter_response_norm_1.threshold", [16])
        # conv2d_2.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = HeNormal, scale =
        # Softplus(Normal(-5, 0.1))), flipout
        self.conv2d_2_kernel = MeanField("conv2d_2.kernel", [3, 3, 16, 32])
        # conv2d_2.bias: deterministic
        self.conv2d_2_bias = Point("conv2d_2.bias", [32])
        # filter_response_norm_2.gain: deterministic
        self.filter_response_norm_2_gain = Point("filter_response_norm_2.gain", [32])
        # filter_response_norm_2.shift: deterministic
        self.filter_response_norm_2_shift = Point("filter_response_norm_2.shift", [32])
        # filter_response_norm_2.threshold: deterministic
        self.filter_response_norm_2_threshold = Point("filter_response_norm_2.threshold", [32])
        # dense_1.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = HeNormal, scale =
        # Softplus(Normal(-5, 0.1))), flipout
        self.dense_1_kernel = MeanField("dense_1.kernel", [2, 8])
        # dense_1.bias: deterministic
        self.dense_1_bias = Point("dense_1.bias", [8])
        # dense_2.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = HeNormal, scale =
        # Softplus(Normal(-5, 0.1))), flipout
        self.dense_2_kernel = MeanField("dense_2.kernel", [40, 32])
        # dense_2.bias: deterministic
        self.dense_2_bias = Point("dense_2.bias", [32])
        # logits.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = HeNormal, scale =
        # Softplus(Normal(-5, 0.1))), flipout
        self.logits_kernel = MeanField("logits.kernel", [32, 4])
        # logits.bias: deterministic
        self.logits_bias = Point("logits.bias", [4])

    def draw(self, noise):
        """One draw of every parameter, which all of its uses share."""
        return {
            "conv2d_1.kernel": self.conv2d_1_kernel.draw(noise),
            "conv2d_1.bias": Known(self.conv2d_1_bias.loc),
            "filter_response_norm_1.gain": Known(self.filter_response_norm_1_gain.loc),
            "filter_response_norm_1.shift": Known(self.filter_response_norm_1_shift.loc),
            "filter_response_norm_1.threshold": Known(self.filter_response_norm_1_threshold.loc),
            "conv2d_2.kernel": self.conv2d_2_kernel.draw(noise),
            "conv2d_2.bias": Known(self.conv2d_2_bias.loc),
            "filter_response_norm_2.gain": Known(self.filter_response_norm_2_gain.loc),
            "filter_response_norm_2.shift": Known(self.filter_response_norm_2_shift.loc),
            "filter_response_norm_2.threshold": Known(self.filter_response_norm_2_threshold.loc),
            "dense_1.kernel": self.dense_1_kernel.draw(noise),
            "dense_1.bias": Known(self.dense_1_bias.loc),
            "dense_2.kernel": self.dense_2_kernel.draw(noise),
            "dense_2.bias": Known(self.dense_2_bias.loc),
            "logits.kernel": self.logits_kernel.draw(noise),
            "logits.bias": Known(self.logits_bias.loc),
        }

    def network(self, x, draw, noise):
        """The values that the likelihood takes, of inputs x: [B, 258]."""
        image = x[..., 0:256].reshape(-1, 16, 16, 1)  # [B, 16, 16, 1]
        numbers = x[..., 256:258]  # [B, 2]
        conv2d_1 = flipout(
            partial(conv, padding=1), image, draw["conv2d_1.kernel"], "conv2d_1.kernel", noise
        )
        conv2d_1 = conv2d_1 + draw["conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw["filter_response_norm_1.gain"].w
        filter_response_norm_1 = filter_response_norm_1 + draw["filter_response_norm_1.shift"].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw["filter_response_norm_1.threshold"].w,
            draw["filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )
        conv2d_2 = flipout(
            partial(conv, stride=2, pad=((0, 1), (0, 1))),
            filter_response_norm_1,
            draw["conv2d_2.kernel"],
            "conv2d_2.kernel",
            noise,
        )
        conv2d_2 = conv2d_2 + draw["conv2d_2.bias"].w
        filter_response_norm_2 = filter_response_norm(conv2d_2, 1e-6)
        filter_response_norm_2 = filter_response_norm_2 * draw["filter_response_norm_2.gain"].w
        filter_response_norm_2 = filter_response_norm_2 + draw["filter_response_norm_2.shift"].w
        filter_response_norm_2 = torch.where(
            filter_response_norm_2 < draw["filter_response_norm_2.threshold"].w,
            draw["filter_response_norm_2.threshold"].w,
            filter_response_norm_2,
        )
        seen = filter_response_norm_2.mean((1, 2))  # [B, 32]
        dense_1 = flipout(matmul, numbers, draw["dense_1.kernel"], "dense_1.kernel", noise)
        dense_1 = dense_1 + draw["dense_1.bias"].w
        given = torch.relu(dense_1)
        concat_1 = torch.cat([seen, given], -1)  # [B, 40]
        dense_2 = flipout(matmul, concat_1, draw["dense_2.kernel"], "dense_2.kernel", noise)
        dense_2 = dense_2 + draw["dense_2.bias"].w
        relu_1 = torch.relu(dense_2)
        logits = flipout(matmul, relu_1, draw["logits.kernel"], "logits.kernel", noise)  # [B, 4]
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
        q = draw["conv2d_1.kernel"]
        terms["kl(conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.3333333333333333
        ).sum()
        q = draw["conv2d_2.kernel"]
        terms["kl(conv2d_2.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.08333333333333333
        ).sum()
        q = draw["dense_1.kernel"]
        terms["kl(dense_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.7071067811865475
        ).sum()
        q = draw["dense_2.kernel"]
        terms["kl(dense_2.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.15811388300841897
        ).sum()
        q = draw["logits.kernel"]
        terms["kl(logits.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.17677669529663687
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
        "kl(conv2d_1.kernel)": 1 / at.training_examples,
        "kl(conv2d_2.kernel)": 1 / at.training_examples,
        "kl(dense_1.kernel)": 1 / at.training_examples,
        "kl(dense_2.kernel)": 1 / at.training_examples,
        "kl(logits.kernel)": 1 / at.training_examples,
    }


# How each variable starts; `initialize` draws the numbers that bnnc draws for a seed.
START = {
    "conv2d_1.kernel.loc": (Start.truncated_normal, 0.0, 0.5359149257159769),
    "conv2d_1.kernel.rho": (Start.normal, -5.0, 0.1),
    "conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "conv2d_2.kernel.loc": (Start.truncated_normal, 0.0, 0.13397873142899422),
    "conv2d_2.kernel.rho": (Start.normal, -5.0, 0.1),
    "conv2d_2.bias.loc": (Start.normal, 0.0, 0.1),
    "filter_response_norm_2.gain.loc": (Start.constant, 1.0),
    "filter_response_norm_2.shift.loc": (Start.constant, 0.0),
    "filter_response_norm_2.threshold.loc": (Start.constant, 0.0),
    "dense_1.kernel.loc": (Start.truncated_normal, 0.0, 1.1368472343385565),
    "dense_1.kernel.rho": (Start.normal, -5.0, 0.1),
    "dense_1.bias.loc": (Start.normal, 0.0, 0.1),
    "dense_2.kernel.loc": (Start.truncated_normal, 0.0, 0.2542067696013645),
    "dense_2.kernel.rho": (Start.normal, -5.0, 0.1),
    "dense_2.bias.loc": (Start.normal, 0.0, 0.1),
    "logits.kernel.loc": (Start.truncated_normal, 0.0, 0.2842118085846391),
    "logits.kernel.rho": (Start.normal, -5.0, 0.1),
    "logits.bias.loc": (Start.normal, 0.0, 0.1),
}
