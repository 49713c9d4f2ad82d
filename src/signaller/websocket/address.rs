//! Addresses of servers: without what may be secret in them, and without what is meant for us.

use std::borrow::Cow;
use url::{Url, form_urlencoded};

/// An address without what may be secret in it.
pub(super) fn place(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Refused only by addresses that cannot have them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// The same of a text that may be no address.
pub(crate) fn shown(text: &str) -> String {
    match Url::parse(text) {
        Ok(url) if url.has_host() => place(&url),
        // Nobody can tell where in it a password ends.
        _ if text.contains('@') => match text.split_once("://") {
            Some((scheme, _)) if !scheme.contains(['@', ':']) => format!("{scheme}://..."),
            _ => "...".into(),
        },
        _ => text.split(['?', '#']).next().unwrap_or_default().to_owned(),
    }
}

/// Takes those words out of the query that `take` wants, by key and value; the rest stays as it was typed.
pub(super) fn take_query(url: &mut Url, mut take: impl FnMut(&str, Cow<'_, str>) -> bool) {
    let Some(query) = url.query().map(str::to_owned) else { return };
    let mut is_taken = |part: &&str| {
        let word = form_urlencoded::parse(part.as_bytes()).next();
        word.is_some_and(|(key, value)| take(&key, value))
    };
    let rest: Vec<_> = query.split('&').filter(|part| !is_taken(part)).collect();
    let rest = rest.join("&");
    url.set_query(Some(rest.as_str()).filter(|rest| !rest.is_empty()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_an_address_has_no_secrets() {
        for (text, expected) in [
            ("https://user:secret@host:1/path?token=secret#secret", "https://host:1/path"),
            ("other://user:secret@host?secret", "other://host"),
            ("ws://user:secret@host:port/?token=secret", "ws://..."),
            ("ws://user:secret?secret@host", "ws://..."),
            ("user:secret@host", "..."),
            ("user:secret://@host", "..."),
            ("localhost:8443/?token=secret", "localhost:8443/"),
            ("token?secret", "token"),
            ("", ""),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_taken_of_a_query_stays_as_it_was_typed() {
        for (query, rest) in [
            ("?room=a%20b&flag&x=1+2&&peer-id=a%26b", "?room=a%20b&flag&x=1+2&"),
            ("?peer%2Did=a%26b", ""),
            ("?access_token=a/b==&peer-id=a%26b&c=%7e", "?access_token=a/b==&c=%7e"),
            ("", ""),
        ] {
            let mut url = Url::parse(&format!("ws://host/path{query}")).unwrap();
            let mut taken = None;
            take_query(&mut url, |key, value| {
                let is_ours = key == "peer-id";
                taken = if is_ours { Some(value.into_owned()) } else { taken.take() };
                is_ours
            });
            assert_eq!(url.as_str(), format!("ws://host/path{rest}"));
            assert_eq!(taken.as_deref(), Some("a&b").filter(|_| !query.is_empty()), "{query}");
        }
    }
}
