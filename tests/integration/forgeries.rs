//! Packets on the native transport's port that pretend to be a viewer's, before the handshake and after it: the viewer
//! goes on, and nobody else is disturbed.

use crate::support::crowd::Guest;
use crate::support::light::{Habit, here};
use crate::support::stage::{PACE, Stage};
use gst::prelude::*;
use std::net::{SocketAddr, UdpSocket};

/// Somebody who knows all that a description tells, and can send as if from the viewer's address.
struct Forger {
    stranger: UdpSocket,
    victim: UdpSocket,
    sink: SocketAddr,
    /// User name of the viewer's connectivity checks.
    name: String,
    /// The viewer's own packets.
    heard: Vec<Vec<u8>>,
    number: u32,
}

fn fragment(sdp: &str) -> &str {
    sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).unwrap().trim()
}

impl Forger {
    fn of(stage: &Stage, session: &str) -> Self {
        stage.crowd.of(session, |guest| {
            let (offer, joined) = (guest.offer.as_ref().unwrap(), guest.joined.as_ref().unwrap());
            Self {
                stranger: UdpSocket::bind((here(), 0)).unwrap(),
                victim: joined.socket.try_clone().unwrap(),
                sink: joined.sink.expect("the offer has no address of the sink"),
                name: format!("{}:{}", fragment(offer), fragment(&joined.answer)),
                heard: joined.sent.lock().unwrap().iter().cloned().collect(),
                number: 0,
            }
        })
    }

    fn send(&self, packet: &[u8]) {
        for socket in [&self.stranger, &self.victim] {
            // The viewer's socket does not wait where the system is busy.
            let _ = socket.send_to(packet, self.sink);
        }
    }

    /// A STUN message (RFC 8489) in which everything but the integrity is as the viewer has it.
    fn stun(&mut self, kind: u16, attributes: &[(u16, Vec<u8>)]) -> Vec<u8> {
        self.number += 1;
        let mut body = Vec::new();
        for (attribute, value) in attributes {
            body.extend(attribute.to_be_bytes());
            body.extend((value.len() as u16).to_be_bytes());
            body.extend(value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        let mut message = kind.to_be_bytes().to_vec();
        message.extend((body.len() as u16).to_be_bytes());
        message.extend([0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8]);
        message.extend(self.number.to_be_bytes());
        message.extend(body);
        message
    }

    /// One of every kind.
    fn every_kind(&mut self) -> Vec<Vec<u8>> {
        let name = (0x0006, self.name.clone().into_bytes());
        let integrity = (0x0008, vec![7; 20]);
        let priority = (0x0024, vec![0x6e, 0, 0, 0xff]);
        let nominated = (0x0025, Vec::new());
        let controlling = (0x802a, vec![0xff; 8]);
        let seen = (0x0020, vec![0, 1, 0x21, 0x13, 0x21, 0x12, 0xa4, 0x43]);
        let conflict = (0x0009, vec![0, 0, 4, 87]);
        let mut all = vec![
            // A check that would take over, one with less, and one without any integrity.
            self.stun(1, &[name.clone(), priority.clone(), controlling, nominated, integrity.clone()]),
            self.stun(1, &[name.clone(), integrity.clone()]),
            self.stun(1, &[name.clone(), priority]),
            // Answers to what nobody asked: it worked, it did not, roles are in conflict.
            self.stun(0x0101, &[seen.clone(), integrity.clone()]),
            self.stun(0x0101, &[seen]),
            self.stun(0x0111, &[conflict.clone(), integrity]),
            self.stun(0x0111, &[conflict]),
            // An indication, and a length that is none.
            self.stun(0x0011, &[]),
            [&self.stun(1, &[name])[..], &[0; 3]].concat(),
        ];
        // DTLS (RFC 6347 section 4.1): a greeting, alerts that close, in clear text and as if encrypted.
        all.push(record(22, 0, &greeting()));
        for epoch in [0, 1, 2, 0xffff] {
            all.push(record(21, epoch, &[2, 40]));
            all.push(record(21, epoch, &[1, 0]));
            all.push(record(22, epoch, &[0x55; 60]));
            all.push(record(23, epoch, &[0x55; 60]));
            all.push(record(20, epoch, &[1]));
        }
        // Media and reports (RFC 3550), whole and cut anywhere.
        for kind in [0x60, 0xe0, 200, 201, 202, 203, 205, 206, 207] {
            let mut packet = vec![0x80, kind, 0, 6, 0, 0, 0, 1, 0, 0, 0, 2];
            packet.resize(44, 0x33);
            all.extend((1..packet.len()).step_by(5).map(|size| packet[..size].to_vec()));
        }
        // What the viewer said, again, cut and changed.
        for packet in &self.heard {
            all.push(packet.clone());
            all.push(packet[..packet.len() - 1].to_vec());
            all.push(packet[..packet.len() / 2].to_vec());
            let mut changed = packet.clone();
            *changed.last_mut().unwrap() ^= 1;
            all.push(changed);
        }
        all
    }
}

fn record(kind: u8, epoch: u16, body: &[u8]) -> Vec<u8> {
    let mut record = vec![kind, 0xfe, 0xfd];
    record.extend(epoch.to_be_bytes());
    record.extend([0, 0, 0, 0, 0, 9]);
    record.extend((body.len() as u16).to_be_bytes());
    record.extend(body);
    record
}

/// A client's first message, with one suite and no extension.
fn greeting() -> Vec<u8> {
    let mut body = vec![0xfe, 0xfd];
    body.extend([9; 32]);
    body.extend([0, 0, 0, 2, 0xc0, 0x2b, 1, 0]);
    let size = (body.len() as u32).to_be_bytes();
    let mut message = vec![1, size[1], size[2], size[3], 0, 0, 0, 0, 0, size[1], size[2], size[3]];
    message.extend(body);
    message
}

#[test]
fn a_viewer_connects_although_others_pretend_to_be_him() {
    let mut stage = Stage::set("transport=native", PACE);
    stage.crowd.invite("victim", Some(Habit::Mute));
    stage.crowd.until("victim", "check", |guest| guest.heard);
    let mut forger = Forger::of(&stage, "victim");
    for packet in forger.every_kind() {
        forger.stranger.send_to(&packet, forger.sink).unwrap();
    }
    stage.crowd.behave("victim", Habit::WithoutDtls);
    stage.crowd.until("victim", "way", |guest| guest.reached);
    let mut forger = Forger::of(&stage, "victim");
    for packet in forger.every_kind() {
        // Before there are keys, DTLS 1.2 takes its messages from whoever has the viewer's address.
        if matches!(packet[0], 20 | 22) {
            forger.stranger.send_to(&packet, forger.sink).unwrap();
        } else {
            forger.send(&packet);
        }
    }
    stage.crowd.behave("victim", Habit::Good);
    stage.crowd.until("victim", "media", |guest| guest.packets > 10);
    stage.nobody_was_disturbed();
}

#[test]
fn a_viewer_is_served_although_a_hundred_thousand_packets_pretend_to_be_his() {
    let mut stage = Stage::set("transport=native", PACE);
    stage.crowd.invite("victim", Some(Habit::Good));
    stage.crowd.until("victim", "media", |guest| guest.packets > 60);
    let mut forger = Forger::of(&stage, "victim");
    assert!(forger.heard.len() > 20, "the viewer said little");
    let all = forger.every_kind();
    let mut sent = 0;
    for packet in all.iter().cycle() {
        forger.send(packet);
        sent += 2;
        if sent % 2000 == 0 {
            stage.watch(1);
        }
        if sent >= 100_000 {
            break;
        }
    }
    let before = stage.crowd.of("victim", |guest| guest.packets);
    stage.crowd.until("victim", "media afterwards", |guest| guest.packets > before + 60);
    stage.crowd.of("victim", |guest| assert_eq!(guest.missing, 0));
    assert_eq!(stage.sessions(), 2);
    stage.nobody_was_disturbed();
}

#[test]
fn a_viewer_who_names_anothers_address_as_his_own_takes_nothing_from_him() {
    let mut stage = Stage::set("transport=native", PACE);
    stage.crowd.invite("victim", Some(Habit::Good));
    stage.crowd.until("victim", "media", |guest| guest.packets > 10);
    stage.crowd.invite("thief", Some(Habit::Mute));
    stage.crowd.until("thief", "check", |guest| guest.heard);
    let address = |guest: &Guest| guest.joined.as_ref().unwrap().socket.local_addr().unwrap();
    stage.crowd.claim("thief", stage.crowd.of("victim", address));
    // The sink has tried that address by then.
    stage.watch(30);
    let sink = stage.pipeline.element("ws");
    let asked = || {
        let stats: gst::Structure = sink.property::<gst::Structure>("stats").get("victim").unwrap();
        let streams = stats.iter().filter_map(|(_, value)| value.get::<gst::Structure>().ok());
        streams.filter_map(|stream| stream.get::<u32>("pli-count").ok()).sum::<u32>()
    };
    let before = asked();
    stage.crowd.ask("victim");
    let heard = (0..150).any(|_| {
        stage.watch(1);
        asked() > before
    });
    assert!(heard, "what the viewer asked for was not heard");
    stage.nobody_was_disturbed();
}
