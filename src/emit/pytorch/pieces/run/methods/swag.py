class Swag:
    """SWAG (Maddox et al. 2019): a descent whose variables at the ends of its last epochs are snapshots
    of a normal distribution.

    A checkpoint has the snapshots' mean and second moment in float64, and the last deviations from the
    mean: bnnc draws weights from these.
    """

    def __init__(self, optimizer, start, rank, learning_rate):
        self.optimizer, self.start, self.rank = optimizer, start, rank
        self.learning_rate = learning_rate

    def begin(self, trainer):
        """Makes room for the snapshots of a run of so many epochs."""
        epochs = trainer.settings.epochs
        # 0.55 * 100 is a little more than 55 in float64.
        self.first, self.epochs = max(0, math.ceil(self.start * epochs - 1e-9)), epochs
        if epochs - self.first < 2:
            fail_with(f"epochs = {epochs}: too few for SWAG, which needs snapshots of two")
        variables = self.optimizer.variables
        zeros = partial(torch.zeros_like, requires_grad=False)
        self.mean = {name: value.detach().double() for name, value in variables.items()}
        self.second_moment = {
            name: zeros(value, dtype=torch.float64) for name, value in variables.items()
        }
        self.deviations = [
            {name: zeros(value) for name, value in variables.items()}
            for _ in range(min(self.rank, epochs - self.first))
        ]
        self.snapshots = torch.zeros(())

    def rate(self, base, factor, epoch):
        """The learning rate: constant from the first snapshot's epoch on."""
        if epoch < self.first:
            return base * factor
        return base if self.learning_rate == "optimizer" else self.learning_rate

    @torch.no_grad()
    def epoch_ended(self, number, epoch):
        """Takes the variables at an epoch's end."""
        for name, value in self.optimizer.variables.items():
            if not self.first <= epoch < self.epochs:
                # Until there is a snapshot, the variables themselves are what predicts.
                local_part(self.mean[name]).copy_(local_part(value))
                continue
            n, theta = int(self.snapshots), local_part(value).double()
            mean, second = local_part(self.mean[name]), local_part(self.second_moment[name])
            mean.mul_(n).add_(theta).div_(n + 1)
            second.mul_(n).add_(theta * theta).div_(n + 1)
            deviation = self.deviations[n % len(self.deviations)][name]
            local_part(deviation).copy_(theta - mean)
        if self.first <= epoch < self.epochs:
            self.snapshots += 1

    def sections(self):
        """What a checkpoint has, by name."""
        found = dict(self.optimizer.sections())
        found |= {f"swag.mean/{name}": value for name, value in self.mean.items()}
        found |= {f"swag.second_moment/{name}": value for name, value in self.second_moment.items()}
        for number, deviation in enumerate(self.deviations, 1):
            found |= {f"swag.deviation.{number}/{name}": value for name, value in deviation.items()}
        return {**found, "swag.snapshots": self.snapshots}

    def __getattr__(self, name):
        return getattr(self.optimizer, name)
