def kl_normal_normal(m, s, loc, scale):
    """KL(Normal(m, s) || Normal(loc, scale)), of each entry."""
    return torch.log(scale / s) + (s**2 + (m - loc) ** 2) / (2 * scale**2) - 0.5


# The random draws of a step. Philox's key of each is made of the seed, the step and these: its
# parameter's number, its use, and how far apart the uses of further samples of the weights are.
STREAMS = {
    "fine.conv2d_1.kernel.noise": (0, 0, 8),
    "fine.conv2d_1.kernel.sign_in": (0, 1, 8),
    "fine.conv2d_1.kernel.sign_out": (0, 2, 8),
    "middle.conv2d_1.kernel.noise": (5, 0, 8),
    "middle.conv2d_1.kernel.sign_in": (5, 1, 8),
    "middle.conv2d_1.kernel.sign_out": (5, 2, 8),
    "convolution_1.conv2d_1.kernel.noise": (10, 0, 8),
    "convolution_1.conv2d_1.kernel.sign_in": (10, 1, 8),
    "convolution_1.conv2d_1.kernel.sign_out": (10, 2, 8),
    "convolution_2.conv2d_1.kernel.noise": (15, 0, 8),
    "convolution_2.conv2d_1.kernel.sign_in": (15, 1, 8),
    "convolution_2.conv2d_1.kernel.sign_out": (15, 2, 8),
    "convolution_3.conv2d_1.kernel.noise": (20, 0, 8),
    "convolution_3.conv2d_1.kernel.sign_in": (20, 1, 8),
    "convolution_3.conv2d_1.kernel.sign_out": (20, 2, 8),
    "logits.kernel.noise": (25, 0, 8),
    "logits.kernel.sign_in": (25, 1, 8),
    "logits.kernel.sign_out": (25, 2, 8),
}


class Model(nn.Module):
    """The model `unet_shapes`. What it returns is its loss.

    Everything that has a gradient is worked out inside `forward`, the terms of the weights too: so
    DDP, FSDP2 and torch.compile see every variable used. Values have a batch axis first and
    channels last.
    """

    def __init__(self):
        super().__init__()
        # Whether the factors of products are rounded to bfloat16, and nothing else.
        self.bfloat16_products = False
        # fine.conv2d_1.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = HeNormal, scale =
        # Softplus(Normal(-5, 0.1))), flipout
        self.fine_conv2d_1_kernel = MeanField("fine.conv2d_1.kernel", [3, 3, 3, 16])
        # fine.conv2d_1.bias: deterministic
        self.fine_conv2d_1_bias = Point("fine.conv2d_1.bias", [16])
        # fine.filter_response_norm_1.gain: deterministic
        self.fine_filter_response_norm_1_gain = Point("fine.filter_response_norm_1.gain", [16])
        # fine.filter_response_norm_1.shift: deterministic
        self.fine_filter_response_norm_1_shift = Point("fine.filter_response_norm_1.shift", [16])
        # fine.filter_response_norm_1.threshold: deterministic
        self.fine_filter_response_norm_1_threshold = Point(
            "fine.filter_response_norm_1.threshold",
            [16],
        )
        # middle.conv2d_1.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = HeNormal, scale =
        # Softplus(Normal(-5, 0.1))), flipout
        self.middle_conv2d_1_kernel = MeanField("middle.conv2d_1.kernel", [3, 3, 16, 32])
        # middle.conv2d_1.bias: deterministic
        self.middle_conv2d_1_bias = Point("middle.conv2d_1.bias", [32])
        # middle.filter_response_norm_1.gain: deterministic
        self.middle_filter_response_norm_1_gain = Point("middle.filter_response_norm_1.gain", [32])
        # middle.filter_response_norm_1.shift: deterministic
        self.middle_filter_response_norm_1_shift = Point(
            "middle.filter_response_norm_1.shift",
            [32],
        )
        # middle.filter_response_norm_1.threshold: deterministic
        self.middle_filter_response_norm_1_threshold = Point(
            "middle.filter_response_norm_1.threshold",
            [32],
        )
        # convolution_1.conv2d_1.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-5, 0.1))), flipout
        self.convolution_1_conv2d_1_kernel = MeanField(
            "convolution_1.conv2d_1.kernel",
            [3, 3, 32, 32],
        )
        # convolution_1.conv2d_1.bias: deterministic
        self.convolution_1_conv2d_1_bias = Point("convolution_1.conv2d_1.bias", [32])
        # convolution_1.filter_response_norm_1.gain: deterministic
        self.convolution_1_filter_response_norm_1_gain = Point(
            "convolution_1.filter_response_norm_1.gain",
            [32],
        )
        # convolution_1.filter_response_norm_1.shift: deterministic
        self.convolution_1_filter_response_norm_1_shift = Point(
            "convolution_1.filter_response_norm_1.shift",
            [32],
        )
        # convolution_1.filter_response_norm_1.threshold: deterministic
        self.convolution_1_filter_response_norm_1_threshold = Point(
            "convolution_1.filter_response_norm_1.threshold",
            [32],
        )
        # convolution_2.conv2d_1.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-5, 0.1))), flipout
        self.convolution_2_conv2d_1_kernel = MeanField(
            "convolution_2.conv2d_1.kernel",
            [3, 3, 64, 32],
        )
        # convolution_2.conv2d_1.bias: deterministic
        self.convolution_2_conv2d_1_bias = Point("convolution_2.conv2d_1.bias", [32])
        # convolution_2.filter_response_norm_1.gain: deterministic
        self.convolution_2_filter_response_norm_1_gain = Point(
            "convolution_2.filter_response_norm_1.gain",
            [32],
        )
        # convolution_2.filter_response_norm_1.shift: deterministic
        self.convolution_2_filter_response_norm_1_shift = Point(
            "convolution_2.filter_response_norm_1.shift",
            [32],
        )
        # convolution_2.filter_response_norm_1.threshold: deterministic
        self.convolution_2_filter_response_norm_1_threshold = Point(
            "convolution_2.filter_response_norm_1.threshold",
            [32],
        )
        # convolution_3.conv2d_1.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-5, 0.1))), flipout
        self.convolution_3_conv2d_1_kernel = MeanField(
            "convolution_3.conv2d_1.kernel",
            [3, 3, 48, 16],
        )
        # convolution_3.conv2d_1.bias: deterministic
        self.convolution_3_conv2d_1_bias = Point("convolution_3.conv2d_1.bias", [16])
        # convolution_3.filter_response_norm_1.gain: deterministic
        self.convolution_3_filter_response_norm_1_gain = Point(
            "convolution_3.filter_response_norm_1.gain",
            [16],
        )
        # convolution_3.filter_response_norm_1.shift: deterministic
        self.convolution_3_filter_response_norm_1_shift = Point(
            "convolution_3.filter_response_norm_1.shift",
            [16],
        )
        # convolution_3.filter_response_norm_1.threshold: deterministic
        self.convolution_3_filter_response_norm_1_threshold = Point(
            "convolution_3.filter_response_norm_1.threshold",
            [16],
        )
        # logits.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(loc = HeNormal, scale =
        # Softplus(Normal(-5, 0.1))), flipout
        self.logits_kernel = MeanField("logits.kernel", [1, 1, 16, 3])
        # logits.bias: deterministic
        self.logits_bias = Point("logits.bias", [3])

    def draw(self, noise):
        """One draw of every parameter, which all of its uses share."""
        return {
            "fine.conv2d_1.kernel": self.fine_conv2d_1_kernel.draw(noise),
            "fine.conv2d_1.bias": Known(self.fine_conv2d_1_bias.loc),
            "fine.filter_response_norm_1.gain": Known(self.fine_filter_response_norm_1_gain.loc),
            "fine.filter_response_norm_1.shift": Known(self.fine_filter_response_norm_1_shift.loc),
            "fine.filter_response_norm_1.threshold": (
                Known(self.fine_filter_response_norm_1_threshold.loc)
            ),
            "middle.conv2d_1.kernel": self.middle_conv2d_1_kernel.draw(noise),
            "middle.conv2d_1.bias": Known(self.middle_conv2d_1_bias.loc),
            "middle.filter_response_norm_1.gain": (
                Known(self.middle_filter_response_norm_1_gain.loc)
            ),
            "middle.filter_response_norm_1.shift": (
                Known(self.middle_filter_response_norm_1_shift.loc)
            ),
            "middle.filter_response_norm_1.threshold": (
                Known(self.middle_filter_response_norm_1_threshold.loc)
            ),
            "convolution_1.conv2d_1.kernel": self.convolution_1_conv2d_1_kernel.draw(noise),
            "convolution_1.conv2d_1.bias": Known(self.convolution_1_conv2d_1_bias.loc),
            "convolution_1.filter_response_norm_1.gain": (
                Known(self.convolution_1_filter_response_norm_1_gain.loc)
            ),
            "convolution_1.filter_response_norm_1.shift": (
                Known(self.convolution_1_filter_response_norm_1_shift.loc)
            ),
            "convolution_1.filter_response_norm_1.threshold": (
                Known(self.convolution_1_filter_response_norm_1_threshold.loc)
            ),
            "convolution_2.conv2d_1.kernel": self.convolution_2_conv2d_1_kernel.draw(noise),
            "convolution_2.conv2d_1.bias": Known(self.convolution_2_conv2d_1_bias.loc),
            "convolution_2.filter_response_norm_1.gain": (
                Known(self.convolution_2_filter_response_norm_1_gain.loc)
            ),
            "convolution_2.filter_response_norm_1.shift": (
                Known(self.convolution_2_filter_response_norm_1_shift.loc)
            ),
            "convolution_2.filter_response_norm_1.threshold": (
                Known(self.convolution_2_filter_response_norm_1_threshold.loc)
            ),
            "convolution_3.conv2d_1.kernel": self.convolution_3_conv2d_1_kernel.draw(noise),
            "convolution_3.conv2d_1.bias": Known(self.convolution_3_conv2d_1_bias.loc),
            "convolution_3.filter_response_norm_1.gain": (
                Known(self.convolution_3_filter_response_norm_1_gain.loc)
            ),
            "convolution_3.filter_response_norm_1.shift": (
                Known(self.convolution_3_filter_response_norm_1_shift.loc)
            ),
            "convolution_3.filter_response_norm_1.threshold": (
                Known(self.convolution_3_filter_response_norm_1_threshold.loc)
            ),
            "logits.kernel": self.logits_kernel.draw(noise),
            "logits.bias": Known(self.logits_bias.loc),
        }

    def network(self, x, draw, noise):
        """The values that the likelihood takes, of inputs x: [B, 32, 32, 3]."""

        # fine: convolution(16)
        conv2d_1 = flipout(
            partial(conv, padding=1), x, draw["fine.conv2d_1.kernel"], "fine.conv2d_1.kernel", noise
        )
        conv2d_1 = conv2d_1 + draw["fine.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw["fine.filter_response_norm_1.gain"].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "fine.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw["fine.filter_response_norm_1.threshold"].w,
            draw["fine.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        max_pool2d_1 = max_pool(filter_response_norm_1, 2, 2)  # [B, 16, 16, 16]

        # middle: convolution(32)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            max_pool2d_1,
            draw["middle.conv2d_1.kernel"],
            "middle.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["middle.conv2d_1.bias"].w
        middle_filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        middle_filter_response_norm_1 = middle_filter_response_norm_1 * draw[
            "middle.filter_response_norm_1.gain"
        ].w
        middle_filter_response_norm_1 = middle_filter_response_norm_1 + draw[
            "middle.filter_response_norm_1.shift"
        ].w
        middle_filter_response_norm_1 = torch.where(
            middle_filter_response_norm_1 < draw["middle.filter_response_norm_1.threshold"].w,
            draw["middle.filter_response_norm_1.threshold"].w,
            middle_filter_response_norm_1,
        )

        max_pool2d_2 = max_pool(middle_filter_response_norm_1, 2, 2)  # [B, 8, 8, 32]

        # convolution_1: convolution(32)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            max_pool2d_2,
            draw["convolution_1.conv2d_1.kernel"],
            "convolution_1.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["convolution_1.conv2d_1.bias"].w
        convolution_1_filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        convolution_1_filter_response_norm_1 = convolution_1_filter_response_norm_1 * draw[
            "convolution_1.filter_response_norm_1.gain"
        ].w
        convolution_1_filter_response_norm_1 = convolution_1_filter_response_norm_1 + draw[
            "convolution_1.filter_response_norm_1.shift"
        ].w
        convolution_1_filter_response_norm_1 = torch.where(
            convolution_1_filter_response_norm_1 < draw[
                "convolution_1.filter_response_norm_1.threshold"
            ].w,
            draw["convolution_1.filter_response_norm_1.threshold"].w,
            convolution_1_filter_response_norm_1,
        )

        up1 = nearest(convolution_1_filter_response_norm_1, (2, 2))  # [B, 16, 16, 32]
        concat_1 = torch.cat([up1, middle_filter_response_norm_1], -1)  # [B, 16, 16, 64]

        # convolution_2: convolution(32)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            concat_1,
            draw["convolution_2.conv2d_1.kernel"],
            "convolution_2.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["convolution_2.conv2d_1.bias"].w
        convolution_2_filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        convolution_2_filter_response_norm_1 = convolution_2_filter_response_norm_1 * draw[
            "convolution_2.filter_response_norm_1.gain"
        ].w
        convolution_2_filter_response_norm_1 = convolution_2_filter_response_norm_1 + draw[
            "convolution_2.filter_response_norm_1.shift"
        ].w
        convolution_2_filter_response_norm_1 = torch.where(
            convolution_2_filter_response_norm_1 < draw[
                "convolution_2.filter_response_norm_1.threshold"
            ].w,
            draw["convolution_2.filter_response_norm_1.threshold"].w,
            convolution_2_filter_response_norm_1,
        )

        up2 = nearest(convolution_2_filter_response_norm_1, (2, 2))  # [B, 32, 32, 32]
        concat_2 = torch.cat([up2, filter_response_norm_1], -1)  # [B, 32, 32, 48]

        # convolution_3: convolution(16)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            concat_2,
            draw["convolution_3.conv2d_1.kernel"],
            "convolution_3.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["convolution_3.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "convolution_3.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "convolution_3.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw["convolution_3.filter_response_norm_1.threshold"].w,
            draw["convolution_3.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        logits = flipout(
            conv, filter_response_norm_1, draw["logits.kernel"], "logits.kernel", noise
        )
        logits = logits + draw["logits.bias"].w
        return {"logits": logits}

    def nll(self, values, draw, targets):
        """-log p(target | network), summed over the examples at hand."""
        # mask ~ Categorical(logits = logits)
        y = targets[0].flatten(1)
        known = y >= 0
        y = y.clamp(min=0)
        logits = values["logits"].reshape(-1, 1024, 3)
        nll = torch.logsumexp(logits, -1) - logits.gather(-1, y.unsqueeze(-1)).squeeze(-1)
        nll = torch.where(known, nll, 0.0)
        return {"nll": nll.sum()}

    def fits(self, values, draw, targets):
        """Of each target: how many labels are right, or its entries' squared errors, scaled."""
        y = targets[0].flatten(1)
        logits = values["logits"].reshape(-1, 1024, 3)
        fit_0 = (logits.argmax(-1) == y).sum()
        return [fit_0]

    def terms(self, draw):
        """What the loss has of the weights, each term unscaled."""
        terms = {}
        # closed form, x 1/N: the ELBO holds the KL once per data set, so each example carries 1/N
        # of it
        q = draw["fine.conv2d_1.kernel"]
        terms["kl(fine.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.19245008972987526
        ).sum()
        q = draw["middle.conv2d_1.kernel"]
        terms["kl(middle.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.08333333333333333
        ).sum()
        q = draw["convolution_1.conv2d_1.kernel"]
        terms["kl(convolution_1.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.05892556509887897
        ).sum()
        q = draw["convolution_2.conv2d_1.kernel"]
        terms["kl(convolution_2.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.041666666666666664
        ).sum()
        q = draw["convolution_3.conv2d_1.kernel"]
        terms["kl(convolution_3.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.048112522432468816
        ).sum()
        q = draw["logits.kernel"]
        terms["kl(logits.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 0.25).sum()
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
        "kl(fine.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(middle.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(convolution_1.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(convolution_2.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(convolution_3.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(logits.kernel)": 1 / at.training_examples,
    }


# How each variable starts; `initialize` draws the numbers that bnnc draws for a seed.
START = {
    "fine.conv2d_1.kernel.loc": (Start.truncated_normal, 0.0, 0.3094106266248576),
    "fine.conv2d_1.kernel.rho": (Start.normal, -5.0, 0.1),
    "fine.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "fine.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "fine.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "fine.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "middle.conv2d_1.kernel.loc": (Start.truncated_normal, 0.0, 0.13397873142899422),
    "middle.conv2d_1.kernel.rho": (Start.normal, -5.0, 0.1),
    "middle.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "middle.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "middle.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "middle.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "convolution_1.conv2d_1.kernel.loc": (Start.truncated_normal, 0.0, 0.09473726952821303),
    "convolution_1.conv2d_1.kernel.rho": (Start.normal, -5.0, 0.1),
    "convolution_1.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "convolution_1.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "convolution_1.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "convolution_1.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "convolution_2.conv2d_1.kernel.loc": (Start.truncated_normal, 0.0, 0.06698936571449711),
    "convolution_2.conv2d_1.kernel.rho": (Start.normal, -5.0, 0.1),
    "convolution_2.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "convolution_2.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "convolution_2.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "convolution_2.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "convolution_3.conv2d_1.kernel.loc": (Start.truncated_normal, 0.0, 0.0773526566562144),
    "convolution_3.conv2d_1.kernel.rho": (Start.normal, -5.0, 0.1),
    "convolution_3.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "convolution_3.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "convolution_3.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "convolution_3.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "logits.kernel.loc": (Start.truncated_normal, 0.0, 0.4019361942869827),
    "logits.kernel.rho": (Start.normal, -5.0, 0.1),
    "logits.bias.loc": (Start.normal, 0.0, 0.1),
}
