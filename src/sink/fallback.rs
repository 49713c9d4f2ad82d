//! What becomes of a rung whose encoder failed: the next one takes its place, and viewers stay.

use super::imp::CAT;
use super::input::Input;
use super::ladder::Ladder;
use super::rungs::Which;
use super::settings::Settings;
use crate::chain::encoding::Candidate;
use crate::chain::fault::Fault;
use crate::codec;
use crate::session::news;
use gst::prelude::*;
use logic::codec::Codec;
use logic::following::Stubborn;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

/// The time as encoders' failures are noted.
fn now() -> Duration {
    static BORN: LazyLock<Instant> = LazyLock::new(Instant::now);
    BORN.elapsed()
}

/// The encoders for a codec, best first.
fn candidates(codec: &'static Codec, settings: &Settings) -> Vec<Candidate> {
    let candidate = |factory: gst::ElementFactory| {
        let name = factory.name().to_string();
        Candidate { row: settings.encoders.row(&name), name, factory }
    };
    codec::encoders(codec, &settings.encoders).into_iter().map(candidate).collect()
}

impl Input {
    /// The encoders to try for a codec, best first: those that failed lately are left out, unless there are no others.
    pub(super) fn candidates(&self, codec: &'static Codec, settings: &Settings) -> Vec<Candidate> {
        let all = candidates(codec, settings);
        self.state().trials.choose(all, |candidate| &candidate.name, now())
    }

    /// The encoder that is to be tried where others have failed.
    fn next(&self, codec: &'static Codec) -> Option<String> {
        let settings = self.element.upgrade()?.settings();
        let mut names = candidates(codec, &settings).into_iter().map(|candidate| candidate.name);
        let (state, now) = (self.state(), now());
        names.find(|name| state.trials.may_try(name, now))
    }

    /// An encoder failed, and is left alone for a while.
    pub(super) fn note_failure(&self, encoder: &str) {
        self.state().trials.failed(encoder, now());
    }

    /// Tells the application so.
    pub(super) fn tell_failure(&self, codec: &Codec, encoder: &str, next: Option<&str>, text: &str) {
        gst::warning!(CAT, "pad {}: encoder {encoder} failed: {text}", self.name);
        if let Some(element) = self.element.upgrade() {
            news::encoder_failed(&element, (&self.name, codec.media_type), encoder, next, text);
        }
    }

    /// Tells the application that an encoder does not follow its bitrate.
    pub(super) fn tell_stubborn(&self, codec: &Codec, encoder: &str, stubborn: Stubborn) {
        gst::warning!(CAT, "pad {}: encoder {encoder} does not follow its bitrate: {stubborn:?}", self.name);
        if let Some(element) = self.element.upgrade() {
            news::bitrate_not_followed(&element, (&self.name, codec.media_type), encoder, stubborn);
        }
    }

    /// A rung failed: it is started anew where another encoder may do better, or else its viewers are to go elsewhere.
    pub(super) fn rung_failed(&self, which: &Which, fault: &Fault) {
        let text = &fault.text;
        gst::warning!(CAT, "pad {}: sending as {} failed: {text}", self.name, which.codec.name);
        self.forget_failed(which);
        let next = fault.encoder.as_ref().and_then(|_| self.next(which.codec));
        if let Some(encoder) = &fault.encoder {
            self.tell_failure(which.codec, encoder, next.as_deref(), text);
        }
        for ladder in self.ladders().iter().filter(|ladder| ladder.has(which)) {
            if next.is_none() || ladder.renew(which.rung).is_err() {
                ladder.failed(which.rung, text);
            }
        }
    }

    /// A viewer came to a rung that had failed, and that nobody told him of.
    pub(super) fn rung_had_failed(&self, ladder: &Arc<Ladder>, which: &Which, fault: &Fault) {
        let next = fault.encoder.as_ref().and_then(|_| self.next(which.codec));
        if next.is_none() || ladder.renew(which.rung).is_err() {
            ladder.failed(which.rung, &fault.text);
        }
    }

    /// Whether an encoder that did not fail is left for a codec.
    pub(super) fn has_next(&self, codec: &'static Codec) -> bool {
        self.next(codec).is_some()
    }
}
