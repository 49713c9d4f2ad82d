//! The rungs of a stream: the sizes and frame rates in which its picture is encoded.

use super::Modes;
use crate::picture::{Shape, Share};
use std::fmt;
use std::str::FromStr;

/// Rungs that a ladder has at most.
pub const MOST: usize = 8;

/// Why a text describes no ladder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LadderError {
    /// It has no rung.
    #[error("a ladder has at least one rung, as in \"1, 1/2, 1/4\"")]
    Empty,
    /// It has more rungs than are of use.
    #[error("a ladder has at most {MOST} rungs")]
    TooMany,
    /// A rung is no part of a picture.
    #[error(
        "\"{0}\" is no rung: write the part of the pixels, above 0 and at most 1, as in \"1/2\", and, where frames \
         are left out, the part of the frames behind an @, as in \"1/4@1/2\""
    )]
    NotARung(String),
}

/// The rungs, the one with the most pixels a second first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder(Vec<Shape>);

impl Ladder {
    /// One rung for everybody, the picture as it came.
    pub fn single() -> Self {
        Self(vec![Shape::WHOLE])
    }

    /// The rungs, the best first.
    pub fn rungs(&self) -> &[Shape] {
        &self.0
    }

    /// Whether each rung gives up no more of the best one than may be given up. The best always does.
    pub fn permitted(&self, modes: Modes) -> Vec<bool> {
        let best = self.0.first().copied().unwrap_or(Shape::WHOLE);
        let permitted = |rung: &Shape| {
            let smaller = rung.pixels.value() < best.pixels.value();
            let slower = rung.frames.value() < best.frames.value();
            (modes.downscaled || !smaller) && (modes.downsampled || !slower)
        };
        self.0.iter().map(permitted).collect()
    }
}

impl Default for Ladder {
    /// All, half and a quarter of the pixels.
    fn default() -> Self {
        let pixels = [1, 2, 4].into_iter().filter_map(|of| Share::new(1, of));
        Self(pixels.map(|pixels| Shape { pixels, frames: Share::WHOLE }).collect())
    }
}

impl FromStr for Ladder {
    type Err = LadderError;

    fn from_str(text: &str) -> Result<Self, LadderError> {
        if text.trim().is_empty() {
            return Err(LadderError::Empty);
        }
        let rung = |text: &str| rung(text).ok_or_else(|| LadderError::NotARung(text.trim().to_owned()));
        let mut rungs = text.split(',').map(rung).collect::<Result<Vec<_>, _>>()?;
        if rungs.len() > MOST {
            return Err(LadderError::TooMany);
        }
        rungs.sort_by(|a: &Shape, b| b.load().total_cmp(&a.load()));
        Ok(Self(rungs))
    }
}

impl fmt::Display for Ladder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rung) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{rung}")?;
        }
        Ok(())
    }
}

fn rung(text: &str) -> Option<Shape> {
    let (pixels, frames) = text.split_once('@').unwrap_or((text, "1"));
    Some(Shape { pixels: share(pixels)?, frames: share(frames)? })
}

fn share(text: &str) -> Option<Share> {
    let (part, of) = text.split_once('/').unwrap_or((text, "1"));
    Share::new(part.trim().parse().ok()?, of.trim().parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ladder(text: &str) -> Ladder {
        text.parse().unwrap()
    }

    #[test]
    fn a_ladder_is_read_and_written_as_text_with_the_best_rung_first() {
        assert_eq!(ladder("1, 1/2, 1/4"), Ladder::default());
        assert_eq!(ladder("1"), Ladder::single());
        assert_eq!(ladder(" 1/4@1/2,1 / 4 , 1").to_string(), "1, 1/4, 1/4@1/2");
        assert_eq!(Ladder::default().to_string(), "1, 1/2, 1/4");
    }

    #[test]
    fn rungs_that_give_up_what_may_not_be_are_not_permitted() {
        let mixed = ladder("1, 1/2, 1@1/2, 1/4@1/2");
        let permitted = |downscaled, downsampled| mixed.permitted(Modes { downscaled, downsampled });
        assert_eq!(permitted(true, true), [true; 4]);
        assert_eq!(permitted(true, false), [true, true, false, false]);
        assert_eq!(permitted(false, true), [true, false, true, false]);
        assert_eq!(permitted(false, false), [true, false, false, false]);
        assert_eq!(
            ladder("1/2@1/2, 1/4@1/2").permitted(Modes::NONE),
            [true, false],
            "the best is what there is"
        );
    }

    #[test]
    fn what_is_no_ladder_is_refused_with_its_cure() {
        for text in ["1, 0", "2", "3/2", "1/0", "-1", "half", "1,,1/2", "1/2@", "@1", "1/2@2"] {
            let err = text.parse::<Ladder>().unwrap_err();
            assert!(matches!(err, LadderError::NotARung(_)), "{text}: {err}");
            assert!(err.to_string().contains("1/4@1/2"));
        }
        assert_eq!(" ".parse::<Ladder>(), Err(LadderError::Empty));
        assert_eq!(["1"; 9].join(",").parse::<Ladder>(), Err(LadderError::TooMany));
    }
}
