//! What leaves a pipeline arrives in another: pictures by their numbers, sound by its loudness.

use crate::support::{self, AUDIO, Viewer, picture, producer, uri};
use gst::prelude::*;

const WEBRTCBIN: &str = "webrtcbin";
const NATIVE: &str = "native";

/// What may be wrong with sixty pictures.
struct Faults {
    /// They come from no more than so many.
    span: usize,
    /// So many show another number.
    misread: usize,
}

const NONE: Faults = Faults { span: 90, misread: 0 };
/// This encoder makes no key units on request, so a lost packet costs up to two seconds; and now and then it shows
/// an older picture that resembles the new one, whatever carries it.
const LIBAOM: Faults = Faults { span: 240, misread: 1 };

/// Sends numbered pictures in one codec through one transport and looks at what arrives.
fn pictures_survive(transport: &str, codec: &str, faults: &Faults) {
    let pipeline = support::Pipeline::parse(&format!(
        "{} ! {} transport={transport} video-caps={codec}",
        picture::source(),
        support::SINK
    ));
    pipeline.play();
    let _feeder = picture::Feeder::start(&pipeline);
    let sink = pipeline.element("ws");
    support::registered(&sink);
    let viewer = Viewer::play(&uri(&sink), "video", "video/x-raw,format=I420");
    let numbers: Vec<u16> = viewer.samples(60).iter().map(picture::number).collect();
    let misread = numbers.windows(2).filter(|pair| pair[0] >= pair[1]).count();
    assert!(misread <= faults.misread, "pictures out of order or torn: {numbers:?}");
    let span = usize::from(numbers.iter().max().unwrap() - numbers.iter().min().unwrap()) + 1;
    assert!(span <= faults.span, "60 of {span} pictures arrived: {numbers:?}");
}

#[test]
fn pictures_survive_vp8() {
    pictures_survive(WEBRTCBIN, "video/x-vp8", &NONE);
}

#[test]
fn pictures_survive_vp8_through_the_native_transport() {
    pictures_survive(NATIVE, "video/x-vp8", &NONE);
}

#[test]
fn pictures_survive_h264() {
    pictures_survive(WEBRTCBIN, "video/x-h264", &NONE);
}

#[test]
fn pictures_survive_h264_through_the_native_transport() {
    pictures_survive(NATIVE, "video/x-h264", &NONE);
}

#[test]
fn pictures_survive_vp9() {
    pictures_survive(WEBRTCBIN, "video/x-vp9", &NONE);
}

#[test]
fn pictures_survive_vp9_through_the_native_transport() {
    pictures_survive(NATIVE, "video/x-vp9", &NONE);
}

#[test]
fn pictures_survive_av1_with_the_payloader_that_the_plugin_brings_along() {
    pictures_survive(WEBRTCBIN, "video/x-av1", &LIBAOM);
}

#[test]
fn pictures_survive_av1_through_the_native_transport() {
    pictures_survive(NATIVE, "video/x-av1", &LIBAOM);
}

#[test]
fn pictures_survive_h265() {
    pictures_survive(WEBRTCBIN, "video/x-h265", &NONE);
}

#[test]
fn pictures_survive_h265_through_the_native_transport() {
    pictures_survive(NATIVE, "video/x-h265", &NONE);
}

/// The loudest sample of a buffer of 16-bit sound.
fn peak(sample: &gst::Sample) -> u16 {
    let map = sample.buffer().unwrap().map_readable().unwrap();
    map.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]]).unsigned_abs()).max().unwrap_or(0)
}

fn sound_survives(caps: &str, settings: &str) {
    let pipeline = producer(AUDIO, settings);
    let viewer = Viewer::new(&uri(&pipeline.element("ws")), "audio", caps, "audio-codecs=<OPUS,L16>");
    viewer.pipeline.play();
    let peaks: Vec<u16> = viewer.samples(50).iter().map(peak).collect();
    // Half of full scale, but for the codec's delay at the start.
    let good = peaks.iter().filter(|peak| (13_000..20_000).contains(*peak)).count();
    assert!(good >= 40, "{peaks:?}");
}

fn sound_survives_opus(transport: &str) {
    sound_survives("audio/x-raw,format=S16LE", transport);
}

fn sound_survives_uncompressed(transport: &str) {
    let caps = "audio/x-raw,format=S16BE";
    let pipeline = producer(AUDIO, &format!("{transport} audio-caps=audio/x-raw,format=S16BE"));
    let viewer = Viewer::new(&uri(&pipeline.element("ws")), "audio", caps, "audio-codecs=<L16>");
    viewer.pipeline.play();
    let sample = viewer.samples(10).pop().unwrap();
    let map = sample.buffer().unwrap().map_readable().unwrap();
    let peak = map.chunks_exact(2).map(|b| i16::from_be_bytes([b[0], b[1]]).unsigned_abs()).max().unwrap();
    assert!((16_000..17_000).contains(&peak), "{peak}");
}

#[test]
fn input_that_is_already_encoded_is_passed_on() {
    let source = "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=30/1 ! x264enc \
                  tune=zerolatency key-int-max=30 ! video/x-h264,profile=main";
    let pipeline = producer(source, "");
    let sink = pipeline.element("ws");
    sink.connect("encoder-setup", false, |_| panic!("encoded input was encoded again"));
    let viewer = Viewer::play(&uri(&sink), "video", "video/x-raw");
    viewer.samples(30);
}

#[test]
fn six_channels_are_mixed_down_for_viewers_that_take_stereo() {
    let tone = "audiotestsrc is-live=true freq=440 volume=0.5 ! audio/x-raw,rate=48000,channels=6,channel-mask=(bitmask)0x3f";
    let pipeline = producer(tone, "");
    let viewer = Viewer::play(&uri(&pipeline.element("ws")), "audio", "audio/x-raw,format=S16LE");
    let sample = viewer.samples(20).pop().unwrap();
    assert_eq!(sample.caps().unwrap().structure(0).unwrap().get("channels"), Ok(2));
    assert!(peak(&sample) > 3_000);
}

crate::support::under_both_transports!(sound_survives_opus, sound_survives_uncompressed);
