//! Rewriting RTP headers for viewers whose own offer chose other numbers than the packets were made with
//! (RFC 3550 section 5.1, RFC 8285).

use super::extensions::{self, Form};

/// What to change in every packet for one viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rewrite {
    /// The viewer's payload type.
    pub payload_type: Option<u8>,
    /// One-byte header extension identifiers: ours and the viewer's.
    pub extension: Option<(u8, u8)>,
}

impl Rewrite {
    /// Whether packets may be sent as they are.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Rewrites the header at the start of `packet`; bytes that are no RTP header stay untouched.
    pub fn apply(&self, packet: &mut [u8]) {
        if packet.len() < 12 || packet.first().is_none_or(|b| b >> 6 != 2) {
            return;
        }
        if let (Some(pt), Some(byte)) = (self.payload_type, packet.get_mut(1)) {
            *byte = (*byte & 0x80) | (pt & 0x7f);
        }
        if let Some((from, to)) = self.extension {
            rewrite_extension(packet, from, to);
        }
    }
}

/// Changes the identifier of one element of a one-byte header extension (RFC 8285 section 4.2).
fn rewrite_extension(packet: &mut [u8], from: u8, to: u8) {
    let elements = extensions::elements(packet).filter(|elements| elements.form() == Form::OneByte);
    let element = elements.and_then(|mut elements| elements.find(|element| element.id == from));
    if let Some(byte) = element.and_then(|element| packet.get_mut(element.head)) {
        *byte = (to << 4) | (*byte & 0x0f);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet() -> Vec<u8> {
        let mut p = vec![0x90, 0x80 | 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        p.extend([0xbe, 0xde, 0, 1, 0x11, 0xab, 0xcd, 0]);
        p.extend([1, 2, 3]);
        p
    }

    #[test]
    fn payload_type_and_extension_id_change_and_nothing_else_does() {
        let mut p = packet();
        Rewrite { payload_type: Some(120), extension: Some((1, 5)) }.apply(&mut p);
        let mut expected = packet();
        expected[1] = 0x80 | 120;
        expected[16] = 0x51;
        assert_eq!(p, expected);
    }

    #[test]
    fn what_is_no_complete_rtp_packet_stays_untouched_and_never_panics() {
        let rewrite = Rewrite { payload_type: Some(1), extension: Some((1, 2)) };
        for len in 0..packet().len() {
            let mut p = packet()[..len].to_vec();
            rewrite.apply(&mut p);
        }
        for seed in 0..5000u32 {
            let mut p: Vec<u8> =
                (0..40u32).map(|n| (seed.wrapping_mul(2_654_435_761).rotate_left(n) >> 3) as u8).collect();
            rewrite.apply(&mut p);
        }
    }
}
