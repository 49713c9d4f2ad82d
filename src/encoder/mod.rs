//! Encoders as data: a family is a row, [`FAMILIES`] has one line each.
//!
//! A row says how the bitrate is set (property, unit), which settings make an encoder fit for live video,
//! and how a key unit is asked for. Settings that a version or system lacks are left out at run time.

mod av1;
mod nvenc;
mod nvv4l2;
mod openh264;
mod opus;
mod platform;
mod qsv;
mod v4l2;
mod va;
mod vaapi;
mod vpx;
mod x264;
mod x265;

use crate::gobject::set_if_present;
use gst::prelude::*;
use std::time::Duration;

/// What one thread of a software encoder has time for, 30 times a second on a slow core.
const PIXELS_PER_THREAD: u64 = 1280 * 720;
/// More do not help.
const MOST_THREADS: u64 = 8;

/// One line per family.
static FAMILIES: &[&[Family]] = &[
    vpx::ROWS,
    x264::ROWS,
    openh264::ROWS,
    x265::ROWS,
    av1::ROWS,
    nvenc::ROWS,
    nvv4l2::ROWS,
    va::ROWS,
    vaapi::ROWS,
    qsv::ROWS,
    v4l2::ROWS,
    platform::ROWS,
    opus::ROWS,
];

/// Encoders that are set up alike.
#[derive(Debug, PartialEq)]
pub(crate) struct Family {
    /// Names of the element factories.
    factories: &'static [&'static str],
    /// How the bitrate is set; nothing for audio, which keeps the encoder's own.
    bitrate: Option<Bitrate>,
    /// Settings for live media.
    settings: &'static [(&'static str, &'static str)],
    /// How a key unit is asked for.
    key_unit: KeyUnit,
    /// Raw formats it takes, where videoconvert must be told.
    formats: Option<&'static str>,
    /// The property that holds the number of threads, where they come with the size of the pictures.
    threads: Option<&'static str>,
    /// What a change of the bitrate costs.
    changes: Changes,
}

/// What a row says nothing about.
const PLAIN: Family = Family {
    factories: &[],
    bitrate: None,
    settings: &[],
    key_unit: KeyUnit::Event,
    formats: None,
    threads: None,
    changes: Changes::CHEAP,
};

/// What a change of the bitrate costs, and so how much it has to change.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Changes {
    /// Percent by which it rises at least.
    up: u32,
    /// Percent by which it falls at least.
    down: u32,
    /// Time between two rises; what the network does not carry any more is followed at once.
    apart: Duration,
}

impl Changes {
    /// The encoder goes on as if nothing had happened.
    const CHEAP: Self = Self { up: 2, down: 2, apart: Duration::ZERO };
    /// The encoder starts anew, with a key unit.
    const RESTART: Self = Self { up: 25, down: 12, apart: Duration::from_secs(5) };

    fn are_worth(&self, old: u32, new: u32, since: Duration) -> bool {
        let percent = u64::from(old.abs_diff(new)) * 100;
        let enough = |least: u32| percent > u64::from(old) * u64::from(least);
        if new > old { since >= self.apart && enough(self.up) } else { enough(self.down) }
    }
}

/// A property that holds the bitrate.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bitrate {
    property: &'static str,
    /// Bits per second in one of its units.
    unit: u32,
}

impl Bitrate {
    const fn bits(property: &'static str) -> Option<Self> {
        Some(Self { property, unit: 1 })
    }

    const fn kilobits(property: &'static str) -> Option<Self> {
        Some(Self { property, unit: 1000 })
    }
}

/// How an encoder is asked for a key unit.
#[derive(Debug, Clone, Copy, PartialEq)]
enum KeyUnit {
    /// By GStreamer's event.
    Event,
    /// By an action signal of the element.
    Action(&'static str),
}

/// The row of an encoder, by the name of its factory.
pub(crate) fn family(factory: &str) -> Option<&'static Family> {
    FAMILIES.iter().flat_map(|rows| rows.iter()).find(|row| row.factories.contains(&factory))
}

impl Family {
    /// Applies the settings for live media.
    pub(crate) fn set_up(&self, encoder: &gst::Element) {
        for (name, value) in self.settings {
            if !set_if_present(encoder, name, value) {
                gst::debug!(gst::CAT_RUST, obj = encoder, "has no {name}={value}, leaving it out");
            }
        }
    }

    /// Sets the bitrate, in bit/s; returns whether it took.
    pub(crate) fn set_bitrate(&self, encoder: &gst::Element, bits_per_second: u32) -> bool {
        self.bitrate.is_some_and(|bitrate| {
            let value = (bits_per_second / bitrate.unit).max(1).to_string();
            set_if_present(encoder, bitrate.property, &value)
        })
    }

    /// Whether the bitrate is to change, which has been what it is for so long.
    pub(crate) fn is_worth(&self, old: u32, new: u32, since: Duration) -> bool {
        self.changes.are_worth(old, new, since)
    }

    /// Gives it threads for pictures of so many pixels, where one is too slow for them.
    pub(crate) fn set_threads(&self, encoder: &gst::Element, pixels: u64, cores: usize) {
        let threads = pixels.div_ceil(PIXELS_PER_THREAD).min(cores as u64).min(MOST_THREADS);
        if let Some(property) = self.threads.filter(|_| threads > 1) {
            set_if_present(encoder, property, &threads.to_string());
        }
    }

    /// Asks for a key unit in the encoder's own way; false where GStreamer's event is the way.
    pub(crate) fn ask_key_unit(&self, encoder: &gst::Element) -> bool {
        match self.key_unit {
            KeyUnit::Event => false,
            KeyUnit::Action(signal) => {
                encoder.emit_by_name::<()>(signal, &[]);
                true
            }
        }
    }

    /// Raw formats to offer the encoder, as caps text.
    pub(crate) fn formats(&self) -> Option<&'static str> {
        self.formats
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_installed_encoder_of_the_table_takes_its_bitrate() {
        gst::init().unwrap();
        let mut tried = 0;
        for family in FAMILIES.iter().flat_map(|rows| rows.iter()) {
            for factory in family.factories {
                let Ok(encoder) = gst::ElementFactory::make(factory).build() else {
                    continue;
                };
                family.set_up(&encoder);
                let Some(bitrate) = family.bitrate else { continue };
                tried += 1;
                assert!(family.set_bitrate(&encoder, 1_500_000), "{factory}");
                let value = encoder.property_value(bitrate.property).transform::<i64>().unwrap();
                assert_eq!(value.get::<i64>().unwrap(), i64::from(1_500_000 / bitrate.unit), "{factory}");
            }
        }
        assert!(tried > 0, "no encoder of the table is installed");
    }

    #[test]
    fn encoders_that_start_anew_at_every_change_are_changed_seldom_and_others_at_once() {
        let [cheap, dear] = ["vp8enc", "x265enc"].map(|name| family(name).unwrap());
        let (soon, later) = (Duration::from_secs(1), Duration::from_secs(6));
        assert!(cheap.is_worth(1_000_000, 1_030_000, Duration::ZERO));
        assert!(!cheap.is_worth(1_000_000, 990_000, later));
        assert!(!dear.is_worth(1_000_000, 1_200_000, later));
        assert!(!dear.is_worth(1_000_000, 1_300_000, soon));
        assert!(dear.is_worth(1_000_000, 1_300_000, later));
        // A network that carries less does not wait.
        assert!(dear.is_worth(1_000_000, 850_000, Duration::ZERO));
        assert!(!dear.is_worth(1_000_000, 900_000, later));
        assert!(cheap.is_worth(4_000_000_000, 4_290_000_000, Duration::ZERO));
    }

    #[test]
    fn large_pictures_get_threads_and_small_ones_do_not() {
        gst::init().unwrap();
        let row = family("vp8enc").unwrap();
        let threads = |width: u64, height: u64, cores: usize| {
            let encoder = gst::ElementFactory::make("vp8enc").build().unwrap();
            row.set_threads(&encoder, width * height, cores);
            encoder.property::<i32>("threads")
        };
        assert_eq!(threads(1280, 720, 16), 0);
        assert_eq!(threads(1920, 1080, 16), 3);
        assert_eq!(threads(3840, 2160, 16), 8);
        assert_eq!(threads(3840, 2160, 2), 2);
        assert_eq!(threads(3840, 2160, 1), 0);
        assert_eq!(threads(0, 0, 16), 0);
    }

    #[test]
    fn no_encoder_is_in_the_table_twice() {
        let mut names: Vec<_> = FAMILIES.iter().flat_map(|r| r.iter()).flat_map(|f| f.factories).collect();
        names.sort();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
