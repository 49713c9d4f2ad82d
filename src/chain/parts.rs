//! The parts that a rung is put together from.

use super::encoding::Encoding;
use super::fan_out::FanOut;
use super::fault::Fault;
use super::payload::{self, Numbers};
use super::replay::Replay;
use super::rung::{Plan, RungError};
use crate::codec;
use crate::encoder::Row;
use crate::errors::{MissingElement, make};
use gst::prelude::*;
use logic::codec::MediaKind;
use logic::placement::Placement;
use std::sync::Arc;

/// Raw frames that wait for the encoder; more are dropped, oldest first.
const RAW_BACKLOG: u64 = 3;

/// Of encoded pictures, and of sound.
pub(super) const BACKLOG_TIME: gst::ClockTime = gst::ClockTime::from_seconds(2);

pub(super) fn link_error(plan: &Plan<'_>, cause: &dyn std::fmt::Display) -> RungError {
    RungError::Link { codec: plan.codec.name, fault: Fault::new(cause) }
}

/// Links the chain, in its order. Only what an encoder is asked for, takes and gives is up to it.
pub(super) fn link(
    plan: &Plan<'_>,
    chain: &[gst::Element],
    encoding: Option<&Encoding>,
) -> Result<(), RungError> {
    let place = encoding.and_then(|encoding| chain.iter().position(|one| one == encoding.element()));
    for (index, pair) in chain.windows(2).enumerate() {
        let [one, other] = pair else { continue };
        one.link(other).map_err(|err| {
            let is_its = place.is_some_and(|place| (place.saturating_sub(2)..=place).contains(&index));
            let encoder = encoding.filter(|_| is_its).map(|encoding| encoding.name().to_owned());
            RungError::Link { codec: plan.codec.name, fault: Fault { encoder, ..Fault::new(&err) } }
        })?;
    }
    Ok(())
}

/// For who comes in the middle of a group of pictures, where the encoder is not ours.
pub(super) fn replay(plan: &Plan<'_>) -> Option<Replay> {
    let is_passed_on = plan.placement == Placement::PassThrough;
    let has_groups = plan.codec.kind == MediaKind::Video && !plan.codec.is_raw();
    (is_passed_on && has_groups).then(|| Replay::new(plan.start_bitrate))
}

/// A bare pad that hands what it receives to the fan-out.
pub(super) fn fan_out_pad(fan_out: &Arc<FanOut>, numbers: Numbers) -> gst::Pad {
    let (lists, singles, events) = (fan_out.clone(), fan_out.clone(), fan_out.clone());
    // Without a template a pad takes only the caps that it had first, and those of some codecs change with the
    // encoder's settings.
    let any = gst::Caps::new_any();
    let template = gst::PadTemplate::new("sink", gst::PadDirection::Sink, gst::PadPresence::Always, &any);
    let builder = match &template {
        Ok(template) => gst::Pad::builder_from_template(template),
        Err(_) => gst::Pad::builder(gst::PadDirection::Sink),
    };
    let pad = builder
        .chain_list_function(move |_, _, list| {
            lists.deliver(list);
            Ok(gst::FlowSuccess::Ok)
        })
        .chain_function(move |_, _, buffer| {
            singles.deliver(gst::BufferList::from(buffer));
            Ok(gst::FlowSuccess::Ok)
        })
        .event_function(move |_, _, event| {
            match event.view() {
                gst::EventView::Caps(caps) => events.set_caps(payload::transport_caps(caps.caps(), numbers)),
                gst::EventView::Segment(segment) => {
                    if let Some(segment) = segment.segment().downcast_ref::<gst::ClockTime>() {
                        events.set_segment(segment.clone());
                    }
                }
                _ => {}
            }
            true
        })
        .build();
    let _ = pad.set_active(true);
    pad
}

pub(super) fn entrance(plan: &Plan<'_>) -> gst_app::AppSrc {
    let entrance = gst_app::AppSrc::builder()
        .name("entrance")
        .caps(plan.input)
        .format(gst::Format::Time)
        .is_live(true)
        .do_timestamp(false)
        .block(false)
        .build();
    entrance.set_max_bytes(0);
    if plan.placement == Placement::Shared && plan.codec.kind == MediaKind::Video {
        entrance.set_max_buffers(RAW_BACKLOG);
        entrance.set_leaky_type(gst_app::AppLeakyType::Downstream);
    } else {
        entrance.set_max_time(BACKLOG_TIME);
        entrance.set_leaky_type(gst_app::AppLeakyType::Downstream);
    }
    entrance
}

pub(super) fn filter(text: &str) -> Result<gst::Element, MissingElement> {
    let filter = make("capsfilter")?;
    filter.set_property("caps", codec::caps(text));
    Ok(filter)
}

/// What the payloader is fed; what is not compressed stays as viewers were told.
pub(super) fn last_filter(plan: &Plan<'_>) -> Result<gst::Element, MissingElement> {
    let filter = filter(plan.codec.payloader_caps)?;
    let mut caps = filter.property::<gst::Caps>("caps");
    let told = plan.told.structure(0).filter(|_| plan.codec.is_raw());
    if let (Some(told), Some(asked)) = (told, caps.make_mut().structure_mut(0)) {
        for name in ["rate", "channels", "width", "height"] {
            if let Ok(value) = told.get::<i32>(name) {
                asked.set(name, value);
            }
        }
    }
    filter.set_property("caps", caps);
    Ok(filter)
}

/// What the encoder is fed.
pub(super) fn raw_caps(plan: &Plan<'_>, row: Option<&Row>, memory: Option<&str>) -> String {
    if plan.codec.kind == MediaKind::Audio {
        return match plan.codec.name {
            "OPUS" => "audio/x-raw, rate=(int)48000, channels=(int)[ 1, 2 ]".into(),
            "MULTIOPUS" => {
                let told = plan.told.structure(0).and_then(|told| told.get::<i32>("channels").ok());
                let channels = told.filter(|channels| (3..=8).contains(channels)).unwrap_or(6);
                format!("audio/x-raw, rate=(int)48000, channels=(int){channels}")
            }
            _ => "audio/x-raw".into(),
        };
    }
    // Left to itself the converter picks what is nearest to the input, 4:4:4 for RGB, which the profiles that
    // are offered exclude.
    let formats = row.and_then(Row::formats).unwrap_or("{ I420, NV12, YV12 }");
    let memory = memory.map(|memory| format!("({memory})")).unwrap_or_default();
    format!("video/x-raw{memory}, format=(string){formats}, pixel-aspect-ratio=1/1")
}
