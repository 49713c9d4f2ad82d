//! Opus (RFC 7587) and its multichannel form, which Chromium and GStreamer know as `multiopus`.

use super::{Codec, Facts, MediaKind, Parameters, serves_all};

/// Mono and stereo.
pub static OPUS: Codec = Codec {
    name: "OPUS",
    kind: MediaKind::Audio,
    encoding_name: "OPUS",
    clock_rate: 48_000,
    channels: Some(2),
    media_type: "audio/x-opus",
    caps: "audio/x-opus, channel-mapping-family=(int)0",
    encoder_caps: "audio/x-opus, channel-mapping-family=(int)0",
    payloader_caps: "audio/x-opus, channel-mapping-family=(int)0",
    parser: None,
    payloaders: &["rtpopuspay"],
    payloader_settings: &[],
    depayloaders: &["rtpopusdepay"],
    offered,
    serves: serves_all,
};

/// Three channels and more.
pub static MULTIOPUS: Codec = Codec {
    name: "MULTIOPUS",
    kind: MediaKind::Audio,
    encoding_name: "MULTIOPUS",
    clock_rate: 48_000,
    channels: None,
    media_type: "audio/x-opus",
    caps: "audio/x-opus, channel-mapping-family=(int)1",
    encoder_caps: "audio/x-opus, channel-mapping-family=(int)1",
    payloader_caps: "audio/x-opus, channel-mapping-family=(int)1",
    parser: None,
    payloaders: &["rtpopuspay"],
    payloader_settings: &[],
    depayloaders: &["rtpopusdepay"],
    offered: offered_multichannel,
    serves: serves_all,
};

/// Ten milliseconds at least, in-band correction, and stereo where the input is.
fn offered(facts: &Facts<'_>) -> Parameters {
    let mut parameters = Parameters::of(&[("minptime", "10"), ("useinbandfec", "1")]);
    if facts.channels >= 2 {
        parameters.0.push(("stereo".into(), "1".into()));
        parameters.0.push(("sprop-stereo".into(), "1".into()));
    }
    parameters
}

/// The Vorbis channel orders that Chromium takes for 5.1 and 7.1.
fn offered_multichannel(facts: &Facts<'_>) -> Parameters {
    let (streams, coupled, mapping) = match facts.channels {
        8 => ("5", "3", "0,6,1,4,5,2,3,7"),
        4 => ("2", "2", "0,1,2,3"),
        _ => ("4", "2", "0,4,1,2,3,5"),
    };
    Parameters::of(&[("num_streams", streams), ("coupled_streams", coupled), ("channel_mapping", mapping)])
}
