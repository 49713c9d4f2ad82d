//! Reading header extensions, of one byte or two (RFC 8285 sections 4.2 and 4.3).

use std::ops::Range;

/// One element of a header extension, by its places in the packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Its identifier.
    pub id: u8,
    /// Where the identifier stands: in the upper half of a byte, or a byte of its own.
    pub head: usize,
    /// Where the value is.
    pub value: Range<usize>,
}

/// The form of the elements of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Identifier and length share a byte.
    OneByte,
    /// Each has a byte.
    TwoByte,
}

/// The elements of an RTP packet's header extension.
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    /// The packet up to the end of its extension.
    packet: &'a [u8],
    at: usize,
    form: Form,
}

/// Reads the extension of a packet; `None` where there is none that is complete and of a known form.
pub fn elements(packet: &[u8]) -> Option<Elements<'_>> {
    let first = *packet.first().filter(|first| **first >> 6 == 2 && **first & 0x10 != 0)?;
    let start = 12 + usize::from(first & 0x0f) * 4;
    let &[profile, kind, high, low] = packet.get(start..start + 4)? else { return None };
    let form = match (profile, kind) {
        (0xbe, 0xde) => Form::OneByte,
        (0x10, kind) if kind & 0xf0 == 0 => Form::TwoByte,
        _ => return None,
    };
    let at = start + 4;
    let packet = packet.get(..at + usize::from(u16::from_be_bytes([high, low])) * 4)?;
    Some(Elements { packet, at, form })
}

/// The value of an element.
pub fn value(packet: &[u8], id: u8) -> Option<&[u8]> {
    let element = elements(packet)?.find(|element| element.id == id)?;
    packet.get(element.value)
}

impl Elements<'_> {
    /// The form of all of them.
    pub fn form(&self) -> Form {
        self.form
    }
}

impl Iterator for Elements<'_> {
    type Item = Element;

    fn next(&mut self) -> Option<Element> {
        // Padding.
        while *self.packet.get(self.at)? == 0 {
            self.at += 1;
        }
        let (head, byte) = (self.at, *self.packet.get(self.at)?);
        let (id, length, start) = match self.form {
            // What follows this identifier is not to be read.
            Form::OneByte if byte >> 4 == 15 => return None,
            Form::OneByte => (byte >> 4, usize::from(byte & 0x0f) + 1, head + 1),
            Form::TwoByte => (byte, usize::from(*self.packet.get(head + 1)?), head + 2),
        };
        self.at = start + length;
        (self.at <= self.packet.len()).then_some(Element { id, head, value: start..self.at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet with these words of an extension.
    fn packet(kind: [u8; 2], words: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x91, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 7, 7, 7, 7];
        packet.extend(kind);
        packet.extend([0, u8::try_from(words.len() / 4).unwrap()]);
        packet.extend(words);
        packet.extend([1, 2, 3]);
        packet
    }

    fn all(packet: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let value = |element: Element| (element.id, packet[element.value].to_vec());
        elements(packet).map(|elements| elements.map(value).collect()).unwrap_or_default()
    }

    #[test]
    fn elements_of_both_forms_are_read_around_padding() {
        let short = packet([0xbe, 0xde], &[0x10, 5, 0, 0x21, 6, 7, 0, 0]);
        assert_eq!(all(&short), [(1, vec![5]), (2, vec![6, 7])]);
        let long = packet([0x10, 0x03], &[0, 1, 0, 31, 2, 6, 7, 0]);
        assert_eq!(all(&long), [(1, vec![]), (31, vec![6, 7])]);
        assert_eq!(value(&short, 2), Some(&[6, 7][..]));
        assert_eq!(value(&short, 3), None);
        assert_eq!(elements(&short).unwrap().next().unwrap().head, 20);
    }

    #[test]
    fn nothing_is_read_behind_the_identifier_that_ends_it() {
        let packet = packet([0xbe, 0xde], &[0x10, 5, 0xf0, 9, 0x20, 6, 0, 0]);
        assert_eq!(all(&packet), [(1, vec![5])]);
    }

    #[test]
    fn what_is_cut_short_or_unknown_has_no_elements_and_never_panics() {
        let whole = packet([0xbe, 0xde], &[0x10, 5, 0x21, 6]);
        assert_eq!(all(&whole), [(1, vec![5])], "the second would go beyond");
        for length in 0..24 {
            assert_eq!(all(&whole[..length]), [], "{length}");
        }
        assert_eq!(all(&packet([0xab, 0xcd], &[0x10, 5, 0, 0])), []);
        let mut none = whole.clone();
        none[0] &= !0x10;
        assert_eq!(all(&none), []);
    }
}
