//! The current group of pictures of an input that is encoded already, for the first who watches it: what is passed on
//! begins with a key unit.

use super::settings::Settings;
use crate::chain::rung::Rung;
use logic::codec::MediaKind;
use logic::group_cache::{Group, Part};
use logic::placement::Input as Entering;

/// The frames since the last key unit.
pub(super) struct Recent(Group<gst::Buffer>);

impl Recent {
    /// Where what enters has groups of pictures; kept is no more than a second at the bitrate that viewers begin with.
    pub(super) fn of(entering: Entering, settings: &Settings) -> Option<Self> {
        let has_groups = matches!(entering, Entering::Encoded(codec) if codec.kind == MediaKind::Video);
        let most = usize::try_from(settings.start_bitrate / 8).unwrap_or(usize::MAX);
        has_groups.then(|| Self(Group::new(most)))
    }

    /// A frame, which all rungs have been handed; its timestamps are running times.
    pub(super) fn keep(&mut self, frame: &gst::Buffer) {
        let Some(pts) = frame.pts() else { return self.0.clear() };
        let part = Part {
            key_unit: !frame.flags().contains(gst::BufferFlags::DELTA_UNIT),
            // Of RTP's clock, and as short.
            timestamp: (u128::from(pts.nseconds()) * 9 / 100_000) as u32,
            bytes: frame.size(),
        };
        // Encoders have few buffers, which are not to be kept.
        if self.0.takes(part) {
            match frame.copy_deep() {
                Ok(frame) => self.0.keep(frame),
                Err(_) => self.0.clear(),
            }
        }
    }

    /// What a rung that has not been handed anything is to be handed before the next frame.
    pub(super) fn before(&self, rung: &Rung) -> Vec<gst::Buffer> {
        let frames = self.0.parts().map(|(frames, _)| frames).unwrap_or_default();
        if rung.takes_at_once(frames) { frames.to_vec() } else { Vec::new() }
    }
}
