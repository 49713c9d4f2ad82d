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
    fn no_encoder_is_in_the_table_twice() {
        let mut names: Vec<_> = FAMILIES.iter().flat_map(|r| r.iter()).flat_map(|f| f.factories).collect();
        names.sort();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
