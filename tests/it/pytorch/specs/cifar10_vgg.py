def kl_normal_normal(m, s, loc, scale):
    """KL(Normal(m, s) || Normal(loc, scale)), of each entry."""
    return torch.log(scale / s) + (s**2 + (m - loc) ** 2) / (2 * scale**2) - 0.5


# The random draws of a step. Philox's key of each is made of the seed, the step and these: its
# parameter's number, its use, and how far apart the uses of further samples of the weights are.
STREAMS = {
    "stage_1.repeat_1.1.conv2d_1.kernel.noise": (0, 0, 8),
    "stage_1.repeat_1.1.conv2d_1.kernel.sign_in": (0, 1, 8),
    "stage_1.repeat_1.1.conv2d_1.kernel.sign_out": (0, 2, 8),
    "stage_1.repeat_1.2.conv2d_1.kernel.noise": (6, 0, 8),
    "stage_1.repeat_1.2.conv2d_1.kernel.sign_in": (6, 1, 8),
    "stage_1.repeat_1.2.conv2d_1.kernel.sign_out": (6, 2, 8),
    "stage_2.repeat_1.1.conv2d_1.kernel.noise": (12, 0, 8),
    "stage_2.repeat_1.1.conv2d_1.kernel.sign_in": (12, 1, 8),
    "stage_2.repeat_1.1.conv2d_1.kernel.sign_out": (12, 2, 8),
    "stage_2.repeat_1.2.conv2d_1.kernel.noise": (18, 0, 8),
    "stage_2.repeat_1.2.conv2d_1.kernel.sign_in": (18, 1, 8),
    "stage_2.repeat_1.2.conv2d_1.kernel.sign_out": (18, 2, 8),
    "stage_3.repeat_1.1.conv2d_1.kernel.noise": (24, 0, 8),
    "stage_3.repeat_1.1.conv2d_1.kernel.sign_in": (24, 1, 8),
    "stage_3.repeat_1.1.conv2d_1.kernel.sign_out": (24, 2, 8),
    "stage_3.repeat_1.2.conv2d_1.kernel.noise": (30, 0, 8),
    "stage_3.repeat_1.2.conv2d_1.kernel.sign_in": (30, 1, 8),
    "stage_3.repeat_1.2.conv2d_1.kernel.sign_out": (30, 2, 8),
    "stage_4.repeat_1.1.conv2d_1.kernel.noise": (36, 0, 8),
    "stage_4.repeat_1.1.conv2d_1.kernel.sign_in": (36, 1, 8),
    "stage_4.repeat_1.1.conv2d_1.kernel.sign_out": (36, 2, 8),
    "stage_4.repeat_1.2.conv2d_1.kernel.noise": (42, 0, 8),
    "stage_4.repeat_1.2.conv2d_1.kernel.sign_in": (42, 1, 8),
    "stage_4.repeat_1.2.conv2d_1.kernel.sign_out": (42, 2, 8),
    "stage_5.repeat_1.1.conv2d_1.kernel.noise": (48, 0, 8),
    "stage_5.repeat_1.1.conv2d_1.kernel.sign_in": (48, 1, 8),
    "stage_5.repeat_1.1.conv2d_1.kernel.sign_out": (48, 2, 8),
    "stage_5.repeat_1.2.conv2d_1.kernel.noise": (54, 0, 8),
    "stage_5.repeat_1.2.conv2d_1.kernel.sign_in": (54, 1, 8),
    "stage_5.repeat_1.2.conv2d_1.kernel.sign_out": (54, 2, 8),
    "logits.kernel.noise": (60, 0, 8),
    "logits.kernel.sign_in": (60, 1, 8),
    "logits.kernel.sign_out": (60, 2, 8),
}


class Model(nn.Module):
    """The model `cifar10_vgg`. What it returns is its loss.

    Everything that has a gradient is worked out inside `forward`, the terms of the weights too: so
    DDP, FSDP2 and torch.compile see every variable used. Values have a batch axis first and
    channels last.
    """

    def __init__(self):
        super().__init__()
        # Whether the factors of products are rounded to bfloat16, and nothing else.
        self.bfloat16_products = False
        # stage_1.repeat_1.1.conv2d_1.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.stage_1_repeat_1_1_conv2d_1_kernel = MeanField(
            "stage_1.repeat_1.1.conv2d_1.kernel",
            [3, 3, 3, 64],
            largest_rho=-1.6094379124341018,
        )
        # stage_1.repeat_1.1.conv2d_1.bias: deterministic
        self.stage_1_repeat_1_1_conv2d_1_bias = Point("stage_1.repeat_1.1.conv2d_1.bias", [64])
        # stage_1.repeat_1.1.batch_norm_1.gain: deterministic
        self.stage_1_repeat_1_1_batch_norm_1_gain = Point(
            "stage_1.repeat_1.1.batch_norm_1.gain",
            [64],
        )
        # stage_1.repeat_1.1.batch_norm_1.shift: deterministic
        self.stage_1_repeat_1_1_batch_norm_1_shift = Point(
            "stage_1.repeat_1.1.batch_norm_1.shift",
            [64],
        )
        # stage_1.repeat_1.1.batch_norm_1.mean: kept between steps, not trained
        self.stage_1_repeat_1_1_batch_norm_1_mean = State(
            "stage_1.repeat_1.1.batch_norm_1.mean",
            [64],
        )
        # stage_1.repeat_1.1.batch_norm_1.variance: kept between steps, not trained
        self.stage_1_repeat_1_1_batch_norm_1_variance = State(
            "stage_1.repeat_1.1.batch_norm_1.variance",
            [64],
        )
        # stage_1.repeat_1.2.conv2d_1.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.stage_1_repeat_1_2_conv2d_1_kernel = MeanField(
            "stage_1.repeat_1.2.conv2d_1.kernel",
            [3, 3, 64, 64],
            largest_rho=-1.6094379124341018,
        )
        # stage_1.repeat_1.2.conv2d_1.bias: deterministic
        self.stage_1_repeat_1_2_conv2d_1_bias = Point("stage_1.repeat_1.2.conv2d_1.bias", [64])
        # stage_1.repeat_1.2.batch_norm_1.gain: deterministic
        self.stage_1_repeat_1_2_batch_norm_1_gain = Point(
            "stage_1.repeat_1.2.batch_norm_1.gain",
            [64],
        )
        # stage_1.repeat_1.2.batch_norm_1.shift: deterministic
        self.stage_1_repeat_1_2_batch_norm_1_shift = Point(
            "stage_1.repeat_1.2.batch_norm_1.shift",
            [64],
        )
        # stage_1.repeat_1.2.batch_norm_1.mean: kept between steps, not trained
        self.stage_1_repeat_1_2_batch_norm_1_mean = State(
            "stage_1.repeat_1.2.batch_norm_1.mean",
            [64],
        )
        # stage_1.repeat_1.2.batch_norm_1.variance: kept between steps, not trained
        self.stage_1_repeat_1_2_batch_norm_1_variance = State(
            "stage_1.repeat_1.2.batch_norm_1.variance",
            [64],
        )
        # stage_2.repeat_1.1.conv2d_1.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.stage_2_repeat_1_1_conv2d_1_kernel = MeanField(
            "stage_2.repeat_1.1.conv2d_1.kernel",
            [3, 3, 64, 128],
            largest_rho=-1.6094379124341018,
        )
        # stage_2.repeat_1.1.conv2d_1.bias: deterministic
        self.stage_2_repeat_1_1_conv2d_1_bias = Point("stage_2.repeat_1.1.conv2d_1.bias", [128])
        # stage_2.repeat_1.1.batch_norm_1.gain: deterministic
        self.stage_2_repeat_1_1_batch_norm_1_gain = Point(
            "stage_2.repeat_1.1.batch_norm_1.gain",
            [128],
        )
        # stage_2.repeat_1.1.batch_norm_1.shift: deterministic
        self.stage_2_repeat_1_1_batch_norm_1_shift = Point(
            "stage_2.repeat_1.1.batch_norm_1.shift",
            [128],
        )
        # stage_2.repeat_1.1.batch_norm_1.mean: kept between steps, not trained
        self.stage_2_repeat_1_1_batch_norm_1_mean = State(
            "stage_2.repeat_1.1.batch_norm_1.mean",
            [128],
        )
        # stage_2.repeat_1.1.batch_norm_1.variance: kept between steps, not trained
        self.stage_2_repeat_1_1_batch_norm_1_variance = State(
            "stage_2.repeat_1.1.batch_norm_1.variance",
            [128],
        )
        # stage_2.repeat_1.2.conv2d_1.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.stage_2_repeat_1_2_conv2d_1_kernel = MeanField(
            "stage_2.repeat_1.2.conv2d_1.kernel",
            [3, 3, 128, 128],
            largest_rho=-1.6094379124341018,
        )
        # stage_2.repeat_1.2.conv2d_1.bias: deterministic
        self.stage_2_repeat_1_2_conv2d_1_bias = Point("stage_2.repeat_1.2.conv2d_1.bias", [128])
        # stage_2.repeat_1.2.batch_norm_1.gain: deterministic
        self.stage_2_repeat_1_2_batch_norm_1_gain = Point(
            "stage_2.repeat_1.2.batch_norm_1.gain",
            [128],
        )
        # stage_2.repeat_1.2.batch_norm_1.shift: deterministic
        self.stage_2_repeat_1_2_batch_norm_1_shift = Point(
            "stage_2.repeat_1.2.batch_norm_1.shift",
            [128],
        )
        # stage_2.repeat_1.2.batch_norm_1.mean: kept between steps, not trained
        self.stage_2_repeat_1_2_batch_norm_1_mean = State(
            "stage_2.repeat_1.2.batch_norm_1.mean",
            [128],
        )
        # stage_2.repeat_1.2.batch_norm_1.variance: kept between steps, not trained
        self.stage_2_repeat_1_2_batch_norm_1_variance = State(
            "stage_2.repeat_1.2.batch_norm_1.variance",
            [128],
        )
        # stage_3.repeat_1.1.conv2d_1.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.stage_3_repeat_1_1_conv2d_1_kernel = MeanField(
            "stage_3.repeat_1.1.conv2d_1.kernel",
            [3, 3, 128, 256],
            largest_rho=-1.6094379124341018,
        )
        # stage_3.repeat_1.1.conv2d_1.bias: deterministic
        self.stage_3_repeat_1_1_conv2d_1_bias = Point("stage_3.repeat_1.1.conv2d_1.bias", [256])
        # stage_3.repeat_1.1.batch_norm_1.gain: deterministic
        self.stage_3_repeat_1_1_batch_norm_1_gain = Point(
            "stage_3.repeat_1.1.batch_norm_1.gain",
            [256],
        )
        # stage_3.repeat_1.1.batch_norm_1.shift: deterministic
        self.stage_3_repeat_1_1_batch_norm_1_shift = Point(
            "stage_3.repeat_1.1.batch_norm_1.shift",
            [256],
        )
        # stage_3.repeat_1.1.batch_norm_1.mean: kept between steps, not trained
        self.stage_3_repeat_1_1_batch_norm_1_mean = State(
            "stage_3.repeat_1.1.batch_norm_1.mean",
            [256],
        )
        # stage_3.repeat_1.1.batch_norm_1.variance: kept between steps, not trained
        self.stage_3_repeat_1_1_batch_norm_1_variance = State(
            "stage_3.repeat_1.1.batch_norm_1.variance",
            [256],
        )
        # stage_3.repeat_1.2.conv2d_1.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.stage_3_repeat_1_2_conv2d_1_kernel = MeanField(
            "stage_3.repeat_1.2.conv2d_1.kernel",
            [3, 3, 256, 256],
            largest_rho=-1.6094379124341018,
        )
        # stage_3.repeat_1.2.conv2d_1.bias: deterministic
        self.stage_3_repeat_1_2_conv2d_1_bias = Point("stage_3.repeat_1.2.conv2d_1.bias", [256])
        # stage_3.repeat_1.2.batch_norm_1.gain: deterministic
        self.stage_3_repeat_1_2_batch_norm_1_gain = Point(
            "stage_3.repeat_1.2.batch_norm_1.gain",
            [256],
        )
        # stage_3.repeat_1.2.batch_norm_1.shift: deterministic
        self.stage_3_repeat_1_2_batch_norm_1_shift = Point(
            "stage_3.repeat_1.2.batch_norm_1.shift",
            [256],
        )
        # stage_3.repeat_1.2.batch_norm_1.mean: kept between steps, not trained
        self.stage_3_repeat_1_2_batch_norm_1_mean = State(
            "stage_3.repeat_1.2.batch_norm_1.mean",
            [256],
        )
        # stage_3.repeat_1.2.batch_norm_1.variance: kept between steps, not trained
        self.stage_3_repeat_1_2_batch_norm_1_variance = State(
            "stage_3.repeat_1.2.batch_norm_1.variance",
            [256],
        )
        # stage_4.repeat_1.1.conv2d_1.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.stage_4_repeat_1_1_conv2d_1_kernel = MeanField(
            "stage_4.repeat_1.1.conv2d_1.kernel",
            [3, 3, 256, 512],
            largest_rho=-1.6094379124341018,
        )
        # stage_4.repeat_1.1.conv2d_1.bias: deterministic
        self.stage_4_repeat_1_1_conv2d_1_bias = Point("stage_4.repeat_1.1.conv2d_1.bias", [512])
        # stage_4.repeat_1.1.batch_norm_1.gain: deterministic
        self.stage_4_repeat_1_1_batch_norm_1_gain = Point(
            "stage_4.repeat_1.1.batch_norm_1.gain",
            [512],
        )
        # stage_4.repeat_1.1.batch_norm_1.shift: deterministic
        self.stage_4_repeat_1_1_batch_norm_1_shift = Point(
            "stage_4.repeat_1.1.batch_norm_1.shift",
            [512],
        )
        # stage_4.repeat_1.1.batch_norm_1.mean: kept between steps, not trained
        self.stage_4_repeat_1_1_batch_norm_1_mean = State(
            "stage_4.repeat_1.1.batch_norm_1.mean",
            [512],
        )
        # stage_4.repeat_1.1.batch_norm_1.variance: kept between steps, not trained
        self.stage_4_repeat_1_1_batch_norm_1_variance = State(
            "stage_4.repeat_1.1.batch_norm_1.variance",
            [512],
        )
        # stage_4.repeat_1.2.conv2d_1.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.stage_4_repeat_1_2_conv2d_1_kernel = MeanField(
            "stage_4.repeat_1.2.conv2d_1.kernel",
            [3, 3, 512, 512],
            largest_rho=-1.6094379124341018,
        )
        # stage_4.repeat_1.2.conv2d_1.bias: deterministic
        self.stage_4_repeat_1_2_conv2d_1_bias = Point("stage_4.repeat_1.2.conv2d_1.bias", [512])
        # stage_4.repeat_1.2.batch_norm_1.gain: deterministic
        self.stage_4_repeat_1_2_batch_norm_1_gain = Point(
            "stage_4.repeat_1.2.batch_norm_1.gain",
            [512],
        )
        # stage_4.repeat_1.2.batch_norm_1.shift: deterministic
        self.stage_4_repeat_1_2_batch_norm_1_shift = Point(
            "stage_4.repeat_1.2.batch_norm_1.shift",
            [512],
        )
        # stage_4.repeat_1.2.batch_norm_1.mean: kept between steps, not trained
        self.stage_4_repeat_1_2_batch_norm_1_mean = State(
            "stage_4.repeat_1.2.batch_norm_1.mean",
            [512],
        )
        # stage_4.repeat_1.2.batch_norm_1.variance: kept between steps, not trained
        self.stage_4_repeat_1_2_batch_norm_1_variance = State(
            "stage_4.repeat_1.2.batch_norm_1.variance",
            [512],
        )
        # stage_5.repeat_1.1.conv2d_1.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.stage_5_repeat_1_1_conv2d_1_kernel = MeanField(
            "stage_5.repeat_1.1.conv2d_1.kernel",
            [3, 3, 512, 512],
            largest_rho=-1.6094379124341018,
        )
        # stage_5.repeat_1.1.conv2d_1.bias: deterministic
        self.stage_5_repeat_1_1_conv2d_1_bias = Point("stage_5.repeat_1.1.conv2d_1.bias", [512])
        # stage_5.repeat_1.1.batch_norm_1.gain: deterministic
        self.stage_5_repeat_1_1_batch_norm_1_gain = Point(
            "stage_5.repeat_1.1.batch_norm_1.gain",
            [512],
        )
        # stage_5.repeat_1.1.batch_norm_1.shift: deterministic
        self.stage_5_repeat_1_1_batch_norm_1_shift = Point(
            "stage_5.repeat_1.1.batch_norm_1.shift",
            [512],
        )
        # stage_5.repeat_1.1.batch_norm_1.mean: kept between steps, not trained
        self.stage_5_repeat_1_1_batch_norm_1_mean = State(
            "stage_5.repeat_1.1.batch_norm_1.mean",
            [512],
        )
        # stage_5.repeat_1.1.batch_norm_1.variance: kept between steps, not trained
        self.stage_5_repeat_1_1_batch_norm_1_variance = State(
            "stage_5.repeat_1.1.batch_norm_1.variance",
            [512],
        )
        # stage_5.repeat_1.2.conv2d_1.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.stage_5_repeat_1_2_conv2d_1_kernel = MeanField(
            "stage_5.repeat_1.2.conv2d_1.kernel",
            [3, 3, 512, 512],
            largest_rho=-1.6094379124341018,
        )
        # stage_5.repeat_1.2.conv2d_1.bias: deterministic
        self.stage_5_repeat_1_2_conv2d_1_bias = Point("stage_5.repeat_1.2.conv2d_1.bias", [512])
        # stage_5.repeat_1.2.batch_norm_1.gain: deterministic
        self.stage_5_repeat_1_2_batch_norm_1_gain = Point(
            "stage_5.repeat_1.2.batch_norm_1.gain",
            [512],
        )
        # stage_5.repeat_1.2.batch_norm_1.shift: deterministic
        self.stage_5_repeat_1_2_batch_norm_1_shift = Point(
            "stage_5.repeat_1.2.batch_norm_1.shift",
            [512],
        )
        # stage_5.repeat_1.2.batch_norm_1.mean: kept between steps, not trained
        self.stage_5_repeat_1_2_batch_norm_1_mean = State(
            "stage_5.repeat_1.2.batch_norm_1.mean",
            [512],
        )
        # stage_5.repeat_1.2.batch_norm_1.variance: kept between steps, not trained
        self.stage_5_repeat_1_2_batch_norm_1_variance = State(
            "stage_5.repeat_1.2.batch_norm_1.variance",
            [512],
        )
        # logits.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale = Softplus(Normal(-9,
        # 0.1)), largest_scale = log(1.2)), flipout
        self.logits_kernel = MeanField("logits.kernel", [512, 10], largest_rho=-1.6094379124341018)
        # logits.bias: deterministic
        self.logits_bias = Point("logits.bias", [10])

    def draw(self, noise):
        """One draw of every parameter, which all of its uses share."""
        return {
            "stage_1.repeat_1.1.conv2d_1.kernel": (
                self.stage_1_repeat_1_1_conv2d_1_kernel.draw(noise)
            ),
            "stage_1.repeat_1.1.conv2d_1.bias": Known(self.stage_1_repeat_1_1_conv2d_1_bias.loc),
            "stage_1.repeat_1.1.batch_norm_1.gain": (
                Known(self.stage_1_repeat_1_1_batch_norm_1_gain.loc)
            ),
            "stage_1.repeat_1.1.batch_norm_1.shift": (
                Known(self.stage_1_repeat_1_1_batch_norm_1_shift.loc)
            ),
            "stage_1.repeat_1.2.conv2d_1.kernel": (
                self.stage_1_repeat_1_2_conv2d_1_kernel.draw(noise)
            ),
            "stage_1.repeat_1.2.conv2d_1.bias": Known(self.stage_1_repeat_1_2_conv2d_1_bias.loc),
            "stage_1.repeat_1.2.batch_norm_1.gain": (
                Known(self.stage_1_repeat_1_2_batch_norm_1_gain.loc)
            ),
            "stage_1.repeat_1.2.batch_norm_1.shift": (
                Known(self.stage_1_repeat_1_2_batch_norm_1_shift.loc)
            ),
            "stage_2.repeat_1.1.conv2d_1.kernel": (
                self.stage_2_repeat_1_1_conv2d_1_kernel.draw(noise)
            ),
            "stage_2.repeat_1.1.conv2d_1.bias": Known(self.stage_2_repeat_1_1_conv2d_1_bias.loc),
            "stage_2.repeat_1.1.batch_norm_1.gain": (
                Known(self.stage_2_repeat_1_1_batch_norm_1_gain.loc)
            ),
            "stage_2.repeat_1.1.batch_norm_1.shift": (
                Known(self.stage_2_repeat_1_1_batch_norm_1_shift.loc)
            ),
            "stage_2.repeat_1.2.conv2d_1.kernel": (
                self.stage_2_repeat_1_2_conv2d_1_kernel.draw(noise)
            ),
            "stage_2.repeat_1.2.conv2d_1.bias": Known(self.stage_2_repeat_1_2_conv2d_1_bias.loc),
            "stage_2.repeat_1.2.batch_norm_1.gain": (
                Known(self.stage_2_repeat_1_2_batch_norm_1_gain.loc)
            ),
            "stage_2.repeat_1.2.batch_norm_1.shift": (
                Known(self.stage_2_repeat_1_2_batch_norm_1_shift.loc)
            ),
            "stage_3.repeat_1.1.conv2d_1.kernel": (
                self.stage_3_repeat_1_1_conv2d_1_kernel.draw(noise)
            ),
            "stage_3.repeat_1.1.conv2d_1.bias": Known(self.stage_3_repeat_1_1_conv2d_1_bias.loc),
            "stage_3.repeat_1.1.batch_norm_1.gain": (
                Known(self.stage_3_repeat_1_1_batch_norm_1_gain.loc)
            ),
            "stage_3.repeat_1.1.batch_norm_1.shift": (
                Known(self.stage_3_repeat_1_1_batch_norm_1_shift.loc)
            ),
            "stage_3.repeat_1.2.conv2d_1.kernel": (
                self.stage_3_repeat_1_2_conv2d_1_kernel.draw(noise)
            ),
            "stage_3.repeat_1.2.conv2d_1.bias": Known(self.stage_3_repeat_1_2_conv2d_1_bias.loc),
            "stage_3.repeat_1.2.batch_norm_1.gain": (
                Known(self.stage_3_repeat_1_2_batch_norm_1_gain.loc)
            ),
            "stage_3.repeat_1.2.batch_norm_1.shift": (
                Known(self.stage_3_repeat_1_2_batch_norm_1_shift.loc)
            ),
            "stage_4.repeat_1.1.conv2d_1.kernel": (
                self.stage_4_repeat_1_1_conv2d_1_kernel.draw(noise)
            ),
            "stage_4.repeat_1.1.conv2d_1.bias": Known(self.stage_4_repeat_1_1_conv2d_1_bias.loc),
            "stage_4.repeat_1.1.batch_norm_1.gain": (
                Known(self.stage_4_repeat_1_1_batch_norm_1_gain.loc)
            ),
            "stage_4.repeat_1.1.batch_norm_1.shift": (
                Known(self.stage_4_repeat_1_1_batch_norm_1_shift.loc)
            ),
            "stage_4.repeat_1.2.conv2d_1.kernel": (
                self.stage_4_repeat_1_2_conv2d_1_kernel.draw(noise)
            ),
            "stage_4.repeat_1.2.conv2d_1.bias": Known(self.stage_4_repeat_1_2_conv2d_1_bias.loc),
            "stage_4.repeat_1.2.batch_norm_1.gain": (
                Known(self.stage_4_repeat_1_2_batch_norm_1_gain.loc)
            ),
            "stage_4.repeat_1.2.batch_norm_1.shift": (
                Known(self.stage_4_repeat_1_2_batch_norm_1_shift.loc)
            ),
            "stage_5.repeat_1.1.conv2d_1.kernel": (
                self.stage_5_repeat_1_1_conv2d_1_kernel.draw(noise)
            ),
            "stage_5.repeat_1.1.conv2d_1.bias": Known(self.stage_5_repeat_1_1_conv2d_1_bias.loc),
            "stage_5.repeat_1.1.batch_norm_1.gain": (
                Known(self.stage_5_repeat_1_1_batch_norm_1_gain.loc)
            ),
            "stage_5.repeat_1.1.batch_norm_1.shift": (
                Known(self.stage_5_repeat_1_1_batch_norm_1_shift.loc)
            ),
            "stage_5.repeat_1.2.conv2d_1.kernel": (
                self.stage_5_repeat_1_2_conv2d_1_kernel.draw(noise)
            ),
            "stage_5.repeat_1.2.conv2d_1.bias": Known(self.stage_5_repeat_1_2_conv2d_1_bias.loc),
            "stage_5.repeat_1.2.batch_norm_1.gain": (
                Known(self.stage_5_repeat_1_2_batch_norm_1_gain.loc)
            ),
            "stage_5.repeat_1.2.batch_norm_1.shift": (
                Known(self.stage_5_repeat_1_2_batch_norm_1_shift.loc)
            ),
            "logits.kernel": self.logits_kernel.draw(noise),
            "logits.bias": Known(self.logits_bias.loc),
        }

    def network(self, x, draw, noise):
        """The values that the likelihood takes, of inputs x: [B, 32, 32, 3]."""

        # stage_1.repeat_1.1: 2 × (conv2d, batch_norm, relu)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            x,
            draw["stage_1.repeat_1.1.conv2d_1.kernel"],
            "stage_1.repeat_1.1.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage_1.repeat_1.1.conv2d_1.bias"].w
        batch_norm_1 = batch_norm(
            conv2d_1,
            self.stage_1_repeat_1_1_batch_norm_1_mean.loc,
            self.stage_1_repeat_1_1_batch_norm_1_variance.loc,
            0.99,
            0.001,
            self.training,
        )
        batch_norm_1 = batch_norm_1 * draw["stage_1.repeat_1.1.batch_norm_1.gain"].w
        batch_norm_1 = batch_norm_1 + draw["stage_1.repeat_1.1.batch_norm_1.shift"].w
        relu_1 = torch.relu(batch_norm_1)

        # stage_1.repeat_1.2: 2 × (conv2d, batch_norm, relu)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            relu_1,
            draw["stage_1.repeat_1.2.conv2d_1.kernel"],
            "stage_1.repeat_1.2.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage_1.repeat_1.2.conv2d_1.bias"].w
        batch_norm_1 = batch_norm(
            conv2d_1,
            self.stage_1_repeat_1_2_batch_norm_1_mean.loc,
            self.stage_1_repeat_1_2_batch_norm_1_variance.loc,
            0.99,
            0.001,
            self.training,
        )
        batch_norm_1 = batch_norm_1 * draw["stage_1.repeat_1.2.batch_norm_1.gain"].w
        batch_norm_1 = batch_norm_1 + draw["stage_1.repeat_1.2.batch_norm_1.shift"].w
        relu_1 = torch.relu(batch_norm_1)

        # stage_1: stage(64)
        max_pool2d_1 = max_pool(relu_1, 2, 2)  # [B, 16, 16, 64]

        # stage_2.repeat_1.1: 2 × (conv2d, batch_norm, relu)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            max_pool2d_1,
            draw["stage_2.repeat_1.1.conv2d_1.kernel"],
            "stage_2.repeat_1.1.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage_2.repeat_1.1.conv2d_1.bias"].w
        batch_norm_1 = batch_norm(
            conv2d_1,
            self.stage_2_repeat_1_1_batch_norm_1_mean.loc,
            self.stage_2_repeat_1_1_batch_norm_1_variance.loc,
            0.99,
            0.001,
            self.training,
        )
        batch_norm_1 = batch_norm_1 * draw["stage_2.repeat_1.1.batch_norm_1.gain"].w
        batch_norm_1 = batch_norm_1 + draw["stage_2.repeat_1.1.batch_norm_1.shift"].w
        relu_1 = torch.relu(batch_norm_1)

        # stage_2.repeat_1.2: 2 × (conv2d, batch_norm, relu)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            relu_1,
            draw["stage_2.repeat_1.2.conv2d_1.kernel"],
            "stage_2.repeat_1.2.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage_2.repeat_1.2.conv2d_1.bias"].w
        batch_norm_1 = batch_norm(
            conv2d_1,
            self.stage_2_repeat_1_2_batch_norm_1_mean.loc,
            self.stage_2_repeat_1_2_batch_norm_1_variance.loc,
            0.99,
            0.001,
            self.training,
        )
        batch_norm_1 = batch_norm_1 * draw["stage_2.repeat_1.2.batch_norm_1.gain"].w
        batch_norm_1 = batch_norm_1 + draw["stage_2.repeat_1.2.batch_norm_1.shift"].w
        relu_1 = torch.relu(batch_norm_1)

        # stage_2: stage(128)
        max_pool2d_1 = max_pool(relu_1, 2, 2)  # [B, 8, 8, 128]

        # stage_3.repeat_1.1: 2 × (conv2d, batch_norm, relu)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            max_pool2d_1,
            draw["stage_3.repeat_1.1.conv2d_1.kernel"],
            "stage_3.repeat_1.1.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage_3.repeat_1.1.conv2d_1.bias"].w
        batch_norm_1 = batch_norm(
            conv2d_1,
            self.stage_3_repeat_1_1_batch_norm_1_mean.loc,
            self.stage_3_repeat_1_1_batch_norm_1_variance.loc,
            0.99,
            0.001,
            self.training,
        )
        batch_norm_1 = batch_norm_1 * draw["stage_3.repeat_1.1.batch_norm_1.gain"].w
        batch_norm_1 = batch_norm_1 + draw["stage_3.repeat_1.1.batch_norm_1.shift"].w
        relu_1 = torch.relu(batch_norm_1)

        # stage_3.repeat_1.2: 2 × (conv2d, batch_norm, relu)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            relu_1,
            draw["stage_3.repeat_1.2.conv2d_1.kernel"],
            "stage_3.repeat_1.2.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage_3.repeat_1.2.conv2d_1.bias"].w
        batch_norm_1 = batch_norm(
            conv2d_1,
            self.stage_3_repeat_1_2_batch_norm_1_mean.loc,
            self.stage_3_repeat_1_2_batch_norm_1_variance.loc,
            0.99,
            0.001,
            self.training,
        )
        batch_norm_1 = batch_norm_1 * draw["stage_3.repeat_1.2.batch_norm_1.gain"].w
        batch_norm_1 = batch_norm_1 + draw["stage_3.repeat_1.2.batch_norm_1.shift"].w
        relu_1 = torch.relu(batch_norm_1)

        # stage_3: stage(256)
        max_pool2d_1 = max_pool(relu_1, 2, 2)  # [B, 4, 4, 256]

        # stage_4.repeat_1.1: 2 × (conv2d, batch_norm, relu)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            max_pool2d_1,
            draw["stage_4.repeat_1.1.conv2d_1.kernel"],
            "stage_4.repeat_1.1.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage_4.repeat_1.1.conv2d_1.bias"].w
        batch_norm_1 = batch_norm(
            conv2d_1,
            self.stage_4_repeat_1_1_batch_norm_1_mean.loc,
            self.stage_4_repeat_1_1_batch_norm_1_variance.loc,
            0.99,
            0.001,
            self.training,
        )
        batch_norm_1 = batch_norm_1 * draw["stage_4.repeat_1.1.batch_norm_1.gain"].w
        batch_norm_1 = batch_norm_1 + draw["stage_4.repeat_1.1.batch_norm_1.shift"].w
        relu_1 = torch.relu(batch_norm_1)

        # stage_4.repeat_1.2: 2 × (conv2d, batch_norm, relu)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            relu_1,
            draw["stage_4.repeat_1.2.conv2d_1.kernel"],
            "stage_4.repeat_1.2.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage_4.repeat_1.2.conv2d_1.bias"].w
        batch_norm_1 = batch_norm(
            conv2d_1,
            self.stage_4_repeat_1_2_batch_norm_1_mean.loc,
            self.stage_4_repeat_1_2_batch_norm_1_variance.loc,
            0.99,
            0.001,
            self.training,
        )
        batch_norm_1 = batch_norm_1 * draw["stage_4.repeat_1.2.batch_norm_1.gain"].w
        batch_norm_1 = batch_norm_1 + draw["stage_4.repeat_1.2.batch_norm_1.shift"].w
        relu_1 = torch.relu(batch_norm_1)

        # stage_4: stage(512)
        max_pool2d_1 = max_pool(relu_1, 2, 2)  # [B, 2, 2, 512]

        # stage_5.repeat_1.1: 2 × (conv2d, batch_norm, relu)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            max_pool2d_1,
            draw["stage_5.repeat_1.1.conv2d_1.kernel"],
            "stage_5.repeat_1.1.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage_5.repeat_1.1.conv2d_1.bias"].w
        batch_norm_1 = batch_norm(
            conv2d_1,
            self.stage_5_repeat_1_1_batch_norm_1_mean.loc,
            self.stage_5_repeat_1_1_batch_norm_1_variance.loc,
            0.99,
            0.001,
            self.training,
        )
        batch_norm_1 = batch_norm_1 * draw["stage_5.repeat_1.1.batch_norm_1.gain"].w
        batch_norm_1 = batch_norm_1 + draw["stage_5.repeat_1.1.batch_norm_1.shift"].w
        relu_1 = torch.relu(batch_norm_1)

        # stage_5.repeat_1.2: 2 × (conv2d, batch_norm, relu)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            relu_1,
            draw["stage_5.repeat_1.2.conv2d_1.kernel"],
            "stage_5.repeat_1.2.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage_5.repeat_1.2.conv2d_1.bias"].w
        batch_norm_1 = batch_norm(
            conv2d_1,
            self.stage_5_repeat_1_2_batch_norm_1_mean.loc,
            self.stage_5_repeat_1_2_batch_norm_1_variance.loc,
            0.99,
            0.001,
            self.training,
        )
        batch_norm_1 = batch_norm_1 * draw["stage_5.repeat_1.2.batch_norm_1.gain"].w
        batch_norm_1 = batch_norm_1 + draw["stage_5.repeat_1.2.batch_norm_1.shift"].w
        relu_1 = torch.relu(batch_norm_1)

        # stage_5: stage(512)
        max_pool2d_1 = max_pool(relu_1, 2, 2)  # [B, 1, 1, 512]

        flatten_1 = max_pool2d_1.flatten(1)  # [B, 512]
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
        # closed form, x a/N: the ELBO holds the KL once per data set, so each example carries 1/N
        # of it
        q = draw["stage_1.repeat_1.1.conv2d_1.kernel"]
        terms["kl(stage_1.repeat_1.1.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 1.0
        ).sum()
        q = draw["stage_1.repeat_1.2.conv2d_1.kernel"]
        terms["kl(stage_1.repeat_1.2.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 1.0
        ).sum()
        q = draw["stage_2.repeat_1.1.conv2d_1.kernel"]
        terms["kl(stage_2.repeat_1.1.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 1.0
        ).sum()
        q = draw["stage_2.repeat_1.2.conv2d_1.kernel"]
        terms["kl(stage_2.repeat_1.2.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 1.0
        ).sum()
        q = draw["stage_3.repeat_1.1.conv2d_1.kernel"]
        terms["kl(stage_3.repeat_1.1.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 1.0
        ).sum()
        q = draw["stage_3.repeat_1.2.conv2d_1.kernel"]
        terms["kl(stage_3.repeat_1.2.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 1.0
        ).sum()
        q = draw["stage_4.repeat_1.1.conv2d_1.kernel"]
        terms["kl(stage_4.repeat_1.1.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 1.0
        ).sum()
        q = draw["stage_4.repeat_1.2.conv2d_1.kernel"]
        terms["kl(stage_4.repeat_1.2.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 1.0
        ).sum()
        q = draw["stage_5.repeat_1.1.conv2d_1.kernel"]
        terms["kl(stage_5.repeat_1.1.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 1.0
        ).sum()
        q = draw["stage_5.repeat_1.2.conv2d_1.kernel"]
        terms["kl(stage_5.repeat_1.2.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 1.0
        ).sum()
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
        # a/N: the ELBO holds the KL once per data set, so each example carries 1/N of it
        "kl(stage_1.repeat_1.1.conv2d_1.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(stage_1.repeat_1.2.conv2d_1.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(stage_2.repeat_1.1.conv2d_1.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(stage_2.repeat_1.2.conv2d_1.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(stage_3.repeat_1.1.conv2d_1.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(stage_3.repeat_1.2.conv2d_1.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(stage_4.repeat_1.1.conv2d_1.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(stage_4.repeat_1.2.conv2d_1.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(stage_5.repeat_1.1.conv2d_1.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(stage_5.repeat_1.2.conv2d_1.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(logits.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
    }


# How each variable starts; `initialize` draws the numbers that bnnc draws for a seed.
START = {
    "stage_1.repeat_1.1.conv2d_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "stage_1.repeat_1.1.conv2d_1.kernel.rho": (Start.normal, -9.0, 0.1),
    "stage_1.repeat_1.1.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage_1.repeat_1.1.batch_norm_1.gain.loc": (Start.constant, 1.0),
    "stage_1.repeat_1.1.batch_norm_1.shift.loc": (Start.constant, 0.0),
    "stage_1.repeat_1.1.batch_norm_1.mean.loc": (Start.constant, 0.0),
    "stage_1.repeat_1.1.batch_norm_1.variance.loc": (Start.constant, 1.0),
    "stage_1.repeat_1.2.conv2d_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "stage_1.repeat_1.2.conv2d_1.kernel.rho": (Start.normal, -9.0, 0.1),
    "stage_1.repeat_1.2.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage_1.repeat_1.2.batch_norm_1.gain.loc": (Start.constant, 1.0),
    "stage_1.repeat_1.2.batch_norm_1.shift.loc": (Start.constant, 0.0),
    "stage_1.repeat_1.2.batch_norm_1.mean.loc": (Start.constant, 0.0),
    "stage_1.repeat_1.2.batch_norm_1.variance.loc": (Start.constant, 1.0),
    "stage_2.repeat_1.1.conv2d_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "stage_2.repeat_1.1.conv2d_1.kernel.rho": (Start.normal, -9.0, 0.1),
    "stage_2.repeat_1.1.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage_2.repeat_1.1.batch_norm_1.gain.loc": (Start.constant, 1.0),
    "stage_2.repeat_1.1.batch_norm_1.shift.loc": (Start.constant, 0.0),
    "stage_2.repeat_1.1.batch_norm_1.mean.loc": (Start.constant, 0.0),
    "stage_2.repeat_1.1.batch_norm_1.variance.loc": (Start.constant, 1.0),
    "stage_2.repeat_1.2.conv2d_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "stage_2.repeat_1.2.conv2d_1.kernel.rho": (Start.normal, -9.0, 0.1),
    "stage_2.repeat_1.2.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage_2.repeat_1.2.batch_norm_1.gain.loc": (Start.constant, 1.0),
    "stage_2.repeat_1.2.batch_norm_1.shift.loc": (Start.constant, 0.0),
    "stage_2.repeat_1.2.batch_norm_1.mean.loc": (Start.constant, 0.0),
    "stage_2.repeat_1.2.batch_norm_1.variance.loc": (Start.constant, 1.0),
    "stage_3.repeat_1.1.conv2d_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "stage_3.repeat_1.1.conv2d_1.kernel.rho": (Start.normal, -9.0, 0.1),
    "stage_3.repeat_1.1.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage_3.repeat_1.1.batch_norm_1.gain.loc": (Start.constant, 1.0),
    "stage_3.repeat_1.1.batch_norm_1.shift.loc": (Start.constant, 0.0),
    "stage_3.repeat_1.1.batch_norm_1.mean.loc": (Start.constant, 0.0),
    "stage_3.repeat_1.1.batch_norm_1.variance.loc": (Start.constant, 1.0),
    "stage_3.repeat_1.2.conv2d_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "stage_3.repeat_1.2.conv2d_1.kernel.rho": (Start.normal, -9.0, 0.1),
    "stage_3.repeat_1.2.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage_3.repeat_1.2.batch_norm_1.gain.loc": (Start.constant, 1.0),
    "stage_3.repeat_1.2.batch_norm_1.shift.loc": (Start.constant, 0.0),
    "stage_3.repeat_1.2.batch_norm_1.mean.loc": (Start.constant, 0.0),
    "stage_3.repeat_1.2.batch_norm_1.variance.loc": (Start.constant, 1.0),
    "stage_4.repeat_1.1.conv2d_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "stage_4.repeat_1.1.conv2d_1.kernel.rho": (Start.normal, -9.0, 0.1),
    "stage_4.repeat_1.1.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage_4.repeat_1.1.batch_norm_1.gain.loc": (Start.constant, 1.0),
    "stage_4.repeat_1.1.batch_norm_1.shift.loc": (Start.constant, 0.0),
    "stage_4.repeat_1.1.batch_norm_1.mean.loc": (Start.constant, 0.0),
    "stage_4.repeat_1.1.batch_norm_1.variance.loc": (Start.constant, 1.0),
    "stage_4.repeat_1.2.conv2d_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "stage_4.repeat_1.2.conv2d_1.kernel.rho": (Start.normal, -9.0, 0.1),
    "stage_4.repeat_1.2.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage_4.repeat_1.2.batch_norm_1.gain.loc": (Start.constant, 1.0),
    "stage_4.repeat_1.2.batch_norm_1.shift.loc": (Start.constant, 0.0),
    "stage_4.repeat_1.2.batch_norm_1.mean.loc": (Start.constant, 0.0),
    "stage_4.repeat_1.2.batch_norm_1.variance.loc": (Start.constant, 1.0),
    "stage_5.repeat_1.1.conv2d_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "stage_5.repeat_1.1.conv2d_1.kernel.rho": (Start.normal, -9.0, 0.1),
    "stage_5.repeat_1.1.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage_5.repeat_1.1.batch_norm_1.gain.loc": (Start.constant, 1.0),
    "stage_5.repeat_1.1.batch_norm_1.shift.loc": (Start.constant, 0.0),
    "stage_5.repeat_1.1.batch_norm_1.mean.loc": (Start.constant, 0.0),
    "stage_5.repeat_1.1.batch_norm_1.variance.loc": (Start.constant, 1.0),
    "stage_5.repeat_1.2.conv2d_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "stage_5.repeat_1.2.conv2d_1.kernel.rho": (Start.normal, -9.0, 0.1),
    "stage_5.repeat_1.2.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage_5.repeat_1.2.batch_norm_1.gain.loc": (Start.constant, 1.0),
    "stage_5.repeat_1.2.batch_norm_1.shift.loc": (Start.constant, 0.0),
    "stage_5.repeat_1.2.batch_norm_1.mean.loc": (Start.constant, 0.0),
    "stage_5.repeat_1.2.batch_norm_1.variance.loc": (Start.constant, 1.0),
    "logits.kernel.loc": (Start.normal, 0.0, 0.1),
    "logits.kernel.rho": (Start.normal, -9.0, 0.1),
    "logits.bias.loc": (Start.normal, 0.0, 0.1),
}
