//! Where a step's time goes, measured if asked for.

use crate::ir::{Handle, Node, Table};
use std::time::{Duration, Instant};

/// Wall time of one step or of several, by pass and layer. What several workers do side by side counts
/// once; within a segment it is shared out by the time that its layers take of the workers.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// Steps so far.
    pub steps: u64,
    /// Noise and signs, scales that no training step has left, and what estimators make of them.
    pub draw: Duration,
    /// Forward.
    pub forward: Table<Node, Duration>,
    /// The likelihood with its gradient.
    pub observe: Duration,
    /// Backward.
    pub backward: Table<Node, Duration>,
    /// Adding the chunks' gradients up.
    pub add_up: Duration,
    /// The terms over the weights, the way from gradients by draws to those by variables, and in training
    /// the optimizer, which takes them as they come, and the scales of the next draw.
    pub terms: Duration,
}

/// Times of the nodes of a segment as one worker sees them, in nanoseconds.
#[derive(Debug, Default)]
pub(super) struct Laps {
    /// Empty where nobody asked.
    nodes: Table<Node, u64>,
    last: Option<Instant>,
}

impl Laps {
    /// Starts anew for these nodes, if times are wanted.
    pub fn start<N>(&mut self, wanted: bool, nodes: &Table<Node, N>) {
        self.last = wanted.then(Instant::now);
        self.nodes = match wanted {
            true => nodes.map(|_, _| 0),
            false => Table::default(),
        };
    }

    /// What passed since the last call was spent on this node.
    #[inline]
    pub fn lap(&mut self, node: Handle<Node>) {
        if let Some(last) = &mut self.last {
            let now = Instant::now();
            self.nodes[node] += (now - *last).as_nanos() as u64;
            *last = now;
        }
    }

    /// Shares `wall` out over the nodes by what the workers spent on them.
    pub fn share<'a>(
        all: impl Iterator<Item = &'a Laps> + Clone,
        wall: Duration,
        to: &mut Table<Node, Duration>,
    ) {
        let total: u64 = all.clone().flat_map(|laps| laps.nodes.values()).sum();
        for node in to.handles() {
            let spent: u64 = all.clone().map(|laps| laps.nodes[node]).sum();
            to[node] += wall.mul_f64(spent as f64 / total.max(1) as f64);
        }
    }
}
