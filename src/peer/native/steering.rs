//! How much goes to one session's peer, and how fast: packets are handed to str0m as they may go, and who encodes is
//! told what is left to video.

use super::leaving;
use super::measuring::{Kind, Network};
use super::sending::Stream;
use super::session::{SOON, Session};
use logic::bitrate::Bounds;
use logic::codec::MediaKind;
use std::sync::atomic::Ordering;

impl Session {
    /// Hands waiting packets to str0m, as many of each stream as may go now; whether there were any.
    pub(super) fn feed(&mut self) -> bool {
        let mut direct = self.rtc.direct_api();
        let mut fed = false;
        for stream in &mut self.streams {
            fed |= stream.feed(&mut direct, self.measuring.as_mut(), self.now);
        }
        fed
    }

    /// More than this is not wanted; so much is hoped for at least.
    pub(super) fn aim(&mut self, minimum: u32, desired: u32) {
        if let Some(measuring) = &mut self.measuring {
            measuring.aim(desired.max(minimum));
        }
    }

    /// The application allows more or less from now on.
    pub(super) fn set_bounds(&mut self, bounds: Bounds) {
        if let Some(measuring) = &mut self.measuring {
            measuring.set_bounds(bounds);
        }
    }

    /// The viewer wants a key unit of a stream.
    pub(super) fn ask(&self, index: usize) {
        self.streams.iter().filter(|stream| stream.agreed.index == index).for_each(Stream::ask);
    }

    /// A packet goes to the network.
    pub(super) fn goes(&mut self, packet: &[u8]) {
        let Some((source, number)) = leaving::source(packet) else { return };
        let stream = self.streams.iter_mut().find(|stream| stream.agreed.ssrc == source);
        let kind = stream.as_ref().map_or(Kind::Again, |stream| stream.fresh());
        self.again += u64::from(kind == Kind::Again);
        if let Some(stream) = stream {
            stream.left(number);
        }
        if let Some(measuring) = &mut self.measuring {
            measuring.sent(packet, kind, self.now);
        }
    }

    /// Bytes of video that wait here.
    fn waiting(&self) -> usize {
        let video = self.streams.iter().filter(|stream| stream.agreed.kind == MediaKind::Video);
        video.map(Stream::waiting).sum()
    }

    /// What is known of the network, for statistics.
    pub(super) fn network(&self) -> Option<Network> {
        self.measuring.as_ref().map(|measuring| measuring.network(self.waiting()))
    }

    /// Tells who encodes what is left to media, and when more of it may go.
    pub(super) fn steer(&mut self) {
        let waiting = self.waiting();
        let Some(measuring) = &mut self.measuring else { return };
        if waiting > 0 {
            let next = measuring.next().max(self.now + SOON);
            self.deadline = self.deadline.into_iter().chain([next]).min();
        }
        let video = self.streams.iter().filter(|stream| stream.agreed.kind == MediaKind::Video);
        let behind = video.map(Stream::behind).sum();
        if measuring.is_late(behind, self.now) {
            let mut direct = self.rtc.direct_api();
            let video = self.streams.iter_mut().filter(|stream| stream.agreed.kind == MediaKind::Video);
            video.for_each(|stream| stream.skip(&mut direct));
        }
        if measuring.is_far() {
            let mut direct = self.rtc.direct_api();
            self.streams.iter_mut().for_each(|stream| stream.go_far(&mut direct));
        }
        if let Some(target) = measuring.target(behind, self.now) {
            self.shared.target.store(target, Ordering::Relaxed);
            if let Some(relay) = &self.estimate {
                relay.tell(target);
            }
        }
    }
}
