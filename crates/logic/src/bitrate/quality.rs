//! What a viewer sees on a rung at a bitrate, as a number: what rungs and bitrates are weighed by.
//!
//! It grows with the logarithm of the bitrate, so that twice the rate is worth as much to everybody. Below the rate
//! at which a rung's picture is comfortable it falls faster, and above the rate at which the next larger picture
//! would be comfortable it grows more slowly. So the best rung for a lone viewer is the largest comfortable one.

use super::ladder::Ladder;
use super::{BitsPerSecond, Bounds};

/// Bits for each pixel at which real-time encoders give a comfortable 1280x720 at 30 frames a second: 1 Mbit/s.
const COMFORTABLE: f64 = 1_000_000.0;
/// The pixels a second of that picture.
const PIXELS: f64 = 1280.0 * 720.0 * 30.0;
/// Larger pictures need fewer bits for each pixel.
const EXPONENT: f64 = 0.75;
/// How much faster quality falls below the comfortable rate.
const DISCOMFORT: f64 = 1.5;
/// How much more slowly it grows above the comfortable rate of the next larger picture.
const SATIATION: f64 = 0.25;

/// The picture that enters the ladder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Picture {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Frames in a second; 30 where it is not known.
    pub frames_per_second: f64,
}

impl Picture {
    /// The bitrate at which it is comfortable.
    fn comfortable(&self) -> Option<f64> {
        let frames = if self.frames_per_second > 0.0 { self.frames_per_second } else { 30.0 };
        let pixels = f64::from(self.width) * f64::from(self.height) * frames;
        (pixels > 0.0).then(|| COMFORTABLE * (pixels / PIXELS).powf(EXPONENT))
    }
}

/// The rates at which each rung is comfortable.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Quality {
    /// The comfortable rate of each rung, and the one above which a larger picture would be better.
    rungs: Vec<(f64, f64)>,
}

impl Quality {
    /// The rates follow from the picture where it is known, else from the start bitrate. A picture that the
    /// application bounds to less than that is comfortable at half of what it allows.
    pub(super) fn new(ladder: &Ladder, bounds: Bounds, picture: Option<Picture>) -> Self {
        let needed = picture.and_then(|picture| picture.comfortable());
        let full = needed.unwrap_or(f64::from(bounds.start) / 2.0).min(f64::from(bounds.max) / 2.0).max(1.0);
        let best = ladder.rungs().first().map_or(1.0, |rung| rung.load());
        let comfortable = |load: f64| full * (load / best).powf(EXPONENT);
        let rungs = ladder.rungs().iter().map(|rung| {
            let larger = ladder.rungs().iter().rev().find(|other| other.load() > rung.load());
            (comfortable(rung.load()), larger.map_or(f64::INFINITY, |other| comfortable(other.load())))
        });
        Self { rungs: rungs.collect() }
    }

    /// The rate from which the rung's picture is comfortable.
    pub(super) fn comfortable(&self, rung: usize) -> f64 {
        self.rungs.get(rung).map_or(1.0, |(comfortable, _)| *comfortable)
    }

    /// What the rung is worth at that rate.
    pub(super) fn value(&self, rung: usize, rate: f64) -> f64 {
        let (comfortable, larger) = self.rungs.get(rung).copied().unwrap_or((1.0, f64::INFINITY));
        let rate = rate.max(1.0);
        let short = (comfortable / rate).ln().max(0.0);
        let over = (rate / larger).ln().max(0.0);
        rate.ln() - DISCOMFORT * short - (1.0 - SATIATION) * over
    }
}

/// The bitrate from which a rung's picture is comfortable.
pub fn comfortable(ladder: &Ladder, bounds: Bounds, picture: Option<Picture>, rung: usize) -> BitsPerSecond {
    whole(Quality::new(ladder, bounds, picture).comfortable(rung))
}

/// A rate as the application reads it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of floats saturates")]
pub(super) fn whole(rate: f64) -> BitsPerSecond {
    rate.round() as BitsPerSecond
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { min: 1_000, max: 8_000_000, start: 2_000_000 };

    fn best(quality: &Quality, rate: f64) -> usize {
        (0..3).rev().max_by(|a, b| quality.value(*a, rate).total_cmp(&quality.value(*b, rate))).unwrap()
    }

    #[test]
    fn a_lone_viewer_is_best_off_on_the_largest_comfortable_rung() {
        let picture = Picture { width: 1280, height: 720, frames_per_second: 30.0 };
        let quality = Quality::new(&Ladder::default(), BOUNDS, Some(picture));
        let chosen = [50e3, 300e3, 590e3, 600e3, 990e3, 1.01e6, 8e6].map(|rate| best(&quality, rate));
        assert_eq!(chosen, [2, 2, 2, 1, 1, 0, 0]);
    }

    #[test]
    fn what_is_comfortable_follows_from_the_picture_and_from_what_the_application_allows() {
        let full = |bounds, picture| Quality::new(&Ladder::default(), bounds, picture).comfortable(0);
        let large = Picture { width: 1920, height: 1080, frames_per_second: 0.0 };
        assert!((full(BOUNDS, Some(large)) / 1.84e6 - 1.0).abs() < 0.01);
        assert!((full(BOUNDS, None) - 1e6).abs() < 1.0, "half the start bitrate");
        let low = Bounds { max: 600_000, ..BOUNDS };
        assert!((full(low, Some(large)) - 300e3).abs() < 1.0);
    }

    #[test]
    fn more_is_never_worse() {
        let quality = Quality::new(&Ladder::default(), BOUNDS, None);
        for rung in 0..3 {
            let mut before = f64::MIN;
            for step in 0..200 {
                let value = quality.value(rung, 1_000.0 * 1.05f64.powi(step));
                assert!(value > before);
                before = value;
            }
        }
    }
}
