def log_scale_mixture(w, weight, scales_1, scales_2):
    """ln ScaleMixture(w), of each entry."""
    return torch.logaddexp(
        math.log(weight)
        - w**2 / (2 * scales_1**2)
        - math.log(scales_1)
        - 0.5 * math.log(2 * math.pi),
        math.log1p(-weight)
        - w**2 / (2 * scales_2**2)
        - math.log(scales_2)
        - 0.5 * math.log(2 * math.pi),
    )


# The random draws of a step. Philox's key of each is made of the seed, the step and these: its
# parameter's number, its use, and how far apart the uses of further samples of the weights are.
STREAMS = {
    "hidden1.kernel.noise": (0, 0, 8),
    "hidden1.kernel.sign_in": (0, 1, 8),
    "hidden1.kernel.sign_out": (0, 2, 8),
    "hidden1.bias.noise": (1, 0, 8),
    "hidden1.bias.sign_out": (1, 2, 8),
    "hidden2.kernel.noise": (2, 0, 8),
    "hidden2.kernel.sign_in": (2, 1, 8),
    "hidden2.kernel.sign_out": (2, 2, 8),
    "hidden2.bias.noise": (3, 0, 8),
    "hidden2.bias.sign_out": (3, 2, 8),
    "logits.kernel.noise": (4, 0, 8),
    "logits.kernel.sign_in": (4, 1, 8),
    "logits.kernel.sign_out": (4, 2, 8),
    "logits.bias.noise": (5, 0, 8),
    "logits.bias.sign_out": (5, 2, 8),
}


class Model(nn.Module):
    """The model `mnist_bbb`. What it returns is its loss.

    Everything that has a gradient is worked out inside `forward`, the terms of the weights too: so
    DDP, FSDP2 and torch.compile see every variable used. Values have a batch axis first and
    channels last.
    """

    def __init__(self):
        super().__init__()
        # Whether the factors of products are rounded to bfloat16, and nothing else.
        self.bfloat16_products = False
        # hidden1.kernel ~ ScaleMixture(weight = 0.5, scales = [1, exp(-6)]): MeanField(loc =
        # Normal(0, sqrt(2 / fan_in)), scale = Softplus(Normal(-5, 0.1))), flipout
        self.hidden1_kernel = MeanField("hidden1.kernel", [784, 1200])
        # hidden1.bias ~ ScaleMixture(weight = 0.5, scales = [1, exp(-6)]): MeanField(loc =
        # Normal(0, sqrt(2 / fan_in)), scale = Softplus(Normal(-5, 0.1))), flipout
        self.hidden1_bias = MeanField("hidden1.bias", [1200])
        # hidden2.kernel ~ ScaleMixture(weight = 0.5, scales = [1, exp(-6)]): MeanField(loc =
        # Normal(0, sqrt(2 / fan_in)), scale = Softplus(Normal(-5, 0.1))), flipout
        self.hidden2_kernel = MeanField("hidden2.kernel", [1200, 1200])
        # hidden2.bias ~ ScaleMixture(weight = 0.5, scales = [1, exp(-6)]): MeanField(loc =
        # Normal(0, sqrt(2 / fan_in)), scale = Softplus(Normal(-5, 0.1))), flipout
        self.hidden2_bias = MeanField("hidden2.bias", [1200])
        # logits.kernel ~ ScaleMixture(weight = 0.5, scales = [1, exp(-6)]): MeanField(loc =
        # Normal(0, sqrt(2 / fan_in)), scale = Softplus(Normal(-5, 0.1))), flipout
        self.logits_kernel = MeanField("logits.kernel", [1200, 10])
        # logits.bias ~ ScaleMixture(weight = 0.5, scales = [1, exp(-6)]): MeanField(loc = Normal(0,
        # sqrt(2 / fan_in)), scale = Softplus(Normal(-5, 0.1))), flipout
        self.logits_bias = MeanField("logits.bias", [10])

    def draw(self, noise):
        """One draw of every parameter, which all of its uses share."""
        return {
            "hidden1.kernel": self.hidden1_kernel.draw(noise),
            "hidden1.bias": self.hidden1_bias.draw(noise),
            "hidden2.kernel": self.hidden2_kernel.draw(noise),
            "hidden2.bias": self.hidden2_bias.draw(noise),
            "logits.kernel": self.logits_kernel.draw(noise),
            "logits.bias": self.logits_bias.draw(noise),
        }

    def network(self, x, draw, noise):
        """The values that the likelihood takes, of inputs x: [B, 28, 28, 1]."""
        flatten_1 = x.flatten(1)  # [B, 784]
        hidden1 = flipout(matmul, flatten_1, draw["hidden1.kernel"], "hidden1.kernel", noise)
        hidden1 = hidden1 + flipout_row(draw["hidden1.bias"], "hidden1.bias", noise, x.shape[0])
        relu_1 = torch.relu(hidden1)
        hidden2 = flipout(matmul, relu_1, draw["hidden2.kernel"], "hidden2.kernel", noise)
        hidden2 = hidden2 + flipout_row(draw["hidden2.bias"], "hidden2.bias", noise, x.shape[0])
        relu_2 = torch.relu(hidden2)
        logits = flipout(matmul, relu_2, draw["logits.kernel"], "logits.kernel", noise)  # [B, 10]
        logits = logits + flipout_row(draw["logits.bias"], "logits.bias", noise, x.shape[0])
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
        # Monte Carlo, noisy, x 1/N: the ELBO holds the KL once per data set, so each example
        # carries 1/N of it
        q = draw["hidden1.kernel"]
        terms["kl(hidden1.kernel)"] = self.hidden1_kernel.log_density(q) - log_scale_mixture(
            q.w, 0.5, 1.0, 0.0024787521766663585
        ).sum()
        q = draw["hidden1.bias"]
        terms["kl(hidden1.bias)"] = self.hidden1_bias.log_density(q) - log_scale_mixture(
            q.w, 0.5, 1.0, 0.0024787521766663585
        ).sum()
        q = draw["hidden2.kernel"]
        terms["kl(hidden2.kernel)"] = self.hidden2_kernel.log_density(q) - log_scale_mixture(
            q.w, 0.5, 1.0, 0.0024787521766663585
        ).sum()
        q = draw["hidden2.bias"]
        terms["kl(hidden2.bias)"] = self.hidden2_bias.log_density(q) - log_scale_mixture(
            q.w, 0.5, 1.0, 0.0024787521766663585
        ).sum()
        q = draw["logits.kernel"]
        terms["kl(logits.kernel)"] = self.logits_kernel.log_density(q) - log_scale_mixture(
            q.w, 0.5, 1.0, 0.0024787521766663585
        ).sum()
        q = draw["logits.bias"]
        terms["kl(logits.bias)"] = self.logits_bias.log_density(q) - log_scale_mixture(
            q.w, 0.5, 1.0, 0.0024787521766663585
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
        "kl(hidden1.kernel)": 1 / at.training_examples,
        "kl(hidden1.bias)": 1 / at.training_examples,
        "kl(hidden2.kernel)": 1 / at.training_examples,
        "kl(hidden2.bias)": 1 / at.training_examples,
        "kl(logits.kernel)": 1 / at.training_examples,
        "kl(logits.bias)": 1 / at.training_examples,
    }


# How each variable starts; `initialize` draws the numbers that bnnc draws for a seed.
START = {
    "hidden1.kernel.loc": (Start.normal, 0.0, 0.050507627227610534),
    "hidden1.kernel.rho": (Start.normal, -5.0, 0.1),
    "hidden1.bias.loc": (Start.normal, 0.0, 0.050507627227610534),
    "hidden1.bias.rho": (Start.normal, -5.0, 0.1),
    "hidden2.kernel.loc": (Start.normal, 0.0, 0.040824829046386304),
    "hidden2.kernel.rho": (Start.normal, -5.0, 0.1),
    "hidden2.bias.loc": (Start.normal, 0.0, 0.040824829046386304),
    "hidden2.bias.rho": (Start.normal, -5.0, 0.1),
    "logits.kernel.loc": (Start.normal, 0.0, 0.040824829046386304),
    "logits.kernel.rho": (Start.normal, -5.0, 0.1),
    "logits.bias.loc": (Start.normal, 0.0, 0.040824829046386304),
    "logits.bias.rho": (Start.normal, -5.0, 0.1),
}
