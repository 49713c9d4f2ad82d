//! Which Debian package holds an element: for errors that say what to install.

/// The package that ships the element called `name`.
pub(crate) fn of_element(name: &str) -> &'static str {
    match name {
        "nicesink" | "nicesrc" => "gstreamer1.0-nice",
        "x264enc" => "gstreamer1.0-plugins-ugly",
        "avdec_h264" | "avdec_h265" => "gstreamer1.0-libav",
        "appsrc" | "appsink" | "videoconvert" | "videoscale" | "videorate" | "audioconvert"
        | "audioresample" | "opusenc" | "opusdec" => "gstreamer1.0-plugins-base",
        "vp8enc" | "vp9enc" | "vp8dec" | "vp9dec" | "rtpbin" => "gstreamer1.0-plugins-good",
        "v4l2convert" => "gstreamer1.0-plugins-good",
        _ if name.starts_with("gl") => "gstreamer1.0-gl",
        _ if name.starts_with("rtp") => "gstreamer1.0-plugins-good",
        _ => "gstreamer1.0-plugins-bad",
    }
}

/// The packages whose elements encode or decode a codec.
pub(crate) fn of_codec(name: &str) -> &'static str {
    match name {
        "H264" => "gstreamer1.0-plugins-ugly (x264enc) and gstreamer1.0-libav (avdec_h264)",
        "H265" => "gstreamer1.0-plugins-bad (x265enc) and gstreamer1.0-libav (avdec_h265)",
        "AV1" => "gstreamer1.0-plugins-bad (av1enc, av1dec)",
        "OPUS" | "MULTIOPUS" => "gstreamer1.0-plugins-base (opusenc, opusdec)",
        _ => "gstreamer1.0-plugins-good (vp8enc, vp9enc, vp8dec, vp9dec)",
    }
}
