//! The random numbers of a chain: streams keyed by seed, iteration, chain and use.

use crate::tensor::Stream;

/// What a stream is for. The numbers are far from those that parameters of a network use.
#[derive(Clone, Copy)]
pub(super) enum Use {
    /// The momentum at the start of a transition.
    Momentum = 0x5A00,
    /// Acceptance; directions and choices of NUTS.
    Choice = 0x5A01,
    /// The momenta of the search for a first step size.
    StepSize = 0x5A02,
}

/// The random numbers of one iteration of a chain.
#[derive(Clone, Copy)]
pub(super) struct Random {
    pub seed: u64,
    pub chain: u32,
    pub iteration: u64,
}

impl Random {
    /// The stream for a use.
    pub fn stream(&self, use_: Use) -> Stream {
        Stream::new(self.seed, self.iteration, self.chain, use_ as u32)
    }

    /// The uniform numbers for acceptance, directions and choices.
    pub fn uniforms(&self) -> Uniforms {
        Uniforms {
            stream: self.stream(Use::Choice),
            buffer: [0.0; BUFFER],
            next: 0,
        }
    }
}

const BUFFER: usize = 32;

/// The uniform numbers of a stream, one after the other.
pub(super) struct Uniforms {
    stream: Stream,
    buffer: [f64; BUFFER],
    next: usize,
}

impl Uniforms {
    /// The next number, above 0 and below 1.
    pub fn next(&mut self) -> f64 {
        let place = self.next % BUFFER;
        if place == 0 {
            self.stream.fill_uniform(self.next, &mut self.buffer);
        }
        self.next += 1;
        self.buffer[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_stream_in_their_order() {
        let random = Random {
            seed: 3,
            chain: 1,
            iteration: 7,
        };
        let mut all = [0.0; 3 * BUFFER];
        random.stream(Use::Choice).fill_uniform(0, &mut all);
        let mut uniforms = random.uniforms();
        for number in all {
            assert_eq!(uniforms.next(), number);
        }
    }
}
