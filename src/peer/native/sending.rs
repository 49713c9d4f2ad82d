//! One stream of one session on its thread: what waits, what str0m is given of it, and the
//! headers of its packets.

use super::clock;
use super::leaving::Leaving;
use super::opening::{AgreedStream, declare};
use super::outlet::Packets;
use crate::runtime;
use logic::codec::MediaKind;
use logic::rtp::PlayoutDelay;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use str0m::change::DirectApi;
use str0m::media::{Frequency, MediaTime};
use str0m::rtp::{ExtensionValues, RtpWrite, StreamTx};

/// Packets that are handed to str0m at once, and how many it holds back at least before it gets more.
const PORTION: usize = 16;
const FEW: usize = 8;
/// Packets of a first frame that are not paced.
const OPENING: usize = 64;

/// A stream that is sent.
pub(super) struct Stream {
    pub(super) agreed: AgreedStream,
    /// What str0m has not been given yet, and how many packets of each it has.
    waiting: VecDeque<(Packets, usize)>,
    /// What str0m has.
    leaving: Leaving,
    /// What the header of each packet says.
    values: ExtensionValues,
    /// The next packet's number: every viewer's are his own and without gaps.
    sequence: u64,
    /// Whether str0m knows it. Not before the first packet: with nothing to send again it would probe the network
    /// with packets of source 0, which some receivers take for a stream.
    declared: bool,
    /// No frame has been sent yet.
    first: bool,
    /// The viewer does not want it for now.
    paused: bool,
    /// One request at a time is passed on.
    asking: Arc<AtomicBool>,
}

impl Stream {
    pub(super) fn new(agreed: AgreedStream, delay: Option<PlayoutDelay>) -> Self {
        Self {
            agreed,
            waiting: VecDeque::new(),
            leaving: Leaving::default(),
            values: delay.map(playout).unwrap_or_default(),
            // Room for those that wrap around: the receiver counts from what it sees first.
            sequence: u64::from(gst::glib::random_int() & 0x7fff),
            declared: false,
            first: true,
            paused: false,
            asking: Arc::default(),
        }
    }

    /// Whether str0m knows it.
    pub(super) fn is_declared(&self) -> bool {
        self.declared
    }

    /// Takes packets; they go as soon as the pacer lets them.
    pub(super) fn write(&mut self, packets: Packets) {
        if !self.paused {
            self.waiting.push_back((packets, 0));
        }
    }

    /// Stops for a while, or goes on.
    pub(super) fn pause(&mut self, paused: bool) {
        self.paused = paused;
        self.waiting.clear();
    }

    /// Whether it is stopped for a while.
    pub(super) fn is_paused(&self) -> bool {
        self.paused
    }

    /// Hands waiting packets to str0m where it has few; whether there were any. What it holds stays little, so that
    /// its room does, and who waits for more than that is seen to be behind.
    pub(super) fn feed(&mut self, direct: &mut DirectApi<'_>, paced: bool) -> bool {
        if self.waiting.is_empty() {
            return false;
        }
        if !std::mem::replace(&mut self.declared, true) {
            declare(direct, &self.agreed);
        }
        let Some(sender) = direct.stream_tx(&self.agreed.ssrc.into()) else {
            self.waiting.clear();
            return false;
        };
        let held = sender.queue_info().map_or(0, |queue| queue.packet_count());
        if paced && held >= FEW {
            return false;
        }
        if paced && self.agreed.kind == MediaKind::Video {
            sender.set_unpaced(self.begins());
        }
        self.hand(sender);
        true
    }

    /// Whether the first frame is under way, unless it is large: the viewer waits for it, and the pacer would let
    /// nearly as much go at once.
    fn begins(&self) -> bool {
        let first = self.waiting.front().filter(|_| self.first);
        first.is_some_and(|(packets, _)| packets.batch.packets().len() <= OPENING)
    }

    fn hand(&mut self, sender: &mut StreamTx) {
        let Some((packets, from)) = self.waiting.front_mut() else { return };
        let all = packets.batch.packets();
        let (start, captured) = (*from, packets.batch.captured());
        *from = all.len().min(start + PORTION);
        let done = *from == all.len();
        let mut told = packets.batch.tells().filter(|_| start == 0).map(clock::capture_time);
        for packet in all.get(start..*from).unwrap_or_default() {
            let payload_type = self.agreed.payload_type.unwrap_or(packet.payload_type);
            let write = RtpWrite::new(
                payload_type.into(),
                self.sequence.into(),
                packet.timestamp,
                captured,
                packet.payload.clone(),
            );
            self.sequence += 1;
            let values = ExtensionValues { abs_capture_time: told.take(), ..self.values.clone() };
            let write = write.ext_vals(values);
            sender.write_rtp(write.marker(packet.marker).nackable(self.agreed.rtx_ssrc.is_some()));
        }
        if done {
            self.first = false;
            self.leaving.given(packets, self.sequence.wrapping_sub(1));
            self.waiting.pop_front();
        }
    }

    /// A packet of it goes to the network.
    pub(super) fn left(&mut self, number: u16) {
        self.leaving.left(number);
    }

    /// The viewer wants a key unit. Whoever is asked may block, so it is not this thread that asks.
    pub(super) fn ask(&self) {
        if !self.asking.swap(true, Ordering::Relaxed) {
            let (events, asking) = (self.agreed.events.clone(), self.asking.clone());
            runtime::spawn_blocking(move || {
                asking.store(false, Ordering::Relaxed);
                events.key_unit_wanted();
            });
        }
    }
}

fn playout(delay: PlayoutDelay) -> ExtensionValues {
    let (min, max) = delay.hundredths();
    ExtensionValues {
        play_delay_min: Some(MediaTime::new(min.into(), Frequency::HUNDREDTHS)),
        play_delay_max: Some(MediaTime::new(max.into(), Frequency::HUNDREDTHS)),
        ..Default::default()
    }
}
