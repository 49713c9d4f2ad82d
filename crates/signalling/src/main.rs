//! The signalling server as a program: arguments, log output and signals around [`gst_plugin_webrtc_signalling::run`].

use anyhow::{Context, Result};
use clap::Parser;
use gst_plugin_webrtc_signalling::{Config, run, tls};
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Introduces WebRTC producers and consumers to each other.
#[derive(Parser)]
#[command(name = "gst-webrtc-signalling-server", version)]
struct Args {
    /// Address to listen on, IPv4 or IPv6, or a host name
    #[arg(long, default_value = "0.0.0.0")]
    host: String,
    /// Port to listen on; 0 picks a free one
    #[arg(short, long, default_value_t = 8443)]
    port: u16,
    /// Certificate chain in PEM form, to serve wss; needs --key
    #[arg(short, long)]
    cert: Option<PathBuf>,
    /// Private key of the certificate in PEM form; needs --cert
    #[arg(short, long)]
    key: Option<PathBuf>,
}

const LOG_VARIABLE: &str = "WEBRTCSINK_SIGNALLING_SERVER_LOG";

#[expect(clippy::disallowed_methods, reason = "the one place where the program enters its runtime")]
#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    start_log();
    let tls = tls::load_optional(args.cert.as_deref(), args.key.as_deref())
        .map_err(|failure| anyhow::anyhow!("failed to {failure}"))?;
    let listener = listen(&args.host, args.port).await?;
    let shutdown = stop_signal()?;
    announce(tls.is_some(), listener.local_addr()?)?;
    let config = Config { tls, ..Config::default() };
    run(listener, config, shutdown).await.map_err(|failure| anyhow::anyhow!("failed to {failure}"))
}

/// Resolves when the program is asked to stop.
#[cfg(unix)]
fn stop_signal() -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).context("failed to wait for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("failed to wait for SIGTERM")?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Resolves when the program is asked to stop.
#[cfg(not(unix))]
fn stop_signal() -> Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

fn start_log() {
    let wanted = std::env::var(LOG_VARIABLE).unwrap_or_else(|_| "info".to_owned());
    let filter = EnvFilter::builder().parse(&wanted);
    let mistake = filter.as_ref().err().map(ToString::to_string);
    tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_| EnvFilter::new("info")))
        .with_ansi(std::io::stdout().is_terminal())
        .with_thread_ids(true)
        .init();
    if let Some(mistake) = mistake {
        tracing::warn!("failed to read {LOG_VARIABLE}, logging at info: {mistake}");
    }
}

async fn listen(host: &str, port: u16) -> Result<TcpListener> {
    // An IPv6 address may stand in brackets, as in a URL.
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    TcpListener::bind((bare, port)).await.with_context(|| {
        format!("failed to listen on {host} port {port} (choose others with --host and --port)")
    })
}

/// Says where the server listens, whatever the log level: with port 0 nobody else knows.
fn announce(tls: bool, address: SocketAddr) -> Result<()> {
    let scheme = if tls { "wss" } else { "ws" };
    let mut out = std::io::stdout().lock();
    writeln!(out, "listening on {scheme}://{address}").and_then(|()| out.flush()).context("failed to write")
}
