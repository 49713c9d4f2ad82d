//! What the program is told by signals: end, drain first, read files again.

use super::files::Files;
use anyhow::Result;
use gst_plugin_webrtc_signalling::Control;
use std::time::Duration;

#[cfg(unix)]
mod unix {
    use super::{Control, Duration, Files, Result};
    use anyhow::Context;
    use tokio::signal::unix::{Signal, SignalKind, signal};
    use tracing::info;

    fn wait_for(kind: SignalKind, name: &str) -> Result<Signal> {
        signal(kind).with_context(|| format!("failed to wait for {name}"))
    }

    /// Resolves when the program is to end. SIGTERM drains the server first, for `drain` at most.
    pub(crate) fn stop(control: Control, drain: Duration) -> Result<impl Future<Output = ()>> {
        let mut interrupt = wait_for(SignalKind::interrupt(), "SIGINT")?;
        let mut terminate = wait_for(SignalKind::terminate(), "SIGTERM")?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => return,
                _ = terminate.recv() => {}
            }
            if drain.is_zero() {
                return;
            }
            info!(at_most = ?drain, "waiting for everyone to leave");
            control.drain();
            tokio::select! {
                () = tokio::time::sleep(drain) => {}
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }

    /// Reads the files again whenever SIGHUP asks for it, for ever.
    pub(crate) fn reload(files: Files) -> Result<impl Future<Output = ()>> {
        let mut hangup = wait_for(SignalKind::hangup(), "SIGHUP")?;
        Ok(async move {
            while hangup.recv().await.is_some() {
                files.reload();
            }
        })
    }
}

#[cfg(unix)]
pub(crate) use unix::{reload, stop};

/// Resolves when the program is to end. There is no signal that drains the server first.
#[cfg(not(unix))]
pub(crate) fn stop(_: Control, _: Duration) -> Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// There is no signal that asks to read the files again.
#[cfg(not(unix))]
pub(crate) fn reload(files: Files) -> Result<impl Future<Output = ()>> {
    Ok(async move { drop(files) })
}
