//! The draws that a sampler keeps, by chain, and what it measured at each.
//!
//! A checkpoint has the draws of chain k as `chain.k/dense_1.kernel.loc`, whose first axis is the draw, and what was
//! measured at each as `sample_stats.k/energy`.

use super::points::Points;
use crate::engine::{Numbers, Section, sections};
use crate::plan::Plan;
use crate::tensor::Shape;
use crate::words::{plural, thousands};
use std::sync::Arc;

/// Draws of the variables, in chains.
pub(super) struct Kept {
    plan: Arc<Plan>,
    chains: Vec<Chain>,
    /// How many draws there is room for in each chain.
    room: usize,
    /// The names of what is measured at each draw.
    measures: &'static [&'static str],
    /// Where the first chain that goes on is: what predicts before there are draws.
    current: Vec<f32>,
    /// The places of `room` draws in an order of which every beginning is spread over all.
    order: Vec<usize>,
}

/// The draws of a chain.
struct Chain {
    /// Of each variable all draws, one after the other.
    values: Vec<f32>,
    /// Of each measure all draws.
    measured: Vec<f64>,
    /// How many draws there are, as a section holds it.
    count: [f32; 1],
    /// Whether they are left out, as a section holds it: 1 if they are.
    left_out: [f32; 1],
}

impl Kept {
    /// Room for the draws that the plan's method keeps, of `trainable` variables each.
    pub fn new(plan: Arc<Plan>, measures: &'static [&'static str]) -> Kept {
        let arguments = &plan.inference.method.arguments;
        let (chains, room) = (arguments.count("chains"), arguments.count("draws"));
        let chain = || Chain {
            values: vec![0.0; room * plan.trainable()],
            measured: vec![0.0; room * measures.len()],
            count: [0.0],
            left_out: [0.0],
        };
        Kept {
            chains: (0..chains).map(|_| chain()).collect(),
            room,
            measures,
            current: vec![0.0; plan.trainable()],
            order: spread(room),
            plan,
        }
    }

    /// The bytes of all draws.
    pub fn bytes(plan: &Plan, measures: usize) -> u64 {
        let arguments = &plan.inference.method.arguments;
        let draws =
            (arguments.count("chains") as u64).saturating_mul(arguments.count("draws") as u64);
        draws.saturating_mul(
            (size_of::<f32>() * plan.trainable() + size_of::<f64>() * measures) as u64,
        )
    }

    /// Keeps a draw of a chain, if there is room, with what was measured at it.
    pub fn keep(&mut self, chain: usize, variables: impl Iterator<Item = f32>, measured: &[f64]) {
        let room = self.room;
        let kept = &mut self.chains[chain];
        let at = kept.count[0] as usize;
        if at == room {
            return;
        }
        let mut values = variables;
        for variable in &self.plan.variables {
            let (start, len) = (variable.range.start * room, variable.range.len());
            let to = &mut kept.values[start + at * len..][..len];
            to.iter_mut()
                .zip(&mut values)
                .for_each(|(to, value)| *to = value);
        }
        for (number, value) in measured.iter().enumerate() {
            kept.measured[number * room + at] = *value;
        }
        kept.count = [(at + 1) as f32];
    }

    /// Where the first chain that goes on is.
    pub fn set_current(&mut self, variables: &[f32]) {
        self.current.copy_from_slice(variables);
    }

    /// Leaves a chain out of predictions.
    pub fn leave_out(&mut self, chain: usize) {
        self.chains[chain].left_out = [1.0];
    }

    /// The numbers of the chains that predict: those with draws that are not left out.
    pub fn chains(&self) -> Vec<usize> {
        let taken = |chain: &Chain| chain.count[0] > 0.0 && chain.left_out[0] == 0.0;
        let chains = self.chains.iter().enumerate();
        chains
            .filter(|(_, chain)| taken(chain))
            .map(|(number, _)| number)
            .collect()
    }

    /// How many chains there are, those among them that are left out.
    pub fn all(&self) -> usize {
        self.chains.len()
    }

    /// The number of draws that predict.
    pub fn total(&self) -> usize {
        self.chains().iter().map(|chain| self.count(*chain)).sum()
    }

    /// `2,000 in 4 chains`, and what it means for R-hat where these all started from another run.
    pub fn said(&self, start_alike: bool) -> String {
        let chains = self.chains().len();
        let alike = match start_alike && chains > 1 {
            true => {
                ", all from one start: chains that did not start apart may agree, and R-hat be near 1, before they have \
                 come to the posterior"
            }
            false => "",
        };
        format!(
            "{} in {}{alike}",
            thousands(self.total()),
            plural(chains, "chain")
        )
    }

    /// The number of draws of a chain.
    pub fn count(&self, chain: usize) -> usize {
        self.chains[chain].count[0] as usize
    }

    /// Whether there is a measure of this name.
    pub fn has(&self, name: &str) -> bool {
        self.measures.contains(&name)
    }

    /// One measure at the draws of a chain.
    pub fn measured(&self, chain: usize, name: &str) -> &[f64] {
        let number = self.measures.iter().position(|own| *own == name);
        let start = number.expect("a measure") * self.room;
        &self.chains[chain].measured[start..][..self.count(chain)]
    }

    /// Writes a draw of a chain to `variables`.
    pub fn read(&self, chain: usize, draw: usize, variables: &mut [f32]) {
        for variable in &self.plan.variables {
            let (start, len) = (variable.range.start * self.room, variable.range.len());
            let from = &self.chains[chain].values[start + draw * len..][..len];
            variables[variable.range.clone()].copy_from_slice(from);
        }
    }

    /// The chain and the place in it of draw number `draw`, if there are draws: chains take turns, and the first draws of
    /// a chain are spread over all of it.
    pub fn place(&self, draw: usize) -> Option<[usize; 2]> {
        let chains = self.chains();
        let chain = *chains.get(draw % chains.len().max(1))?;
        let count = self.count(chain);
        let turn = draw / chains.len() % count;
        let mut places = self.order.iter().filter(|place| **place < count);
        places.nth(turn).map(|place| [chain, *place])
    }
}

/// The numbers below `n` by their binary digits read backwards.
fn spread(n: usize) -> Vec<usize> {
    let width = n.next_power_of_two();
    let digits = width.trailing_zeros();
    let reversed = (0..width).map(|i| match digits {
        0 => 0,
        digits => i.reverse_bits() >> (usize::BITS - digits),
    });
    reversed.filter(|i| *i < n).collect()
}

impl Points for Kept {
    fn draw(&mut self, draw: usize, _: u64, variables: &mut [f32]) {
        match self.place(draw) {
            Some([chain, place]) => self.read(chain, place, variables),
            None => variables.copy_from_slice(&self.current),
        }
    }
    /// The draw of the highest log density, or the last one where it was not measured. A mean of weights is no network
    /// of the posterior: units of draws change places and signs.
    fn centre(&mut self, variables: &mut [f32]) {
        let chains = self.chains();
        let best = match self.has("lp") {
            true => {
                let of_chain = |chain: &usize| {
                    let measured = self.measured(*chain, "lp").iter().enumerate();
                    let placed = measured.map(|(draw, lp)| (*lp, *chain, draw));
                    placed.collect::<Vec<_>>()
                };
                let all = chains.iter().flat_map(of_chain);
                let best = all.reduce(|best, next| if next.0 > best.0 { next } else { best });
                best.map(|(_, chain, draw)| [chain, draw])
            }
            false => chains.last().map(|chain| [*chain, self.count(*chain) - 1]),
        };
        match best {
            Some([chain, draw]) => self.read(chain, draw, variables),
            None => variables.copy_from_slice(&self.current),
        }
    }
    fn draws(&self, asked: usize) -> usize {
        asked.min(self.total())
    }
    fn sections(&mut self) -> Vec<Section<'_>> {
        let mut all = sections("current/", &self.plan.variables, &mut self.current);
        for (number, chain) in (1..).zip(&mut self.chains) {
            let of_chain = sections_of(
                &format!("chain.{number}/"),
                &self.plan,
                self.room,
                &mut chain.values,
            );
            all.extend(of_chain);
            all.push(Section::number(
                &format!("chain.{number}/draws"),
                &mut chain.count,
            ));
            all.push(Section::number(
                &format!("chain.{number}/left_out"),
                &mut chain.left_out,
            ));
            let measured = chain.measured.chunks_mut(self.room).zip(self.measures);
            all.extend(measured.map(|(values, name)| Section {
                name: format!("sample_stats.{number}/{name}"),
                shape: Shape(vec![values.len()]),
                values: Numbers::F64(values),
            }));
        }
        all
    }
    fn chain_of(&self, draw: usize) -> Option<[usize; 2]> {
        self.place(draw)
    }
    fn statistics(&self) -> Vec<(&'static str, Vec<Vec<f64>>)> {
        let of = |name: &&'static str| {
            let chain = |chain: usize| self.measured(chain, name).to_vec();
            (*name, (0..self.chains.len()).map(chain).collect())
        };
        self.measures.iter().map(of).collect()
    }
}

/// A section for each variable, of all draws.
fn sections_of<'a>(
    prefix: &str,
    plan: &Plan,
    room: usize,
    mut values: &'a mut [f32],
) -> Vec<Section<'a>> {
    let section = |variable: &crate::plan::Variable| Section {
        name: format!("{prefix}{}", variable.name),
        shape: Shape([&[room], &variable.shape.0[..]].concat()),
        values: Numbers::F32(
            values
                .split_off_mut(..room * variable.range.len())
                .expect("as many values as the variables have"),
        ),
    };
    plan.variables.iter().map(section).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_beginning_of_the_order_is_spread() {
        assert_eq!(spread(1), [0]);
        assert_eq!(spread(6), [0, 4, 2, 1, 5, 3]);
        let order = spread(1000);
        let mut sorted = order.clone();
        sorted.sort();
        assert!(sorted.into_iter().eq(0..1000));
        let mut first = order[..10].to_vec();
        first.sort();
        assert!(
            first.windows(2).all(|pair| pair[1] - pair[0] < 200),
            "{first:?}"
        );
    }
}
