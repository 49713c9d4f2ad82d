//! Sessions through the native transport, with real peers.

use crate::support::{AUDIO, VIDEO, Viewer, producer, uri};

const NATIVE: &str = "transport=native";

#[test]
fn a_viewer_receives_vp8() {
    let producer = producer(VIDEO, &format!("{NATIVE} video-caps=video/x-vp8"));
    let viewer = Viewer::play(&uri(&producer.element("ws")), "video", "video/x-raw");
    assert_eq!(viewer.samples(30).len(), 30);
}

#[test]
fn a_viewer_receives_h264() {
    let producer = producer(VIDEO, &format!("{NATIVE} video-caps=video/x-h264"));
    let viewer = Viewer::play(&uri(&producer.element("ws")), "video", "video/x-raw");
    assert_eq!(viewer.samples(30).len(), 30);
}

#[test]
fn a_viewer_receives_opus() {
    let producer = producer(AUDIO, NATIVE);
    let viewer = Viewer::play(&uri(&producer.element("ws")), "audio", "audio/x-raw");
    assert_eq!(viewer.samples(100).len(), 100);
}
