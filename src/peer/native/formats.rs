//! Formats as RTP caps have them.

use crate::codec::{self, TRANSPORT_WIDE_CC};
use logic::codec::{MediaKind, Parameters};
use logic::sdp::local::Sent;
use logic::sdp::media::Format;

/// The kind of stream that these formats are of, and its source.
pub(super) fn kind_and_ssrc(formats: &gst::Caps) -> Result<(MediaKind, u32), String> {
    let format = formats.structure(0).ok_or("there is no format")?;
    let kind = match format.get::<&str>("media") {
        Ok("audio") => MediaKind::Audio,
        _ => MediaKind::Video,
    };
    Ok((kind, format.get::<u32>("ssrc").map_err(|err| err.to_string())?))
}

/// The identifier under which its packets are numbered.
pub(super) fn transport_wide(formats: &gst::Caps) -> Option<u8> {
    codec::extension(formats, TRANSPORT_WIDE_CC)
}

/// A format as RTP caps have it.
pub(super) fn sent(format: &gst::StructureRef) -> Option<Sent> {
    let number = |name: &str| format.get::<i32>(name).ok().and_then(|number| u32::try_from(number).ok());
    const NO_PARAMETERS: [&str; 6] =
        ["media", "encoding-name", "clock-rate", "payload", "ssrc", "encoding-params"];
    let mut parameters = Vec::new();
    let mut feedback = Vec::new();
    for (name, value) in format.iter() {
        match name.as_str() {
            "rtcp-fb-nack-pli" => feedback.push("nack pli"),
            "rtcp-fb-ccm-fir" => feedback.push("ccm fir"),
            "rtcp-fb-transport-cc" => feedback.push("transport-cc"),
            name if NO_PARAMETERS.contains(&name) || name.starts_with("extmap-") => {}
            name => parameters.push((name.to_owned(), value.get::<String>().ok()?)),
        }
    }
    Some(Sent {
        format: Format {
            payload_type: number("payload").and_then(|pt| u8::try_from(pt).ok()).filter(|pt| *pt < 128)?,
            encoding_name: format.get::<String>("encoding-name").ok()?,
            clock_rate: number("clock-rate")?,
            channels: format.get::<&str>("encoding-params").ok().and_then(|channels| channels.parse().ok()),
            parameters: Parameters(parameters),
        },
        rtx: None,
        feedback,
    })
}
