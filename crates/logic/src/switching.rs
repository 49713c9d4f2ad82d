//! Whose packets a viewer is sent while it goes from one rung to another: the old one's until the new one's key
//! unit, and never the two mixed, though each comes on a thread of its own.

/// What to do with packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The viewer is not sent them.
    Drop,
    /// The viewer is sent them, and [`Switch::done`] told what came of it; whether something begins anew with them.
    Send {
        /// What comes before them is another rung's, or was left out.
        begins: bool,
    },
    /// They are in time, but something else is still under way: ask again when [`Switch::done`] was called.
    Wait,
}

/// One viewer's way between the rungs of a stream, which are known by number.
#[derive(Debug, Clone, Default)]
pub struct Switch {
    current: Option<u64>,
    next: Option<u64>,
    /// The one that was sent before and has not been left yet.
    before: Option<u64>,
    /// Until the first key unit, and again when packets were dropped.
    awaits_key_unit: bool,
    /// Packets are on their way to the transport.
    under_way: bool,
    /// The last packets were not the last of their frame.
    within_frame: bool,
}

impl Switch {
    /// A rung's packets are welcome: at once where there is no other, else from its next key unit on. The viewer goes
    /// to no third rung then.
    pub fn enter(&mut self, rung: u64) {
        if self.current == Some(rung) {
            self.next = None;
        } else if self.current.is_some() {
            self.next = Some(rung);
        } else {
            self.current = Some(rung);
            self.next = None;
            self.awaits_key_unit = true;
        }
    }

    /// A rung's packets are not welcome any more. Whoever was sent them goes on with another that is welcome, at a key
    /// unit.
    pub fn leave(&mut self, rung: u64) {
        self.next = self.next.filter(|next| *next != rung);
        self.before = self.before.filter(|before| *before != rung);
        if self.current == Some(rung) {
            self.current = None;
            self.within_frame = false;
            let next = self.next;
            if let Some(other) = self.before.take().or(next) {
                self.enter(other);
                self.next = next.filter(|next| *next != other);
            }
        }
    }

    /// The rung that the viewer is sent.
    pub fn current(&self) -> Option<u64> {
        self.current
    }

    /// Whether the viewer waits for a key unit of this rung.
    pub fn awaits(&self, rung: u64) -> bool {
        self.next == Some(rung) || self.current == Some(rung) && self.awaits_key_unit
    }

    /// Whether the viewer is between two rungs.
    pub fn is_between(&self) -> bool {
        self.next.is_some()
    }

    /// Packets of a rung; whether they begin a key unit. Who has waited for long enough is `impatient`, and does not
    /// wait for the rest of another rung's frame any more.
    pub fn offer(&mut self, rung: u64, key_unit: bool, impatient: bool) -> Verdict {
        let changes = self.next == Some(rung);
        let skipped = self.current == Some(rung) && self.awaits_key_unit;
        if !changes && self.current != Some(rung) || (changes || skipped) && !key_unit {
            return Verdict::Drop;
        }
        if self.under_way || changes && self.within_frame && !impatient {
            return if impatient { Verdict::Drop } else { Verdict::Wait };
        }
        if changes {
            self.before = std::mem::replace(&mut self.current, self.next.take());
        }
        self.awaits_key_unit = false;
        self.under_way = true;
        Verdict::Send { begins: changes || skipped }
    }

    /// What came of packets that were to be sent: whether the transport took them, and whether they end their frame.
    pub fn done(&mut self, rung: u64, taken: bool, ends_frame: bool) {
        self.under_way = false;
        // It may have been left meanwhile.
        if self.current == Some(rung) {
            self.within_frame = taken && !ends_frame;
            self.awaits_key_unit |= !taken;
        }
    }

    /// Packets that the transport had taken were dropped after all.
    pub fn dropped(&mut self) {
        self.awaits_key_unit = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: Verdict = Verdict::Send { begins: false };
    const BEGINS: Verdict = Verdict::Send { begins: true };

    /// Offers a whole frame that the transport takes.
    fn frame(switch: &mut Switch, rung: u64, key_unit: bool) -> Verdict {
        let verdict = switch.offer(rung, key_unit, false);
        if matches!(verdict, Verdict::Send { .. }) {
            switch.done(rung, true, true);
        }
        verdict
    }

    fn watching(rung: u64) -> Switch {
        let mut switch = Switch::default();
        switch.enter(rung);
        assert_eq!(frame(&mut switch, rung, true), BEGINS);
        switch
    }

    #[test]
    fn a_viewer_begins_at_a_key_unit() {
        let mut switch = Switch::default();
        switch.enter(1);
        assert!(switch.awaits(1));
        assert_eq!(frame(&mut switch, 1, false), Verdict::Drop);
        assert_eq!(frame(&mut switch, 1, true), BEGINS);
        assert_eq!(frame(&mut switch, 1, false), SENT);
        assert_eq!(frame(&mut switch, 1, true), SENT);
        assert!(!switch.awaits(1));
    }

    #[test]
    fn the_old_rung_is_sent_until_the_key_unit_of_the_new_one_and_not_after() {
        let mut switch = watching(1);
        switch.enter(2);
        assert!(switch.awaits(2) && switch.is_between());
        assert_eq!(frame(&mut switch, 1, false), SENT);
        assert_eq!(frame(&mut switch, 2, false), Verdict::Drop);
        assert_eq!(frame(&mut switch, 2, true), BEGINS);
        assert_eq!(frame(&mut switch, 1, true), Verdict::Drop);
        assert_eq!(frame(&mut switch, 2, false), SENT);
        assert_eq!(switch.current(), Some(2));
        switch.leave(1);
        assert_eq!(frame(&mut switch, 2, false), SENT);
    }

    #[test]
    fn a_key_unit_waits_for_what_is_under_way_and_for_the_rest_of_a_frame() {
        let mut switch = watching(1);
        switch.enter(2);
        assert_eq!(switch.offer(1, false, false), SENT);
        assert_eq!(switch.offer(2, true, false), Verdict::Wait);
        switch.done(1, true, false);
        assert_eq!(switch.offer(2, true, false), Verdict::Wait);
        assert_eq!(switch.offer(1, false, false), SENT);
        switch.done(1, true, true);
        assert_eq!(switch.offer(2, true, false), BEGINS);
    }

    #[test]
    fn patience_ends_with_a_frame_that_is_not_completed_but_two_rungs_are_never_mixed() {
        let mut switch = watching(1);
        switch.enter(2);
        assert_eq!(switch.offer(1, false, false), SENT);
        assert_eq!(switch.offer(2, true, true), Verdict::Drop);
        assert!(switch.awaits(2));
        switch.done(1, true, false);
        assert_eq!(switch.offer(2, true, true), BEGINS);
    }

    #[test]
    fn a_viewer_whose_transport_takes_nothing_goes_on_at_a_key_unit() {
        let mut switch = watching(1);
        assert_eq!(switch.offer(1, false, false), SENT);
        switch.done(1, false, true);
        assert_eq!(frame(&mut switch, 1, false), Verdict::Drop);
        assert_eq!(frame(&mut switch, 1, true), BEGINS);
        switch.dropped();
        assert_eq!(frame(&mut switch, 1, false), Verdict::Drop);
    }

    #[test]
    fn a_viewer_who_is_called_back_stays_where_it_is() {
        let mut switch = watching(1);
        switch.enter(2);
        switch.enter(1);
        assert!(!switch.is_between());
        assert_eq!(frame(&mut switch, 1, false), SENT);
        assert_eq!(frame(&mut switch, 2, true), Verdict::Drop);
        switch.enter(2);
        switch.leave(2);
        assert_eq!(frame(&mut switch, 2, true), Verdict::Drop);
    }

    #[test]
    fn a_viewer_who_has_changed_over_and_is_called_back_goes_on_with_the_old_rung() {
        let mut switch = watching(1);
        switch.enter(2);
        assert_eq!(frame(&mut switch, 2, true), BEGINS);
        // Nobody has noticed that it changed over.
        switch.leave(2);
        assert!(switch.awaits(1));
        assert_eq!(frame(&mut switch, 1, false), Verdict::Drop);
        assert_eq!(frame(&mut switch, 1, true), BEGINS);
        assert_eq!(frame(&mut switch, 1, false), SENT);
        switch.enter(2);
        assert_eq!(frame(&mut switch, 2, true), BEGINS);
        // Or on the way to a third.
        switch.enter(3);
        switch.leave(2);
        assert!(switch.awaits(1) && switch.awaits(3));
        assert_eq!(frame(&mut switch, 3, true), BEGINS);
        switch.leave(1);
        switch.leave(3);
        assert_eq!(switch.current(), None);
    }

    #[test]
    fn a_rung_that_ends_leaves_its_viewers_to_the_next() {
        let mut switch = watching(1);
        switch.enter(2);
        assert_eq!(switch.offer(1, false, false), SENT);
        switch.leave(1);
        switch.done(1, true, false);
        assert!(switch.awaits(2) && !switch.is_between());
        assert_eq!(frame(&mut switch, 2, true), BEGINS);
        switch.leave(2);
        assert_eq!(frame(&mut switch, 2, true), Verdict::Drop);
        assert_eq!(switch.current(), None);
    }
}
