//! Which stream is in which m-line, while streams come and go.

use crate::codec::MediaKind;

/// The m-lines of one session.
#[derive(Debug, Default)]
pub struct Places {
    lines: Vec<Option<usize>>,
    /// M-lines that nothing is sent in any more, and that another stream of this kind may have.
    vacant: Vec<(usize, MediaKind)>,
}

impl Places {
    /// The stream of each m-line, where there is one.
    pub fn lines(&self) -> &[Option<usize>] {
        &self.lines
    }

    /// A place for a stream: one that was left, or the next.
    pub fn find(&self, kind: MediaKind) -> usize {
        let left = self.vacant.iter().find(|(_, other)| *other == kind);
        left.map_or(self.lines.len(), |(m_line, _)| *m_line)
    }

    /// A stream takes an m-line.
    pub fn take(&mut self, m_line: usize, stream: usize) {
        self.reach(m_line + 1);
        if let Some(line) = self.lines.get_mut(m_line) {
            *line = Some(stream);
        }
        self.vacant.retain(|(other, _)| *other != m_line);
    }

    /// There are this many m-lines, whether anything is in them or not.
    pub fn reach(&mut self, count: usize) {
        self.lines.resize(count.max(self.lines.len()), None);
    }

    /// The stream of an m-line is gone; another one of this kind may come there.
    pub fn leave(&mut self, m_line: usize, next: Option<MediaKind>) {
        if let Some(line) = self.lines.get_mut(m_line) {
            *line = None;
            self.vacant.extend(next.map(|kind| (m_line, kind)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_was_left_is_found_by_another_of_its_kind() {
        let mut places = Places::default();
        places.take(0, 0);
        places.take(1, 1);
        places.leave(0, Some(MediaKind::Video));
        assert_eq!((places.find(MediaKind::Video), places.find(MediaKind::Audio)), (0, 2));
    }

    #[test]
    fn a_place_that_nobody_may_have_stays_empty() {
        let mut places = Places::default();
        places.take(0, 0);
        places.leave(0, None);
        assert_eq!((places.find(MediaKind::Video), places.lines()), (1, &[None][..]));
    }

    #[test]
    fn a_place_that_someone_took_is_not_found_any_more() {
        let mut places = Places::default();
        places.take(0, 0);
        places.leave(0, Some(MediaKind::Video));
        // As the peer's own offer has it, not as it was found.
        places.reach(2);
        places.take(0, 1);
        assert_eq!((places.find(MediaKind::Video), places.lines()), (2, &[Some(1), None][..]));
    }
}
