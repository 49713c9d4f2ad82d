//! Pictures that make encoders work as a camera does, prepared in memory so that sending them costs nothing.

use crate::job::{FRAMES_PER_SECOND, HEIGHT, WIDTH};
use anyhow::{Context, Result, bail};
use gst::prelude::*;
use std::path::Path;

/// Pictures of a noise loop; its movement is periodic in them.
const NOISE_PICTURES: u32 = 60;
/// Frames of an encoded loop: whole groups of pictures, and as long as the default window, so that every window sees
/// the same bytes.
const ENCODED_PICTURES: usize = 8 * FRAMES_PER_SECOND as usize;
/// How often an encoder's target is corrected by what came out.
const ATTEMPTS: usize = 3;

/// Buffers that are sent over and over.
pub struct Clip {
    pub caps: gst::Caps,
    pub frames: Vec<gst::Buffer>,
}

impl Clip {
    /// Mean bitrate at the rate at which clips are played (bit/s).
    pub fn bitrate(&self) -> f64 {
        let bytes: usize = self.frames.iter().map(|frame| frame.size()).sum();
        bytes as f64 * 8.0 * f64::from(FRAMES_PER_SECOND) / self.frames.len().max(1) as f64
    }
}

/// The caps of raw pictures.
pub fn raw_caps() -> gst::Caps {
    let size = |size: u32| i32::try_from(size).unwrap_or(i32::MAX);
    gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", size(WIDTH))
        .field("height", size(HEIGHT))
        .field("framerate", gst::Fraction::new(size(FRAMES_PER_SECOND), 1))
        .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
        .field("interlace-mode", "progressive")
        .build()
}

/// Raw pictures: a file's, played at our rate whatever its own is, or moving noise.
pub fn raw(media: Option<&Path>) -> Result<Clip> {
    match media {
        Some(file) => decoded(file),
        None => noise(),
    }
}

fn decoded(file: &Path) -> Result<Clip> {
    let file = file
        .canonicalize()
        .with_context(|| format!("failed to find {}", file.display()))?;
    let uri = gst::glib::filename_to_uri(&file, None)?;
    let line = format!(
        "uridecodebin uri={uri} ! videoconvert ! videoscale \
         ! video/x-raw,format=I420,width={WIDTH},height={HEIGHT},pixel-aspect-ratio=1/1 \
         ! appsink name=out sync=false"
    );
    let samples = drain(&parse(&line)?)?;
    let frames = samples
        .into_iter()
        .filter_map(|sample| sample.buffer_owned())
        .map(timeless);
    Ok(Clip {
        caps: raw_caps(),
        frames: frames.collect::<Result<_>>()?,
    })
}

/// VP8 that comes to a bitrate, a key unit every two seconds, the first at the start; the same on every call.
pub fn encoded(clip: &Clip, bitrate: u32) -> Result<Clip> {
    let (wanted, mut target) = (f64::from(bitrate), f64::from(bitrate));
    let mut made = encode(clip, target)?;
    for _ in 0..ATTEMPTS {
        if (made.bitrate() / wanted - 1.0).abs() < 0.02 {
            break;
        }
        target *= wanted / made.bitrate().max(1.0);
        made = encode(clip, target)?;
    }
    Ok(made)
}

fn encode(clip: &Clip, target: f64) -> Result<Clip> {
    let key_units = FRAMES_PER_SECOND * 2;
    // A negative cpu-used is a fixed speed; a positive one follows the load and makes another stream every time.
    let line = format!(
        "appsrc name=in format=time block=true ! vp8enc deadline=1 cpu-used=-6 end-usage=cbr \
         target-bitrate={target:.0} keyframe-max-dist={key_units} error-resilient=default lag-in-frames=0 \
         ! appsink name=out sync=false"
    );
    let pipeline = parse(&line)?;
    let source = pipeline
        .by_name("in")
        .and_downcast::<gst_app::AppSrc>()
        .context("no appsrc")?;
    source.set_caps(Some(&clip.caps));
    let frames: Vec<gst::Buffer> = clip.frames.clone();
    std::thread::spawn(move || {
        for (frame, number) in frames.iter().cycle().zip(0u32..).take(ENCODED_PICTURES) {
            let Ok(buffer) = timed(frame, time_of(number)) else {
                break;
            };
            if source.push_buffer(buffer).is_err() {
                return;
            }
        }
        let _ = source.end_of_stream();
    });
    let samples = drain(&pipeline)?;
    let caps = samples
        .first()
        .and_then(|sample| sample.caps())
        .context("the encoder made nothing")?
        .to_owned();
    let frames = samples
        .into_iter()
        .filter_map(|sample| sample.buffer_owned())
        .map(timeless);
    Ok(Clip {
        caps,
        frames: frames.collect::<Result<_>>()?,
    })
}

/// When a frame is due after the first.
pub fn time_of(number: u32) -> gst::ClockTime {
    gst::ClockTime::SECOND * u64::from(number) / u64::from(FRAMES_PER_SECOND)
}

/// The same memory at another time.
pub fn timed(frame: &gst::BufferRef, pts: gst::ClockTime) -> Result<gst::Buffer> {
    let flags = gst::BufferCopyFlags::MEMORY | gst::BufferCopyFlags::FLAGS | gst::BufferCopyFlags::META;
    let mut buffer = frame.copy_region(flags, ..).context("failed to share a frame")?;
    let reference = buffer.get_mut().context("a fresh buffer is shared")?;
    reference.set_pts(pts);
    reference.set_dts(None);
    reference.set_duration(time_of(1));
    reference.unset_flags(gst::BufferFlags::DISCONT);
    Ok(buffer)
}

/// A copy in memory of its own, so that no pool runs dry.
fn timeless(buffer: gst::Buffer) -> Result<gst::Buffer> {
    let data = buffer.map_readable().context("failed to read a frame")?;
    let mut copy = gst::Buffer::from_slice(data.as_slice().to_vec());
    copy.get_mut()
        .context("a fresh buffer is shared")?
        .set_flags(buffer.flags() & gst::BufferFlags::DELTA_UNIT);
    Ok(copy)
}

fn parse(line: &str) -> Result<gst::Pipeline> {
    let element = gst::parse::launch(line).with_context(|| format!("failed to build: {line}"))?;
    element.downcast::<gst::Pipeline>().ok().context("not a pipeline")
}

/// Runs a pipeline to its end and keeps what reaches its sink `out`.
fn drain(pipeline: &gst::Pipeline) -> Result<Vec<gst::Sample>> {
    let sink = pipeline
        .by_name("out")
        .and_downcast::<gst_app::AppSink>()
        .context("no appsink")?;
    pipeline
        .set_state(gst::State::Playing)
        .context("failed to start preparing the content")?;
    let mut samples = Vec::new();
    while let Some(sample) = sink.try_pull_sample(gst::ClockTime::from_seconds(20)) {
        samples.push(sample);
    }
    let error = pipeline
        .bus()
        .and_then(|bus| bus.pop_filtered(&[gst::MessageType::Error]));
    pipeline
        .set_state(gst::State::Null)
        .context("failed to stop preparing the content")?;
    if let Some(gst::MessageView::Error(error)) = error.as_ref().map(|message| message.view()) {
        bail!(
            "failed to prepare the content: {} ({:?})",
            error.error(),
            error.debug()
        );
    }
    if samples.is_empty() {
        bail!("there are no pictures to send");
    }
    Ok(samples)
}

/// A smooth texture that moves, under noise that never repeats from one picture to the next.
fn noise() -> Result<Clip> {
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut frames = Vec::new();
    for number in 0..NOISE_PICTURES {
        let mut data = Vec::with_capacity((WIDTH * HEIGHT * 3 / 2) as usize);
        let shift = f64::from(number) / f64::from(NOISE_PICTURES) * std::f64::consts::TAU;
        let wave: Vec<f64> = (0..WIDTH)
            .map(|x| (f64::from(x) / 64.0 + shift).sin() * 50.0)
            .collect();
        for y in 0..HEIGHT {
            let row = 128.0 + (f64::from(y) / 48.0 - shift).cos() * 50.0;
            for wave in &wave {
                // xorshift: quick and the same on every machine.
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                let grain = (random & 7) as f64 - 3.5;
                data.push((row + wave + grain).clamp(16.0, 235.0) as u8);
            }
        }
        data.resize(data.capacity(), 128);
        frames.push(gst::Buffer::from_slice(data));
    }
    Ok(Clip {
        caps: raw_caps(),
        frames,
    })
}
