//! The options of the program. An option on the command line goes before its environment variable, that before
//! the configuration file, and that before the default.

use super::seconds::Seconds;
use anyhow::{Context, Result, bail};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches, Parser};
use gst_plugin_webrtc_signalling::Config;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

/// What the names of environment variables begin with.
const PREFIX: &str = "GST_WEBRTC_SIGNALLING_";
/// The one variable that has another name.
pub(crate) const LOG_VARIABLE: &str = "WEBRTCSINK_SIGNALLING_SERVER_LOG";

/// The library's defaults are the program's.
static DEFAULTS: LazyLock<Config> = LazyLock::new(Config::default);

/// Introduces WebRTC producers and consumers to each other.
///
/// Every option can also be set by an environment variable (--max-connections by
/// GST_WEBRTC_SIGNALLING_MAX_CONNECTIONS) and, under its name without dashes in front, in the file that --config
/// names. An option goes before the variable, the variable before the file. Times are in seconds, sizes in bytes.
#[derive(Debug, Parser, Serialize, Deserialize)]
#[command(name = "gst-webrtc-signalling-server", version)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Settings {
    /// Address to listen on, IPv4 or IPv6, or a host name
    #[arg(long, default_value = "0.0.0.0")]
    pub(crate) host: String,
    /// Port to listen on; 0 picks a free one
    #[arg(short, long, default_value_t = 8443)]
    pub(crate) port: u16,
    /// Certificate chain in PEM form, to serve wss; needs --key. Read again on SIGHUP
    #[arg(short, long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
    /// Private key of the certificate in PEM form; needs --cert. Read again on SIGHUP
    #[arg(short, long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Configuration file in TOML form
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub(crate) config: Option<PathBuf>,
    /// What is logged to stdout, as a tracing filter: error, warn, info, debug or trace. Its environment variable
    /// is WEBRTCSINK_SIGNALLING_SERVER_LOG
    #[arg(long, value_name = "FILTER", default_value = "info")]
    pub(crate) log: String,

    /// Let in only who has one of the tokens in this file. Read again on SIGHUP
    #[arg(long, value_name = "FILE", help_heading = "Access")]
    pub(crate) tokens: Option<PathBuf>,
    /// Let in who has a JSON Web Token signed with this key: a public key in PEM form, or a secret of 32 bytes
    /// or more. Read again on SIGHUP
    #[arg(long, value_name = "FILE", help_heading = "Access")]
    pub(crate) jwt_key: Option<PathBuf>,
    /// The audience (aud) that a JSON Web Token must name
    #[arg(long, value_name = "NAME", help_heading = "Access")]
    pub(crate) jwt_audience: Option<String>,
    /// The issuer (iss) that a JSON Web Token must name
    #[arg(long, value_name = "NAME", help_heading = "Access")]
    pub(crate) jwt_issuer: Option<String>,
    /// Let in only pages from this origin, SCHEME://HOST or SCHEME://HOST:PORT; may be given several times
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',', help_heading = "Access")]
    pub(crate) origin: Vec<String>,

    /// STUN server that peers are told of, as stun:HOST:PORT; may be given several times
    #[arg(long, value_name = "URL", value_delimiter = ',', help_heading = "ICE servers")]
    pub(crate) stun_server: Vec<String>,
    /// TURN server that peers are told of, as turn:HOST:PORT?transport=udp; may be given several times. Needs
    /// --turn-secret
    #[arg(long, value_name = "URL", value_delimiter = ',', help_heading = "ICE servers")]
    pub(crate) turn_server: Vec<String>,
    /// File with the secret that is shared with the TURN servers (static-auth-secret of coturn). Read again on
    /// SIGHUP
    #[arg(long, value_name = "FILE", help_heading = "ICE servers")]
    pub(crate) turn_secret: Option<PathBuf>,
    /// How long TURN credentials last; peers get new ones in time
    #[arg(long, value_name = "SECONDS", default_value = "3600", help_heading = "ICE servers")]
    pub(crate) turn_lifetime: Seconds,

    /// Connections in all; 0 for no limit
    #[arg(long, value_name = "COUNT", default_value_t = DEFAULTS.max_connections, help_heading = "Limits")]
    pub(crate) max_connections: usize,
    /// Connections from one IPv4 address or IPv6 /64 network; 0 for no limit
    #[arg(long, value_name = "COUNT", default_value_t = DEFAULTS.max_connections_per_address, help_heading = "Limits")]
    pub(crate) max_connections_per_address: usize,
    /// Length of a message of a peer
    #[arg(long, value_name = "BYTES", default_value_t = DEFAULTS.max_message_size, help_heading = "Limits")]
    pub(crate) max_message_size: usize,
    /// Length of a peer's description of itself (meta)
    #[arg(long, value_name = "BYTES", default_value_t = DEFAULTS.max_meta_size, help_heading = "Limits")]
    pub(crate) max_meta_size: usize,
    /// Messages of one peer each second on average; what comes faster is read later. 0 for no limit
    #[arg(long, value_name = "COUNT", default_value_t = DEFAULTS.messages_per_second, help_heading = "Limits")]
    pub(crate) messages_per_second: u32,
    /// Sessions of one peer at a time
    #[arg(long, value_name = "COUNT", default_value_t = DEFAULTS.max_sessions_per_peer, help_heading = "Limits")]
    pub(crate) max_sessions_per_peer: usize,
    /// Bytes that may wait for one peer
    #[arg(long, value_name = "BYTES", default_value_t = DEFAULTS.queue_bytes, help_heading = "Limits")]
    pub(crate) queue_bytes: usize,

    /// Until a connection is a websocket, TLS included
    #[arg(long, value_name = "SECONDS", default_value_t = Seconds(DEFAULTS.handshake_timeout), help_heading = "Times")]
    pub(crate) handshake_timeout: Seconds,
    /// For closing a connection, both sides
    #[arg(long, value_name = "SECONDS", default_value_t = Seconds(DEFAULTS.close_timeout), help_heading = "Times")]
    pub(crate) close_timeout: Seconds,
    /// Without a word from a peer until it is pinged
    #[arg(long, value_name = "SECONDS", default_value_t = Seconds(DEFAULTS.ping_interval), help_heading = "Times")]
    pub(crate) ping_interval: Seconds,
    /// Without a word from a peer, not even an answer to a ping, until it is disconnected
    #[arg(long, value_name = "SECONDS", default_value_t = Seconds(DEFAULTS.idle_timeout), help_heading = "Times")]
    pub(crate) idle_timeout: Seconds,
    /// Between the heartbeats of a peer that asks for no interval; a connection is lost after two and a half
    #[arg(long, value_name = "SECONDS", default_value_t = Seconds(DEFAULTS.heartbeat), help_heading = "Times")]
    pub(crate) heartbeat: Seconds,
    /// The shortest interval of heartbeats that a peer may ask for
    #[arg(long, value_name = "SECONDS", default_value_t = Seconds(DEFAULTS.shortest_heartbeat), help_heading = "Times")]
    pub(crate) shortest_heartbeat: Seconds,
    /// For which the place of a peer is kept of which nothing is heard any more; a third of it where its connection
    /// ended without a Close. 0 for not at all
    #[arg(long, value_name = "SECONDS", default_value_t = Seconds(DEFAULTS.lease), help_heading = "Times")]
    pub(crate) lease: Seconds,

    /// Serve a web page that plays and produces streams, on the port of the websockets: on, off, or a directory with a
    /// page of your own. Who reaches the port sees it without a token; what it plays needs one where --tokens or
    /// --jwt-key ask for it
    #[arg(long, value_name = "on|off|DIRECTORY", default_value = "on", help_heading = "Operations")]
    pub(crate) page: String,
    /// On SIGTERM, let nobody in for this long before everyone is disconnected; less if everyone leaves. A second
    /// signal ends the server at once
    #[arg(long, value_name = "SECONDS", default_value_t = Seconds(Duration::ZERO), help_heading = "Operations")]
    pub(crate) drain: Seconds,
    /// Serve /metrics, /healthz and /readyz here, and /metrics nowhere else. Without it, /metrics is shown to
    /// this machine only, on the port of the websockets
    #[arg(long, value_name = "HOST:PORT", help_heading = "Operations")]
    pub(crate) metrics_listen: Option<String>,
}

impl Settings {
    /// Reads the command line, the environment and the configuration file. Ends the program where help is asked
    /// for or the command line is wrong.
    pub(crate) fn read() -> Result<Self> {
        let matches = command().get_matches();
        let mut settings = Self::from_arg_matches(&matches)?;
        if let Some(path) = &settings.config {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("failed to read the configuration file {}", path.display()))?;
            settings = settings.over_file(&matches, path, &text)?;
        }
        super::sense::check(&settings)?;
        Ok(settings)
    }

    /// Takes from a file what was given neither as an option nor in the environment.
    fn over_file(&self, matches: &ArgMatches, path: &Path, text: &str) -> Result<Self> {
        let failed = || format!("failed to read the configuration file {}", path.display());
        let file: toml::Table = toml::from_str(text).with_context(failed)?;
        let mut merged = toml::Table::try_from(self)?;
        for (key, value) in file {
            let id = key.replace('-', "_");
            let names = |arg: &Arg| arg.get_long() == Some(&key) && key != "config";
            if !Self::command().get_arguments().any(names) {
                bail!(
                    "{}: there is no key {key:?}; --help lists the options, whose names are the keys",
                    failed()
                );
            }
            if matches!(matches.value_source(&id), None | Some(ValueSource::DefaultValue)) {
                merged.insert(key, value);
            }
        }
        Ok(Self { config: Some(path.to_owned()), ..merged.try_into().with_context(failed)? })
    }
}

/// The command line, with an environment variable for every option.
fn command() -> Command {
    Settings::command().mut_args(|arg| {
        let variable = match arg.get_id().as_str() {
            "log" => LOG_VARIABLE.to_owned(),
            "help" | "version" => return arg,
            id => format!("{PREFIX}{}", id.to_uppercase()),
        };
        arg.env(variable).hide_env(true)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../dist/gst-webrtc-signalling-server.toml");

    fn settings(args: &[&str], file: &str) -> Result<Settings> {
        let args = [&["gst-webrtc-signalling-server"], args].concat();
        let matches = Settings::command().get_matches_from(args);
        Settings::from_arg_matches(&matches)?.over_file(&matches, Path::new("server.toml"), file)
    }

    #[test]
    fn an_option_goes_before_the_file_and_the_file_before_the_default() {
        let file = "port = 1\nlease = 2.5\nstun-server = [\"stun:a\"]";
        let settings = settings(&["--port", "3"], file).unwrap();
        assert_eq!((settings.port, settings.lease), (3, Seconds(Duration::from_millis(2500))));
        assert_eq!(settings.stun_server, ["stun:a"]);
        assert_eq!(settings.max_connections, Config::default().max_connections);
    }

    #[test]
    fn a_key_that_does_not_exist_is_named() {
        for key in ["prot", "config", "max_connections", "help"] {
            let error = format!("{:#}", settings(&[], &format!("{key} = 1")).unwrap_err());
            assert!(error.contains(key) && error.contains("server.toml"), "{error}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named() {
        for file in ["port = \"x\"", "port = 65536", "lease = -1", "origin = 1"] {
            let error = format!("{:#}", settings(&[], file).unwrap_err());
            let key = file.split(' ').next().unwrap();
            assert!(error.contains(key) && error.contains("server.toml"), "{error}");
        }
    }

    #[test]
    fn the_sample_file_has_every_option_with_its_default() {
        let keys = |text: &str| -> toml::Table { toml::from_str(text).unwrap() };
        assert!(keys(SAMPLE).is_empty(), "the sample changes something");
        let uncommented: String = SAMPLE
            .lines()
            .filter_map(|line| line.strip_prefix('#'))
            .filter(|line| !line.starts_with(' '))
            .map(|line| format!("{line}\n"))
            .collect();
        let sample = keys(&uncommented);
        assert!(settings(&[], &uncommented).is_ok());
        let command = Settings::command();
        let options = command.get_arguments().filter_map(|arg| arg.get_long());
        for option in options.filter(|option| !["help", "version", "config"].contains(option)) {
            assert!(sample.contains_key(option), "the sample lacks {option}");
        }
        let defaults = toml::Table::try_from(settings(&[], "").unwrap()).unwrap();
        for (key, value) in defaults.iter().filter(|(_, value)| !value.is_array()) {
            let same =
                |value: &toml::Value| value.as_integer().map_or(value.as_float(), |value| Some(value as f64));
            assert!(
                sample[key] == *value || same(&sample[key]) == same(value),
                "{key} is {value:?} by default"
            );
        }
    }
}
