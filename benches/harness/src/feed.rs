//! Plays a clip into a pipeline again and again in real time.

use crate::content::{self, Clip};
use crate::glass::stamp;
use crate::job::{HEIGHT, WIDTH};
use gst::prelude::*;
use std::time::{Duration, Instant};

const SIZE: (usize, usize) = (WIDTH as usize, HEIGHT as usize);

/// A source for a clip.
pub fn source(clip: &Clip) -> gst_app::AppSrc {
    gst_app::AppSrc::builder()
        .caps(&clip.caps)
        .format(gst::Format::Time)
        .is_live(true)
        .build()
}

/// Plays in a thread of its own until the pipeline stops; counts from the pipeline's running time at the start.
/// With `stamp` each picture carries the time at which it goes.
pub fn play(clip: Clip, source: gst_app::AppSrc, stamp: bool) {
    std::thread::spawn(move || {
        let Some(begin) = running_time(&source) else {
            return;
        };
        let started = Instant::now();
        for (frame, number) in clip.frames.iter().cycle().zip(0u32..) {
            let due = content::time_of(number);
            let wait = Duration::from_nanos(due.nseconds()).saturating_sub(started.elapsed());
            std::thread::sleep(wait);
            let picture = if stamp {
                stamp::stamped(frame, SIZE)
            } else {
                Ok(frame.clone())
            };
            let Ok(buffer) = picture.and_then(|picture| content::timed(&picture, begin + due)) else {
                return;
            };
            if source.push_buffer(buffer).is_err() {
                return;
            }
        }
    });
}

/// The running time, as soon as there is one.
fn running_time(source: &gst_app::AppSrc) -> Option<gst::ClockTime> {
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        match source.current_running_time() {
            Some(time) if source.current_state() == gst::State::Playing => return Some(time),
            _ => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    None
}
