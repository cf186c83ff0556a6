def kl_normal_normal(m, s, loc, scale):
    """KL(Normal(m, s) || Normal(loc, scale)), of each entry."""
    return torch.log(scale / s) + (s**2 + (m - loc) ** 2) / (2 * scale**2) - 0.5


# The random draws of a step. Philox's key of each is made of the seed, the step and these: its
# parameter's number, its use, and how far apart the uses of further samples of the weights are.
STREAMS = {
    "hidden1.kernel.activation_noise": (0, 3, 8),
    "hidden2.kernel.activation_noise": (2, 3, 8),
    "logits.kernel.activation_noise": (4, 3, 8),
}


class Model(nn.Module):
    """The model `mnist_mlp`. What it returns is its loss.

    Everything that has a gradient is worked out inside `forward`, the terms of the weights too: so
    DDP, FSDP2 and torch.compile see every variable used. Values have a batch axis first and
    channels last.
    """

    def __init__(self):
        super().__init__()
        # Whether the factors of products are rounded to bfloat16, and nothing else.
        self.bfloat16_products = False
        # hidden1.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale = Softplus(Normal(-3,
        # 0.1))), local_reparameterization
        self.hidden1_kernel = MeanField("hidden1.kernel", [784, 400])
        # hidden1.bias: deterministic
        self.hidden1_bias = Point("hidden1.bias", [400])
        # hidden2.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale = Softplus(Normal(-3,
        # 0.1))), local_reparameterization
        self.hidden2_kernel = MeanField("hidden2.kernel", [400, 400])
        # hidden2.bias: deterministic
        self.hidden2_bias = Point("hidden2.bias", [400])
        # logits.kernel ~ Normal(0, 1): MeanField(loc = Normal(0, 0.1), scale = Softplus(Normal(-3,
        # 0.1))), local_reparameterization
        self.logits_kernel = MeanField("logits.kernel", [400, 10])
        # logits.bias: deterministic
        self.logits_bias = Point("logits.bias", [10])

    def draw(self, noise):
        """One draw of every parameter, which all of its uses share."""
        return {
            "hidden1.kernel": self.hidden1_kernel.undrawn(),
            "hidden1.bias": Known(self.hidden1_bias.loc),
            "hidden2.kernel": self.hidden2_kernel.undrawn(),
            "hidden2.bias": Known(self.hidden2_bias.loc),
            "logits.kernel": self.logits_kernel.undrawn(),
            "logits.bias": Known(self.logits_bias.loc),
        }

    def network(self, x, draw, noise):
        """The values that the likelihood takes, of inputs x: [B, 28, 28, 1]."""
        flatten_1 = x.flatten(1)  # [B, 784]
        hidden1 = local_reparameterization(
            matmul, flatten_1, draw["hidden1.kernel"], noise, "hidden1.kernel.activation_noise"
        )
        hidden1 = hidden1 + draw["hidden1.bias"].w
        relu_1 = torch.relu(hidden1)
        hidden2 = local_reparameterization(
            matmul, relu_1, draw["hidden2.kernel"], noise, "hidden2.kernel.activation_noise"
        )
        hidden2 = hidden2 + draw["hidden2.bias"].w
        relu_2 = torch.relu(hidden2)
        logits = local_reparameterization(
            matmul, relu_2, draw["logits.kernel"], noise, "logits.kernel.activation_noise"
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
        q = draw["hidden1.kernel"]
        terms["kl(hidden1.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
        q = draw["hidden2.kernel"]
        terms["kl(hidden2.kernel)"] = kl_normal_normal(q.loc, q.scale, 0.0, 1.0).sum()
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
        # 1/N: the ELBO holds the KL once per data set, so each example carries 1/N of it
        "kl(hidden1.kernel)": 1 / at.training_examples,
        "kl(hidden2.kernel)": 1 / at.training_examples,
        "kl(logits.kernel)": 1 / at.training_examples,
    }


# How each variable starts; `initialize` draws the numbers that bnnc draws for a seed.
START = {
    "hidden1.kernel.loc": (Start.normal, 0.0, 0.1),
    "hidden1.kernel.rho": (Start.normal, -3.0, 0.1),
    "hidden1.bias.loc": (Start.normal, 0.0, 0.1),
    "hidden2.kernel.loc": (Start.normal, 0.0, 0.1),
    "hidden2.kernel.rho": (Start.normal, -3.0, 0.1),
    "hidden2.bias.loc": (Start.normal, 0.0, 0.1),
    "logits.kernel.loc": (Start.normal, 0.0, 0.1),
    "logits.kernel.rho": (Start.normal, -3.0, 0.1),
    "logits.bias.loc": (Start.normal, 0.0, 0.1),
}
