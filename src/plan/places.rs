//! Where gradients by values are kept: as few places as do.
//!
//! A gradient is wanted from the first node, going backwards, that writes it until the node that made the value has
//! read it. Then its place is free for another. The gradients of a deep network's chunk stay in cache that way, and those
//! of a whole minibatch take the memory of a few layers.

use super::graph::{Graph, Place, Segment, Storage};
use crate::ir::{Handle, Node};

/// Places that no gradient is in at the time.
#[derive(Default)]
struct Free {
    shared: Vec<Handle<Place>>,
    private: Vec<Handle<Place>>,
}

impl Free {
    fn of(&mut self, shared: bool) -> &mut Vec<Handle<Place>> {
        match shared {
            true => &mut self.shared,
            false => &mut self.private,
        }
    }
}

impl Graph {
    /// Finds a place for the gradient by each storage; those by observed values are written first.
    pub(super) fn find_places(&mut self, observed: &[Handle<Node>]) {
        let mut free = Free::default();
        for node in observed {
            if let Some(storage) = self.nodes[*node].storage {
                self.give_place(storage, &mut free);
            }
        }
        let segments: Vec<Segment> = self.segments.values().rev().cloned().collect();
        for segment in segments {
            // What the whole minibatch has is wanted from one end of the segment to the other.
            let touched = self.touched(&segment);
            let shared = touched.filter(|storage| self.storages[*storage].shared);
            for storage in shared.collect::<Vec<_>>() {
                self.give_place(storage, &mut free);
            }
            for &node in segment.nodes.iter().rev() {
                let step = self.nodes[node].clone();
                let inputs = step
                    .inputs
                    .iter()
                    .map(|input| self.nodes[input.node].storage);
                let all: Vec<Handle<Storage>> = inputs.chain([step.storage]).flatten().collect();
                for storage in all {
                    self.give_place(storage, &mut free);
                }
                if let (Some(storage), false) = (step.storage, step.in_place)
                    && !self.storages[storage].shared
                {
                    free.private.extend(self.storages[storage].place);
                }
            }
            for node in segment.nodes {
                let step = &self.nodes[node];
                if let (Some(storage), false) = (step.storage, step.in_place)
                    && self.storages[storage].shared
                {
                    free.shared.extend(self.storages[storage].place);
                }
            }
        }
    }

    /// Gives the gradient by each storage a place of its own, where it stays until the next backward pass.
    pub(super) fn keep_gradients(&mut self) {
        for storage in self.storages.handles().collect::<Vec<_>>() {
            let Storage {
                len,
                shared,
                gradient,
                ..
            } = self.storages[storage];
            let place = gradient.then(|| self.places.push(Place { len, shared }));
            self.storages[storage].place = place;
        }
    }

    /// The storages whose gradients a segment reads or writes, some several times.
    pub fn touched<'a>(&'a self, segment: &'a Segment) -> impl Iterator<Item = Handle<Storage>> {
        let inputs = segment
            .nodes
            .iter()
            .flat_map(|&node| &self.nodes[node].inputs);
        let inputs = inputs.filter_map(|input| self.nodes[input.node].storage);
        let outputs = segment
            .nodes
            .iter()
            .filter_map(|&node| self.nodes[node].storage);
        inputs.chain(outputs)
    }

    /// Gives a storage's gradient a place, if it has one and is in none: the free one that is closest in length.
    fn give_place(&mut self, storage: Handle<Storage>, free: &mut Free) {
        let Storage {
            len,
            shared,
            gradient,
            place,
        } = self.storages[storage];
        if !gradient || place.is_some() {
            return;
        }
        let free = free.of(shared);
        let closest = (0..free.len()).min_by_key(|&at| self.places[free[at]].len.abs_diff(len));
        let place = match closest {
            Some(at) => free.swap_remove(at),
            None => self.places.push(Place { len, shared }),
        };
        let longest = &mut self.places[place].len;
        *longest = len.max(*longest);
        self.storages[storage].place = Some(place);
    }
}
