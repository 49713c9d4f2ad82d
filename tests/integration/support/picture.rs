//! Pictures that carry their number: sixteen columns, black or white, one a bit. The number survives lossy
//! coding, so a test can tell which pictures arrived and in which order.

use super::Pipeline;
use gst::prelude::*;
use std::collections::HashMap;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

const WIDTH: usize = 320;
const HEIGHT: usize = 240;
const BITS: usize = 16;
/// Raw caps of the pictures.
pub(crate) const CAPS: &str = "video/x-raw,format=I420,width=320,height=240,framerate=30/1";

fn coded(number: u16) -> gst::Buffer {
    let mut picture = vec![128u8; WIDTH * HEIGHT * 3 / 2];
    let row: Vec<u8> =
        (0..WIDTH).map(|x| if number >> (x * BITS / WIDTH) & 1 == 1 { 220 } else { 30 }).collect();
    picture.chunks_mut(WIDTH).take(HEIGHT).for_each(|line| line.copy_from_slice(&row));
    gst::Buffer::from_slice(picture)
}

/// The number of a picture in I420, of any size: a busy machine may look like a slow network.
pub(crate) fn number(sample: &gst::Sample) -> u16 {
    let info = gst_video::VideoInfo::from_caps(sample.caps().unwrap()).unwrap();
    let [width, height] = [info.width(), info.height()].map(|side| usize::try_from(side).unwrap());
    let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(sample.buffer().unwrap(), &info).unwrap();
    let stride = usize::try_from(info.stride()[0]).unwrap();
    let line = &frame.plane_data(0).unwrap()[stride * (height / 2)..];
    let middle = |bit: usize| line[bit * width / BITS + width / BITS / 2];
    (0..BITS).filter(|bit| middle(*bit) > 125).fold(0, |number, bit| number | 1 << bit)
}

/// Feeds numbered pictures, thirty a second, to the appsrc called `pictures` until dropped.
pub(crate) struct Feeder {
    stop: Option<Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Feeder {
    pub(crate) fn start(pipeline: &Pipeline) -> Self {
        Self::at(pipeline, Duration::from_micros(33_333))
    }

    /// The same, one every so often.
    pub(crate) fn at(pipeline: &Pipeline, each: Duration) -> Self {
        let source = pipeline.element("pictures").downcast::<gst_app::AppSrc>().unwrap();
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            for number in 0u16.. {
                if stopped.recv_timeout(each) != Err(RecvTimeoutError::Timeout)
                    || source.push_buffer(coded(number)).is_err()
                {
                    return;
                }
            }
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Feeder {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().unwrap().join();
    }
}

/// Feeds each picture to several such sources at once, by one clock, which tells when it was captured.
pub(crate) struct Numbered {
    stop: Option<Sender<()>>,
    thread: std::thread::JoinHandle<HashMap<u16, gst::ClockTime>>,
}

impl Numbered {
    pub(crate) fn start<const N: usize>(pipelines: [&Pipeline; N], clock: &gst::Clock) -> Self {
        let sources = pipelines.map(|pipeline| {
            let source = pipeline.element("pictures").downcast::<gst_app::AppSrc>().unwrap();
            source.set_property("do-timestamp", false);
            source
        });
        let (clock, (stop, stopped)) = (clock.clone(), channel());
        let thread = std::thread::spawn(move || {
            let mut captured = HashMap::new();
            for number in 0u16.. {
                if stopped.recv_timeout(Duration::from_millis(40)) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
                let now = clock.time();
                captured.insert(number, now);
                for source in &sources {
                    let mut picture = coded(number);
                    picture.get_mut().unwrap().set_pts(now - source.base_time().unwrap());
                    source.push_buffer(picture).unwrap();
                }
            }
            captured
        });
        Self { stop: Some(stop), thread }
    }

    /// When each was captured, by the clock.
    pub(crate) fn stop(mut self) -> HashMap<u16, gst::ClockTime> {
        drop(self.stop.take());
        self.thread.join().unwrap()
    }
}

/// The source of numbered pictures, for a pipeline's description.
pub(crate) fn source() -> String {
    format!("appsrc name=pictures is-live=true do-timestamp=true format=time caps={CAPS}")
}
