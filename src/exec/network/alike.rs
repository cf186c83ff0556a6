//! Dense layers in predictions: the sums of a row have the same bits in whatever rows it comes with.
//!
//! The crate that multiplies matrices adds up a long inner axis in blocks. Their length depends on whether the product
//! is small along both other axes, and a row alone has none. An inner axis of one block leaves no choice, and
//! neither has a single column. Other layers take few enough rows at once for the product to be small, if it can
//! be, and never one. Training takes its minibatch whole, which is faster.

/// The longest inner axis that is always one block.
const ONE_BLOCK: usize = 512;
/// A product with at most so many rows and columns is small.
const SMALL: usize = 64;

/// Whether the bits depend on the number of rows, for a layer from `inputs` to `units`.
fn depend_on_rows([inputs, units]: [usize; 2]) -> bool {
    inputs > ONE_BLOCK && units > 1
}

/// The most rows that such a layer takes at once, of `examples`.
pub fn most(layer: [usize; 2], examples: usize) -> usize {
    match depend_on_rows(layer) && layer[1] <= SMALL {
        true => SMALL,
        false => examples.max(1),
    }
}

/// Does the product `y` of the rows `x`; a row alone where that matters is the first of two that are the same.
pub fn product<T: Copy>(
    [inputs, units]: [usize; 2],
    x: &[T],
    y: &mut [T],
    apply: impl FnOnce(&[T], &mut [T]),
) {
    if x.len() > inputs || !depend_on_rows([inputs, units]) {
        return apply(x, y);
    }
    let mut both = [&*y, &*y].concat();
    apply(&[x, x].concat(), &mut both);
    y.copy_from_slice(&both[..units]);
}
