//! Sink pads: how they come, what they answer, and how they go.

use super::WebRTCSinkPad;
use super::imp::BaseWebRTCSink;
use super::input::Input;
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use logic::codec::MediaKind;
use std::sync::Arc;

impl BaseWebRTCSink {
    /// The next pad's name and number.
    fn next_pad(&self, kind: MediaKind) -> String {
        let mut pads = self.pads();
        let number = match kind {
            MediaKind::Audio => &mut pads.audio,
            MediaKind::Video => &mut pads.video,
        };
        let name = format!("{kind}_{number}");
        *number += 1;
        name
    }

    pub(super) fn add_pad(
        &self,
        template: &gst::PadTemplate,
        kind: MediaKind,
    ) -> Result<WebRTCSinkPad, glib::BoolError> {
        let name = self.next_pad(kind);
        let obj = self.obj();
        let input = Input::new(&obj, &name, kind)?;
        obj.add(input.sink())?;
        let target =
            input.sink().static_pad("sink").ok_or_else(|| glib::bool_error!("appsink has no sink pad"))?;
        let pad = gst::PadBuilder::<WebRTCSinkPad>::from_template(template)
            .name(name.as_str())
            .event_function(|pad, parent, event| {
                let sink = parent.and_then(|parent| parent.downcast_ref::<super::BaseWebRTCSink>());
                if let (gst::EventView::Caps(caps), Some(sink)) = (event.view(), sink)
                    && !sink.caps_changed(pad, &caps.caps_owned())
                {
                    return false;
                }
                if let (Some(sink), Some(input)) = (sink, pad.input()) {
                    sink.forward(input, &event);
                }
                gst::Pad::event_default(pad, parent, event)
            })
            .query_function(|pad, parent, query| {
                let Some(input) = pad.input() else {
                    return gst::Pad::query_default(pad, parent, query);
                };
                match query.view_mut() {
                    gst::QueryViewMut::Caps(caps) => {
                        let all = input.acceptable();
                        // In our order: what an encoder takes as it is comes first.
                        let filtered = caps
                            .filter_owned()
                            .map(|filter| all.intersect_with_mode(&filter, gst::CapsIntersectMode::First));
                        caps.set_result(&filtered.unwrap_or(all));
                        true
                    }
                    gst::QueryViewMut::AcceptCaps(accept) => {
                        let accepted = input.acceptable().can_intersect(&accept.caps_owned());
                        accept.set_result(accepted);
                        true
                    }
                    _ => gst::Pad::query_default(pad, parent, query),
                }
            })
            .with_target(&target)?
            .build();
        input.pad.set(Some(&pad));
        pad.set_input(input.clone());
        input.sink().sync_state_with_parent()?;
        let _ = pad.set_active(true);
        obj.add_pad(&pad)?;
        self.pads().inputs.push(input);
        obj.child_added(pad.upcast_ref::<glib::Object>(), &name);
        Ok(pad)
    }

    /// Takes a pad and what is behind it out of the element.
    pub(super) fn remove_pad(&self, pad: &gst::Pad) {
        let obj = self.obj();
        if let Some(input) = pad.downcast_ref::<WebRTCSinkPad>().and_then(WebRTCSinkPad::input) {
            self.pads().inputs.retain(|other| !Arc::ptr_eq(other, input));
            obj.child_removed(pad.upcast_ref::<glib::Object>(), &input.name);
            // First of all: a frame that waits for its time in there holds the pad.
            input.sink().set_locked_state(true);
            let _ = input.sink().set_state(gst::State::Null);
            let _ = pad.set_active(false);
            let _ = obj.remove_pad(pad);
            // A bin that is being disposed of has let go of it already.
            if input.sink().parent().is_some() {
                let _ = obj.remove(input.sink());
            }
            input.reset();
            self.stream_gone();
        }
    }
}
