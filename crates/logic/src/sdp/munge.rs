//! Changes to the text of our own descriptions before they are set and sent, and to the peer's before they are set.

use crate::media_clock::Reference;

/// Puts `fingerprint` (`sha-256 AB:CD:...`) in the place of every `a=fingerprint` of `sdp`
/// (RFC 8122 section 5).
pub fn with_fingerprint(sdp: &str, fingerprint: &str) -> String {
    let mut text = String::with_capacity(sdp.len() + fingerprint.len());
    for line in sdp.split_inclusive('\n') {
        if line.starts_with("a=fingerprint:") {
            text.push_str("a=fingerprint:");
            text.push_str(fingerprint);
            text.push_str("\r\n");
        } else {
            text.push_str(line);
        }
    }
    text
}

/// Says in the section of data channels how long a message may be (RFC 8841 section 6.1): a peer that is told
/// nothing sends 64 KiB at most.
pub fn with_longest_message(sdp: &str, bytes: u32) -> String {
    const NAME: &str = "a=max-message-size:";
    let mut text = String::with_capacity(sdp.len() + 32);
    for line in sdp.split_inclusive('\n').filter(|line| !line.starts_with(NAME)) {
        text.push_str(line);
        if line.starts_with("a=sctp-port:") {
            text.push_str(&format!("{NAME}{bytes}\r\n"));
        }
    }
    text
}

/// Says in each section whose media is sent whose time its RTP timestamps are (RFC 7273): directly that of the reference,
/// or that of the sender's own clock where there is none that others can read.
pub fn with_clock(sdp: &str, reference: Option<&Reference>) -> String {
    let lines = match reference {
        Some(reference) => format!("a=ts-refclk:{reference}\r\na=mediaclk:direct=0\r\n"),
        None => "a=ts-refclk:local\r\na=mediaclk:sender\r\n".to_owned(),
    };
    let mut text = String::with_capacity(sdp.len() + 256);
    for section in split_sections(sdp) {
        let is_media = section.starts_with("m=audio") || section.starts_with("m=video");
        let sends = section.lines().any(|line| matches!(line.trim_end(), "a=sendonly" | "a=sendrecv"));
        text.push_str(section);
        if is_media && sends {
            if !section.ends_with('\n') {
                text.push_str("\r\n");
            }
            text.push_str(&lines);
        }
    }
    text
}

/// Leaves out which clocks timestamps are the time of, wherever it is said.
pub fn without_clocks(sdp: &str) -> String {
    let is_clock = |line: &&str| line.starts_with("a=ts-refclk:") || line.starts_with("a=mediaclk:");
    sdp.split_inclusive('\n').filter(|line| !is_clock(line)).collect()
}

/// Gives media sections that were refused the ICE and DTLS attributes of the first that was not.
///
/// A refused section needs none (RFC 8829 section 5.3.1), and Firefox gives it none; webrtcbin before
/// GStreamer 1.24 then refuses the whole description.
pub fn with_refused_sections_completed(sdp: &str) -> String {
    const NEEDED: [&str; 4] = ["a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:", "a=setup:"];
    let sections = split_sections(sdp);
    let has = |section: &str, name: &str| section.lines().any(|line| line.starts_with(name));
    let given = |name: &str| sections.iter().flat_map(|s| s.lines()).find(|line| line.starts_with(name));
    let for_all = sections.first().is_some_and(|session| has(session, "a=ice-ufrag:"));
    let mut text = String::with_capacity(sdp.len() + 256);
    for section in &sections {
        text.push_str(section);
        if for_all || !section.starts_with("m=") || has(section, "a=ice-ufrag:") {
            continue;
        }
        if !section.ends_with('\n') {
            text.push_str("\r\n");
        }
        for name in NEEDED.iter().filter(|name| !has(section, name)) {
            if let Some(line) = given(name) {
                text.push_str(line);
                text.push_str("\r\n");
            }
        }
    }
    text
}

/// The part before the first media section, then each of these.
fn split_sections(sdp: &str) -> Vec<&str> {
    let mut starts = vec![0];
    starts.extend(sdp.match_indices("\nm=").map(|(at, _)| at + 1));
    starts.push(sdp.len());
    starts.windows(2).filter_map(|pair| sdp.get(*pair.first()?..*pair.last()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_section_gets_what_the_transport_asks_of_every_section() {
        let good = "m=video 9 X 96\r\na=ice-ufrag:u\r\na=ice-pwd:p\r\na=fingerprint:f\r\na=setup:active\r\n";
        let refused = "m=audio 0 X 0\r\na=inactive\r\n";
        let head = "v=0\r\ns=-\r\n";
        let completed = with_refused_sections_completed(&format!("{head}{good}{refused}"));
        let added = "a=ice-ufrag:u\r\na=ice-pwd:p\r\na=fingerprint:f\r\na=setup:active\r\n";
        assert_eq!(completed, format!("{head}{good}{refused}{added}"));
        assert_eq!(with_refused_sections_completed(&completed), completed);
        assert_eq!(with_refused_sections_completed(head), head);
    }

    #[test]
    fn how_long_a_message_may_be_is_said_once_and_only_of_data_channels() {
        let video = "v=0\r\nm=video 9\r\na=mid:0\r\n";
        assert_eq!(with_longest_message(video, 7), video);
        let data = "m=application 9\r\na=sctp-port:5000\r\n";
        let said = format!("{video}{data}a=max-message-size:7\r\n");
        assert_eq!(with_longest_message(&format!("{video}{data}"), 7), said);
        assert_eq!(with_longest_message(&said, 9), said.replace(":7", ":9"));
    }

    #[test]
    fn what_is_sent_has_a_clock_and_nothing_else_has() {
        let (head, data) = ("v=0\r\ns=-\r\n", "m=application 9\r\na=sctp-port:5000\r\n");
        let (video, idle) = ("m=video 9\r\na=sendonly\r\n", "m=audio 9\r\na=inactive\r\n");
        let sdp = format!("{head}{video}{idle}{data}{video}");
        let ntp = Reference::read("ntp=192.0.2.1:5000").unwrap();
        let said = "a=ts-refclk:ntp=192.0.2.1:5000\r\na=mediaclk:direct=0\r\n";
        let with = with_clock(&sdp, Some(&ntp));
        assert_eq!(with, format!("{head}{video}{said}{idle}{data}{video}{said}"));
        assert_eq!(without_clocks(&with), sdp);
        let own = "a=ts-refclk:local\r\na=mediaclk:sender\r\n";
        assert_eq!(with_clock(video.trim_end(), None), format!("{video}{own}"));
    }

    #[test]
    fn every_fingerprint_is_replaced_and_all_else_kept() {
        let sdp = "v=0\r\na=fingerprint:sha-256 00:11\r\nm=video 9\r\na=mid:0\r\na=fingerprint:sha-1 22\r\n";
        let expected =
            "v=0\r\na=fingerprint:sha-256 AA\r\nm=video 9\r\na=mid:0\r\na=fingerprint:sha-256 AA\r\n";
        assert_eq!(with_fingerprint(sdp, "sha-256 AA"), expected);
    }
}
