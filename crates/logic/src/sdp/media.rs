//! Reading a remote description (RFC 8866, RFC 8829): media sections, formats, extensions.

use crate::codec::{MediaKind, Parameters};
use crate::media_clock::MediaClock;

/// A remote description could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is no SDP.
    #[error("read the session description: {0}")]
    Syntax(String),
    /// It has no media sections.
    #[error("read the session description: it has no media section")]
    Empty,
}

/// A remote description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Its media sections, by m-line index.
    pub media: Vec<Media>,
}

/// What a media section is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Audio or video over RTP.
    Rtp(MediaKind),
    /// Data channels (RFC 8841).
    Data,
    /// Something else.
    Other,
}

/// One media section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// What it is about.
    pub section: Section,
    /// Its identification tag (RFC 5888).
    pub mid: Option<String>,
    /// Port zero: refused (RFC 3264 section 6).
    pub rejected: bool,
    /// Whether the peer sends, from `a=sendrecv` and its kin.
    pub sends: bool,
    /// Whether the peer receives.
    pub receives: bool,
    /// Its formats in order of preference, those without an `a=rtpmap` left out.
    pub formats: Vec<Format>,
    /// Header extensions (RFC 8285): identifier and URI.
    pub extensions: Vec<(u8, String)>,
    /// The longest message of a data channel that the peer takes, in bytes.
    pub longest_message: u32,
    /// Whose time RTP timestamps are, where it is said and can be read (RFC 7273).
    pub clock: Option<MediaClock>,
}

/// One RTP payload format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// RTP payload type.
    pub payload_type: u8,
    /// Encoding name as the peer wrote it.
    pub encoding_name: String,
    /// Clock rate in Hz.
    pub clock_rate: u32,
    /// Encoding parameters: the channels, for audio.
    pub channels: Option<u32>,
    /// Format parameters.
    pub parameters: Parameters,
}

impl Media {
    /// The identifier that the peer gave to the header extension with `uri`.
    pub fn extension(&self, uri: &str) -> Option<u8> {
        self.extensions.iter().find(|(_, u)| u == uri).map(|(id, _)| *id)
    }
}

impl Description {
    /// Reads the text of a description.
    ///
    /// # Errors
    /// Text that is no SDP, or that has no media sections.
    pub fn parse(sdp: &str) -> Result<Self, ReadError> {
        let session =
            sdp_types::Session::parse(sdp.as_bytes()).map_err(|err| ReadError::Syntax(err.to_string()))?;
        if session.medias.is_empty() {
            return Err(ReadError::Empty);
        }
        Ok(Self { media: session.medias.iter().map(|media| read_media(&session, media)).collect() })
    }

    /// The index of the section with this identification tag.
    pub fn index_of_mid(&self, mid: &str) -> Option<usize> {
        self.media.iter().position(|media| media.mid.as_deref() == Some(mid))
    }
}

fn read_media(session: &sdp_types::Session, media: &sdp_types::Media) -> Media {
    let section = match media.media.as_str() {
        "audio" => Section::Rtp(MediaKind::Audio),
        "video" => Section::Rtp(MediaKind::Video),
        "application" if media.proto.contains("SCTP") => Section::Data,
        _ => Section::Other,
    };
    let has = |name: &str| media.has_attribute(name);
    let inactive = has("inactive");
    Media {
        section,
        mid: attributes(media, "mid").next().map(str::to_owned),
        rejected: media.port == 0 && !has("bundle-only"),
        sends: !inactive && !has("recvonly"),
        receives: !inactive && !has("sendonly"),
        formats: read_formats(media),
        extensions: attributes(media, "extmap").filter_map(read_extension).collect(),
        longest_message: longest_message(attributes(media, "max-message-size").next()),
        clock: clock(session, media),
    }
}

/// What the whole session says holds for sections that say nothing (RFC 7273 section 4.8).
fn clock(session: &sdp_types::Session, media: &sdp_types::Media) -> Option<MediaClock> {
    let of_all = |name: &str| {
        let found = session.attributes.iter().find(|attribute| attribute.attribute == name);
        found.and_then(|attribute| attribute.value.as_deref())
    };
    let said = |name: &'static str| attributes(media, name).next().or_else(|| of_all(name));
    MediaClock::read(said("ts-refclk")?, said("mediaclk")?)
}

/// 64 KiB where the peer does not say, no limit where it says 0 (RFC 8841 section 6.1).
fn longest_message(text: Option<&str>) -> u32 {
    match text.map(|text| text.trim().parse::<u64>()) {
        None | Some(Err(_)) => 64 * 1024,
        Some(Ok(0)) => u32::MAX,
        Some(Ok(bytes)) => u32::try_from(bytes).unwrap_or(u32::MAX),
    }
}

/// The values of all attributes called `name`.
fn attributes<'a>(media: &'a sdp_types::Media, name: &'a str) -> impl Iterator<Item = &'a str> {
    media.attributes.iter().filter(move |a| a.attribute == name).filter_map(|a| a.value.as_deref())
}

/// The rest of the first attribute called `name` whose value starts with the payload type.
fn for_payload<'a>(media: &'a sdp_types::Media, name: &'a str, pt: &str) -> Option<&'a str> {
    attributes(media, name).find_map(|value| {
        let (head, rest) = value.split_once(' ')?;
        (head == pt).then_some(rest.trim())
    })
}

/// Every payload type once, however often it is listed: each of them costs a look through all attributes.
fn read_formats(media: &sdp_types::Media) -> Vec<Format> {
    let mut seen = [false; 128];
    let new = media.fmt.split_ascii_whitespace().filter_map(|text| {
        let payload_type: u8 = text.parse().ok()?;
        let seen = seen.get_mut(usize::from(payload_type))?;
        (!std::mem::replace(seen, true)).then_some((payload_type, text))
    });
    new.filter_map(|(payload_type, text)| read_format(media, payload_type, text)).collect()
}

fn read_format(media: &sdp_types::Media, payload_type: u8, pt: &str) -> Option<Format> {
    let mut rtpmap = for_payload(media, "rtpmap", pt)?.split('/');
    let encoding_name = rtpmap.next()?.to_owned();
    let clock_rate = rtpmap.next()?.trim().parse().ok().filter(|rate| *rate > 0)?;
    let channels = rtpmap.next().and_then(|n| n.trim().parse().ok());
    let parameters = for_payload(media, "fmtp", pt).map(read_parameters).unwrap_or_default();
    Some(Format { payload_type, encoding_name, clock_rate, channels, parameters })
}

fn read_parameters(text: &str) -> Parameters {
    let pairs = text.split(';').map(str::trim).filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    Parameters(pairs.map(|(k, v)| (k.trim().to_owned(), v.trim().to_owned())).collect())
}

fn read_extension(value: &str) -> Option<(u8, String)> {
    let mut words = value.split_ascii_whitespace();
    let id = words.next()?.split('/').next()?.parse().ok()?;
    Some((id, words.next()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbage_is_an_error_and_never_a_panic() {
        for bad in
            ["", "hello", "v=0", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", "\0\u{fffd}", "m=\r\n"]
        {
            assert!(Description::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn formats_without_an_rtpmap_and_nonsense_payload_types_are_left_out() {
        let sdp = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96 97 300 x\r\n\
                   a=rtpmap:96 VP8/90000\r\na=rtpmap:300 VP9/90000\r\na=recvonly\r\na=mid:a\r\n\
                   a=extmap:3/sendonly urn:x y\r\na=fmtp:96 max-fs=3600; a=b;c\r\n";
        let description = Description::parse(sdp).unwrap();
        let media = &description.media[0];
        assert_eq!(media.formats.len(), 1);
        assert_eq!(media.formats[0].parameters.get("MAX-FS"), Some("3600"));
        assert_eq!(media.extension("urn:x"), Some(3));
        assert!(media.receives && !media.sends && !media.rejected);
        assert_eq!(description.index_of_mid("a"), Some(0));
    }

    #[test]
    fn how_long_a_message_may_be_is_read_and_has_a_default() {
        let read = |line: &str| {
            let section = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n";
            let sdp = format!("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n{section}{line}");
            Description::parse(&sdp).unwrap().media[0].longest_message
        };
        assert_eq!(read("a=max-message-size:262144\r\n"), 262_144);
        assert_eq!(read("a=max-message-size:0\r\n"), u32::MAX);
        assert_eq!(read("a=max-message-size:99999999999\r\n"), u32::MAX);
        assert_eq!(read("a=max-message-size:far\r\n"), 65_536);
        assert_eq!(read(""), 65_536);
    }

    #[test]
    fn whose_time_timestamps_are_is_said_of_one_section_or_of_all() {
        let media = "m=audio 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 L16/48000\r\n";
        let of_all = "a=ts-refclk:ntp=a\r\na=mediaclk:direct=0\r\n";
        let own = "a=ts-refclk:ntp=b\r\na=mediaclk:direct=5\r\n";
        let sdp = format!("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n{of_all}{media}{own}{media}");
        let read: Vec<_> =
            Description::parse(&sdp).unwrap().media.into_iter().map(|media| media.clock).collect();
        assert_eq!(read, [MediaClock::read("ntp=b", "direct=5"), MediaClock::read("ntp=a", "direct=0")]);
    }

    #[test]
    fn a_clock_that_stands_still_is_no_format() {
        let sdp = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\n\
                   a=rtpmap:96 L16/0\r\n";
        assert_eq!(Description::parse(sdp).unwrap().media[0].formats, []);
    }

    #[test]
    fn a_payload_type_counts_once_so_that_a_hostile_description_keeps_nobody_busy() {
        let mut sdp =
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF".to_owned();
        sdp.push_str(&" 96 97".repeat(10_000));
        sdp.push_str("\r\na=rtpmap:97 VP9/90000\r\na=rtpmap:96 VP8/90000\r\n");
        let description = Description::parse(&sdp).unwrap();
        let read: Vec<_> = description.media[0].formats.iter().map(|f| f.payload_type).collect();
        assert_eq!(read, [96, 97]);
    }
}
