//! How the pictures of an encoder are cut when its bitrate changes: by a handler of `configure-mitigation-caps`, or as
//! `logic::bitrate` says.

use super::rungs::Which;
use super::rungs::picture;
use super::settings::{Settings, WebRTCSinkEncoderSharing};
use super::{BaseWebRTCSink, WebRTCSinkMitigationMode, signals};
use logic::bitrate::{Bounds, Ladder, Limits, Mitigation, Modes, comfortable};
use logic::picture::{Cut, Share};
use std::sync::{Mutex, PoisonError};

/// Longer sides than this are nobody's wish.
const LONGEST: i32 = 16_384;

/// One encoder's.
pub(super) struct Mitigating {
    /// Where its sizes are those of rungs; the others have no smaller ones than what this makes.
    rungs: Option<Ladder>,
    bounds: Bounds,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    asked: Option<Asked>,
    mitigation: Mitigation,
}

/// What an answer is about.
#[derive(PartialEq)]
struct Asked {
    source: gst::Caps,
    bits_per_second: u32,
    modes: WebRTCSinkMitigationMode,
    /// Whether the application answers.
    handled: bool,
}

impl Mitigating {
    pub(super) fn new(settings: &Settings) -> Self {
        let is_ladder = settings.encoder_sharing == WebRTCSinkEncoderSharing::Ladder;
        let rungs = is_ladder.then(|| settings.ladder());
        Self { rungs, bounds: settings.bounds(), state: Mutex::default() }
    }

    /// How pictures with these caps are to be cut at a bitrate; `None` where nothing has changed.
    pub(super) fn cut(
        &self,
        sink: &BaseWebRTCSink,
        pad: &str,
        which: &Which,
        source: &gst::Caps,
        bits_per_second: u32,
    ) -> Option<Cut> {
        let (modes, handled) = (sink.mitigation_modes(), signals::configures_mitigation(sink));
        let asked = Asked { source: source.clone(), bits_per_second, modes, handled };
        let limits = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.asked.as_ref() == Some(&asked) {
                return None;
            }
            state.asked = Some(asked);
            state.mitigation.follow(bits_per_second, modes.into(), self.least(which, source, modes))
        };
        // Handlers are called without the lock.
        let info = handled.then(|| gst_video::VideoInfo::from_caps(source).ok()).flatten();
        let Some(info) = info else { return Some(limited(limits, which)) };
        let caps = signals::mitigation_caps(sink, pad, &info, bits_per_second, modes);
        Some(caps.map(|caps| wanted(&caps, &info)).unwrap_or_default())
    }

    /// Another encoder begins, whose pictures nobody has cut.
    pub(super) fn begin(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).asked = None;
    }

    /// Below which bitrate an encoder is cut; `None` for any. Of a ladder only the lowest rung is, since there is no
    /// smaller one, and only well below its comfort.
    fn least(&self, which: &Which, source: &gst::Caps, modes: WebRTCSinkMitigationMode) -> Option<u32> {
        let rungs = self.rungs.as_ref()?;
        let is_lowest = rungs.permitted(modes.into()).iter().rposition(|is_permitted| *is_permitted);
        let comfort = comfortable(rungs, self.bounds, picture(source), which.rung);
        Some(if is_lowest == Some(which.rung) { comfort / 2 } else { 0 })
    }
}

impl From<WebRTCSinkMitigationMode> for Modes {
    fn from(modes: WebRTCSinkMitigationMode) -> Self {
        Self {
            downscaled: modes.contains(WebRTCSinkMitigationMode::DOWNSCALED),
            downsampled: modes.contains(WebRTCSinkMitigationMode::DOWNSAMPLED),
        }
    }
}

fn limited(limits: Limits, which: &Which) -> Cut {
    let half = Share::new(1, 2).filter(|half| limits.half && which.shape.frames.value() > half.value());
    Cut { side: limits.side, frames: half, ..Cut::default() }
}

/// What caps ask for: sizes and rates, as far as they say them; what they leave open is the rung's.
fn wanted(caps: &gst::CapsRef, info: &gst_video::VideoInfo) -> Cut {
    let Some(structure) = caps.structure(0) else { return Cut::default() };
    let length = |name: &str, own: u32| {
        let value = structure.value(name).ok()?;
        let own = i32::try_from(own).ok()?;
        let range = || value.get::<gst::IntRange<i32>>().ok();
        let length =
            value.get::<i32>().ok().or_else(|| range().map(|range| own.clamp(range.min(), range.max())));
        u32::try_from(length?.clamp(1, LONGEST)).ok()
    };
    let rate = structure.get::<gst::Fraction>("framerate").ok();
    let own = info.fps();
    let frames =
        rate.and_then(|rate| Share::of_rate((rate.numer(), rate.denom()), (own.numer(), own.denom())));
    Cut { width: length("width", info.width()), height: length("height", info.height()), side: None, frames }
}

/// What is usual at a bitrate, as caps.
pub(super) fn usual(info: &gst_video::VideoInfo, bits_per_second: i32, modes: Modes) -> gst::Caps {
    let limits = Limits::usual(u32::try_from(bits_per_second).unwrap_or(0), modes);
    let mut caps = gst::Caps::builder("video/x-raw");
    let pixel = u32::try_from(info.par().numer()).ok().zip(u32::try_from(info.par().denom()).ok());
    let cut = Cut { side: limits.side, ..Cut::default() };
    let size = logic::picture::Shape::WHOLE.size((info.width(), info.height()), pixel.unwrap_or((1, 1)), cut);
    let length = |length: u32| i32::try_from(length).unwrap_or(i32::MAX);
    if let Some((width, height)) = size {
        caps = caps.field("width", length(width)).field("height", length(height));
    }
    if let Some(half) = Share::new(1, 2).filter(|_| limits.half && info.fps().numer() > 0) {
        let (numerator, denominator) = half.of((info.fps().numer(), info.fps().denom()));
        caps = caps.field("framerate", gst::Fraction::new(numerator, denominator));
    }
    caps.build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gst::prelude::*;
    use logic::picture::Shape;

    #[test]
    fn an_encoder_that_takes_the_place_of_another_is_cut_like_it() {
        gst::init().unwrap();
        let sink = gst::glib::Object::new::<crate::sink::WebRTCSink>();
        let settings = Settings { encoder_sharing: WebRTCSinkEncoderSharing::Single, ..Settings::default() };
        let mitigating = Mitigating::new(&settings);
        let codec = logic::codec::by_name("VP8").unwrap();
        let which = Which { codec, owner: None, rung: 0, shape: Shape::WHOLE };
        let caps = gst::Caps::builder("video/x-raw")
            .field("format", "I420")
            .field("width", 1280)
            .field("height", 720)
            .field("framerate", gst::Fraction::new(30, 1))
            .build();
        let cut = || mitigating.cut(sink.upcast_ref(), "video_0", &which, &caps, 200_000);
        let first = cut().unwrap();
        assert!(first != Cut::default(), "so low a bitrate is cut");
        assert_eq!(cut(), None, "nothing has changed");
        mitigating.begin();
        assert_eq!(cut(), Some(first));
    }
}
