//! The codecs: one row each, in a file of its own, and [`ALL`], one line each.
//!
//! A row says what is offered for a codec, which remote format parameters it can serve, and the names of the
//! GStreamer elements and caps that carry it, as plain text: which of them are installed is the shell's to
//! find out.

pub mod av1;
pub mod h264;
pub mod h265;
pub mod opus;
pub mod raw;
pub mod vp8;
pub mod vp9;

use std::fmt;

/// Every codec, in the order of preference of an application that states none.
pub static ALL: &[&Codec] = &[
    &opus::OPUS,
    &opus::MULTIOPUS,
    &raw::L24,
    &raw::L16,
    &raw::L8,
    &vp8::CODEC,
    &h264::CODEC,
    &vp9::CODEC,
    &h265::CODEC,
    &av1::CODEC,
    &raw::VIDEO,
];

/// Audio or video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// Sound.
    Audio,
    /// Pictures.
    Video,
}

impl MediaKind {
    /// The word that SDP, RTP caps and pad names use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }
}

impl fmt::Display for MediaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Format parameters (`a=fmtp`), in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameters(pub Vec<(String, String)>);

impl Parameters {
    /// Parameters from literal text.
    pub fn of(list: &[(&str, &str)]) -> Self {
        Self(list.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    /// The value of `key`, whatever the case it is written in.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, v)| v.as_str())
    }
}

/// What is known of a stream when it is offered.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Facts<'a> {
    /// Width in pixels; 0 where unknown.
    pub width: u32,
    /// Height in pixels; 0 where unknown.
    pub height: u32,
    /// Frames per second; 0 where unknown.
    pub fps: f64,
    /// Audio channels; 0 where unknown.
    pub channels: u32,
    /// Samples per second; 0 where unknown.
    pub rate: u32,
    /// The profile that already encoded input has, by its GStreamer name.
    pub profile: Option<&'a str>,
    /// The level that already encoded input has, by its GStreamer name.
    pub level: Option<&'a str>,
}

/// One codec.
pub struct Codec {
    /// The name that applications use, in `video-codecs` for instance.
    pub name: &'static str,
    /// Audio or video.
    pub kind: MediaKind,
    /// The name in `a=rtpmap`.
    pub encoding_name: &'static str,
    /// RTP clock rate in Hz; 0 where it is the stream's own sample rate.
    pub clock_rate: u32,
    /// Channels in `a=rtpmap`, where the codec prescribes them.
    pub channels: Option<u32>,
    /// The media type of the encoded stream in GStreamer.
    pub media_type: &'static str,
    /// Caps of the encoded stream, by which elements and input are matched.
    pub caps: &'static str,
    /// Caps asked of an encoder whose output we offer.
    pub encoder_caps: &'static str,
    /// Caps that the payloader is fed.
    pub payloader_caps: &'static str,
    /// The parser between encoder and payloader.
    pub parser: Option<&'static str>,
    /// Payloaders, best first.
    pub payloaders: &'static [&'static str],
    /// Settings of the payloader, where it has them.
    pub payloader_settings: &'static [(&'static str, &'static str)],
    /// Depayloaders, best first.
    pub depayloaders: &'static [&'static str],
    /// The format parameters of our offer.
    pub offered: fn(&Facts<'_>) -> Parameters,
    /// Whether a stream that we make serves a peer with these format parameters.
    pub serves: fn(&Parameters) -> bool,
}

impl Codec {
    /// Whether the codec is no compression at all.
    pub fn is_raw(&self) -> bool {
        self.media_type.ends_with("/x-raw")
    }
}

impl PartialEq for Codec {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Codec {}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The codec with this name, in any case.
pub fn by_name(name: &str) -> Option<&'static Codec> {
    ALL.iter().copied().find(|codec| codec.name.eq_ignore_ascii_case(name))
}

/// The codec with this `a=rtpmap` encoding name and clock rate.
pub fn by_rtpmap(kind: MediaKind, encoding_name: &str, clock_rate: u32) -> Option<&'static Codec> {
    ALL.iter().copied().find(|codec| {
        codec.kind == kind
            && codec.encoding_name.eq_ignore_ascii_case(encoding_name)
            && (codec.clock_rate == 0 || codec.clock_rate == clock_rate)
    })
}

/// Rows without format parameters use this.
fn no_parameters(_: &Facts<'_>) -> Parameters {
    Parameters::default()
}

/// Rows that serve every peer use this.
fn serves_all(_: &Parameters) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_name_and_by_its_rtpmap() {
        for codec in ALL {
            assert_eq!(by_name(codec.name), Some(*codec));
            let rate = if codec.clock_rate == 0 { 44_100 } else { codec.clock_rate };
            assert_eq!(by_rtpmap(codec.kind, codec.encoding_name, rate), Some(*codec), "{codec:?}");
        }
    }

    #[test]
    fn every_row_serves_what_it_offers() {
        for codec in ALL {
            let facts =
                Facts { width: 1280, height: 720, fps: 30.0, channels: 2, rate: 48_000, ..Facts::default() };
            assert!((codec.serves)(&(codec.offered)(&facts)), "{codec:?}");
        }
    }
}
