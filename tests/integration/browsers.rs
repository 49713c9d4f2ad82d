//! Real browsers play what the element serves: pictures move, are not black, and there is sound.

use crate::support::{self, Pipeline};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// Runs the browser tests in `browser/e2e` against a sink's own page.
fn plays(browser: &str, source: &str, codec: &str) {
    plays_with(browser, source, codec, TONE, "");
}

/// The same through the native transport.
fn plays_natively(browser: &str, codec: &str) {
    plays_with(browser, PATTERN, codec, TONE, "transport=native");
}

fn plays_with(browser: &str, source: &str, codec: &str, sound: &str, settings: &str) {
    let sink = format!("{source} ! {} {settings} video-caps={codec}", support::SINK);
    let text = seen(browser, &sink, sound, "").to_lowercase();
    let name = codec.trim_start_matches("video/x-");
    assert!(text.contains(&format!("\"codec\":\"video/{name}\"")), "{text}");
}

/// What a browser saw of a sink, as one line of JSON. `arguments` are added to Chromium's command line.
fn seen(browser: &str, sink: &str, sound: &str, arguments: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    assert!(
        folder.join("node_modules").is_dir(),
        "the browser tests are not installed: run npm ci in browser/"
    );
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let pipeline = Pipeline::parse(&format!(
        "{sink} run-web-server=true web-server-host-addr=http://{address} {sound} ! ws."
    ));
    pipeline.play();
    support::registered(&pipeline.element("ws"));
    let output = Command::new("npm")
        .args(["run", "--silent", "e2e"])
        .current_dir(&folder)
        .env("PAGE_URL", format!("http://{address}/"))
        .env("BROWSERS", browser)
        .env("CHROMIUM_ARGS", arguments)
        .output()
        .expect("npm is not installed: apt install npm");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("\"ok\":true"), "{text}");
    text.into_owned()
}

const TONE: &str = "audiotestsrc is-live=true volume=0.3";
const PATTERN: &str = "videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1";

#[test]
fn chromium_plays_vp8() {
    plays("chromium", PATTERN, "video/x-vp8");
}

#[test]
fn chromium_plays_h264() {
    plays("chromium", PATTERN, "video/x-h264");
}

#[test]
fn firefox_plays_vp8() {
    plays("firefox", PATTERN, "video/x-vp8");
}

const SURROUND: &str =
    "audiotestsrc is-live=true volume=0.3 ! audio/x-raw,rate=48000,channels=6,channel-mask=(bitmask)0x3f";

#[test]
fn chromium_plays_a_stream_with_six_channels() {
    plays_with("chromium", PATTERN, "video/x-vp8", SURROUND, "");
}

#[test]
fn firefox_plays_a_stream_with_six_channels() {
    plays_with("firefox", PATTERN, "video/x-vp8", SURROUND, "");
}

#[test]
fn chromium_plays_vp8_through_the_native_transport() {
    plays_natively("chromium", "video/x-vp8");
}

#[test]
fn chromium_plays_h264_through_the_native_transport() {
    plays_natively("chromium", "video/x-h264");
}

#[test]
fn chromium_plays_vp9_through_the_native_transport() {
    plays_natively("chromium", "video/x-vp9");
}

#[test]
fn chromium_plays_av1_through_the_native_transport() {
    plays_natively("chromium", "video/x-av1");
}

#[test]
fn firefox_plays_vp9_through_the_native_transport() {
    plays_natively("firefox", "video/x-vp9");
}

#[test]
fn firefox_plays_av1_through_the_native_transport() {
    plays_natively("firefox", "video/x-av1");
}

#[test]
fn firefox_plays_vp8_through_the_native_transport() {
    plays_natively("firefox", "video/x-vp8");
}

#[test]
fn chromium_without_udp_plays_over_tcp() {
    let sink = format!("{PATTERN} ! {} transport=native video-caps=video/x-vp8", support::SINK);
    let seen = seen("chromium", &sink, TONE, "--webrtc-ip-handling-policy=disable_non_proxied_udp");
    assert!(seen.contains("\"protocol\":\"tcp\""), "{seen}");
}

/// Runs the browser tests of signalling against the real server.
fn signals(browser: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let server = support::program::built().join("gst-webrtc-signalling-server");
    assert!(server.is_file(), "{} is not there: run cargo build --workspace", server.display());
    let output = Command::new("node")
        .args(["--import", "tsx", "e2e/signalling.ts"])
        .current_dir(&folder)
        .env("SIGNALLING_SERVER", server)
        .env("BROWSERS", browser)
        .output()
        .expect("node is not installed: apt install nodejs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("\"ok\":true"), "{text}");
}

#[test]
fn chromium_goes_on_when_its_connection_is_cut_and_sees_every_close() {
    signals("chromium");
}

#[test]
fn firefox_goes_on_when_its_connection_is_cut_and_sees_every_close() {
    signals("firefox");
}
