//! Settings that can be read but make no sense: a server with them would serve nobody, or put out who is well.

use super::seconds::Seconds;
use super::settings::Settings;
use anyhow::{Result, bail, ensure};
use std::time::Duration;

/// A shorter message than this says nothing useful.
const SHORTEST_MESSAGE: usize = 1024;

/// Refuses settings that make no sense, by the name of the option and with the cure.
pub(super) fn check(settings: &Settings) -> Result<()> {
    let times = [
        ("handshake-timeout", &settings.handshake_timeout),
        ("close-timeout", &settings.close_timeout),
        ("ping-interval", &settings.ping_interval),
        ("idle-timeout", &settings.idle_timeout),
        ("heartbeat", &settings.heartbeat),
        ("shortest-heartbeat", &settings.shortest_heartbeat),
        ("turn-lifetime", &settings.turn_lifetime),
    ];
    for (name, Seconds(time)) in times {
        ensure!(*time > Duration::ZERO, "--{name} must be more than 0 seconds");
    }
    let sizes = [("max-message-size", settings.max_message_size), ("queue-bytes", settings.queue_bytes)];
    for (name, size) in sizes {
        ensure!(size >= SHORTEST_MESSAGE, "--{name} must be {SHORTEST_MESSAGE} bytes or more");
    }
    ensure!(settings.max_sessions_per_peer > 0, "--max-sessions-per-peer must be more than 0");
    ensure!(
        settings.idle_timeout.0 > settings.ping_interval.0,
        "--idle-timeout must be longer than --ping-interval: a peer that says nothing is pinged before it is \
         disconnected"
    );
    ensure!(
        settings.shortest_heartbeat.0 <= settings.heartbeat.0,
        "--shortest-heartbeat must not be longer than --heartbeat"
    );
    settings.origin.iter().try_for_each(|origin| check_origin(origin))
}

/// An origin as browsers send it (RFC 6454 section 6.2).
fn check_origin(origin: &str) -> Result<()> {
    let form = "give SCHEME://HOST, or SCHEME://HOST:PORT where the port is not the usual one; without --origin every \
                page is let in";
    let Some((scheme, rest)) = origin.split_once("://") else {
        bail!("{origin:?} is no origin (--origin): {form}");
    };
    let plain = !rest.is_empty() && !rest.contains(['/', '?', '#', '@', '*']) && !origin.contains(' ');
    ensure!(plain && !scheme.is_empty(), "{origin:?} is no origin (--origin): {form}");
    let usual = [("https", ":443"), ("http", ":80")];
    if usual.iter().any(|(of, port)| scheme == *of && rest.ends_with(port)) {
        bail!("no browser sends the origin {origin:?} (--origin): leave the usual port out");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn refusal(args: &[&str]) -> String {
        let args = [&["server"], args].concat();
        check(&Settings::parse_from(args)).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn the_defaults_make_sense() {
        assert_eq!(refusal(&[]), "");
        let origins = ["--origin", "https://example.com", "--origin", "http://[::1]:8080"];
        assert_eq!(refusal(&origins), "");
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (name, value) in [
            ("--idle-timeout", "0"),
            ("--idle-timeout", "2"),
            ("--heartbeat", "0"),
            ("--shortest-heartbeat", "20"),
            ("--handshake-timeout", "0"),
            ("--queue-bytes", "0"),
            ("--max-message-size", "0"),
            ("--max-sessions-per-peer", "0"),
            ("--origin", "*"),
            ("--origin", "example.com"),
            ("--origin", "https://example.com/path"),
            ("--origin", "https://example.com:443"),
        ] {
            assert!(refusal(&[name, value]).contains(name), "{name} {value}: {:?}", refusal(&[name, value]));
        }
    }
}
