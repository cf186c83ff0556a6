class Variables(nn.Module):
    """The trained variables of one parameter, under the names that checkpoints of bnnc have."""

    def __init__(self, name, **shapes):
        super().__init__()
        self.name = name
        for variable, shape in shapes.items():
            setattr(self, variable, nn.Parameter(torch.zeros(shape)))


def named_variables(model):
    """Each variable with its name in checkpoints: `conv1.kernel.loc`."""
    for module in model.children():
        for variable, value in module.state_dict(keep_vars=True).items():
            yield f"{module.name}.{variable}", value


@dataclass
class Position:
    """Where a step stands in its run: what turns a scale of the loss into a number."""

    training_examples: int  # N
    batch: int  # B, the examples of the whole minibatch, of all processes
    batch_index: int = 0  # which minibatch of its epoch this is
    batches: int = 1  # M, the minibatches of an epoch
    epoch: float = math.inf  # epochs done before this step
    processes: int = 1  # gradients are averaged over these


def blundell(at):
    """The share 2^(M - i) / (2^M - 1) of the i-th minibatch (Blundell et al. 2015, eq. 9)."""
    return 2.0 ** -(at.batch_index + 1.0) / (1.0 - 2.0**-at.batches)
