//! The rungs of a stream: the sizes and frame rates in which its picture is encoded.

use std::fmt;
use std::str::FromStr;

/// Rungs that a ladder has at most.
pub const MOST: usize = 8;

/// A part of a whole, as text `1/2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction {
    over: u16,
    under: u16,
}

impl Fraction {
    /// All of it.
    pub const WHOLE: Self = Self { over: 1, under: 1 };

    /// As a number, above 0 and at most 1.
    pub fn value(self) -> f64 {
        f64::from(self.over) / f64::from(self.under)
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.under {
            1 => write!(f, "{}", self.over),
            under => write!(f, "{}/{under}", self.over),
        }
    }
}

/// One size and frame rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung {
    /// The part of the picture's pixels that is left.
    pub pixels: Fraction,
    /// The part of its frames that is left.
    pub frames: Fraction,
}

impl Rung {
    /// The picture as it came.
    pub const FULL: Self = Self { pixels: Fraction::WHOLE, frames: Fraction::WHOLE };

    /// The part of the pixels of a second that is left.
    pub fn load(self) -> f64 {
        self.pixels.value() * self.frames.value()
    }

    /// The size of this rung for a picture of that size: of the same shape, in even numbers.
    pub fn size(self, width: u32, height: u32) -> (u32, u32) {
        if self.pixels == Fraction::WHOLE || width == 0 || height == 0 {
            return (width, height);
        }
        let scale = self.pixels.value().sqrt();
        let shape = greatest_common_divisor(width, height);
        let (step_width, step_height) = (2 * (width / shape), 2 * (height / shape));
        // Of exactly the same shape where there is such a size nearby, as there is for the usual ones.
        if step_width * 16 <= width {
            let steps = round(f64::from(width) * scale / f64::from(step_width)).max(1);
            return (step_width * steps, step_height * steps);
        }
        let even = |length: u32| 2 * round(f64::from(length) * scale / 2.0).max(1);
        (even(width), even(height))
    }

    /// The frame rate of this rung for a picture of that frame rate, a fraction.
    pub fn frame_rate(self, over: u32, under: u32) -> (u32, u32) {
        let (over, under) =
            (u64::from(over) * u64::from(self.frames.over), u64::from(under) * u64::from(self.frames.under));
        let divisor = greatest_common_divisor(over, under).max(1);
        match (u32::try_from(over / divisor), u32::try_from(under / divisor)) {
            (Ok(over), Ok(under)) => (over, under),
            // Beyond what a frame rate can be.
            _ => (1, 1),
        }
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.frames == Fraction::WHOLE {
            write!(f, "{}", self.pixels)
        } else {
            write!(f, "{}@{}", self.pixels, self.frames)
        }
    }
}

/// The nearest whole number, of what is small and not negative.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the sides of a picture")]
fn round(value: f64) -> u32 {
    value.round() as u32
}

fn greatest_common_divisor<T: Copy + PartialEq + Default + std::ops::Rem<Output = T>>(a: T, b: T) -> T {
    if b == T::default() { a } else { greatest_common_divisor(b, a % b) }
}

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
pub struct Ladder(Vec<Rung>);

impl Ladder {
    /// One rung for everybody, the picture as it came.
    pub fn single() -> Self {
        Self(vec![Rung::FULL])
    }

    /// The rungs, the best first.
    pub fn rungs(&self) -> &[Rung] {
        &self.0
    }
}

impl Default for Ladder {
    /// All, half and a quarter of the pixels.
    fn default() -> Self {
        let pixels = [1, 2, 4].map(|under| Fraction { over: 1, under });
        Self(pixels.map(|pixels| Rung { pixels, frames: Fraction::WHOLE }).into())
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
        rungs.sort_by(|a, b| b.load().total_cmp(&a.load()));
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

fn rung(text: &str) -> Option<Rung> {
    let (pixels, frames) = text.split_once('@').unwrap_or((text, "1"));
    Some(Rung { pixels: fraction(pixels)?, frames: fraction(frames)? })
}

fn fraction(text: &str) -> Option<Fraction> {
    let (over, under) = text.split_once('/').unwrap_or((text, "1"));
    let (over, under) = (over.trim().parse().ok()?, under.trim().parse().ok()?);
    (0 < over && over <= under).then_some(Fraction { over, under })
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
    fn what_is_no_ladder_is_refused_with_its_cure() {
        for text in ["1, 0", "2", "3/2", "1/0", "-1", "half", "1,,1/2", "1/2@", "@1", "1/2@2"] {
            let err = text.parse::<Ladder>().unwrap_err();
            assert!(matches!(err, LadderError::NotARung(_)), "{text}: {err}");
            assert!(err.to_string().contains("1/4@1/2"));
        }
        assert_eq!(" ".parse::<Ladder>(), Err(LadderError::Empty));
        assert_eq!(["1"; 9].join(",").parse::<Ladder>(), Err(LadderError::TooMany));
    }

    #[test]
    fn a_rung_keeps_the_shape_of_the_picture_in_even_numbers() {
        let default = Ladder::default();
        let sizes = |width, height| {
            let sizes: Vec<_> = default.rungs().iter().map(|rung| rung.size(width, height)).collect();
            sizes
        };
        assert_eq!(sizes(1280, 720), [(1280, 720), (896, 504), (640, 360)]);
        assert_eq!(sizes(1920, 1080), [(1920, 1080), (1344, 756), (960, 540)]);
        assert_eq!(sizes(720, 1280), [(720, 1280), (504, 896), (360, 640)]);
        assert_eq!(sizes(641, 481), [(641, 481), (454, 340), (320, 240)]);
        assert_eq!(sizes(3, 2), [(3, 2), (2, 2), (2, 2)]);
        assert_eq!(sizes(0, 0), [(0, 0); 3]);
    }

    #[test]
    fn a_rung_leaves_out_frames_where_it_says_so() {
        let rung = ladder("1/4@1/2").rungs()[0];
        assert_eq!(rung.frame_rate(30, 1), (15, 1));
        assert_eq!(rung.frame_rate(30_000, 1001), (15_000, 1001));
        assert_eq!(Rung::FULL.frame_rate(0, 1), (0, 1));
        assert!((rung.load() - 0.125).abs() < 1e-9);
    }
}
