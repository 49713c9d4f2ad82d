//! Changes to the text of our own descriptions before they are set and sent.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fingerprint_is_replaced_and_all_else_kept() {
        let sdp = "v=0\r\na=fingerprint:sha-256 00:11\r\nm=video 9\r\na=mid:0\r\na=fingerprint:sha-1 22\r\n";
        let expected =
            "v=0\r\na=fingerprint:sha-256 AA\r\nm=video 9\r\na=mid:0\r\na=fingerprint:sha-256 AA\r\n";
        assert_eq!(with_fingerprint(sdp, "sha-256 AA"), expected);
    }
}
