//! The signalling server as a program: options, files, log output and signals around
//! [`gst_plugin_webrtc_signalling::run`].

mod program;

use anyhow::{Context, Result, bail};
use gst_plugin_webrtc_signalling::{Page, run, serve_operations};
use program::files::Files;
use program::settings::{LOG_VARIABLE, Settings};
use program::signals;
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use tokio::net::TcpListener;
use tracing::info;
use tracing_subscriber::EnvFilter;

#[expect(clippy::disallowed_methods, reason = "the one place where the program enters its runtime")]
#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to tell where this cannot be written.
            let _ = writeln!(std::io::stderr(), "gst-webrtc-signalling-server: {failure:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<()> {
    let settings = Settings::read()?;
    start_log(&settings.log)?;
    let (host, port, drain) = (settings.host.clone(), settings.port, settings.drain.0);
    let metrics_address = settings.metrics_listen.clone();
    let files = Files::read(settings)?;
    let config = files.config()?;
    let listener = listen(&host, port).await?;
    let shutdown = signals::stop(config.control.clone(), drain)?;
    tokio::spawn(signals::reload(files)?);
    let operators = match metrics_address {
        Some(address) => Some(listen_for_operators(&address).await?),
        None => None,
    };
    let scheme = if config.tls.is_some() { "wss" } else { "ws" };
    announce("listening on", scheme, listener.local_addr()?)?;
    if config.page != Page::Nothing {
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        info!("the page is at the same address: open it with {scheme}://");
    }
    if let Some(listener) = operators {
        announce("metrics on", "http", listener.local_addr()?)?;
        tokio::spawn(serve_operations(listener, config.clone(), std::future::pending()));
    }
    run(listener, config, shutdown).await.map_err(|failure| anyhow::anyhow!("failed to {failure}"))
}

fn start_log(wanted: &str) -> Result<()> {
    let levels = ["off", "error", "warn", "info", "debug", "trace"];
    let mistake = || {
        format!(
            "failed to use {wanted:?} (--log or {LOG_VARIABLE}) as what is logged: give one of {levels:?}, or TARGET=LEVEL"
        )
    };
    // A single word that is no level would be read as a target, of which nothing is logged.
    let is_word = wanted.chars().all(char::is_alphanumeric);
    if is_word && !levels.contains(&wanted.to_lowercase().as_str()) {
        bail!(mistake());
    }
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::builder().parse(wanted).with_context(mistake)?)
        .with_ansi(std::io::stdout().is_terminal())
        .with_thread_ids(true)
        .init();
    Ok(())
}

async fn listen(host: &str, port: u16) -> Result<TcpListener> {
    // An IPv6 address may stand in brackets, as in a URL.
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    TcpListener::bind((bare, port)).await.with_context(|| {
        format!(
            "failed to listen on {host} port {port} (choose others with --host and --port, each for itself)"
        )
    })
}

async fn listen_for_operators(address: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("failed to listen on {address} (choose another HOST:PORT with --metrics-listen)")
    })
}

/// Says where the server listens, whatever the log level: with port 0 nobody else knows.
fn announce(what: &str, scheme: &str, address: SocketAddr) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what} {scheme}://{address}").and_then(|()| out.flush()).context("failed to write")
}
