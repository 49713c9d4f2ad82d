//! Statistics of live sessions: what docs/statistics.md says is there, nothing else is, and nobody waits for a session that
//! hangs.

use crate::support::{self, DEADLINE, Pipeline, VIDEO, Viewer, producer, uri};
use gst::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::{channel, sync_channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What the document says of a field.
#[derive(Debug, Clone, PartialEq)]
struct Field {
    kind: String,
    when: String,
}

type Fields = BTreeMap<String, Field>;

/// The rows under a heading whose first cell is code.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/statistics.md");
    let document = std::fs::read_to_string(document).unwrap();
    let lines =
        document.lines().skip_while(|line| line.trim_start_matches('#') != format!(" {heading}")).skip(1);
    let rows = lines.take_while(|line| !line.starts_with('#')).filter(|line| line.starts_with("| `"));
    let rows: Vec<Vec<_>> = rows
        .map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect();
    assert!(!rows.is_empty(), "there is no '{heading}' in the document");
    rows
}

fn documented(heading: &str) -> Fields {
    let field = |row: Vec<String>| {
        let [name, kind, _, _, when] = <[_; 5]>::try_from(row).unwrap();
        (name.trim_matches('`').to_owned(), Field { kind, when })
    };
    rows(heading).into_iter().map(field).collect()
}

/// Whether all that is documented, but for what has a condition of its own, is there. Nothing else may be.
fn is_complete(structure: &gst::StructureRef, heading: &str, others: impl Fn(&str) -> bool) -> bool {
    let documented = documented(heading);
    for (name, value) in structure.iter() {
        let name = name.as_str();
        let Some(field) = documented.get(name) else {
            assert!(others(name), "'{name}' is not documented under '{heading}': {structure}");
            continue;
        };
        let kind = match value.type_().name() {
            "gchararray" => "string",
            "guint" => "uint",
            "guint64" => "uint64",
            "gint" => "int",
            "gboolean" => "boolean",
            "gdouble" => "double",
            "GstStructure" => "structure",
            "GstWebRTCSinkMitigationMode" => "flags",
            "GstValueArray" => "GstArray",
            other => other,
        };
        assert_eq!(kind, field.kind, "the type of '{name}' under '{heading}'");
    }
    documented.iter().all(|(name, field)| {
        let there = structure.has_field(name);
        assert!(there || field.when != "always", "'{name}' under '{heading}' is not there: {structure}");
        there || field.when.starts_with("where ")
    })
}

fn array(structure: &gst::StructureRef, name: &str) -> Vec<gst::Structure> {
    structure.get::<gst::Array>(name).unwrap().iter().map(|one| one.get().unwrap()).collect()
}

/// The entries of the native transport, by kind.
fn entries_are_documented(session: &gst::StructureRef) -> bool {
    let rows = rows("The transport's entries");
    let rows: BTreeMap<_, _> = rows.iter().map(|row| (row[0].trim_matches('`'), row[1].as_str())).collect();
    let entries: Vec<_> =
        session.iter().filter_map(|(_, value)| value.get::<gst::Structure>().ok()).collect();
    for entry in entries.iter().filter(|entry| entry.name() != "application/x-webrtcsink-consumer-stats") {
        let fields = rows[entry.name().as_str()];
        for field in entry.fields().filter(|field| !["type", "timestamp", "id"].contains(&field.as_str())) {
            assert!(
                fields.contains(&format!("`{field}`")),
                "'{field}' of '{}' is not documented",
                entry.name()
            );
        }
    }
    rows.keys().all(|kind| entries.iter().any(|entry| entry.name() == kind))
}

fn session_of_sink(stats: &gst::StructureRef, is_native: bool) -> bool {
    let Some(session) = stats.iter().find_map(|(_, session)| session.get::<gst::Structure>().ok()) else {
        return false;
    };
    let is_entry = |name: &str| session.get::<gst::Structure>(name).is_ok();
    let mut complete = is_complete(&session, "A session", is_entry);
    if is_native {
        complete &= entries_are_documented(&session);
    }
    let viewer = session.get::<gst::Structure>("consumer-stats").unwrap();
    complete &= is_complete(&viewer, "A viewer", |_| false);
    let phases = viewer.get::<gst::Structure>("phases").unwrap();
    complete &= is_complete(&phases, "The phases of a session", |_| false);
    are_in_order(&phases);
    let (streams, encoders) = (array(&viewer, "streams"), array(&viewer, "video-encoders"));
    for stream in &streams {
        complete &= is_complete(stream, "A stream of a viewer", |_| false);
    }
    for encoder in &encoders {
        complete &= is_complete(encoder, "An encoder", |_| false);
    }
    complete && streams.len() == 2 && encoders.len() == 1
}

/// Those of the sessions of this test.
fn are_in_order(phases: &gst::StructureRef) {
    let rows = rows("The phases of a session");
    let reached: Vec<_> =
        rows.iter().filter_map(|row| phases.get::<u64>(row[0].trim_matches('`')).ok()).collect();
    assert!(reached.is_sorted(), "{phases}");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    assert!(reached.iter().all(|at| now - u128::from(*at) < 2 * DEADLINE.as_millis()), "{phases}");
}

fn session_of_source(stats: &gst::StructureRef) -> bool {
    let is_stream = |name: &str| name == "video_0" || name == "audio_0";
    let mut complete = is_complete(stats, "The session", is_stream);
    let streams = ["video_0", "audio_0"].map(|name| stats.get::<gst::Structure>(name));
    for stream in streams.iter().flatten() {
        complete &= is_complete(stream, "A stream", |_| false);
    }
    complete && streams.iter().all(Result::is_ok)
}

fn statistics_are_what_the_document_says(transport: &str) {
    let sound = format!("{} ! ws.audio_0", support::AUDIO);
    let pipeline =
        Pipeline::parse(&format!("{VIDEO} ! {} {transport} video-caps=video/x-vp8 {sound}", support::SINK));
    pipeline.play();
    let sink = pipeline.element("ws");
    support::registered(&sink);
    let viewer = Viewer::new(&uri(&sink), "video", "video/x-raw", "");
    hear(&viewer);
    viewer.pipeline.play();
    let source = viewer.pipeline.element("src");
    let is_native = transport == "transport=native";
    let end = Instant::now() + DEADLINE;
    let stats = |element: &gst::Element| element.property::<gst::Structure>("stats");
    let complete = |sent: &gst::StructureRef, came: &gst::StructureRef| {
        session_of_sink(sent, is_native) && session_of_source(came) && rates_agree(sent, came)
    };
    while !complete(&stats(&sink), &stats(&source)) {
        assert!(Instant::now() < end, "something is not there: {} {}", stats(&sink), stats(&source));
        viewer.sample();
    }
    is_plausible(&stats(&sink), &stats(&source));
}

/// Both sides count about the same in a second, once both have counted for one in which the stream ran.
fn rates_agree(of_sink: &gst::StructureRef, of_source: &gst::StructureRef) -> bool {
    let session = of_sink.iter().find_map(|(_, session)| session.get::<gst::Structure>().ok()).unwrap();
    let viewer = session.get::<gst::Structure>("consumer-stats").unwrap();
    let (sent, came) = (viewer.get::<u32>("bitrate").unwrap(), of_source.get::<u32>("bitrate").unwrap());
    sent > 20_000 && came > sent / 4 && came < sent * 4
}

/// What both sides say of the same is about the same.
fn is_plausible(of_sink: &gst::StructureRef, of_source: &gst::StructureRef) {
    let session = of_sink.iter().find_map(|(_, session)| session.get::<gst::Structure>().ok()).unwrap();
    let viewer = session.get::<gst::Structure>("consumer-stats").unwrap();
    assert!(viewer.get::<f64>("round-trip-time").unwrap() < 0.5);
    assert_eq!(viewer.get("local-candidate-type"), Ok("host"));
    let streams = array(&viewer, "streams");
    let pictures = streams.iter().find(|stream| stream.get("pad") == Ok("video_0")).unwrap();
    let came = of_source.get::<gst::Structure>("video_0").unwrap();
    let (sent, came) = (pictures.get::<u64>("frames-sent").unwrap(), came.get::<u64>("frames").unwrap());
    assert!(sent.abs_diff(came) < 30, "{sent} pictures were sent, {came} came");
    let keys = pictures.get::<u64>("key-units-sent").unwrap();
    assert!((1..10).contains(&keys), "{keys} key units");
    let delay = viewer.get::<f64>("end-to-end-delay").unwrap();
    assert!(delay > 0.0 && delay < 1.0, "{delay}");
}

/// A source stops where nobody takes what it has.
fn hear(viewer: &Viewer) {
    let pipeline = viewer.pipeline.0.downgrade();
    viewer.pipeline.element("src").connect_pad_added(move |_, pad| {
        if pad.name().starts_with("audio") {
            let sink = gst::ElementFactory::make("fakesink").property("async", false).build().unwrap();
            pipeline.upgrade().unwrap().add(&sink).unwrap();
            sink.sync_state_with_parent().unwrap();
            pad.link(&sink.static_pad("sink").unwrap()).unwrap();
        }
    });
}

support::under_both_transports!(statistics_are_what_the_document_says);

#[test]
fn a_session_that_hangs_holds_nobody_up_who_reads_statistics() {
    let pipeline = producer(VIDEO, "transport=webrtcbin");
    let sink = pipeline.element("ws");
    let (give, take) = channel();
    sink.connect("consumer-added", false, move |values| {
        let _ = give.send(values[2].get::<gst::Element>().unwrap());
        None
    });
    let viewers: Vec<_> = (0..2).map(|_| Viewer::play(&uri(&sink), "video", "video/x-raw")).collect();
    viewers.iter().for_each(|viewer| drop(viewer.samples(10)));
    let read = || {
        let began = Instant::now();
        let stats = sink.property::<gst::Structure>("stats");
        (stats, began.elapsed())
    };
    assert_eq!(read().0.n_fields(), 2);
    // Its thread waits in the answer to a question.
    let (hung, hangs) = channel();
    let (release, released) = sync_channel::<()>(0);
    let promise = gst::Promise::with_change_func(move |_| {
        hung.send(()).unwrap();
        let _ = released.recv();
    });
    let transport = take.recv_timeout(DEADLINE).unwrap();
    transport.emit_by_name::<()>("get-stats", &[&None::<gst::Pad>, &promise]);
    hangs.recv_timeout(DEADLINE).unwrap();
    let (_, first) = read();
    assert!(first < Duration::from_millis(600), "it took {first:?}");
    std::iter::repeat_with(|| viewers[1].sample()).take(10).for_each(drop);
    let (stats, again) = read();
    assert!(again < Duration::from_millis(150), "it took {again:?} once more");
    let sessions: Vec<_> =
        stats.iter().map(|(_, session)| session.get::<gst::Structure>().unwrap()).collect();
    // The one that hangs says what it said before, the other what is so now.
    let times: Vec<_> = sessions.iter().map(|session| newest(session)).collect();
    assert!(times.iter().all(|time| *time > 0.0) && (times[0] - times[1]).abs() > 50.0, "{times:?}");
    drop(release);
}

/// When the transport said what it said.
fn newest(session: &gst::StructureRef) -> f64 {
    let entries = session.iter().filter_map(|(_, value)| value.get::<gst::Structure>().ok());
    entries.filter_map(|entry| entry.get::<f64>("timestamp").ok()).fold(0.0, f64::max)
}

#[test]
fn the_log_has_one_line_with_the_phases_of_each_session_that_ends() {
    support::init();
    let (tell, told) = channel();
    gst::log::set_threshold_for_name("webrtcsink", gst::DebugLevel::Info);
    gst::log::add_log_function(move |category, level, _, _, _, _, message| {
        let line = message.get().unwrap().to_string();
        if (category.name(), level) == ("webrtcsink", gst::DebugLevel::Info) && line.contains(" is over: ") {
            let _ = tell.send(line);
        }
    });
    let pipeline = producer(VIDEO, "video-caps=video/x-vp8");
    let viewer = Viewer::play(&uri(&pipeline.element("ws")), "video", "video/x-raw");
    viewer.sample();
    viewer.pipeline.stop();
    let line = told.recv_timeout(DEADLINE).unwrap();
    let ended = pipeline.message("webrtc-session-ended");
    assert!(line.contains(ended.get::<&str>("session-id").unwrap()), "{line}");
    assert!(line.contains(ended.get::<&str>("text").unwrap()), "{line}");
    let phases = ["offered", "answered", "ICE connected", "DTLS connected", "first frame", "ended"];
    let places: Vec<_> =
        phases.iter().map(|phase| line.find(&format!("{phase} after ")).expect(&line)).collect();
    assert!(places.is_sorted(), "{line}");
    pipeline.stop();
    assert!(told.try_recv().is_err(), "there are two lines");
}
