WORD = 0xFFFFFFFF


def philox(c0, c1, c2, c3, k0, k1):
    """Philox4x32-10 (Salmon et al. 2011) of counters and keys: 32-bit words held in int64.

    The counters have all the same shape.
    """
    for _ in range(10):
        # A product of two words may wrap to a negative int64; its bits are right all the same.
        p0, p1 = c0 * 0xD2511F53, c2 * 0xCD9E8D57
        # In place: half the time goes into memory otherwise.
        c0, c2 = p1 >> 32, p0 >> 32
        c0 ^= c1
        c0 ^= k0
        c0 &= WORD
        c2 ^= c3
        c2 ^= k1
        c2 &= WORD
        # What lies above the lower word is cut off where these are used.
        c1, c3 = p1, p0
        k0, k1 = (k0 + 0x9E3779B9) & WORD, (k1 + 0xBB67AE85) & WORD
    return c0, c1 & WORD, c2, c3 & WORD


class Noise:
    """The random numbers of one step, as functions of (seed, step, parameter, use, entry).

    No generator is moved along. A draw is the same on every process and after every restart, and
    equals that of bnnc's interpreter. Draws for each example are keyed by its place in the whole
    minibatch, of which this process has the examples from `first` on: the loss of a step does not
    depend on the number of processes.
    """

    def __init__(
        self,
        streams,
        seed,
        step,
        samples=1,
        first=0,
        device="cpu",
        dtype=torch.float32,
        how="counter",
    ):
        """`how` is "counter", "torch" (torch.randn, of other values), or given arrays by name."""
        self.first, self.device, self.dtype, self.how, self.number = first, device, dtype, how, 0
        self.rows = {name: row for row, name in enumerate(streams)}
        # Later samples of the weights have the next eight uses; a layer's masks the next one.
        parameter, use, stride = np.array(list(streams.values()), np.int64).reshape(-1, 3).T
        uses = [use + sample * stride for sample in range(samples)]
        words = [seed & WORD, (seed >> 32) & WORD, step & WORD, (step >> 32) & WORD]
        k0, k1, low, high = (np.int64(word) for word in words)
        with np.errstate(over="ignore"):
            keys = [philox(parameter, use, low, high, k0, k1) for use in uses]
        # [samples, streams, 4]: for each stream its key, and the upper half of its counters.
        self.keys = torch.from_numpy(np.stack([np.stack(key, 1) for key in keys])).to(device)

    def sample(self, number):
        """The noise of one sample of the weights."""
        other = copy.copy(self)
        other.number = number
        return other

    def words(self, name, start, count, entries):
        """Philox's words [groups, 4, 16]: of the groups that hold entries from `start` on."""
        k0, k1, p0, p1 = self.keys[self.number, self.rows[name]]
        groups = torch.arange(start // entries, -(-(start + count) // entries), device=self.device)
        counter = groups[:, None] * 16 + torch.arange(16, device=self.device)
        p0, p1 = p0.expand_as(counter), p1.expand_as(counter)
        return torch.stack(philox(counter & WORD, counter >> 32, p0, p1, k0, k1), 1)

    def entries(self, name, start, shape, make, entries=64):
        """The entries from `start` on, in this shape, of what `make` makes of words."""
        count = math.prod(shape)
        if count == 0:
            return torch.zeros(shape, device=self.device, dtype=self.dtype)
        made = make(self.words(name, start, count, entries)).reshape(-1)
        skip = start % entries
        return made[skip : skip + count].reshape(shape)

    def draw(self, name, shape, start, make, entries=64, plain=torch.randn):
        """Entries of a stream; or of a generator; or as they are given."""
        if self.how == "torch":
            return plain(shape, device=self.device, dtype=self.dtype)
        if self.how != "counter":
            given = self.how[name].reshape(-1)
            start += self.number * (given.numel() // self.keys.shape[0])
            return given[start : start + math.prod(shape)].reshape(shape)
        return self.entries(name, start, shape, make, entries)

    def of_examples(self, name, batch, shape, make, entries=64, plain=torch.randn):
        """[batch, *shape], entries keyed by the examples' places in the whole minibatch."""
        return self.draw(name, (batch, *shape), self.first * math.prod(shape), make, entries, plain)

    def normal(self, name, shape):
        """Standard normal deviates that all examples share."""
        return self.draw(name, shape, 0, self.normals)

    def example_normal(self, name, batch, shape):
        """Standard normal deviates [batch, *shape], others for each example."""
        return self.of_examples(name, batch, shape, self.normals)

    def normals(self, words):
        """Box and Muller (1958): two deviates of two words."""
        words = words.unflatten(1, (2, 2))
        # The logarithm of a number near 1 needs float64; there it is one function, without cases.
        unit = (words[:, :, 0].double() + 0.5) / 2.0**32
        radius = unit.log_().mul_(-2.0).sqrt_().to(self.dtype)
        angle = (2 * math.pi) * self.unit(words[:, :, 1])
        return torch.stack([radius * torch.cos(angle), radius * torch.sin(angle)], 2)

    def unit(self, word):
        """Uniform numbers between 0 and 1: (word + 1/2) / 2^32."""
        return (word.to(self.dtype) + 0.5) / 2.0**32

    def laplace(self, name, shape):
        """Deviates of the Laplace distribution of scale 1 that all examples share."""
        return self.draw(name, shape, 0, self.laplaces, plain=self.plain_laplace)

    def example_laplace(self, name, batch, shape):
        """Deviates of the Laplace distribution [batch, *shape], others for each example."""
        return self.of_examples(name, batch, shape, self.laplaces, plain=self.plain_laplace)

    def laplaces(self, words):
        """One of each word, by inversion."""
        tail = torch.minimum(words, WORD - words)
        size = -torch.log((2.0 * tail.to(self.dtype) + 1.0) / 2.0**32)
        return torch.where(words == tail, -size, size)

    @staticmethod
    def plain_laplace(shape, device, dtype):
        """By a generator."""
        sign = 1.0 - 2.0 * torch.randint(0, 2, shape, device=device)
        return sign * torch.empty(shape, device=device, dtype=dtype).exponential_()

    def cauchy(self, name, shape):
        """Deviates of the Cauchy distribution of scale 1 that all examples share."""
        return self.draw(name, shape, 0, self.cauchys, plain=self.plain_cauchy)

    def example_cauchy(self, name, batch, shape):
        """Deviates of the Cauchy distribution [batch, *shape], others for each example."""
        return self.of_examples(name, batch, shape, self.cauchys, plain=self.plain_cauchy)

    def cauchys(self, words):
        """The tangent of one turn of each word; quarter turns are taken off exactly."""
        quarter = ((words + (1 << 29)) & WORD) >> 30
        rest = (words - (quarter << 30)) & WORD
        rest = torch.where(rest >= 1 << 31, rest - (1 << 32), rest)
        tangent = torch.tan((rest.to(self.dtype) + 0.5) * (2.0 * math.pi / 2.0**32))
        return torch.where(quarter & 1 == 0, tangent, -1.0 / tangent)

    @staticmethod
    def plain_cauchy(shape, device, dtype):
        """By a generator."""
        return torch.empty(shape, device=device, dtype=dtype).cauchy_()

    def signs(self, name, batch, width):
        """1 or -1 with equal probability, [batch, width]."""
        return self.of_examples(name, batch, (width,), self.bits, 2048, self.plain_signs)

    def bits(self, words):
        """32 signs of each word."""
        places = torch.arange(32, dtype=torch.int32, device=self.device)
        bits = (words.to(torch.int32)[..., None] >> places).bitwise_and_(1)
        return bits.to(self.dtype).mul_(-2.0).add_(1.0)

    @staticmethod
    def plain_signs(shape, device, dtype):
        """By a generator."""
        return 1.0 - 2.0 * torch.randint(0, 2, shape, device=device).to(dtype)

    def keep(self, name, rate, shape):
        """0 with probability `rate`, else 1, that all examples share."""
        make = partial(self.kept, rate=rate)
        return self.draw(name, shape, 0, make, 32, self.plain_keep(rate))

    def example_keep(self, name, rate, batch, shape):
        """0 with probability `rate`, else 1, [batch, *shape]."""
        make = partial(self.kept, rate=rate)
        return self.of_examples(name, batch, shape, make, 32, self.plain_keep(rate))

    def kept(self, words, rate):
        """One of two words: a number of 52 bits against the rate."""
        words = words.unflatten(1, (2, 2))
        bits = (words[:, :, 0] << 20) | (words[:, :, 1] >> 12)
        uniform = (bits.to(torch.float64) + 0.5) / 2.0**52
        return (uniform >= rate).to(self.dtype)

    @staticmethod
    def plain_keep(rate):
        """By a generator."""
        return lambda shape, device, dtype: (torch.rand(shape, device=device) >= rate).to(dtype)
