//! How the application wants a channel: a structure with the fields that webrtcbin's `create-data-channel` takes.

use crate::peer::{ChannelOptions, Reliability};
use gst_webrtc::WebRTCPriorityType;

/// The longest label and protocol, in bytes.
const LONGEST_NAME: usize = 1024;
/// The highest identifier that both transports can use (RFC 8832 section 6 allows 65534).
const HIGHEST_ID: u16 = 1022;

/// Reads the fields; those that are not there have the values of W3C `RTCDataChannelInit`.
///
/// # Errors
/// One makes no sense; names it.
pub(super) fn read(label: &str, fields: Option<&gst::StructureRef>) -> Result<ChannelOptions, String> {
    let mut options = ChannelOptions::named(label);
    let Some(fields) = fields else { return checked(options) };
    let field = |name: &str| fields.value(name).ok();
    let number = |name: &str| match field(name).map(|value| value.get::<i32>()) {
        None | Some(Ok(-1)) => Ok(None),
        Some(Ok(number)) => {
            u16::try_from(number).map(Some).map_err(|_| format!("{name} must be from -1 to 65535"))
        }
        Some(Err(err)) => Err(format!("{name}: {err}")),
    };
    let flag = |name: &str, default: bool| match field(name).map(|value| value.get::<bool>()) {
        None => Ok(default),
        Some(value) => value.map_err(|err| format!("{name}: {err}")),
    };
    options.ordered = flag("ordered", true)?;
    options.reliability = match (number("max-packet-lifetime")?, number("max-retransmits")?) {
        (None, None) => Reliability::Full,
        (Some(milliseconds), None) => Reliability::Lifetime(milliseconds),
        (None, Some(count)) => Reliability::Retransmits(count),
        _ => return Err("max-packet-lifetime and max-retransmits exclude each other".into()),
    };
    if let Some(protocol) = field("protocol") {
        options.protocol =
            protocol.get::<Option<String>>().map_err(|err| format!("protocol: {err}"))?.unwrap_or_default();
    }
    options.negotiated = match (flag("negotiated", false)?, number("id")?) {
        (true, Some(id)) if id <= HIGHEST_ID => Some(id),
        (true, Some(_)) => return Err(format!("id must not be above {HIGHEST_ID}")),
        (true, None) => return Err("negotiated needs an id".into()),
        (false, _) => None,
    };
    if let Some(priority) = field("priority") {
        let priority = priority.get::<WebRTCPriorityType>().map_err(|err| format!("priority: {err}"))?;
        options.urgent = priority == WebRTCPriorityType::High;
    }
    checked(options)
}

fn checked(options: ChannelOptions) -> Result<ChannelOptions, String> {
    let fits = |text: &str| text.len() <= LONGEST_NAME && !text.contains('\0');
    match fits(&options.label) && fits(&options.protocol) {
        true => Ok(options),
        false => Err(format!("label and protocol have at most {LONGEST_NAME} bytes and no NUL")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_those_of_webrtcbin_and_nonsense_is_named() {
        gst::init().unwrap();
        let plain = read("chat", None).unwrap();
        assert_eq!(plain, ChannelOptions::named("chat"));
        let fields = gst::Structure::builder("options")
            .field("ordered", false)
            .field("max-retransmits", 3i32)
            .field("max-packet-lifetime", -1i32)
            .field("protocol", "raw")
            .field("negotiated", true)
            .field("id", 7i32)
            .field("priority", WebRTCPriorityType::High)
            .build();
        let options = read("chat", Some(&fields)).unwrap();
        assert_eq!((options.ordered, options.reliability), (false, Reliability::Retransmits(3)));
        assert_eq!((options.protocol.as_str(), options.negotiated, options.urgent), ("raw", Some(7), true));
        for (name, value) in [("ordered", "no"), ("id", "x"), ("max-retransmits", "-2")] {
            let fields = gst::Structure::builder("options").field(name, value).build();
            assert!(read("chat", Some(&fields)).unwrap_err().contains(name));
        }
        let both = gst::Structure::builder("options").field("max-retransmits", 1i32);
        let both = both.field("max-packet-lifetime", 1i32).build();
        assert!(read("chat", Some(&both)).is_err());
        let alone = gst::Structure::builder("options").field("negotiated", true).build();
        assert!(read("chat", Some(&alone)).is_err());
        assert!(read("a\0b", None).is_err());
    }
}
