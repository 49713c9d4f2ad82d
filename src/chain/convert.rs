//! From any raw input to what an encoder takes: a row per kind of memory.

use crate::errors::{MissingElement, make};
use logic::codec::MediaKind;

/// Converters by the memory feature of the input caps; system memory is the last resort of each row.
const VIDEO: &[(&str, &[&str])] = &[
    ("memory:CUDAMemory", &["cudadownload"]),
    ("memory:GLMemory", &["glcolorconvert", "gldownload"]),
    ("memory:NVMM", &["nvvideoconvert"]),
    ("memory:D3D11Memory", &["d3d11download"]),
    ("memory:VAMemory", &["vapostproc"]),
    ("memory:DMABuf", &[]),
];

/// The elements that convert input with these caps, in order.
///
/// # Errors
/// One of them is not installed.
pub(super) fn converters(kind: MediaKind, caps: &gst::CapsRef) -> Result<Vec<gst::Element>, MissingElement> {
    if kind == MediaKind::Audio {
        return ["audioconvert", "audioresample"].into_iter().map(make).collect();
    }
    let features = caps.features(0);
    let row = VIDEO.iter().find(|(feature, _)| features.is_some_and(|features| features.contains(*feature)));
    let names = row.map_or(&[][..], |(_, names)| names).iter().copied().chain(["videoconvert", "videoscale"]);
    names.map(make).collect()
}
