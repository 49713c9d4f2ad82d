//! What a producer does about its viewers' requests on `control`, each of which is answered, and about navigation
//! events on `input`: it pushes events upstream, off any lock, on a thread that may block.

use super::{CAT, navigation, structure};
use crate::peer::{Channel, ChannelEvent, Payload};
use gst::prelude::*;
use protocol::{
    BadRequest, ControlMessage, ControlRequest, ControlRequestMessage, InputMessage, NavigationEvent,
    VideoSize,
};
use std::sync::Arc;

/// The pads that events can be pushed on.
pub(crate) trait Targets: Send + Sync + 'static {
    /// Those of a media section, all where none is named; `None` where there is no such section.
    fn pads(&self, mid: Option<&str>) -> Option<Vec<(gst::Pad, bool)>>;

    /// The channel is open. Must not block.
    fn opened(&self) {}
}

/// Serves a channel for requests.
pub(crate) fn control(channel: &Arc<Channel>, targets: Arc<dyn Targets>) {
    channel.listen(Box::new(move |channel, event| match event {
        ChannelEvent::Message(Payload::Text(text)) => {
            if let Some(answer) = answer(&*targets, &text) {
                reply(channel, &answer);
            }
        }
        ChannelEvent::Opened => targets.opened(),
        event => passed_over(event),
    }));
}

/// Serves a channel for navigation events.
pub(crate) fn input(channel: &Arc<Channel>, targets: Arc<dyn Targets>) {
    channel.listen(Box::new(move |_, event| match event {
        ChannelEvent::Message(Payload::Text(text)) => {
            let pushed = serde_json::from_str::<InputMessage>(&text).map_err(|err| err.to_string()).and_then(
                |message| {
                    push(&*targets, message.mid.as_deref(), true, |pad| {
                        navigation_for(pad, &message.event, message.video_size)
                    })
                },
            );
            if let Err(cause) = pushed {
                gst::info!(CAT, "a navigation event was not handled: {cause}");
            }
        }
        event => passed_over(event),
    }));
}

fn passed_over(event: ChannelEvent) {
    match event {
        ChannelEvent::Message(_) => gst::info!(CAT, "a request that is no text is passed over"),
        ChannelEvent::Failed(cause) => gst::info!(CAT, "a channel broke: {cause}"),
        ChannelEvent::Opened | ChannelEvent::BufferedLow | ChannelEvent::Closed => {}
    }
}

fn reply(channel: &Arc<Channel>, answer: &ControlMessage) {
    let Ok(text) = serde_json::to_string(answer) else { return };
    if let Err(err) = channel.send(Payload::Text(text)) {
        gst::info!(CAT, "failed to answer a request: {err}");
    }
}

/// Does what is asked, and says how that went; only what has no number is not answered.
fn answer(targets: &dyn Targets, text: &str) -> Option<ControlMessage> {
    let (id, outcome) = match ControlRequestMessage::parse(text) {
        Ok(message) => (message.id, perform(targets, &message)),
        Err(BadRequest { id: Some(id), cause }) => (id, Err(format!("The request cannot be read: {cause}"))),
        Err(BadRequest { id: None, cause }) => {
            gst::info!(CAT, "a request cannot be read, and has no number for an answer: {cause}");
            return None;
        }
    };
    if let Err(cause) = &outcome {
        gst::info!(CAT, "request {id} was not met: {cause}");
    }
    Some(ControlMessage::ControlResponseMessage { id, error: outcome.err() })
}

fn perform(targets: &dyn Targets, message: &ControlRequestMessage) -> Result<(), String> {
    let mid = message.mid.as_deref();
    match &message.request {
        ControlRequest::NavigationEvent { event } => {
            push(targets, mid, false, |pad| navigation_for(pad, event, message.video_size))
        }
        ControlRequest::CustomUpstreamEvent { structure_name, structure } => {
            let event = gst::event::CustomUpstream::new(structure::from_json(structure_name, structure)?);
            push(targets, mid, false, |_| event.clone())
        }
    }
}

/// The event with its position in the picture of this pad: the viewer may be sent a smaller one.
fn navigation_for(pad: &gst::Pad, said: &NavigationEvent, seen: Option<VideoSize>) -> gst::Event {
    let scaled = seen.zip(picture(pad)).map(|(seen, own)| said.clone().scaled(seen, own));
    navigation::to_event(scaled.as_ref().unwrap_or(said))
}

/// The size of the pictures that arrive on a pad.
fn picture(pad: &gst::Pad) -> Option<VideoSize> {
    let caps = pad.current_caps()?;
    let picture = caps.structure(0)?;
    let side = |name| picture.get::<i32>(name).ok().map(f64::from);
    Some([side("width")?, side("height")?])
}

fn push(
    targets: &dyn Targets,
    mid: Option<&str>,
    video_only: bool,
    event: impl Fn(&gst::Pad) -> gst::Event,
) -> Result<(), String> {
    let pads =
        targets.pads(mid).ok_or_else(|| format!("There is no media section {}", mid.unwrap_or("at all")))?;
    let wanted = pads.iter().filter(|(_, is_video)| *is_video || mid.is_some() || !video_only);
    // Every pad gets it, whatever the others say.
    let handled = wanted.fold(false, |handled, (pad, _)| pad.push_event(event(pad)) || handled);
    if handled { Ok(()) } else { Err("No sink pad could handle the request".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A section `video0` whose pad takes everything, and `audio1` whose pad takes nothing.
    struct Two(gst::Pad, gst::Pad);

    impl Targets for Two {
        fn pads(&self, mid: Option<&str>) -> Option<Vec<(gst::Pad, bool)>> {
            let both = || vec![(self.0.clone(), true), (self.1.clone(), false)];
            match mid {
                None => Some(both()),
                Some("video0") => both().get(..1).map(<[_]>::to_vec),
                Some("audio1") => both().get(1..).map(<[_]>::to_vec),
                Some(_) => None,
            }
        }
    }

    fn two() -> Two {
        gst::init().unwrap();
        let linked = |takes: bool| {
            let sink = gst::Pad::builder(gst::PadDirection::Sink).build();
            let src = gst::Pad::builder(gst::PadDirection::Src).event_function(move |_, _, _| takes).build();
            src.set_active(true).unwrap();
            sink.set_active(true).unwrap();
            src.link(&sink).unwrap();
            // The test has no parent to hold the pad.
            std::mem::forget(src);
            sink
        };
        Two(linked(true), linked(false))
    }

    fn said(text: &str) -> Option<(u64, Option<String>)> {
        match answer(&two(), text)? {
            ControlMessage::ControlResponseMessage { id, error } => Some((id, error)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn everything_with_a_number_is_answered_and_the_answer_says_what_went_wrong() {
        let event = r#""request":{"type":"navigationEvent","event":{"event":"MouseMove","x":1,"y":2}}"#;
        assert_eq!(said(&format!(r#"{{"id":1,{event}}}"#)), Some((1, None)));
        assert_eq!(said(&format!(r#"{{"id":2,"mid":"video0",{event}}}"#)), Some((2, None)));
        let refused = Some("No sink pad could handle the request".to_owned());
        assert_eq!(said(&format!(r#"{{"id":3,"mid":"audio1",{event}}}"#)), Some((3, refused)));
        let unknown = said(&format!(r#"{{"id":4,"mid":"video7",{event}}}"#)).unwrap();
        assert!(unknown.1.unwrap().contains("video7"));
        let bad =
            said(r#"{"id":5,"request":{"type":"customUpstreamEvent","structureName":"a b","structure":{}}}"#);
        assert!(bad.unwrap().1.unwrap().contains("a b"));
        assert!(said(r#"{"id":6,"request":"nonsense"}"#).unwrap().1.is_some());
        assert_eq!(said("nonsense"), None);
    }
}
