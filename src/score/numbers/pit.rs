//! Whether probability integral transforms are uniform, as those of calibrated distributions are.
//!
//! A target's transform is its level P(Y <= y). A count has a jump there, from P(Y < y) on: in place of a random level
//! within it its mass is spread over the jump (Czado, Gneiting and Held 2009).

use crate::score::{About, Better, Outcomes, Score, Unit, Weighted};

/// A jump of less is one level.
const JUMP: f64 = 1e-9;

/// The largest distance of the transforms' distribution function to the uniform one.
pub struct PitDistance;

/// What happens at a level: the share of an entry's mass that comes there at once, and its density from there on.
struct Event {
    level: f64,
    example: usize,
    mass: f64,
    density: f64,
}

impl Score for PitDistance {
    fn about(&self) -> &'static About {
        &About {
            name: "pit_distance",
            what: "largest gap of the targets' levels to uniform ones, 0 to 1",
            scheme: Some(
                "distance of Kolmogorov and Smirnov; a count is spread over its jump of the distribution function",
            ),
            source: "Dawid 1984",
            unit: Unit::Plain,
            better: Better::Lower,
        }
    }

    fn of<'a>(&self, outcomes: &'a Outcomes) -> Option<Weighted<'a>> {
        let levels = &outcomes.predicted.levels;
        if !outcomes.of_numbers() || levels.is_empty() {
            return None;
        }
        let entries = outcomes.entries();
        let mut events = vec![];
        for (at, [below, upto]) in levels.iter().enumerate() {
            let mut add = |level: f64, mass: f64, density: f64| {
                events.push(Event {
                    level,
                    example: at / entries,
                    mass: mass / entries as f64,
                    density: density / entries as f64,
                });
            };
            match upto - below {
                jump if jump < JUMP => add(*upto, 1.0, 0.0),
                jump => {
                    add(*below, 0.0, 1.0 / jump);
                    add(*upto, 0.0, -1.0 / jump);
                }
            }
        }
        events.sort_by(|a, b| a.level.total_cmp(&b.level));
        Some(Box::new(move |weights| {
            let all: f64 = weights.iter().sum();
            let (mut level, mut share, mut density, mut largest) = (0.0, 0.0, 0.0, 0.0f64);
            for event in &events {
                share += density * (event.level - level);
                level = event.level;
                largest = largest.max((share - level).abs());
                let weight = weights[event.example] / all;
                share += weight * event.mass;
                density += weight * event.density;
                // Of those of one level the last has them all, and none before is farther off than before or after.
                largest = largest.max((share - level).abs());
            }
            largest
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::tests::{of_levels, value};

    #[test]
    fn a_level_for_each_part_is_as_uniform_as_may_be() {
        let n = 20;
        let levels = |of: &dyn Fn(f64) -> f64| -> Vec<[f64; 2]> {
            (0..n)
                .map(|i| [of((i as f64 + 0.5) / n as f64); 2])
                .collect()
        };
        let found = |of: &dyn Fn(f64) -> f64| value(&PitDistance, &of_levels(&levels(of)));
        assert!((found(&|u| u) - 0.5 / n as f64).abs() < 1e-12);
        // All in the middle.
        assert!((found(&|_| 0.5) - 0.5).abs() < 1e-12);
        assert_eq!(found(&|_| 1.0), 1.0);
    }

    /// Counts that fill the levels from 0 to 1 are uniform, whatever their jumps.
    #[test]
    fn counts_are_spread_over_their_jumps() {
        let all = [[0.0, 0.3], [0.3, 0.3 + 1e-12], [0.3, 1.0]];
        let weights = [3.0, 0.0, 7.0];
        let found = PitDistance.of(&of_levels(&all)).unwrap()(&weights);
        assert!(found < 1e-12, "{found}");
        let first = PitDistance.of(&of_levels(&all)).unwrap()(&[1.0, 0.0, 0.0]);
        assert!((first - 0.7).abs() < 1e-12, "{first}");
    }
}
