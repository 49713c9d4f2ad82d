//! The sink's signals: their table, and the only place that names them when emitting.

use super::{BaseWebRTCSink, WebRTCSinkMitigationMode, mitigation};
use crate::{data_channel, gobject};
use gst::glib;
use gst::glib::subclass::Signal;
use gst::prelude::*;
use std::ops::ControlFlow;
use std::sync::LazyLock;

/// A question to the application that the first handler to say TRUE answers.
fn question(name: &str, arguments: [glib::Type; 3]) -> Signal {
    Signal::builder(name)
        .run_last()
        .param_types(arguments)
        .return_type::<bool>()
        .class_handler(|_| Some(false.to_value()))
        .accumulator(|_hint, _accumulated, value| match value.get::<bool>() {
            Ok(true) => ControlFlow::Break(value.clone()),
            _ => ControlFlow::Continue(value.clone()),
        })
        .build()
}

/// What each encoder of a session gets of what its network carries for pictures: the first handler decides.
fn define_encoder_bitrates() -> Signal {
    let (string, structure) = (String::static_type(), gst::Structure::static_type());
    Signal::builder("define-encoder-bitrates")
        .run_last()
        .param_types([string, i32::static_type(), structure])
        .return_type::<Option<gst::Structure>>()
        .class_handler(|values| Some(values.get(3)?.get::<Option<gst::Structure>>().ok()?.to_value()))
        .accumulator(|_hint, _accumulated, value| ControlFlow::Break(value.clone()))
        .build()
}

/// Which size and frame rate an encoder is to have at its bitrate: the first handler decides, or what is usual.
fn configure_mitigation_caps() -> Signal {
    let (info, modes) = (gst_video::VideoInfo::static_type(), WebRTCSinkMitigationMode::static_type());
    Signal::builder("configure-mitigation-caps")
        .run_last()
        .param_types([String::static_type(), info, i32::static_type(), modes])
        .return_type::<Option<gst::Caps>>()
        .class_handler(|values| {
            let info = values.get(2)?.get::<gst_video::VideoInfo>().ok()?;
            let modes = values.get(4)?.get::<WebRTCSinkMitigationMode>().ok()?;
            let caps = mitigation::usual(&info, values.get(3)?.get().ok()?, modes.into());
            Some(Some(caps).to_value())
        })
        .accumulator(|_hint, _accumulated, value| ControlFlow::Break(value.clone()))
        .build()
}

/// Every signal.
pub(super) fn all() -> &'static [Signal] {
    static SIGNALS: LazyLock<Vec<Signal>> = LazyLock::new(|| {
        let (string, element) = (String::static_type(), gst::Element::static_type());
        let mut all = vec![
            Signal::builder("consumer-added").run_last().param_types([string, element]).build(),
            Signal::builder("consumer-pipeline-created")
                .run_last()
                .param_types([string, gst::Pipeline::static_type()])
                .build(),
            Signal::builder("consumer-removed").run_last().param_types([string, element]).build(),
            Signal::builder("get-sessions")
                .run_last()
                .action()
                .return_type::<Vec<String>>()
                .class_handler(|values| {
                    let sink = values.first()?.get::<BaseWebRTCSink>().ok()?;
                    Some(sink.sessions().to_value())
                })
                .build(),
            question("encoder-setup", [string, string, element]),
            question("payloader-setup", [string, string, element]),
            Signal::builder("request-encoded-filter")
                .run_last()
                .param_types([string, string, gst::Caps::static_type()])
                .return_type::<Option<gst::Element>>()
                .build(),
            define_encoder_bitrates(),
            configure_mitigation_caps(),
        ];
        all.extend(data_channel::signals::all(|element, session_id| {
            element.downcast_ref::<BaseWebRTCSink>()?.channels(session_id?)
        }));
        all
    });
    &SIGNALS
}

/// A viewer's pipeline exists and is empty.
pub(super) fn pipeline_created(sink: &BaseWebRTCSink, peer_id: &str, pipeline: &gst::Pipeline) {
    sink.emit_by_name::<()>("consumer-pipeline-created", &[&peer_id, pipeline]);
}

/// A viewer's transport is about to be set up.
pub(super) fn consumer_added(sink: &BaseWebRTCSink, peer_id: &str, webrtcbin: &gst::Element) {
    sink.emit_by_name::<()>("consumer-added", &[&peer_id, webrtcbin]);
}

/// A viewer is gone.
pub(super) fn consumer_removed(sink: &BaseWebRTCSink, peer_id: &str, webrtcbin: &gst::Element) {
    sink.emit_by_name::<()>("consumer-removed", &[&peer_id, webrtcbin]);
}

/// Whether the application has set the encoder up.
pub(super) fn encoder_setup(sink: &BaseWebRTCSink, peer_id: &str, pad: &str, encoder: &gst::Element) -> bool {
    sink.emit_by_name::<bool>("encoder-setup", &[&peer_id, &pad, encoder])
}

/// Whether the application has set the payloader up.
pub(super) fn payloader_setup(
    sink: &BaseWebRTCSink,
    peer_id: &str,
    pad: &str,
    payloader: &gst::Element,
) -> bool {
    sink.emit_by_name::<bool>("payloader-setup", &[&peer_id, &pad, payloader])
}

/// The element that encoded frames of a stream are to pass; the viewer is named where the encoder is his alone.
pub(super) fn encoded_filter(
    sink: &BaseWebRTCSink,
    peer_id: Option<&str>,
    pad: &str,
    caps: &gst::Caps,
) -> Option<gst::Element> {
    let element =
        sink.emit_by_name::<Option<gst::Element>>("request-encoded-filter", &[&peer_id, &pad, caps]);
    element.map(gobject::taken)
}

/// Whether the application decides on sizes and frame rates.
pub(super) fn configures_mitigation(sink: &BaseWebRTCSink) -> bool {
    gobject::is_listened_to(sink, "configure-mitigation-caps")
}

/// Which size and frame rate the application wants for an encoder at a bitrate.
pub(super) fn mitigation_caps(
    sink: &BaseWebRTCSink,
    pad: &str,
    info: &gst_video::VideoInfo,
    bits_per_second: u32,
    modes: WebRTCSinkMitigationMode,
) -> Option<gst::Caps> {
    let bitrate = i32::try_from(bits_per_second).unwrap_or(i32::MAX);
    sink.emit_by_name::<Option<gst::Caps>>("configure-mitigation-caps", &[&pad, info, &bitrate, &modes])
}

/// Whether the application divides what networks carry.
pub(super) fn defines_bitrates(sink: &BaseWebRTCSink) -> bool {
    gobject::is_listened_to(sink, "define-encoder-bitrates")
}

/// What the application gives each pad of a viewer, in bit/s, where it says a number.
pub(super) fn define_bitrates(
    sink: &BaseWebRTCSink,
    peer_id: &str,
    pads: &[(&str, u32)],
) -> Vec<Option<i64>> {
    let number = |bits_per_second: u32| i32::try_from(bits_per_second).unwrap_or(i32::MAX);
    let all = pads.iter().fold(0u32, |all, (_, share)| all.saturating_add(*share));
    let mut shares = gst::Structure::new_empty("webrtcsink/encoder-bitrates");
    for (pad, share) in pads {
        shares.set(*pad, number(*share));
    }
    let answer = sink.emit_by_name::<Option<gst::Structure>>(
        "define-encoder-bitrates",
        &[&peer_id, &number(all), &shares],
    );
    let said = |pad: &str| answer.as_ref()?.value(pad).ok().and_then(whole);
    pads.iter().map(|(pad, _)| said(pad)).collect()
}

/// A whole number of any type.
fn whole(value: &glib::SendValue) -> Option<i64> {
    let unsigned =
        |value: &glib::SendValue| value.get::<u64>().ok().map(|n| i64::try_from(n).unwrap_or(i64::MAX));
    let number = value.get::<i32>().map(i64::from).or_else(|_| value.get::<u32>().map(i64::from));
    number.or_else(|_| value.get::<i64>()).ok().or_else(|| unsigned(value))
}
