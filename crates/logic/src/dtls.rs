//! Which cipher suite a handshake of DTLS 1.2 came out with (RFC 6347 section 4), read from its packets; and its messages
//! put together.

mod whole;

pub use whole::Whole;

/// The cipher suite in the server's hello, where this packet has one; by its number in the TLS registry.
pub fn chosen_cipher(packet: &[u8]) -> Option<u16> {
    const HANDSHAKE: u8 = 22;
    const SERVER_HELLO: u8 = 2;
    let mut rest = packet;
    // Several records may share a packet.
    while let [kind, _, _, epoch_hi, epoch_lo, _, _, _, _, _, _, len_hi, len_lo, ..] = *rest {
        let len = usize::from(u16::from_be_bytes([len_hi, len_lo]));
        let record = rest.get(13..13 + len)?;
        rest = rest.get(13 + len..)?;
        let is_plain = (epoch_hi, epoch_lo) == (0, 0);
        if kind != HANDSHAKE || !is_plain || record.first() != Some(&SERVER_HELLO) {
            continue;
        }
        // After the handshake's header: version, random, session identifier.
        let session = usize::from(*record.get(12 + 34)?);
        let chosen = record.get(12 + 35 + session..12 + 37 + session)?;
        return Some(u16::from_be_bytes(chosen.try_into().ok()?));
    }
    None
}

/// A cipher suite's name in the registry, of those that WebRTC uses.
pub fn cipher_name(number: u16) -> Option<&'static str> {
    Some(match number {
        0xc02b => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        0xc02c => "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        0xc02f => "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        0xc030 => "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        0xcca8 => "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        0xcca9 => "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hello whose session identifier has this length.
    fn hello(session: u8) -> Vec<u8> {
        let mut body = vec![0xfe, 0xfd];
        body.extend([7; 32]);
        body.push(session);
        body.extend(vec![9; session.into()]);
        body.extend([0xc0, 0x2b, 0]);
        let mut message = vec![2, 0, 0, body.len() as u8, 0, 0, 0, 0, 0, 0, 0, body.len() as u8];
        message.extend(body);
        let mut record = vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, message.len() as u8];
        record.extend(message);
        record
    }

    #[test]
    fn the_server_s_hello_says_what_was_chosen_wherever_it_is_in_a_packet() {
        let chosen = chosen_cipher(&hello(0)).unwrap();
        assert_eq!(cipher_name(chosen), Some("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"));
        let mut second = vec![20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1];
        second.extend(hello(32));
        assert_eq!(chosen_cipher(&second), Some(0xc02b));
    }

    #[test]
    fn what_is_cut_short_encrypted_or_something_else_says_nothing() {
        let whole = hello(4);
        assert!((0..whole.len()).all(|len| chosen_cipher(&whole[..len]).is_none()));
        let mut encrypted = whole.clone();
        encrypted[4] = 1;
        assert_eq!(chosen_cipher(&encrypted), None);
        let mut other = whole;
        other[13] = 11;
        assert_eq!(chosen_cipher(&other), None);
    }
}
