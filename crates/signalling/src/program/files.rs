//! The files that the program reads when it starts, and again when it is told to.

use super::settings::Settings;
use anyhow::{Context, Result, bail};
use gst_plugin_webrtc_signalling::access::{Access, Authority, Jwt, Token, Tokens};
use gst_plugin_webrtc_signalling::ice::IceServers;
use gst_plugin_webrtc_signalling::tls::Reloadable;
use gst_plugin_webrtc_signalling::{Config, MetricsAt, Page, Rights};
use serde::Deserialize;
use std::path::Path;
use tracing::{error, info};

/// What can be read again while the server runs.
pub(crate) struct Files {
    settings: Settings,
    certificate: Option<Reloadable>,
    access: Access,
    ice: IceServers,
}

impl Files {
    /// Reads everything. What does not serve is an error that names the file.
    pub(crate) fn read(settings: Settings) -> Result<Self> {
        let certificate = Reloadable::open_optional(settings.cert.as_deref(), settings.key.as_deref())
            .map_err(|failure| anyhow::anyhow!("failed to {failure}"))?;
        let access = Access::by(authorities(&settings)?);
        let ice = ice_servers(&settings)?;
        Ok(Self { settings, certificate, access, ice })
    }

    /// Reads everything again. What does not serve any more is logged, and stays what it was.
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is no signal to ask for it"))]
    pub(crate) fn reload(&self) {
        if let Some(certificate) = &self.certificate {
            let done = certificate.reload().map_err(|failure| anyhow::anyhow!("failed to {failure}"));
            report("the certificate", done);
        }
        if self.settings.tokens.is_some() || self.settings.jwt_key.is_some() {
            let done = authorities(&self.settings).map(|authorities| self.access.replace(authorities));
            report("who may come in", done);
        }
        if self.settings.turn_secret.is_some() {
            let done = ice_servers(&self.settings).map(|servers| self.ice.replace(&servers));
            report("the secret of the TURN servers", done);
        }
    }

    /// How the server behaves.
    pub(crate) fn config(&self) -> Result<Config> {
        let settings = &self.settings;
        let tls = self.certificate.as_ref().map(Reloadable::server_config).transpose();
        let nowhere_else = settings.metrics_listen.is_some();
        Ok(Config {
            tls: tls.map_err(|failure| anyhow::anyhow!("failed to {failure}"))?,
            access: self.access.clone(),
            origins: settings.origin.clone(),
            ice: self.ice.clone(),
            max_connections: settings.max_connections,
            max_connections_per_address: settings.max_connections_per_address,
            ping_interval: settings.ping_interval.0,
            idle_timeout: settings.idle_timeout.0,
            heartbeat: settings.heartbeat.0,
            shortest_heartbeat: settings.shortest_heartbeat.0,
            lease: settings.lease.0,
            handshake_timeout: settings.handshake_timeout.0,
            close_timeout: settings.close_timeout.0,
            queue_bytes: settings.queue_bytes,
            max_message_size: settings.max_message_size,
            max_meta_size: settings.max_meta_size,
            messages_per_second: settings.messages_per_second,
            max_sessions_per_peer: settings.max_sessions_per_peer,
            page: page(&settings.page)?,
            metrics_at: if nowhere_else { MetricsAt::Nobody } else { MetricsAt::ThisMachine },
            ..Config::default()
        })
    }
}

fn page(wanted: &str) -> Result<Page> {
    match wanted {
        "on" => Ok(Page::BuiltIn),
        "off" => Ok(Page::Nothing),
        directory if Path::new(directory).is_dir() => Ok(Page::Directory(directory.into())),
        other => bail!("failed to serve the page (--page): {other:?} is neither on nor off nor a directory"),
    }
}

fn report(what: &str, done: Result<()>) {
    match done {
        Ok(()) => info!("read {what} again"),
        Err(failure) => error!("{failure:#}; {what} stays as it was"),
    }
}

/// Whom to ask about tokens: nobody where no option asks for tokens.
fn authorities(settings: &Settings) -> Result<Vec<Box<dyn Authority>>> {
    let mut authorities: Vec<Box<dyn Authority>> = Vec::new();
    if let Some(path) = &settings.tokens {
        let tokens =
            std::fs::read_to_string(path).map_err(anyhow::Error::from).and_then(|text| tokens(&text));
        authorities.push(Box::new(tokens.with_context(|| failed("tokens", path))?));
    }
    if let Some(path) = &settings.jwt_key {
        let key = std::fs::read(path).map_err(anyhow::Error::from).and_then(|key| Ok(Jwt::new(&key)?));
        let mut jwt = key.with_context(|| failed("the key of JSON Web Tokens", path))?;
        if let Some(audience) = &settings.jwt_audience {
            jwt = jwt.audience(audience);
        }
        if let Some(issuer) = &settings.jwt_issuer {
            jwt = jwt.issuer(issuer);
        }
        authorities.push(Box::new(jwt));
    } else if settings.jwt_audience.is_some() || settings.jwt_issuer.is_some() {
        bail!("failed to check JSON Web Tokens: there is no key (--jwt-key)");
    }
    Ok(authorities)
}

fn ice_servers(settings: &Settings) -> Result<IceServers> {
    let secret = match &settings.turn_secret {
        Some(path) => Some(std::fs::read(path).with_context(|| failed("the secret of TURN servers", path))?),
        None => None,
    };
    // Editors end files with a line break.
    let secret = secret.as_deref().map(<[u8]>::trim_ascii_end);
    let (stun, turn) = (settings.stun_server.clone(), settings.turn_server.clone());
    IceServers::new(stun, turn, secret, settings.turn_lifetime.0).context("failed to hand out ICE servers")
}

fn failed(what: &str, path: &Path) -> String {
    format!("failed to read {what} from {}", path.display())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokensFile {
    #[serde(default)]
    tokens: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    token: String,
    #[serde(default)]
    room: String,
    rights: Vec<String>,
}

/// Reads tokens in TOML form. Errors never quote the file.
fn tokens(text: &str) -> Result<Tokens> {
    let file: TokensFile = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        anyhow::anyhow!(
            "line {line} is not understood: an entry is [[tokens]] with token = \"...\", \
             rights = [\"produce\", \"consume\", \"list\"] or some of them and, if wanted, room = \"...\""
        )
    })?;
    let mut tokens = Tokens::new();
    for (index, Entry { token, room, rights }) in file.tokens.into_iter().enumerate() {
        let number = index + 1;
        if token.is_empty() {
            bail!("token {number} is empty");
        }
        let rights =
            Rights::named(rights.iter().map(String::as_str)).with_context(|| format!("token {number}"))?;
        if !tokens.insert(&token, Token { room, rights }) {
            bail!("token {number} is there already");
        }
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_tokens_is_said_without_them() {
        for (text, expected) in [
            ("[[tokens]]\nrights = []\ntoken = 'secret", "line 3"),
            ("[[tokens]]\ntoken = 'secret'", "line 1"),
            ("[[tokens]]\ntoken = 'secret'\nrights = 'list'", "line 3"),
            ("tokens = 'secret'", "line 1"),
            ("[[tokens]]\ntoken = 'secret'\nrights = []\nsecret = 1", "line 4"),
            ("[[tokens]]\ntoken = ''\nrights = []", "token 1 is empty"),
            ("[[tokens]]\ntoken = 'secret'\nrights = ['fly']", "\"fly\""),
            (
                "tokens = [{token='secret', rights=[]}, {token='secret', rights=[]}]",
                "token 2 is there already",
            ),
        ] {
            let error = format!("{:#}", tokens(text).err().unwrap());
            assert!(error.contains(expected) && !error.contains("secret"), "{text}: {error}");
        }
    }

    #[test]
    fn the_page_is_on_off_or_a_directory() {
        assert_eq!(page("on").unwrap(), Page::BuiltIn);
        assert_eq!(page("off").unwrap(), Page::Nothing);
        assert_eq!(page(".").unwrap(), Page::Directory(".".into()));
        let error = page("/no/such/folder").unwrap_err().to_string();
        assert!(error.contains("--page") && error.contains("/no/such/folder"), "{error}");
    }

    #[test]
    fn tokens_have_rooms_and_rights() {
        let text =
            "[[tokens]]\ntoken = 'a'\nroom = 'blue'\nrights = ['list']\n[[tokens]]\ntoken = 'b'\nrights = []";
        let tokens = tokens(text).unwrap();
        let grant = tokens.judge("a").unwrap();
        assert_eq!((grant.room.as_str(), grant.rights), ("blue", Rights { list: true, ..Rights::NONE }));
        assert_eq!(tokens.judge("b").unwrap().rights, Rights::NONE);
        assert!(tokens.judge("c").is_err());
    }
}
