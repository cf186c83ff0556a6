def kl_normal_normal(m, s, loc, scale):
    """KL(Normal(m, s) || Normal(loc, scale)), of each entry."""
    return torch.log(scale / s) + (s**2 + (m - loc) ** 2) / (2 * scale**2) - 0.5


# The random draws of a step. Philox's key of each is made of the seed, the step and these: its
# parameter's number, its use, and how far apart the uses of further samples of the weights are.
STREAMS = {
    "stage_1.conv3d_1.kernel.noise": (0, 0, 8),
    "stage_1.conv3d_1.kernel.sign_in": (0, 1, 8),
    "stage_1.conv3d_1.kernel.sign_out": (0, 2, 8),
    "stage_2.conv3d_1.kernel.noise": (5, 0, 8),
    "stage_2.conv3d_1.kernel.sign_in": (5, 1, 8),
    "stage_2.conv3d_1.kernel.sign_out": (5, 2, 8),
    "stage_3.conv3d_1.kernel.noise": (10, 0, 8),
    "stage_3.conv3d_1.kernel.sign_in": (10, 1, 8),
    "stage_3.conv3d_1.kernel.sign_out": (10, 2, 8),
    "logits.kernel.noise": (15, 0, 8),
    "logits.kernel.sign_in": (15, 1, 8),
    "logits.kernel.sign_out": (15, 2, 8),
}


class Model(nn.Module):
    """The model `volume_conv3d`. What it returns is its loss.

    Everything that has a gradient is worked out inside `forward`, the terms of the weights too: so
    DDP, FSDP2 and torch.compile see every variable used. Values have a batch axis first and
    channels last.
    """

    def __init__(self):
        super().__init__()
        # Whether the factors of products are rounded to bfloat16, and nothing else.
        self.bfloat16_products = False
        # stage_1.conv3d_1.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = HeNormal, scale =
        # Softplus(Normal(-4, 0.1))), flipout
        self.stage_1_conv3d_1_kernel = MeanField("stage_1.conv3d_1.kernel", [3, 3, 3, 1, 8])
        # stage_1.conv3d_1.bias: deterministic
        self.stage_1_conv3d_1_bias = Point("stage_1.conv3d_1.bias", [8])
        # stage_1.filter_response_norm_1.gain: deterministic
        self.stage_1_filter_response_norm_1_gain = Point("stage_1.filter_response_norm_1.gain", [8])
        # stage_1.filter_response_norm_1.shift: deterministic
        self.stage_1_filter_response_norm_1_shift = Point(
            "stage_1.filter_response_norm_1.shift",
            [8],
        )
        # stage_1.filter_response_norm_1.threshold: deterministic
        self.stage_1_filter_response_norm_1_threshold = Point(
            "stage_1.filter_response_norm_1.threshold",
            [8],
        )
        # stage_2.conv3d_1.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = HeNormal, scale =
        # Softplus(Normal(-4, 0.1))), flipout
        self.stage_2_conv3d_1_kernel = MeanField("stage_2.conv3d_1.kernel", [3, 3, 3, 8, 16])
        # stage_2.conv3d_1.bias: deterministic
        self.stage_2_conv3d_1_bias = Point("stage_2.conv3d_1.bias", [16])
        # stage_2.filter_response_norm_1.gain: deterministic
        self.stage_2_filter_response_norm_1_gain = Point(
            "stage_2.filter_response_norm_1.gain",
            [16],
        )
        # stage_2.filter_response_norm_1.shift: deterministic
        self.stage_2_filter_response_norm_1_shift = Point(
            "stage_2.filter_response_norm_1.shift",
            [16],
        )
        # stage_2.filter_response_norm_1.threshold: deterministic
        self.stage_2_filter_response_norm_1_threshold = Point(
            "stage_2.filter_response_norm_1.threshold",
            [16],
        )
        # stage_3.conv3d_1.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = HeNormal, scale =
        # Softplus(Normal(-4, 0.1))), flipout
        self.stage_3_conv3d_1_kernel = MeanField("stage_3.conv3d_1.kernel", [3, 3, 3, 16, 32])
        # stage_3.conv3d_1.bias: deterministic
        self.stage_3_conv3d_1_bias = Point("stage_3.conv3d_1.bias", [32])
        # stage_3.filter_response_norm_1.gain: deterministic
        self.stage_3_filter_response_norm_1_gain = Point(
            "stage_3.filter_response_norm_1.gain",
            [32],
        )
        # stage_3.filter_response_norm_1.shift: deterministic
        self.stage_3_filter_response_norm_1_shift = Point(
            "stage_3.filter_response_norm_1.shift",
            [32],
        )
        # stage_3.filter_response_norm_1.threshold: deterministic
        self.stage_3_filter_response_norm_1_threshold = Point(
            "stage_3.filter_response_norm_1.threshold",
            [32],
        )
        # logits.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = HeNormal, scale =
        # Softplus(Normal(-4, 0.1))), flipout
        self.logits_kernel = MeanField("logits.kernel", [32, 3])
        # logits.bias: deterministic
        self.logits_bias = Point("logits.bias", [3])

    def draw(self, noise):
        """One draw of every parameter, which all of its uses share."""
        return {
            "stage_1.conv3d_1.kernel": self.stage_1_conv3d_1_kernel.draw(noise),
            "stage_1.conv3d_1.bias": Known(self.stage_1_conv3d_1_bias.loc),
            "stage_1.filter_response_norm_1.gain": (
                Known(self.stage_1_filter_response_norm_1_gain.loc)
            ),
            "stage_1.filter_response_norm_1.shift": (
                Known(self.stage_1_filter_response_norm_1_shift.loc)
            ),
            "stage_1.filter_response_norm_1.threshold": (
                Known(self.stage_1_filter_response_norm_1_threshold.loc)
            ),
            "stage_2.conv3d_1.kernel": self.stage_2_conv3d_1_kernel.draw(noise),
            "stage_2.conv3d_1.bias": Known(self.stage_2_conv3d_1_bias.loc),
            "stage_2.filter_response_norm_1.gain": (
                Known(self.stage_2_filter_response_norm_1_gain.loc)
            ),
            "stage_2.filter_response_norm_1.shift": (
                Known(self.stage_2_filter_response_norm_1_shift.loc)
            ),
            "stage_2.filter_response_norm_1.threshold": (
                Known(self.stage_2_filter_response_norm_1_threshold.loc)
            ),
            "stage_3.conv3d_1.kernel": self.stage_3_conv3d_1_kernel.draw(noise),
            "stage_3.conv3d_1.bias": Known(self.stage_3_conv3d_1_bias.loc),
            "stage_3.filter_response_norm_1.gain": (
                Known(self.stage_3_filter_response_norm_1_gain.loc)
            ),
            "stage_3.filter_response_norm_1.shift": (
                Known(self.stage_3_filter_response_norm_1_shift.loc)
            ),
            "stage_3.filter_response_norm_1.threshold": (
                Known(self.stage_3_filter_response_norm_1_threshold.loc)
            ),
            "logits.kernel": self.logits_kernel.draw(noise),
            "logits.bias": Known(self.logits_bias.loc),
        }

    def network(self, x, draw, noise):
        """The values that the likelihood takes, of inputs x: [B, 16, 16, 16, 1]."""

        # stage_1: stage(8)
        conv3d_1 = flipout(
            partial(conv, padding=1),
            x,
            draw["stage_1.conv3d_1.kernel"],
            "stage_1.conv3d_1.kernel",
            noise,
        )
        conv3d_1 = conv3d_1 + draw["stage_1.conv3d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv3d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "stage_1.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "stage_1.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw["stage_1.filter_response_norm_1.threshold"].w,
            draw["stage_1.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )
        max_pool3d_1 = max_pool(filter_response_norm_1, 2, 2)  # [B, 8, 8, 8, 8]

        # stage_2: stage(16)
        conv3d_1 = flipout(
            partial(conv, padding=1),
            max_pool3d_1,
            draw["stage_2.conv3d_1.kernel"],
            "stage_2.conv3d_1.kernel",
            noise,
        )
        conv3d_1 = conv3d_1 + draw["stage_2.conv3d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv3d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "stage_2.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "stage_2.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw["stage_2.filter_response_norm_1.threshold"].w,
            draw["stage_2.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )
        max_pool3d_1 = max_pool(filter_response_norm_1, 2, 2)  # [B, 4, 4, 4, 16]

        # stage_3: stage(32)
        conv3d_1 = flipout(
            partial(conv, padding=1),
            max_pool3d_1,
            draw["stage_3.conv3d_1.kernel"],
            "stage_3.conv3d_1.kernel",
            noise,
        )
        conv3d_1 = conv3d_1 + draw["stage_3.conv3d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv3d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "stage_3.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "stage_3.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw["stage_3.filter_response_norm_1.threshold"].w,
            draw["stage_3.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )
        max_pool3d_1 = max_pool(filter_response_norm_1, 2, 2)  # [B, 2, 2, 2, 32]

        global_avg_pool3d_1 = max_pool3d_1.mean((1, 2, 3))  # [B, 32]
        logits = flipout(matmul, global_avg_pool3d_1, draw["logits.kernel"], "logits.kernel", noise)
        logits = logits + draw["logits.bias"].w
        return {"logits": logits}

    def nll(self, values, draw, targets):
        """-log p(target | network), summed over the examples at hand."""
        # body ~ Categorical(logits = logits)
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
        q = draw["stage_1.conv3d_1.kernel"]
        terms["kl(stage_1.conv3d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.19245008972987526
        ).sum()
        q = draw["stage_2.conv3d_1.kernel"]
        terms["kl(stage_2.conv3d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.06804138174397717
        ).sum()
        q = draw["stage_3.conv3d_1.kernel"]
        terms["kl(stage_3.conv3d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.048112522432468816
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
        "kl(stage_1.conv3d_1.kernel)": 1 / at.training_examples,
        "kl(stage_2.conv3d_1.kernel)": 1 / at.training_examples,
        "kl(stage_3.conv3d_1.kernel)": 1 / at.training_examples,
        "kl(logits.kernel)": 1 / at.training_examples,
    }


# How each variable starts; `initialize` draws the numbers that bnnc draws for a seed.
START = {
    "stage_1.conv3d_1.kernel.loc": (Start.truncated_normal, 0.0, 0.3094106266248576),
    "stage_1.conv3d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stage_1.conv3d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage_1.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "stage_1.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "stage_1.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "stage_2.conv3d_1.kernel.loc": (Start.truncated_normal, 0.0, 0.10939317612880786),
    "stage_2.conv3d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stage_2.conv3d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage_2.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "stage_2.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "stage_2.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "stage_3.conv3d_1.kernel.loc": (Start.truncated_normal, 0.0, 0.0773526566562144),
    "stage_3.conv3d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stage_3.conv3d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage_3.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "stage_3.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "stage_3.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "logits.kernel.loc": (Start.truncated_normal, 0.0, 0.2842118085846391),
    "logits.kernel.rho": (Start.normal, -4.0, 0.1),
    "logits.bias.loc": (Start.normal, 0.0, 0.1),
}
