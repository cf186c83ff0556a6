def whole_number(least):
    """What an option takes that is a whole number of at least `least`."""

    def parse(text):
        if not text.isascii() or not text.isdecimal() or not least <= int(text) < 1 << 64:
            raise argparse.ArgumentTypeError(f"a whole number of at least {least}, not {text!r}")
        return int(text)

    return parse


def positive_number(text):
    """What an option takes that is above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"a number above 0, not {text!r}")
    return number


def refuse_options(options):
    """Ends the program where options do not go together, or ask for what is not there."""
    if options.device == "cuda" and not torch.cuda.is_available():
        fail_with("PyTorch sees no GPU here; without --device the program runs on the CPU")
    if options.loss:
        if not options.data:
            fail_with("--loss needs --data, a safetensors file of examples")
        return
    if options.noise not in ["counter", "torch"]:
        fail_with(f"--noise is counter or torch, not {options.noise}; a file goes with --loss")
    for option in ["gradients", "training_examples"]:
        if getattr(options, option) is not None:
            fail_with(f"--{option.replace('_', '-')} goes with --loss alone")
    if getattr(options, "member", None) and not (options.out or options.resume):
        fail_with("--member needs --out: the folder that all members share")
    if getattr(options, "resume", None) and options.out:
        fail_with("--resume goes on in the run's own folder; leave --out out")


def tell_mistakes(work, *arguments):
    """Runs what opens files: one that is not there, or is another, is told in a line."""
    try:
        work(*arguments)
    except OSError as error:
        fail_with(f"{error.strerror}: {error.filename}" if error.filename else error)
    except SafetensorError as error:
        fail_with(f"a file is not the safetensors file that it should be: {error}")


def options_of_loss(parser):
    """The options of --loss, which every program has."""
    of_loss = parser.add_argument_group("the loss at given weights, as `bnnc loss` works it out")
    of_loss.add_argument(
        "--loss", metavar="WEIGHTS", help="a safetensors file of every variable, or a checkpoint"
    )
    of_loss.add_argument(
        "--gradients", metavar="FILE", help="writes the gradients of --loss to a safetensors file"
    )
    of_loss.add_argument(
        "--training-examples", type=whole_number(1), metavar="N", help="N of --loss; else that of --data"
    )
    parser.add_argument(
        "--data", metavar="PATH", help="where the data is; of --loss a safetensors file"
    )
    parser.add_argument("--device", choices=["cpu", "cuda"], help="else cuda where there is one")
    parser.add_argument(
        "--precision",
        choices=["float32", "bf16", "float64"],
        default="float32",
        help="bf16 of products alone; a float64 run is one that this program alone reads",
    )
    parser.add_argument(
        "--noise",
        default="counter",
        help="counter (bnnc's own), torch (torch.randn), or with --loss a file",
    )
    parser.add_argument(
        "--seed", type=whole_number(0), help="of the start, the order of the examples and every draw"
    )


def options_of_training(parser):
    """The options of a run."""
    parser.add_argument(
        "--out", metavar="DIR", help="the folder of the run; else runs/NAME-1, runs/NAME-2, ..."
    )
    parser.add_argument(
        "--resume",
        metavar="DIR",
        help="goes on with the run in this folder, of bnnc or of this program",
    )
    parser.add_argument("--epochs", type=whole_number(1))
    parser.add_argument(
        "--batch-size", type=whole_number(1), help="examples of a step, of all processes together"
    )
    parser.add_argument("--learning-rate", type=positive_number)
    parser.add_argument(
        "--compile", action="store_true", help="compiles the model with torch.compile"
    )
    parser.add_argument(
        "--fsdp",
        action="store_true",
        help="divides the variables over the processes (FSDP2), else DDP",
    )


class Hooks(NamedTuple):
    """What a run does beside its steps."""

    rate_factor: object
    augment: object = None
    validation: object = None
    early_stopping: object = None


# The settings that have options.
OPTIONS = {
    "epochs": "epochs",
    "batch_size": "batch_size",
    "seed": "seed",
    "optimizer.learning_rate": "learning_rate",
}

# Settings that may differ where a run goes on.
FREE = {"threads", "tensorboard", "data.name", "data.directory", "data.test_rows"}


def settings_to_run(options, run):
    """The text of run.toml: of a run that goes on its own, with what the options change."""
    text = run.text("run.toml") if options.resume else RUN_TOML
    own, known = settings_of(text), settings_of(RUN_TOML)
    for key in sorted(own.keys() | known.keys()):
        if key not in FREE and key not in OPTIONS and own.get(key) != known.get(key):
            message = (
                f"the run in {run.path} has {key} = {own.get(key)}, this program {known.get(key)}"
            )
            fail_with(
                f"{message}; `bnnc emit pytorch` with --config {run.path}/run.toml makes one for it"
            )
    for key, option in OPTIONS.items():
        value = getattr(options, option)
        if value is None or str(value) == own[key]:
            continue
        if options.resume and not (key == "epochs" and value > int(own[key]) and MAY_BE_LONGER):
            why = "; its schedule goes by the number of epochs" if key == "epochs" else ""
            fail_with(f"the run in {run.path} has {key} = {own[key]}, and goes on with it{why}")
        if key == "seed" and VALIDATION_EXAMPLES:
            fail_with(
                "the examples set aside, and so the scaling, go by the seed; "
                "`bnnc emit pytorch --seed` sets another"
            )
        text = with_setting(text, key, value)
    return (
        with_setting(text, "data.name", json.dumps(str(Path(options.data).absolute())))
        if options.data
        else text
    )


def data_record(options, run):
    """The text of data.json: of a run that goes on its own."""
    if options.resume:
        return run.text("data.json")
    record = json.loads(DATA_JSON)
    if options.data:
        record["name"] = str(Path(options.data).absolute())
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def make_trainer(options, run, processes, parts, seeds_on=0):
    """What trains the model in the folder `run`; the texts and the digests that its folder has.

    `seeds_on` is added to the seed of the settings.
    """
    make_optimizer, read_data, make_hooks = parts
    # For the same numbers as bnnc's: by default a GPU's convolutions round their inputs to ten
    # bits.
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    run_toml, record = settings_to_run(options, run), data_record(options, run)
    found = settings_of(run_toml)
    settings = Settings(
        epochs=int(found["epochs"]),
        batch_size=int(found["batch_size"]),
        seed=int(found["seed"]) + seeds_on,
        learning_rate=float(found["optimizer.learning_rate"]),
        log_every=int(found["log_every"]),
    )
    train, test = read_data(options.data)
    training, aside = set_aside(len(train.inputs), VALIDATION_EXAMPLES, settings.seed)
    digests = digests_of_rows(train, test, training, aside)
    check_rows(digests, ROWS_SHA256)
    dtype = torch.float64 if options.precision == "float64" else torch.float32
    examples = Examples(train, training, json.loads(record), processes.device, dtype)
    validation = Examples(train, aside, json.loads(record), processes.device, dtype)
    if settings.batch_size > len(examples):
        fail_with(
            f"a batch of {settings.batch_size} is larger than the {len(examples)} training examples"
        )
    model = Model().to(processes.device, dtype)
    model.bfloat16_products = options.precision == "bf16"
    if not options.resume:
        initialize(model, settings.seed)
    if options.compile:
        # The forward pass alone: what DDP and FSDP2 do before and after it stays as it is.
        model.forward = torch.compile(model.forward, fullgraph=True)
    hooks = make_hooks(validation, settings.seed, processes)
    trainer = Trainer(model, make_optimizer, settings, examples, run, processes, options, hooks)
    texts = {"model.bnn": MODEL_BNN, "run.toml": run_toml, "data.json": record, "ir.txt": IR_TXT}
    return trainer, texts, digests


def train_model(options, *parts):
    """Trains the model in a folder of its own, or goes on with a run."""
    processes = Processes(options.device)
    if options.resume:
        run = RunDirectory(Path(options.resume), processes)
    else:
        run = RunDirectory.new(options.out, NAME, processes)
    trainer, texts, digests = make_trainer(options, run, processes, parts)
    run.lock()
    if options.resume:
        trainer.load()
        run.change_settings(texts["run.toml"])
    else:
        run.begin(texts, digests)
        trainer.save()
    if run.writes:
        print(f"run        {run.path}", flush=True)
    trainer.train()
    processes.close()
