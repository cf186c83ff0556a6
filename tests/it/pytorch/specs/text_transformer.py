def kl_normal_normal(m, s, loc, scale):
    """KL(Normal(m, s) || Normal(loc, scale)), of each entry."""
    return torch.log(scale / s) + (s**2 + (m - loc) ** 2) / (2 * scale**2) - 0.5


# The random draws of a step. Philox's key of each is made of the seed, the step and these: its
# parameter's number, its use, and how far apart the uses of further samples of the weights are.
STREAMS = {
    "embedding_1.kernel.noise": (0, 0, 8),
    "positions_1.table.noise": (1, 0, 8),
    "repeat_1.1.attention_1.query.kernel.noise": (4, 0, 8),
    "repeat_1.1.attention_1.key.kernel.noise": (6, 0, 8),
    "repeat_1.1.attention_1.value.kernel.noise": (8, 0, 8),
    "repeat_1.1.attention_1.output.kernel.noise": (10, 0, 8),
    "repeat_1.1.dense_1.kernel.noise": (14, 0, 8),
    "repeat_1.1.dense_2.kernel.noise": (16, 0, 8),
    "repeat_1.2.attention_1.query.kernel.noise": (20, 0, 8),
    "repeat_1.2.attention_1.key.kernel.noise": (22, 0, 8),
    "repeat_1.2.attention_1.value.kernel.noise": (24, 0, 8),
    "repeat_1.2.attention_1.output.kernel.noise": (26, 0, 8),
    "repeat_1.2.dense_1.kernel.noise": (30, 0, 8),
    "repeat_1.2.dense_2.kernel.noise": (32, 0, 8),
    "logits.kernel.noise": (36, 0, 8),
}


class Model(nn.Module):
    """The model `text_transformer`. What it returns is its loss.

    Everything that has a gradient is worked out inside `forward`, the terms of the weights too: so
    DDP, FSDP2 and torch.compile see every variable used. Values have a batch axis first and
    channels last.
    """

    def __init__(self):
        super().__init__()
        # Whether the factors of products are rounded to bfloat16, and nothing else.
        self.bfloat16_products = False
        # embedding_1.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(scale = Softplus(Normal(-5,
        # 0.1))), reparameterization
        self.embedding_1_kernel = MeanField("embedding_1.kernel", [16, 32])
        # positions_1.table ~ Normal(0, 1 / sqrt(fan_in)): MeanField(scale = Softplus(Normal(-5,
        # 0.1))), reparameterization
        self.positions_1_table = MeanField("positions_1.table", [32, 32])
        # repeat_1.1.layer_norm_1.gain: deterministic
        self.repeat_1_1_layer_norm_1_gain = Point("repeat_1.1.layer_norm_1.gain", [32])
        # repeat_1.1.layer_norm_1.shift: deterministic
        self.repeat_1_1_layer_norm_1_shift = Point("repeat_1.1.layer_norm_1.shift", [32])
        # repeat_1.1.attention_1.query.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(scale =
        # Softplus(Normal(-5, 0.1))), reparameterization
        self.repeat_1_1_attention_1_query_kernel = MeanField(
            "repeat_1.1.attention_1.query.kernel",
            [32, 32],
        )
        # repeat_1.1.attention_1.query.bias: deterministic
        self.repeat_1_1_attention_1_query_bias = Point("repeat_1.1.attention_1.query.bias", [32])
        # repeat_1.1.attention_1.key.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(scale =
        # Softplus(Normal(-5, 0.1))), reparameterization
        self.repeat_1_1_attention_1_key_kernel = MeanField(
            "repeat_1.1.attention_1.key.kernel",
            [32, 32],
        )
        # repeat_1.1.attention_1.key.bias: deterministic
        self.repeat_1_1_attention_1_key_bias = Point("repeat_1.1.attention_1.key.bias", [32])
        # repeat_1.1.attention_1.value.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(scale =
        # Softplus(Normal(-5, 0.1))), reparameterization
        self.repeat_1_1_attention_1_value_kernel = MeanField(
            "repeat_1.1.attention_1.value.kernel",
            [32, 32],
        )
        # repeat_1.1.attention_1.value.bias: deterministic
        self.repeat_1_1_attention_1_value_bias = Point("repeat_1.1.attention_1.value.bias", [32])
        # repeat_1.1.attention_1.output.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(scale =
        # Softplus(Normal(-5, 0.1))), reparameterization
        self.repeat_1_1_attention_1_output_kernel = MeanField(
            "repeat_1.1.attention_1.output.kernel",
            [32, 32],
        )
        # repeat_1.1.attention_1.output.bias: deterministic
        self.repeat_1_1_attention_1_output_bias = Point("repeat_1.1.attention_1.output.bias", [32])
        # repeat_1.1.layer_norm_2.gain: deterministic
        self.repeat_1_1_layer_norm_2_gain = Point("repeat_1.1.layer_norm_2.gain", [32])
        # repeat_1.1.layer_norm_2.shift: deterministic
        self.repeat_1_1_layer_norm_2_shift = Point("repeat_1.1.layer_norm_2.shift", [32])
        # repeat_1.1.dense_1.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(scale =
        # Softplus(Normal(-5, 0.1))), reparameterization
        self.repeat_1_1_dense_1_kernel = MeanField("repeat_1.1.dense_1.kernel", [32, 128])
        # repeat_1.1.dense_1.bias: deterministic
        self.repeat_1_1_dense_1_bias = Point("repeat_1.1.dense_1.bias", [128])
        # repeat_1.1.dense_2.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(scale =
        # Softplus(Normal(-5, 0.1))), reparameterization
        self.repeat_1_1_dense_2_kernel = MeanField("repeat_1.1.dense_2.kernel", [128, 32])
        # repeat_1.1.dense_2.bias: deterministic
        self.repeat_1_1_dense_2_bias = Point("repeat_1.1.dense_2.bias", [32])
        # repeat_1.2.layer_norm_1.gain: deterministic
        self.repeat_1_2_layer_norm_1_gain = Point("repeat_1.2.layer_norm_1.gain", [32])
        # repeat_1.2.layer_norm_1.shift: deterministic
        self.repeat_1_2_layer_norm_1_shift = Point("repeat_1.2.layer_norm_1.shift", [32])
        # repeat_1.2.attention_1.query.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(scale =
        # Softplus(Normal(-5, 0.1))), reparameterization
        self.repeat_1_2_attention_1_query_kernel = MeanField(
            "repeat_1.2.attention_1.query.kernel",
            [32, 32],
        )
        # repeat_1.2.attention_1.query.bias: deterministic
        self.repeat_1_2_attention_1_query_bias = Point("repeat_1.2.attention_1.query.bias", [32])
        # repeat_1.2.attention_1.key.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(scale =
        # Softplus(Normal(-5, 0.1))), reparameterization
        self.repeat_1_2_attention_1_key_kernel = MeanField(
            "repeat_1.2.attention_1.key.kernel",
            [32, 32],
        )
        # repeat_1.2.attention_1.key.bias: deterministic
        self.repeat_1_2_attention_1_key_bias = Point("repeat_1.2.attention_1.key.bias", [32])
        # repeat_1.2.attention_1.value.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(scale =
        # Softplus(Normal(-5, 0.1))), reparameterization
        self.repeat_1_2_attention_1_value_kernel = MeanField(
            "repeat_1.2.attention_1.value.kernel",
            [32, 32],
        )
        # repeat_1.2.attention_1.value.bias: deterministic
        self.repeat_1_2_attention_1_value_bias = Point("repeat_1.2.attention_1.value.bias", [32])
        # repeat_1.2.attention_1.output.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(scale =
        # Softplus(Normal(-5, 0.1))), reparameterization
        self.repeat_1_2_attention_1_output_kernel = MeanField(
            "repeat_1.2.attention_1.output.kernel",
            [32, 32],
        )
        # repeat_1.2.attention_1.output.bias: deterministic
        self.repeat_1_2_attention_1_output_bias = Point("repeat_1.2.attention_1.output.bias", [32])
        # repeat_1.2.layer_norm_2.gain: deterministic
        self.repeat_1_2_layer_norm_2_gain = Point("repeat_1.2.layer_norm_2.gain", [32])
        # repeat_1.2.layer_norm_2.shift: deterministic
        self.repeat_1_2_layer_norm_2_shift = Point("repeat_1.2.layer_norm_2.shift", [32])
        # repeat_1.2.dense_1.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(scale =
        # Softplus(Normal(-5, 0.1))), reparameterization
        self.repeat_1_2_dense_1_kernel = MeanField("repeat_1.2.dense_1.kernel", [32, 128])
        # repeat_1.2.dense_1.bias: deterministic
        self.repeat_1_2_dense_1_bias = Point("repeat_1.2.dense_1.bias", [128])
        # repeat_1.2.dense_2.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(scale =
        # Softplus(Normal(-5, 0.1))), reparameterization
        self.repeat_1_2_dense_2_kernel = MeanField("repeat_1.2.dense_2.kernel", [128, 32])
        # repeat_1.2.dense_2.bias: deterministic
        self.repeat_1_2_dense_2_bias = Point("repeat_1.2.dense_2.bias", [32])
        # layer_norm_1.gain: deterministic
        self.layer_norm_1_gain = Point("layer_norm_1.gain", [32])
        # layer_norm_1.shift: deterministic
        self.layer_norm_1_shift = Point("layer_norm_1.shift", [32])
        # logits.kernel ~ Normal(0, 1 / sqrt(fan_in)): MeanField(scale = Softplus(Normal(-5, 0.1))),
        # reparameterization
        self.logits_kernel = MeanField("logits.kernel", [32, 16])
        # logits.bias: deterministic
        self.logits_bias = Point("logits.bias", [16])

    def draw(self, noise):
        """One draw of every parameter, which all of its uses share."""
        return {
            "embedding_1.kernel": self.embedding_1_kernel.draw(noise),
            "positions_1.table": self.positions_1_table.draw(noise),
            "repeat_1.1.layer_norm_1.gain": Known(self.repeat_1_1_layer_norm_1_gain.loc),
            "repeat_1.1.layer_norm_1.shift": Known(self.repeat_1_1_layer_norm_1_shift.loc),
            "repeat_1.1.attention_1.query.kernel": (
                self.repeat_1_1_attention_1_query_kernel.draw(noise)
            ),
            "repeat_1.1.attention_1.query.bias": Known(self.repeat_1_1_attention_1_query_bias.loc),
            "repeat_1.1.attention_1.key.kernel": self.repeat_1_1_attention_1_key_kernel.draw(noise),
            "repeat_1.1.attention_1.key.bias": Known(self.repeat_1_1_attention_1_key_bias.loc),
            "repeat_1.1.attention_1.value.kernel": (
                self.repeat_1_1_attention_1_value_kernel.draw(noise)
            ),
            "repeat_1.1.attention_1.value.bias": Known(self.repeat_1_1_attention_1_value_bias.loc),
            "repeat_1.1.attention_1.output.kernel": (
                self.repeat_1_1_attention_1_output_kernel.draw(noise)
            ),
            "repeat_1.1.attention_1.output.bias": (
                Known(self.repeat_1_1_attention_1_output_bias.loc)
            ),
            "repeat_1.1.layer_norm_2.gain": Known(self.repeat_1_1_layer_norm_2_gain.loc),
            "repeat_1.1.layer_norm_2.shift": Known(self.repeat_1_1_layer_norm_2_shift.loc),
            "repeat_1.1.dense_1.kernel": self.repeat_1_1_dense_1_kernel.draw(noise),
            "repeat_1.1.dense_1.bias": Known(self.repeat_1_1_dense_1_bias.loc),
            "repeat_1.1.dense_2.kernel": self.repeat_1_1_dense_2_kernel.draw(noise),
            "repeat_1.1.dense_2.bias": Known(self.repeat_1_1_dense_2_bias.loc),
            "repeat_1.2.layer_norm_1.gain": Known(self.repeat_1_2_layer_norm_1_gain.loc),
            "repeat_1.2.layer_norm_1.shift": Known(self.repeat_1_2_layer_norm_1_shift.loc),
            "repeat_1.2.attention_1.query.kernel": (
                self.repeat_1_2_attention_1_query_kernel.draw(noise)
            ),
            "repeat_1.2.attention_1.query.bias": Known(self.repeat_1_2_attention_1_query_bias.loc),
            "repeat_1.2.attention_1.key.kernel": self.repeat_1_2_attention_1_key_kernel.draw(noise),
            "repeat_1.2.attention_1.key.bias": Known(self.repeat_1_2_attention_1_key_bias.loc),
            "repeat_1.2.attention_1.value.kernel": (
                self.repeat_1_2_attention_1_value_kernel.draw(noise)
            ),
            "repeat_1.2.attention_1.value.bias": Known(self.repeat_1_2_attention_1_value_bias.loc),
            "repeat_1.2.attention_1.output.kernel": (
                self.repeat_1_2_attention_1_output_kernel.draw(noise)
            ),
            "repeat_1.2.attention_1.output.bias": (
                Known(self.repeat_1_2_attention_1_output_bias.loc)
            ),
            "repeat_1.2.layer_norm_2.gain": Known(self.repeat_1_2_layer_norm_2_gain.loc),
            "repeat_1.2.layer_norm_2.shift": Known(self.repeat_1_2_layer_norm_2_shift.loc),
            "repeat_1.2.dense_1.kernel": self.repeat_1_2_dense_1_kernel.draw(noise),
            "repeat_1.2.dense_1.bias": Known(self.repeat_1_2_dense_1_bias.loc),
            "repeat_1.2.dense_2.kernel": self.repeat_1_2_dense_2_kernel.draw(noise),
            "repeat_1.2.dense_2.bias": Known(self.repeat_1_2_dense_2_bias.loc),
            "layer_norm_1.gain": Known(self.layer_norm_1_gain.loc),
            "layer_norm_1.shift": Known(self.layer_norm_1_shift.loc),
            "logits.kernel": self.logits_kernel.draw(noise),
            "logits.bias": Known(self.logits_bias.loc),
        }

    def network(self, x, draw, noise):
        """The values that the likelihood takes, of inputs x: [B, 33]."""
        length = x[..., 32:33]  # [B, 1]
        words = x[..., 0:32]  # [B, 32]
        embedding_1 = reparameterized(embedding, words, draw["embedding_1.kernel"])  # [B, 32, 32]
        positions_1 = embedding_1 + draw["positions_1.table"].w

        # repeat_1.1: decoder(width, heads)
        layer_norm_1 = F.layer_norm(positions_1, (32,), eps=0.001)
        layer_norm_1 = layer_norm_1 * draw["repeat_1.1.layer_norm_1.gain"].w
        layer_norm_1 = layer_norm_1 + draw["repeat_1.1.layer_norm_1.shift"].w

        # repeat_1.1.attention_1: attention(4, causal = true)
        query = reparameterized(matmul, layer_norm_1, draw["repeat_1.1.attention_1.query.kernel"])
        query = query + draw["repeat_1.1.attention_1.query.bias"].w
        key = reparameterized(matmul, layer_norm_1, draw["repeat_1.1.attention_1.key.kernel"])
        key = key + draw["repeat_1.1.attention_1.key.bias"].w
        value = reparameterized(matmul, layer_norm_1, draw["repeat_1.1.attention_1.value.kernel"])
        value = value + draw["repeat_1.1.attention_1.value.bias"].w
        dot_product_attention_1 = dot_product_attention(
            query, key, value, 4, causal=True, length=length
        )
        output = reparameterized(
            matmul, dot_product_attention_1, draw["repeat_1.1.attention_1.output.kernel"]
        )
        output = output + draw["repeat_1.1.attention_1.output.bias"].w

        # repeat_1.1: decoder(width, heads)
        residual_1 = output + positions_1
        layer_norm_2 = F.layer_norm(residual_1, (32,), eps=0.001)
        layer_norm_2 = layer_norm_2 * draw["repeat_1.1.layer_norm_2.gain"].w
        layer_norm_2 = layer_norm_2 + draw["repeat_1.1.layer_norm_2.shift"].w
        dense_1 = reparameterized(matmul, layer_norm_2, draw["repeat_1.1.dense_1.kernel"])
        dense_1 = dense_1 + draw["repeat_1.1.dense_1.bias"].w
        gelu_1 = dense_1 * torch.special.ndtr(dense_1)
        dense_2 = reparameterized(matmul, gelu_1, draw["repeat_1.1.dense_2.kernel"])  # [B, 32, 32]
        dense_2 = dense_2 + draw["repeat_1.1.dense_2.bias"].w
        residual_2 = dense_2 + residual_1

        # repeat_1.2: decoder(width, heads)
        layer_norm_1 = F.layer_norm(residual_2, (32,), eps=0.001)
        layer_norm_1 = layer_norm_1 * draw["repeat_1.2.layer_norm_1.gain"].w
        layer_norm_1 = layer_norm_1 + draw["repeat_1.2.layer_norm_1.shift"].w

        # repeat_1.2.attention_1: attention(4, causal = true)
        query = reparameterized(matmul, layer_norm_1, draw["repeat_1.2.attention_1.query.kernel"])
        query = query + draw["repeat_1.2.attention_1.query.bias"].w
        key = reparameterized(matmul, layer_norm_1, draw["repeat_1.2.attention_1.key.kernel"])
        key = key + draw["repeat_1.2.attention_1.key.bias"].w
        value = reparameterized(matmul, layer_norm_1, draw["repeat_1.2.attention_1.value.kernel"])
        value = value + draw["repeat_1.2.attention_1.value.bias"].w
        dot_product_attention_1 = dot_product_attention(
            query, key, value, 4, causal=True, length=length
        )
        output = reparameterized(
            matmul, dot_product_attention_1, draw["repeat_1.2.attention_1.output.kernel"]
        )
        output = output + draw["repeat_1.2.attention_1.output.bias"].w

        # repeat_1.2: decoder(width, heads)
        residual_1 = output + residual_2
        layer_norm_2 = F.layer_norm(residual_1, (32,), eps=0.001)
        layer_norm_2 = layer_norm_2 * draw["repeat_1.2.layer_norm_2.gain"].w
        layer_norm_2 = layer_norm_2 + draw["repeat_1.2.layer_norm_2.shift"].w
        dense_1 = reparameterized(matmul, layer_norm_2, draw["repeat_1.2.dense_1.kernel"])
        dense_1 = dense_1 + draw["repeat_1.2.dense_1.bias"].w
        gelu_1 = dense_1 * torch.special.ndtr(dense_1)
        dense_2 = reparameterized(matmul, gelu_1, draw["repeat_1.2.dense_2.kernel"])  # [B, 32, 32]
        dense_2 = dense_2 + draw["repeat_1.2.dense_2.bias"].w
        residual_2 = dense_2 + residual_1

        layer_norm_1 = F.layer_norm(residual_2, (32,), eps=0.001)
        layer_norm_1 = layer_norm_1 * draw["layer_norm_1.gain"].w
        layer_norm_1 = layer_norm_1 + draw["layer_norm_1.shift"].w
        logits = reparameterized(matmul, layer_norm_1, draw["logits.kernel"])  # [B, 32, 16]
        logits = logits + draw["logits.bias"].w
        return {"logits": logits}

    def nll(self, values, draw, targets):
        """-log p(target | network), summed over the examples at hand."""
        # next ~ Categorical(logits = logits)
        y = targets[0].flatten(1)
        known = y >= 0
        y = y.clamp(min=0)
        logits = values["logits"].reshape(-1, 32, 16)
        nll = torch.logsumexp(logits, -1) - logits.gather(-1, y.unsqueeze(-1)).squeeze(-1)
        nll = torch.where(known, nll, 0.0)
        return {"nll": nll.sum()}

    def fits(self, values, draw, targets):
        """Of each target: how many labels are right, or its entries' squared errors, scaled."""
        y = targets[0].flatten(1)
        logits = values["logits"].reshape(-1, 32, 16)
        fit_0 = (logits.argmax(-1) == y).sum()
        return [fit_0]

    def terms(self, draw):
        """What the loss has of the weights, each term unscaled."""
        terms = {}
        # closed form, x 1/N: the ELBO holds the KL once per data set, so each example carries 1/N
        # of it
        q = draw["embedding_1.kernel"]
        terms["kl(embedding_1.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
        q = draw["positions_1.table"]
        terms["kl(positions_1.table)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
        q = draw["repeat_1.1.attention_1.query.kernel"]
        terms["kl(repeat_1.1.attention_1.query.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.17677669529663687
        ).sum()
        q = draw["repeat_1.1.attention_1.key.kernel"]
        terms["kl(repeat_1.1.attention_1.key.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.17677669529663687
        ).sum()
        q = draw["repeat_1.1.attention_1.value.kernel"]
        terms["kl(repeat_1.1.attention_1.value.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.17677669529663687
        ).sum()
        q = draw["repeat_1.1.attention_1.output.kernel"]
        terms["kl(repeat_1.1.attention_1.output.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.17677669529663687
        ).sum()
        q = draw["repeat_1.1.dense_1.kernel"]
        terms["kl(repeat_1.1.dense_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.17677669529663687
        ).sum()
        q = draw["repeat_1.1.dense_2.kernel"]
        terms["kl(repeat_1.1.dense_2.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.08838834764831843
        ).sum()
        q = draw["repeat_1.2.attention_1.query.kernel"]
        terms["kl(repeat_1.2.attention_1.query.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.17677669529663687
        ).sum()
        q = draw["repeat_1.2.attention_1.key.kernel"]
        terms["kl(repeat_1.2.attention_1.key.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.17677669529663687
        ).sum()
        q = draw["repeat_1.2.attention_1.value.kernel"]
        terms["kl(repeat_1.2.attention_1.value.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.17677669529663687
        ).sum()
        q = draw["repeat_1.2.attention_1.output.kernel"]
        terms["kl(repeat_1.2.attention_1.output.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.17677669529663687
        ).sum()
        q = draw["repeat_1.2.dense_1.kernel"]
        terms["kl(repeat_1.2.dense_1.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.17677669529663687
        ).sum()
        q = draw["repeat_1.2.dense_2.kernel"]
        terms["kl(repeat_1.2.dense_2.kernel)"] = kl_normal_normal(
            q.loc, q.scale, 0.0, 0.08838834764831843
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
        "kl(embedding_1.kernel)": 1 / at.training_examples,
        "kl(positions_1.table)": 1 / at.training_examples,
        "kl(repeat_1.1.attention_1.query.kernel)": 1 / at.training_examples,
        "kl(repeat_1.1.attention_1.key.kernel)": 1 / at.training_examples,
        "kl(repeat_1.1.attention_1.value.kernel)": 1 / at.training_examples,
        "kl(repeat_1.1.attention_1.output.kernel)": 1 / at.training_examples,
        "kl(repeat_1.1.dense_1.kernel)": 1 / at.training_examples,
        "kl(repeat_1.1.dense_2.kernel)": 1 / at.training_examples,
        "kl(repeat_1.2.attention_1.query.kernel)": 1 / at.training_examples,
        "kl(repeat_1.2.attention_1.key.kernel)": 1 / at.training_examples,
        "kl(repeat_1.2.attention_1.value.kernel)": 1 / at.training_examples,
        "kl(repeat_1.2.attention_1.output.kernel)": 1 / at.training_examples,
        "kl(repeat_1.2.dense_1.kernel)": 1 / at.training_examples,
        "kl(repeat_1.2.dense_2.kernel)": 1 / at.training_examples,
        "kl(logits.kernel)": 1 / at.training_examples,
    }


# How each variable starts; `initialize` draws the numbers that bnnc draws for a seed.
START = {
    "embedding_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "embedding_1.kernel.rho": (Start.normal, -5.0, 0.1),
    "positions_1.table.loc": (Start.normal, 0.0, 0.1),
    "positions_1.table.rho": (Start.normal, -5.0, 0.1),
    "repeat_1.1.layer_norm_1.gain.loc": (Start.constant, 1.0),
    "repeat_1.1.layer_norm_1.shift.loc": (Start.constant, 0.0),
    "repeat_1.1.attention_1.query.kernel.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.1.attention_1.query.kernel.rho": (Start.normal, -5.0, 0.1),
    "repeat_1.1.attention_1.query.bias.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.1.attention_1.key.kernel.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.1.attention_1.key.kernel.rho": (Start.normal, -5.0, 0.1),
    "repeat_1.1.attention_1.key.bias.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.1.attention_1.value.kernel.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.1.attention_1.value.kernel.rho": (Start.normal, -5.0, 0.1),
    "repeat_1.1.attention_1.value.bias.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.1.attention_1.output.kernel.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.1.attention_1.output.kernel.rho": (Start.normal, -5.0, 0.1),
    "repeat_1.1.attention_1.output.bias.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.1.layer_norm_2.gain.loc": (Start.constant, 1.0),
    "repeat_1.1.layer_norm_2.shift.loc": (Start.constant, 0.0),
    "repeat_1.1.dense_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.1.dense_1.kernel.rho": (Start.normal, -5.0, 0.1),
    "repeat_1.1.dense_1.bias.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.1.dense_2.kernel.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.1.dense_2.kernel.rho": (Start.normal, -5.0, 0.1),
    "repeat_1.1.dense_2.bias.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.2.layer_norm_1.gain.loc": (Start.constant, 1.0),
    "repeat_1.2.layer_norm_1.shift.loc": (Start.constant, 0.0),
    "repeat_1.2.attention_1.query.kernel.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.2.attention_1.query.kernel.rho": (Start.normal, -5.0, 0.1),
    "repeat_1.2.attention_1.query.bias.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.2.attention_1.key.kernel.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.2.attention_1.key.kernel.rho": (Start.normal, -5.0, 0.1),
    "repeat_1.2.attention_1.key.bias.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.2.attention_1.value.kernel.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.2.attention_1.value.kernel.rho": (Start.normal, -5.0, 0.1),
    "repeat_1.2.attention_1.value.bias.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.2.attention_1.output.kernel.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.2.attention_1.output.kernel.rho": (Start.normal, -5.0, 0.1),
    "repeat_1.2.attention_1.output.bias.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.2.layer_norm_2.gain.loc": (Start.constant, 1.0),
    "repeat_1.2.layer_norm_2.shift.loc": (Start.constant, 0.0),
    "repeat_1.2.dense_1.kernel.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.2.dense_1.kernel.rho": (Start.normal, -5.0, 0.1),
    "repeat_1.2.dense_1.bias.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.2.dense_2.kernel.loc": (Start.normal, 0.0, 0.1),
    "repeat_1.2.dense_2.kernel.rho": (Start.normal, -5.0, 0.1),
    "repeat_1.2.dense_2.bias.loc": (Start.normal, 0.0, 0.1),
    "layer_norm_1.gain.loc": (Start.constant, 1.0),
    "layer_norm_1.shift.loc": (Start.constant, 0.0),
    "logits.kernel.loc": (Start.normal, 0.0, 0.1),
    "logits.kernel.rho": (Start.normal, -5.0, 0.1),
    "logits.bias.loc": (Start.normal, 0.0, 0.1),
}
