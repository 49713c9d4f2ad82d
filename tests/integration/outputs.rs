//! `webrtcsrc` gives what downstream asks for.

use crate::support::{VIDEO, Viewer, producer, uri};
use gst::prelude::*;

fn first(caps: &str) -> gst::Sample {
    let pipeline = producer(VIDEO, "");
    let viewer = Viewer::play(&uri(&pipeline.element("ws")), "video", caps);
    viewer.samples(10).pop().unwrap()
}

#[test]
fn pictures_where_downstream_takes_raw_video() {
    let sample = first("video/x-raw");
    let structure = sample.caps().unwrap().structure(0).unwrap();
    assert_eq!((structure.get("width"), structure.get("height")), (Ok(320), Ok(240)));
}

#[test]
fn encoded_frames_where_downstream_takes_only_those() {
    let sample = first("video/x-vp8");
    assert_eq!(sample.caps().unwrap().structure(0).unwrap().name(), "video/x-vp8");
}

#[test]
fn rtp_where_downstream_takes_rtp() {
    let sample = first("application/x-rtp");
    let packet = sample.buffer().unwrap().map_readable().unwrap();
    assert_eq!(packet[0] >> 6, 2, "no RTP version 2");
    assert_eq!(sample.caps().unwrap().structure(0).unwrap().get("encoding-name"), Ok("VP8"));
}

#[test]
fn stream_identifiers_differ_between_sources() {
    let pipeline = producer(VIDEO, "");
    let uri = uri(&pipeline.element("ws"));
    let viewers = [Viewer::play(&uri, "video", "video/x-raw"), Viewer::play(&uri, "video", "video/x-raw")];
    let ids = viewers.map(|viewer| {
        viewer.sample();
        let pad = viewer.pipeline.element("src").static_pad("video_0").unwrap();
        pad.stream_id().unwrap()
    });
    assert_ne!(ids[0], ids[1]);
}
