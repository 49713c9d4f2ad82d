//! A set that remembers the order in which its members joined, with cheap removal from the middle.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// Members in the order of joining. Joining again keeps the place; leaving and joining again loses it.
#[derive(Debug)]
pub(crate) struct Roll<T> {
    next: u64,
    members: BTreeMap<u64, T>,
    places: HashMap<T, u64>,
}

impl<T: Clone + Eq + Hash> Roll<T> {
    pub(crate) fn insert(&mut self, member: T) {
        if self.places.contains_key(&member) {
            return;
        }
        self.places.insert(member.clone(), self.next);
        self.members.insert(self.next, member);
        self.next += 1;
    }

    pub(crate) fn remove(&mut self, member: &T) -> bool {
        match self.places.remove(member) {
            Some(place) => self.members.remove(&place).is_some(),
            None => false,
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.members.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

impl<T> Default for Roll<T> {
    fn default() -> Self {
        Self { next: 0, members: BTreeMap::new(), places: HashMap::new() }
    }
}
