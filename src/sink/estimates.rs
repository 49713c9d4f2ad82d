//! A session's estimates of what the network carries, split between its streams; and the other way, how far the
//! network is to be tried.

use super::division::Division;
use super::seat::Seat;
use crate::peer::Connection;
use logic::bitrate::{Bounds, Spending, budget};
use logic::codec::MediaKind;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

/// What sound takes until it is known, in bit/s.
const USUAL_SOUND: u32 = 64_000;

/// Where a session's estimates go: to the places of its viewer on the ladders, by m-line.
#[derive(Default)]
pub(super) struct Estimates {
    lines: Mutex<Vec<Line>>,
    connection: OnceLock<Weak<dyn Connection>>,
    /// What the network carries in all; 0: not known yet.
    estimate: AtomicU32,
    /// What forward error correction adds to the pictures.
    fec_percentage: AtomicU8,
    division: Arc<Division>,
}

#[derive(Clone)]
struct Line {
    m_line: usize,
    seat: Weak<Seat>,
    /// How far the network is to be tried for this stream.
    desired: u32,
}

impl Estimates {
    fn lines(&self) -> MutexGuard<'_, Vec<Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which transport is to be told how far it is to try the network.
    pub(super) fn attach(&self, connection: &Arc<dyn Connection>) {
        let _ = self.connection.set(Arc::downgrade(connection));
    }

    fn seats(&self) -> Vec<Arc<Seat>> {
        self.lines().iter().filter_map(|line| line.seat.upgrade()).collect()
    }

    /// The network carries so much in all.
    pub(super) fn changed(&self, bits_per_second: u32) {
        self.estimate.store(bits_per_second, Ordering::Relaxed);
        self.share_out();
    }

    /// Forward error correction adds so much to the pictures, in percent.
    pub(super) fn corrected(&self, percentage: u8) {
        self.fec_percentage.store(percentage, Ordering::Relaxed);
        if self.estimate.load(Ordering::Relaxed) > 0 {
            self.share_out();
        }
    }

    /// What forward error correction adds to the pictures, in percent.
    pub(super) fn fec_percentage(&self) -> u8 {
        self.fec_percentage.load(Ordering::Relaxed)
    }

    /// What the network carries in all, in bit/s, where it is known.
    pub(super) fn known(&self) -> Option<u32> {
        Some(self.estimate.load(Ordering::Relaxed)).filter(|estimate| *estimate > 0)
    }

    fn share_out(&self) {
        let (video, sound): (Vec<_>, Vec<_>) =
            self.seats().into_iter().partition(|seat| seat.codec().kind == MediaKind::Video);
        let spending = Spending {
            estimate: self.estimate.load(Ordering::Relaxed),
            sound: rate(&sound),
            sent_again: 0.0,
            fec_percentage: self.fec_percentage(),
        };
        let shares = budget(spending, &vec![1; video.len()]);
        if self.division.is_defined() {
            let video = video.iter().map(Arc::downgrade);
            return self.division.ask(video.zip(shares).collect());
        }
        for (seat, share) in video.iter().zip(shares) {
            seat.estimate(share);
        }
    }

    /// Who divides what is left for pictures, where the application does.
    pub(super) fn division(&self) -> &Arc<Division> {
        &self.division
    }

    /// The streams are what they will be for a while. Where nothing is measured, they have as much as is allowed.
    pub(super) fn settled(&self, is_measured: bool) {
        if is_measured || !self.division.is_defined() {
            return;
        }
        let video = self.seats().into_iter().filter(|seat| seat.codec().kind == MediaKind::Video);
        let most = self.division.bounds().map_or(0, |bounds| bounds.max);
        let shares: Vec<_> = video.map(|seat| (Arc::downgrade(&seat), most)).collect();
        self.division.ask(shares);
    }

    /// The application allows more or less from now on.
    pub(super) fn set_bounds(&self, bounds: Bounds, is_measured: bool) {
        self.division.set_bounds(bounds);
        if is_measured {
            return;
        }
        if self.division.is_defined() {
            return self.settled(false);
        }
        for seat in self.seats().iter().filter(|seat| seat.codec().kind == MediaKind::Video) {
            seat.estimate(bounds.max);
        }
    }

    /// The network is to be tried for so much for an m-line.
    pub(super) fn desire(&self, m_line: usize, bits_per_second: u32) {
        let desired: u32 = {
            let mut lines = self.lines();
            if let Some(line) = lines.iter_mut().find(|line| line.m_line == m_line) {
                line.desired = bits_per_second;
            }
            lines.iter().map(|line| line.desired).fold(0, u32::saturating_add)
        };
        let sound: Vec<_> =
            self.seats().into_iter().filter(|seat| seat.codec().kind == MediaKind::Audio).collect();
        let sound = rate(&sound);
        if let Some(connection) = self.connection.get().and_then(Weak::upgrade) {
            // With what stands around payloads.
            connection.aim(sound, sound.saturating_add(desired).saturating_add(desired / 16));
        }
    }

    /// Whose place the estimates for an m-line go to from now on, and how far the network is to be tried for it as long
    /// as nobody says otherwise.
    pub(super) fn set(&self, m_line: usize, seat: Option<(&Arc<Seat>, u32)>) {
        let mut lines = self.lines();
        lines.retain(|other| other.m_line != m_line);
        lines.extend(seat.map(|(seat, desired)| Line { m_line, seat: Arc::downgrade(seat), desired }));
    }
}

/// What streams of sound take.
fn rate(sound: &[Arc<Seat>]) -> u32 {
    let rates = sound.iter().filter_map(|seat| seat.rung());
    rates
        .map(|(_, rung)| rung.fan_out().rate().unwrap_or(USUAL_SOUND))
        .fold(0, |all: u32, one| all.saturating_add(one))
}
