def local_part(tensor):
    """The part of a tensor that this process has: all of it but under FSDP."""
    return tensor.to_local() if hasattr(tensor, "to_local") else tensor


def full_tensor(tensor):
    """All of a tensor; under FSDP every process takes part."""
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor


class Optimizer:
    """Moves a model's variables down the gradient of the loss.

    Its state is a tensor like each variable for each of its slots. A checkpoint has them under
    bnnc's names: `optimizer.m/conv1.kernel.loc`.
    """

    slots = ()
    # How many fits a run has, one after the other.
    rounds = 1

    def __init__(self, model, **settings):
        self.model, self.variables, self.settings = model, dict(named_variables(model)), settings
        self.state = {
            f"optimizer.{slot}/{name}": torch.zeros_like(variable, requires_grad=False)
            for slot in self.slots
            for name, variable in self.variables.items()
        }
        trained = [name for name, variable in self.variables.items() if variable.requires_grad]
        self.trained = [self.variables[name] for name in trained]
        self.moving = [
            [self.state[f"optimizer.{slot}/{name}"] for name in trained] for slot in self.slots
        ]

    def gradients(self):
        """The gradients of what is trained, each process's part."""
        return [local_part(variable.grad) for variable in self.trained]

    @torch.no_grad()
    def step(self, t, rate):
        """The step of number t, from 1 on, at a learning rate."""
        variables = [local_part(variable) for variable in self.trained]
        state = [[local_part(tensor) for tensor in slot] for slot in self.moving]
        self.update(variables, self.gradients(), state, t, rate)
        limit(self.model)
        for variable in self.trained:
            variable.grad = None

    def begin(self, trainer):
        """Before the first step of a run, or the first after it was resumed."""

    def restart(self):
        """Forgets the steps so far: another fit begins."""
        for state in self.state.values():
            state.zero_()

    def rate(self, base, factor, epoch):
        """The learning rate: that of the settings times the schedule's factor."""
        return base * factor

    def epoch_ended(self, number, epoch):
        """After the last step of an epoch of a fit, both counted from 0."""

    def predicting(self):
        """The variables that predict, by name."""
        return self.variables

    def measured(self):
        """What lines of metrics.jsonl have of a step."""
        return {}

    def sections(self):
        """What a checkpoint has, by name."""
        return {**self.variables, **self.state}


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015) as Keras and bnnc have it: epsilon is added to the root before its
    bias is corrected.

    `torch.optim.Adam` adds it after that, and so has other steps.
    """

    slots = ("m", "v")

    def update(self, variables, gradients, state, t, rate):
        """m and v are running means of the gradient and its square; w <- w - size m / (sqrt(v) +
        epsilon).
        """
        (m, v), (beta1, beta2) = state, (self.settings["beta1"], self.settings["beta2"])
        size = rate * math.sqrt(1.0 - beta2**t) / (1.0 - beta1**t)
        torch._foreach_lerp_(m, gradients, 1.0 - beta1)
        torch._foreach_mul_(v, beta2)
        torch._foreach_addcmul_(v, gradients, gradients, 1.0 - beta2)
        root = torch._foreach_sqrt(v)
        torch._foreach_add_(root, self.settings["epsilon"])
        torch._foreach_addcdiv_(variables, m, root, -size)


class AdamW(Adam):
    """Adam, with weight decay that is no part of the gradient (Loshchilov and Hutter 2019)."""

    def update(self, variables, gradients, state, t, rate):
        """First w <- w - rate weight_decay w, of the variables that are called `decayed`."""
        decayed = [local_part(self.variables[name]) for name in self.settings["decayed"]]
        if decayed:
            torch._foreach_mul_(decayed, 1.0 - rate * self.settings["weight_decay"])
        super().update(variables, gradients, state, t, rate)


class SGD(Optimizer):
    """Gradient descent: w <- w - rate g."""

    def update(self, variables, gradients, state, t, rate):
        """One step."""
        torch._foreach_add_(variables, gradients, alpha=-rate)


class Momentum(Optimizer):
    """Gradient descent with momentum, the learning rate inside the velocity as Keras and bnnc have
    it.
    """

    slots = ("velocity",)

    def update(self, variables, gradients, state, t, rate):
        """u <- momentum u - rate g; w <- w + u, with Nesterov's w <- w + momentum u - rate g."""
        (velocity,), momentum = state, self.settings["momentum"]
        torch._foreach_mul_(velocity, momentum)
        torch._foreach_add_(velocity, gradients, alpha=-rate)
        if self.settings["nesterov"]:
            torch._foreach_add_(variables, velocity, alpha=momentum)
            torch._foreach_add_(variables, gradients, alpha=-rate)
        else:
            torch._foreach_add_(variables, velocity)


class RMSprop(Optimizer):
    """RMSprop (Tieleman and Hinton 2012) as Keras and bnnc have it: epsilon is inside the root."""

    slots = ("v",)

    def update(self, variables, gradients, state, t, rate):
        """v is a running mean of the gradient's square; w <- w - rate g / sqrt(v + epsilon)."""
        torch._foreach_addcdiv_(variables, gradients, self.root(gradients, state[0]), -rate)

    def root(self, gradients, v):
        """The root of the running mean."""
        torch._foreach_mul_(v, self.settings["rho"])
        torch._foreach_addcmul_(v, gradients, gradients, 1.0 - self.settings["rho"])
        root = torch._foreach_add(v, self.settings["epsilon"])
        torch._foreach_sqrt_(root)
        return root


class RMSpropMomentum(RMSprop):
    """RMSprop with momentum, the learning rate inside the velocity."""

    slots = ("v", "velocity")

    def update(self, variables, gradients, state, t, rate):
        """u <- momentum u + rate g / sqrt(v + epsilon); w <- w - u."""
        v, velocity = state
        torch._foreach_mul_(velocity, self.settings["momentum"])
        torch._foreach_addcdiv_(velocity, gradients, self.root(gradients, v), rate)
        torch._foreach_sub_(variables, velocity)


class Clipped:
    """An optimizer whose gradients are shortened to a norm over all variables."""

    def __init__(self, optimizer, most, processes):
        self.optimizer, self.most, self.processes = optimizer, most, processes
        self.norm, self.count = torch.zeros(2, device=processes.device).unbind()

    @torch.no_grad()
    def step(self, t, rate):
        """Shortens the gradients if their norm is larger, and takes the step."""
        squares = [0.0, 0.0]
        for variable in self.optimizer.trained:
            is_part = hasattr(variable.grad, "to_local")
            squares[is_part] += local_part(variable.grad).double().square().sum()
        # Of what FSDP has divided, each process has a part of the sum.
        parts = torch.as_tensor(squares[1], dtype=torch.float64, device=self.processes.device)
        self.norm = torch.sqrt(squares[0] + self.processes.sum(parts))
        is_longer = torch.isfinite(self.norm) & (self.norm > self.most)
        factor = torch.where(is_longer, self.most / self.norm, 1.0)
        gradients = self.optimizer.gradients()
        torch._foreach_mul_(gradients, factor.to(gradients[0].dtype))
        self.count.add_(is_longer)
        self.optimizer.step(t, rate)

    def __getattr__(self, name):
        return getattr(self.optimizer, name)


class Averaged:
    """An optimizer beside which an exponential moving average of the variables is kept, which
    predicts.

    Its weights sum to 1 from the first step on. A checkpoint has the averages under the variables'
    names, and the variables that move as `optimizer.variables/...`.
    """

    def __init__(self, optimizer, decay):
        self.optimizer, self.decay = optimizer, decay
        self.averages = {
            name: value.detach().clone() for name, value in optimizer.variables.items()
        }

    @torch.no_grad()
    def step(self, t, rate):
        """Takes the step, and the variables after it into the average."""
        self.optimizer.step(t, rate)
        weight = (1.0 - self.decay) / -math.expm1(t * math.log(self.decay)) if t > 1 else 1.0
        averages = [local_part(value) for value in self.averages.values()]
        torch._foreach_lerp_(
            averages, [local_part(value) for value in self.optimizer.variables.values()], weight
        )

    @torch.no_grad()
    def exchange(self):
        """Puts the averages in the place of the variables, and the other way round."""
        for name, value in self.optimizer.variables.items():
            kept = local_part(value).clone()
            local_part(value).copy_(local_part(self.averages[name]))
            local_part(self.averages[name]).copy_(kept)

    @torch.no_grad()
    def restart(self):
        """Another fit begins, and its average at its start."""
        self.optimizer.restart()
        for name, value in self.optimizer.variables.items():
            self.averages[name].copy_(value)

    def predicting(self):
        """The variables that predict, by name."""
        return self.averages

    def sections(self):
        """What a checkpoint has, by name."""
        moving = {
            f"optimizer.variables/{name}": value for name, value in self.optimizer.variables.items()
        }
        return {**self.averages, **self.optimizer.state, **moving}

    def __getattr__(self, name):
        return getattr(self.optimizer, name)
