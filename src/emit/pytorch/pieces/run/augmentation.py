class Augmentation:
    """Training images mirrored and cropped at random, with the draws of bnnc: keyed by seed, step
    and row.
    """

    def __init__(self, flip, padding, fill):
        self.flip, self.padding, self.fill = flip, padding, fill

    def __call__(self, images, rows, seed, step):
        """Images [B, H, W, C], which are in these rows of the data, as the step sees them."""
        _, height, width, _ = images.shape
        key = int(mixed_key(seed, 0x6175676D656E7400)) ^ int(mixed_key(step, 0))
        words = random_words(key, rows, 3)
        mirrored = (
            whole_numbers_below(words[:, 0], 2).astype(np.int64)
            if self.flip
            else np.zeros(len(rows), np.int64)
        )
        offset = (
            whole_numbers_below(words[:, 1:], 2 * self.padding + 1).astype(np.int64) - self.padding
        )
        x = np.arange(width) * (1 - 2 * mirrored[:, None]) + (width - 1) * mirrored[:, None]
        y, inside_y = self.places(np.arange(height) + offset[:, :1], height)
        x, inside_x = self.places(x + offset[:, 1:], width)
        inside = torch.from_numpy(inside_y[:, :, None] & inside_x[:, None, :]).to(images.device)
        y, x = (torch.from_numpy(places).to(images.device) for places in [y, x])
        image = torch.arange(len(images), device=images.device)[:, None, None]
        return images[image, y[:, :, None], x[:, None, :]] * inside[..., None]

    def places(self, at, size):
        """Where the pixels at `at` come from, and whether they are pixels of the image."""
        if self.fill == "reflect":
            at = np.abs(at)
            return np.where(at > size - 1, 2 * (size - 1) - at, at), np.ones(at.shape, bool)
        return np.clip(at, 0, size - 1), (0 <= at) & (at < size)
