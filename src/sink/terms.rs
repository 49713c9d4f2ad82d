//! What viewers are told of a sink pad's stream. It stays as long as any of them holds the stream to it, whatever enters
//! the pad meanwhile.

use crate::codec;
use gst::glib;
use logic::codec::Codec;
use logic::placement::Input as Entering;
use logic::terms::Form;

/// The terms on which a stream is sent.
pub(super) struct Terms {
    /// What entered when they were made.
    pub(super) caps: gst::Caps,
    pub(super) form: Form,
    /// What it could be sent as.
    pub(super) codecs: Vec<&'static Codec>,
    pub(super) ssrc: u32,
    /// Of the timestamps of all its packets, whichever rung makes them.
    pub(super) timestamp_offset: u32,
}

impl Terms {
    pub(super) fn new(caps: &gst::Caps, form: Form, codecs: Vec<&'static Codec>) -> Self {
        // The largest number would stand for any.
        let timestamp_offset = glib::random_int() >> 1;
        Self { caps: caps.clone(), form, codecs, ssrc: glib::random_int(), timestamp_offset }
    }
}

/// What the caps of a stream say that its terms depend on.
pub(super) fn form(caps: &gst::Caps, entering: Entering) -> Form {
    let facts = caps.structure(0).map(codec::facts).unwrap_or_default();
    let memory = caps.features(0).filter(|features| !features.is_any());
    // Raw pictures have no profile; what is called so would not be one.
    let said = |text: Option<&str>| text.filter(|_| entering != Entering::Raw).map(str::to_owned);
    Form {
        entering,
        memory: memory.map(|features| features.to_string()).unwrap_or_default(),
        profile: said(facts.profile),
        level: said(facts.level),
        width: facts.width,
        height: facts.height,
        rate: facts.fps,
    }
}
