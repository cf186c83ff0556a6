class Ensemble:
    """A deep ensemble (Lakshminarayanan et al. 2017): fits one after the other, each from a seed of its
    own.

    A checkpoint has the variables of each member beside what the fit under way needs to go on.
    """

    def __init__(self, optimizer, members):
        self.optimizer, self.rounds = optimizer, members
        self.members = [
            {
                name: torch.zeros_like(value, requires_grad=False)
                for name, value in optimizer.variables.items()
            }
            for _ in range(members)
        ]
        self.begun = torch.zeros(members)

    def begin(self, trainer):
        """The first member is where its fit starts."""
        if trainer.options.fsdp:
            fail_with("--fsdp divides the variables of one fit: train each member by --member")
        self.keep(0)

    @torch.no_grad()
    def keep(self, member):
        """Keeps the variables that predict as those of a member."""
        for name, value in self.optimizer.predicting().items():
            self.members[member][name].copy_(value)

    def epoch_ended(self, number, epoch):
        """Keeps the variables at an epoch's end."""
        self.keep(number)
        self.begun[number] = 1

    def sections(self):
        """What a checkpoint has, by name."""
        found = dict(self.optimizer.sections())
        for number, member in enumerate(self.members, 1):
            found |= {f"member.{number}/{name}": value for name, value in member.items()}
        return {**found, "members.begun": self.begun}

    def __getattr__(self, name):
        return getattr(self.optimizer, name)


def option_of_members(parser):
    """The option of one member, for machines that train members side by side."""
    parser.add_argument(
        "--member",
        type=whole_number(1),
        metavar="K",
        help="trains member K of the ensemble alone, in the folder --out (or --resume) that all members "
        "share; the last one that is done joins them",
    )


class Member:
    """One member of an ensemble, trained by a program of its own: a folder in the ensemble's folder."""

    def __init__(self, options, processes):
        number, path = options.member, Path(options.resume or options.out)
        if number > MEMBERS:
            fail_with(f"the ensemble has {MEMBERS} members, and no member {number}")
        self.number, self.processes = number, processes
        self.ensemble = RunDirectory(path, processes)
        self.run = RunDirectory(path / f"member-{number}", processes)
        is_begun = (self.run.path / "checkpoint.safetensors").exists()
        if is_begun and not options.resume:
            fail_with(f"member {number} is there: --resume {path} goes on with it")
        # Before any process makes it.
        processes.any(False)

    def begin(self, texts, digests):
        """Writes what the ensemble's folder says before the first step, unless another member has."""
        if not self.run.writes:
            return
        with self.ensemble.held():
            there = (self.ensemble.path / "run.toml").exists()
            if there and self.ensemble.text("run.toml") != texts["run.toml"]:
                fail_with(f"the members in {self.ensemble.path} are trained with other settings")
            if not there:
                self.ensemble.begin(texts, digests)

    def join(self, steps, batches):
        """Makes the ensemble's checkpoint and log, once all members have taken their steps."""
        if not self.run.writes:
            return
        done = []
        with self.ensemble.held():
            for number in range(1, MEMBERS + 1):
                path = self.ensemble.path / f"member-{number}" / "checkpoint.safetensors"
                if path.exists():
                    done.append(load_checkpoint(path, FINGERPRINT))
            missing = MEMBERS - sum(counters["step"] == steps for _, counters in done)
            if missing:
                return print(f"members    {missing} of {MEMBERS} are not done yet", flush=True)
            tensors = dict(done[-1][0])
            for number, (own, _) in enumerate(done, 1):
                tensors |= {f"member.{number}/{name}": own[name] for name in START}
            tensors["members.begun"] = np.ones(MEMBERS, np.float32)
            counters = {"step": MEMBERS * steps, "sums": no_sums(len(TARGETS))}
            counters["sums"].pop("clipped")
            clipped = sum(counters.get("clipped", 0) for _, counters in done)
            counters |= {"clipped": clipped} if clipped else {}
            self.ensemble.write("metrics.jsonl", self.log(steps, batches))
            path = self.ensemble.path / "checkpoint.safetensors"
            save_checkpoint(path, tensors, FINGERPRINT, counters)
        print(f"joined     {MEMBERS} members in {self.ensemble.path}", flush=True)

    def log(self, steps, batches):
        """The members' lines of metrics.jsonl as those of one run."""
        lines = []
        for number in range(MEMBERS):
            text = self.ensemble.text(f"member-{number + 1}/metrics.jsonl")
            for line in map(json.loads, text.splitlines()):
                step = number * steps + line["step"]
                lines.append({**line, "step": step, "epoch": step / batches})
        return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)


def train_member(options, make_optimizer, *parts):
    """Trains one member of the ensemble, or goes on with it; the last one that is done joins all."""
    processes = Processes(options.device)
    member = Member(options, processes)

    def make_one(model, processes):
        return make_optimizer(model, processes).optimizer

    trainer, texts, digests = make_trainer(
        options, member.ensemble, processes, (make_one, *parts), seeds_on=member.number - 1
    )
    trainer.run = run = member.run
    run.lock()
    if options.resume:
        trainer.load()
    else:
        member.begin(texts, digests)
        trainer.save()
    if run.writes:
        print(f"run        {run.path}", flush=True)
    trainer.train()
    if trainer.step == trainer.all_epochs * trainer.batches:
        member.join(trainer.step, trainer.batches)
    processes.close()
