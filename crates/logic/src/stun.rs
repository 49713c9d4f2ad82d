//! The little of STUN (RFC 8489) that is needed outside an ICE agent: whose a check is, by its user name, and
//! what address this side has for others.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

const MAGIC: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const BINDING_REQUEST: [u8; 2] = [0x00, 0x01];
const BINDING_SUCCESS: [u8; 2] = [0x01, 0x01];
const USERNAME: u16 = 0x0006;
const ERROR_CODE: u16 = 0x0009;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;

/// Identifies a request and its response.
pub type TransactionId = [u8; 12];

/// A message, as far as it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    kind: [u8; 2],
    /// Identifies a request and its response.
    pub transaction: TransactionId,
    attributes: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads a packet; `None` where it is no STUN message.
    pub fn read(packet: &'a [u8]) -> Option<Self> {
        let (head, attributes) = packet.split_at_checked(20)?;
        let (kind, length, magic) = (head.get(..2)?, head.get(2..4)?, head.get(4..8)?);
        let kind: [u8; 2] = kind.try_into().ok()?;
        let length = usize::from(u16::from_be_bytes(length.try_into().ok()?));
        if kind[0] >> 6 != 0 || magic != MAGIC || length != attributes.len() || length % 4 != 0 {
            return None;
        }
        Some(Self { kind, transaction: head.get(8..)?.try_into().ok()?, attributes })
    }

    /// The first attribute of this type.
    fn attribute(&self, wanted: u16) -> Option<&'a [u8]> {
        let mut rest = self.attributes;
        loop {
            let (head, after) = rest.split_at_checked(4)?;
            let [type_hi, type_lo, len_hi, len_lo] = *head else { return None };
            let length = usize::from(u16::from_be_bytes([len_hi, len_lo]));
            if u16::from_be_bytes([type_hi, type_lo]) == wanted {
                return after.get(..length);
            }
            rest = after.get(length.next_multiple_of(4)..)?;
        }
    }

    /// The user name fragment of who is asked, in a binding request of an ICE agent (RFC 8445 section 7.2.2).
    pub fn asked(&self) -> Option<&'a str> {
        if self.kind != BINDING_REQUEST {
            return None;
        }
        let name = std::str::from_utf8(self.attribute(USERNAME)?).ok()?;
        name.split_once(':').map(|(asked, _)| asked)
    }

    /// Why a request was refused: code and words (RFC 8489 section 14.8).
    pub fn error(&self) -> Option<(u16, String)> {
        let [_, _, class, number, words @ ..] = self.attribute(ERROR_CODE)? else { return None };
        Some((u16::from(class & 7) * 100 + u16::from(*number), String::from_utf8_lossy(words).into_owned()))
    }

    /// The address that a server saw, in its response to a binding request.
    pub fn mapped_address(&self) -> Option<SocketAddr> {
        if self.kind != BINDING_SUCCESS {
            return None;
        }
        let [_, family, port_hi, port_lo, address @ ..] = self.attribute(XOR_MAPPED_ADDRESS)? else {
            return None;
        };
        let port = u16::from_be_bytes([port_hi ^ MAGIC[0], port_lo ^ MAGIC[1]]);
        let mask = MAGIC.iter().chain(&self.transaction);
        let plain: Vec<u8> = address.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
        let ip = match (family, address.len()) {
            (1, 4) => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(plain).ok()?)),
            (2, 16) => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(plain).ok()?)),
            _ => return None,
        };
        Some(SocketAddr::new(ip, port))
    }
}

/// A request that has a server tell which address it sees.
pub fn binding_request(transaction: TransactionId) -> [u8; 20] {
    let mut packet = [0; 20];
    packet[..2].copy_from_slice(&BINDING_REQUEST);
    packet[4..8].copy_from_slice(&MAGIC);
    packet[8..].copy_from_slice(&transaction);
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample response of RFC 5769 section 2.2, its last two attributes left out.
    const RESPONSE: [u8; 48] = [
        0x01, 0x01, 0x00, 0x1c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa,
        0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6f,
        0x72, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
    ];

    fn request(name: &str) -> Vec<u8> {
        let mut packet = binding_request([7; 12]).to_vec();
        let padded = name.len().next_multiple_of(4);
        packet.extend(USERNAME.to_be_bytes());
        packet.extend(u16::try_from(name.len()).unwrap().to_be_bytes());
        packet.extend(name.as_bytes());
        packet.resize(24 + padded, 0);
        packet[3] = u8::try_from(padded + 4).unwrap();
        packet
    }

    #[test]
    fn the_address_that_a_server_saw_is_read() {
        let message = Message::read(&RESPONSE).unwrap();
        assert_eq!(message.mapped_address(), Some("192.0.2.1:32853".parse().unwrap()));
        assert_eq!(message.asked(), None);
    }

    #[test]
    fn a_refusal_has_a_code_and_words() {
        let mut packet = binding_request([7; 12]).to_vec();
        packet[..4].copy_from_slice(&[0x01, 0x13, 0, 16]);
        packet.extend([0, 9, 0, 10, 0, 0, 4, 86]);
        packet.extend(b"Quota.\0\0");
        assert_eq!(Message::read(&packet).unwrap().error(), Some((486, "Quota.".into())));
        assert_eq!(Message::read(&RESPONSE).unwrap().error(), None);
    }

    #[test]
    fn a_check_names_whom_it_asks() {
        assert_eq!(Message::read(&request("abcde:xyz")).unwrap().asked(), Some("abcde"));
        assert_eq!(Message::read(&request("abcde")).unwrap().asked(), None);
        assert_eq!(Message::read(&binding_request([1; 12])).unwrap().asked(), None);
    }

    #[test]
    fn what_is_cut_short_or_altered_never_panics() {
        for packet in [RESPONSE.to_vec(), request("abcde:xyz")] {
            for len in 0..packet.len() {
                assert_eq!(Message::read(&packet[..len]), None);
            }
            for at in 0..packet.len() {
                for value in 0..=255 {
                    let mut altered = packet.clone();
                    altered[at] = value;
                    if let Some(message) = Message::read(&altered) {
                        let _ = (message.asked(), message.mapped_address(), message.error());
                    }
                }
            }
        }
    }
}
