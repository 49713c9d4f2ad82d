//! The source's signals: their table, and the only place that names them when emitting.

use super::BaseWebRTCSrc;
use crate::{data_channel, gobject};
use gst::glib;
use gst::glib::subclass::Signal;
use gst::prelude::*;
use logic::negotiation::EndReason;
use std::ops::ControlFlow;
use std::sync::LazyLock;

/// Every signal.
pub(super) fn all() -> &'static [Signal] {
    static SIGNALS: LazyLock<Vec<Signal>> = LazyLock::new(|| {
        let string = String::static_type();
        let mut all = data_channel::signals::all(|element, session_id| {
            element.downcast_ref::<BaseWebRTCSrc>()?.channels(session_id)
        });
        all.push(Signal::builder("session-removed").run_last().param_types([string; 3]).build());
        all.push(
            Signal::builder("request-encoded-filter")
                .run_last()
                .param_types([string, string, gst::Caps::static_type()])
                .return_type::<Option<gst::Element>>()
                .accumulator(|_hint, _accumulated, value| match value.get::<Option<gst::Element>>() {
                    Ok(Some(_)) => ControlFlow::Break(value.clone()),
                    _ => ControlFlow::Continue(value.clone()),
                })
                .build(),
        );
        all
    });
    &SIGNALS
}

/// A session is over and everything that belonged to it is gone.
pub(super) fn session_removed(source: &BaseWebRTCSrc, session_id: &str, peer_id: &str, reason: &EndReason) {
    source.emit_by_name::<()>("session-removed", &[&session_id, &peer_id, &reason.name()]);
}

/// What the application puts between parser and decoder of a stream, if anything.
pub(super) fn encoded_filter(
    source: &BaseWebRTCSrc,
    producer_id: Option<&str>,
    pad: &str,
    allowed: Option<&gst::Caps>,
) -> Option<gst::Element> {
    let id = glib::subclass::SignalId::lookup("request-encoded-filter", source.type_())?;
    if !glib::signal::signal_has_handler_pending(source, id, None, true) {
        return None;
    }
    let arguments: [&dyn ToValue; 3] = [&producer_id, &pad, &allowed];
    source.emit_by_name::<Option<gst::Element>>("request-encoded-filter", &arguments).map(gobject::taken)
}
