//! Which output of a receiver each media section comes out of. What the application asked for beforehand is taken
//! first, in its order; a section keeps its output for as long as the session lasts.

use super::media::{Description, Section};
use crate::codec::MediaKind;

/// An output of one kind of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// The one with this index among those that the application asked for beforehand.
    Requested(usize),
    /// The one with this number among the others.
    Own(usize),
}

/// The outputs of one session.
#[derive(Debug, Clone, Default)]
pub struct Outputs {
    requested: [usize; 2],
    lines: Vec<Option<(MediaKind, Output)>>,
}

impl Outputs {
    /// None in use yet; the application asked for so many of video and of audio beforehand.
    pub fn new(video: usize, audio: usize) -> Self {
        Self { requested: [video, audio], lines: Vec::new() }
    }

    /// Gives an output to each section of audio or video that the peer sends in and that has had none.
    pub fn describe(&mut self, remote: &Description) {
        for (m_line, media) in remote.media.iter().enumerate() {
            if let Section::Rtp(kind) = media.section
                && !media.rejected
                && media.sends
            {
                self.give(m_line, kind);
            }
        }
    }

    /// The output of a section; a new one where it has had none of this kind.
    pub fn give(&mut self, m_line: usize, kind: MediaKind) -> Output {
        if let Some(output) = self.of(m_line).filter(|(had, _)| *had == kind).map(|(_, output)| output) {
            return output;
        }
        let used = self.lines.iter().flatten().filter(|(other, _)| *other == kind).count();
        let [video, audio] = self.requested;
        let requested = if kind == MediaKind::Video { video } else { audio };
        let output = match used.checked_sub(requested) {
            Some(number) => Output::Own(number),
            None => Output::Requested(used),
        };
        if self.lines.len() <= m_line {
            self.lines.resize(m_line + 1, None);
        }
        if let Some(line) = self.lines.get_mut(m_line) {
            *line = Some((kind, output));
        }
        output
    }

    /// The output of a section, where it has one.
    pub fn of(&self, m_line: usize) -> Option<(MediaKind, Output)> {
        self.lines.get(m_line).copied().flatten()
    }

    /// The section that comes out of an output.
    pub fn line(&self, kind: MediaKind, output: Output) -> Option<usize> {
        self.lines.iter().position(|line| *line == Some((kind, output)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(sections: &[&str]) -> Description {
        let section = |(mid, what): (usize, &&str)| {
            let (kind, direction) = what.split_once(' ').unwrap_or((what, "sendonly"));
            format!(
                "m={kind} 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:{mid}\r\na={direction}\r\na=rtpmap:96 VP8/90000\r\n"
            )
        };
        let sections: String = sections.iter().enumerate().map(section).collect();
        Description::parse(&format!("v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n{sections}")).unwrap()
    }

    fn all(outputs: &Outputs, count: usize) -> Vec<Option<Output>> {
        (0..count).map(|line| outputs.of(line).map(|(_, output)| output)).collect()
    }

    #[test]
    fn sections_are_numbered_by_kind_and_keep_their_numbers_when_others_come_and_go() {
        use Output::Own;
        let mut outputs = Outputs::new(0, 0);
        outputs.describe(&offer(&["video", "audio", "video inactive"]));
        assert_eq!(all(&outputs, 3), [Some(Own(0)), Some(Own(0)), None]);
        outputs.describe(&offer(&["video inactive", "audio", "video", "video"]));
        assert_eq!(all(&outputs, 4), [Some(Own(0)), Some(Own(0)), Some(Own(1)), Some(Own(2))]);
    }

    #[test]
    fn what_was_asked_for_comes_first_and_the_rest_is_numbered_from_zero() {
        use Output::{Own, Requested};
        let mut outputs = Outputs::new(1, 2);
        outputs.describe(&offer(&["audio", "video", "video"]));
        assert_eq!(all(&outputs, 3), [Some(Requested(0)), Some(Requested(0)), Some(Own(0))]);
        assert_eq!(outputs.line(MediaKind::Audio, Requested(0)), Some(0));
        assert_eq!(outputs.line(MediaKind::Audio, Requested(1)), None);
    }

    #[test]
    fn a_section_that_becomes_another_kind_gets_another_output() {
        let mut outputs = Outputs::new(0, 0);
        outputs.describe(&offer(&["video"]));
        outputs.describe(&offer(&["audio"]));
        assert_eq!(outputs.of(0), Some((MediaKind::Audio, Output::Own(0))));
    }
}
