//! Viewers of the native transport that want other streams later than at first, and sinks that have others.

use crate::native::{NATIVE, alone};
use crate::support::direct::{Direct, Said};
use crate::support::light::here;
use crate::support::tone::Tone;
use crate::support::{AUDIO, DEADLINE, Pipeline, has_caps_on};
use gst::prelude::*;
use gst_webrtc::{WebRTCSDPType, WebRTCSessionDescription};
use gstrswebrtc::signaller::SignallableExt;
use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpApi, SdpOffer};
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc};

/// A packet that came: payload type and number.
type Packet = (u8, u16);

const PICTURES: u8 = 96;
const SOUND: u8 = 111;

/// A viewer, played by the test.
struct Watcher {
    rtc: Rtc,
    socket: UdpSocket,
    local: SocketAddr,
    packets: Vec<Packet>,
    sink: (Direct, Receiver<Said>),
    /// Whether the session was asked for.
    begun: bool,
}

impl Watcher {
    fn new(sink: (Direct, Receiver<Said>)) -> Self {
        let builder = Rtc::builder().set_rtp_mode(true).clear_codecs();
        let mut rtc = builder.enable_vp8(true).enable_opus(true, false).build(Instant::now());
        let socket = UdpSocket::bind((here(), 0)).unwrap();
        let local = socket.local_addr().unwrap();
        rtc.add_local_candidate(Candidate::host(local, "udp").unwrap());
        Self { rtc, socket, local, packets: Vec::new(), sink, begun: false }
    }

    fn step(&mut self) {
        let at = loop {
            match self.rtc.poll_output().unwrap() {
                Output::Transmit(packet) => drop(self.socket.send_to(&packet.contents, packet.destination)),
                Output::Event(Event::RtpPacket(packet)) => {
                    self.packets.push((*packet.header.payload_type, packet.header.sequence_number));
                }
                Output::Event(_) => {}
                Output::Timeout(at) => break at,
            }
        };
        let wait = at.saturating_duration_since(Instant::now());
        self.socket
            .set_read_timeout(Some(wait.clamp(Duration::from_millis(1), Duration::from_millis(50))))
            .unwrap();
        let mut packet = [0; 2048];
        let now = Instant::now();
        let input = match self.socket.recv_from(&mut packet) {
            Ok((size, source)) => Receive::new(Protocol::Udp, source, self.local, &packet[..size])
                .map(|r| Input::Receive(now, r)),
            Err(_) => Ok(Input::Timeout(now)),
        };
        if let Ok(input) = input {
            self.rtc.handle_input(input).unwrap();
        }
    }

    /// Watches until this many packets of a format have come, and forgets them.
    fn watch(&mut self, payload_type: u8, count: usize) -> Vec<Packet> {
        let end = Instant::now() + DEADLINE;
        while self.packets.iter().filter(|(pt, _)| *pt == payload_type).count() < count {
            assert!(Instant::now() < end, "too little came of {payload_type}: {:?}", self.packets);
            self.step();
        }
        std::mem::take(&mut self.packets)
    }

    /// The sink's next description of this type.
    fn told(&self, wanted: WebRTCSDPType) -> String {
        loop {
            match self.sink.1.recv_timeout(DEADLINE).expect("no description in time") {
                Said::Description(_, kind, sdp) if kind == wanted => return sdp,
                Said::Ended(_, why) => panic!("{why:?}"),
                _ => {}
            }
        }
    }

    /// Makes an offer; the sink's answer and what the change gave.
    fn offer<T>(&mut self, change: impl FnOnce(&mut SdpApi<'_>) -> T) -> (T, String) {
        let mut api = self.rtc.sdp_api();
        let result = change(&mut api);
        let (offer, pending) = api.apply().expect("nothing was changed");
        let text = offer.to_sdp_string();
        if !std::mem::replace(&mut self.begun, true) {
            let message = gst_sdp::SDPMessage::parse_buffer(text.as_bytes()).unwrap();
            let offer = WebRTCSessionDescription::new(WebRTCSDPType::Offer, message);
            self.sink.0.session_requested("s", "viewer", Some(&offer));
        } else {
            self.sink.0.describe("s", WebRTCSDPType::Offer, &text);
        }
        let answer = self.told(WebRTCSDPType::Answer);
        let parsed = SdpAnswer::from_sdp_string(&answer).unwrap();
        self.rtc.sdp_api().accept_answer(pending, parsed).unwrap();
        (result, answer)
    }

    /// Answers the sink's next offer, after this change.
    fn answer(&mut self, change: impl FnOnce(String) -> String) -> String {
        let text = self.told(WebRTCSDPType::Offer);
        let offer = SdpOffer::from_sdp_string(&text).unwrap();
        let answer = self.rtc.sdp_api().accept_offer(offer).unwrap().to_sdp_string();
        self.sink.0.describe("s", WebRTCSDPType::Answer, &change(answer));
        text
    }
}

fn pictures(api: &mut SdpApi<'_>) -> Mid {
    api.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None)
}

fn sound(api: &mut SdpApi<'_>) -> Mid {
    api.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None)
}

/// A sink of pictures and a tone, and its viewer.
fn with_tone(transport: &str) -> (Pipeline, Tone, Watcher) {
    let (pipeline, direct, said) = alone(transport);
    let tone = Tone::add(&pipeline);
    has_caps_on(&pipeline.element("ws"), "audio_0");
    (pipeline, tone, Watcher::new((direct, said)))
}

/// An answer without the sound.
fn without_sound(answer: String) -> String {
    let at = answer.find("m=audio").unwrap();
    let end = answer[at + 1..].find("m=").map_or(answer.len(), |end| at + 1 + end);
    let sound = answer[at..end].replace("a=recvonly", "a=inactive");
    format!("{}{sound}{}", &answer[..at], &answer[end..])
}

/// A sink of sound and pictures that may go, and its viewer.
fn with_pictures(transport: &str) -> (Pipeline, Tone, Watcher) {
    let pipeline = Pipeline::parse(&format!("{AUDIO} ! webrtcsink name=ws stun-server=\"\" {transport}"));
    let (direct, said) = Direct::new();
    pipeline.element("ws").set_property("signaller", &direct);
    pipeline.play();
    has_caps_on(&pipeline.element("ws"), "audio_0");
    let extra = Tone::pictures(&pipeline);
    has_caps_on(&pipeline.element("ws"), "video_0");
    (pipeline, extra, Watcher::new((direct, said)))
}

fn a_viewer_that_wants_no_sound_stays_when_the_pictures_are_taken_away(transport: &str) {
    let (pipeline, extra, mut viewer) = with_pictures(transport);
    viewer.sink.0.session_requested("s", "viewer", None);
    viewer.answer(without_sound);
    viewer.watch(PICTURES, 20);
    extra.remove(&pipeline);
    let left = viewer.answer(without_sound);
    assert_eq!(left.matches("a=sendonly").count(), 1, "{left}");
    let _extra = Tone::pictures(&pipeline);
    viewer.answer(without_sound);
    viewer.watch(PICTURES, 20);
}

fn a_stream_that_a_viewer_stops_and_takes_again_goes_on_with_its_numbers(transport: &str) {
    let (_pipeline, _tone, mut viewer) = with_tone(transport);
    let (stopped, _) = viewer.offer(|api| {
        sound(api);
        pictures(api)
    });
    let mut before = viewer.watch(PICTURES, 20);
    viewer.offer(|api| api.set_direction(stopped, Direction::Inactive));
    before.extend(viewer.watch(SOUND, 20));
    viewer.offer(|api| api.set_direction(stopped, Direction::RecvOnly));
    let after = viewer.watch(PICTURES, 20);
    let pictures = |packets: &[Packet]| {
        let numbers = packets.iter().filter(|(pt, _)| *pt == PICTURES).map(|(_, number)| *number);
        numbers.collect::<Vec<_>>()
    };
    let (before, after) = (pictures(&before), pictures(&after));
    let (last, next) = (before.last().unwrap(), after.first().unwrap());
    // Some packets may have been on their way when the sink was told to stop.
    assert!((1..50).contains(&next.wrapping_sub(*last)), "{before:?} {after:?}");
}

fn a_viewer_that_asks_for_sound_later_hears_it(transport: &str) {
    let (_pipeline, _tone, mut viewer) = with_tone(transport);
    viewer.offer(pictures);
    viewer.watch(PICTURES, 20);
    viewer.offer(sound);
    viewer.watch(SOUND, 20);
}

fn a_viewer_that_made_the_offer_hears_the_sound_that_is_added_later(transport: &str) {
    let (pipeline, direct, said) = alone(transport);
    let mut viewer = Watcher::new((direct, said));
    viewer.offer(pictures);
    viewer.watch(PICTURES, 20);
    let _tone = Tone::add(&pipeline);
    let offer = viewer.answer(|answer| answer);
    let format = offer.lines().find(|line| line.to_lowercase().contains(" opus/48000")).unwrap();
    let number = format["a=rtpmap:".len()..].split(' ').next().unwrap();
    viewer.watch(number.parse().unwrap(), 20);
}

fn a_section_in_which_the_viewer_takes_nothing_is_answered_with_nothing(transport: &str) {
    let (_pipeline, _tone, mut viewer) = with_tone(transport);
    let (stopped, first) = viewer.offer(|api| {
        pictures(api);
        sound(api)
    });
    assert_eq!(first.matches("a=sendonly").count(), 2, "{first}");
    viewer.watch(SOUND, 20);
    let ((), second) = viewer.offer(|api| api.set_direction(stopped, Direction::Inactive));
    let count = |what: &str| second.matches(what).count();
    assert_eq!((count("a=sendonly"), count("a=inactive")), (1, 1), "{second}");
}

#[test]
fn a_section_in_numbers_that_mean_something_else_is_refused() {
    let (_pipeline, _tone, mut viewer) = with_tone(NATIVE);
    viewer.offer(pictures);
    viewer.watch(PICTURES, 20);
    let mut api = viewer.rtc.sdp_api();
    sound(&mut api);
    let (offer, _) = api.apply().unwrap();
    let offer = offer.to_sdp_string().replace("111", "96");
    assert!(offer.contains("a=rtpmap:96 opus/48000/2"), "{offer}");
    viewer.sink.0.describe("s", WebRTCSDPType::Offer, &offer);
    let answer = viewer.told(WebRTCSDPType::Answer);
    assert!(answer.contains("m=audio 0 ") && answer.contains("m=video 9 "), "{answer}");
    viewer.watch(PICTURES, 20);
}

#[test]
fn a_place_is_used_again_only_where_the_viewer_has_answered_under_an_origin_of_its_own() {
    let (pipeline, extra, mut viewer) = with_pictures(NATIVE);
    viewer.offer(pictures);
    viewer.watch(PICTURES, 20);
    let sections = |offer: String| offer.matches("m=video").count();
    // It has only made an offer: it may be one that answers under the sink's origin.
    extra.remove(&pipeline);
    assert_eq!(sections(viewer.answer(|answer| answer)), 1);
    let extra = Tone::pictures(&pipeline);
    assert_eq!(sections(viewer.answer(|answer| answer)), 2);
    extra.remove(&pipeline);
    assert_eq!(sections(viewer.answer(|answer| answer)), 2);
    let _extra = Tone::pictures(&pipeline);
    assert_eq!(sections(viewer.answer(|answer| answer)), 2);
}

crate::support::under_both_transports!(
    a_viewer_that_wants_no_sound_stays_when_the_pictures_are_taken_away,
    a_stream_that_a_viewer_stops_and_takes_again_goes_on_with_its_numbers,
    a_viewer_that_asks_for_sound_later_hears_it,
    a_viewer_that_made_the_offer_hears_the_sound_that_is_added_later,
    a_section_in_which_the_viewer_takes_nothing_is_answered_with_nothing,
);
