//! The sink's signals: their table, and the only place that names them when emitting.

use super::BaseWebRTCSink;
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
