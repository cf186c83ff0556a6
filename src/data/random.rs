//! Random integers that need no state: the n-th draw of a key is a function of both.
//!
//! The mixing function is splitmix64's (Steele, Lea, Flood, "Fast splittable pseudorandom number
//! generators", OOPSLA 2014).

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The draws of one key, in order.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    state: u64,
}

/// splitmix64's finaliser: a bijection of 64-bit words whose every output bit depends on every input bit.
pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Stream {
    /// The stream of the key (`seed`, `index`): another key is another stream.
    pub fn new(seed: u64, index: u64) -> Self {
        Stream {
            state: mix(mix(seed.wrapping_add(GOLDEN)).wrapping_add(index.wrapping_mul(GOLDEN))),
        }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// A whole number below `n`; its bias is below n / 2^64.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// A whole number from `low` to `high`, both included.
    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.below((high - low + 1) as u64) as i32
    }

    /// A number from 0 up to, and without, 1, with 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A random order of `items`, by Fisher and Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_splitmix64s() {
        // The reference implementation's first outputs from state 0.
        let mut stream = Stream { state: 0 };
        assert_eq!(stream.bits(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(stream.bits(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn draws_stay_in_range() {
        let mut stream = Stream::new(1, 2);
        let mut seen = [0; 5];
        for _ in 0..1000 {
            seen[stream.below(5) as usize] += 1;
            assert!((-3..=4).contains(&stream.between(-3, 4)));
            assert!((0.0..1.0).contains(&stream.unit()));
        }
        assert!(seen.iter().all(|&n| n > 140), "{seen:?}");
    }
}
