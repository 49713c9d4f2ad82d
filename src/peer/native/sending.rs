//! One stream of one session on its thread: what waits, what str0m is given of it, and the
//! headers of its packets.

use super::clock;
use super::leaving::Leaving;
use super::measuring::{Kind, Measuring};
use super::opening::{AgreedStream, declare, remember};
use super::outlet::Packets;
use crate::peer::batch::Packet;
use crate::runtime;
use logic::codec::MediaKind;
use logic::rtp::{Offsets, PlayoutDelay, Splice};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use str0m::change::DirectApi;
use str0m::media::{Frequency, MediaTime};
use str0m::rtp::{ExtensionValues, RtpWrite, StreamTx};

/// Packets that are handed to str0m at once, so that its room stays little.
const PORTION: usize = 16;
/// Packets of a first frame that are not paced.
const OPENING: usize = 64;
/// By how much the others go faster than the pacer lets them later.
const OPENING_PACE: usize = 2;

/// A stream that is sent.
pub(super) struct Stream {
    pub(super) agreed: AgreedStream,
    /// What str0m has not been given yet, and how many packets of each it has.
    waiting: VecDeque<(Packets, usize)>,
    /// What str0m has.
    leaving: Leaving,
    /// Of payload that waits.
    bytes: usize,
    /// What the header of each packet says.
    values: ExtensionValues,
    /// The next packet's number: every viewer's are his own and without gaps.
    sequence: u64,
    /// The numbers of pictures, and time, go on likewise whatever is left out.
    splice: Splice,
    offsets: Offsets,
    /// Whether nothing was left out since.
    follows: bool,
    /// What is on its way here follows on what was skipped, up to a key unit.
    skips: bool,
    /// Whether str0m knows it. Not before the first packet: with nothing to send again it would probe the network
    /// with packets of source 0, which some receivers take for a stream.
    declared: bool,
    /// The part of all that is sent that may be sent again.
    most_repeated: f32,
    /// No frame has been sent yet.
    first: bool,
    /// The way to the viewer is long.
    far: bool,
    /// The viewer does not want it for now.
    paused: bool,
    /// One request at a time is passed on.
    asking: Arc<AtomicBool>,
}

impl Stream {
    pub(super) fn new(agreed: AgreedStream, delay: Option<PlayoutDelay>, most_repeated: f32) -> Self {
        Self {
            agreed,
            waiting: VecDeque::new(),
            leaving: Leaving::default(),
            bytes: 0,
            values: delay.map(playout).unwrap_or_default(),
            // Room for those that wrap around: the receiver counts from what it sees first.
            sequence: u64::from(gst::glib::random_int() & 0x7fff),
            splice: Splice::default(),
            offsets: Offsets::default(),
            follows: false,
            skips: false,
            declared: false,
            most_repeated,
            first: true,
            far: false,
            paused: false,
            asking: Arc::default(),
        }
    }

    /// Whether str0m knows it.
    pub(super) fn is_declared(&self) -> bool {
        self.declared
    }

    /// What is added to the numbers of packets that are handed on from here.
    fn splice(splice: &mut Splice, follows: &mut bool, packets: &Packets) -> Offsets {
        let begins = packets.begins || !std::mem::replace(follows, true);
        let span = packets.batch.span();
        span.map(|span| if begins { splice.begin(span) } else { splice.go_on(span) }).unwrap_or_default()
    }

    /// What its packets are, sent for the first time.
    pub(super) fn fresh(&self) -> Kind {
        match self.agreed.kind {
            MediaKind::Video => Kind::Video,
            MediaKind::Audio => Kind::Sound,
        }
    }

    /// Takes packets, which go as soon as the pacer lets them; how many bytes of payload these are.
    pub(super) fn write(&mut self, packets: Packets) -> usize {
        self.skips &= !packets.begins;
        if self.paused || self.skips {
            self.follows = false;
            return 0;
        }
        let bytes = packets.batch.packets().iter().map(|packet| packet.payload.len()).sum();
        self.bytes += bytes;
        self.waiting.push_back((packets, 0));
        bytes
    }

    /// Stops for a while, or goes on.
    pub(super) fn pause(&mut self, paused: bool) {
        (self.paused, self.skips) = (paused, false);
        self.leave_out();
    }

    fn leave_out(&mut self) {
        self.waiting.clear();
        self.bytes = 0;
        self.follows = false;
    }

    /// Whether it is stopped for a while.
    pub(super) fn is_paused(&self) -> bool {
        self.paused
    }

    /// Bytes that wait here.
    pub(super) fn waiting(&self) -> usize {
        self.bytes
    }

    /// Bytes that wait here behind others; the beginning waits for nothing but itself.
    pub(super) fn behind(&self) -> usize {
        if self.first { 0 } else { self.bytes }
    }

    /// What waits is skipped, and nothing of before is sent again: the viewer goes on with a key unit.
    pub(super) fn skip(&mut self, direct: &mut DirectApi<'_>) {
        if let Some((packets, _)) = self.waiting.back() {
            packets.skip();
            self.skips = true;
        }
        self.leave_out();
        if let Some(sender) = direct.stream_tx(&self.agreed.ssrc.into()) {
            remember(sender, self.far, self.most_repeated);
        }
    }

    /// The way to the viewer has turned out to be long: what is lost is asked for again later.
    pub(super) fn go_far(&mut self, direct: &mut DirectApi<'_>) {
        if !self.far
            && let Some(sender) = direct.stream_tx(&self.agreed.ssrc.into())
        {
            self.far = true;
            remember(sender, true, self.most_repeated);
        }
    }

    /// Hands waiting packets to str0m, as many as may go now; whether there were any.
    pub(super) fn feed(
        &mut self,
        direct: &mut DirectApi<'_>,
        measuring: Option<&mut Measuring>,
        now: Instant,
    ) -> bool {
        if self.waiting.is_empty() {
            return false;
        }
        // The viewer waits for the first frame, and sound for nothing.
        let paced = measuring.filter(|_| self.agreed.kind == MediaKind::Video && !self.begins());
        if !std::mem::replace(&mut self.declared, true) {
            declare(direct, &self.agreed, self.most_repeated);
        }
        let Some(sender) = direct.stream_tx(&self.agreed.ssrc.into()) else {
            self.leave_out();
            return false;
        };
        self.hand(sender, paced, now)
    }

    /// Whether the first frame is under way, unless it is large. More may come with it, which is paced.
    fn begins(&self) -> bool {
        let Some((packets, from)) = self.waiting.front().filter(|_| self.first) else { return false };
        let packets = packets.batch.packets();
        let frame = packets.first().map(|packet| packet.timestamp);
        let size =
            packets.iter().take(OPENING + 1).take_while(|packet| Some(packet.timestamp) == frame).count();
        *from < size && size <= OPENING
    }

    fn hand(&mut self, sender: &mut StreamTx, mut paced: Option<&mut Measuring>, now: Instant) -> bool {
        let Some((packets, from)) = self.waiting.front_mut() else { return false };
        // Numbers are given once, to what is sent.
        if paced.as_mut().is_some_and(|measuring| !measuring.has_room(now)) {
            return false;
        }
        let all = packets.batch.packets();
        let (start, captured) = (*from, packets.batch.captured());
        if start == 0 {
            self.offsets = Self::splice(&mut self.splice, &mut self.follows, packets);
        }
        let offsets = self.offsets;
        let mut told = packets.batch.tells().filter(|_| start == 0).map(clock::capture_time);
        for packet in all.iter().skip(start).take(PORTION) {
            if let Some(measuring) = &mut paced {
                if !measuring.has_room(now) {
                    break;
                }
                // Nor for long for the pictures that lead to the present one, where he comes in between.
                let haste = if self.first { OPENING_PACE } else { 1 };
                measuring.take(packet.payload.len() / haste, now);
            }
            let payload_type = self.agreed.payload_type.unwrap_or(packet.payload_type);
            let write = RtpWrite::new(
                payload_type.into(),
                self.sequence.into(),
                offsets.timestamp(packet.timestamp),
                captured,
                payload(packet, offsets),
            );
            self.sequence += 1;
            *from += 1;
            self.bytes = self.bytes.saturating_sub(packet.payload.len());
            let values = ExtensionValues { abs_capture_time: told.take(), ..self.values.clone() };
            let write = write.ext_vals(values);
            sender.write_rtp(write.marker(packet.marker).nackable(self.agreed.rtx_ssrc.is_some()));
        }
        let handed = *from > start;
        if *from >= all.len() {
            self.first = false;
            self.leaving.given(packets, self.sequence.wrapping_sub(1));
            self.waiting.pop_front();
            return true;
        }
        handed
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

/// Shared by all viewers where its numbers are the viewer's.
fn payload(packet: &Packet, offsets: Offsets) -> Arc<[u8]> {
    let mut payload = packet.payload.clone();
    if offsets.changes_payload() {
        offsets.apply_to_payload(Arc::make_mut(&mut payload));
    }
    payload
}

fn playout(delay: PlayoutDelay) -> ExtensionValues {
    let (min, max) = delay.hundredths();
    ExtensionValues {
        play_delay_min: Some(MediaTime::new(min.into(), Frequency::HUNDREDTHS)),
        play_delay_max: Some(MediaTime::new(max.into(), Frequency::HUNDREDTHS)),
        ..Default::default()
    }
}
