//! What a sink pad's stream can be sent as, by what is installed and what the application wants.

use super::settings::Settings;
use crate::codec;
use logic::codec::{Codec, MediaKind};
use logic::placement::Input as Entering;

/// The codecs in which it can be sent, best first, and their payload types.
pub(super) fn codecs(kind: MediaKind, entering: Entering, settings: &Settings) -> Vec<(&'static Codec, u8)> {
    among(settings.codecs(kind), entering, settings)
}

/// Those of the codecs that are wanted, each with whatever belongs to it, in which it can be sent, best first.
pub(super) fn among<T>(
    wanted: Vec<(&'static Codec, T)>,
    entering: Entering,
    settings: &Settings,
) -> Vec<(&'static Codec, T)> {
    let can = |row: &'static Codec| {
        let as_it_is = entering == Entering::Raw || entering == Entering::Encoded(row);
        (as_it_is || settings.transcode) && codec::can_send(entering, row, &settings.encoders)
    };
    let mut all: Vec<_> = wanted.into_iter().filter(|(row, _)| can(row)).collect();
    if let Entering::Encoded(own) = entering {
        // What the application does not want to send is not there to be transcoded either.
        if all.iter().all(|(row, _)| *row != own) {
            return Vec::new();
        }
        all.sort_by_key(|(row, _)| *row != own);
    }
    all
}

/// Why there is none.
pub(super) fn why_not(kind: MediaKind, entering: Entering, settings: &Settings) -> String {
    let rows: Vec<_> = settings.codecs(kind).into_iter().map(|(row, _)| row).collect();
    let names = rows.iter().map(|row| row.name).collect::<Vec<_>>().join(", ");
    let wanted = match entering {
        Entering::Encoded(row) if !rows.contains(&row) => {
            return format!("{} input is not among the codecs of property {kind}-caps: {names}", row.name,);
        }
        Entering::Encoded(row) => Some(row),
        Entering::Raw if rows.is_empty() => {
            return format!(
                "property {kind}-caps names no codec; gst-inspect-1.0 webrtcsink shows those that it may"
            );
        }
        Entering::Raw => {
            rows.iter().copied().find(|row| !codec::encoders(row, &settings.encoders).is_empty())
        }
    };
    if let Some(row) = wanted {
        let payloaders = row.payloaders.join(" or ");
        let package = row.payloaders.first().map_or("", |name| crate::packages::of_element(name));
        return format!("{} needs element {payloaders}; on Debian it is in package {package}", row.name);
    }
    let mut packages: Vec<_> = rows.iter().map(|row| crate::packages::of_codec(row.name)).collect();
    packages.dedup();
    format!("no encoder is installed for {names}; on Debian install {}", packages.join(" or "))
}

/// More than two channels are mixed down for plain Opus, which every browser plays, or sent as they are.
pub(super) fn fitting<T>(all: Vec<(&'static Codec, T)>, told: &gst::Caps) -> Vec<(&'static Codec, T)> {
    let multichannel = told.structure(0).is_some_and(|told| codec::facts(told).channels > 2);
    all.into_iter().filter(|(row, _)| row.name != "MULTIOPUS" || multichannel).collect()
}
