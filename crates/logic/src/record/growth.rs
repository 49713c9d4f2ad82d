//! Counters that only grow, and how much they have grown since they were looked at last.

/// Counters by what they count.
#[derive(Debug, Clone)]
pub struct Growth<K>(Vec<(K, u64)>);

impl<K> Default for Growth<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Copy + PartialEq> Growth<K> {
    /// Takes in where the counters are, and returns how much they have grown, all together.
    ///
    /// A counter that is new, or smaller than it was, began at zero since the last look.
    pub fn look(&mut self, now: impl IntoIterator<Item = (K, u64)>) -> u64 {
        let now: Vec<_> = now.into_iter().collect();
        let before = |key: K| self.0.iter().find(|(other, _)| *other == key).map_or(0, |(_, count)| *count);
        let grown = now.iter().map(|(key, count)| count.checked_sub(before(*key)).unwrap_or(*count));
        let grown = grown.fold(0, u64::saturating_add);
        self.0 = now;
        grown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_grow_from_where_they_were_and_from_zero_where_they_begin_anew() {
        let mut growth = Growth::default();
        assert_eq!(growth.look([(1, 100), (2, 50)]), 150);
        assert_eq!(growth.look([(1, 130), (2, 50)]), 30);
        // One begins anew, another comes.
        assert_eq!(growth.look([(1, 10), (2, 50), (3, 5)]), 15);
        assert_eq!(growth.look([]), 0);
        assert_eq!(growth.look([(1, 12)]), 12);
    }
}
