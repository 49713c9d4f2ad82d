//! A real browser watches a stream that becomes another, first within what it was told, then offered anew.

use crate::support::{self, Pipeline};
use gst::prelude::*;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

const ENCODED: &str = "videotestsrc is-live=true ! capsfilter name=raw caps=video/x-raw,width=640,height=480,framerate=30/1 \
    ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 \
    ! capsfilter name=encoded caps=video/x-h264,profile=main ! identity";

#[test]
fn chromium_plays_on_when_a_stream_becomes_another() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    assert!(
        folder.join("node_modules").is_dir(),
        "the browser tests are not installed: run npm ci in browser/"
    );
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let sink = format!(
        "{} transport=native run-web-server=true web-server-host-addr=http://{address}",
        support::SINK
    );
    let pipeline = Pipeline::parse(&format!("{ENCODED} ! {sink}"));
    pipeline.play();
    support::registered(&pipeline.element("ws"));
    let mut browser = Command::new("node")
        .args(["--import", "tsx", "e2e/sizes.ts"])
        .current_dir(&folder)
        .env("PAGE_URL", format!("http://{address}/"))
        .env("BROWSERS", "chromium")
        .env("WIDTHS", "3")
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is not installed: apt install nodejs");
    let mut lines = BufReader::new(browser.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().as_deref(), Some("640"));
    for (profile, width, height) in [("constrained-baseline", 320, 240), ("high", 480, 360)] {
        let caps = |text: String| text.parse::<gst::Caps>().unwrap();
        pipeline.element("encoded").set_property("caps", caps(format!("video/x-h264,profile={profile}")));
        let raw = format!("video/x-raw,width={width},height={height},framerate=30/1");
        pipeline.element("raw").set_property("caps", caps(raw));
        assert_eq!(lines.next(), Some(width.to_string()));
    }
    assert!(browser.wait().unwrap().success());
}
