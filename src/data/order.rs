//! The order in which an epoch visits the examples.

use super::random::{Stream, mix};

/// The positions `0..n` in the order of `epoch`: a function of its arguments alone, so that a resumed
/// run visits the examples as the uninterrupted one does.
pub fn epoch_order(n: usize, seed: u64, epoch: u64) -> Vec<u32> {
    let n = u32::try_from(n).expect("fewer than 2^32 examples");
    let mut order: Vec<u32> = (0..n).collect();
    Stream::new(mix(seed ^ 0x6f72_6465_7200_0000), epoch).shuffle(&mut order);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_permutation_of_its_own() {
        let order = epoch_order(1000, 7, 3);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).collect::<Vec<u32>>());
        assert_eq!(order, epoch_order(1000, 7, 3));
        assert_ne!(order, epoch_order(1000, 7, 4));
        assert_ne!(order, epoch_order(1000, 8, 3));
        assert!(epoch_order(0, 1, 1).is_empty());
    }

    #[test]
    fn every_permutation_is_as_likely() {
        let mut counts = std::collections::HashMap::new();
        for epoch in 0..24_000 {
            *counts.entry(epoch_order(4, 1, epoch)).or_insert(0u32) += 1;
        }
        assert_eq!(counts.len(), 24);
        // 1000 each is expected, with a standard deviation of 31.
        assert!(
            counts.values().all(|&n| n.abs_diff(1000) < 150),
            "{counts:?}"
        );
    }
}
