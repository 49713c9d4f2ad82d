//! Handshake messages of DTLS 1.2 put together (RFC 6347 section 4.2.3), each to be handed on as a packet of its own.
//!
//! A side that sends its messages again may cut them another way than before: OpenSSL fills packets the first time, and
//! gives each message packets of its own the second. Pieces that overlap are too much for the handshake behind, and so
//! are packets that begin with a message that it has and go on with one that it lacks: it would wait for ever.

use std::collections::BTreeMap;

const HANDSHAKE: u8 = 22;
/// Bytes of a record's header, and of a message's.
const RECORD: usize = 13;
const MESSAGE: usize = 12;
/// Messages of which parts have come, and bytes of one: who has more is odd.
const MOST: usize = 8;
const LONGEST: usize = 16_000;

/// Puts together what one peer sends.
#[derive(Debug, Default)]
pub struct Whole {
    parts: BTreeMap<u16, Parts>,
}

/// What has come of a message.
#[derive(Debug)]
struct Parts {
    kind: u8,
    body: Vec<u8>,
    have: Vec<bool>,
}

impl Whole {
    /// Takes a packet and hands on what comes of it, in its order. A packet without messages that can be read is handed
    /// on as it is.
    ///
    /// # Errors
    /// Whoever is handed something refuses it; the rest of the packet is lost.
    pub fn take<E>(
        &mut self,
        packet: &[u8],
        mut hand_on: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = packet;
        while let Some((record, after)) = plain_handshake(rest) {
            let Some(messages) = messages(record) else { break };
            for message in messages {
                let whole = if message.part.len() == message.length {
                    self.parts.remove(&message.number);
                    message.packet(record, message.part)
                } else {
                    self.add(&message).and_then(|body| message.packet(record, &body))
                };
                whole.map_or(Ok(()), |whole| hand_on(&whole))?;
            }
            rest = after;
        }
        if rest.is_empty() && !packet.is_empty() { Ok(()) } else { hand_on(rest) }
    }

    /// Takes a part of a message; all of it once it is there.
    fn add(&mut self, message: &Message<'_>) -> Option<Vec<u8>> {
        let fits = |parts: &Parts| parts.kind == message.kind && parts.body.len() == message.length;
        if message.length > LONGEST || self.parts.len() >= MOST && !self.parts.contains_key(&message.number) {
            return None;
        }
        let new =
            || Parts { kind: message.kind, body: vec![0; message.length], have: vec![false; message.length] };
        let parts = self.parts.entry(message.number).or_insert_with(new);
        if !fits(parts) {
            *parts = new();
        }
        let place = message.offset..message.offset.checked_add(message.part.len())?;
        parts.body.get_mut(place.clone())?.copy_from_slice(message.part);
        parts.have.get_mut(place)?.fill(true);
        if !parts.have.iter().all(|have| *have) {
            return None;
        }
        self.parts.remove(&message.number).map(|parts| parts.body)
    }
}

/// A message or a part of one.
struct Message<'a> {
    kind: u8,
    number: u16,
    length: usize,
    offset: usize,
    part: &'a [u8],
}

impl Message<'_> {
    /// A packet with all of the message, in a record that is like this one but for its length.
    fn packet(&self, record: &[u8], body: &[u8]) -> Option<Vec<u8>> {
        let [_, b0, b1, b2] = u32::try_from(body.len()).ok()?.to_be_bytes();
        let mut packet = record.get(..RECORD - 2)?.to_vec();
        packet.extend(u16::try_from(MESSAGE + body.len()).ok()?.to_be_bytes());
        packet.extend([self.kind, b0, b1, b2]);
        packet.extend(self.number.to_be_bytes());
        packet.extend([0, 0, 0, b0, b1, b2]);
        packet.extend(body);
        Some(packet)
    }
}

/// The first record, where it is a plain one of a handshake, and what follows it.
fn plain_handshake(packet: &[u8]) -> Option<(&[u8], &[u8])> {
    let [HANDSHAKE, 0xfe, _, 0, 0, _, _, _, _, _, _, high, low, ..] = *packet else { return None };
    packet.split_at_checked(RECORD + usize::from(u16::from_be_bytes([high, low])))
}

/// What is in a record; nothing where it is not well formed.
fn messages(record: &[u8]) -> Option<Vec<Message<'_>>> {
    let number = |high: u8, middle: u8, low: u8| u32::from_be_bytes([0, high, middle, low]) as usize;
    let mut rest = record.get(RECORD..)?;
    let mut all = Vec::new();
    while !rest.is_empty() {
        let (&[kind, l0, l1, l2, n0, n1, o0, o1, o2, p0, p1, p2], body) =
            rest.split_first_chunk::<MESSAGE>()?;
        let (part, after) = body.split_at_checked(number(p0, p1, p2))?;
        let (length, offset) = (number(l0, l1, l2), number(o0, o1, o2));
        let fits = offset.checked_add(part.len()).is_some_and(|end| end <= length);
        (fits && (length == 0 || !part.is_empty())).then_some(())?;
        all.push(Message { kind, number: u16::from_be_bytes([n0, n1]), length, offset, part });
        rest = after;
    }
    (!all.is_empty()).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(whole: &mut Whole, packet: &[u8]) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        let taken: Result<(), ()> = whole.take(packet, |packet| {
            all.push(packet.to_vec());
            Ok(())
        });
        taken.unwrap();
        all
    }

    /// A record with these parts of messages: number, length, from, to. Bytes are their places.
    fn record(sequence: u8, parts: &[(u8, u8, u8, u8)]) -> Vec<u8> {
        let mut body = Vec::new();
        for (number, length, from, to) in parts {
            body.extend([11, 0, 0, *length, 0, *number, 0, 0, *from, 0, 0, to - from]);
            body.extend(*from..*to);
        }
        let mut record = vec![HANDSHAKE, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, sequence, 0, body.len() as u8];
        record.extend(body);
        record
    }

    #[test]
    fn a_message_that_comes_in_parts_is_handed_on_once_and_whole() {
        let mut whole = Whole::default();
        assert!(take(&mut whole, &record(1, &[(3, 9, 4, 9)])).is_empty());
        assert_eq!(take(&mut whole, &record(2, &[(3, 9, 0, 4)])), [record(2, &[(3, 9, 0, 9)])]);
        // It is sent again because the answer was lost.
        assert_eq!(take(&mut whole, &record(3, &[(3, 9, 0, 9)])), [record(3, &[(3, 9, 0, 9)])]);
    }

    #[test]
    fn parts_that_are_cut_another_way_the_second_time_do_no_harm() {
        let mut whole = Whole::default();
        // The first packet, with the beginning of the second message, was lost.
        let finished = [20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 7, 0, 1, 1];
        let second: Vec<_> = record(2, &[(2, 9, 5, 9)]).into_iter().chain(finished).collect();
        assert_eq!(take(&mut whole, &second), [finished.to_vec()]);
        assert_eq!(take(&mut whole, &record(4, &[(1, 3, 0, 3)])), [record(4, &[(1, 3, 0, 3)])]);
        assert_eq!(take(&mut whole, &record(5, &[(2, 9, 0, 9)])), [record(5, &[(2, 9, 0, 9)])]);
        assert!(whole.parts.is_empty());
        assert!(take(&mut whole, &record(6, &[(4, 9, 0, 6)])).is_empty());
        assert_eq!(take(&mut whole, &record(7, &[(4, 9, 3, 9)])), [record(7, &[(4, 9, 0, 9)])]);
    }

    #[test]
    fn messages_that_share_a_packet_are_handed_on_one_by_one() {
        let shared: Vec<_> = record(1, &[(1, 3, 0, 3), (2, 4, 0, 4)]);
        let shared: Vec<_> = shared.into_iter().chain(record(2, &[(3, 5, 0, 5), (4, 9, 0, 2)])).collect();
        let expected = [record(1, &[(1, 3, 0, 3)]), record(1, &[(2, 4, 0, 4)]), record(2, &[(3, 5, 0, 5)])];
        assert_eq!(take(&mut Whole::default(), &shared), expected);
    }

    #[test]
    fn what_is_no_plain_handshake_comes_back_as_it_is() {
        let mut protected = record(1, &[(1, 3, 0, 3)]);
        protected[4] = 1;
        let cut = &record(1, &[(1, 3, 0, 3)])[..20];
        let beyond = record(1, &[(1, 3, 2, 9)]);
        for packet in [&protected[..], cut, &beyond, &[], &[0x2f, 1, 2], &[23, 0xfe, 0xfd]] {
            assert_eq!(take(&mut Whole::default(), packet), [packet]);
        }
    }

    #[test]
    fn a_peer_that_finishes_nothing_takes_little_memory() {
        let mut whole = Whole::default();
        (0..200).for_each(|number| assert!(take(&mut whole, &record(1, &[(number, 9, 0, 1)])).is_empty()));
        assert_eq!(whole.parts.len(), MOST);
    }
}
