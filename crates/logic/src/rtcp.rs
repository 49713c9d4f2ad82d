//! Reports of receivers, read from RTCP packets (RFC 3550 section 6.4).

/// Packet types.
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
/// What stands in a packet before its blocks, and the size of a block (bytes).
const BEFORE_SENDERS_BLOCKS: usize = 28;
const BEFORE_RECEIVERS_BLOCKS: usize = 8;
const BLOCK: usize = 24;

/// What a receiver reports on one stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Report {
    /// Who reports.
    pub reporter: u32,
    /// On whose packets.
    pub source: u32,
    /// The part of them that was lost since the last report, 0 to 1.
    pub lost: f64,
}

/// The reports of a compound packet; of one that is cut short or is none, those before the fault.
pub fn reports(mut compound: &[u8]) -> Vec<Report> {
    let mut found = Vec::new();
    while let Some((packet, rest)) = split(compound) {
        read(packet, &mut found);
        compound = rest;
    }
    found
}

/// The first packet and those after it.
fn split(compound: &[u8]) -> Option<(&[u8], &[u8])> {
    let &[first, _, high, low, ..] = compound else { return None };
    let size = (usize::from(u16::from_be_bytes([high, low])) + 1) * 4;
    (first >> 6 == 2).then(|| compound.split_at_checked(size)).flatten()
}

fn read(packet: &[u8], found: &mut Vec<Report>) {
    let before = match packet.get(1) {
        Some(&SENDER_REPORT) => BEFORE_SENDERS_BLOCKS,
        Some(&RECEIVER_REPORT) => BEFORE_RECEIVERS_BLOCKS,
        _ => return,
    };
    let Some(reporter) = number(packet, 4) else { return };
    let count = packet.first().map_or(0, |first| usize::from(first & 0x1f));
    let blocks = packet.get(before..).unwrap_or_default().chunks_exact(BLOCK).take(count);
    found.extend(blocks.filter_map(|block| {
        let lost = f64::from(*block.get(4)?) / 256.0;
        Some(Report { reporter, source: number(block, 0)?, lost })
    }));
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receiver_report(blocks: &[(u32, u8)]) -> Vec<u8> {
        let count = u8::try_from(blocks.len()).unwrap();
        let mut packet = vec![0x80 | count, RECEIVER_REPORT, 0, 1 + count * 6];
        packet.extend(9u32.to_be_bytes());
        for (source, lost) in blocks {
            packet.extend(source.to_be_bytes());
            packet.push(*lost);
            packet.extend([0; BLOCK - 5]);
        }
        packet
    }

    #[test]
    fn every_block_of_every_report_in_a_compound_packet_is_read() {
        let mut packet = receiver_report(&[(7, 128), (8, 0)]);
        // A source description, and a report of a sender with one block.
        packet.extend([0x81, 202, 0, 1, 0, 0, 0, 9]);
        packet.extend([0x81, SENDER_REPORT, 0, 12, 0, 0, 0, 5]);
        packet.extend([0; 20]);
        packet.extend(7u32.to_be_bytes());
        packet.extend([64; 20]);
        let report = |reporter, source, lost| Report { reporter, source, lost };
        assert_eq!(reports(&packet), [report(9, 7, 0.5), report(9, 8, 0.0), report(5, 7, 0.25)]);
    }

    #[test]
    fn packets_that_lie_about_their_size_or_are_none_tell_nothing() {
        let whole = receiver_report(&[(7, 128)]);
        for size in 0..whole.len() {
            assert_eq!(reports(&whole[..size]), []);
        }
        let mut more = whole.clone();
        more[0] |= 0x1f;
        assert_eq!(reports(&more).len(), 1, "more blocks are promised than there are");
        let mut other = whole;
        other[0] = 0x41;
        assert_eq!(reports(&other), []);
        assert_eq!(reports(&[0x80, 201, 0, 0]), []);
    }
}
