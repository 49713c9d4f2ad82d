//! The dashboard of the element's web server: what it shows of live sessions and encoders, of those that are over, and to
//! whom.

use crate::support::{self, DEADLINE, Pipeline, SINK, VIDEO, Viewer, uri};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

/// A producer whose web server is at an address that nobody used before.
fn shown(settings: &str) -> (Pipeline, String) {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let sink = format!(
        "{SINK} video-caps=video/x-vp8 run-web-server=true web-server-host-addr=http://{address} {settings}"
    );
    let pipeline = Pipeline::parse(&format!("{VIDEO} ! {sink}"));
    pipeline.play();
    support::registered(&pipeline.element("ws"));
    (pipeline, address)
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

/// Asks with further header lines, each of which ends in a line break.
fn ask(address: &str, path: &str, headers: &str) -> Answer {
    let host = if headers.contains("Host: ") { String::new() } else { format!("Host: {address}\r\n") };
    let mut socket = TcpStream::connect(address).unwrap();
    write!(socket, "GET {path} HTTP/1.1\r\n{host}{headers}Connection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    socket.read_to_string(&mut reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

fn data(address: &str, query: &str) -> Value {
    let answer = ask(address, &format!("/dashboard/data.json{query}"), "");
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.head.contains("content-type: application/json"), "{}", answer.head);
    serde_json::from_str(&answer.body).unwrap()
}

/// Asks until it is so, at the pace of a viewer's pictures.
fn until(address: &str, viewer: &Viewer, is_so: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + DEADLINE;
    loop {
        let data = data(address, "");
        if is_so(&data) {
            return data;
        }
        assert!(Instant::now() < end, "it never came to that: {data:#}");
        viewer.samples(5);
    }
}

fn list<'a>(data: &'a Value, name: &str) -> &'a [Value] {
    data[name].as_array().unwrap()
}

/// The last of a number's samples.
fn last(of: &Value, name: &str) -> Option<f64> {
    of["samples"][name].as_array().unwrap().last()?.as_f64()
}

#[track_caller]
fn is_within(of: &Value, name: &str, from: f64, to: f64) {
    let last = last(of, name);
    assert!(last.is_some_and(|last| (from..=to).contains(&last)), "{name} is {last:?}: {of:#}");
}

const PHASES: [&str; 7] =
    ["requested", "offered", "answered", "iceConnected", "dtlsConnected", "firstFrame", "ended"];

/// The phases that were reached, which are in order.
fn reached(session: &Value) -> usize {
    let reached: Vec<_> = PHASES.iter().filter_map(|phase| session["phases"][phase].as_u64()).collect();
    assert!(reached.is_sorted(), "{session:#}");
    reached.len()
}

/// Every number has a place for every instant.
fn samples_are_whole(data: &Value) {
    for one in list(data, "sessions").iter().chain(list(data, "rungs")) {
        let samples = one["samples"].as_object().unwrap();
        let lengths: BTreeSet<_> = samples.values().map(|list| list.as_array().unwrap().len()).collect();
        assert_eq!(lengths.len(), 1, "{one:#}");
        assert!(samples["at"].as_array().unwrap().is_sorted_by_key(|at| at.as_u64().unwrap()));
    }
}

fn two_viewers_are_seen_and_remembered(transport: &str) {
    let (pipeline, address) = shown(&format!("web-server-dashboard=true encoder-sharing=single {transport}"));
    let sink = pipeline.element("ws");
    let stays = Viewer::play(&uri(&sink), "video", "video/x-raw");
    let goes = Viewer::play(&uri(&sink), "video", "video/x-raw");
    let is_known = |session: &Value| {
        ["target", "sent", "frameRate", "roundTrip", "loss"].iter().all(|name| last(session, name).is_some())
    };
    let is_seen = |data: &Value| {
        let rungs = list(data, "rungs");
        let sessions = list(data, "sessions");
        let rate = rungs.first().and_then(|rung| last(rung, "frameRate"));
        sessions.len() == 2 && sessions.iter().all(is_known) && rate.is_some() && rungs[0]["viewers"] == 2
    };
    let seen = until(&address, &stays, is_seen);
    samples_are_whole(&seen);
    assert_eq!(
        (&seen["version"], &seen["element"], &seen["interval"]),
        (&1.into(), &"ws".into(), &1000.into())
    );
    for session in list(&seen, "sessions") {
        assert_eq!(session["state"], "streaming");
        assert_eq!(session["transport"].as_str().unwrap(), transport.trim_start_matches("transport="));
        assert_eq!((reached(session), &session["end"]), (6, &Value::Null), "{session:#}");
        assert_eq!(session["codecs"], serde_json::json!(["video/VP8"]));
        is_within(session, "sent", 5_000.0, 20e6);
        is_within(session, "frameRate", 3.0, 40.0);
        is_within(session, "roundTrip", 0.0, 1.0);
        is_within(session, "loss", 0.0, 1.0);
        is_within(session, "rung", 0.0, 0.0);
    }
    let rung = &list(&seen, "rungs")[0];
    assert_eq!((&rung["id"], &rung["pad"]), (&"video_0/VP8/0".into(), &"video_0".into()));
    assert_eq!(
        (&rung["width"], &rung["height"], &rung["encoder"]),
        (&320.into(), &240.into(), &"vp8enc".into())
    );
    is_within(rung, "frameRate", 3.0, 40.0);
    is_within(rung, "encodeTime", 0.000_001, 2.0);
    is_within(rung, "queueDelay", 0.0, 5.0);
    is_within(rung, "keyUnits", 0.0, 10.0);
    for one in list(&seen, "sessions").iter().chain([rung]) {
        is_within(one, "target", 1000.0, 8_192_000.0);
    }

    goes.pipeline.stop();
    let ended = |data: &Value| list(data, "sessions").iter().filter(|one| one["state"] == "ended").count();
    let seen = until(&address, &stays, |data| ended(data) == 1);
    let over = list(&seen, "sessions").iter().find(|session| session["state"] == "ended").unwrap();
    assert_eq!(
        (reached(over), &over["end"]["reason"], &over["end"]["isError"]),
        (7, &"peer".into(), &false.into())
    );
    let newest = over["samples"]["at"].as_array().unwrap().last().unwrap();
    let later = data(&address, &format!("?since={newest}"));
    samples_are_whole(&later);
    for one in list(&later, "sessions").iter().chain(list(&later, "rungs")) {
        assert!(one["samples"]["at"].as_array().unwrap().iter().all(|at| at.as_u64() > newest.as_u64()));
    }
    metrics_are_plausible(&ask(&address, "/metrics", ""), transport);
    has_the_form_of_the_golden_file(&seen);
}

mod through_webrtcbin {
    #[test]
    fn two_viewers_are_seen_and_remembered() {
        super::two_viewers_are_seen_and_remembered("transport=webrtcbin");
    }
}
mod through_native {
    #[test]
    fn two_viewers_are_seen_and_remembered() {
        super::two_viewers_are_seen_and_remembered("transport=native");
    }
}

/// Reads the text as Prometheus does: a metric is described before its values come, and all values are numbers.
fn metrics_are_plausible(answer: &Answer, transport: &str) {
    assert!(answer.head.contains("content-type: application/openmetrics-text"), "{}", answer.head);
    let mut described = BTreeSet::new();
    let mut values = Vec::new();
    for line in answer.body.lines() {
        if let Some(described_here) = line.strip_prefix("# TYPE ") {
            described.insert(described_here.split(' ').next().unwrap().to_owned());
        } else if !line.starts_with('#') {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
            let metric = name.split('{').next().unwrap();
            let known = |described: &String| metric.starts_with(described.as_str());
            assert!(described.iter().any(known), "{line}");
            values.push((name, value.parse::<f64>().unwrap()));
        }
    }
    assert!(answer.body.ends_with("# EOF\n"));
    let value = |name: &str| {
        let found = values.iter().find(|(other, _)| *other == format!("gst_webrtc_sink_{name}"));
        found.unwrap_or_else(|| panic!("there is no {name}: {}", answer.body)).1
    };
    let transport = transport.replace('=', "=\"") + "\"";
    assert!(value(&format!("sessions{{{transport}}}")) >= 1.0);
    assert_eq!(value("sessions_started_total"), 2.0);
    assert_eq!(value("sessions_ended_total{reason=\"peer\"}"), 1.0);
    assert_eq!(value("session_setup_seconds_count{phase=\"first-frame\"}"), 2.0);
    assert!(value("sent_bytes_total") > 1000.0);
    assert!(value("viewer_round_trip_seconds_count") >= 2.0);
    let place = "{pad=\"video_0\",codec=\"video/VP8\",rung=\"0\"}";
    assert!((1.0..=2.0).contains(&value(&format!("rung_viewers{place}"))));
    assert!((3.0..40.0).contains(&value(&format!("rung_frame_rate_frames_per_second{place}"))));
    assert!(value(&format!("rung_key_units_total{place}")) >= 1.0);
    let documented = std::fs::read_to_string(root().join("docs/dashboard.md")).unwrap();
    for name in described {
        let name = name.trim_start_matches("gst_webrtc_sink_");
        assert!(documented.contains(&format!("`{name}")), "docs/dashboard.md does not have '{name}'");
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What the page's own tests draw is what is shown: the same names everywhere, and the same kinds of values.
fn has_the_form_of_the_golden_file(data: &Value) {
    let golden = std::fs::read_to_string(root().join("browser/test/golden/dashboard.json")).unwrap();
    let golden: Value = serde_json::from_str(&golden).unwrap();
    samples_are_whole(&golden);
    let golden_session = |is_over: bool| {
        let found = list(&golden, "sessions").iter().find(|session| session["end"].is_object() == is_over);
        found.expect("the golden file has sessions that last, and some that are over")
    };
    has_the_form_of(data, &golden, "");
    for session in list(data, "sessions") {
        has_the_form_of(session, golden_session(session["end"].is_object()), "session");
    }
    for rung in list(data, "rungs") {
        has_the_form_of(rung, &list(&golden, "rungs")[0], "rung");
    }
}

fn has_the_form_of(one: &Value, golden: &Value, place: &str) {
    match (one, golden) {
        (Value::Object(one), Value::Object(golden)) => {
            let keys = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(one), keys(golden), "under '{place}'");
            for (key, value) in one {
                has_the_form_of(value, &golden[key], &format!("{place}/{key}"));
            }
        }
        (Value::Null, _) | (_, Value::Null) => {}
        (one, golden) => {
            let kind = |value: &Value| std::mem::discriminant(value);
            assert_eq!(kind(one), kind(golden), "'{place}'");
        }
    }
}

#[test]
fn without_a_token_it_is_shown_to_this_machine_only() {
    let (_pipeline, address) = shown("web-server-dashboard=true web-server-path=/live");
    let status = |path: &str, headers: &str| {
        let answer = ask(&address, path, headers);
        assert!(!answer.head.to_lowercase().contains("access-control-allow-origin"), "{}", answer.head);
        answer.status
    };
    for path in ["/live/dashboard/data.json", "/live/metrics"] {
        assert_eq!(status(path, ""), 200, "{path}");
        assert_eq!(status(path, "Host: localhost:1\r\n"), 200, "{path}");
        // A page of somebody else, whose name leads here.
        assert_eq!(status(path, "Host: evil.example\r\n"), 403, "{path}");
        for header in
            ["X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1", "Via: 1.1 proxy", "X-Real-IP: 1"]
        {
            let refused = ask(&address, path, &format!("{header}\r\n"));
            assert_eq!(refused.status, 403, "{path} {header}");
            assert!(refused.body.contains("web-server-token"), "{}", refused.body);
        }
    }
    let strange = ask(&address, "/live/dashboard/data.json?since=yesterday", "");
    assert!(strange.status == 400 && strange.body.contains("since"), "{}", strange.body);
    // The page itself is no secret, where it was built.
    assert!([307, 404].contains(&status("/live/dashboard", "Host: evil.example\r\n")));
    let config = ask(&address, "/live/config.json", "").body;
    assert!(config.contains("\"dashboard\":true"), "{config}");
}

#[test]
fn with_a_token_it_is_shown_to_whoever_has_it() {
    let (pipeline, address) = shown("web-server-dashboard=true web-server-token=sesame");
    for path in ["/dashboard/data.json", "/metrics"] {
        for wrong in ["", "Authorization: Bearer Sesame\r\n", "Authorization: Basic sesame\r\n"] {
            let refused = ask(&address, path, wrong);
            assert_eq!(refused.status, 401, "{path} {wrong}");
            assert!(refused.head.contains("www-authenticate: Bearer"), "{}", refused.head);
            assert!(refused.body.contains("web-server-token") && !refused.body.contains("sesame"));
        }
        let right = "Host: far.example\r\nVia: 1.1 proxy\r\nAuthorization: Bearer sesame\r\n";
        assert_eq!(ask(&address, path, right).status, 200, "{path}");
    }
    let spec = gst::prelude::ObjectExt::find_property(&pipeline.element("ws"), "web-server-token").unwrap();
    assert!(!spec.flags().contains(gst::glib::ParamFlags::READABLE), "whoever reads it has it");
}

#[test]
fn nothing_is_shown_where_nobody_asked_for_it() {
    let (_pipeline, address) = shown("web-server-token=sesame");
    for path in ["/dashboard", "/dashboard/", "/dashboard/data.json", "/metrics"] {
        let answer = ask(&address, path, "Authorization: Bearer sesame\r\n");
        assert!(
            answer.status == 404 && answer.body.contains("web-server-dashboard"),
            "{path}: {}",
            answer.body
        );
    }
    assert!(ask(&address, "/config.json", "").body.contains("\"dashboard\":false"));
}

#[test]
fn readers_that_hang_do_not_hold_the_element_up() {
    let (pipeline, address) = shown("web-server-dashboard=true");
    let hanging: Vec<_> = (0..20)
        .map(|reader| {
            let mut socket = TcpStream::connect(&address).unwrap();
            // Half of them ask and never read, the others never finish asking.
            let end = if reader % 2 == 0 { "\r\n" } else { "" };
            write!(socket, "GET /dashboard/data.json HTTP/1.1\r\nHost: {address}\r\n{end}").unwrap();
            socket
        })
        .collect();
    assert_eq!(data(&address, "")["version"], 1);
    let took = pipeline.stop();
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(TcpStream::connect(&address).is_err(), "the web server still listens");
    drop(hanging);
}
