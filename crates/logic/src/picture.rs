//! What a rung makes of the pictures that enter: how large they are, and which of them it takes.

use std::fmt;

/// A fraction no larger than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Share {
    part: u32,
    of: u32,
}

impl Share {
    /// Everything.
    pub const WHOLE: Self = Self { part: 1, of: 1 };

    /// `part` of `of`; `None` where that is nothing, or more than there is.
    pub fn new(part: u32, of: u32) -> Option<Self> {
        (part > 0 && part <= of).then_some(Self { part, of })
    }

    /// Whether it is everything.
    pub fn is_whole(self) -> bool {
        self.part == self.of
    }

    /// As a number.
    pub fn value(self) -> f64 {
        f64::from(self.part) / f64::from(self.of)
    }

    /// So much of a number that is a fraction itself.
    pub fn of(self, (numerator, denominator): (i32, i32)) -> (i32, i32) {
        let (part, of) = (i32::try_from(self.part), i32::try_from(self.of));
        let product = part.ok().and_then(|part| numerator.checked_mul(part));
        let divisor = of.ok().and_then(|of| denominator.checked_mul(of));
        match (product, divisor) {
            (Some(product), Some(divisor)) => (product, divisor),
            _ => (numerator, denominator),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_whole() { f.write_str("1") } else { write!(f, "{}/{}", self.part, self.of) }
    }
}

/// What is left of a picture and of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// The share of the pixels.
    pub pixels: Share,
    /// The share of the frames.
    pub frames: Share,
}

impl Shape {
    /// The pictures as they are.
    pub const WHOLE: Self = Self { pixels: Share::WHOLE, frames: Share::WHOLE };

    /// The part of the pixels of a second that is left.
    pub fn load(self) -> f64 {
        self.pixels.value() * self.frames.value()
    }

    /// Width and height, with square pixels, of pictures that have these and pixels of this aspect: as wide for
    /// their height as before, even, and no larger. `None` where they stay as they are.
    pub fn size(self, (width, height): (u32, u32), (x, y): (u32, u32)) -> Option<(u32, u32)> {
        if self.pixels.is_whole() || width == 0 || height == 0 {
            return None;
        }
        let aspect = if x == 0 || y == 0 { 1.0 } else { f64::from(x) / f64::from(y) };
        let scale = (f64::from(self.pixels.part) / f64::from(self.pixels.of)).sqrt();
        let (wide, high) = (f64::from(width) * aspect * scale, f64::from(height) * scale);
        Some((even(wide), even(high)))
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.frames.is_whole() {
            write!(f, "{}", self.pixels)
        } else {
            write!(f, "{}@{}", self.pixels, self.frames)
        }
    }
}

/// The nearest even number, and at least 2.
fn even(length: f64) -> u32 {
    const LARGEST: f64 = 32_768.0;
    let halves = (length.clamp(2.0, LARGEST) / 2.0).round();
    // Within bounds by the line above.
    (halves as u32) * 2
}

/// Takes an even share of frames as they come; the first always.
#[derive(Debug, Clone)]
pub struct Thinning {
    share: Share,
    /// What the frames so far have left of the share, in parts of its denominator.
    credit: u64,
}

impl Thinning {
    /// Takes so much of the frames.
    pub fn new(share: Share) -> Self {
        Self { share, credit: u64::from(share.of - share.part) }
    }

    /// Whether to take the next frame.
    pub fn take(&mut self) -> bool {
        self.credit += u64::from(self.share.part);
        let of = u64::from(self.share.of);
        let taken = self.credit >= of;
        if taken {
            self.credit -= of;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(part: u32, of: u32) -> Share {
        Share::new(part, of).unwrap()
    }

    fn size(part: u32, of: u32, picture: (u32, u32), pixel: (u32, u32)) -> Option<(u32, u32)> {
        Shape { pixels: share(part, of), frames: Share::WHOLE }.size(picture, pixel)
    }

    #[test]
    fn half_and_quarter_of_the_pixels_keep_the_aspect() {
        assert_eq!(size(1, 4, (1280, 720), (1, 1)), Some((640, 360)));
        assert_eq!(size(1, 2, (1280, 720), (1, 1)), Some((906, 510)));
        assert_eq!(size(1, 4, (720, 1280), (1, 1)), Some((360, 640)));
        assert_eq!(size(1, 1, (1279, 719), (1, 1)), None);
    }

    #[test]
    fn pixels_that_are_not_square_become_so() {
        assert_eq!(size(1, 4, (720, 576), (16, 15)), Some((384, 288)));
        assert_eq!(size(1, 4, (720, 576), (0, 15)), Some((360, 288)));
    }

    #[test]
    fn sizes_are_even_and_never_nothing() {
        assert_eq!(size(1, 1000, (3, 3), (1, 1)), Some((2, 2)));
        assert_eq!(size(1, 2, (0, 3), (1, 1)), None);
        for width in 1..400 {
            let (wide, high) = size(1, 3, (width, 77), (1, 1)).unwrap();
            assert!(wide % 2 == 0 && high % 2 == 0 && wide > 1 && high > 1);
        }
        assert_eq!(size(1, 2, (u32::MAX, 1), (u32::MAX, 1)), Some((32_768, 2)));
    }

    #[test]
    fn an_even_share_of_the_frames_is_taken_and_the_first_always() {
        let taken = |part, of, frames| {
            let mut thinning = Thinning::new(share(part, of));
            (0..frames).map(|_| thinning.take()).collect::<Vec<_>>()
        };
        assert_eq!(taken(1, 2, 4), [true, false, true, false]);
        assert_eq!(taken(2, 3, 6), [true, false, true, true, false, true]);
        assert!(taken(1, 1, 9).iter().all(|taken| *taken));
        assert_eq!(taken(1, 3, 300).iter().filter(|taken| **taken).count(), 100);
    }

    #[test]
    fn a_share_is_more_than_nothing_and_no_more_than_all() {
        assert_eq!(Share::new(0, 1), None);
        assert_eq!(Share::new(2, 1), None);
        assert_eq!(Share::new(0, 0), None);
        assert_eq!(share(1, 2).of((30, 1)), (30, 2));
        assert_eq!(share(1, 2).of((i32::MAX, i32::MAX)), (i32::MAX, i32::MAX));
    }
}
