class Processes:
    """The processes that take each step together: those of torchrun, or this one alone."""

    def __init__(self, device):
        self.count, self.rank = (
            int(os.environ.get("WORLD_SIZE", "1")),
            int(os.environ.get("RANK", "0")),
        )
        on_gpu = device == "cuda" or (device is None and torch.cuda.is_available())
        if on_gpu:
            self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
            torch.cuda.set_device(self.device)
        else:
            self.device = torch.device(device or "cpu")
        if self.count > 1:
            torch.distributed.init_process_group("nccl" if on_gpu else "gloo")

    def part(self, examples):
        """Which of the examples of a minibatch are this process's: parts may differ by one, or be
        empty.
        """
        return self.rank * examples // self.count, (self.rank + 1) * examples // self.count

    def sum(self, tensor):
        """The sum over the processes."""
        if self.count > 1:
            torch.distributed.all_reduce(tensor)
        return tensor

    def any(self, flag):
        """Whether any process says so."""
        return self.sum(torch.tensor(float(flag), device=self.device)).item() > 0

    def share(self, model, fsdp):
        """The model as all processes train it, and what is done between the backward pass and the
        step.

        DDP and FSDP2 average gradients over the processes, whatever number of examples each has;
        the loss of a process is scaled so that this average is the gradient of the whole minibatch.
        """
        if self.count == 1:
            return model, None
        if not fsdp:
            on_gpu = [self.device.index] if self.device.type == "cuda" else None
            share = nn.parallel.DistributedDataParallel
            return share(model, on_gpu, gradient_as_bucket_view=True), None
        # FSDP2 does not divide single numbers: every process has them, and they are averaged here.
        scalars = {value for value in model.parameters() if value.dim() == 0}
        fully_shard(model, ignored_params=scalars)

        def average():
            for value in scalars:
                if value.grad is not None:
                    value.grad.copy_(self.sum(value.grad.clone()) / self.count)

        return model, average

    def close(self):
        """Ends the program, all processes together.

        Not by way of the interpreter: gloo's threads now and then abort a process that is torn
        down.
        """
        if self.count > 1:
            torch.distributed.barrier()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)
