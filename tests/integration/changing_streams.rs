//! Streams that become others while they are watched: what the description allows costs no offer, what it does not is
//! offered anew.

use crate::support::direct::{Direct, Said};
use crate::support::{DEADLINE, Pipeline, Viewer};
use gst::prelude::*;
use gst_webrtc::WebRTCSDPType;
use gstrswebrtc::signaller::SignallableExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Pushes zeroed buffers to the appsrc called `source`, in caps that may change, until dropped.
struct Source {
    caps: Arc<Mutex<gst::Caps>>,
    stop: Option<Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Source {
    fn start(pipeline: &Pipeline, caps: &str, each: Duration) -> Self {
        let source = pipeline.element("source").downcast::<gst_app::AppSrc>().unwrap();
        let caps = Arc::new(Mutex::new(caps.parse::<gst::Caps>().unwrap()));
        let (stop, stopped) = channel();
        let present = caps.clone();
        let thread = std::thread::spawn(move || {
            while stopped.recv_timeout(each) == Err(RecvTimeoutError::Timeout) {
                let caps = present.lock().unwrap().clone();
                let size = match gst_video::VideoInfo::from_caps(&caps) {
                    Ok(info) => info.size(),
                    Err(_) => {
                        let info = gst_audio::AudioInfo::from_caps(&caps).unwrap();
                        usize::try_from(info.bpf() * info.rate() / 50).unwrap()
                    }
                };
                let mut buffer = gst::Buffer::from_slice(vec![0u8; size]);
                if let (Ok(info), true) =
                    (gst_audio::AudioInfo::from_caps(&caps), caps.to_string().contains("non-inter"))
                {
                    let samples = usize::try_from(info.rate() / 50).unwrap();
                    let meta = gst_audio::AudioMeta::add(buffer.get_mut().unwrap(), &info, samples, &[]);
                    meta.unwrap();
                }
                let sample = gst::Sample::builder().buffer(&buffer).caps(&caps).build();
                if source.push_sample(&sample).is_err() {
                    return;
                }
            }
        });
        Self { caps, stop: Some(stop), thread: Some(thread) }
    }

    /// From now on the buffers are these; returns when the sink knows.
    fn become_another(&self, pipeline: &Pipeline, pad: &str, caps: &str) {
        let caps: gst::Caps = caps.parse().unwrap();
        caps_on(pipeline, pad, |known| known.is_subset(&caps), || *self.caps.lock().unwrap() = caps.clone());
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().unwrap().join();
    }
}

/// Waits until a pad of the sink has caps that are as awaited, after `cause`.
fn caps_on(pipeline: &Pipeline, pad: &str, are: impl Fn(&gst::Caps) -> bool, cause: impl FnOnce()) {
    let pad = pipeline.element("ws").static_pad(pad).unwrap();
    let (tell, told) = channel();
    let id = pad.connect_notify(Some("caps"), move |_, _| {
        let _ = tell.send(());
    });
    cause();
    while !pad.current_caps().is_some_and(|caps| are(&caps)) {
        told.recv_timeout(DEADLINE).expect("the sink refuses these caps");
    }
    pad.disconnect(id);
}

/// How many offers there have been since the last time.
fn offers(said: &Receiver<Said>) -> usize {
    let is_offer = |said: &Said| match said {
        Said::Ended(_, why) => panic!("{why:?}"),
        said => matches!(said, Said::Description(_, WebRTCSDPType::Offer, _)),
    };
    said.try_iter().filter(is_offer).count()
}

/// A sink that plays, with what comes before it in the pipeline, and its viewer.
fn watched(source: &str, settings: &str, kind: &'static str) -> (Pipeline, Receiver<Said>, Viewer, Direct) {
    let (producing, said, consuming) = Direct::with_viewer("s");
    let settings = format!("webrtcsink name=ws stun-server=\"\" rungs=1 {settings}");
    let pipeline = Pipeline::parse(&format!("{source} ! {settings}"));
    pipeline.element("ws").set_property("signaller", &producing);
    let viewer =
        Viewer::behind(&consuming, kind, if kind == "video" { "video/x-raw" } else { "audio/x-raw" });
    if settings.contains("audio-caps") {
        viewer.pipeline.element("src").set_property("audio-codecs", gst::Array::new(["L16"]));
    }
    viewer.pipeline.play();
    pipeline.play();
    consuming.session_started("s", "producer");
    (pipeline, said, viewer, producing)
}

fn begin(said: &Receiver<Said>, producing: &Direct, viewer: &Viewer) {
    while !matches!(said.recv_timeout(DEADLINE).unwrap(), Said::Started) {}
    producing.session_requested("s", "viewer", None);
    viewer.samples(5);
    assert_eq!(offers(said), 1);
}

fn encoders(pipeline: &Pipeline) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    pipeline.element("ws").connect("encoder-setup", false, move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        Some(false.to_value())
    });
    count
}

/// How many encoders and how many streams the statistics tell of.
fn told(pipeline: &Pipeline) -> (usize, usize) {
    let stats = pipeline.element("ws").property::<gst::Structure>("stats");
    let consumer: gst::Structure = stats.get::<gst::Structure>("s").unwrap().get("consumer-stats").unwrap();
    let count = |name: &str| consumer.get::<gst::Array>(name).unwrap().len();
    (count("video-encoders"), count("streams"))
}

/// Waits for pictures of this size.
fn sees(viewer: &Viewer, size: (i32, i32)) {
    let end = std::time::Instant::now() + DEADLINE;
    let mut count = 0;
    while count < 5 {
        assert!(std::time::Instant::now() < end, "no pictures of {size:?} come");
        let caps = viewer.sample().caps_owned().unwrap();
        let structure = caps.structure(0).unwrap();
        let seen = (structure.get("width").unwrap(), structure.get("height").unwrap());
        count = if seen == size { count + 1 } else { 0 };
    }
}

const APPSRC: &str = "appsrc name=source is-live=true do-timestamp=true format=time";

fn raw_pictures_may_change_in_everything_without_an_offer_or_another_encoder(transport: &str) {
    let (pipeline, said, viewer, producing) = watched(APPSRC, transport, "video");
    let encoders = encoders(&pipeline);
    let first = "video/x-raw,format=I420,width=320,height=240,framerate=30/1";
    let source = Source::start(&pipeline, first, Duration::from_millis(33));
    begin(&said, &producing, &viewer);
    for (caps, size) in [
        ("video/x-raw,format=I420,width=640,height=480,framerate=30/1", (640, 480)),
        ("video/x-raw,format=NV12,width=160,height=120,framerate=15/1", (160, 120)),
        ("video/x-raw,format=RGB,width=320,height=180,framerate=0/1", (320, 180)),
        ("video/x-raw,format=I420,width=320,height=240,framerate=60/1,colorimetry=bt709", (320, 240)),
        ("video/x-raw,format=I420,width=160,height=120,framerate=60/1,pixel-aspect-ratio=2/1", (320, 120)),
        (
            "video/x-raw,format=I420,width=320,height=240,framerate=25/1,interlace-mode=interleaved",
            (320, 240),
        ),
    ] {
        source.become_another(&pipeline, "video_0", caps);
        sees(&viewer, size);
        // It is for viewers who come later.
        pipeline.element("ws").set_property("video-caps", gst::Caps::new_empty_simple("video/x-vp9"));
    }
    assert_eq!((offers(&said), encoders.load(Ordering::Relaxed)), (0, 1));
}

#[test]
fn who_decides_the_size_is_asked_as_soon_as_the_pictures_change() {
    let (pipeline, said, viewer, producing) = watched(APPSRC, "", "video");
    let asked = Arc::<Mutex<std::collections::BTreeSet<u32>>>::default();
    let asks = asked.clone();
    pipeline.element("ws").connect("configure-mitigation-caps", false, move |values| {
        asks.lock().unwrap().insert(values[2].get::<gst_video::VideoInfo>().unwrap().width());
        Some(gst::Caps::new_empty_simple("video/x-raw").to_value())
    });
    let caps = |width: u32| format!("video/x-raw,format=I420,width={width},height=240,framerate=30/1");
    let source = Source::start(&pipeline, &caps(320), Duration::from_millis(33));
    begin(&said, &producing, &viewer);
    // All of it is over before who looks now and then has looked twice.
    let widths: std::collections::BTreeSet<u32> = (1..=8).map(|number| 320 + 16 * number).collect();
    for width in &widths {
        source.become_another(&pipeline, "video_0", &caps(*width));
    }
    viewer.samples(5);
    let asked = asked.lock().unwrap().clone();
    assert!(asked.intersection(&widths).count() >= 5, "{asked:?}");
}

fn sound_may_change_in_everything_without_an_offer(settings: &str) {
    let (pipeline, said, viewer, producing) = watched(&format!("{APPSRC} ! audio/x-raw"), settings, "audio");
    let of = |format: &str, layout: &str, rate: u32, channels: u32| {
        let mask = if channels > 2 { ",channel-mask=(bitmask)0x3f" } else { "" };
        format!("audio/x-raw,format={format},layout={layout},rate={rate},channels={channels}{mask}")
    };
    let first = of("S16LE", "interleaved", 48_000, 1);
    let source = Source::start(&pipeline, &first, Duration::from_millis(20));
    begin(&said, &producing, &viewer);
    for (format, layout, rate, channels) in [
        ("S16LE", "interleaved", 48_000, 2),
        ("F32LE", "interleaved", 48_000, 1),
        ("S16LE", "interleaved", 44_100, 6),
        ("S16LE", "non-interleaved", 48_000, 2),
    ] {
        source.become_another(&pipeline, "audio_0", &of(format, layout, rate, channels));
        // Those on their way are older.
        viewer.come().count();
        viewer.samples(25);
    }
    assert_eq!(offers(&said), 0);
}

fn sound_may_change_in_everything_under_opus(transport: &str) {
    sound_may_change_in_everything_without_an_offer(transport);
}

#[test]
fn sound_may_change_in_everything_uncompressed() {
    sound_may_change_in_everything_without_an_offer("audio-caps=audio/x-raw,format=S16BE");
}

/// A stream encoded by x264enc.
const ENCODED: &str = "videotestsrc is-live=true ! capsfilter name=raw caps=video/x-raw,width=640,height=480,framerate=30/1 \
    ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 \
    ! capsfilter name=encoded caps=video/x-h264,profile=main ! identity";

fn an_encoded_stream_keeps_its_description_as_long_as_it_keeps_to_it_and_is_offered_anew_then(
    transport: &str,
) {
    let (pipeline, said, viewer, producing) = watched(ENCODED, transport, "video");
    begin(&said, &producing, &viewer);
    let become_another = |profile: &str, size: (i32, i32)| {
        let (width, height) = size;
        let raw = format!("video/x-raw,width={width},height={height},framerate=30/1");
        let encoded = format!("video/x-h264,profile={profile}");
        let wanted: gst::Caps = format!("{encoded},width={width},height={height}").parse().unwrap();
        caps_on(
            &pipeline,
            "video_0",
            |known| known.can_intersect(&wanted),
            || {
                pipeline.element("encoded").set_property("caps", encoded.parse::<gst::Caps>().unwrap());
                pipeline.element("raw").set_property("caps", raw.parse::<gst::Caps>().unwrap());
            },
        );
        sees(&viewer, size);
    };
    // Smaller, and of a profile that is part of the other.
    become_another("main", (320, 240));
    become_another("constrained-baseline", (640, 480));
    assert_eq!(offers(&said), 0);
    become_another("high", (480, 360));
    assert_eq!(offers(&said), 1);
    become_another("main", (320, 240));
    // What is for viewers who come later takes nothing from those who watch.
    pipeline.element("ws").set_property("video-caps", gst::Caps::new_empty_simple("video/x-vp9"));
    become_another("main", (480, 360));
    assert_eq!(offers(&said), 0);
}

fn a_stream_that_is_raw_or_encoded_by_turns_goes_on_without_an_offer(transport: &str) {
    let encoded = "videotestsrc is-live=true ! video/x-raw,width=640,height=480,framerate=30/1 \
        ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! video/x-h264,profile=constrained-baseline ! by.sink_1";
    let raw = "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=30/1 ! by.sink_0";
    let source = format!("{raw} {encoded} input-selector name=by sync-streams=false");
    for codec in ["video/x-vp8;video/x-h264", "video/x-h264;video/x-vp8"] {
        let settings = format!("{transport} video-caps=\"{codec}\"");
        let (pipeline, said, viewer, producing) = watched(&source, &settings, "video");
        begin(&said, &producing, &viewer);
        let by = pipeline.element("by");
        for (pad, name, size) in
            [("sink_1", "video/x-h264", (640, 480)), ("sink_0", "video/x-raw", (320, 240))]
        {
            let is = |caps: &gst::Caps| caps.structure(0).unwrap().name() == name;
            caps_on(&pipeline, "video_0", is, || by.set_property("active-pad", by.static_pad(pad)));
            sees(&viewer, size);
            assert_eq!(
                told(&pipeline),
                (1, 1),
                "{codec}: the statistics tell of streams that are none any more"
            );
        }
        assert_eq!(offers(&said), 0, "{codec}");
    }
}

#[test]
fn pictures_do_not_become_sound_on_the_same_pad() {
    let pipeline = Pipeline::parse_bin("webrtcsink name=ws stun-server=\"\"");
    let pad = pipeline.element("ws").request_pad_simple("video_%u").unwrap();
    pipeline.0.set_state(gst::State::Paused).unwrap();
    assert!(pad.send_event(gst::event::StreamStart::new("a")));
    let caps = |text: &str| gst::event::Caps::new(&text.parse().unwrap());
    assert!(pad.send_event(caps("video/x-raw,format=I420,width=320,height=240,framerate=30/1")));
    assert!(!pad.send_event(caps("audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=2")));
    assert!(pad.send_event(caps("video/x-raw,format=I420,width=640,height=480,framerate=30/1")));
}

crate::support::under_both_transports!(
    raw_pictures_may_change_in_everything_without_an_offer_or_another_encoder,
    sound_may_change_in_everything_under_opus,
    an_encoded_stream_keeps_its_description_as_long_as_it_keeps_to_it_and_is_offered_anew_then,
    a_stream_that_is_raw_or_encoded_by_turns_goes_on_without_an_offer,
);
