//! What is set as a STUN or TURN server and cannot be one, for who set it. What the signalling server names is only
//! logged, by `resolve`.

use url::Url;

/// Each that cannot be used, with the property and what to write.
pub(crate) fn unusable(stun: Option<&str>, turn: &[String]) -> Vec<String> {
    let stun = stun.filter(|url| !url.is_empty()).map(|url| ("stun-server", url, "stun://host:port"));
    let turn = turn.iter().map(|url| ("turn-servers", url.as_str(), "turn://user:password@host:port"));
    let wrong = stun.into_iter().chain(turn).filter(|(property, url, _)| !is_one(property, url));
    // What is in front of an @ is a password.
    let shown = |url: &str| url.rsplit('@').next().unwrap_or_default().to_owned();
    let text = |(property, url, form)| {
        format!("property {property}: '{}' is no such server, and is left out: write {form}", shown(url))
    };
    wrong.map(text).collect()
}

fn is_one(property: &str, text: &str) -> bool {
    let schemes: &[&str] = if property == "stun-server" { &["stun", "stuns"] } else { &["turn", "turns"] };
    Url::parse(text).is_ok_and(|url| url.has_host() && schemes.contains(&url.scheme()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_server_is_named_with_its_property_and_without_its_password() {
        let good =
            ["turn://u:p@a.example:1", "turns://u:p@[2001:db8::1]", "turn://u:p@a.example?transport=tcp"];
        assert_eq!(unusable(Some("stun://a.example:1"), &good.map(str::to_owned)), Vec::<String>::new());
        assert_eq!(unusable(None, &[]), Vec::<String>::new());
        assert_eq!(unusable(Some(""), &[]), Vec::<String>::new());
        for (stun, turn, word) in [
            (Some("a.example"), None, "stun-server"),
            (Some("turn://a.example"), None, "stun-server"),
            (None, Some("u:secret@a.example:3478"), "turn-servers"),
            (None, Some("http://u:secret@a.example"), "turn-servers"),
            (None, Some("turn:"), "turn-servers"),
        ] {
            let said = unusable(stun, &turn.map(str::to_owned).into_iter().collect::<Vec<_>>()).concat();
            assert!(said.contains(word) && !said.contains("secret"), "{stun:?} {turn:?}: {said}");
        }
    }
}
