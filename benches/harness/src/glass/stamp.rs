//! A time stamp in a picture: black and white blocks along the top, which survive an encoder, another size and a decoder.

use anyhow::{Context, Result};
use std::time::{SystemTime, UNIX_EPOCH};

/// Blocks: 48 bits of time, then 16 of a checksum, each the highest first. Together as wide as the picture.
pub const BLOCKS: usize = 64;
/// Their height is this part of the picture's.
pub const PART: usize = 20;
const BLACK: u8 = 16;
const WHITE: u8 = 235;
const TIME_BITS: u32 = 48;

/// Microseconds since 1970, as far as they fit. Pages have the same clock.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(0) & ((1 << TIME_BITS) - 1)
}

/// From one time to a later one, in ms.
pub fn between(earlier: u64, later: u64) -> f64 {
    later.wrapping_sub(earlier).cast_signed() as f64 / 1000.0
}

fn checksum(time: u64) -> u64 {
    // Neither zeros nor ones alone add up.
    (time ^ (time >> 16) ^ (time >> 32) ^ 0x5a3c) & 0xffff
}

/// Draws a time into the luma of a picture.
pub fn draw(luma: &mut [u8], (width, height): (usize, usize), stride: usize, time: u64) {
    let bits = (time << 16) | checksum(time);
    let row: Vec<u8> = (0..width)
        .map(|x| match bits >> (BLOCKS - 1 - x * BLOCKS / width) & 1 {
            0 => BLACK,
            _ => WHITE,
        })
        .collect();
    for line in luma.chunks_mut(stride).take(height / PART) {
        if let Some(line) = line.get_mut(..width) {
            line.copy_from_slice(&row);
        }
    }
}

/// Reads the time out of the luma of a picture; nothing where it is not whole.
pub fn read(luma: &[u8], (width, height): (usize, usize), stride: usize) -> Option<u64> {
    let rows = (height / PART).max(4);
    let mut bits = 0u64;
    for block in 0..BLOCKS {
        // The middle of each block: edges are blurred.
        let (from, to) = (
            (block * 4 + 1) * width / (BLOCKS * 4),
            (block * 4 + 3) * width / (BLOCKS * 4),
        );
        let lines = luma.chunks(stride).take(rows * 3 / 4).skip(rows / 4);
        let (mut sum, mut count) = (0u64, 0u64);
        for line in lines {
            for value in line.get(from..to)? {
                sum += u64::from(*value);
                count += 1;
            }
        }
        bits = bits << 1 | u64::from(sum > count * 125);
    }
    let time = bits >> 16;
    (checksum(time) == bits & 0xffff).then_some(time)
}

/// A copy of a picture in I420 that carries the time at which it was made.
pub fn stamped(picture: &gst::BufferRef, size: (usize, usize)) -> Result<gst::Buffer> {
    let mut bytes = vec![0; picture.size()];
    picture
        .copy_to_slice(0, &mut bytes)
        .ok()
        .context("a picture is shorter than it says")?;
    draw(&mut bytes, size, size.0, now());
    Ok(gst::Buffer::from_mut_slice(bytes))
}

#[cfg(test)]
mod tests {
    use super::{BLOCKS, between, draw, now, read};

    const SIZE: (usize, usize) = (1280, 720);

    fn drawn(time: u64) -> Vec<u8> {
        let mut luma = vec![128; SIZE.0 * SIZE.1];
        draw(&mut luma, SIZE, SIZE.0, time);
        luma
    }

    #[test]
    fn what_is_drawn_reads_back_also_at_half_the_size_and_with_noise() {
        for time in [0, 1, now(), (1 << 48) - 1] {
            let mut luma = drawn(time);
            assert_eq!(read(&luma, SIZE, SIZE.0), Some(time));
            let half: Vec<u8> = (0..SIZE.1 / 2)
                .flat_map(|y| (0..SIZE.0 / 2).map(move |x| (x, y)))
                .map(|(x, y)| luma[y * 2 * SIZE.0 + x * 2])
                .collect();
            assert_eq!(read(&half, (640, 360), 640), Some(time));
            for (index, value) in luma.iter_mut().enumerate() {
                *value = value.saturating_add((index * 31 % 80) as u8).saturating_sub(40);
            }
            assert_eq!(read(&luma, SIZE, SIZE.0), Some(time));
        }
    }

    #[test]
    fn a_picture_without_a_stamp_or_with_a_damaged_one_is_none() {
        let plain = vec![128; SIZE.0 * SIZE.1];
        assert_eq!(read(&plain, SIZE, SIZE.0), None);
        let mut damaged = drawn(now());
        let block = SIZE.0 / BLOCKS;
        for line in damaged.chunks_mut(SIZE.0).take(36) {
            let value = 251 - line[10 * block + 1];
            line[10 * block..11 * block].fill(value);
        }
        assert_eq!(read(&damaged, SIZE, SIZE.0), None);
        assert_eq!(read(&[], SIZE, SIZE.0), None);
    }

    #[test]
    fn a_delay_is_in_milliseconds() {
        assert!((between(1_000, 3_500) - 2.5).abs() < 1e-9);
        assert!((between(3_500, 1_000) + 2.5).abs() < 1e-9);
    }
}
