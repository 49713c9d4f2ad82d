//! Writing descriptions of our own (RFC 8866, RFC 8829): one bundle that only sends media, and data channels.

use super::media::Format;
use super::transport::Setup;
use crate::codec::MediaKind;
use std::fmt::Write;

/// Header extension that names the media section of a packet (RFC 9143 section 15).
pub const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";

/// The longest message of a data channel that is taken, in bytes (RFC 8841 section 6).
pub const LONGEST_MESSAGE: u32 = 256 * 1024;

/// A description to be written.
#[derive(Debug, Clone)]
pub struct Local<'a> {
    /// Session identifier (RFC 8866 section 5.2).
    pub id: u64,
    /// Counts the descriptions of the session.
    pub version: u64,
    /// ICE user name fragment.
    pub ufrag: &'a str,
    /// ICE password.
    pub pwd: &'a str,
    /// `sha-256 AB:CD:...`
    pub fingerprint: &'a str,
    /// DTLS role.
    pub setup: Setup,
    /// Candidates that are known by now, as `candidate:...`.
    pub candidates: &'a [String],
    /// Whether no others will follow.
    pub complete: bool,
    /// The media sections, by m-line index.
    pub lines: &'a [Line],
}

/// One media section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A stream that is sent.
    Sending(Box<Sending>),
    /// The place of a stream that is not sent any more.
    Idle(Box<Sending>),
    /// Data channels, under this identification tag.
    Data(String),
    /// What the peer offered and this side does not want.
    Refused(Refused),
}

/// A stream that is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// Audio or video.
    pub kind: MediaKind,
    /// Identification tag.
    pub mid: String,
    /// The formats, best first.
    pub formats: Vec<Sent>,
    /// Header extensions: identifier and URI.
    pub extensions: Vec<(u8, String)>,
    /// The stream's source.
    pub ssrc: u32,
    /// The source of its retransmissions, where there are any.
    pub rtx_ssrc: Option<u32>,
    /// `a=msid`
    pub msid: String,
    /// Canonical name (RFC 3550 section 6.5.1).
    pub cname: String,
}

/// A format that is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its numbers and parameters.
    pub format: Format,
    /// The payload type of its retransmissions (RFC 4588).
    pub rtx: Option<u8>,
    /// Feedback that is taken, as in `a=rtcp-fb`.
    pub feedback: Vec<&'static str>,
}

/// A section that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Media, protocol and one format, as the peer wrote them: `video`, `UDP/TLS/RTP/SAVPF`, `96`.
    pub head: [String; 3],
    /// Identification tag.
    pub mid: Option<String>,
}

impl Local<'_> {
    /// The description's text.
    pub fn write(&self) -> String {
        let mut text = format!("v=0\r\no=- {} {} IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", self.id, self.version);
        let bundled: Vec<_> = self.lines.iter().filter_map(Line::bundled).collect();
        let _ = write!(text, "a=group:BUNDLE {}\r\na=ice-options:trickle\r\n", bundled.join(" "));
        let mut first = true;
        for line in self.lines {
            match line {
                Line::Sending(sending) => {
                    self.write_stream(&mut text, sending, "sendonly");
                    sending.write_sources(&mut text);
                }
                Line::Idle(sending) => self.write_stream(&mut text, sending, "inactive"),
                Line::Data(mid) => self.write_data(&mut text, mid),
                Line::Refused(refused) => refused.write(&mut text),
            }
            // One transport for all: the first section speaks for it (RFC 9143 section 7.3.2).
            if line.bundled().is_some() && std::mem::take(&mut first) {
                self.write_candidates(&mut text);
            }
        }
        text
    }

    fn write_stream(&self, text: &mut String, sending: &Sending, direction: &str) {
        let _ = write!(text, "m={} 9 UDP/TLS/RTP/SAVPF", sending.kind);
        for payload_type in
            sending.formats.iter().flat_map(|s| [Some(s.format.payload_type), s.rtx]).flatten()
        {
            let _ = write!(text, " {payload_type}");
        }
        let _ = write!(
            text,
            "\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=mid:{}\r\na={direction}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n",
            sending.mid
        );
        self.write_transport(text);
        for (id, uri) in &sending.extensions {
            let _ = write!(text, "a=extmap:{id} {uri}\r\n");
        }
        for sent in &sending.formats {
            sent.write(text);
        }
    }

    /// RFC 8841 section 5.
    fn write_data(&self, text: &mut String, mid: &str) {
        let _ = write!(
            text,
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\n"
        );
        self.write_transport(text);
        let _ = write!(text, "a=sctp-port:5000\r\na=max-message-size:{LONGEST_MESSAGE}\r\n");
    }

    fn write_transport(&self, text: &mut String) {
        let _ = write!(
            text,
            "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=fingerprint:{}\r\na=setup:{}\r\n",
            self.ufrag, self.pwd, self.fingerprint, self.setup
        );
    }

    fn write_candidates(&self, text: &mut String) {
        for candidate in self.candidates {
            let _ = write!(text, "a={candidate}\r\n");
        }
        if self.complete {
            text.push_str("a=end-of-candidates\r\n");
        }
    }
}

impl Line {
    /// The identification tag, where the section is part of the bundle.
    pub fn bundled(&self) -> Option<&str> {
        match self {
            Self::Sending(sending) | Self::Idle(sending) => Some(&sending.mid),
            Self::Data(mid) => Some(mid),
            Self::Refused(_) => None,
        }
    }
}

impl Sending {
    fn write_sources(&self, text: &mut String) {
        let (ssrc, cname, msid) = (self.ssrc, &self.cname, &self.msid);
        let _ = write!(text, "a=msid:{msid}\r\n");
        if let Some(rtx) = self.rtx_ssrc {
            let _ = write!(text, "a=ssrc-group:FID {ssrc} {rtx}\r\n");
        }
        for ssrc in [Some(ssrc), self.rtx_ssrc].into_iter().flatten() {
            let _ = write!(text, "a=ssrc:{ssrc} cname:{cname}\r\na=ssrc:{ssrc} msid:{msid}\r\n");
        }
    }
}

impl Sent {
    fn write(&self, text: &mut String) {
        let Format { payload_type: pt, encoding_name, clock_rate, channels, parameters } = &self.format;
        let _ = write!(text, "a=rtpmap:{pt} {encoding_name}/{clock_rate}");
        if let Some(channels) = channels {
            let _ = write!(text, "/{channels}");
        }
        text.push_str("\r\n");
        for feedback in &self.feedback {
            let _ = write!(text, "a=rtcp-fb:{pt} {feedback}\r\n");
        }
        if !parameters.0.is_empty() {
            let list: Vec<_> = parameters.0.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let _ = write!(text, "a=fmtp:{pt} {}\r\n", list.join(";"));
        }
        if let Some(rtx) = self.rtx {
            let _ = write!(text, "a=rtpmap:{rtx} rtx/{clock_rate}\r\na=fmtp:{rtx} apt={pt}\r\n");
        }
    }
}

impl Refused {
    fn write(&self, text: &mut String) {
        let [media, protocol, format] = &self.head;
        let _ = write!(text, "m={media} 0 {protocol} {format}\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n");
        if let Some(mid) = &self.mid {
            let _ = write!(text, "a=mid:{mid}\r\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Parameters;
    use crate::sdp::media::{Description, Section};
    use crate::sdp::transport::Transport;

    fn sending() -> Line {
        let format = Format {
            payload_type: 97,
            encoding_name: "H264".into(),
            clock_rate: 90_000,
            channels: None,
            parameters: Parameters::of(&[("packetization-mode", "1"), ("profile-level-id", "42e01f")]),
        };
        Line::Sending(Box::new(Sending {
            kind: MediaKind::Video,
            mid: "video1".into(),
            formats: vec![Sent { format, rtx: Some(120), feedback: vec!["nack", "nack pli"] }],
            extensions: vec![(4, MID.into())],
            ssrc: 7,
            rtx_ssrc: Some(8),
            msid: "stream track".into(),
            cname: "c".into(),
        }))
    }

    fn written(lines: &[Line]) -> String {
        let local = Local {
            id: 1,
            version: 0,
            ufrag: "uuuu",
            pwd: "pppppppppppppppppppppp",
            fingerprint: "sha-256 AA:BB",
            setup: Setup::ActPass,
            candidates: &["candidate:1 1 udp 1 192.0.2.1 5000 typ host".into()],
            complete: true,
            lines,
        };
        local.write()
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        let refused = Refused {
            head: ["application".into(), "UDP/DTLS/SCTP".into(), "webrtc-datachannel".into()],
            mid: Some("data".into()),
        };
        let text = written(&[Line::Refused(refused), sending()]);
        let read = Description::parse(&text).unwrap();
        assert_eq!(read.media[0].section, Section::Data);
        assert!(read.media[0].rejected);
        let video = &read.media[1];
        assert!(video.sends && !video.receives && !video.rejected);
        assert_eq!(video.mid.as_deref(), Some("video1"));
        assert_eq!(video.extension(MID), Some(4));
        assert_eq!(video.formats[0].parameters.get("profile-level-id"), Some("42e01f"));
        assert_eq!(video.formats[1].encoding_name, "rtx");
        let transport = Transport::read(&text).unwrap();
        assert_eq!(transport.ufrag, "uuuu");
        assert_eq!(transport.fingerprint, ("sha-256".into(), vec![0xaa, 0xbb]));
        assert_eq!(transport.setup, Setup::ActPass);
        assert_eq!(transport.candidates.len(), 1);
        assert_eq!(transport.bundle, ["video1"]);
    }

    #[test]
    fn data_channels_are_part_of_the_bundle_and_can_speak_for_it() {
        let text = written(&[Line::Data("data0".into()), sending()]);
        let read = Description::parse(&text).unwrap();
        assert_eq!(read.media[0].section, Section::Data);
        assert!(!read.media[0].rejected);
        assert_eq!(read.media[0].longest_message, LONGEST_MESSAGE);
        let transport = Transport::read(&text).unwrap();
        assert_eq!(transport.bundle, ["data0", "video1"]);
        assert_eq!(transport.candidates.len(), 1);
        assert!(text.find("a=candidate").unwrap() < text.find("m=video").unwrap());
        assert_eq!(text.matches("a=setup:actpass").count(), 2);
    }

    #[test]
    fn a_stream_that_is_gone_leaves_its_place_behind_but_no_source() {
        let Line::Sending(gone) = sending() else { return };
        let text = written(&[Line::Idle(gone)]);
        let read = Description::parse(&text).unwrap();
        let video = &read.media[0];
        assert!(!video.sends && !video.receives && !video.rejected);
        assert!(!text.contains("a=ssrc") && !text.contains("a=msid"));
        assert_eq!(Transport::read(&text).unwrap().bundle, ["video1"]);
    }
}
