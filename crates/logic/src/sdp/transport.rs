//! What a remote description says about the transport of its bundle: ICE (RFC 8839) and DTLS (RFC 8842).

use super::media::ReadError;
use std::fmt;

/// Candidates of one description that are looked at.
const MOST_CANDIDATES: usize = 64;

/// The DTLS role that a side is ready to take (RFC 4145 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setup {
    /// Either; the answer decides.
    ActPass,
    /// It begins.
    Active,
    /// It waits.
    Passive,
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ActPass => "actpass",
            Self::Active => "active",
            Self::Passive => "passive",
        })
    }
}

/// A remote description has no transport that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// It is no SDP.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// An attribute is missing.
    #[error("agree on a transport: the peer's description has no a={0}")]
    Missing(&'static str),
    /// An attribute makes no sense.
    #[error("agree on a transport: the peer's a={0} cannot be read")]
    Malformed(&'static str),
}

/// The transport of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transport {
    /// The session identifier of its origin (RFC 8866 section 5.2).
    pub origin: String,
    /// ICE user name fragment.
    pub ufrag: String,
    /// ICE password.
    pub pwd: String,
    /// Whether the peer only answers checks (RFC 8445 section 2.5).
    pub lite: bool,
    /// Hash function and hash of the peer's certificate.
    pub fingerprint: (String, Vec<u8>),
    /// DTLS role; absent means active in an answer, either in an offer.
    pub setup: Setup,
    /// Candidates, as `candidate:...`.
    pub candidates: Vec<String>,
    /// Identification tags of the bundle (RFC 9143); empty where there is none.
    pub bundle: Vec<String>,
    /// Each section's retransmission formats: payload type and the one that it repeats, by m-line index.
    pub retransmission: Vec<Vec<(u8, u8)>>,
    /// The first words of each media section: media, protocol, formats.
    pub heads: Vec<[String; 3]>,
    /// Each section's feedback, as `96 nack pli`, by m-line index.
    pub feedback: Vec<Vec<String>>,
}

impl Transport {
    /// Reads the text of a description.
    ///
    /// # Errors
    /// What no transport can do without is missing.
    pub fn read(sdp: &str) -> Result<Self, TransportError> {
        let session =
            sdp_types::Session::parse(sdp.as_bytes()).map_err(|err| ReadError::Syntax(err.to_string()))?;
        let head = session.medias.iter().find(|media| speaks_for_all(media));
        let find = |name: &'static str| {
            let of_media = head.and_then(|media| value(&media.attributes, name));
            of_media.or_else(|| value(&session.attributes, name)).filter(|value| !value.is_empty())
        };
        let get = |name| find(name).ok_or(TransportError::Missing(name));
        let bundle = session.attributes.iter().find_map(|attribute| {
            let value = attribute.value.as_deref().filter(|_| attribute.attribute == "group")?;
            Some(value.strip_prefix("BUNDLE")?.split_whitespace().map(str::to_owned).collect())
        });
        let every = session.medias.iter().flat_map(|media| &media.attributes).chain(&session.attributes);
        let candidates = every.filter(|attribute| attribute.attribute == "candidate");
        Ok(Self {
            origin: session.origin.sess_id.clone(),
            ufrag: get("ice-ufrag")?.to_owned(),
            pwd: get("ice-pwd")?.to_owned(),
            lite: session.attributes.iter().any(|attribute| attribute.attribute == "ice-lite"),
            fingerprint: fingerprint(get("fingerprint")?).ok_or(TransportError::Malformed("fingerprint"))?,
            setup: match find("setup") {
                Some("active") => Setup::Active,
                Some("passive") => Setup::Passive,
                _ => Setup::ActPass,
            },
            candidates: candidates
                .filter_map(|attribute| Some(format!("candidate:{}", attribute.value.as_deref()?)))
                .take(MOST_CANDIDATES)
                .collect(),
            bundle: bundle.unwrap_or_default(),
            retransmission: session.medias.iter().map(retransmission).collect(),
            heads: session.medias.iter().map(|m| [m.media.clone(), m.proto.clone(), m.fmt.clone()]).collect(),
            feedback: session.medias.iter().map(feedback).collect(),
        })
    }

    /// Whether the peer gives, or takes, this kind of feedback for a format of a section.
    pub fn has_feedback(&self, m_line: usize, payload_type: u8, kind: &str) -> bool {
        self.feedback.get(m_line).into_iter().flatten().any(|line| {
            let named = line.split_once(' ').filter(|(_, named)| named.trim() == kind);
            named.is_some_and(|(pt, _)| pt == "*" || pt.parse() == Ok(payload_type))
        })
    }

    /// The payload type in which a section repeats packets of another.
    pub fn retransmission_of(&self, m_line: usize, payload_type: u8) -> Option<u8> {
        let list = self.retransmission.get(m_line)?;
        list.iter().find(|(_, repeated)| *repeated == payload_type).map(|(rtx, _)| *rtx)
    }

    /// Whether the section with this tag shares the bundle's transport; a lone section is one by itself.
    pub fn carries(&self, mid: Option<&str>) -> bool {
        self.heads.len() == 1 || mid.is_some_and(|mid| self.bundle.iter().any(|other| other == mid))
    }
}

/// The first section that was not refused has the attributes of the bundle.
fn speaks_for_all(media: &sdp_types::Media) -> bool {
    let bundled_only = media.attributes.iter().any(|attribute| attribute.attribute == "bundle-only");
    (media.port != 0 || bundled_only) && value(&media.attributes, "ice-ufrag").is_some()
}

fn value<'a>(attributes: &'a [sdp_types::Attribute], name: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|attribute| attribute.attribute == name);
    found.and_then(|attribute| attribute.value.as_deref()).map(str::trim)
}

fn fingerprint(text: &str) -> Option<(String, Vec<u8>)> {
    let (function, hash) = text.split_once(' ')?;
    let bytes: Option<Vec<_>> =
        hash.trim().split(':').map(|byte| u8::from_str_radix(byte, 16).ok()).collect();
    Some((function.to_lowercase(), bytes?))
}

fn retransmission(media: &sdp_types::Media) -> Vec<(u8, u8)> {
    let values = |name: &'static str| {
        let all = media.attributes.iter().filter(move |attribute| attribute.attribute == name);
        all.filter_map(|attribute| attribute.value.as_deref()?.split_once(' '))
    };
    let is_rtx = |pt: &str| {
        values("rtpmap").any(|(other, name)| other == pt && name.trim().to_lowercase().starts_with("rtx/"))
    };
    let repeats = values("fmtp").filter_map(|(pt, parameters)| {
        let apt = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("apt="))?;
        Some((pt, apt.trim()))
    });
    // Each costs a look through all attributes: no more than there are payload types.
    let repeats = repeats.take(128).filter(|(pt, _)| is_rtx(pt));
    repeats.filter_map(|(pt, apt)| Some((pt.parse().ok()?, apt.parse().ok()?))).collect()
}

fn feedback(media: &sdp_types::Media) -> Vec<String> {
    let all = media.attributes.iter().filter(|attribute| attribute.attribute == "rtcp-fb");
    all.filter_map(|attribute| attribute.value.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n";

    #[test]
    fn a_refused_section_does_not_speak_for_the_bundle() {
        let refused = "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\na=ice-ufrag:no\r\na=mid:a\r\n";
        let video = "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:v\r\na=ice-ufrag:yes\r\na=ice-pwd:p\r\n\
                     a=fingerprint:SHA-256 0A:ff\r\na=setup:active\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n\
                     a=rtcp-fb:96 nack pli\r\na=rtcp-fb:* nack\r\n\
                     a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n";
        let read = Transport::read(&format!("{HEAD}a=group:BUNDLE v\r\n{refused}{video}")).unwrap();
        assert_eq!(read.ufrag, "yes");
        assert_eq!(read.setup, Setup::Active);
        assert_eq!(read.fingerprint, ("sha-256".into(), vec![10, 255]));
        assert_eq!(read.candidates, ["candidate:1 1 udp 1 192.0.2.1 9 typ host"]);
        assert_eq!(read.retransmission_of(1, 96), Some(97));
        assert!(read.has_feedback(1, 96, "nack pli") && read.has_feedback(1, 97, "nack"));
        assert!(!read.has_feedback(1, 97, "nack pli") && !read.has_feedback(0, 96, "nack"));
        assert!(read.carries(Some("v")) && !read.carries(Some("a")));
    }

    #[test]
    fn attributes_of_the_session_hold_for_all_and_what_is_missing_is_named() {
        let video = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n";
        let session = "a=ice-ufrag:u\r\na=ice-pwd:p\r\na=fingerprint:sha-256 00\r\n";
        assert!(Transport::read(&format!("{HEAD}{session}{video}")).is_ok());
        let missing = Transport::read(&format!("{HEAD}a=ice-ufrag:u\r\n{video}"));
        assert_eq!(missing, Err(TransportError::Missing("ice-pwd")));
        let bad = Transport::read(&format!("{HEAD}{}{video}", session.replace("256 00", "256 zz")));
        assert_eq!(bad, Err(TransportError::Malformed("fingerprint")));
    }
}
