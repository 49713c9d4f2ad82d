//! The signals of elements about sessions and their data channels, the same for sinks and sources.

use super::CAT;
use super::channels::Channels;
use super::object::WebRTCDataChannel;
use gst::glib;
use gst::glib::subclass::Signal;
use gst::prelude::*;
use std::sync::Arc;

/// Every one of them. `find` tells the channels of a session; on elements that have one only, whatever is asked.
pub(crate) fn all(find: fn(&gst::Element, Option<&str>) -> Option<Arc<Channels>>) -> Vec<Signal> {
    let (string, channel) = (String::static_type(), WebRTCDataChannel::static_type());
    let open = move |values: &[glib::Value]| {
        let element = values.first()?.get::<gst::Element>().ok()?;
        let session = values.get(1).and_then(crate::gobject::text);
        let label = values.get(2).and_then(crate::gobject::text).unwrap_or_default();
        let wishes = values.get(3)?.get::<Option<gst::Structure>>().ok()?;
        let found = find(&element, session.as_deref()).ok_or_else(|| "there is no such session".to_owned());
        match found.and_then(|channels| channels.open(&label, wishes.as_deref())) {
            Ok(channel) => Some(channel),
            Err(cause) => {
                gst::warning!(CAT, obj = element, "failed to open data channel {label}: {cause}");
                None
            }
        }
    };
    vec![
        Signal::builder("session-added").run_last().param_types([string, string]).build(),
        Signal::builder("data-channel-added").run_last().param_types([string, channel]).build(),
        Signal::builder("open-data-channel")
            .run_last()
            .action()
            .param_types([string, string, gst::Structure::static_type()])
            .return_type::<Option<WebRTCDataChannel>>()
            .class_handler(move |values| Some(open(values).to_value()))
            .build(),
    ]
}

/// A session begins; nothing has been offered yet.
pub(crate) fn session_added(element: &impl IsA<gst::Element>, session_id: &str, peer_id: &str) {
    element.emit_by_name::<()>("session-added", &[&session_id, &peer_id]);
}

/// The peer opened a channel.
pub(super) fn data_channel_added(element: &gst::Element, session_id: &str, channel: &WebRTCDataChannel) {
    element.emit_by_name::<()>("data-channel-added", &[&session_id, channel]);
}

/// Whether somebody wants channels that peers open.
pub(super) fn is_awaited(element: &gst::Element) -> bool {
    crate::gobject::is_listened_to(element, "data-channel-added")
}
