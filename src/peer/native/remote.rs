//! What the peer says of itself.

use logic::sdp::media::{Description, Media, ReadError, Section};
use logic::sdp::transport::{Setup, Transport, TransportError};
use protocol::DescriptionKind;
use str0m::net::Protocol;
use str0m::{Candidate, IceCreds};

/// The peer's description.
pub(super) struct Remote {
    pub(super) description: Description,
    pub(super) transport: Transport,
}

impl Remote {
    pub(super) fn read(sdp: &str) -> Result<Self, TransportError> {
        let description = Description::parse(sdp)?;
        let transport = Transport::read(sdp)?;
        // Both read the same text; this holds them to it.
        let same = description.media.len() == transport.heads.len();
        if same { Ok(Self { description, transport }) } else { Err(ReadError::Empty.into()) }
    }

    /// Whether a section is about data channels on the bundle's transport.
    pub(super) fn takes_data(&self, media: &Media) -> bool {
        media.section == Section::Data && !media.rejected && self.transport.carries(media.mid.as_deref())
    }

    pub(super) fn credentials(&self) -> IceCreds {
        IceCreds { ufrag: self.transport.ufrag.clone(), pass: self.transport.pwd.clone() }
    }

    /// Those of its candidates that can be used.
    pub(super) fn candidates(&self) -> impl Iterator<Item = Candidate> {
        self.transport.candidates.iter().filter_map(|text| read_candidate(text))
    }

    /// Whether this side begins with DTLS: the peer's wish, and that of who answers where it has none.
    pub(super) fn has_us_begin(&self, ours: DescriptionKind) -> bool {
        match self.transport.setup {
            Setup::Active => false,
            Setup::Passive => true,
            Setup::ActPass => ours == DescriptionKind::Answer,
        }
    }
}

/// The peer's candidate, where it is one that can be reached: not TCP, not a name.
pub(super) fn read_candidate(text: &str) -> Option<Candidate> {
    let text = text.trim().trim_start_matches("a=");
    let candidate = Candidate::from_sdp_string(text).ok()?;
    (candidate.proto() == Protocol::Udp).then_some(candidate)
}
