//! Time codes of frames, between GStreamer's metadata and the words of the wire.

use gst::glib;
use gst_video::{ValidVideoTimeCode, VideoTimeCodeFlags, VideoTimeCodeMeta};
use protocol::TimeCode;

/// A frame's time code, where it has one.
pub(crate) fn read(buffer: &gst::BufferRef) -> Option<TimeCode> {
    let code = buffer.meta::<VideoTimeCodeMeta>()?.tc();
    let fps = code.fps();
    let jam = code.latest_daily_jam().and_then(|jam| jam.to_utc().ok()?.format("%Y-%m-%dT%H:%M:%SZ").ok());
    Some(TimeCode {
        hours: code.hours(),
        minutes: code.minutes(),
        seconds: code.seconds(),
        frames: code.frames(),
        field_count: code.field_count(),
        fps: (u32::try_from(fps.numer()).ok()?, u32::try_from(fps.denom()).ok()?),
        flags: flags(code.flags()).into(),
        latest_daily_jam: jam.map(Into::into),
    })
}

/// Gives a frame a time code, unless it is none that there can be.
pub(crate) fn write(buffer: &mut gst::BufferRef, said: &TimeCode) {
    if let Some(code) = valid(said) {
        VideoTimeCodeMeta::add(buffer, &code);
    }
}

fn valid(said: &TimeCode) -> Option<ValidVideoTimeCode> {
    let fps = (i32::try_from(said.fps.0).ok()?, i32::try_from(said.fps.1).ok()?);
    if fps.0 == 0 || fps.1 == 0 {
        return None;
    }
    let jam = said.latest_daily_jam.as_deref().filter(|text| !text.contains('\0'));
    let jam = jam.and_then(|text| glib::DateTime::from_iso8601(text, None).ok());
    let flags = said.flags.split('+').fold(VideoTimeCodeFlags::empty(), |flags, name| match name {
        "drop-frame" => flags | VideoTimeCodeFlags::DROP_FRAME,
        "interlaced" => flags | VideoTimeCodeFlags::INTERLACED,
        _ => flags,
    });
    let (fps, field_count) = (gst::Fraction::new(fps.0, fps.1), said.field_count);
    ValidVideoTimeCode::new(
        fps,
        jam.as_ref(),
        flags,
        said.hours,
        said.minutes,
        said.seconds,
        said.frames,
        field_count,
    )
    .ok()
}

fn flags(flags: VideoTimeCodeFlags) -> &'static str {
    let has = |flag| flags.contains(flag);
    match (has(VideoTimeCodeFlags::DROP_FRAME), has(VideoTimeCodeFlags::INTERLACED)) {
        (false, false) => "none",
        (true, false) => "drop-frame",
        (false, true) => "interlaced",
        (true, true) => "drop-frame+interlaced",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(fps: (u32, u32), flags: &str, jam: Option<&str>) -> TimeCode {
        let (flags, latest_daily_jam) = (flags.to_owned(), jam.map(str::to_owned));
        TimeCode { hours: 1, minutes: 2, seconds: 3, frames: 4, field_count: 0, fps, flags, latest_daily_jam }
    }

    #[test]
    fn time_codes_are_the_same_on_the_other_side() {
        gst::init().unwrap();
        for said in [
            said((30, 1), "none", None),
            said((30_000, 1001), "drop-frame", Some("2026-01-02T03:04:05Z")),
            TimeCode { field_count: 2, ..said((25, 1), "interlaced", None) },
        ] {
            let mut buffer = gst::Buffer::new();
            write(buffer.get_mut().unwrap(), &said);
            assert_eq!(read(&buffer), Some(said));
        }
    }

    #[test]
    fn time_codes_that_cannot_be_are_left_out_and_never_a_panic() {
        gst::init().unwrap();
        for said in [
            said((30, 0), "none", None),
            said((0, 1), "none", None),
            said((u32::MAX, 1), "none", None),
            TimeCode { hours: 99, ..said((30, 1), "none", None) },
            TimeCode { frames: u32::MAX, ..said((30, 1), "none", Some("\0")) },
        ] {
            let mut buffer = gst::Buffer::new();
            write(buffer.get_mut().unwrap(), &said);
            assert_eq!(read(&buffer), None, "{said:?}");
        }
    }
}
