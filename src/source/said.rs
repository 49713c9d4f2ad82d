//! What the description in force says of the streams of a session.

use logic::media_clock::MediaClock;
use logic::sdp::media::{Description, Media};

/// Its streams, by m-line.
#[derive(Default)]
pub(super) struct Said(Vec<Stream>);

struct Stream {
    mid: Option<String>,
    clock: Option<MediaClock>,
    payload_types: Vec<u8>,
}

impl Said {
    pub(super) fn new(description: &Description) -> Self {
        let stream = |media: &Media| Stream {
            mid: media.mid.clone(),
            clock: media.clock.clone(),
            payload_types: media.formats.iter().map(|format| format.payload_type).collect(),
        };
        Self(description.media.iter().map(stream).collect())
    }

    /// A stream's identification tag.
    pub(super) fn mid(&self, m_line: usize) -> Option<String> {
        self.0.get(m_line)?.mid.clone()
    }

    /// Whose time a stream's timestamps are.
    pub(super) fn clock(&self, m_line: usize) -> Option<MediaClock> {
        self.0.get(m_line)?.clock.clone()
    }

    /// The same by a payload type, which means the same in all sections that have it.
    pub(super) fn clock_of(&self, payload_type: u8) -> Option<MediaClock> {
        self.0.iter().find(|stream| stream.payload_types.contains(&payload_type))?.clock.clone()
    }
}
