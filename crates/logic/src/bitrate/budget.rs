//! What of one session's estimate is left for each of its video streams.

use super::{BitsPerSecond, Bounds};

/// Of a packet of 1200 bytes, headers, their extensions and what encryption adds take about 40.
const PAYLOAD: f64 = 1160.0 / 1200.0;
/// Video gets this part of the estimate at least, however much is sent again: otherwise nothing could recover.
const LEAST: f64 = 0.25;

/// What a session's estimate is spent on before video.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spending {
    /// What the network carries in all.
    pub estimate: BitsPerSecond,
    /// What sound takes: it never starves, so it comes first.
    pub sound: BitsPerSecond,
    /// Of what is sent of video, the measured part that was sent again: 0 to 1.
    pub sent_again: f64,
    /// What forward error correction adds to video, in percent.
    pub fec_percentage: u8,
}

/// What is left for each video stream, in the parts that their weights say; streams of no weight get nothing.
pub fn budget(spending: Spending, weights: &[u32]) -> Vec<BitsPerSecond> {
    let left = f64::from(spending.estimate.saturating_sub(spending.sound));
    let fresh = 1.0 - spending.sent_again.clamp(0.0, 1.0);
    let media = fresh / (1.0 + f64::from(spending.fec_percentage) / 100.0);
    let video = left * PAYLOAD * media.max(LEAST);
    let all: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
    weights.iter().map(|weight| super::quality::whole(video * f64::from(*weight) / all.max(1.0))).collect()
}

/// What a stream gets for which an application defined so much, or nothing that can be read as a number: then its share.
pub fn defined(number: Option<i64>, share: BitsPerSecond, bounds: Bounds) -> BitsPerSecond {
    let Some(number) = number else { return share };
    let number = BitsPerSecond::try_from(number.max(0)).unwrap_or(BitsPerSecond::MAX);
    number.clamp(bounds.min.min(bounds.max), bounds.max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_application_defines_is_kept_within_the_bounds() {
        let bounds = Bounds { min: 1_000, max: 2_000_000, start: 500_000 };
        let defined = |number| defined(number, 700_000, bounds);
        assert_eq!(defined(None), 700_000);
        assert_eq!(defined(Some(300_000)), 300_000);
        for low in [0, -1, 999, i64::MIN] {
            assert_eq!(defined(Some(low)), 1_000);
        }
        for high in [2_000_001, i64::from(u32::MAX) + 1, i64::MAX] {
            assert_eq!(defined(Some(high)), 2_000_000);
        }
        let inverted = Bounds { min: 3_000_000, ..bounds };
        assert_eq!(super::defined(Some(1), 1, inverted), 2_000_000);
    }

    const PLAIN: Spending =
        Spending { estimate: 1_064_000, sound: 64_000, sent_again: 0.0, fec_percentage: 0 };

    #[test]
    fn sound_comes_first_and_what_is_left_is_shared_by_weight() {
        assert_eq!(budget(PLAIN, &[1]), [966_667]);
        assert_eq!(budget(PLAIN, &[1, 1]), [483_333; 2]);
        assert_eq!(budget(PLAIN, &[3, 0, 1]), [725_000, 0, 241_667]);
        assert_eq!(budget(Spending { estimate: 50_000, ..PLAIN }, &[1]), [0]);
        assert_eq!(budget(PLAIN, &[]), [0; 0]);
        assert_eq!(budget(PLAIN, &[0]), [0]);
    }

    #[test]
    fn repair_comes_out_of_the_same_estimate() {
        assert_eq!(budget(Spending { sent_again: 0.1, ..PLAIN }, &[1]), [870_000]);
        assert_eq!(budget(Spending { fec_percentage: 50, ..PLAIN }, &[1]), [644_444]);
        let lost = Spending { sent_again: 0.9, fec_percentage: 100, ..PLAIN };
        assert_eq!(budget(lost, &[1]), [241_667], "never less than a quarter");
    }
}
