//! What is wrong with the STUN and TURN servers that the application names, in words that say what to change.

use url::Url;

const STUN: (&str, &[&str], &str) = ("stun-server", &["stun"], "stun://host:port");
const TURN: (&str, &[&str], &str) = (
    "turn-servers",
    &["turn", "turns"],
    "turn://user:password@host:port, or turns://, with ?transport=tcp for TCP, and anything but letters, digits and \
     -._~ in user and password percent-encoded",
);

/// What is wrong with the properties `stun-server` and `turn-servers`: a sentence for each server that is left out.
pub(crate) fn faults(stun: Option<&str>, turn: &[String]) -> Vec<String> {
    let stun = stun.filter(|url| !url.is_empty()).map(|url| (url, STUN));
    let all = stun.into_iter().chain(turn.iter().map(|url| (url.as_str(), TURN)));
    let told = all.filter_map(|(url, (property, schemes, form))| {
        let fault = fault(url, schemes)?;
        let place = url.rsplit('@').next().unwrap_or_default();
        Some(format!("property {property}: '{place}' is left out: {fault}; write {form}"))
    });
    told.collect()
}

/// Whether there is nothing wrong with a server of the property.
pub(super) fn is_usable(url: &str, is_stun: bool) -> bool {
    let (_, schemes, _) = if is_stun { STUN } else { TURN };
    fault(url, schemes).is_none()
}

fn fault(text: &str, schemes: &[&str]) -> Option<String> {
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(err) => return Some(err.to_string()),
    };
    if !schemes.contains(&url.scheme()) {
        return Some(format!("it begins with {}:", url.scheme()));
    }
    if !url.has_host() {
        return Some("it names no host".into());
    }
    let nobody = url.username().is_empty() || url.password().is_none_or(str::is_empty);
    (nobody && !schemes.contains(&"stun")).then(|| "it has no user name and password".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(stun: &str, turn: &str) -> String {
        faults(Some(stun), &[turn.to_owned()]).join("\n")
    }

    #[test]
    fn servers_that_can_be_used_have_no_fault() {
        assert_eq!(of("stun://stun.example.org:3478", "turn://u:p@turn.example.org"), "");
        assert_eq!(of("", "turns://17%3Aa:p%2Fw@[2001:db8::1]:5349?transport=tcp"), "");
        assert_eq!(faults(None, &[]), [""; 0]);
    }

    #[test]
    fn a_fault_names_the_property_and_the_server_without_its_password_and_says_what_to_write() {
        for (turn, why) in [
            ("turn://192.0.2.1:3478", "no user name"),
            ("turn:192.0.2.1:3478", "names no host"),
            ("http://u:secret@192.0.2.1", "begins with http:"),
            ("stun://u:secret@192.0.2.1", "begins with stun:"),
            ("turn://u:secret@192.0.2.1:port", "port"),
            ("192.0.2.1", "relative URL"),
            ("", "relative URL"),
        ] {
            let text = of("", turn);
            assert!(text.starts_with("property turn-servers: '") && text.contains(why), "{turn}: {text}");
            assert!(text.contains("write turn://user") && !text.contains("secret"), "{text}");
        }
        let text = of("stun.example.org:3478", "turn://u:p@192.0.2.1");
        assert!(text.starts_with("property stun-server: 'stun.example.org:3478'"), "{text}");
        assert!(text.contains("write stun://host:port"), "{text}");
    }
}
