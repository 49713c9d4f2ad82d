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

    /// So many frames a second of so many; `None` where that is no share of them.
    pub fn of_rate(wanted: (i32, i32), all: (i32, i32)) -> Option<Self> {
        let positive = |number: i32| u64::try_from(number).ok().filter(|number| *number > 0);
        let part = positive(wanted.0)? * positive(all.1)?;
        let of = positive(wanted.1)? * positive(all.0)?;
        if part >= of {
            return Some(Self::WHOLE);
        }
        let divisor = divisor(part, of);
        let (part, of) = (u32::try_from(part / divisor).ok()?, u32::try_from(of / divisor).ok()?);
        Self::new(part, of)
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

    /// Width and height, with square pixels, of pictures that have these and pixels of this aspect, cut like that: as wide
    /// for their height as before where the cut leaves it open, and even. `None` where they stay as they are.
    pub fn size(self, (width, height): (u32, u32), (x, y): (u32, u32), cut: Cut) -> Option<(u32, u32)> {
        if width == 0 || height == 0 {
            return None;
        }
        let aspect = if x == 0 || y == 0 { 1.0 } else { f64::from(x) / f64::from(y) };
        let scale = self.pixels.value().sqrt();
        let (wide, high) = (f64::from(width) * aspect * scale, f64::from(height) * scale);
        let by = |factor: f64| Some((even(wide * factor), even(high * factor)));
        match (cut.width.map(f64::from), cut.height.map(f64::from), cut.side.map(f64::from)) {
            (Some(width), Some(height), _) => Some((even(width), even(height))),
            (Some(width), None, _) => by(width / wide),
            (None, Some(height), _) => by(height / high),
            (None, None, Some(side)) if side < wide.min(high) => by(side / wide.min(high)),
            _ if self.pixels.is_whole() => None,
            _ => by(1.0),
        }
    }
}

/// What else is taken from the pictures of a rung, as the bitrate or the application says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cut {
    /// The width that the application wants.
    pub width: Option<u32>,
    /// The height that the application wants.
    pub height: Option<u32>,
    /// The shorter side is no longer than this.
    pub side: Option<u32>,
    /// The share of the frames, in the place of the rung's.
    pub frames: Option<Share>,
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

/// The greatest common one.
fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a.max(1) } else { divisor(b, a % b) }
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
    /// What is taken.
    pub fn share(&self) -> Share {
        self.share
    }

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
        Shape { pixels: share(part, of), frames: Share::WHOLE }.size(picture, pixel, Cut::default())
    }

    #[test]
    fn a_cut_keeps_the_aspect_where_it_leaves_it_open_and_makes_nothing_larger_by_itself() {
        let whole = |picture, cut| Shape::WHOLE.size(picture, (1, 1), cut);
        let side = |side| Cut { side: Some(side), ..Cut::default() };
        assert_eq!(whole((1280, 720), side(360)), Some((640, 360)));
        assert_eq!(whole((720, 1280), side(360)), Some((360, 640)), "upright");
        assert_eq!(whole((640, 360), side(360)), None);
        assert_eq!(whole((320, 240), side(360)), None);
        let height = Cut { height: Some(180), ..Cut::default() };
        assert_eq!(whole((1280, 720), height), Some((320, 180)));
        let width = Cut { width: Some(320), side: Some(2), ..Cut::default() };
        assert_eq!(whole((1280, 720), width), Some((320, 180)), "what the application wants comes first");
        let both = Cut { width: Some(100), height: Some(100), ..Cut::default() };
        assert_eq!(whole((1280, 720), both), Some((100, 100)));
        let quarter = Shape { pixels: share(1, 4), frames: Share::WHOLE };
        assert_eq!(
            quarter.size((1280, 720), (1, 1), side(720)),
            Some((640, 360)),
            "the rung is smaller already"
        );
        assert_eq!(quarter.size((1280, 720), (1, 1), side(180)), Some((320, 180)));
    }

    #[test]
    fn a_wanted_frame_rate_is_a_share_of_the_rate_that_comes() {
        assert_eq!(Share::of_rate((15, 1), (30, 1)), Share::new(1, 2));
        assert_eq!(Share::of_rate((10, 1), (30_000, 1001)), Share::new(1001, 3000));
        assert_eq!(Share::of_rate((60, 1), (30, 1)), Some(Share::WHOLE));
        for (wanted, all) in [((0, 1), (30, 1)), ((15, 0), (30, 1)), ((15, 1), (0, 1)), ((-1, 1), (30, 1))] {
            assert_eq!(Share::of_rate(wanted, all), None);
        }
        assert_eq!(Share::of_rate((1, i32::MAX), (i32::MAX, 1)), None, "next to nothing");
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
