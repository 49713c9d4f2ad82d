//! Real browsers on their way down and up the ladder see pictures of other sizes, and nothing else.

use crate::support::{self, Pipeline};
use gst::prelude::*;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

const PATTERN: &str = "videotestsrc is-live=true ! video/x-raw,width=640,height=480,framerate=30/1";

#[test]
fn chromium_sees_a_change_of_size_and_nothing_else() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    assert!(
        folder.join("node_modules").is_dir(),
        "the browser tests are not installed: run npm ci in browser/"
    );
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // What measures the network of webrtcbin's sessions can be told.
    let sink = format!("{} transport=webrtcbin video-caps=video/x-vp8 max-bitrate=1200000", support::SINK);
    let pipeline = Pipeline::parse(&format!(
        "{PATTERN} ! {sink} run-web-server=true web-server-host-addr=http://{address}"
    ));
    let estimator = Arc::<Mutex<Option<gst::Element>>>::default();
    let found = estimator.clone();
    pipeline.element("ws").connect("consumer-added", false, move |values| {
        let found = found.clone();
        values[2].get::<gst::Bin>().unwrap().connect_deep_element_added(move |_, _, element| {
            if element.factory().is_some_and(|factory| factory.name() == "rtpgccbwe") {
                *found.lock().unwrap() = Some(element.clone());
            }
        });
        None
    });
    pipeline.play();
    support::registered(&pipeline.element("ws"));
    let mut browser = Command::new("node")
        .args(["--import", "tsx", "e2e/sizes.ts"])
        .current_dir(&folder)
        .env("PAGE_URL", format!("http://{address}/"))
        .env("BROWSERS", "chromium")
        .env("WIDTHS", "5")
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is not installed: apt install nodejs");
    let mut lines = BufReader::new(browser.stdout.take().unwrap()).lines().map(Result::unwrap);
    let widths =
        [("640", 100_000u32), ("320", 3_000_000), ("640", 100_000), ("320", 3_000_000), ("640", 3_000_000)];
    for (width, carries) in widths {
        assert_eq!(lines.next().as_deref(), Some(width));
        let estimator = estimator.lock().unwrap().clone().unwrap();
        estimator.set_property("min-bitrate", 1u32);
        estimator.set_property("max-bitrate", carries);
        estimator.set_property("min-bitrate", carries);
        estimator.set_property("estimated-bitrate", carries);
    }
    let counted = lines.next();
    let expected = r#"{"freezeCount":0,"framesDropped":0,"packetsLost":0,"pliCount":0}"#;
    assert_eq!(counted.as_deref(), Some(expected));
    assert!(browser.wait().unwrap().success());
}
