class Langevin:
    """SGLD (Welling and Teh 2011) and, with a momentum, SGHMC (Chen et al. 2014): noisy steps on
    minibatches, chain after chain.

    The loss is U/N, -log of the posterior's density, estimated on a minibatch; `step_size` is N times
    the size of a step. The noise is bnnc's own, the same on every process, whatever --noise says.
    """

    # The stream of the noise.
    STREAM = {"noise": (0, 0x5A10, 8)}

    def __init__(self, model, **settings):
        self.settings = settings
        self.cycles = 0 if settings["cycles"] == "none" else int(settings["cycles"])
        variables = dict(named_variables(model))
        self.variables = {name: variables[name] for name in START}
        self.rounds, draws = settings["chains"], settings["draws"]
        count, like = sum(value.numel() for value in self.variables.values()), self.flat()
        self.momentum = torch.zeros(count).to(like) if settings["momentum"] > 0 else None
        self.squares = torch.zeros(count).to(like) if settings["preconditioner"] == "rmsprop" else None
        self.current = {name: value.detach().clone() for name, value in self.variables.items()}
        # Draws are kept in the machine's memory.
        self.chains = [
            {
                name: torch.zeros(draws, *value.shape, dtype=value.dtype)
                for name, value in self.variables.items()
            }
            for _ in range(self.rounds)
        ]
        self.counts = [torch.zeros(()) for _ in range(self.rounds)]
        self.left_out = [torch.zeros(()) for _ in range(self.rounds)]

    def begin(self, trainer):
        """Notes the run whose steps these are."""
        if trainer.options.fsdp:
            fail_with("--fsdp divides the variables, and the noise of a sampler is of all of them")
        self.trainer = trainer
        self.steps = trainer.settings.epochs * trainer.batches
        self.step_size = 0.0
        if self.due(self.steps) < self.settings["draws"]:
            fail_with(f"{self.steps} steps of a chain are too few for {self.settings['draws']} draws")

    def restart(self):
        """A new chain begins."""
        for state in [self.momentum, self.squares]:
            if state is not None:
                state.zero_()

    def rate(self, base, factor, epoch):
        """The learning rate, which no step of a sampler has."""
        return base * factor

    def flat(self, of=lambda value: value.detach()):
        """Numbers of all variables, one after the other."""
        return torch.cat([of(value).reshape(-1) for value in self.variables.values()])

    @torch.no_grad()
    def step(self, t, rate):
        """The step of number t of a chain, from 1 on."""
        number, done = self.trainer.place(self.trainer.step)
        n = len(self.trainer.examples)
        gradient, weights = n * self.flat(lambda value: value.grad), self.flat()
        mass = 1.0
        if self.squares is not None:
            self.squares.mul_(0.99).add_(0.01 * gradient * gradient)
            mass = self.squares.sqrt() + 1e-7
        factor, has_noise = self.schedule(done)
        self.step_size = self.settings["step_size"] * factor
        size = self.step_size / n
        temperature = self.settings["temperature"] if has_noise else 0.0
        where = {"device": weights.device, "dtype": weights.dtype}
        seed = self.trainer.seed(number)
        z = Noise(self.STREAM, seed, done, **where).normal("noise", weights.shape)
        if self.momentum is None:
            variance = torch.as_tensor(2.0 * size * temperature / mass, **where)
            weights += variance.sqrt() * z - size / mass * gradient
        else:
            decay = self.settings["momentum"]
            variance = torch.as_tensor(2.0 * (1.0 - decay) * temperature * mass, **where)
            self.momentum.mul_(decay).add_(variance.sqrt() * z - math.sqrt(size) * gradient)
            weights += math.sqrt(size) * self.momentum / mass
        parts = weights.split([value.numel() for value in self.variables.values()])
        for (name, value), part in zip(self.variables.items(), parts):
            value.copy_(part.reshape(value.shape))
            self.current[name].copy_(value)
            value.grad = None
        if self.due(done + 1) > self.due(done) and bool(torch.isfinite(weights).all()):
            at = int(self.counts[number])
            for name, value in self.variables.items():
                self.chains[number][name][at].copy_(value)
            self.counts[number] += 1

    def schedule(self, step):
        """What the step size is multiplied with at this step of a chain, and whether it has noise."""
        if not self.cycles:
            return 1.0, True
        length = max(1, self.steps // self.cycles)
        place = step % length / length
        factor = 0.5 * (math.cos(math.pi * place) + 1.0)
        return factor, place >= self.settings["exploration"]

    def due(self, done):
        """How many draws are due once so many steps of a chain are done."""

        def of_part(done, steps, before, draws):
            before = math.floor(before * steps)
            share = (done - before) / (steps - before) if steps > before else 0.0
            return int(draws * min(1.0, max(0.0, share)) + 1e-9)

        draws, cycles = self.settings["draws"], self.cycles
        if not cycles:
            return of_part(done, self.steps, self.settings["burn_in"], draws)
        length = max(1, self.steps // cycles)
        whole, rest = divmod(done, length)
        if whole >= cycles:
            return draws
        before = draws * whole // cycles
        own = draws * (whole + 1) // cycles - before
        return before + of_part(rest, length, self.settings["exploration"], own)

    def epoch_ended(self, number, epoch):
        """Draws are kept at steps, not at epochs."""

    def measured(self):
        """What lines of metrics.jsonl have of a step."""
        return {"step_size": self.step_size}

    def sections(self):
        """What a checkpoint has, by name."""
        found = {f"current/{name}": value for name, value in self.current.items()}
        for number, chain in enumerate(self.chains, 1):
            found |= {f"chain.{number}/{name}": value for name, value in chain.items()}
            found[f"chain.{number}/draws"] = self.counts[number - 1]
            found[f"chain.{number}/left_out"] = self.left_out[number - 1]
        found |= {f"sampler/{name}": value for name, value in self.variables.items()}
        if self.momentum is not None:
            found["sampler.momentum"] = self.momentum
        if self.squares is not None:
            found["sampler.squares"] = self.squares
        return found
