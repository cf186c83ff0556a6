def splitmix(words):
    """The finalizer of splitmix64 (Steele, Lea, Flood 2014), of an array of uint64."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


GOLDEN_RATIO = np.uint64(0x9E3779B97F4A7C15)


def random_words(key, index, count):
    """The first `count` words of the stream (key, index): [count], or [streams, count] of an array
    of indices.
    """
    with np.errstate(over="ignore"):
        key = splitmix(np.atleast_1d(np.uint64(key)) + GOLDEN_RATIO)
        state = splitmix(key + np.asarray(index, np.uint64) * GOLDEN_RATIO)
        places = np.arange(1, count + 1, dtype=np.uint64) * GOLDEN_RATIO
        words = splitmix(state[:, None] + places)
    return words if np.ndim(index) else words[0]


def whole_numbers_below(words, limit):
    """Whole numbers below `limit`, less than 2^32: the upper half of word * limit."""
    low, limit = np.uint64(0xFFFFFFFF), np.asarray(limit, np.uint64)
    half = np.uint64(32)
    return ((words >> half) * limit + (((words & low) * limit) >> half)) >> half


def mixed_key(seed, use):
    """The key of a use of random words under a seed."""
    return splitmix(np.array([(seed ^ use) & 0xFFFFFFFFFFFFFFFF], np.uint64))[0]


def shuffled(n, key, index):
    """The numbers 0 to n - 1 in a random order, by Fisher and Yates."""
    order = list(range(n))
    last = range(n - 1, 0, -1)
    others = whole_numbers_below(
        random_words(key, index, max(n - 1, 0)), np.arange(n, 1, -1)
    ).tolist()
    for place, other in zip(last, others):
        order[place], order[other] = order[other], order[place]
    return np.array(order, np.int64)


def epoch_order(n, seed, epoch):
    """The order in which an epoch visits n examples: that of bnnc, the same on every process."""
    return shuffled(n, mixed_key(seed, 0x6F72646572000000), epoch)


def set_aside(n, count, seed):
    """The rows to train on and the rows set aside for validation, as bnnc divides them."""
    order = shuffled(n, mixed_key(seed, 0x76616C6964000000), 0)
    return np.sort(order[count:]), np.sort(order[:count])


def generator_seed(seed, step, rank):
    """The seed of torch's own generators at a step: another on every process."""
    return int(random_words(seed, step, rank + 1)[-1] >> np.uint64(1))
