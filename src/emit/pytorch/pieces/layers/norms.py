def group_norm(x, groups, epsilon):
    """Groups of channels of x [B, ..., C] less their mean, over their standard deviation."""
    return F.group_norm(x.movedim(-1, 1), groups, eps=epsilon).movedim(1, -1)


def filter_response_norm(x, epsilon):
    """Each channel of x [B, ..., C] over its root mean square (Singh and Krishnan 2020)."""
    positions = tuple(range(1, x.dim() - 1))
    return x * torch.rsqrt((x**2).mean(positions, keepdim=True) + epsilon)


def batch_norm(x, mean, variance, momentum, epsilon, training, sample=0, samples=1):
    """Each channel of x [B, ..., C] less its mean, over its deviation (Ioffe and Szegedy 2015).

    In training those of the whole minibatch, of all processes, towards which the kept `mean` and
    `variance` move: once a step, also where the weights have several samples. Else the kept ones.
    """
    if not training:
        return (x - mean) * torch.rsqrt(variance + epsilon)
    others = tuple(range(x.dim() - 1))
    count = sum_over_processes(torch.full_like(mean, x.numel() // x.shape[-1]))
    own_mean = sum_over_processes(x.sum(others)) / count
    own_variance = sum_over_processes(((x - own_mean) ** 2).sum(others)) / count
    with torch.no_grad():
        for kept, own in ((mean, own_mean), (variance, own_variance)):
            kept.mul_(momentum if sample == 0 else 1.0).add_((1.0 - momentum) / samples * own)
    return (x - own_mean) * torch.rsqrt(own_variance + epsilon)


class SumOverProcesses(torch.autograd.Function):
    """The sum of a tensor over all processes. The gradient is summed over them, too."""

    @staticmethod
    def forward(ctx, x):
        """The sum."""
        x = x.clone()
        torch.distributed.all_reduce(x)
        return x

    @staticmethod
    def backward(ctx, gradient):
        """The sum of the gradients."""
        return SumOverProcesses.apply(gradient)


def sum_over_processes(x):
    """The sum over all processes, if there are several, with its gradient."""
    distributed = torch.distributed
    if not distributed.is_available() or not distributed.is_initialized():
        return x
    return SumOverProcesses.apply(x) if distributed.get_world_size() > 1 else x
