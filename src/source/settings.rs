//! The source's settings.

use super::ending::WebRTCSessionEnd;
use crate::latency::WebRTCLatencyProfile;
use crate::peer::DEFAULT_STUN_SERVER;
use logic::codec::{self, Codec, MediaKind};
use std::time::Duration;

/// Everything that can be set.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(super) stun_server: Option<String>,
    pub(super) turn_servers: Vec<String>,
    pub(super) meta: Option<gst::Structure>,
    pub(super) video_codecs: Vec<&'static Codec>,
    pub(super) audio_codecs: Vec<&'static Codec>,
    pub(super) do_retransmission: bool,
    pub(super) control_channel: bool,
    pub(super) input_channel: bool,
    pub(super) rfc7273_sync: bool,
    pub(super) latency_profile: WebRTCLatencyProfile,
    /// In ms, where the application has set it.
    pub(super) jitter_buffer_min: Option<u32>,
    pub(super) jitter_buffer_max: Option<u32>,
    pub(super) on_session_end: WebRTCSessionEnd,
}

impl Default for Settings {
    fn default() -> Self {
        let named = |names: &[&str]| names.iter().filter_map(|name| codec::by_name(name)).collect();
        Self {
            stun_server: Some(DEFAULT_STUN_SERVER.into()),
            turn_servers: Vec::new(),
            meta: None,
            video_codecs: named(&["VP8", "H264", "VP9", "H265", "AV1"]),
            audio_codecs: named(&["OPUS", "MULTIOPUS"]),
            do_retransmission: true,
            control_channel: false,
            input_channel: false,
            rfc7273_sync: false,
            latency_profile: WebRTCLatencyProfile::default(),
            jitter_buffer_min: None,
            jitter_buffer_max: None,
            on_session_end: WebRTCSessionEnd::default(),
        }
    }
}

impl Settings {
    /// Every codec that is taken.
    pub(super) fn codecs(&self) -> Vec<&'static Codec> {
        self.video_codecs.iter().chain(&self.audio_codecs).copied().collect()
    }

    /// The shortest and the longest jitter buffer.
    pub(super) fn jitter_buffer(&self) -> (Duration, Duration) {
        self.latency_profile.profile().bounds(self.jitter_buffer_min, self.jitter_buffer_max)
    }
}

/// The codecs of a kind with these names, each once, and the names of which there is none.
pub(super) fn named(kind: MediaKind, names: &[String]) -> (Vec<&'static Codec>, Vec<&str>) {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for name in names {
        match codec::by_name(name).filter(|codec| codec.kind == kind) {
            Some(codec) if known.contains(&codec) => {}
            Some(codec) => known.push(codec),
            None => unknown.push(name.as_str()),
        }
    }
    (known, unknown)
}

/// The names that there are for codecs of a kind.
pub(super) fn known_names(kind: MediaKind) -> String {
    let names: Vec<_> =
        codec::ALL.iter().filter(|codec| codec.kind == kind).map(|codec| codec.name).collect();
    names.join(", ")
}
