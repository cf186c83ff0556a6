class FixedWeights(NamedTuple):
    """Weights that are the same for every example, whatever the estimator of training makes of a
    draw.
    """

    loc: torch.Tensor
    scale: torch.Tensor
    epsilon: torch.Tensor

    @property
    def w(self):
        """The weights."""
        return self.loc


def fixed_weights(model, noise):
    """A draw of every parameter as one set of weights for all examples."""
    drawn = {}
    for module in model.children():
        if hasattr(module, "draw"):
            w = module.draw(noise).w
            drawn[module.name] = FixedWeights(w, torch.zeros_like(w), torch.zeros_like(w))
    return {**model.draw(noise), **drawn}


class SharedNoise(Noise):
    """The random numbers of a prediction: what a step draws for each example, all have alike."""

    def of_examples(self, name, batch, shape, make, entries=64, plain=torch.randn):
        """[batch, *shape], every row the same."""
        row = self.draw(name, (1, *shape), 0, make, entries, plain)
        return row.expand(batch, *shape)


class Validation:
    """The nll of examples that are set aside, of the likelihood averaged over draws of the weights.

    The draws are those of bnnc's predictions: of steps that no training has, with the same weights
    for all examples.
    """

    def __init__(self, examples, draws, seed, processes):
        self.examples, self.draws, self.seed, self.processes = examples, draws, seed, processes

    @torch.no_grad()
    def __call__(self, model):
        """What a line of metrics.jsonl has: scores, by target where there are several."""
        first, last = self.processes.part(len(self.examples))
        places = np.arange(first, last)
        is_divided = hasattr(model, "unshard")
        if is_divided:
            model.unshard()
        model.eval()
        nlls = torch.stack([self.draw(model, number, places) for number in range(self.draws)])
        model.train()
        if is_divided:
            model.reshard()
        # [targets]: -ln of the mean likelihood, and the mean of -ln of it.
        averaged = (math.log(self.draws) - torch.logsumexp(-nlls, 0)).sum(1)
        sums = self.processes.sum(torch.stack([averaged, nlls.mean(0).sum(1)])).tolist()
        n = len(self.examples)
        scores = [
            {"examples": n, "draws": self.draws, "nll": nll / n, "expected_nll": expected / n}
            for nll, expected in zip(*sums)
        ]
        if len(scores) == 1:
            return scores[0]
        names = [name.removeprefix("nll(").removesuffix(")") for name in scales(Position(n, n))]
        return {"nll": sum(one["nll"] for one in scores), "targets": dict(zip(names, scores))}

    def draw(self, model, number, places):
        """-ln p of each target of each of these examples under one draw, [targets, examples]."""
        x = self.examples.inputs
        streams = {**STREAMS, **DRAWS}
        noise = SharedNoise(streams, self.seed, (1 << 63) + number, device=x.device, dtype=x.dtype)
        draw = fixed_weights(model, noise)

        def nlls(values, targets):
            values = {name: value[None] for name, value in values.items()}
            found = model.nll(values, draw, [target[None] for target in targets])
            return torch.stack(list(found.values()))

        found = []
        for start in range(0, len(places), 512):
            x, targets = self.examples.batch(places[start : start + 512])
            found.append(torch.func.vmap(nlls)(model.network(x, draw, noise), targets))
        if not found:
            return torch.zeros((len(TARGETS), 0), dtype=torch.float64, device=x.device)
        log_scales = torch.stack(self.examples.log_scales)[:, places[0] : places[-1] + 1]
        return torch.cat(found).double().T + log_scales


class EarlyStopping:
    """Ends a run once its validation nll has not fallen for some epochs, and keeps the variables of
    its lowest.
    """

    def __init__(self, patience):
        self.patience, self.unsaved = patience, None

    def look(self, trainer, epoch, nll):
        """Keeps the variables if no nll before was as low."""
        best = trainer.best
        # While the KL has another weight, a lower nll is no better fit: it is of another objective.
        is_annealed = trainer.weight(epoch - 1.0) == trainer.weight(math.inf)
        if math.isfinite(nll) and is_annealed and (best is None or nll < best["nll"]):
            trainer.best = {"epoch": epoch, "nll": nll}
            weights = trainer.optimizer.sections()
            self.unsaved = {
                n: v.detach().clone() for n, v in weights.items() if not n.startswith("optimizer.")
            }

    def save(self, trainer):
        """Writes the variables of the lowest nll, if they are new."""
        if self.unsaved is not None:
            counters = trainer.counters(
                trainer.best["epoch"] * trainer.batches, no_sums(len(TARGETS))
            )
            trainer.run.save("best.safetensors", self.unsaved, counters)
            self.unsaved = None

    def is_over(self, trainer, epoch):
        """Whether the run has ended."""
        return trainer.best is not None and epoch >= trainer.best["epoch"] + self.patience
