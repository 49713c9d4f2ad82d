//! Whether an encoder follows the bitrate that it is told, by what comes out of it: looked at now and then, and decided
//! only when nothing else explains it. Content that compresses to little is never held against an encoder.

use std::time::Duration;

/// What is looked at at once.
const WINDOW: Duration = Duration::from_secs(1);
/// So much above what it was told is too much (percent).
const ABOVE: u64 = 150;
/// An encoder that was told less and makes less has followed, as far as its pictures allow (percent of before).
const LESS: u64 = 80;
/// So far from what it made is the same (percent).
const SAME: u64 = 12;
/// Told so much more, an encoder that was at its bound makes more (percent of before).
const MORE: u64 = 150;
/// Windows in a row that say the same, until it is believed: too much, and not more.
const TOO_MUCH: u32 = 4;
const NO_MORE: u32 = 10;
/// With more in a window, key units explain what comes out.
const KEY_UNITS: u32 = 1;

/// What an encoder does that does not follow, in bit/s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stubborn {
    /// What it was told.
    pub told: u32,
    /// What it makes; none where it did not even take what it was told.
    pub makes: Option<u32>,
}

/// One encoder's. Time is any monotonic clock's reading.
#[derive(Debug, Default)]
pub struct Following {
    window: Option<Window>,
    /// What it was told, in this window and the two before: it may take its time.
    told: [Option<Told>; 3],
    /// What it made when it last did as it was told, and what that was.
    anchor: Option<Anchor>,
    too_much: u32,
    no_more: u32,
    decided: bool,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    since: Duration,
    bytes: u64,
    key_units: u32,
}

#[derive(Debug, Clone, Copy)]
struct Told {
    least: u64,
    most: u64,
}

#[derive(Debug, Clone, Copy)]
struct Anchor {
    told: u64,
    made: u64,
}

impl Following {
    /// What the encoder is told now, and how many bytes and key units have come out of it since it started. What is
    /// wrong, once.
    pub fn look(&mut self, told: u32, bytes: u64, key_units: u32, now: Duration) -> Option<Stubborn> {
        self.tell(told.into());
        let begins = Window { since: now, bytes, key_units };
        let window = *self.window.get_or_insert(begins);
        let passed = now.saturating_sub(window.since);
        if passed < WINDOW || self.decided {
            return None;
        }
        let bits = u128::from(bytes.saturating_sub(window.bytes)) * 8000;
        let made = u64::try_from(bits / passed.as_millis().max(1)).unwrap_or(u64::MAX);
        let has_key_units = key_units.saturating_sub(window.key_units) > KEY_UNITS;
        self.window = Some(begins);
        let is_known = self.told.iter().all(Option::is_some);
        let bounds = self.told.iter().flatten().copied().reduce(Told::with);
        let verdict =
            bounds.filter(|_| is_known && !has_key_units).and_then(|bounds| self.judge(bounds, made));
        self.told.rotate_right(1);
        self.told[0] = None;
        self.tell(told.into());
        self.decided = verdict.is_some();
        verdict
    }

    fn tell(&mut self, told: u64) {
        let [now, ..] = &mut self.told;
        let one = Told { least: told, most: told };
        *now = Some(now.map_or(one, |now| now.with(one)));
    }

    /// A window in which it made so much, having been told within these bounds for a while.
    fn judge(&mut self, told: Told, made: u64) -> Option<Stubborn> {
        let before = self.anchor;
        let is_much = made * 100 > told.most * ABOVE;
        let is_above =
            is_much && before.is_none_or(|anchor| made * 100 > anchor.made.min(anchor.told) * LESS);
        // It was at its bound, may make much more, and makes just what it did.
        let is_stuck = before.is_some_and(|anchor| {
            near(anchor.made, anchor.told)
                && told.least * 100 >= anchor.told * MORE
                && near(made, anchor.made)
        });
        self.too_much = if is_above { self.too_much + 1 } else { 0 };
        self.no_more = if is_stuck { self.no_more + 1 } else { 0 };
        // While it is told one thing after the other there is nothing to compare with.
        let is_steady = told.most * 100 <= told.least * (100 + SAME);
        if is_steady && !is_much && !is_stuck {
            self.anchor = Some(Anchor { told: told.most, made });
        }
        let is_over = self.too_much >= TOO_MUCH || self.no_more >= NO_MORE;
        let bound = if is_above { told.most } else { told.least };
        let whole = |bits: u64| u32::try_from(bits).unwrap_or(u32::MAX);
        is_over.then(|| Stubborn { told: whole(bound), makes: Some(whole(made)) })
    }
}

impl Told {
    fn with(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), most: self.most.max(other.most) }
    }
}

fn near(one: u64, other: u64) -> bool {
    one.abs_diff(other) * 100 <= other * SAME
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An encoder that makes what it is made to.
    #[derive(Default)]
    struct Encoder {
        following: Following,
        bytes: u64,
        key_units: u32,
        now: Duration,
    }

    impl Encoder {
        /// It is told `told` and makes `made`, for so many seconds.
        fn runs(&mut self, seconds: u64, told: u32, made: u64) -> Option<Stubborn> {
            (0..seconds * 2).find_map(|_| {
                self.now += Duration::from_millis(500);
                self.bytes += made / 16;
                self.following.look(told, self.bytes, self.key_units, self.now)
            })
        }
    }

    #[test]
    fn an_encoder_that_goes_on_as_before_when_told_less_is_noticed_once() {
        let mut encoder = Encoder::default();
        assert_eq!(encoder.runs(60, 2_000_000, 2_000_000), None);
        assert_eq!(encoder.runs(5, 500_000, 2_000_000), None, "it may take its time");
        let found = encoder.runs(20, 500_000, 2_000_000).unwrap();
        assert_eq!(found, Stubborn { told: 500_000, makes: Some(2_000_000) });
        assert_eq!(encoder.runs(600, 500_000, 2_000_000), None);
    }

    #[test]
    fn an_encoder_that_never_did_as_it_was_told_is_noticed() {
        let mut encoder = Encoder::default();
        assert!(encoder.runs(20, 300_000, 3_000_000).is_some());
    }

    #[test]
    fn an_encoder_that_goes_on_as_before_when_told_more_is_noticed() {
        let mut encoder = Encoder::default();
        assert_eq!(encoder.runs(30, 1_000_000, 1_050_000), None);
        assert_eq!(encoder.runs(8, 3_000_000, 1_020_000), None);
        assert!(encoder.runs(30, 3_000_000, 1_030_000).is_some());
    }

    #[test]
    fn content_that_compresses_to_nothing_says_nothing_about_an_encoder() {
        let mut encoder = Encoder::default();
        for (told, made) in [(2_000_000, 9_000), (8_000_000, 9_000), (500_000, 9_000), (3_000_000, 0)] {
            assert_eq!(encoder.runs(60, told, made), None, "{told}");
        }
    }

    #[test]
    fn an_encoder_that_makes_less_but_cannot_make_so_little_has_followed() {
        let mut encoder = Encoder::default();
        assert_eq!(encoder.runs(30, 2_000_000, 2_000_000), None);
        assert_eq!(encoder.runs(120, 50_000, 300_000), None);
    }

    #[test]
    fn an_encoder_that_follows_small_steps_late_is_not_noticed() {
        let mut encoder = Encoder::default();
        let mut late = [2_000_000_u32; 3];
        for step in 0..60 {
            let told = 2_000_000 - step * 30_000;
            assert_eq!(encoder.runs(1, told, late[0].into()), None, "{told}");
            late.rotate_left(1);
            late[2] = told;
        }
        for step in 0..60 {
            assert_eq!(encoder.runs(1, 230_000 + step * 40_000, 230_000 + u64::from(step) * 40_000), None);
        }
    }

    #[test]
    fn key_units_explain_what_comes_out() {
        let mut encoder = Encoder::default();
        for _ in 0..200 {
            encoder.key_units += 2;
            assert_eq!(encoder.runs(1, 300_000, 900_000), None);
        }
    }

    #[test]
    fn content_that_wants_just_what_it_got_is_given_time_to_change() {
        let mut encoder = Encoder::default();
        assert_eq!(encoder.runs(30, 1_000_000, 1_000_000), None);
        for made in [1_000_000, 1_300_000, 1_000_000, 700_000, 1_000_000, 1_400_000] {
            assert_eq!(encoder.runs(8, 3_000_000, made), None, "{made}");
        }
    }
}
