def warmed_up(factor, warmup_epochs, epoch):
    """The factor of a schedule, which first grows linearly from 0."""
    return epoch / warmup_epochs if epoch < warmup_epochs else factor


def constant_rate(epoch, epochs, warmup_epochs):
    """The learning rate throughout."""
    return warmed_up(1.0, warmup_epochs, epoch)


def cosine_rate(epoch, epochs, warmup_epochs, floor):
    """Half a cosine from the learning rate down to its floor at the last epoch."""
    done = (
        min((epoch - warmup_epochs) / (epochs - warmup_epochs), 1.0)
        if epochs > warmup_epochs
        else 0.0
    )
    factor = floor + (1.0 - floor) * 0.5 * (1.0 + math.cos(math.pi * done))
    return warmed_up(factor, warmup_epochs, epoch)


def step_rate(epoch, epochs, warmup_epochs, every, factor):
    """Multiplied with a factor every so many epochs."""
    return warmed_up(factor ** math.floor(epoch / every), warmup_epochs, epoch)


def milestones_rate(epoch, epochs, warmup_epochs, at, factor):
    """Multiplied with a factor after each of some epochs."""
    return warmed_up(factor ** sum(epoch >= other for other in at), warmup_epochs, epoch)
