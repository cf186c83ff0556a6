def kl_normal_normal(m, s, loc, scale):
    """KL(Normal(m, s) || Normal(loc, scale)), of each entry."""
    return torch.log(scale / s) + (s**2 + (m - loc) ** 2) / (2 * scale**2) - 0.5


# The random draws of a step. Philox's key of each is made of the seed, the step and these: its
# parameter's number, its use, and how far apart the uses of further samples of the weights are.
STREAMS = {
    "stem.conv2d_1.kernel.noise": (0, 0, 8),
    "stem.conv2d_1.kernel.sign_in": (0, 1, 8),
    "stem.conv2d_1.kernel.sign_out": (0, 2, 8),
    "stage1.1.convolution_1.conv2d_1.kernel.noise": (5, 0, 8),
    "stage1.1.convolution_1.conv2d_1.kernel.sign_in": (5, 1, 8),
    "stage1.1.convolution_1.conv2d_1.kernel.sign_out": (5, 2, 8),
    "stage1.1.convolution_2.conv2d_1.kernel.noise": (10, 0, 8),
    "stage1.1.convolution_2.conv2d_1.kernel.sign_in": (10, 1, 8),
    "stage1.1.convolution_2.conv2d_1.kernel.sign_out": (10, 2, 8),
    "stage1.2.convolution_1.conv2d_1.kernel.noise": (15, 0, 8),
    "stage1.2.convolution_1.conv2d_1.kernel.sign_in": (15, 1, 8),
    "stage1.2.convolution_1.conv2d_1.kernel.sign_out": (15, 2, 8),
    "stage1.2.convolution_2.conv2d_1.kernel.noise": (20, 0, 8),
    "stage1.2.convolution_2.conv2d_1.kernel.sign_in": (20, 1, 8),
    "stage1.2.convolution_2.conv2d_1.kernel.sign_out": (20, 2, 8),
    "stage1.3.convolution_1.conv2d_1.kernel.noise": (25, 0, 8),
    "stage1.3.convolution_1.conv2d_1.kernel.sign_in": (25, 1, 8),
    "stage1.3.convolution_1.conv2d_1.kernel.sign_out": (25, 2, 8),
    "stage1.3.convolution_2.conv2d_1.kernel.noise": (30, 0, 8),
    "stage1.3.convolution_2.conv2d_1.kernel.sign_in": (30, 1, 8),
    "stage1.3.convolution_2.conv2d_1.kernel.sign_out": (30, 2, 8),
    "down2.convolution_1.conv2d_1.kernel.noise": (35, 0, 8),
    "down2.convolution_1.conv2d_1.kernel.sign_in": (35, 1, 8),
    "down2.convolution_1.conv2d_1.kernel.sign_out": (35, 2, 8),
    "down2.convolution_2.conv2d_1.kernel.noise": (40, 0, 8),
    "down2.convolution_2.conv2d_1.kernel.sign_in": (40, 1, 8),
    "down2.convolution_2.conv2d_1.kernel.sign_out": (40, 2, 8),
    "down2.residual_1.shortcut.conv2d_1.kernel.noise": (45, 0, 8),
    "down2.residual_1.shortcut.conv2d_1.kernel.sign_in": (45, 1, 8),
    "down2.residual_1.shortcut.conv2d_1.kernel.sign_out": (45, 2, 8),
    "stage2.1.convolution_1.conv2d_1.kernel.noise": (50, 0, 8),
    "stage2.1.convolution_1.conv2d_1.kernel.sign_in": (50, 1, 8),
    "stage2.1.convolution_1.conv2d_1.kernel.sign_out": (50, 2, 8),
    "stage2.1.convolution_2.conv2d_1.kernel.noise": (55, 0, 8),
    "stage2.1.convolution_2.conv2d_1.kernel.sign_in": (55, 1, 8),
    "stage2.1.convolution_2.conv2d_1.kernel.sign_out": (55, 2, 8),
    "stage2.2.convolution_1.conv2d_1.kernel.noise": (60, 0, 8),
    "stage2.2.convolution_1.conv2d_1.kernel.sign_in": (60, 1, 8),
    "stage2.2.convolution_1.conv2d_1.kernel.sign_out": (60, 2, 8),
    "stage2.2.convolution_2.conv2d_1.kernel.noise": (65, 0, 8),
    "stage2.2.convolution_2.conv2d_1.kernel.sign_in": (65, 1, 8),
    "stage2.2.convolution_2.conv2d_1.kernel.sign_out": (65, 2, 8),
    "down3.convolution_1.conv2d_1.kernel.noise": (70, 0, 8),
    "down3.convolution_1.conv2d_1.kernel.sign_in": (70, 1, 8),
    "down3.convolution_1.conv2d_1.kernel.sign_out": (70, 2, 8),
    "down3.convolution_2.conv2d_1.kernel.noise": (75, 0, 8),
    "down3.convolution_2.conv2d_1.kernel.sign_in": (75, 1, 8),
    "down3.convolution_2.conv2d_1.kernel.sign_out": (75, 2, 8),
    "down3.residual_1.shortcut.conv2d_1.kernel.noise": (80, 0, 8),
    "down3.residual_1.shortcut.conv2d_1.kernel.sign_in": (80, 1, 8),
    "down3.residual_1.shortcut.conv2d_1.kernel.sign_out": (80, 2, 8),
    "stage3.1.convolution_1.conv2d_1.kernel.noise": (85, 0, 8),
    "stage3.1.convolution_1.conv2d_1.kernel.sign_in": (85, 1, 8),
    "stage3.1.convolution_1.conv2d_1.kernel.sign_out": (85, 2, 8),
    "stage3.1.convolution_2.conv2d_1.kernel.noise": (90, 0, 8),
    "stage3.1.convolution_2.conv2d_1.kernel.sign_in": (90, 1, 8),
    "stage3.1.convolution_2.conv2d_1.kernel.sign_out": (90, 2, 8),
    "stage3.2.convolution_1.conv2d_1.kernel.noise": (95, 0, 8),
    "stage3.2.convolution_1.conv2d_1.kernel.sign_in": (95, 1, 8),
    "stage3.2.convolution_1.conv2d_1.kernel.sign_out": (95, 2, 8),
    "stage3.2.convolution_2.conv2d_1.kernel.noise": (100, 0, 8),
    "stage3.2.convolution_2.conv2d_1.kernel.sign_in": (100, 1, 8),
    "stage3.2.convolution_2.conv2d_1.kernel.sign_out": (100, 2, 8),
    "logits.kernel.noise": (105, 0, 8),
    "logits.kernel.sign_in": (105, 1, 8),
    "logits.kernel.sign_out": (105, 2, 8),
}


class Model(nn.Module):
    """The model `cifar10_resnet20_frn`. What it returns is its loss.

    Everything that has a gradient is worked out inside `forward`, the terms of the weights too: so
    DDP, FSDP2 and torch.compile see every variable used. Values have a batch axis first and
    channels last.
    """

    def __init__(self):
        super().__init__()
        # Whether the factors of products are rounded to bfloat16, and nothing else.
        self.bfloat16_products = False
        # stem.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal, scale =
        # Softplus(Normal(-4, 0.1))), flipout
        self.stem_conv2d_1_kernel = MeanField("stem.conv2d_1.kernel", [3, 3, 3, 16])
        # stem.conv2d_1.bias: deterministic
        self.stem_conv2d_1_bias = Point("stem.conv2d_1.bias", [16])
        # stem.filter_response_norm_1.gain: deterministic
        self.stem_filter_response_norm_1_gain = Point("stem.filter_response_norm_1.gain", [16])
        # stem.filter_response_norm_1.shift: deterministic
        self.stem_filter_response_norm_1_shift = Point("stem.filter_response_norm_1.shift", [16])
        # stem.filter_response_norm_1.threshold: deterministic
        self.stem_filter_response_norm_1_threshold = Point(
            "stem.filter_response_norm_1.threshold",
            [16],
        )
        # stage1.1.convolution_1.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-4, 0.1))), flipout
        self.stage1_1_convolution_1_conv2d_1_kernel = MeanField(
            "stage1.1.convolution_1.conv2d_1.kernel",
            [3, 3, 16, 16],
        )
        # stage1.1.convolution_1.conv2d_1.bias: deterministic
        self.stage1_1_convolution_1_conv2d_1_bias = Point(
            "stage1.1.convolution_1.conv2d_1.bias",
            [16],
        )
        # stage1.1.convolution_1.filter_response_norm_1.gain: deterministic
        self.stage1_1_convolution_1_filter_response_norm_1_gain = Point(
            "stage1.1.convolution_1.filter_response_norm_1.gain",
            [16],
        )
        # stage1.1.convolution_1.filter_response_norm_1.shift: deterministic
        self.stage1_1_convolution_1_filter_response_norm_1_shift = Point(
            "stage1.1.convolution_1.filter_response_norm_1.shift",
            [16],
        )
        # stage1.1.convolution_1.filter_response_norm_1.threshold: deterministic
        self.stage1_1_convolution_1_filter_response_norm_1_threshold = Point(
            "stage1.1.convolution_1.filter_response_norm_1.threshold",
            [16],
        )
        # stage1.1.convolution_2.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-4, 0.1))), flipout
        self.stage1_1_convolution_2_conv2d_1_kernel = MeanField(
            "stage1.1.convolution_2.conv2d_1.kernel",
            [3, 3, 16, 16],
        )
        # stage1.1.convolution_2.conv2d_1.bias: deterministic
        self.stage1_1_convolution_2_conv2d_1_bias = Point(
            "stage1.1.convolution_2.conv2d_1.bias",
            [16],
        )
        # stage1.1.convolution_2.filter_response_norm_1.gain: deterministic
        self.stage1_1_convolution_2_filter_response_norm_1_gain = Point(
            "stage1.1.convolution_2.filter_response_norm_1.gain",
            [16],
        )
        # stage1.1.convolution_2.filter_response_norm_1.shift: deterministic
        self.stage1_1_convolution_2_filter_response_norm_1_shift = Point(
            "stage1.1.convolution_2.filter_response_norm_1.shift",
            [16],
        )
        # stage1.1.convolution_2.filter_response_norm_1.threshold: deterministic
        self.stage1_1_convolution_2_filter_response_norm_1_threshold = Point(
            "stage1.1.convolution_2.filter_response_norm_1.threshold",
            [16],
        )
        # stage1.2.convolution_1.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-4, 0.1))), flipout
        self.stage1_2_convolution_1_conv2d_1_kernel = MeanField(
            "stage1.2.convolution_1.conv2d_1.kernel",
            [3, 3, 16, 16],
        )
        # stage1.2.convolution_1.conv2d_1.bias: deterministic
        self.stage1_2_convolution_1_conv2d_1_bias = Point(
            "stage1.2.convolution_1.conv2d_1.bias",
            [16],
        )
        # stage1.2.convolution_1.filter_response_norm_1.gain: deterministic
        self.stage1_2_convolution_1_filter_response_norm_1_gain = Point(
            "stage1.2.convolution_1.filter_response_norm_1.gain",
            [16],
        )
        # stage1.2.convolution_1.filter_response_norm_1.shift: deterministic
        self.stage1_2_convolution_1_filter_response_norm_1_shift = Point(
            "stage1.2.convolution_1.filter_response_norm_1.shift",
            [16],
        )
        # stage1.2.convolution_1.filter_response_norm_1.threshold: deterministic
        self.stage1_2_convolution_1_filter_response_norm_1_threshold = Point(
            "stage1.2.convolution_1.filter_response_norm_1.threshold",
            [16],
        )
        # stage1.2.convolution_2.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-4, 0.1))), flipout
        self.stage1_2_convolution_2_conv2d_1_kernel = MeanField(
            "stage1.2.convolution_2.conv2d_1.kernel",
            [3, 3, 16, 16],
        )
        # stage1.2.convolution_2.conv2d_1.bias: deterministic
        self.stage1_2_convolution_2_conv2d_1_bias = Point(
            "stage1.2.convolution_2.conv2d_1.bias",
            [16],
        )
        # stage1.2.convolution_2.filter_response_norm_1.gain: deterministic
        self.stage1_2_convolution_2_filter_response_norm_1_gain = Point(
            "stage1.2.convolution_2.filter_response_norm_1.gain",
            [16],
        )
        # stage1.2.convolution_2.filter_response_norm_1.shift: deterministic
        self.stage1_2_convolution_2_filter_response_norm_1_shift = Point(
            "stage1.2.convolution_2.filter_response_norm_1.shift",
            [16],
        )
        # stage1.2.convolution_2.filter_response_norm_1.threshold: deterministic
        self.stage1_2_convolution_2_filter_response_norm_1_threshold = Point(
            "stage1.2.convolution_2.filter_response_norm_1.threshold",
            [16],
        )
        # stage1.3.convolution_1.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-4, 0.1))), flipout
        self.stage1_3_convolution_1_conv2d_1_kernel = MeanField(
            "stage1.3.convolution_1.conv2d_1.kernel",
            [3, 3, 16, 16],
        )
        # stage1.3.convolution_1.conv2d_1.bias: deterministic
        self.stage1_3_convolution_1_conv2d_1_bias = Point(
            "stage1.3.convolution_1.conv2d_1.bias",
            [16],
        )
        # stage1.3.convolution_1.filter_response_norm_1.gain: deterministic
        self.stage1_3_convolution_1_filter_response_norm_1_gain = Point(
            "stage1.3.convolution_1.filter_response_norm_1.gain",
            [16],
        )
        # stage1.3.convolution_1.filter_response_norm_1.shift: deterministic
        self.stage1_3_convolution_1_filter_response_norm_1_shift = Point(
            "stage1.3.convolution_1.filter_response_norm_1.shift",
            [16],
        )
        # stage1.3.convolution_1.filter_response_norm_1.threshold: deterministic
        self.stage1_3_convolution_1_filter_response_norm_1_threshold = Point(
            "stage1.3.convolution_1.filter_response_norm_1.threshold",
            [16],
        )
        # stage1.3.convolution_2.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-4, 0.1))), flipout
        self.stage1_3_convolution_2_conv2d_1_kernel = MeanField(
            "stage1.3.convolution_2.conv2d_1.kernel",
            [3, 3, 16, 16],
        )
        # stage1.3.convolution_2.conv2d_1.bias: deterministic
        self.stage1_3_convolution_2_conv2d_1_bias = Point(
            "stage1.3.convolution_2.conv2d_1.bias",
            [16],
        )
        # stage1.3.convolution_2.filter_response_norm_1.gain: deterministic
        self.stage1_3_convolution_2_filter_response_norm_1_gain = Point(
            "stage1.3.convolution_2.filter_response_norm_1.gain",
            [16],
        )
        # stage1.3.convolution_2.filter_response_norm_1.shift: deterministic
        self.stage1_3_convolution_2_filter_response_norm_1_shift = Point(
            "stage1.3.convolution_2.filter_response_norm_1.shift",
            [16],
        )
        # stage1.3.convolution_2.filter_response_norm_1.threshold: deterministic
        self.stage1_3_convolution_2_filter_response_norm_1_threshold = Point(
            "stage1.3.convolution_2.filter_response_norm_1.threshold",
            [16],
        )
        # down2.convolution_1.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-4, 0.1))), flipout
        self.down2_convolution_1_conv2d_1_kernel = MeanField(
            "down2.convolution_1.conv2d_1.kernel",
            [3, 3, 16, 32],
        )
        # down2.convolution_1.conv2d_1.bias: deterministic
        self.down2_convolution_1_conv2d_1_bias = Point("down2.convolution_1.conv2d_1.bias", [32])
        # down2.convolution_1.filter_response_norm_1.gain: deterministic
        self.down2_convolution_1_filter_response_norm_1_gain = Point(
            "down2.convolution_1.filter_response_norm_1.gain",
            [32],
        )
        # down2.convolution_1.filter_response_norm_1.shift: deterministic
        self.down2_convolution_1_filter_response_norm_1_shift = Point(
            "down2.convolution_1.filter_response_norm_1.shift",
            [32],
        )
        # down2.convolution_1.filter_response_norm_1.threshold: deterministic
        self.down2_convolution_1_filter_response_norm_1_threshold = Point(
            "down2.convolution_1.filter_response_norm_1.threshold",
            [32],
        )
        # down2.convolution_2.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-4, 0.1))), flipout
        self.down2_convolution_2_conv2d_1_kernel = MeanField(
            "down2.convolution_2.conv2d_1.kernel",
            [3, 3, 32, 32],
        )
        # down2.convolution_2.conv2d_1.bias: deterministic
        self.down2_convolution_2_conv2d_1_bias = Point("down2.convolution_2.conv2d_1.bias", [32])
        # down2.convolution_2.filter_response_norm_1.gain: deterministic
        self.down2_convolution_2_filter_response_norm_1_gain = Point(
            "down2.convolution_2.filter_response_norm_1.gain",
            [32],
        )
        # down2.convolution_2.filter_response_norm_1.shift: deterministic
        self.down2_convolution_2_filter_response_norm_1_shift = Point(
            "down2.convolution_2.filter_response_norm_1.shift",
            [32],
        )
        # down2.convolution_2.filter_response_norm_1.threshold: deterministic
        self.down2_convolution_2_filter_response_norm_1_threshold = Point(
            "down2.convolution_2.filter_response_norm_1.threshold",
            [32],
        )
        # down2.residual_1.shortcut.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc =
        # HeNormal, scale = Softplus(Normal(-4, 0.1))), flipout
        self.down2_residual_1_shortcut_conv2d_1_kernel = MeanField(
            "down2.residual_1.shortcut.conv2d_1.kernel",
            [1, 1, 16, 32],
        )
        # down2.residual_1.shortcut.conv2d_1.bias: deterministic
        self.down2_residual_1_shortcut_conv2d_1_bias = Point(
            "down2.residual_1.shortcut.conv2d_1.bias",
            [32],
        )
        # down2.residual_1.shortcut.filter_response_norm_1.gain: deterministic
        self.down2_residual_1_shortcut_filter_response_norm_1_gain = Point(
            "down2.residual_1.shortcut.filter_response_norm_1.gain",
            [32],
        )
        # down2.residual_1.shortcut.filter_response_norm_1.shift: deterministic
        self.down2_residual_1_shortcut_filter_response_norm_1_shift = Point(
            "down2.residual_1.shortcut.filter_response_norm_1.shift",
            [32],
        )
        # down2.residual_1.shortcut.filter_response_norm_1.threshold: deterministic
        self.down2_residual_1_shortcut_filter_response_norm_1_threshold = Point(
            "down2.residual_1.shortcut.filter_response_norm_1.threshold",
            [32],
        )
        # stage2.1.convolution_1.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-4, 0.1))), flipout
        self.stage2_1_convolution_1_conv2d_1_kernel = MeanField(
            "stage2.1.convolution_1.conv2d_1.kernel",
            [3, 3, 32, 32],
        )
        # stage2.1.convolution_1.conv2d_1.bias: deterministic
        self.stage2_1_convolution_1_conv2d_1_bias = Point(
            "stage2.1.convolution_1.conv2d_1.bias",
            [32],
        )
        # stage2.1.convolution_1.filter_response_norm_1.gain: deterministic
        self.stage2_1_convolution_1_filter_response_norm_1_gain = Point(
            "stage2.1.convolution_1.filter_response_norm_1.gain",
            [32],
        )
        # stage2.1.convolution_1.filter_response_norm_1.shift: deterministic
        self.stage2_1_convolution_1_filter_response_norm_1_shift = Point(
            "stage2.1.convolution_1.filter_response_norm_1.shift",
            [32],
        )
        # stage2.1.convolution_1.filter_response_norm_1.threshold: deterministic
        self.stage2_1_convolution_1_filter_response_norm_1_threshold = Point(
            "stage2.1.convolution_1.filter_response_norm_1.threshold",
            [32],
        )
        # stage2.1.convolution_2.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-4, 0.1))), flipout
        self.stage2_1_convolution_2_conv2d_1_kernel = MeanField(
            "stage2.1.convolution_2.conv2d_1.kernel",
            [3, 3, 32, 32],
        )
        # stage2.1.convolution_2.conv2d_1.bias: deterministic
        self.stage2_1_convolution_2_conv2d_1_bias = Point(
            "stage2.1.convolution_2.conv2d_1.bias",
            [32],
        )
        # stage2.1.convolution_2.filter_response_norm_1.gain: deterministic
        self.stage2_1_convolution_2_filter_response_norm_1_gain = Point(
            "stage2.1.convolution_2.filter_response_norm_1.gain",
            [32],
        )
        # stage2.1.convolution_2.filter_response_norm_1.shift: deterministic
        self.stage2_1_convolution_2_filter_response_norm_1_shift = Point(
            "stage2.1.convolution_2.filter_response_norm_1.shift",
            [32],
        )
        # stage2.1.convolution_2.filter_response_norm_1.threshold: deterministic
        self.stage2_1_convolution_2_filter_response_norm_1_threshold = Point(
            "stage2.1.convolution_2.filter_response_norm_1.threshold",
            [32],
        )
        # stage2.2.convolution_1.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-4, 0.1))), flipout
        self.stage2_2_convolution_1_conv2d_1_kernel = MeanField(
            "stage2.2.convolution_1.conv2d_1.kernel",
            [3, 3, 32, 32],
        )
        # stage2.2.convolution_1.conv2d_1.bias: deterministic
        self.stage2_2_convolution_1_conv2d_1_bias = Point(
            "stage2.2.convolution_1.conv2d_1.bias",
            [32],
        )
        # stage2.2.convolution_1.filter_response_norm_1.gain: deterministic
        self.stage2_2_convolution_1_filter_response_norm_1_gain = Point(
            "stage2.2.convolution_1.filter_response_norm_1.gain",
            [32],
        )
        # stage2.2.convolution_1.filter_response_norm_1.shift: deterministic
        self.stage2_2_convolution_1_filter_response_norm_1_shift = Point(
            "stage2.2.convolution_1.filter_response_norm_1.shift",
            [32],
        )
        # stage2.2.convolution_1.filter_response_norm_1.threshold: deterministic
        self.stage2_2_convolution_1_filter_response_norm_1_threshold = Point(
            "stage2.2.convolution_1.filter_response_norm_1.threshold",
            [32],
        )
        # stage2.2.convolution_2.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-4, 0.1))), flipout
        self.stage2_2_convolution_2_conv2d_1_kernel = MeanField(
            "stage2.2.convolution_2.conv2d_1.kernel",
            [3, 3, 32, 32],
        )
        # stage2.2.convolution_2.conv2d_1.bias: deterministic
        self.stage2_2_convolution_2_conv2d_1_bias = Point(
            "stage2.2.convolution_2.conv2d_1.bias",
            [32],
        )
        # stage2.2.convolution_2.filter_response_norm_1.gain: deterministic
        self.stage2_2_convolution_2_filter_response_norm_1_gain = Point(
            "stage2.2.convolution_2.filter_response_norm_1.gain",
            [32],
        )
        # stage2.2.convolution_2.filter_response_norm_1.shift: deterministic
        self.stage2_2_convolution_2_filter_response_norm_1_shift = Point(
            "stage2.2.convolution_2.filter_response_norm_1.shift",
            [32],
        )
        # stage2.2.convolution_2.filter_response_norm_1.threshold: deterministic
        self.stage2_2_convolution_2_filter_response_norm_1_threshold = Point(
            "stage2.2.convolution_2.filter_response_norm_1.threshold",
            [32],
        )
        # down3.convolution_1.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-4, 0.1))), flipout
        self.down3_convolution_1_conv2d_1_kernel = MeanField(
            "down3.convolution_1.conv2d_1.kernel",
            [3, 3, 32, 64],
        )
        # down3.convolution_1.conv2d_1.bias: deterministic
        self.down3_convolution_1_conv2d_1_bias = Point("down3.convolution_1.conv2d_1.bias", [64])
        # down3.convolution_1.filter_response_norm_1.gain: deterministic
        self.down3_convolution_1_filter_response_norm_1_gain = Point(
            "down3.convolution_1.filter_response_norm_1.gain",
            [64],
        )
        # down3.convolution_1.filter_response_norm_1.shift: deterministic
        self.down3_convolution_1_filter_response_norm_1_shift = Point(
            "down3.convolution_1.filter_response_norm_1.shift",
            [64],
        )
        # down3.convolution_1.filter_response_norm_1.threshold: deterministic
        self.down3_convolution_1_filter_response_norm_1_threshold = Point(
            "down3.convolution_1.filter_response_norm_1.threshold",
            [64],
        )
        # down3.convolution_2.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-4, 0.1))), flipout
        self.down3_convolution_2_conv2d_1_kernel = MeanField(
            "down3.convolution_2.conv2d_1.kernel",
            [3, 3, 64, 64],
        )
        # down3.convolution_2.conv2d_1.bias: deterministic
        self.down3_convolution_2_conv2d_1_bias = Point("down3.convolution_2.conv2d_1.bias", [64])
        # down3.convolution_2.filter_response_norm_1.gain: deterministic
        self.down3_convolution_2_filter_response_norm_1_gain = Point(
            "down3.convolution_2.filter_response_norm_1.gain",
            [64],
        )
        # down3.convolution_2.filter_response_norm_1.shift: deterministic
        self.down3_convolution_2_filter_response_norm_1_shift = Point(
            "down3.convolution_2.filter_response_norm_1.shift",
            [64],
        )
        # down3.convolution_2.filter_response_norm_1.threshold: deterministic
        self.down3_convolution_2_filter_response_norm_1_threshold = Point(
            "down3.convolution_2.filter_response_norm_1.threshold",
            [64],
        )
        # down3.residual_1.shortcut.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc =
        # HeNormal, scale = Softplus(Normal(-4, 0.1))), flipout
        self.down3_residual_1_shortcut_conv2d_1_kernel = MeanField(
            "down3.residual_1.shortcut.conv2d_1.kernel",
            [1, 1, 32, 64],
        )
        # down3.residual_1.shortcut.conv2d_1.bias: deterministic
        self.down3_residual_1_shortcut_conv2d_1_bias = Point(
            "down3.residual_1.shortcut.conv2d_1.bias",
            [64],
        )
        # down3.residual_1.shortcut.filter_response_norm_1.gain: deterministic
        self.down3_residual_1_shortcut_filter_response_norm_1_gain = Point(
            "down3.residual_1.shortcut.filter_response_norm_1.gain",
            [64],
        )
        # down3.residual_1.shortcut.filter_response_norm_1.shift: deterministic
        self.down3_residual_1_shortcut_filter_response_norm_1_shift = Point(
            "down3.residual_1.shortcut.filter_response_norm_1.shift",
            [64],
        )
        # down3.residual_1.shortcut.filter_response_norm_1.threshold: deterministic
        self.down3_residual_1_shortcut_filter_response_norm_1_threshold = Point(
            "down3.residual_1.shortcut.filter_response_norm_1.threshold",
            [64],
        )
        # stage3.1.convolution_1.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-4, 0.1))), flipout
        self.stage3_1_convolution_1_conv2d_1_kernel = MeanField(
            "stage3.1.convolution_1.conv2d_1.kernel",
            [3, 3, 64, 64],
        )
        # stage3.1.convolution_1.conv2d_1.bias: deterministic
        self.stage3_1_convolution_1_conv2d_1_bias = Point(
            "stage3.1.convolution_1.conv2d_1.bias",
            [64],
        )
        # stage3.1.convolution_1.filter_response_norm_1.gain: deterministic
        self.stage3_1_convolution_1_filter_response_norm_1_gain = Point(
            "stage3.1.convolution_1.filter_response_norm_1.gain",
            [64],
        )
        # stage3.1.convolution_1.filter_response_norm_1.shift: deterministic
        self.stage3_1_convolution_1_filter_response_norm_1_shift = Point(
            "stage3.1.convolution_1.filter_response_norm_1.shift",
            [64],
        )
        # stage3.1.convolution_1.filter_response_norm_1.threshold: deterministic
        self.stage3_1_convolution_1_filter_response_norm_1_threshold = Point(
            "stage3.1.convolution_1.filter_response_norm_1.threshold",
            [64],
        )
        # stage3.1.convolution_2.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-4, 0.1))), flipout
        self.stage3_1_convolution_2_conv2d_1_kernel = MeanField(
            "stage3.1.convolution_2.conv2d_1.kernel",
            [3, 3, 64, 64],
        )
        # stage3.1.convolution_2.conv2d_1.bias: deterministic
        self.stage3_1_convolution_2_conv2d_1_bias = Point(
            "stage3.1.convolution_2.conv2d_1.bias",
            [64],
        )
        # stage3.1.convolution_2.filter_response_norm_1.gain: deterministic
        self.stage3_1_convolution_2_filter_response_norm_1_gain = Point(
            "stage3.1.convolution_2.filter_response_norm_1.gain",
            [64],
        )
        # stage3.1.convolution_2.filter_response_norm_1.shift: deterministic
        self.stage3_1_convolution_2_filter_response_norm_1_shift = Point(
            "stage3.1.convolution_2.filter_response_norm_1.shift",
            [64],
        )
        # stage3.1.convolution_2.filter_response_norm_1.threshold: deterministic
        self.stage3_1_convolution_2_filter_response_norm_1_threshold = Point(
            "stage3.1.convolution_2.filter_response_norm_1.threshold",
            [64],
        )
        # stage3.2.convolution_1.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-4, 0.1))), flipout
        self.stage3_2_convolution_1_conv2d_1_kernel = MeanField(
            "stage3.2.convolution_1.conv2d_1.kernel",
            [3, 3, 64, 64],
        )
        # stage3.2.convolution_1.conv2d_1.bias: deterministic
        self.stage3_2_convolution_1_conv2d_1_bias = Point(
            "stage3.2.convolution_1.conv2d_1.bias",
            [64],
        )
        # stage3.2.convolution_1.filter_response_norm_1.gain: deterministic
        self.stage3_2_convolution_1_filter_response_norm_1_gain = Point(
            "stage3.2.convolution_1.filter_response_norm_1.gain",
            [64],
        )
        # stage3.2.convolution_1.filter_response_norm_1.shift: deterministic
        self.stage3_2_convolution_1_filter_response_norm_1_shift = Point(
            "stage3.2.convolution_1.filter_response_norm_1.shift",
            [64],
        )
        # stage3.2.convolution_1.filter_response_norm_1.threshold: deterministic
        self.stage3_2_convolution_1_filter_response_norm_1_threshold = Point(
            "stage3.2.convolution_1.filter_response_norm_1.threshold",
            [64],
        )
        # stage3.2.convolution_2.conv2d_1.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal,
        # scale = Softplus(Normal(-4, 0.1))), flipout
        self.stage3_2_convolution_2_conv2d_1_kernel = MeanField(
            "stage3.2.convolution_2.conv2d_1.kernel",
            [3, 3, 64, 64],
        )
        # stage3.2.convolution_2.conv2d_1.bias: deterministic
        self.stage3_2_convolution_2_conv2d_1_bias = Point(
            "stage3.2.convolution_2.conv2d_1.bias",
            [64],
        )
        # stage3.2.convolution_2.filter_response_norm_1.gain: deterministic
        self.stage3_2_convolution_2_filter_response_norm_1_gain = Point(
            "stage3.2.convolution_2.filter_response_norm_1.gain",
            [64],
        )
        # stage3.2.convolution_2.filter_response_norm_1.shift: deterministic
        self.stage3_2_convolution_2_filter_response_norm_1_shift = Point(
            "stage3.2.convolution_2.filter_response_norm_1.shift",
            [64],
        )
        # stage3.2.convolution_2.filter_response_norm_1.threshold: deterministic
        self.stage3_2_convolution_2_filter_response_norm_1_threshold = Point(
            "stage3.2.convolution_2.filter_response_norm_1.threshold",
            [64],
        )
        # logits.kernel ~ Normal(0, sqrt(0.2)): MeanField(loc = HeNormal, scale =
        # Softplus(Normal(-4, 0.1))), flipout
        self.logits_kernel = MeanField("logits.kernel", [64, 10])
        # logits.bias: deterministic
        self.logits_bias = Point("logits.bias", [10])

    def draw(self, noise):
        """One draw of every parameter, which all of its uses share."""
        return {
            "stem.conv2d_1.kernel": self.stem_conv2d_1_kernel.draw(noise),
            "stem.conv2d_1.bias": Known(self.stem_conv2d_1_bias.loc),
            "stem.filter_response_norm_1.gain": Known(self.stem_filter_response_norm_1_gain.loc),
            "stem.filter_response_norm_1.shift": Known(self.stem_filter_response_norm_1_shift.loc),
            "stem.filter_response_norm_1.threshold": (
                Known(self.stem_filter_response_norm_1_threshold.loc)
            ),
            "stage1.1.convolution_1.conv2d_1.kernel": (
                self.stage1_1_convolution_1_conv2d_1_kernel.draw(noise)
            ),
            "stage1.1.convolution_1.conv2d_1.bias": (
                Known(self.stage1_1_convolution_1_conv2d_1_bias.loc)
            ),
            "stage1.1.convolution_1.filter_response_norm_1.gain": (
                Known(self.stage1_1_convolution_1_filter_response_norm_1_gain.loc)
            ),
            "stage1.1.convolution_1.filter_response_norm_1.shift": (
                Known(self.stage1_1_convolution_1_filter_response_norm_1_shift.loc)
            ),
            "stage1.1.convolution_1.filter_response_norm_1.threshold": (
                Known(self.stage1_1_convolution_1_filter_response_norm_1_threshold.loc)
            ),
            "stage1.1.convolution_2.conv2d_1.kernel": (
                self.stage1_1_convolution_2_conv2d_1_kernel.draw(noise)
            ),
            "stage1.1.convolution_2.conv2d_1.bias": (
                Known(self.stage1_1_convolution_2_conv2d_1_bias.loc)
            ),
            "stage1.1.convolution_2.filter_response_norm_1.gain": (
                Known(self.stage1_1_convolution_2_filter_response_norm_1_gain.loc)
            ),
            "stage1.1.convolution_2.filter_response_norm_1.shift": (
                Known(self.stage1_1_convolution_2_filter_response_norm_1_shift.loc)
            ),
            "stage1.1.convolution_2.filter_response_norm_1.threshold": (
                Known(self.stage1_1_convolution_2_filter_response_norm_1_threshold.loc)
            ),
            "stage1.2.convolution_1.conv2d_1.kernel": (
                self.stage1_2_convolution_1_conv2d_1_kernel.draw(noise)
            ),
            "stage1.2.convolution_1.conv2d_1.bias": (
                Known(self.stage1_2_convolution_1_conv2d_1_bias.loc)
            ),
            "stage1.2.convolution_1.filter_response_norm_1.gain": (
                Known(self.stage1_2_convolution_1_filter_response_norm_1_gain.loc)
            ),
            "stage1.2.convolution_1.filter_response_norm_1.shift": (
                Known(self.stage1_2_convolution_1_filter_response_norm_1_shift.loc)
            ),
            "stage1.2.convolution_1.filter_response_norm_1.threshold": (
                Known(self.stage1_2_convolution_1_filter_response_norm_1_threshold.loc)
            ),
            "stage1.2.convolution_2.conv2d_1.kernel": (
                self.stage1_2_convolution_2_conv2d_1_kernel.draw(noise)
            ),
            "stage1.2.convolution_2.conv2d_1.bias": (
                Known(self.stage1_2_convolution_2_conv2d_1_bias.loc)
            ),
            "stage1.2.convolution_2.filter_response_norm_1.gain": (
                Known(self.stage1_2_convolution_2_filter_response_norm_1_gain.loc)
            ),
            "stage1.2.convolution_2.filter_response_norm_1.shift": (
                Known(self.stage1_2_convolution_2_filter_response_norm_1_shift.loc)
            ),
            "stage1.2.convolution_2.filter_response_norm_1.threshold": (
                Known(self.stage1_2_convolution_2_filter_response_norm_1_threshold.loc)
            ),
            "stage1.3.convolution_1.conv2d_1.kernel": (
                self.stage1_3_convolution_1_conv2d_1_kernel.draw(noise)
            ),
            "stage1.3.convolution_1.conv2d_1.bias": (
                Known(self.stage1_3_convolution_1_conv2d_1_bias.loc)
            ),
            "stage1.3.convolution_1.filter_response_norm_1.gain": (
                Known(self.stage1_3_convolution_1_filter_response_norm_1_gain.loc)
            ),
            "stage1.3.convolution_1.filter_response_norm_1.shift": (
                Known(self.stage1_3_convolution_1_filter_response_norm_1_shift.loc)
            ),
            "stage1.3.convolution_1.filter_response_norm_1.threshold": (
                Known(self.stage1_3_convolution_1_filter_response_norm_1_threshold.loc)
            ),
            "stage1.3.convolution_2.conv2d_1.kernel": (
                self.stage1_3_convolution_2_conv2d_1_kernel.draw(noise)
            ),
            "stage1.3.convolution_2.conv2d_1.bias": (
                Known(self.stage1_3_convolution_2_conv2d_1_bias.loc)
            ),
            "stage1.3.convolution_2.filter_response_norm_1.gain": (
                Known(self.stage1_3_convolution_2_filter_response_norm_1_gain.loc)
            ),
            "stage1.3.convolution_2.filter_response_norm_1.shift": (
                Known(self.stage1_3_convolution_2_filter_response_norm_1_shift.loc)
            ),
            "stage1.3.convolution_2.filter_response_norm_1.threshold": (
                Known(self.stage1_3_convolution_2_filter_response_norm_1_threshold.loc)
            ),
            "down2.convolution_1.conv2d_1.kernel": (
                self.down2_convolution_1_conv2d_1_kernel.draw(noise)
            ),
            "down2.convolution_1.conv2d_1.bias": Known(self.down2_convolution_1_conv2d_1_bias.loc),
            "down2.convolution_1.filter_response_norm_1.gain": (
                Known(self.down2_convolution_1_filter_response_norm_1_gain.loc)
            ),
            "down2.convolution_1.filter_response_norm_1.shift": (
                Known(self.down2_convolution_1_filter_response_norm_1_shift.loc)
            ),
            "down2.convolution_1.filter_response_norm_1.threshold": (
                Known(self.down2_convolution_1_filter_response_norm_1_threshold.loc)
            ),
            "down2.convolution_2.conv2d_1.kernel": (
                self.down2_convolution_2_conv2d_1_kernel.draw(noise)
            ),
            "down2.convolution_2.conv2d_1.bias": Known(self.down2_convolution_2_conv2d_1_bias.loc),
            "down2.convolution_2.filter_response_norm_1.gain": (
                Known(self.down2_convolution_2_filter_response_norm_1_gain.loc)
            ),
            "down2.convolution_2.filter_response_norm_1.shift": (
                Known(self.down2_convolution_2_filter_response_norm_1_shift.loc)
            ),
            "down2.convolution_2.filter_response_norm_1.threshold": (
                Known(self.down2_convolution_2_filter_response_norm_1_threshold.loc)
            ),
            "down2.residual_1.shortcut.conv2d_1.kernel": (
                self.down2_residual_1_shortcut_conv2d_1_kernel.draw(noise)
            ),
            "down2.residual_1.shortcut.conv2d_1.bias": (
                Known(self.down2_residual_1_shortcut_conv2d_1_bias.loc)
            ),
            "down2.residual_1.shortcut.filter_response_norm_1.gain": (
                Known(self.down2_residual_1_shortcut_filter_response_norm_1_gain.loc)
            ),
            "down2.residual_1.shortcut.filter_response_norm_1.shift": (
                Known(self.down2_residual_1_shortcut_filter_response_norm_1_shift.loc)
            ),
            "down2.residual_1.shortcut.filter_response_norm_1.threshold": (
                Known(self.down2_residual_1_shortcut_filter_response_norm_1_threshold.loc)
            ),
            "stage2.1.convolution_1.conv2d_1.kernel": (
                self.stage2_1_convolution_1_conv2d_1_kernel.draw(noise)
            ),
            "stage2.1.convolution_1.conv2d_1.bias": (
                Known(self.stage2_1_convolution_1_conv2d_1_bias.loc)
            ),
            "stage2.1.convolution_1.filter_response_norm_1.gain": (
                Known(self.stage2_1_convolution_1_filter_response_norm_1_gain.loc)
            ),
            "stage2.1.convolution_1.filter_response_norm_1.shift": (
                Known(self.stage2_1_convolution_1_filter_response_norm_1_shift.loc)
            ),
            "stage2.1.convolution_1.filter_response_norm_1.threshold": (
                Known(self.stage2_1_convolution_1_filter_response_norm_1_threshold.loc)
            ),
            "stage2.1.convolution_2.conv2d_1.kernel": (
                self.stage2_1_convolution_2_conv2d_1_kernel.draw(noise)
            ),
            "stage2.1.convolution_2.conv2d_1.bias": (
                Known(self.stage2_1_convolution_2_conv2d_1_bias.loc)
            ),
            "stage2.1.convolution_2.filter_response_norm_1.gain": (
                Known(self.stage2_1_convolution_2_filter_response_norm_1_gain.loc)
            ),
            "stage2.1.convolution_2.filter_response_norm_1.shift": (
                Known(self.stage2_1_convolution_2_filter_response_norm_1_shift.loc)
            ),
            "stage2.1.convolution_2.filter_response_norm_1.threshold": (
                Known(self.stage2_1_convolution_2_filter_response_norm_1_threshold.loc)
            ),
            "stage2.2.convolution_1.conv2d_1.kernel": (
                self.stage2_2_convolution_1_conv2d_1_kernel.draw(noise)
            ),
            "stage2.2.convolution_1.conv2d_1.bias": (
                Known(self.stage2_2_convolution_1_conv2d_1_bias.loc)
            ),
            "stage2.2.convolution_1.filter_response_norm_1.gain": (
                Known(self.stage2_2_convolution_1_filter_response_norm_1_gain.loc)
            ),
            "stage2.2.convolution_1.filter_response_norm_1.shift": (
                Known(self.stage2_2_convolution_1_filter_response_norm_1_shift.loc)
            ),
            "stage2.2.convolution_1.filter_response_norm_1.threshold": (
                Known(self.stage2_2_convolution_1_filter_response_norm_1_threshold.loc)
            ),
            "stage2.2.convolution_2.conv2d_1.kernel": (
                self.stage2_2_convolution_2_conv2d_1_kernel.draw(noise)
            ),
            "stage2.2.convolution_2.conv2d_1.bias": (
                Known(self.stage2_2_convolution_2_conv2d_1_bias.loc)
            ),
            "stage2.2.convolution_2.filter_response_norm_1.gain": (
                Known(self.stage2_2_convolution_2_filter_response_norm_1_gain.loc)
            ),
            "stage2.2.convolution_2.filter_response_norm_1.shift": (
                Known(self.stage2_2_convolution_2_filter_response_norm_1_shift.loc)
            ),
            "stage2.2.convolution_2.filter_response_norm_1.threshold": (
                Known(self.stage2_2_convolution_2_filter_response_norm_1_threshold.loc)
            ),
            "down3.convolution_1.conv2d_1.kernel": (
                self.down3_convolution_1_conv2d_1_kernel.draw(noise)
            ),
            "down3.convolution_1.conv2d_1.bias": Known(self.down3_convolution_1_conv2d_1_bias.loc),
            "down3.convolution_1.filter_response_norm_1.gain": (
                Known(self.down3_convolution_1_filter_response_norm_1_gain.loc)
            ),
            "down3.convolution_1.filter_response_norm_1.shift": (
                Known(self.down3_convolution_1_filter_response_norm_1_shift.loc)
            ),
            "down3.convolution_1.filter_response_norm_1.threshold": (
                Known(self.down3_convolution_1_filter_response_norm_1_threshold.loc)
            ),
            "down3.convolution_2.conv2d_1.kernel": (
                self.down3_convolution_2_conv2d_1_kernel.draw(noise)
            ),
            "down3.convolution_2.conv2d_1.bias": Known(self.down3_convolution_2_conv2d_1_bias.loc),
            "down3.convolution_2.filter_response_norm_1.gain": (
                Known(self.down3_convolution_2_filter_response_norm_1_gain.loc)
            ),
            "down3.convolution_2.filter_response_norm_1.shift": (
                Known(self.down3_convolution_2_filter_response_norm_1_shift.loc)
            ),
            "down3.convolution_2.filter_response_norm_1.threshold": (
                Known(self.down3_convolution_2_filter_response_norm_1_threshold.loc)
            ),
            "down3.residual_1.shortcut.conv2d_1.kernel": (
                self.down3_residual_1_shortcut_conv2d_1_kernel.draw(noise)
            ),
            "down3.residual_1.shortcut.conv2d_1.bias": (
                Known(self.down3_residual_1_shortcut_conv2d_1_bias.loc)
            ),
            "down3.residual_1.shortcut.filter_response_norm_1.gain": (
                Known(self.down3_residual_1_shortcut_filter_response_norm_1_gain.loc)
            ),
            "down3.residual_1.shortcut.filter_response_norm_1.shift": (
                Known(self.down3_residual_1_shortcut_filter_response_norm_1_shift.loc)
            ),
            "down3.residual_1.shortcut.filter_response_norm_1.threshold": (
                Known(self.down3_residual_1_shortcut_filter_response_norm_1_threshold.loc)
            ),
            "stage3.1.convolution_1.conv2d_1.kernel": (
                self.stage3_1_convolution_1_conv2d_1_kernel.draw(noise)
            ),
            "stage3.1.convolution_1.conv2d_1.bias": (
                Known(self.stage3_1_convolution_1_conv2d_1_bias.loc)
            ),
            "stage3.1.convolution_1.filter_response_norm_1.gain": (
                Known(self.stage3_1_convolution_1_filter_response_norm_1_gain.loc)
            ),
            "stage3.1.convolution_1.filter_response_norm_1.shift": (
                Known(self.stage3_1_convolution_1_filter_response_norm_1_shift.loc)
            ),
            "stage3.1.convolution_1.filter_response_norm_1.threshold": (
                Known(self.stage3_1_convolution_1_filter_response_norm_1_threshold.loc)
            ),
            "stage3.1.convolution_2.conv2d_1.kernel": (
                self.stage3_1_convolution_2_conv2d_1_kernel.draw(noise)
            ),
            "stage3.1.convolution_2.conv2d_1.bias": (
                Known(self.stage3_1_convolution_2_conv2d_1_bias.loc)
            ),
            "stage3.1.convolution_2.filter_response_norm_1.gain": (
                Known(self.stage3_1_convolution_2_filter_response_norm_1_gain.loc)
            ),
            "stage3.1.convolution_2.filter_response_norm_1.shift": (
                Known(self.stage3_1_convolution_2_filter_response_norm_1_shift.loc)
            ),
            "stage3.1.convolution_2.filter_response_norm_1.threshold": (
                Known(self.stage3_1_convolution_2_filter_response_norm_1_threshold.loc)
            ),
            "stage3.2.convolution_1.conv2d_1.kernel": (
                self.stage3_2_convolution_1_conv2d_1_kernel.draw(noise)
            ),
            "stage3.2.convolution_1.conv2d_1.bias": (
                Known(self.stage3_2_convolution_1_conv2d_1_bias.loc)
            ),
            "stage3.2.convolution_1.filter_response_norm_1.gain": (
                Known(self.stage3_2_convolution_1_filter_response_norm_1_gain.loc)
            ),
            "stage3.2.convolution_1.filter_response_norm_1.shift": (
                Known(self.stage3_2_convolution_1_filter_response_norm_1_shift.loc)
            ),
            "stage3.2.convolution_1.filter_response_norm_1.threshold": (
                Known(self.stage3_2_convolution_1_filter_response_norm_1_threshold.loc)
            ),
            "stage3.2.convolution_2.conv2d_1.kernel": (
                self.stage3_2_convolution_2_conv2d_1_kernel.draw(noise)
            ),
            "stage3.2.convolution_2.conv2d_1.bias": (
                Known(self.stage3_2_convolution_2_conv2d_1_bias.loc)
            ),
            "stage3.2.convolution_2.filter_response_norm_1.gain": (
                Known(self.stage3_2_convolution_2_filter_response_norm_1_gain.loc)
            ),
            "stage3.2.convolution_2.filter_response_norm_1.shift": (
                Known(self.stage3_2_convolution_2_filter_response_norm_1_shift.loc)
            ),
            "stage3.2.convolution_2.filter_response_norm_1.threshold": (
                Known(self.stage3_2_convolution_2_filter_response_norm_1_threshold.loc)
            ),
            "logits.kernel": self.logits_kernel.draw(noise),
            "logits.bias": Known(self.logits_bias.loc),
        }

    def network(self, x, draw, noise):
        """The values that the likelihood takes, of inputs x: [B, 32, 32, 3]."""

        # stem: convolution(16)
        conv2d_1 = flipout(
            partial(conv, padding=1), x, draw["stem.conv2d_1.kernel"], "stem.conv2d_1.kernel", noise
        )
        conv2d_1 = conv2d_1 + draw["stem.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw["stem.filter_response_norm_1.gain"].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "stem.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw["stem.filter_response_norm_1.threshold"].w,
            draw["stem.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        silu_1 = filter_response_norm_1 * torch.sigmoid(filter_response_norm_1)

        # stage1.1.convolution_1: convolution(16)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            silu_1,
            draw["stage1.1.convolution_1.conv2d_1.kernel"],
            "stage1.1.convolution_1.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage1.1.convolution_1.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "stage1.1.convolution_1.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "stage1.1.convolution_1.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw[
                "stage1.1.convolution_1.filter_response_norm_1.threshold"
            ].w,
            draw["stage1.1.convolution_1.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        # stage1.1: plain(16)
        stage1_1_silu_1 = filter_response_norm_1 * torch.sigmoid(filter_response_norm_1)

        # stage1.1.convolution_2: convolution(16)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            stage1_1_silu_1,
            draw["stage1.1.convolution_2.conv2d_1.kernel"],
            "stage1.1.convolution_2.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage1.1.convolution_2.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "stage1.1.convolution_2.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "stage1.1.convolution_2.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw[
                "stage1.1.convolution_2.filter_response_norm_1.threshold"
            ].w,
            draw["stage1.1.convolution_2.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        # stage1.1: plain(16)
        residual_1 = filter_response_norm_1 + silu_1
        silu_2 = residual_1 * torch.sigmoid(residual_1)

        # stage1.2.convolution_1: convolution(16)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            silu_2,
            draw["stage1.2.convolution_1.conv2d_1.kernel"],
            "stage1.2.convolution_1.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage1.2.convolution_1.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "stage1.2.convolution_1.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "stage1.2.convolution_1.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw[
                "stage1.2.convolution_1.filter_response_norm_1.threshold"
            ].w,
            draw["stage1.2.convolution_1.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        # stage1.2: plain(16)
        silu_1 = filter_response_norm_1 * torch.sigmoid(filter_response_norm_1)

        # stage1.2.convolution_2: convolution(16)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            silu_1,
            draw["stage1.2.convolution_2.conv2d_1.kernel"],
            "stage1.2.convolution_2.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage1.2.convolution_2.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "stage1.2.convolution_2.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "stage1.2.convolution_2.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw[
                "stage1.2.convolution_2.filter_response_norm_1.threshold"
            ].w,
            draw["stage1.2.convolution_2.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        # stage1.2: plain(16)
        residual_1 = filter_response_norm_1 + silu_2
        silu_2 = residual_1 * torch.sigmoid(residual_1)

        # stage1.3.convolution_1: convolution(16)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            silu_2,
            draw["stage1.3.convolution_1.conv2d_1.kernel"],
            "stage1.3.convolution_1.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage1.3.convolution_1.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "stage1.3.convolution_1.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "stage1.3.convolution_1.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw[
                "stage1.3.convolution_1.filter_response_norm_1.threshold"
            ].w,
            draw["stage1.3.convolution_1.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        # stage1.3: plain(16)
        silu_1 = filter_response_norm_1 * torch.sigmoid(filter_response_norm_1)

        # stage1.3.convolution_2: convolution(16)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            silu_1,
            draw["stage1.3.convolution_2.conv2d_1.kernel"],
            "stage1.3.convolution_2.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage1.3.convolution_2.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "stage1.3.convolution_2.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "stage1.3.convolution_2.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw[
                "stage1.3.convolution_2.filter_response_norm_1.threshold"
            ].w,
            draw["stage1.3.convolution_2.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        # stage1.3: plain(16)
        residual_1 = filter_response_norm_1 + silu_2
        silu_2 = residual_1 * torch.sigmoid(residual_1)

        # down2.convolution_1: convolution(32, stride = 2)
        conv2d_1 = flipout(
            partial(conv, stride=2, pad=((0, 1), (0, 1))),
            silu_2,
            draw["down2.convolution_1.conv2d_1.kernel"],
            "down2.convolution_1.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["down2.convolution_1.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "down2.convolution_1.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "down2.convolution_1.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw["down2.convolution_1.filter_response_norm_1.threshold"].w,
            draw["down2.convolution_1.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        # down2: halving(32)
        silu_1 = filter_response_norm_1 * torch.sigmoid(filter_response_norm_1)

        # down2.convolution_2: convolution(32)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            silu_1,
            draw["down2.convolution_2.conv2d_1.kernel"],
            "down2.convolution_2.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["down2.convolution_2.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "down2.convolution_2.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "down2.convolution_2.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw["down2.convolution_2.filter_response_norm_1.threshold"].w,
            draw["down2.convolution_2.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        # down2.residual_1.shortcut: convolution(32, kernel = 1, stride = 2)
        conv2d_1 = flipout(
            partial(conv, stride=2),
            silu_2,
            draw["down2.residual_1.shortcut.conv2d_1.kernel"],
            "down2.residual_1.shortcut.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["down2.residual_1.shortcut.conv2d_1.bias"].w
        shortcut_filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        shortcut_filter_response_norm_1 = shortcut_filter_response_norm_1 * draw[
            "down2.residual_1.shortcut.filter_response_norm_1.gain"
        ].w
        shortcut_filter_response_norm_1 = shortcut_filter_response_norm_1 + draw[
            "down2.residual_1.shortcut.filter_response_norm_1.shift"
        ].w
        shortcut_filter_response_norm_1 = torch.where(
            shortcut_filter_response_norm_1 < draw[
                "down2.residual_1.shortcut.filter_response_norm_1.threshold"
            ].w,
            draw["down2.residual_1.shortcut.filter_response_norm_1.threshold"].w,
            shortcut_filter_response_norm_1,
        )

        # down2: halving(32)
        residual_1 = filter_response_norm_1 + shortcut_filter_response_norm_1
        silu_2 = residual_1 * torch.sigmoid(residual_1)

        # stage2.1.convolution_1: convolution(32)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            silu_2,
            draw["stage2.1.convolution_1.conv2d_1.kernel"],
            "stage2.1.convolution_1.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage2.1.convolution_1.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "stage2.1.convolution_1.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "stage2.1.convolution_1.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw[
                "stage2.1.convolution_1.filter_response_norm_1.threshold"
            ].w,
            draw["stage2.1.convolution_1.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        # stage2.1: plain(32)
        silu_1 = filter_response_norm_1 * torch.sigmoid(filter_response_norm_1)

        # stage2.1.convolution_2: convolution(32)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            silu_1,
            draw["stage2.1.convolution_2.conv2d_1.kernel"],
            "stage2.1.convolution_2.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage2.1.convolution_2.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "stage2.1.convolution_2.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "stage2.1.convolution_2.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw[
                "stage2.1.convolution_2.filter_response_norm_1.threshold"
            ].w,
            draw["stage2.1.convolution_2.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        # stage2.1: plain(32)
        residual_1 = filter_response_norm_1 + silu_2
        silu_2 = residual_1 * torch.sigmoid(residual_1)

        # stage2.2.convolution_1: convolution(32)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            silu_2,
            draw["stage2.2.convolution_1.conv2d_1.kernel"],
            "stage2.2.convolution_1.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage2.2.convolution_1.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "stage2.2.convolution_1.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "stage2.2.convolution_1.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw[
                "stage2.2.convolution_1.filter_response_norm_1.threshold"
            ].w,
            draw["stage2.2.convolution_1.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        # stage2.2: plain(32)
        silu_1 = filter_response_norm_1 * torch.sigmoid(filter_response_norm_1)

        # stage2.2.convolution_2: convolution(32)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            silu_1,
            draw["stage2.2.convolution_2.conv2d_1.kernel"],
            "stage2.2.convolution_2.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage2.2.convolution_2.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "stage2.2.convolution_2.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "stage2.2.convolution_2.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw[
                "stage2.2.convolution_2.filter_response_norm_1.threshold"
            ].w,
            draw["stage2.2.convolution_2.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        # stage2.2: plain(32)
        residual_1 = filter_response_norm_1 + silu_2
        silu_2 = residual_1 * torch.sigmoid(residual_1)

        # down3.convolution_1: convolution(64, stride = 2)
        conv2d_1 = flipout(
            partial(conv, stride=2, pad=((0, 1), (0, 1))),
            silu_2,
            draw["down3.convolution_1.conv2d_1.kernel"],
            "down3.convolution_1.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["down3.convolution_1.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "down3.convolution_1.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "down3.convolution_1.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw["down3.convolution_1.filter_response_norm_1.threshold"].w,
            draw["down3.convolution_1.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        # down3: halving(64)
        silu_1 = filter_response_norm_1 * torch.sigmoid(filter_response_norm_1)

        # down3.convolution_2: convolution(64)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            silu_1,
            draw["down3.convolution_2.conv2d_1.kernel"],
            "down3.convolution_2.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["down3.convolution_2.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "down3.convolution_2.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "down3.convolution_2.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw["down3.convolution_2.filter_response_norm_1.threshold"].w,
            draw["down3.convolution_2.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        # down3.residual_1.shortcut: convolution(64, kernel = 1, stride = 2)
        conv2d_1 = flipout(
            partial(conv, stride=2),
            silu_2,
            draw["down3.residual_1.shortcut.conv2d_1.kernel"],
            "down3.residual_1.shortcut.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["down3.residual_1.shortcut.conv2d_1.bias"].w
        shortcut_filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        shortcut_filter_response_norm_1 = shortcut_filter_response_norm_1 * draw[
            "down3.residual_1.shortcut.filter_response_norm_1.gain"
        ].w
        shortcut_filter_response_norm_1 = shortcut_filter_response_norm_1 + draw[
            "down3.residual_1.shortcut.filter_response_norm_1.shift"
        ].w
        shortcut_filter_response_norm_1 = torch.where(
            shortcut_filter_response_norm_1 < draw[
                "down3.residual_1.shortcut.filter_response_norm_1.threshold"
            ].w,
            draw["down3.residual_1.shortcut.filter_response_norm_1.threshold"].w,
            shortcut_filter_response_norm_1,
        )

        # down3: halving(64)
        residual_1 = filter_response_norm_1 + shortcut_filter_response_norm_1
        silu_2 = residual_1 * torch.sigmoid(residual_1)

        # stage3.1.convolution_1: convolution(64)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            silu_2,
            draw["stage3.1.convolution_1.conv2d_1.kernel"],
            "stage3.1.convolution_1.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage3.1.convolution_1.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "stage3.1.convolution_1.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "stage3.1.convolution_1.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw[
                "stage3.1.convolution_1.filter_response_norm_1.threshold"
            ].w,
            draw["stage3.1.convolution_1.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        # stage3.1: plain(64)
        silu_1 = filter_response_norm_1 * torch.sigmoid(filter_response_norm_1)

        # stage3.1.convolution_2: convolution(64)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            silu_1,
            draw["stage3.1.convolution_2.conv2d_1.kernel"],
            "stage3.1.convolution_2.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage3.1.convolution_2.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "stage3.1.convolution_2.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "stage3.1.convolution_2.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw[
                "stage3.1.convolution_2.filter_response_norm_1.threshold"
            ].w,
            draw["stage3.1.convolution_2.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        # stage3.1: plain(64)
        residual_1 = filter_response_norm_1 + silu_2
        silu_2 = residual_1 * torch.sigmoid(residual_1)

        # stage3.2.convolution_1: convolution(64)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            silu_2,
            draw["stage3.2.convolution_1.conv2d_1.kernel"],
            "stage3.2.convolution_1.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage3.2.convolution_1.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "stage3.2.convolution_1.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "stage3.2.convolution_1.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw[
                "stage3.2.convolution_1.filter_response_norm_1.threshold"
            ].w,
            draw["stage3.2.convolution_1.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        # stage3.2: plain(64)
        silu_1 = filter_response_norm_1 * torch.sigmoid(filter_response_norm_1)

        # stage3.2.convolution_2: convolution(64)
        conv2d_1 = flipout(
            partial(conv, padding=1),
            silu_1,
            draw["stage3.2.convolution_2.conv2d_1.kernel"],
            "stage3.2.convolution_2.conv2d_1.kernel",
            noise,
        )
        conv2d_1 = conv2d_1 + draw["stage3.2.convolution_2.conv2d_1.bias"].w
        filter_response_norm_1 = filter_response_norm(conv2d_1, 1e-6)
        filter_response_norm_1 = filter_response_norm_1 * draw[
            "stage3.2.convolution_2.filter_response_norm_1.gain"
        ].w
        filter_response_norm_1 = filter_response_norm_1 + draw[
            "stage3.2.convolution_2.filter_response_norm_1.shift"
        ].w
        filter_response_norm_1 = torch.where(
            filter_response_norm_1 < draw[
                "stage3.2.convolution_2.filter_response_norm_1.threshold"
            ].w,
            draw["stage3.2.convolution_2.filter_response_norm_1.threshold"].w,
            filter_response_norm_1,
        )

        # stage3.2: plain(64)
        residual_1 = filter_response_norm_1 + silu_2
        silu_2 = residual_1 * torch.sigmoid(residual_1)

        global_avg_pool2d_1 = silu_2.mean((1, 2))  # [B, 64]
        logits = flipout(matmul, global_avg_pool2d_1, draw["logits.kernel"], "logits.kernel", noise)
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
        q = draw["stem.conv2d_1.kernel"]
        terms["kl(stem.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["stage1.1.convolution_1.conv2d_1.kernel"]
        terms["kl(stage1.1.convolution_1.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["stage1.1.convolution_2.conv2d_1.kernel"]
        terms["kl(stage1.1.convolution_2.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["stage1.2.convolution_1.conv2d_1.kernel"]
        terms["kl(stage1.2.convolution_1.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["stage1.2.convolution_2.conv2d_1.kernel"]
        terms["kl(stage1.2.convolution_2.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["stage1.3.convolution_1.conv2d_1.kernel"]
        terms["kl(stage1.3.convolution_1.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["stage1.3.convolution_2.conv2d_1.kernel"]
        terms["kl(stage1.3.convolution_2.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["down2.convolution_1.conv2d_1.kernel"]
        terms["kl(down2.convolution_1.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["down2.convolution_2.conv2d_1.kernel"]
        terms["kl(down2.convolution_2.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["down2.residual_1.shortcut.conv2d_1.kernel"]
        terms["kl(down2.residual_1.shortcut.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["stage2.1.convolution_1.conv2d_1.kernel"]
        terms["kl(stage2.1.convolution_1.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["stage2.1.convolution_2.conv2d_1.kernel"]
        terms["kl(stage2.1.convolution_2.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["stage2.2.convolution_1.conv2d_1.kernel"]
        terms["kl(stage2.2.convolution_1.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["stage2.2.convolution_2.conv2d_1.kernel"]
        terms["kl(stage2.2.convolution_2.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["down3.convolution_1.conv2d_1.kernel"]
        terms["kl(down3.convolution_1.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["down3.convolution_2.conv2d_1.kernel"]
        terms["kl(down3.convolution_2.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["down3.residual_1.shortcut.conv2d_1.kernel"]
        terms["kl(down3.residual_1.shortcut.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["stage3.1.convolution_1.conv2d_1.kernel"]
        terms["kl(stage3.1.convolution_1.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["stage3.1.convolution_2.conv2d_1.kernel"]
        terms["kl(stage3.1.convolution_2.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["stage3.2.convolution_1.conv2d_1.kernel"]
        terms["kl(stage3.2.convolution_1.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["stage3.2.convolution_2.conv2d_1.kernel"]
        terms["kl(stage3.2.convolution_2.conv2d_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.4472135954999579
        ).sum()
        q = draw["logits.kernel"]
        terms["kl(logits.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 0.4472135954999579).sum()
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
        "kl(stem.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(stage1.1.convolution_1.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(stage1.1.convolution_2.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(stage1.2.convolution_1.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(stage1.2.convolution_2.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(stage1.3.convolution_1.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(stage1.3.convolution_2.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(down2.convolution_1.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(down2.convolution_2.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(down2.residual_1.shortcut.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(stage2.1.convolution_1.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(stage2.1.convolution_2.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(stage2.2.convolution_1.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(stage2.2.convolution_2.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(down3.convolution_1.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(down3.convolution_2.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(down3.residual_1.shortcut.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(stage3.1.convolution_1.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(stage3.1.convolution_2.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(stage3.2.convolution_1.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(stage3.2.convolution_2.conv2d_1.kernel)": 1 / at.training_examples,
        "kl(logits.kernel)": 1 / at.training_examples,
    }


# How each variable starts; `initialize` draws the numbers that bnnc draws for a seed.
START = {
    "stem.conv2d_1.kernel.loc": (Start.truncated_normal, 0.0, 0.3094106266248576),
    "stem.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stem.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stem.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "stem.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "stem.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "stage1.1.convolution_1.conv2d_1.kernel.loc": (
        Start.truncated_normal, 0.0, 0.13397873142899422
    ),
    "stage1.1.convolution_1.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stage1.1.convolution_1.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage1.1.convolution_1.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "stage1.1.convolution_1.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "stage1.1.convolution_1.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "stage1.1.convolution_2.conv2d_1.kernel.loc": (
        Start.truncated_normal, 0.0, 0.13397873142899422
    ),
    "stage1.1.convolution_2.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stage1.1.convolution_2.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage1.1.convolution_2.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "stage1.1.convolution_2.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "stage1.1.convolution_2.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "stage1.2.convolution_1.conv2d_1.kernel.loc": (
        Start.truncated_normal, 0.0, 0.13397873142899422
    ),
    "stage1.2.convolution_1.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stage1.2.convolution_1.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage1.2.convolution_1.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "stage1.2.convolution_1.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "stage1.2.convolution_1.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "stage1.2.convolution_2.conv2d_1.kernel.loc": (
        Start.truncated_normal, 0.0, 0.13397873142899422
    ),
    "stage1.2.convolution_2.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stage1.2.convolution_2.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage1.2.convolution_2.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "stage1.2.convolution_2.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "stage1.2.convolution_2.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "stage1.3.convolution_1.conv2d_1.kernel.loc": (
        Start.truncated_normal, 0.0, 0.13397873142899422
    ),
    "stage1.3.convolution_1.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stage1.3.convolution_1.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage1.3.convolution_1.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "stage1.3.convolution_1.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "stage1.3.convolution_1.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "stage1.3.convolution_2.conv2d_1.kernel.loc": (
        Start.truncated_normal, 0.0, 0.13397873142899422
    ),
    "stage1.3.convolution_2.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stage1.3.convolution_2.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage1.3.convolution_2.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "stage1.3.convolution_2.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "stage1.3.convolution_2.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "down2.convolution_1.conv2d_1.kernel.loc": (Start.truncated_normal, 0.0, 0.13397873142899422),
    "down2.convolution_1.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "down2.convolution_1.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "down2.convolution_1.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "down2.convolution_1.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "down2.convolution_1.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "down2.convolution_2.conv2d_1.kernel.loc": (Start.truncated_normal, 0.0, 0.09473726952821303),
    "down2.convolution_2.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "down2.convolution_2.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "down2.convolution_2.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "down2.convolution_2.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "down2.convolution_2.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "down2.residual_1.shortcut.conv2d_1.kernel.loc": (
        Start.truncated_normal, 0.0, 0.4019361942869827
    ),
    "down2.residual_1.shortcut.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "down2.residual_1.shortcut.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "down2.residual_1.shortcut.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "down2.residual_1.shortcut.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "down2.residual_1.shortcut.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "stage2.1.convolution_1.conv2d_1.kernel.loc": (
        Start.truncated_normal, 0.0, 0.09473726952821303
    ),
    "stage2.1.convolution_1.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stage2.1.convolution_1.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage2.1.convolution_1.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "stage2.1.convolution_1.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "stage2.1.convolution_1.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "stage2.1.convolution_2.conv2d_1.kernel.loc": (
        Start.truncated_normal, 0.0, 0.09473726952821303
    ),
    "stage2.1.convolution_2.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stage2.1.convolution_2.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage2.1.convolution_2.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "stage2.1.convolution_2.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "stage2.1.convolution_2.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "stage2.2.convolution_1.conv2d_1.kernel.loc": (
        Start.truncated_normal, 0.0, 0.09473726952821303
    ),
    "stage2.2.convolution_1.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stage2.2.convolution_1.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage2.2.convolution_1.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "stage2.2.convolution_1.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "stage2.2.convolution_1.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "stage2.2.convolution_2.conv2d_1.kernel.loc": (
        Start.truncated_normal, 0.0, 0.09473726952821303
    ),
    "stage2.2.convolution_2.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stage2.2.convolution_2.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage2.2.convolution_2.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "stage2.2.convolution_2.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "stage2.2.convolution_2.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "down3.convolution_1.conv2d_1.kernel.loc": (Start.truncated_normal, 0.0, 0.09473726952821303),
    "down3.convolution_1.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "down3.convolution_1.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "down3.convolution_1.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "down3.convolution_1.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "down3.convolution_1.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "down3.convolution_2.conv2d_1.kernel.loc": (Start.truncated_normal, 0.0, 0.06698936571449711),
    "down3.convolution_2.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "down3.convolution_2.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "down3.convolution_2.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "down3.convolution_2.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "down3.convolution_2.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "down3.residual_1.shortcut.conv2d_1.kernel.loc": (
        Start.truncated_normal, 0.0, 0.2842118085846391
    ),
    "down3.residual_1.shortcut.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "down3.residual_1.shortcut.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "down3.residual_1.shortcut.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "down3.residual_1.shortcut.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "down3.residual_1.shortcut.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "stage3.1.convolution_1.conv2d_1.kernel.loc": (
        Start.truncated_normal, 0.0, 0.06698936571449711
    ),
    "stage3.1.convolution_1.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stage3.1.convolution_1.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage3.1.convolution_1.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "stage3.1.convolution_1.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "stage3.1.convolution_1.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "stage3.1.convolution_2.conv2d_1.kernel.loc": (
        Start.truncated_normal, 0.0, 0.06698936571449711
    ),
    "stage3.1.convolution_2.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stage3.1.convolution_2.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage3.1.convolution_2.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "stage3.1.convolution_2.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "stage3.1.convolution_2.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "stage3.2.convolution_1.conv2d_1.kernel.loc": (
        Start.truncated_normal, 0.0, 0.06698936571449711
    ),
    "stage3.2.convolution_1.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stage3.2.convolution_1.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage3.2.convolution_1.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "stage3.2.convolution_1.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "stage3.2.convolution_1.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "stage3.2.convolution_2.conv2d_1.kernel.loc": (
        Start.truncated_normal, 0.0, 0.06698936571449711
    ),
    "stage3.2.convolution_2.conv2d_1.kernel.rho": (Start.normal, -4.0, 0.1),
    "stage3.2.convolution_2.conv2d_1.bias.loc": (Start.normal, 0.0, 0.1),
    "stage3.2.convolution_2.filter_response_norm_1.gain.loc": (Start.constant, 1.0),
    "stage3.2.convolution_2.filter_response_norm_1.shift.loc": (Start.constant, 0.0),
    "stage3.2.convolution_2.filter_response_norm_1.threshold.loc": (Start.constant, 0.0),
    "logits.kernel.loc": (Start.truncated_normal, 0.0, 0.20096809714349134),
    "logits.kernel.rho": (Start.normal, -4.0, 0.1),
    "logits.bias.loc": (Start.normal, 0.0, 0.1),
}
