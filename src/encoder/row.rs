//! An encoder's row as it is applied: the one of its family, with what the user's file says over it.

use super::changes::Changes;
use super::{Bitrate, Family, KeyUnit};
use crate::gobject::{self, set_if_present, set_number};
use gst::glib;
use gst::prelude::*;
use std::time::Duration;

/// What one thread of a software encoder has time for, 30 times a second on a slow core.
const PIXELS_PER_THREAD: u64 = 1280 * 720;
/// More do not help.
const MOST_THREADS: u64 = 8;
/// A bitrate that reads back less far from what it was set to has been rounded: in bit/s, and in percent.
const STEP: u128 = 1000;
const ROUNDED: u128 = 2;

/// How one encoder is set up and asked for things.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(super) bitrate: Option<Rate>,
    pub(super) settings: Vec<(String, String)>,
    /// The action signal that asks for a key unit, in the place of GStreamer's event.
    pub(super) key_unit: Option<String>,
    pub(super) formats: Option<String>,
    pub(super) memories: Option<Vec<String>>,
    pub(super) threads: Option<String>,
    pub(super) changes: Changes,
}

/// Where the bitrate is set.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rate {
    pub(super) property: String,
    /// The field of it, where it is a structure.
    pub(super) field: Option<String>,
    /// Bits per second in one of its units.
    pub(super) unit: u32,
}

impl From<Bitrate> for Rate {
    fn from(rate: Bitrate) -> Self {
        Self { property: rate.property.into(), field: rate.field.map(Into::into), unit: rate.unit }
    }
}

impl From<&Family> for Row {
    fn from(family: &Family) -> Self {
        let settings = family.settings.iter();
        Self {
            bitrate: family.bitrate.map(Rate::from),
            settings: settings.map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            key_unit: match family.key_unit {
                KeyUnit::Event => None,
                KeyUnit::Action(signal) => Some(signal.into()),
            },
            formats: family.formats.map(Into::into),
            memories: family.memories.map(|all| all.iter().map(|one| (*one).into()).collect()),
            threads: family.threads.map(Into::into),
            changes: family.changes,
        }
    }
}

impl Row {
    /// Applies the settings for live media.
    pub(crate) fn set_up(&self, encoder: &gst::Element) {
        for (name, value) in &self.settings {
            if !set_if_present(encoder, name, value) {
                gst::debug!(gst::CAT_RUST, obj = encoder, "has no {name}={value}, leaving it out");
            }
        }
    }

    /// Whether it has settings that make an encoder one for live media, which holds no frames back.
    pub(crate) fn is_live(&self) -> bool {
        !self.settings.is_empty()
    }

    /// Sets the bitrate, in bit/s, as near as the property's range allows; false where there is no such property.
    pub(crate) fn set_bitrate(&self, encoder: &gst::Element, bits_per_second: u32) -> bool {
        let Some(rate) = &self.bitrate else { return false };
        let value = (bits_per_second / rate.unit).max(1);
        match &rate.field {
            None => set_number(encoder, &rate.property, value.into()),
            Some(field) => {
                let value = i32::try_from(value).unwrap_or(i32::MAX);
                gobject::set_field(encoder, &rate.property, field, &value.to_send_value())
            }
        }
    }

    /// What the bitrate reads back as, in bit/s; none where that cannot be told, or the encoder chooses.
    pub(crate) fn bitrate(&self, encoder: &gst::Element) -> Option<u32> {
        let rate = self.bitrate.as_ref()?;
        let value = match &rate.field {
            None => gobject::number_and_nearest(encoder, &rate.property, 0)?.0,
            Some(field) => gobject::field(encoder, &rate.property, field)?.into(),
        };
        u32::try_from(value.checked_mul(rate.unit.into())?).ok().filter(|bits| *bits > 0)
    }

    /// Whether the bitrate is to change, which has been what it is for so long.
    pub(crate) fn is_worth(&self, old: u32, new: u32, since: Duration) -> bool {
        self.changes.are_worth(old, new, since)
    }

    /// Gives it threads for pictures of so many pixels, where one is too slow for them.
    pub(crate) fn set_threads(&self, encoder: &gst::Element, pixels: u64, cores: usize) {
        let threads = pixels.div_ceil(PIXELS_PER_THREAD).min(cores as u64).min(MOST_THREADS);
        if let Some(property) = self.threads.as_ref().filter(|_| threads > 1) {
            set_if_present(encoder, property, &threads.to_string());
        }
    }

    /// Asks for a key unit in the encoder's own way; false where GStreamer's event is the way.
    pub(crate) fn ask_key_unit(&self, encoder: &gst::Element) -> bool {
        let Some(signal) = self.key_unit.as_ref().filter(|signal| has_action(encoder.type_(), signal)) else {
            return false;
        };
        encoder.emit_by_name_with_values(signal, &[]);
        true
    }

    /// Raw formats to offer the encoder, as caps text.
    pub(crate) fn formats(&self) -> Option<&str> {
        self.formats.as_deref()
    }

    /// Whether pictures in this memory may be offered to it, as caps features name it.
    pub(crate) fn may_take(&self, memory: &str) -> bool {
        self.memories.as_ref().is_none_or(|all| all.iter().any(|one| one == memory))
    }

    /// Whether it takes a new bitrate only while it stands.
    pub(crate) fn stands_for_changes(&self) -> bool {
        self.changes.stands()
    }

    /// Whether the encoder has taken that bitrate, in bit/s, as far as it tells and its range allows. Some keep it in
    /// coarser steps than their property's.
    pub(crate) fn holds(&self, encoder: &gst::Element, bits_per_second: u32) -> bool {
        let Some(rate) = self.bitrate.as_ref().filter(|rate| rate.field.is_none()) else { return true };
        let value = (bits_per_second / rate.unit).max(1);
        let Some((is, wanted)) = gobject::number_and_nearest(encoder, &rate.property, value.into()) else {
            return true;
        };
        let off = u128::from(is.abs_diff(wanted));
        let is_much = off * u128::from(rate.unit) >= STEP;
        !is_much || off * 100 < u128::from(wanted.unsigned_abs()) * ROUNDED
    }
}

/// Whether elements of a type have an action signal that takes nothing.
pub(super) fn has_action(element: glib::Type, signal: &str) -> bool {
    let query = glib::subclass::signal::SignalId::lookup(signal, element).map(|id| id.query());
    query.is_some_and(|query| {
        query.flags().contains(glib::SignalFlags::ACTION) && query.param_types().is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::{FAMILIES, family};

    #[test]
    fn every_installed_encoder_of_the_table_takes_its_bitrate() {
        gst::init().unwrap();
        let mut tried = 0;
        for family in FAMILIES.iter().flat_map(|rows| rows.iter()) {
            for factory in family.factories {
                let Ok(encoder) = gst::ElementFactory::make(factory).build() else {
                    continue;
                };
                let row = Row::from(family);
                row.set_up(&encoder);
                let Some(bitrate) = family.bitrate else { continue };
                tried += 1;
                assert!(row.set_bitrate(&encoder, 1_500_000), "{factory}");
                let value = encoder.property_value(bitrate.property).transform::<i64>().unwrap();
                assert_eq!(value.get::<i64>().unwrap(), i64::from(1_500_000 / bitrate.unit), "{factory}");
                assert!(row.holds(&encoder, 1_500_000) && !row.holds(&encoder, 3_000_000), "{factory}");
            }
        }
        assert!(tried > 0, "no encoder of the table is installed");
    }

    #[test]
    fn a_bitrate_that_an_encoder_keeps_in_thousands_is_held() {
        gst::init().unwrap();
        for factory in ["vp8enc", "vp9enc"] {
            let encoder = gst::ElementFactory::make(factory).build().unwrap();
            let row = Row::from(family(factory).unwrap());
            for rate in [1_873_421, 30_999, 1_000_500] {
                assert!(row.set_bitrate(&encoder, rate) && row.holds(&encoder, rate), "{factory}: {rate}");
            }
            assert!(!row.holds(&encoder, 1_021_000), "{factory}");
            assert!(!row.holds(&encoder, 30_000_000), "{factory}");
        }
    }

    #[test]
    fn large_pictures_get_threads_and_small_ones_do_not() {
        gst::init().unwrap();
        let row = Row::from(family("vp8enc").unwrap());
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
    fn a_bitrate_in_a_structure_leaves_its_other_fields_as_they_are() {
        gst::init().unwrap();
        // Stands for an encoder with extra-controls: it has a property of that kind, too.
        let element = gst::ElementFactory::make("rtpbin").build().unwrap();
        let mut row = Row::from(family("v4l2h264enc").unwrap());
        row.bitrate.as_mut().unwrap().property = "sdes".into();
        row.settings = vec![("sdes".into(), "c,video_gop_size=2560".into())];
        row.set_up(&element);
        assert!(row.set_bitrate(&element, 700_000) && row.holds(&element, 700_000));
        assert_eq!(row.bitrate(&element), Some(700_000));
        let controls = element.property::<gst::Structure>("sdes");
        assert_eq!((controls.get("video_gop_size"), controls.get("video_bitrate")), (Ok(2560), Ok(700_000)));
        assert!(!row.set_bitrate(&gst::ElementFactory::make("vp8enc").build().unwrap(), 700_000));
    }

    #[test]
    fn a_bitrate_beyond_a_range_is_its_bound_and_a_property_of_another_kind_is_left_alone() {
        gst::init().unwrap();
        let encoder = gst::ElementFactory::make("vp8enc").build().unwrap();
        let mut row = Row::from(family("vp8enc").unwrap());
        assert!(row.set_bitrate(&encoder, u32::MAX));
        // The element counts in thousands.
        assert_eq!(encoder.property::<i32>("target-bitrate"), i32::MAX / 1000 * 1000);
        for property in ["no-such", "end-usage", "multipass-cache-file", "name"] {
            row.bitrate.as_mut().unwrap().property = property.into();
            assert!(!row.set_bitrate(&encoder, 1_000_000), "{property}");
        }
        // Nor is an encoder asked for a key unit in a way that it does not have.
        row.key_unit = Some("force-IDR".into());
        assert!(!row.ask_key_unit(&encoder));
        row.key_unit = Some("pad-added".into());
        assert!(!row.ask_key_unit(&encoder));
    }
}
