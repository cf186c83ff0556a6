class Settings(NamedTuple):
    """How long and in which steps a run is trained."""

    epochs: int
    batch_size: int
    seed: int
    learning_rate: float
    log_every: int


def no_sums(targets):
    """The sums of an epoch that has not begun."""
    of_target = {"nll": 0.0, "entries": 0, "hits": 0, "squared_error": 0.0}
    others = {"others": [dict(of_target) for _ in range(targets - 1)]} if targets > 1 else {}
    return {"steps": 0, "examples": 0, **of_target, "scales": [], **others, "clipped": 0}


class Trainer:
    """The loop over epochs and steps."""

    def __init__(self, model, make_optimizer, settings, examples, run, processes, options, hooks):
        self.model, self.settings, self.run = model, settings, run
        self.examples, self.processes, self.options, self.hooks = (
            examples,
            processes,
            options,
            hooks,
        )
        self.shared, self.average = processes.share(model, options.fsdp)
        # FSDP2 has put each process's part in the place of each variable.
        self.optimizer = make_optimizer(model, processes)
        self.batches = -(-len(examples) // settings.batch_size)
        self.step, self.sums, self.clipped, self.best = 0, no_sums(len(TARGETS)), 0, None
        self.of_bnnc = {}
        self.nll = torch.zeros(len(TARGETS), dtype=torch.float64, device=processes.device)
        self.fits, self.entries = self.nll.clone(), self.nll.clone()
        self.known_scales, self.is_asked_to_stop = ([], {}), False
        self.all_epochs = self.optimizer.rounds * settings.epochs
        self.optimizer.begin(self)

    def place(self, step):
        """Which fit a step belongs to, and how many of its steps are before it; most runs have one fit."""
        if self.optimizer.rounds == 1:
            return 0, step
        return divmod(step, self.settings.epochs * self.batches)

    def seed(self, number):
        """The seed of the fit of this number: of its start, its order of the examples and its draws."""
        return (self.settings.seed + number) % (1 << 64)

    def position(self, step, processes):
        """Where a step stands in its fit."""
        n, size = len(self.examples), self.settings.batch_size
        step = self.place(step)[1]
        index = step % self.batches
        batch = min(size, n - index * size)
        return Position(n, batch, index, self.batches, step / self.batches, processes)

    def weight(self, epoch):
        """The weight of the KL against the ELBO's at an epoch, where the loss has a KL."""
        n = len(self.examples)
        at = Position(n, min(n, self.settings.batch_size), 0, self.batches, epoch)
        return next(
            (value / (1 / n) for name, value in scales(at).items() if name.startswith("kl(")), None
        )

    def scale(self, at):
        """The scales of the terms on the device; made anew only where they differ from the last
        step's.
        """
        numbers = scales(at)
        if self.known_scales[0] != list(numbers.values()):
            dtype = self.examples.inputs.dtype
            made = torch.tensor(list(numbers.values()), dtype=dtype).to(self.processes.device)
            self.known_scales = list(numbers.values()), dict(zip(numbers, made.unbind()))
        return self.known_scales[1]

    def train_step(self, places):
        """A step on the examples at these places, those of all processes; the terms of this
        process's part.
        """
        at, (number, done) = self.position(self.step, self.processes.count), self.place(self.step)
        seed = self.seed(number)
        if number and not done:
            initialize(self.model, seed)
            self.optimizer.restart()
        first, last = self.processes.part(len(places))
        x, targets = self.examples.batch(places[first:last])
        if self.hooks.augment:
            x = self.hooks.augment(x, self.examples.rows[places[first:last]], seed, done)
        if self.options.noise == "torch":
            torch.manual_seed(generator_seed(seed, done, self.processes.rank))
        noise = Noise(
            STREAMS,
            seed,
            done,
            SAMPLES,
            first=first,
            device=x.device,
            dtype=x.dtype,
            how=self.options.noise,
        )
        loss, terms, fits = self.shared(x, targets, noise, self.scale(at))
        loss.backward()
        if self.average:
            self.average()
        self.optimizer.step(done + 1, self.rate())
        self.step += 1
        self.last_entries, self.last_log_scales = self.examples.totals(places[first:last])
        nll = torch.stack([terms[name] for name in list(terms)[: len(TARGETS)]])
        self.nll += nll + self.last_log_scales
        self.last_fit = self.fit(fits)
        self.fits += self.last_fit
        self.entries += self.last_entries
        self.sums["steps"] += 1
        self.sums["examples"] += at.batch
        numbers = list(scales(self.position(self.step - 1, 1)).values())
        self.sums["scales"] = [
            a + b for a, b in zip(self.sums["scales"] or [0.0] * len(numbers), numbers)
        ]
        return terms

    def rate(self):
        """The learning rate of the next step."""
        done = self.place(self.step)[1]
        factor = self.hooks.rate_factor(done / self.batches, self.settings.epochs)
        return self.optimizer.rate(self.settings.learning_rate, factor, done // self.batches)

    def collect(self):
        """Takes what the steps came to from the device, of all processes."""
        of_targets = [self.sums, *self.sums.get("others", [])]
        found = self.processes.sum(torch.stack([self.nll, self.fits, self.entries])).T.tolist()
        for sums, (nll, fit, entries), (kind, _) in zip(of_targets, found, TARGETS):
            sums["nll"], sums["entries"] = nll, int(entries)
            if kind == "labels":
                sums["hits"] = int(fit)
            else:
                sums["squared_error"] = fit
        if hasattr(self.optimizer, "count"):
            count = int(self.optimizer.count.item()) - self.clipped
            self.clipped, self.sums["clipped"] = self.clipped + count, self.sums["clipped"] + count

    def fit(self, fits):
        """Of each target the right labels, or the squared error in its own units."""
        parts = zip(fits, self.examples.squared_scales, TARGETS)
        found = [
            fit.double() if kind == "labels" else (fit * squared).sum()
            for fit, squared, (kind, _) in parts
        ]
        return torch.stack(found)

    def fit_entries(self, fits, entries):
        """The accuracy or the root mean squared error of each target, of which so many values are known."""
        names = [name.removeprefix("nll(").removesuffix(")") for name in scales(Position(1, 1))]
        found = {}
        for name, fit, count, (kind, _) in zip(names, fits, entries, TARGETS):
            word, value = "accuracy", fit / max(count, 1)
            if kind != "labels":
                word, value = "rmse", math.sqrt(value)
            found[word if len(TARGETS) == 1 else f"{word}({name})"] = value
        return found

    def line(self, kind, terms, begun, examples):
        """A line of metrics.jsonl: of the last step, or of the epoch so far."""
        at, rate = self.position(self.step - 1, 1), self.last_rate
        names, numbers = list(scales(at)), list(scales(at).values())
        count, n = len(TARGETS), len(self.examples)
        # Each process has the nll of its own examples, and all have the terms of the weights.
        parts = torch.stack([terms[name].double() for name in names])
        parts[:count] += self.last_log_scales
        parts[count:] /= self.processes.count
        values = self.processes.sum(parts).tolist()
        if kind == "epoch":
            of_targets = [self.sums, *self.sums.get("others", [])]
            values[:count] = [sums["nll"] for sums in of_targets]
            numbers = [total / self.sums["steps"] for total in self.sums["scales"]]
            numbers[:count] = [1 / self.sums["examples"]] * count
            fits = [sums["hits"] + sums["squared_error"] for sums in of_targets]
            entries = [sums["entries"] for sums in of_targets]
        else:
            fits = self.processes.sum(self.last_fit.clone()).tolist()
            entries = self.processes.sum(self.last_entries.clone()).tolist()
        if not all(math.isfinite(value) for value in values):
            message = f"the loss is not finite at step {self.step} (epoch {at.epoch + 1:.2f})"
            self.run.write("diverged.txt", message + "\n")
            fail_with(message)
        listed = [
            {"name": name, "value": value, "scale": number, "scaled": value * number}
            for name, value, number in zip(names, values, numbers)
        ]
        weights = [
            number / (1 / n) for name, number in zip(names, numbers) if name.startswith("kl(")
        ]
        seconds = time.perf_counter() - begun
        line = {
            "kind": kind,
            "step": self.step,
            "epoch": self.step / self.batches,
            "learning_rate": rate,
            "loss": sum(term["scaled"] for term in listed),
            "lambda": round(weights[0], 12) if weights else None,
            "terms": listed,
            **self.fit_entries(fits, entries),
        }
        if hasattr(self.optimizer, "norm") and kind == "step":
            line["gradient_norm"] = self.optimizer.norm.item()
        if hasattr(self.optimizer, "norm") and kind == "epoch":
            line["clipped"] = self.sums["clipped"] / self.sums["steps"]
        line |= {"examples_per_second": examples / seconds, "seconds": seconds}
        return {**line, **self.optimizer.measured()}

    def counters(self, step, sums):
        """How far a checkpoint is, as bnnc has it."""
        found = {
            "step": step,
            "sums": {key: value for key, value in sums.items() if key != "clipped" or value},
        }
        if self.clipped:
            found["clipped"] = self.clipped
        # What bnnc alone looks at.
        found |= self.of_bnnc
        return {**found, "best": self.best} if self.best else found

    def load(self):
        """Goes on where the run's checkpoint is."""
        path = self.run.path / "checkpoint.safetensors"
        tensors, counters = load_checkpoint(path, FINGERPRINT)
        for name, section in self.optimizer.sections().items():
            own = str(section.dtype).removeprefix("torch.")
            found = str(tensors[name].dtype) if name in tensors else own
            if found != own:
                fail_with(f"the run in {self.run.path} is of {found}: go on with --precision {found}")
        load_sections(self.optimizer.sections(), tensors, path)
        self.step, self.best = counters["step"], counters.get("best")
        self.clipped = counters.get("clipped", 0)
        own = ("divergence", "skipped", "left_out")
        self.of_bnnc = {key: counters[key] for key in own if key in counters}
        if hasattr(self.optimizer, "count"):
            self.optimizer.count.fill_(self.clipped)
        self.sums = {**no_sums(len(TARGETS)), **counters["sums"]}
        if self.processes.rank == 0:
            for target, sums in enumerate([self.sums, *self.sums.get("others", [])]):
                self.nll[target] = sums["nll"]
                self.fits[target] = sums["hits"] + sums["squared_error"]
                self.entries[target] = sums["entries"]

    def save(self):
        """Writes a checkpoint, and before it the variables of the lowest validation nll if they are
        new.
        """
        if self.hooks.early_stopping:
            self.hooks.early_stopping.save(self)
        self.run.save(
            "checkpoint.safetensors", self.optimizer.sections(), self.counters(self.step, self.sums)
        )

    def train(self):
        """Trains to the last epoch; asked to stop, it saves after the step under way.

        A run that is stopped and resumed goes through the same numbers as one that is not:
        everything random is keyed by seed, epoch and step.
        """
        for sign in [signal.SIGINT, signal.SIGTERM]:
            signal.signal(sign, lambda *_: setattr(self, "is_asked_to_stop", True))
        early = self.hooks.early_stopping
        has_ended_early = early and early.is_over(self, self.step // self.batches)
        if has_ended_early or self.step >= self.all_epochs * self.batches:
            fail_with(f"the run is finished: {self.step // self.batches} epochs")
        self.run.open_log(self.step)
        shown, is_alone = Progress(self), self.processes.count == 1
        saved, writing, log_every = time.perf_counter(), 0.0, self.settings.log_every
        for epoch in range(self.step // self.batches, self.all_epochs):
            number, done = self.place(epoch * self.batches)
            order = epoch_order(len(self.examples), self.seed(number), done // self.batches)
            begun, seen, size = time.perf_counter(), 0, self.settings.batch_size
            for index in range(self.step - epoch * self.batches, self.batches):
                started, self.last_rate = time.perf_counter(), self.rate()
                places = order[index * size : (index + 1) * size]
                terms = self.train_step(places)
                seen += len(places)
                is_logged, ended = (
                    log_every and self.step % log_every == 0,
                    index + 1 == self.batches,
                )
                if is_logged:
                    line = self.line("step", terms, started, len(places))
                    self.run.log(line)
                shown.step(line if is_logged else None)
                # Processes agree where they wait for each other anyway.
                stopping = self.is_asked_to_stop
                if not is_alone:
                    stopping = bool(is_logged or ended) and self.processes.any(stopping)
                if not (ended or stopping):
                    continue
                self.collect()
                over = False
                if ended:
                    line = self.line("epoch", terms, begun, seen)
                    over = self.end_epoch(epoch + 1, line)
                    shown.epoch(epoch + 1, line)
                last = over or (ended and epoch + 1 == self.all_epochs)
                due = time.perf_counter() - saved > max(0.2, 20 * writing)
                if last or stopping or (self.processes.any(due) if ended else False):
                    before = time.perf_counter()
                    self.save()
                    saved = time.perf_counter()
                    writing = saved - before
                if last or stopping:
                    return shown.close(None if last else f"stopped after {self.step} steps, saved")

    def end_epoch(self, epoch, line):
        """Writes an epoch's line; whether the run ends early."""
        stopping = self.hooks.early_stopping
        number, done = self.place(self.step - 1)
        self.optimizer.epoch_ended(number, done // self.batches)
        if self.hooks.validation:
            averages = hasattr(self.optimizer, "exchange")
            if averages:
                self.optimizer.exchange()
            line["validation"] = self.hooks.validation(self.model)
            if averages:
                self.optimizer.exchange()
        self.run.log(line)
        self.sums = no_sums(len(TARGETS))
        self.nll.zero_()
        self.fits.zero_()
        self.entries.zero_()
        if stopping:
            stopping.look(self, epoch, line["validation"]["nll"])
        return bool(stopping) and stopping.is_over(self, epoch)


class Progress:
    """Shows a run: a bar of tqdm where it is installed and there is a terminal, and a line an
    epoch.
    """

    def __init__(self, trainer):
        self.bar, self.shows = None, trainer.run.writes
        if self.shows and sys.stderr.isatty():
            try:
                from tqdm import tqdm
            except ImportError:
                return
            total = trainer.all_epochs * trainer.batches
            self.bar = tqdm(total=total, initial=trainer.step, unit="step", dynamic_ncols=True)

    def step(self, line):
        """A step is done."""
        if self.bar is not None:
            self.bar.update()
            if line:
                self.bar.set_postfix(loss=f"{line['loss']:.4g}")

    def epoch(self, epoch, line):
        """An epoch is done."""
        data = sum(term["scaled"] for term in line["terms"][: len(TARGETS)])
        text = f"epoch {epoch:5}  loss {line['loss']:10.4f}  nll {data:10.4f}"
        if "validation" in line:
            text += f"  validation nll {line['validation']['nll']:10.4f}"
        self.say(f"{text}  {line['examples_per_second']:10.0f} examples/s")

    def say(self, text):
        """Prints a line, above the bar if there is one."""
        if self.shows and self.bar is not None:
            self.bar.write(text)
        elif self.shows:
            print(text, flush=True)

    def close(self, text):
        """The run is over."""
        if text:
            self.say(text)
        if self.bar is not None:
            self.bar.close()
