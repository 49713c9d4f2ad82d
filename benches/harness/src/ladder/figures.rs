//! What a viewer got in a while, from the pictures that it noted.

use crate::job::{Noted, Picture};
use serde::Serialize;

/// What one viewer got.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Of the pictures alone.
    pub bits_per_second: f64,
    pub frames_per_second: f64,
    /// Mean over the pictures of the index that their headers have, 0 to 127; nothing where there are none.
    pub quantiser: Option<f64>,
    /// Of most pictures.
    pub size: (u16, u16),
    /// Changes of size.
    pub switches: usize,
    pub key_units: usize,
    /// The longest time without a new picture.
    pub gap_ms: f64,
    pub first_picture_ms: Option<f64>,
}

/// What it got from one time to another.
pub fn of(noted: &Noted, (from, to): (f64, f64)) -> Figures {
    let during = |picture: &&Picture| (from..to).contains(&picture.at);
    let pictures: Vec<&Picture> = noted.pictures.iter().filter(during).collect();
    let (seconds, count) = ((to - from).max(1e-3), pictures.len() as f64);
    let bytes: f64 = pictures.iter().map(|picture| f64::from(picture.bytes)).sum();
    let quantisers: f64 = pictures.iter().map(|picture| f64::from(picture.quantiser)).sum();
    let times: Vec<f64> = std::iter::once(from)
        .chain(pictures.iter().map(|picture| picture.at))
        .chain([to])
        .collect();
    let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
    Figures {
        bits_per_second: bytes * 8.0 / seconds,
        frames_per_second: count / seconds,
        quantiser: (count > 0.0).then(|| quantisers / count),
        size: usual(&pictures),
        switches: pictures
            .windows(2)
            .filter(|pair| pair[0].size != pair[1].size)
            .count(),
        key_units: pictures.iter().filter(|picture| picture.key).count(),
        gap_ms: gaps.fold(0.0, f64::max) * 1e3,
        first_picture_ms: noted.counts.first_frame_ms,
    }
}

fn usual(pictures: &[&Picture]) -> (u16, u16) {
    let count = |size| pictures.iter().filter(|picture| picture.size == size).count();
    let mut sizes: Vec<(u16, u16)> = pictures.iter().map(|picture| picture.size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes
        .into_iter()
        .max_by_key(|size| count(*size))
        .unwrap_or_default()
}

/// The figure of which so large a share of all is smaller.
pub fn quantile(all: &[f64], share: f64) -> Option<f64> {
    let mut sorted = all.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(at.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::{of, quantile};
    use crate::job::{Noted, Picture};

    #[test]
    fn only_what_came_within_the_time_counts() {
        let picture = |at, size, quantiser| Picture {
            at,
            bytes: 1000,
            size,
            key: false,
            quantiser,
        };
        let (large, small) = ((1280, 720), (640, 360));
        let pictures = vec![
            picture(0.5, small, 90),
            picture(1.25, small, 40),
            picture(1.5, large, 50),
            picture(1.75, large, 60),
            picture(2.5, small, 90),
        ];
        let figures = of(
            &Noted {
                pictures,
                ..Noted::default()
            },
            (1.0, 2.0),
        );
        assert_eq!(
            (figures.bits_per_second, figures.frames_per_second),
            (24_000.0, 3.0)
        );
        assert_eq!(
            (figures.quantiser, figures.size, figures.switches),
            (Some(50.0), large, 1)
        );
        assert_eq!(figures.gap_ms, 250.0);
    }

    #[test]
    fn of_a_few_the_last_is_the_99th_of_a_hundred() {
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.99), Some(3.0));
        assert_eq!(quantile(&[3.0, 1.0, 2.0, 4.0], 0.5), Some(2.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
