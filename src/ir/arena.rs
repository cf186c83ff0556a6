//! Typed arenas: a `Handle<Node>` can only be used where a node is meant.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};
use std::{slice, vec};

/// The place of a `T` in its [`Arena`], and of what belongs to it in a [`Table`].
pub struct Handle<T>(u32, PhantomData<fn() -> T>);

impl<T> Handle<T> {
    /// The handle of the value that was inserted after `index` others.
    pub(super) fn at(index: usize) -> Self {
        Handle(index as u32, PhantomData)
    }

    /// Position in the arena, in order of insertion.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Handle<T> {}
impl<T> PartialEq for Handle<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Handle<T> {}
impl<T> PartialOrd for Handle<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Handle<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T> Hash for Handle<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Values that refer to each other by handle, in order of insertion.
pub type Arena<T> = Table<T, T>;

/// A `V` for each `K` of an arena, found by the handle of the `K`.
pub struct Table<K, V>(Vec<V>, PhantomData<fn() -> K>);

impl<K, V> Table<K, V> {
    /// Without values, with room for `capacity` of them.
    pub fn with_capacity(capacity: usize) -> Self {
        Table(Vec::with_capacity(capacity), PhantomData)
    }

    /// Adds a value.
    pub fn push(&mut self, value: V) -> Handle<K> {
        self.0.push(value);
        Handle::at(self.0.len() - 1)
    }

    /// Handles and values, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Handle<K>, &V)> + ExactSizeIterator {
        let entries = self.0.iter().enumerate();
        entries.map(|(i, value)| (Handle::at(i), value))
    }

    /// The handles, in order.
    pub fn handles(&self) -> impl DoubleEndedIterator<Item = Handle<K>> + use<K, V> {
        (0..self.0.len()).map(Handle::at)
    }

    /// The values, in order.
    pub fn values(&self) -> slice::Iter<'_, V> {
        self.0.iter()
    }

    /// [`Table::values`], to write.
    pub fn values_mut(&mut self) -> slice::IterMut<'_, V> {
        self.0.iter_mut()
    }

    /// What `value` makes of each handle and value.
    pub fn map<U>(&self, mut value: impl FnMut(Handle<K>, &V) -> U) -> Table<K, U> {
        self.iter().map(|(handle, v)| value(handle, v)).collect()
    }

    /// The last value.
    pub fn last(&self) -> Option<&V> {
        self.0.last()
    }

    /// [`Table::last`], to write.
    pub fn last_mut(&mut self) -> Option<&mut V> {
        self.0.last_mut()
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K, V> IntoIterator for Table<K, V> {
    type Item = V;
    type IntoIter = vec::IntoIter<V>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<K, V> FromIterator<V> for Table<K, V> {
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
        Table(values.into_iter().collect(), PhantomData)
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table(Vec::new(), PhantomData)
    }
}

impl<K, V: Clone> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        Table(self.0.clone(), PhantomData)
    }
}

impl<K, V: fmt::Debug> fmt::Debug for Table<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<K, V> Index<Handle<K>> for Table<K, V> {
    type Output = V;
    fn index(&self, handle: Handle<K>) -> &V {
        &self.0[handle.index()]
    }
}

impl<K, V> IndexMut<Handle<K>> for Table<K, V> {
    fn index_mut(&mut self, handle: Handle<K>) -> &mut V {
        &mut self.0[handle.index()]
    }
}
