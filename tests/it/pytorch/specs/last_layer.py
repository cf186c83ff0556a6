def kl_normal_normal(m, s, loc, scale):
    """KL(Normal(m, s) || Normal(loc, scale)), of each entry."""
    return torch.log(scale / s) + (s**2 + (m - loc) ** 2) / (2 * scale**2) - 0.5


# The random draws of a step. Philox's key of each is made of the seed, the step and these: its
# parameter's number, its use, and how far apart the uses of further samples of the weights are.
STREAMS = {"logits.kernel.activation_noise": (12, 3, 8)}


class Model(nn.Module):
    """The model `last_layer`. What it returns is its loss.

    Everything that has a gradient is worked out inside `forward`, the terms of the weights too: so
    DDP, FSDP2 and torch.compile see every variable used. Values have a batch axis first and
    channels last.
    """

    def __init__(self):
        super().__init__()
        # Whether the factors of products are rounded to bfloat16, and nothing else.
        self.bfloat16_products = False
        # conv2d_1.kernel: deterministic
        self.conv2d_1_kernel = Point("conv2d_1.kernel", [3, 3, 1, 16])
        # conv2d_1.bias: deterministic
        self.conv2d_1_bias = Point("conv2d_1.bias", [16])
        # filter_response_norm_1.gain: deterministic
        self.filter_response_norm_1_gain = Point("filter_response_norm_1.gain", [16])
        # filter_response_norm_1.shift: deterministic
        self.filter_response_norm_1_shift = Point("filter_response_norm_1.shift", [16])
        # filter_response_norm_1.threshold: deterministic
        self.filter_response_norm_1_threshold = Point("filter_response_norm_1.threshold", [16])
        # conv2d_2.kernel: deterministic
        self.conv2d_2_kernel = Point("conv2d_2.kernel", [3, 3, 16, 32])
        # conv2d_2.bias: deterministic
        self.conv2d_2_bias = Point("conv2d_2.bias", [32])
        # filter_response_norm_2.gain: deterministic
        self.filter_response_norm_2_gain = Point("filter_response_norm_2.gain", [32])
        # filter_response_norm_2.shift: deterministic
        self.filter_response_norm_2_shift = Point("filter_response_norm_2.shift", [32])
        # filter_response_norm_2.threshold: deterministic
        self.filter_response_norm_2_threshold = Point("filter_response_norm_2.threshold", [32])
        # features.kernel: deterministic
        self.features_kernel = Point("features.kernel", [1568, 64])
        # features.bias: deterministic
        self.features_bias = Point("features.bias", [64])
        # logits.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-3, 0.1))), local_reparameterization
        self.logits_kernel = MeanField("logits.kernel", [64, 10])
        # logits.bias: deterministic
        self.logits_bias = Point("logits.bias", [10])

    def draw(self, noise):
        """One draw of every parameter, which all of its uses share."""
        return {
            "conv2d_1.kernel": Known(self.conv2d_1_kernel.loc),
            "conv2d_1.bias": Known(self.conv2d_1_bias.loc),
            "filter_response_norm_1.gain": Known(self.filter_response_norm_1_gain.loc),
            "filter_response_norm_1.shift": Known(self.filter_response_norm_1_shift.loc),
            "filter_response_norm_1.threshold": Known(self.filter_response_norm_1_threshold.loc),
            "conv2d_2.kernel": Known(self.conv2d_2_kernel.loc),
            "conv2d_2.bias": Known(self.conv2d_2_bias.loc),
            "filter_response_norm_2.gain": Known(self.filter_response_norm_2_gain.loc),
            "filter_response_norm_2.shift": Known(self.filter_response_norm_2_shift.loc),
            "filter_response_norm_2.threshold": Known(self.filter_response_norm_2_threshold.loc),
            "features.kernel": Known(self.features_kernel.loc),
            "features.bias": Known(self.features_bias.loc),
            "logits.kernel": self.logits_kernel.undrawn(),
            "logits.bias": Known(self.logits_bias.loc),
        }

    def network(self, x, draw, noise):
        """The values that the likelihood takes, of inputs x: [B, 28, 28, 1]."""
        conv2d_1 = partial(conv, padding=1)(x, draw["conv2d_1.kernel"].w)  # [B, 28, 28, 16]
        conv2d_1 = conv2d_1 + draw["conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw["filter_response_norm_1.gain"].w
        filter_response_norm_1 = filter_response_norm_1 + draw["filter_response_norm_1.shift"].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw["filter_response_norm_1.threshold"].w,
            draw["filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )
        max_pool2d_1 = max_pool(filter_response_norm_1, 2, 2)  # [B, 14, 14, 16]
        conv2d_2 = partial(conv, padding=1)(max_pool2d_1, draw["conv2d_2.kernel"].w)
        conv2d_2 = conv2d_2 + draw["conv2d_2.bias"].w
        filter_response_norm_2 = filter_response_norm(conv2d_2, 1e-6)
        filter_response_norm_2 = filter_response_norm_2 * draw["filter_response_norm_2.gain"].w
        filter_response_norm_2 = filter_response_norm_2 + draw["filter_response_norm_2.shift"].w
        filter_response_norm_2 = torch.where(
            filter_response_norm_2 < draw["filter_response_norm_2.threshold"].w,
            draw["filter_response_norm_2.threshold"].w,
            filter_response_norm_2,
        )
        max_pool2d_2 = max_pool(filter_response_norm_2, 2, 2)  # [B, 7, 7, 32]
        flatten_1 = max_pool2d_2.flatten(1)  # [B, 1568]
        features = matmul(flatten_1, draw["features.kernel"].w)  # [B, 64]
        features = features + draw["features.bias"].w
        relu_1 = torch.relu(features)
        logits = local_reparameterization(
            matmul, relu_1, draw["logits.kernel"], noise, "logits.kernel.activation_noise"
        )
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
        q = draw["logits.kernel"]
        terms["kl(logits.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 0.125).sum()
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
        "kl(logits.kernel)": 1 / at.training_examples,
    }


# How each variable starts; `initialize` draws the numbers that bnnc draws for a seed.
START = {
    "conv2d_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "conv2d_2.kernel.loc": (Start.normal, 0.0, 0.1),
    "conv2d_2.bias.loc": (Start.normal, 0.0, 0.1),
    "filter_response_norm_2.gain.loc": (Start.constant, 1.0),
    "filter_response_norm_2.shift.loc": (Start.constant, 0.0),
    "filter_response_norm_2.threshold.loc": (Start.constant, 0.0),
    "features.kernel.loc": (Start.normal, 0.0, 0.1),
    "features.bias.loc": (Start.normal, 0.0, 0.1),
    "logits.kernel.loc": (Start.normal, 0.0, 0.1),
    "logits.kernel.rho": (Start.normal, -3.0, 0.1),
    "logits.bias.loc": (Start.normal, 0.0, 0.1),
}
