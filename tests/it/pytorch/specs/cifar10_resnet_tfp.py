def kl_normal_normal(m, s, loc, scale):
    """KL(Normal(m, s) || Normal(loc, scale)), of each entry."""
    return torch.log(scale / s) + (s**2 + (m - loc) ** 2) / (2 * scale**2) - 0.5


# The random draws of a step. Philox's key of each is made of the seed, the step and these: its
# parameter's number, its use, and how far apart the uses of further samples of the weights are.
STREAMS = {
    "conv2d_1.kernel.noise": (0, 0, 8),
    "conv2d_1.kernel.sign_in": (0, 1, 8),
    "conv2d_1.kernel.sign_out": (0, 2, 8),
    "basic_1.conv2d_1.kernel.noise": (6, 0, 8),
    "basic_1.conv2d_1.kernel.sign_in": (6, 1, 8),
    "basic_1.conv2d_1.kernel.sign_out": (6, 2, 8),
    "basic_1.conv2d_2.kernel.noise": (12, 0, 8),
    "basic_1.conv2d_2.kernel.sign_in": (12, 1, 8),
    "basic_1.conv2d_2.kernel.sign_out": (12, 2, 8),
    "basic_1.residual_1.shortcut.kernel.noise": (14, 0, 8),
    "basic_1.residual_1.shortcut.kernel.sign_in": (14, 1, 8),
    "basic_1.residual_1.shortcut.kernel.sign_out": (14, 2, 8),
    "basic_2.conv2d_1.kernel.noise": (20, 0, 8),
    "basic_2.conv2d_1.kernel.sign_in": (20, 1, 8),
    "basic_2.conv2d_1.kernel.sign_out": (20, 2, 8),
    "basic_2.conv2d_2.kernel.noise": (26, 0, 8),
    "basic_2.conv2d_2.kernel.sign_in": (26, 1, 8),
    "basic_2.conv2d_2.kernel.sign_out": (26, 2, 8),
    "basic_2.residual_1.shortcut.kernel.noise": (28, 0, 8),
    "basic_2.residual_1.shortcut.kernel.sign_in": (28, 1, 8),
    "basic_2.residual_1.shortcut.kernel.sign_out": (28, 2, 8),
    "basic_3.conv2d_1.kernel.noise": (34, 0, 8),
    "basic_3.conv2d_1.kernel.sign_in": (34, 1, 8),
    "basic_3.conv2d_1.kernel.sign_out": (34, 2, 8),
    "basic_3.conv2d_2.kernel.noise": (40, 0, 8),
    "basic_3.conv2d_2.kernel.sign_in": (40, 1, 8),
    "basic_3.conv2d_2.kernel.sign_out": (40, 2, 8),
    "basic_3.residual_1.shortcut.kernel.noise": (42, 0, 8),
    "basic_3.residual_1.shortcut.kernel.sign_in": (42, 1, 8),
    "basic_3.residual_1.shortcut.kernel.sign_out": (42, 2, 8),
    "basic_4.conv2d_1.kernel.noise": (48, 0, 8),
    "basic_4.conv2d_1.kernel.sign_in": (48, 1, 8),
    "basic_4.conv2d_1.kernel.sign_out": (48, 2, 8),
    "basic_4.conv2d_2.kernel.noise": (54, 0, 8),
    "basic_4.conv2d_2.kernel.sign_in": (54, 1, 8),
    "basic_4.conv2d_2.kernel.sign_out": (54, 2, 8),
    "basic_4.residual_1.shortcut.kernel.noise": (56, 0, 8),
    "basic_4.residual_1.shortcut.kernel.sign_in": (56, 1, 8),
    "basic_4.residual_1.shortcut.kernel.sign_out": (56, 2, 8),
    "logits.kernel.noise": (62, 0, 8),
    "logits.kernel.sign_in": (62, 1, 8),
    "logits.kernel.sign_out": (62, 2, 8),
}


class Model(nn.Module):
    """The model `cifar10_resnet_tfp`. What it returns is its loss.

    Everything that has a gradient is worked out inside `forward`, the terms of the weights too: so
    DDP, FSDP2 and torch.compile see every variable used. Values have a batch axis first and
    channels last.
    """

    def __init__(self):
        super().__init__()
        # Whether the factors of products are rounded to bfloat16, and nothing else.
        self.bfloat16_products = False
        # conv2d_1.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.conv2d_1_kernel = MeanField(
            "conv2d_1.kernel",
            [3, 3, 3, 64],
            largest_rho=-1.6094379124341018,
        )
        # conv2d_1.bias: deterministic
        self.conv2d_1_bias = Point("conv2d_1.bias", [64])
        # basic_1.batch_norm_1.gain: deterministic
        self.basic_1_batch_norm_1_gain = Point("basic_1.batch_norm_1.gain", [64])
        # basic_1.batch_norm_1.shift: deterministic
        self.basic_1_batch_norm_1_shift = Point("basic_1.batch_norm_1.shift", [64])
        # basic_1.batch_norm_1.mean: kept between steps, not trained
        self.basic_1_batch_norm_1_mean = State("basic_1.batch_norm_1.mean", [64])
        # basic_1.batch_norm_1.variance: kept between steps, not trained
        self.basic_1_batch_norm_1_variance = State("basic_1.batch_norm_1.variance", [64])
        # basic_1.conv2d_1.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.basic_1_conv2d_1_kernel = MeanField(
            "basic_1.conv2d_1.kernel",
            [3, 3, 64, 64],
            largest_rho=-1.6094379124341018,
        )
        # basic_1.conv2d_1.bias: deterministic
        self.basic_1_conv2d_1_bias = Point("basic_1.conv2d_1.bias", [64])
        # basic_1.batch_norm_2.gain: deterministic
        self.basic_1_batch_norm_2_gain = Point("basic_1.batch_norm_2.gain", [64])
        # basic_1.batch_norm_2.shift: deterministic
        self.basic_1_batch_norm_2_shift = Point("basic_1.batch_norm_2.shift", [64])
        # basic_1.batch_norm_2.mean: kept between steps, not trained
        self.basic_1_batch_norm_2_mean = State("basic_1.batch_norm_2.mean", [64])
        # basic_1.batch_norm_2.variance: kept between steps, not trained
        self.basic_1_batch_norm_2_variance = State("basic_1.batch_norm_2.variance", [64])
        # basic_1.conv2d_2.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.basic_1_conv2d_2_kernel = MeanField(
            "basic_1.conv2d_2.kernel",
            [3, 3, 64, 64],
            largest_rho=-1.6094379124341018,
        )
        # basic_1.conv2d_2.bias: deterministic
        self.basic_1_conv2d_2_bias = Point("basic_1.conv2d_2.bias", [64])
        # basic_1.residual_1.shortcut.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.basic_1_residual_1_shortcut_kernel = MeanField(
            "basic_1.residual_1.shortcut.kernel",
            [1, 1, 64, 64],
            largest_rho=-1.6094379124341018,
        )
        # basic_1.residual_1.shortcut.bias: deterministic
        self.basic_1_residual_1_shortcut_bias = Point("basic_1.residual_1.shortcut.bias", [64])
        # basic_2.batch_norm_1.gain: deterministic
        self.basic_2_batch_norm_1_gain = Point("basic_2.batch_norm_1.gain", [64])
        # basic_2.batch_norm_1.shift: deterministic
        self.basic_2_batch_norm_1_shift = Point("basic_2.batch_norm_1.shift", [64])
        # basic_2.batch_norm_1.mean: kept between steps, not trained
        self.basic_2_batch_norm_1_mean = State("basic_2.batch_norm_1.mean", [64])
        # basic_2.batch_norm_1.variance: kept between steps, not trained
        self.basic_2_batch_norm_1_variance = State("basic_2.batch_norm_1.variance", [64])
        # basic_2.conv2d_1.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.basic_2_conv2d_1_kernel = MeanField(
            "basic_2.conv2d_1.kernel",
            [3, 3, 64, 128],
            largest_rho=-1.6094379124341018,
        )
        # basic_2.conv2d_1.bias: deterministic
        self.basic_2_conv2d_1_bias = Point("basic_2.conv2d_1.bias", [128])
        # basic_2.batch_norm_2.gain: deterministic
        self.basic_2_batch_norm_2_gain = Point("basic_2.batch_norm_2.gain", [128])
        # basic_2.batch_norm_2.shift: deterministic
        self.basic_2_batch_norm_2_shift = Point("basic_2.batch_norm_2.shift", [128])
        # basic_2.batch_norm_2.mean: kept between steps, not trained
        self.basic_2_batch_norm_2_mean = State("basic_2.batch_norm_2.mean", [128])
        # basic_2.batch_norm_2.variance: kept between steps, not trained
        self.basic_2_batch_norm_2_variance = State("basic_2.batch_norm_2.variance", [128])
        # basic_2.conv2d_2.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.basic_2_conv2d_2_kernel = MeanField(
            "basic_2.conv2d_2.kernel",
            [3, 3, 128, 128],
            largest_rho=-1.6094379124341018,
        )
        # basic_2.conv2d_2.bias: deterministic
        self.basic_2_conv2d_2_bias = Point("basic_2.conv2d_2.bias", [128])
        # basic_2.residual_1.shortcut.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.basic_2_residual_1_shortcut_kernel = MeanField(
            "basic_2.residual_1.shortcut.kernel",
            [1, 1, 64, 128],
            largest_rho=-1.6094379124341018,
        )
        # basic_2.residual_1.shortcut.bias: deterministic
        self.basic_2_residual_1_shortcut_bias = Point("basic_2.residual_1.shortcut.bias", [128])
        # basic_3.batch_norm_1.gain: deterministic
        self.basic_3_batch_norm_1_gain = Point("basic_3.batch_norm_1.gain", [128])
        # basic_3.batch_norm_1.shift: deterministic
        self.basic_3_batch_norm_1_shift = Point("basic_3.batch_norm_1.shift", [128])
        # basic_3.batch_norm_1.mean: kept between steps, not trained
        self.basic_3_batch_norm_1_mean = State("basic_3.batch_norm_1.mean", [128])
        # basic_3.batch_norm_1.variance: kept between steps, not trained
        self.basic_3_batch_norm_1_variance = State("basic_3.batch_norm_1.variance", [128])
        # basic_3.conv2d_1.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.basic_3_conv2d_1_kernel = MeanField(
            "basic_3.conv2d_1.kernel",
            [3, 3, 128, 256],
            largest_rho=-1.6094379124341018,
        )
        # basic_3.conv2d_1.bias: deterministic
        self.basic_3_conv2d_1_bias = Point("basic_3.conv2d_1.bias", [256])
        # basic_3.batch_norm_2.gain: deterministic
        self.basic_3_batch_norm_2_gain = Point("basic_3.batch_norm_2.gain", [256])
        # basic_3.batch_norm_2.shift: deterministic
        self.basic_3_batch_norm_2_shift = Point("basic_3.batch_norm_2.shift", [256])
        # basic_3.batch_norm_2.mean: kept between steps, not trained
        self.basic_3_batch_norm_2_mean = State("basic_3.batch_norm_2.mean", [256])
        # basic_3.batch_norm_2.variance: kept between steps, not trained
        self.basic_3_batch_norm_2_variance = State("basic_3.batch_norm_2.variance", [256])
        # basic_3.conv2d_2.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.basic_3_conv2d_2_kernel = MeanField(
            "basic_3.conv2d_2.kernel",
            [3, 3, 256, 256],
            largest_rho=-1.6094379124341018,
        )
        # basic_3.conv2d_2.bias: deterministic
        self.basic_3_conv2d_2_bias = Point("basic_3.conv2d_2.bias", [256])
        # basic_3.residual_1.shortcut.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.basic_3_residual_1_shortcut_kernel = MeanField(
            "basic_3.residual_1.shortcut.kernel",
            [1, 1, 128, 256],
            largest_rho=-1.6094379124341018,
        )
        # basic_3.residual_1.shortcut.bias: deterministic
        self.basic_3_residual_1_shortcut_bias = Point("basic_3.residual_1.shortcut.bias", [256])
        # basic_4.batch_norm_1.gain: deterministic
        self.basic_4_batch_norm_1_gain = Point("basic_4.batch_norm_1.gain", [256])
        # basic_4.batch_norm_1.shift: deterministic
        self.basic_4_batch_norm_1_shift = Point("basic_4.batch_norm_1.shift", [256])
        # basic_4.batch_norm_1.mean: kept between steps, not trained
        self.basic_4_batch_norm_1_mean = State("basic_4.batch_norm_1.mean", [256])
        # basic_4.batch_norm_1.variance: kept between steps, not trained
        self.basic_4_batch_norm_1_variance = State("basic_4.batch_norm_1.variance", [256])
        # basic_4.conv2d_1.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.basic_4_conv2d_1_kernel = MeanField(
            "basic_4.conv2d_1.kernel",
            [3, 3, 256, 512],
            largest_rho=-1.6094379124341018,
        )
        # basic_4.conv2d_1.bias: deterministic
        self.basic_4_conv2d_1_bias = Point("basic_4.conv2d_1.bias", [512])
        # basic_4.batch_norm_2.gain: deterministic
        self.basic_4_batch_norm_2_gain = Point("basic_4.batch_norm_2.gain", [512])
        # basic_4.batch_norm_2.shift: deterministic
        self.basic_4_batch_norm_2_shift = Point("basic_4.batch_norm_2.shift", [512])
        # basic_4.batch_norm_2.mean: kept between steps, not trained
        self.basic_4_batch_norm_2_mean = State("basic_4.batch_norm_2.mean", [512])
        # basic_4.batch_norm_2.variance: kept between steps, not trained
        self.basic_4_batch_norm_2_variance = State("basic_4.batch_norm_2.variance", [512])
        # basic_4.conv2d_2.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.basic_4_conv2d_2_kernel = MeanField(
            "basic_4.conv2d_2.kernel",
            [3, 3, 512, 512],
            largest_rho=-1.6094379124341018,
        )
        # basic_4.conv2d_2.bias: deterministic
        self.basic_4_conv2d_2_bias = Point("basic_4.conv2d_2.bias", [512])
        # basic_4.residual_1.shortcut.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale =
        # Softplus(Normal(-9, 0.1)), largest_scale = log(1.2)), flipout
        self.basic_4_residual_1_shortcut_kernel = MeanField(
            "basic_4.residual_1.shortcut.kernel",
            [1, 1, 256, 512],
            largest_rho=-1.6094379124341018,
        )
        # basic_4.residual_1.shortcut.bias: deterministic
        self.basic_4_residual_1_shortcut_bias = Point("basic_4.residual_1.shortcut.bias", [512])
        # batch_norm_1.gain: deterministic
        self.batch_norm_1_gain = Point("batch_norm_1.gain", [512])
        # batch_norm_1.shift: deterministic
        self.batch_norm_1_shift = Point("batch_norm_1.shift", [512])
        # batch_norm_1.mean: kept between steps, not trained
        self.batch_norm_1_mean = State("batch_norm_1.mean", [512])
        # batch_norm_1.variance: kept between steps, not trained
        self.batch_norm_1_variance = State("batch_norm_1.variance", [512])
        # logits.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale = Softplus(Normal(-9,
        # 0.1)), largest_scale = log(1.2)), flipout
        self.logits_kernel = MeanField("logits.kernel", [512, 10], largest_rho=-1.6094379124341018)
        # logits.bias: deterministic
        self.logits_bias = Point("logits.bias", [10])

    def draw(self, noise):
        """One draw of every parameter, which all of its uses share."""
        return {
            "conv2d_1.kernel": self.conv2d_1_kernel.draw(noise),
            "conv2d_1.bias": Known(self.conv2d_1_bias.loc),
            "basic_1.batch_norm_1.gain": Known(self.basic_1_batch_norm_1_gain.loc),
            "basic_1.batch_norm_1.shift": Known(self.basic_1_batch_norm_1_shift.loc),
            "basic_1.conv2d_1.kernel": self.basic_1_conv2d_1_kernel.draw(noise),
            "basic_1.conv2d_1.bias": Known(self.basic_1_conv2d_1_bias.loc),
            "basic_1.batch_norm_2.gain": Known(self.basic_1_batch_norm_2_gain.loc),
            "basic_1.batch_norm_2.shift": Known(self.basic_1_batch_norm_2_shift.loc),
            "basic_1.conv2d_2.kernel": self.basic_1_conv2d_2_kernel.draw(noise),
            "basic_1.conv2d_2.bias": Known(self.basic_1_conv2d_2_bias.loc),
            "basic_1.residual_1.shortcut.kernel": (
                self.basic_1_residual_1_shortcut_kernel.draw(noise)
            ),
            "basic_1.residual_1.shortcut.bias": Known(self.basic_1_residual_1_shortcut_bias.loc),
            "basic_2.batch_norm_1.gain": Known(self.basic_2_batch_norm_1_gain.loc),
            "basic_2.batch_norm_1.shift": Known(self.basic_2_batch_norm_1_shift.loc),
            "basic_2.conv2d_1.kernel": self.basic_2_conv2d_1_kernel.draw(noise),
            "basic_2.conv2d_1.bias": Known(self.basic_2_conv2d_1_bias.loc),
            "basic_2.batch_norm_2.gain": Known(self.basic_2_batch_norm_2_gain.loc),
            "basic_2.batch_norm_2.shift": Known(self.basic_2_batch_norm_2_shift.loc),
            "basic_2.conv2d_2.kernel": self.basic_2_conv2d_2_kernel.draw(noise),
            "basic_2.conv2d_2.bias": Known(self.basic_2_conv2d_2_bias.loc),
            "basic_2.residual_1.shortcut.kernel": (
                self.basic_2_residual_1_shortcut_kernel.draw(noise)
            ),
            "basic_2.residual_1.shortcut.bias": Known(self.basic_2_residual_1_shortcut_bias.loc),
            "basic_3.batch_norm_1.gain": Known(self.basic_3_batch_norm_1_gain.loc),
            "basic_3.batch_norm_1.shift": Known(self.basic_3_batch_norm_1_shift.loc),
            "basic_3.conv2d_1.kernel": self.basic_3_conv2d_1_kernel.draw(noise),
            "basic_3.conv2d_1.bias": Known(self.basic_3_conv2d_1_bias.loc),
            "basic_3.batch_norm_2.gain": Known(self.basic_3_batch_norm_2_gain.loc),
            "basic_3.batch_norm_2.shift": Known(self.basic_3_batch_norm_2_shift.loc),
            "basic_3.conv2d_2.kernel": self.basic_3_conv2d_2_kernel.draw(noise),
            "basic_3.conv2d_2.bias": Known(self.basic_3_conv2d_2_bias.loc),
            "basic_3.residual_1.shortcut.kernel": (
                self.basic_3_residual_1_shortcut_kernel.draw(noise)
            ),
            "basic_3.residual_1.shortcut.bias": Known(self.basic_3_residual_1_shortcut_bias.loc),
            "basic_4.batch_norm_1.gain": Known(self.basic_4_batch_norm_1_gain.loc),
            "basic_4.batch_norm_1.shift": Known(self.basic_4_batch_norm_1_shift.loc),
            "basic_4.conv2d_1.kernel": self.basic_4_conv2d_1_kernel.draw(noise),
            "basic_4.conv2d_1.bias": Known(self.basic_4_conv2d_1_bias.loc),
            "basic_4.batch_norm_2.gain": Known(self.basic_4_batch_norm_2_gain.loc),
            "basic_4.batch_norm_2.shift": Known(self.basic_4_batch_norm_2_shift.loc),
            "basic_4.conv2d_2.kernel": self.basic_4_conv2d_2_kernel.draw(noise),
            "basic_4.conv2d_2.bias": Known(self.basic_4_conv2d_2_bias.loc),
            "basic_4.residual_1.shortcut.kernel": (
                self.basic_4_residual_1_shortcut_kernel.draw(noise)
            ),
            "basic_4.residual_1.shortcut.bias": Known(self.basic_4_residual_1_shortcut_bias.loc),
            "batch_norm_1.gain": Known(self.batch_norm_1_gain.loc),
            "batch_norm_1.shift": Known(self.batch_norm_1_shift.loc),
            "logits.kernel": self.logits_kernel.draw(noise),
            "logits.bias": Known(self.logits_bias.loc),
        }

    def network(self, x, draw, noise):
        """The values that the likelihood takes, of inputs x: [B, 32, 32, 3]."""
        conv2d_1 = flipout(
            partial(conv, padding=1), x, draw["conv2d_1.kernel"], "conv2d_1.kernel", noise
        )
        conv2d_1 = conv2d_1 + draw["conv2d_1.bias"].w

        # basic_1: basic(64)
        batch_norm_1 = batch_norm(
            conv2d_1,
            self.basic_1_batch_norm_1_mean.loc,
            self.basic_1_batch_norm_1_variance.loc,
            0.99,
            0.001,
            self.training,
        )
        batch_norm_1 = batch_norm_1 * draw["basic_1.batch_norm_1.gain"].w
        batch_norm_1 = batch_norm_1 + draw["basic_1.batch_norm_1.shift"].w
        relu_1 = torch.relu(batch_norm_1)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            relu_1,
            draw["basic_1.conv2d_1.kernel"],
            "basic_1.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["basic_1.conv2d_1.bias"].w
        batch_norm_2 = batch_norm(
            conv2d_1,
            self.basic_1_batch_norm_2_mean.loc,
            self.basic_1_batch_norm_2_variance.loc,
            0.99,
            0.001,
            self.training,
        )
        batch_norm_2 = batch_norm_2 * draw["basic_1.batch_norm_2.gain"].w
        batch_norm_2 = batch_norm_2 + draw["basic_1.batch_norm_2.shift"].w
        relu_2 = torch.relu(batch_norm_2)
        conv2d_2 = flipout(
            partial(conv, padding=1),
            relu_2,
            draw["basic_1.conv2d_2.kernel"],
            "basic_1.conv2d_2.kernel",
            noise,
        )
        conv2d_2 = conv2d_2 + draw["basic_1.conv2d_2.bias"].w
        shortcut = flipout(
            conv,
            relu_1,
            draw["basic_1.residual_1.shortcut.kernel"],
            "basic_1.residual_1.shortcut.kernel",
            noise,
        )
        shortcut = shortcut + draw["basic_1.residual_1.shortcut.bias"].w
        residual_1 = conv2d_2 + shortcut

        # basic_2: basic(128, stride = 2)
        batch_norm_1 = batch_norm(
            residual_1,
            self.basic_2_batch_norm_1_mean.loc,
            self.basic_2_batch_norm_1_variance.loc,
            0.99,
            0.001,
            self.training,
        )
        batch_norm_1 = batch_norm_1 * draw["basic_2.batch_norm_1.gain"].w
        batch_norm_1 = batch_norm_1 + draw["basic_2.batch_norm_1.shift"].w
        relu_1 = torch.relu(batch_norm_1)
        conv2d_1 = flipout(
            partial(conv, stride=2, pad=((0, 1), (0, 1))),
            relu_1,
            draw["basic_2.conv2d_1.kernel"],
            "basic_2.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["basic_2.conv2d_1.bias"].w
        batch_norm_2 = batch_norm(
            conv2d_1,
            self.basic_2_batch_norm_2_mean.loc,
            self.basic_2_batch_norm_2_variance.loc,
            0.99,
            0.001,
            self.training,
        )
        batch_norm_2 = batch_norm_2 * draw["basic_2.batch_norm_2.gain"].w
        batch_norm_2 = batch_norm_2 + draw["basic_2.batch_norm_2.shift"].w
        relu_2 = torch.relu(batch_norm_2)
        conv2d_2 = flipout(
            partial(conv, padding=1),
            relu_2,
            draw["basic_2.conv2d_2.kernel"],
            "basic_2.conv2d_2.kernel",
            noise,
        )
        conv2d_2 = conv2d_2 + draw["basic_2.conv2d_2.bias"].w
        shortcut = flipout(
            partial(conv, stride=2),
            relu_1,
            draw["basic_2.residual_1.shortcut.kernel"],
            "basic_2.residual_1.shortcut.kernel",
            noise,
        )
        shortcut = shortcut + draw["basic_2.residual_1.shortcut.bias"].w
        residual_1 = conv2d_2 + shortcut

        # basic_3: basic(256, stride = 2)
        batch_norm_1 = batch_norm(
            residual_1,
            self.basic_3_batch_norm_1_mean.loc,
            self.basic_3_batch_norm_1_variance.loc,
            0.99,
            0.001,
            self.training,
        )
        batch_norm_1 = batch_norm_1 * draw["basic_3.batch_norm_1.gain"].w
        batch_norm_1 = batch_norm_1 + draw["basic_3.batch_norm_1.shift"].w
        relu_1 = torch.relu(batch_norm_1)
        conv2d_1 = flipout(
            partial(conv, stride=2, pad=((0, 1), (0, 1))),
            relu_1,
            draw["basic_3.conv2d_1.kernel"],
            "basic_3.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["basic_3.conv2d_1.bias"].w
        batch_norm_2 = batch_norm(
            conv2d_1,
            self.basic_3_batch_norm_2_mean.loc,
            self.basic_3_batch_norm_2_variance.loc,
            0.99,
            0.001,
            self.training,
        )
        batch_norm_2 = batch_norm_2 * draw["basic_3.batch_norm_2.gain"].w
        batch_norm_2 = batch_norm_2 + draw["basic_3.batch_norm_2.shift"].w
        relu_2 = torch.relu(batch_norm_2)
        conv2d_2 = flipout(
            partial(conv, padding=1),
            relu_2,
            draw["basic_3.conv2d_2.kernel"],
            "basic_3.conv2d_2.kernel",
            noise,
        )
        conv2d_2 = conv2d_2 + draw["basic_3.conv2d_2.bias"].w
        shortcut = flipout(
            partial(conv, stride=2),
            relu_1,
            draw["basic_3.residual_1.shortcut.kernel"],
            "basic_3.residual_1.shortcut.kernel",
            noise,
        )
        shortcut = shortcut + draw["basic_3.residual_1.shortcut.bias"].w
        residual_1 = conv2d_2 + shortcut

        # basic_4: basic(512, stride = 2)
        batch_norm_1 = batch_norm(
            residual_1,
            self.basic_4_batch_norm_1_mean.loc,
            self.basic_4_batch_norm_1_variance.loc,
            0.99,
            0.001,
            self.training,
        )
        batch_norm_1 = batch_norm_1 * draw["basic_4.batch_norm_1.gain"].w
        batch_norm_1 = batch_norm_1 + draw["basic_4.batch_norm_1.shift"].w
        relu_1 = torch.relu(batch_norm_1)
        conv2d_1 = flipout(
            partial(conv, stride=2, pad=((0, 1), (0, 1))),
            relu_1,
            draw["basic_4.conv2d_1.kernel"],
            "basic_4.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["basic_4.conv2d_1.bias"].w
        batch_norm_2 = batch_norm(
            conv2d_1,
            self.basic_4_batch_norm_2_mean.loc,
            self.basic_4_batch_norm_2_variance.loc,
            0.99,
            0.001,
            self.training,
        )
        batch_norm_2 = batch_norm_2 * draw["basic_4.batch_norm_2.gain"].w
        batch_norm_2 = batch_norm_2 + draw["basic_4.batch_norm_2.shift"].w
        relu_2 = torch.relu(batch_norm_2)
        conv2d_2 = flipout(
            partial(conv, padding=1),
            relu_2,
            draw["basic_4.conv2d_2.kernel"],
            "basic_4.conv2d_2.kernel",
            noise,
        )
        conv2d_2 = conv2d_2 + draw["basic_4.conv2d_2.bias"].w
        shortcut = flipout(
            partial(conv, stride=2),
            relu_1,
            draw["basic_4.residual_1.shortcut.kernel"],
            "basic_4.residual_1.shortcut.kernel",
            noise,
        )
        shortcut = shortcut + draw["basic_4.residual_1.shortcut.bias"].w
        residual_1 = conv2d_2 + shortcut

        batch_norm_1 = batch_norm(
            residual_1,
            self.batch_norm_1_mean.loc,
            self.batch_norm_1_variance.loc,
            0.99,
            0.001,
            self.training,
        )
        batch_norm_1 = batch_norm_1 * draw["batch_norm_1.gain"].w
        batch_norm_1 = batch_norm_1 + draw["batch_norm_1.shift"].w
        relu_1 = torch.relu(batch_norm_1)
        avg_pool2d_1 = avg_pool(relu_1, 4, 1)  # [B, 1, 1, 512]
        flatten_1 = avg_pool2d_1.flatten(1)  # [B, 512]
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
        q = draw["conv2d_1.kernel"]
        terms["kl(conv2d_1.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
        q = draw["basic_1.conv2d_1.kernel"]
        terms["kl(basic_1.conv2d_1.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
        q = draw["basic_1.conv2d_2.kernel"]
        terms["kl(basic_1.conv2d_2.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
        q = draw["basic_1.residual_1.shortcut.kernel"]
        terms["kl(basic_1.residual_1.shortcut.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 1.0
        ).sum()
        q = draw["basic_2.conv2d_1.kernel"]
        terms["kl(basic_2.conv2d_1.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
        q = draw["basic_2.conv2d_2.kernel"]
        terms["kl(basic_2.conv2d_2.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
        q = draw["basic_2.residual_1.shortcut.kernel"]
        terms["kl(basic_2.residual_1.shortcut.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 1.0
        ).sum()
        q = draw["basic_3.conv2d_1.kernel"]
        terms["kl(basic_3.conv2d_1.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
        q = draw["basic_3.conv2d_2.kernel"]
        terms["kl(basic_3.conv2d_2.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
        q = draw["basic_3.residual_1.shortcut.kernel"]
        terms["kl(basic_3.residual_1.shortcut.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 1.0
        ).sum()
        q = draw["basic_4.conv2d_1.kernel"]
        terms["kl(basic_4.conv2d_1.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
        q = draw["basic_4.conv2d_2.kernel"]
        terms["kl(basic_4.conv2d_2.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
        q = draw["basic_4.residual_1.shortcut.kernel"]
        terms["kl(basic_4.residual_1.shortcut.kernel)"] = kl_normal_normal(
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
        "kl(conv2d_1.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(basic_1.conv2d_1.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(basic_1.conv2d_2.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(basic_1.residual_1.shortcut.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(basic_2.conv2d_1.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(basic_2.conv2d_2.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(basic_2.residual_1.shortcut.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(basic_3.conv2d_1.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(basic_3.conv2d_2.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(basic_3.residual_1.shortcut.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(basic_4.conv2d_1.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(basic_4.conv2d_2.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(basic_4.residual_1.shortcut.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
        "kl(logits.kernel)": min(1.0, at.epoch / 50.0) / at.training_examples,
    }


# How each variable starts; `initialize` draws the numbers that bnnc draws for a seed.
START = {
    "conv2d_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "conv2d_1.kernel.rho": (Start.normal, -9.0, 0.1),
    "conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "basic_1.batch_norm_1.gain.loc": (Start.constant, 1.0),
    "basic_1.batch_norm_1.shift.loc": (Start.constant, 0.0),
    "basic_1.batch_norm_1.mean.loc": (Start.constant, 0.0),
    "basic_1.batch_norm_1.variance.loc": (Start.constant, 1.0),
    "basic_1.conv2d_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "basic_1.conv2d_1.kernel.rho": (Start.normal, -9.0, 0.1),
    "basic_1.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "basic_1.batch_norm_2.gain.loc": (Start.constant, 1.0),
    "basic_1.batch_norm_2.shift.loc": (Start.constant, 0.0),
    "basic_1.batch_norm_2.mean.loc": (Start.constant, 0.0),
    "basic_1.batch_norm_2.variance.loc": (Start.constant, 1.0),
    "basic_1.conv2d_2.kernel.loc": (Start.normal, 0.0, 0.1),
    "basic_1.conv2d_2.kernel.rho": (Start.normal, -9.0, 0.1),
    "basic_1.conv2d_2.bias.loc": (Start.normal, 0.0, 0.1),
    "basic_1.residual_1.shortcut.kernel.loc": (Start.normal, 0.0, 0.1),
    "basic_1.residual_1.shortcut.kernel.rho": (Start.normal, -9.0, 0.1),
    "basic_1.residual_1.shortcut.bias.loc": (Start.normal, 0.0, 0.1),
    "basic_2.batch_norm_1.gain.loc": (Start.constant, 1.0),
    "basic_2.batch_norm_1.shift.loc": (Start.constant, 0.0),
    "basic_2.batch_norm_1.mean.loc": (Start.constant, 0.0),
    "basic_2.batch_norm_1.variance.loc": (Start.constant, 1.0),
    "basic_2.conv2d_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "basic_2.conv2d_1.kernel.rho": (Start.normal, -9.0, 0.1),
    "basic_2.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "basic_2.batch_norm_2.gain.loc": (Start.constant, 1.0),
    "basic_2.batch_norm_2.shift.loc": (Start.constant, 0.0),
    "basic_2.batch_norm_2.mean.loc": (Start.constant, 0.0),
    "basic_2.batch_norm_2.variance.loc": (Start.constant, 1.0),
    "basic_2.conv2d_2.kernel.loc": (Start.normal, 0.0, 0.1),
    "basic_2.conv2d_2.kernel.rho": (Start.normal, -9.0, 0.1),
    "basic_2.conv2d_2.bias.loc": (Start.normal, 0.0, 0.1),
    "basic_2.residual_1.shortcut.kernel.loc": (Start.normal, 0.0, 0.1),
    "basic_2.residual_1.shortcut.kernel.rho": (Start.normal, -9.0, 0.1),
    "basic_2.residual_1.shortcut.bias.loc": (Start.normal, 0.0, 0.1),
    "basic_3.batch_norm_1.gain.loc": (Start.constant, 1.0),
    "basic_3.batch_norm_1.shift.loc": (Start.constant, 0.0),
    "basic_3.batch_norm_1.mean.loc": (Start.constant, 0.0),
    "basic_3.batch_norm_1.variance.loc": (Start.constant, 1.0),
    "basic_3.conv2d_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "basic_3.conv2d_1.kernel.rho": (Start.normal, -9.0, 0.1),
    "basic_3.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "basic_3.batch_norm_2.gain.loc": (Start.constant, 1.0),
    "basic_3.batch_norm_2.shift.loc": (Start.constant, 0.0),
    "basic_3.batch_norm_2.mean.loc": (Start.constant, 0.0),
    "basic_3.batch_norm_2.variance.loc": (Start.constant, 1.0),
    "basic_3.conv2d_2.kernel.loc": (Start.normal, 0.0, 0.1),
    "basic_3.conv2d_2.kernel.rho": (Start.normal, -9.0, 0.1),
    "basic_3.conv2d_2.bias.loc": (Start.normal, 0.0, 0.1),
    "basic_3.residual_1.shortcut.kernel.loc": (Start.normal, 0.0, 0.1),
    "basic_3.residual_1.shortcut.kernel.rho": (Start.normal, -9.0, 0.1),
    "basic_3.residual_1.shortcut.bias.loc": (Start.normal, 0.0, 0.1),
    "basic_4.batch_norm_1.gain.loc": (Start.constant, 1.0),
    "basic_4.batch_norm_1.shift.loc": (Start.constant, 0.0),
    "basic_4.batch_norm_1.mean.loc": (Start.constant, 0.0),
    "basic_4.batch_norm_1.variance.loc": (Start.constant, 1.0),
    "basic_4.conv2d_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "basic_4.conv2d_1.kernel.rho": (Start.normal, -9.0, 0.1),
    "basic_4.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "basic_4.batch_norm_2.gain.loc": (Start.constant, 1.0),
    "basic_4.batch_norm_2.shift.loc": (Start.constant, 0.0),
    "basic_4.batch_norm_2.mean.loc": (Start.constant, 0.0),
    "basic_4.batch_norm_2.variance.loc": (Start.constant, 1.0),
    "basic_4.conv2d_2.kernel.loc": (Start.normal, 0.0, 0.1),
    "basic_4.conv2d_2.kernel.rho": (Start.normal, -9.0, 0.1),
    "basic_4.conv2d_2.bias.loc": (Start.normal, 0.0, 0.1),
    "basic_4.residual_1.shortcut.kernel.loc": (Start.normal, 0.0, 0.1),
    "basic_4.residual_1.shortcut.kernel.rho": (Start.normal, -9.0, 0.1),
    "basic_4.residual_1.shortcut.bias.loc": (Start.normal, 0.0, 0.1),
    "batch_norm_1.gain.loc": (Start.constant, 1.0),
    "batch_norm_1.shift.loc": (Start.constant, 0.0),
    "batch_norm_1.mean.loc": (Start.constant, 0.0),
    "batch_norm_1.variance.loc": (Start.constant, 1.0),
    "logits.kernel.loc": (Start.normal, 0.0, 0.1),
    "logits.kernel.rho": (Start.normal, -9.0, 0.1),
    "logits.bias.loc": (Start.normal, 0.0, 0.1),
}
