//! Encoders as data: a family is a row, [`FAMILIES`] has one line each.
//!
//! A row says how the bitrate is set (property, unit), which settings make an encoder fit for live video,
//! and how a key unit is asked for. Settings that a version or system lacks are left out at run time. A user
//! changes and adds rows in a file, which [`table`] puts over these.

mod amf;
mod applemedia;
mod av1;
mod changes;
mod doubts;
mod file;
mod mediafoundation;
mod nvenc;
mod nvv4l2;
mod omx;
mod openh264;
mod opus;
mod platform;
mod qsv;
mod rockchip;
mod row;
mod svt;
mod table;
mod v4l2;
mod va;
mod vaapi;
mod vpx;
#[cfg(test)]
mod walk;
mod x264;
mod x265;

use changes::Changes;
pub(crate) use row::Row;
pub(crate) use table::{Table, VARIABLE as TABLE_VARIABLE};

/// One line per family.
static FAMILIES: &[&[Family]] = &[
    vpx::ROWS,
    x264::ROWS,
    openh264::ROWS,
    x265::ROWS,
    av1::ROWS,
    svt::ROWS,
    nvenc::ROWS,
    nvv4l2::ROWS,
    va::ROWS,
    vaapi::ROWS,
    qsv::ROWS,
    v4l2::ROWS,
    amf::ROWS,
    mediafoundation::ROWS,
    applemedia::ROWS,
    rockchip::ROWS,
    omx::ROWS,
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
    /// The memories from which it takes pictures, where they are not those of its pad.
    memories: Option<&'static [&'static str]>,
    /// The property that holds the number of threads, where they come with the size of the pictures.
    threads: Option<&'static str>,
    /// How it takes a change of the bitrate.
    changes: Changes,
}

/// What a row says nothing about.
const PLAIN: Family = Family {
    factories: &[],
    bitrate: None,
    settings: &[],
    key_unit: KeyUnit::Event,
    formats: None,
    memories: None,
    threads: None,
    changes: Changes::CHEAP,
};

/// A property that holds the bitrate.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bitrate {
    property: &'static str,
    /// The field of it, where it is a structure.
    field: Option<&'static str>,
    /// Bits per second in one of its units.
    unit: u32,
}

impl Bitrate {
    const fn bits(property: &'static str) -> Option<Self> {
        Some(Self { property, field: None, unit: 1 })
    }

    const fn kilobits(property: &'static str) -> Option<Self> {
        Some(Self { property, field: None, unit: 1000 })
    }

    const fn control(property: &'static str, field: &'static str) -> Option<Self> {
        Some(Self { property, field: Some(field), unit: 1 })
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
fn family(factory: &str) -> Option<&'static Family> {
    FAMILIES.iter().flat_map(|rows| rows.iter()).find(|row| row.factories.contains(&factory))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_encoder_is_in_the_table_twice() {
        let mut names: Vec<_> = FAMILIES.iter().flat_map(|r| r.iter()).flat_map(|f| f.factories).collect();
        names.sort();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
