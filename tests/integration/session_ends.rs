//! What `webrtcsrc` does when its session ends: property `on-session-end`.

use crate::support::direct::Direct;
use crate::support::program::Program;
use crate::support::server::Server;
use crate::support::{self, DEADLINE, Pipeline, VIDEO};
use gst::prelude::*;
use gstrswebrtc::signaller::SignallableExt;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// Delays that no test has to wait for.
const QUICK: &str = "signaller::reconnect-delay-min=1 signaller::reconnect-delay-max=20";

/// What downstream of the first video pad sees.
#[derive(Debug, PartialEq)]
enum Seen {
    Frame(gst::ClockTime),
    Eos,
    Flush,
    StreamStart(String),
    Segment,
}

/// Links the first video pad to a sink that takes these caps, and tells what comes there.
fn see(pipeline: &Pipeline, caps: &str) -> Receiver<Seen> {
    let (give, seen) = channel();
    let (target, caps) = (pipeline.0.downgrade(), caps.parse::<gst::Caps>().unwrap());
    pipeline.element("src").connect_pad_added(move |_, pad| {
        let pipeline = target.upgrade().unwrap();
        let filter = gst::ElementFactory::make("capsfilter").property("caps", &caps).build().unwrap();
        let sink = gst::ElementFactory::make("fakesink").property("sync", false).build().unwrap();
        pipeline.add_many([&filter, &sink]).unwrap();
        filter.link(&sink).unwrap();
        watch(&filter.static_pad("sink").unwrap(), give.clone());
        sink.sync_state_with_parent().unwrap();
        filter.sync_state_with_parent().unwrap();
        pad.link(&filter.static_pad("sink").unwrap()).unwrap();
    });
    seen
}

fn watch(pad: &gst::Pad, give: Sender<Seen>) {
    let types =
        gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM | gst::PadProbeType::EVENT_FLUSH;
    pad.add_probe(types, move |_, info| {
        let event = info.event().map(|event| match event.view() {
            gst::EventView::Eos(_) => Some(Seen::Eos),
            gst::EventView::FlushStart(_) | gst::EventView::FlushStop(_) => Some(Seen::Flush),
            gst::EventView::StreamStart(start) => Some(Seen::StreamStart(start.stream_id().to_owned())),
            gst::EventView::Segment(_) => Some(Seen::Segment),
            _ => None,
        });
        let seen = event.unwrap_or_else(|| Some(Seen::Frame(info.buffer()?.pts()?)));
        if let Some(seen) = seen {
            let _ = give.send(seen);
        }
        gst::PadProbeReturn::Ok
    });
}

/// The presentation times of the next frames; nothing else comes.
fn frames(seen: &Receiver<Seen>, count: usize) -> Vec<gst::ClockTime> {
    (0..count)
        .map(|_| match seen.recv_timeout(DEADLINE).expect("no frame came in time") {
            Seen::Frame(time) => time,
            other => panic!("{other:?} where a frame was expected"),
        })
        .collect()
}

/// The beginning of the stream: its identifier.
fn begins(seen: &Receiver<Seen>) -> String {
    let Ok(Seen::StreamStart(id)) = seen.recv_timeout(DEADLINE) else { panic!("no stream began") };
    assert!(matches!(seen.recv_timeout(DEADLINE), Ok(Seen::Segment)));
    id
}

fn next_mark(seen: &Receiver<Seen>) -> Seen {
    loop {
        match seen.recv_timeout(DEADLINE).expect("nothing came in time") {
            Seen::Frame(_) => {}
            mark => return mark,
        }
    }
}

fn producer(uri: &str, settings: &str) -> Pipeline {
    let pipeline = Pipeline::parse(&format!(
        "{VIDEO} ! webrtcsink name=ws stun-server=\"\" signaller::uri={uri} {QUICK} {settings}"
    ));
    pipeline.play();
    pipeline
}

fn viewer(uri: &str, policy: &str) -> Pipeline {
    Pipeline::parse_bin(&format!(
        "webrtcsrc name=src connect-to-first-producer=true stun-server=\"\" signaller::uri={uri} {QUICK} \
         on-session-end={policy}"
    ))
}

/// A viewer that hears of its producer from a signaller inside the process.
fn direct(policy: &str) -> (Direct, Direct, Pipeline, Pipeline) {
    let (producing, consuming) = Direct::pair();
    let producer = Pipeline::parse(&format!("{VIDEO} ! webrtcsink name=ws stun-server=\"\""));
    producer.element("ws").set_property("signaller", &producing);
    let viewer = Pipeline::parse_bin(&format!("webrtcsrc name=src stun-server=\"\" on-session-end={policy}"));
    viewer.element("src").set_property("signaller", &consuming);
    producer.play();
    support::has_caps(&producer.element("ws"));
    (producing, consuming, producer, viewer)
}

fn begin(producing: &Direct, consuming: &Direct, session: &str) {
    consuming.session_started(session, "producer");
    producing.session_requested(session, "viewer", None);
}

#[test]
fn the_pads_of_a_waiting_source_go_on_where_they_stopped_when_the_producer_comes_back() {
    let server = Server::start("127.0.0.1:0");
    let uri = format!("ws://{}", server.address);
    let first = producer(&uri, "video-caps=video/x-vp8");
    let viewer = viewer(&uri, "wait");
    let seen = see(&viewer, "video/x-raw");
    viewer.play();
    let src = viewer.element("src");
    begins(&seen);
    let before = frames(&seen, 10);
    let pad = src.static_pad("video_0").unwrap();
    let id = pad.stream_id().unwrap();
    first.stop();
    viewer.message("webrtc-session-ended");
    // Another codec, another size.
    let second = Pipeline::parse(&format!(
        "videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=30/1 \
         ! webrtcsink name=ws stun-server=\"\" signaller::uri={uri} {QUICK} video-caps=video/x-vp9"
    ));
    second.play();
    let mut times = before;
    // Frames that were under way, and those of the new session.
    times.extend(frames(&seen, 30));
    while pad.current_caps().unwrap().structure(0).unwrap().get("width") != Ok(160) {
        times.extend(frames(&seen, 1));
    }
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(src.static_pad("video_0"), Some(pad.clone()));
    assert_eq!((src.num_src_pads(), pad.stream_id().unwrap()), (1, id));
    // The clock went on, and the timestamps with it.
    let now = src.current_running_time().unwrap();
    assert!(now.absdiff(*times.last().unwrap()) < gst::ClockTime::from_seconds(3), "{now} {times:?}");
}

#[test]
fn a_waiting_source_is_back_soon_after_its_producers_process_was_killed_and_started_again() {
    let server = Server::start("127.0.0.1:0");
    let uri = format!("ws://{}", server.address);
    let address = format!("signaller::uri={uri}");
    let start = || {
        let pipeline =
            ["-q", "videotestsrc", "is-live=true", "!", "webrtcsink", "stun-server=\"\"", &address];
        Program::start("gst-launch-1.0", &pipeline)
    };
    let first = start();
    let viewer = viewer(&uri, "wait");
    let seen = see(&viewer, "video/x-raw");
    viewer.play();
    begins(&seen);
    frames(&seen, 5);
    // The server keeps its place, and the consent lasts for half a minute.
    drop(first);
    let _second = start();
    // By its own silence, or because the server gave it up.
    viewer.message("webrtc-session-ended");
    while seen.try_recv().is_ok() {}
    frames(&seen, 5);
}

#[test]
fn a_waiting_source_survives_that_the_server_and_the_producer_are_gone_at_once() {
    let server = Server::start("127.0.0.1:0");
    let address = server.address.to_string();
    let uri = format!("ws://{address}");
    let first = producer(&uri, "");
    let viewer = viewer(&uri, "wait");
    let seen = see(&viewer, "video/x-raw");
    viewer.play();
    begins(&seen);
    frames(&seen, 5);
    drop(server);
    viewer.message("webrtc-signalling-lost");
    first.stop();
    let _server = Server::start(&address);
    let _second = producer(&uri, "");
    viewer.message("webrtc-session-ended");
    while seen.try_recv().is_ok() {}
    frames(&seen, 5);
}

#[test]
fn a_waiting_source_stops_within_a_second_and_its_pads_go() {
    let (producing, consuming, _producer, viewer) = direct("wait");
    let seen = see(&viewer, "video/x-raw");
    viewer.play();
    begin(&producing, &consuming, "s");
    begins(&seen);
    frames(&seen, 5);
    consuming.session_ended("s", None);
    viewer.message("webrtc-session-ended");
    let src = viewer.element("src");
    assert_eq!(src.num_src_pads(), 1);
    assert!(viewer.stop() < Duration::from_secs(1));
    assert_eq!(src.num_src_pads(), 0);
    // And it starts anew.
    viewer.play();
    begin(&producing, &consuming, "t");
    frames_again(&seen);
}

#[test]
fn a_waiting_source_in_a_paused_pipeline_lets_go_of_it() {
    let (producing, consuming, _producer, viewer) = direct("wait");
    let seen = see(&viewer, "video/x-raw");
    viewer.play();
    begin(&producing, &consuming, "s");
    begins(&seen);
    frames(&seen, 5);
    viewer.0.set_state(gst::State::Paused).unwrap();
    consuming.session_ended("s", None);
    viewer.message("webrtc-session-ended");
    // The source alone, while its downstream holds a frame.
    let src = viewer.element("src");
    let start = Instant::now();
    src.set_locked_state(true);
    src.set_state(gst::State::Null).unwrap();
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[test]
fn the_end_of_a_session_is_what_the_property_says() {
    for (policy, failed, is_error, marks) in [
        ("auto", false, false, true),
        ("auto", true, true, true),
        ("eos", false, false, true),
        ("eos", true, false, true),
        ("error", false, true, true),
        ("error", true, true, true),
        ("wait", false, false, false),
        ("wait", true, false, false),
    ] {
        let case = format!("{policy}, failed: {failed}");
        let (producing, consuming, _producer, viewer) = direct(policy);
        let seen = see(&viewer, "video/x-raw");
        let removed = removed(&viewer);
        viewer.play();
        begin(&producing, &consuming, "s");
        begins(&seen);
        frames(&seen, 2);
        consuming.session_ended("s", failed.then_some("no light"));
        let reason = removed.recv_timeout(DEADLINE).expect(&case);
        assert_eq!(reason, ("s".to_owned(), "producer".to_owned(), "peer".to_owned()), "{case}");
        let bus = viewer.0.bus().unwrap();
        let worst = bus.pop_filtered(&[gst::MessageType::Error, gst::MessageType::Warning]);
        match worst.as_ref().map(|message| message.view()) {
            Some(gst::MessageView::Error(err)) => {
                assert!(is_error, "{case}: {err:?}");
                let cause = if failed { "no light" } else { "ended by the peer" };
                assert!(err.error().to_string().contains(cause), "{case}: {err:?}");
            }
            Some(gst::MessageView::Warning(warning)) => {
                assert!(failed && !is_error, "{case}: {warning:?}");
                assert!(warning.error().to_string().contains("no light"), "{case}: {warning:?}");
            }
            _ => assert!(!is_error && !failed, "{case}: neither error nor warning"),
        }
        let eos = std::iter::from_fn(|| seen.try_recv().ok()).any(|seen| seen == Seen::Eos);
        assert_eq!(eos, marks, "{case}");
        assert_eq!(viewer.element("src").num_src_pads(), u16::from(!marks), "{case}");
    }
}

/// The sessions that are over: identifier, peer, reason.
pub(crate) fn removed(viewer: &Pipeline) -> Receiver<(String, String, String)> {
    let (give, removed) = channel();
    viewer.element("src").connect("session-removed", false, move |values| {
        let text = |index: usize| values[index].get::<String>().unwrap();
        let _ = give.send((text(1), text(2), text(3)));
        None
    });
    removed
}

#[test]
fn an_unlinked_pad_does_not_keep_the_next_session_out() {
    let (producing, consuming, _producer, viewer) = direct("auto");
    let removed = removed(&viewer);
    let (give, added) = channel();
    viewer.element("src").connect_pad_added(move |_, pad| {
        let _ = give.send(pad.name().to_string());
    });
    viewer.play();
    for session in ["one", "two", "three"] {
        begin(&producing, &consuming, session);
        assert_eq!(added.recv_timeout(DEADLINE).expect(session), "video_0");
        consuming.session_ended(session, None);
        assert_eq!(removed.recv_timeout(DEADLINE).expect(session).0, session);
        producing.session_ended(session, None);
    }
}

#[test]
fn a_second_session_is_refused_and_its_messages_do_not_reach_the_first() {
    let (producing, consuming, _producer, viewer) = direct("auto");
    let seen = see(&viewer, "video/x-raw");
    viewer.play();
    begin(&producing, &consuming, "s");
    begins(&seen);
    frames(&seen, 5);
    let other = "v=0\r\no=- 1 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n";
    consuming.session_started("other", "intruder");
    for kind in [gst_webrtc::WebRTCSDPType::Offer, gst_webrtc::WebRTCSDPType::Answer] {
        consuming.describe("other", kind, other);
    }
    consuming.handle_ice("other", 0, None, "candidate:1 1 UDP 1 203.0.113.1 9 typ host");
    consuming.session_ended("other", Some("gone"));
    frames(&seen, 30);
}

#[test]
fn who_is_told_to_let_go_of_a_frame_may_ask_the_source_for_a_pad() {
    let (producing, consuming, _producer, viewer) = direct("auto");
    let src = viewer.element("src");
    let seen = see(&viewer, "video/x-raw");
    viewer.play();
    begin(&producing, &consuming, "s");
    begins(&seen);
    frames(&seen, 2);
    let (asked, answered) = std::sync::mpsc::channel();
    let source = src.downgrade();
    src.src_pads()[0].add_probe(gst::PadProbeType::EVENT_FLUSH, move |_, info| {
        if info.event().is_some_and(|event| event.type_() == gst::EventType::FlushStart) {
            let _ = asked.send(source.upgrade().unwrap().request_pad_simple("req_video_%u").is_some());
        }
        gst::PadProbeReturn::Ok
    });
    assert!(viewer.stop() < Duration::from_secs(1));
    assert!(answered.recv_timeout(DEADLINE).unwrap());
}

#[test]
fn eos_sent_to_a_source_ends_its_streams_whether_it_plays_or_waits_and_other_events_are_answered() {
    for waits in [false, true] {
        let (producing, consuming, _producer, viewer) = direct("wait");
        let src = viewer.element("src");
        let (seen, removed) = (see(&viewer, "video/x-raw"), removed(&viewer));
        viewer.play();
        begin(&producing, &consuming, "s");
        begins(&seen);
        frames(&seen, 5);
        assert!(!src.send_event(gst::event::Gap::new(gst::ClockTime::ZERO, None)));
        assert!(!src.send_event(gst::event::Navigation::new(gst::Structure::new_empty("unknown"))));
        if waits {
            consuming.session_ended("s", None);
            removed.recv_timeout(DEADLINE).unwrap();
        }
        assert!(src.send_event(gst::event::Eos::new()));
        assert_eq!(next_mark(&seen), Seen::Eos, "waits: {waits}");
        if !waits {
            removed.recv_timeout(DEADLINE).unwrap();
        }
        assert_eq!(src.num_src_pads(), 0, "waits: {waits}");
        // It stays ended until it is started again.
        consuming.session_started("t", "producer");
        assert!(viewer.stop() < Duration::from_secs(1));
        assert!(!src.send_event(gst::event::Eos::new()));
        viewer.play();
        begin(&producing, &consuming, "u");
        frames_again(&seen);
    }
}

/// Frames come after another beginning.
fn frames_again(seen: &Receiver<Seen>) {
    while next_mark(seen) != Seen::Segment {}
    frames(seen, 2);
}
