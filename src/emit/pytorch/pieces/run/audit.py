def read_tensors(path, device, dtype):
    """The arrays of a safetensors file by name; real numbers in this type."""
    with safe_open(path, "numpy") as file:
        tensors = {
            name: torch.from_numpy(file.get_tensor(name)).to(device) for name in list(file.keys())
        }
    return {name: x.to(dtype) if x.is_floating_point() else x for name, x in tensors.items()}


def report_loss(options):
    """What `bnnc loss` does: one step's loss at given weights, all examples as one minibatch; JSON
    to standard output.

    `--data` is a safetensors file with `inputs` and `targets.0`, `targets.1`, ... as the model
    takes them. `--noise` may be a file of draws, as that of `bnnc loss --noise`.
    """
    dtype = torch.float32 if options.precision == "float32" else torch.float64
    device = torch.device(options.device or "cpu")
    given, data = (read_tensors(path, device, dtype) for path in [options.loss, options.data])
    model = Model().to(device, dtype)
    variables = dict(named_variables(model))
    load_sections(
        variables, {name: value.cpu().numpy() for name, value in given.items()}, options.loss
    )
    how = options.noise
    if how not in ["counter", "torch"]:
        how = read_tensors(how, device, dtype)
    batch = len(data["inputs"])
    at = Position(options.training_examples or batch, batch)
    numbers = scales(at)
    scale = {
        name: torch.tensor(value, dtype=dtype, device=device) for name, value in numbers.items()
    }
    noise = Noise(STREAMS, options.seed or 0, 0, SAMPLES, device=device, dtype=dtype, how=how)
    targets = [
        data[f"targets.{k}"] for k in range(sum(name.startswith("targets.") for name in data))
    ]
    loss, terms, _ = model(data["inputs"], targets, noise, scale)
    if options.gradients:
        trained = {name: value for name, value in variables.items() if value.requires_grad}
        found = torch.autograd.grad(loss, list(trained.values()), allow_unused=True)
        gradients = {name: np.zeros(value.shape) for name, value in variables.items()}
        for name, gradient in zip(trained, found):
            if gradient is not None:
                gradients[name] = gradient.double().cpu().numpy()
        save_file(gradients, options.gradients)
    values = {name: terms[name].item() for name in numbers}
    report = {
        "dtype": str(dtype).removeprefix("torch."),
        "batch": batch,
        "training_examples": at.training_examples,
        "loss": loss.item(),
        "terms": [
            {"name": name, "value": value, "scale": numbers[name], "scaled": value * numbers[name]}
            for name, value in values.items()
        ],
    }
    print(json.dumps(report, indent=2))
