//! Counters that only grow, and how much they have grown since they were looked at last.

/// Counters by what they count.
#[derive(Debug, Clone, Default)]
pub struct Growth<K> {
    known: Vec<(K, u64)>,
    seen: bool,
}

impl<K: Copy + PartialEq> Growth<K> {
    /// Takes in where the counters are, and returns how much they have grown, all together; nothing at the first look.
    ///
    /// A counter that is new, or smaller than it was, began at zero since the last look.
    pub fn look(&mut self, now: impl IntoIterator<Item = (K, u64)>) -> Option<u64> {
        let now: Vec<_> = now.into_iter().collect();
        let before =
            |key: K| self.known.iter().find(|(other, _)| *other == key).map_or(0, |(_, count)| *count);
        let grown = now.iter().map(|(key, count)| count.checked_sub(before(*key)).unwrap_or(*count));
        let grown = grown.fold(0, u64::saturating_add);
        self.known = now;
        std::mem::replace(&mut self.seen, true).then_some(grown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_grow_from_where_they_were_and_from_zero_where_they_begin_anew() {
        let mut growth = Growth::default();
        assert_eq!(growth.look([(1, 100), (2, 50)]), None);
        assert_eq!(growth.look([(1, 130), (2, 50)]), Some(30));
        // One begins anew, another comes.
        assert_eq!(growth.look([(1, 10), (2, 50), (3, 5)]), Some(15));
        assert_eq!(growth.look([]), Some(0));
        assert_eq!(growth.look([(1, 12)]), Some(12));
    }
}
