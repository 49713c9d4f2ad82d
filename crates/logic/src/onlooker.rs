//! Who may look at what an element shows of itself over HTTP: this machine, or whoever has the token. A page of somebody
//! else in a browser on this machine may not.

use core::net::IpAddr;

/// Headers by which a proxy says that it asks for somebody else.
pub const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/// The token of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// None is asked for.
    Unasked,
    /// There is none.
    Missing,
    /// It is another.
    Wrong,
    /// It is the one.
    Right,
}

/// A request, as far as it matters.
#[derive(Debug, Clone, Copy)]
pub struct Onlooker<'a> {
    /// Where it comes from.
    pub from: IpAddr,
    /// Its header `Host`.
    pub host: Option<&'a str>,
    /// Whether it has one of [`FORWARDED`].
    pub is_forwarded: bool,
    /// Its token.
    pub token: Token,
}

/// Why somebody may not look, with what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// From another machine.
    #[error(
        "it is shown on the machine itself only: set the property web-server-token and send it, or look at it there"
    )]
    Elsewhere,
    /// Through a proxy, which asks for who knows whom.
    #[error("a proxy asks for somebody else: set the property web-server-token and send it")]
    Proxy,
    /// Under a name that anybody may have given this machine's address.
    #[error(
        "it is shown under an address or as localhost only, not under another name: use http://127.0.0.1 or \
         http://localhost, or set the property web-server-token and send it"
    )]
    Name,
    /// Without the token.
    #[error("it needs the token of the property web-server-token: send it as 'Authorization: Bearer TOKEN'")]
    NoToken,
    /// With another token.
    #[error("the token is not that of the property web-server-token")]
    WrongToken,
}

impl Onlooker<'_> {
    /// Whether it may look.
    ///
    /// # Errors
    /// It may not; says why.
    pub fn judge(&self) -> Result<(), Refusal> {
        match self.token {
            Token::Right => Ok(()),
            Token::Wrong => Err(Refusal::WrongToken),
            Token::Missing => Err(Refusal::NoToken),
            Token::Unasked if !self.from.to_canonical().is_loopback() => Err(Refusal::Elsewhere),
            Token::Unasked if self.is_forwarded => Err(Refusal::Proxy),
            // A page under another name that leads here has the browser read for it.
            Token::Unasked if !self.host.is_some_and(is_plain) => Err(Refusal::Name),
            Token::Unasked => Ok(()),
        }
    }
}

/// Whether a host is an address, or this machine's own name for itself; with or without a port.
fn is_plain(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    };
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    address.parse::<IpAddr>().is_ok() || name.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local() -> Onlooker<'static> {
        Onlooker {
            from: "127.0.0.1".parse().unwrap(),
            host: Some("localhost:8080"),
            is_forwarded: false,
            token: Token::Unasked,
        }
    }

    #[test]
    fn without_a_token_this_machine_alone_may_look() {
        assert_eq!(local().judge(), Ok(()));
        for from in ["127.0.0.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(Onlooker { from: from.parse().unwrap(), ..local() }.judge(), Ok(()), "{from}");
        }
        for from in ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1"] {
            let judged = Onlooker { from: from.parse().unwrap(), ..local() }.judge();
            assert_eq!(judged, Err(Refusal::Elsewhere), "{from}");
        }
        assert_eq!(Onlooker { is_forwarded: true, ..local() }.judge(), Err(Refusal::Proxy));
    }

    #[test]
    fn a_name_that_somebody_gave_this_machine_is_refused() {
        for host in
            ["localhost", "LocalHost:80", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:8080", "10.0.0.1:1"]
        {
            assert_eq!(Onlooker { host: Some(host), ..local() }.judge(), Ok(()), "{host}");
        }
        for host in
            ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil:1", "", "[::1"]
        {
            assert_eq!(Onlooker { host: Some(host), ..local() }.judge(), Err(Refusal::Name), "{host}");
        }
        assert_eq!(Onlooker { host: None, ..local() }.judge(), Err(Refusal::Name));
    }

    #[test]
    fn where_there_is_a_token_nothing_else_counts() {
        let far = Onlooker {
            from: "192.0.2.1".parse().unwrap(),
            host: None,
            is_forwarded: true,
            token: Token::Right,
        };
        assert_eq!(far.judge(), Ok(()));
        assert_eq!(Onlooker { token: Token::Missing, ..local() }.judge(), Err(Refusal::NoToken));
        assert_eq!(Onlooker { token: Token::Wrong, ..local() }.judge(), Err(Refusal::WrongToken));
    }
}
