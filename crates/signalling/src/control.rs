//! What is told to a running server from outside, beside its end.

use std::sync::Arc;
use tokio::sync::watch;

/// Steers a running server. A handle: clones steer the same one.
#[derive(Debug, Clone)]
pub struct Control(Arc<watch::Sender<bool>>);

impl Control {
    /// A handle for one server.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Lets nobody in any more, says so on `/readyz`, and ends the server once everyone has left. Whoever is
    /// connected is served until then.
    pub fn drain(&self) {
        self.0.send_replace(true);
    }

    /// Whether the server waits for everyone to leave.
    pub fn is_draining(&self) -> bool {
        *self.0.borrow()
    }

    /// Resolves when the server is to wait for everyone to leave.
    pub(crate) async fn draining(&self) {
        // Cannot fail: the sender lives as long as this.
        let _ = self.0.subscribe().wait_for(|draining| *draining).await;
    }
}

impl Default for Control {
    fn default() -> Self {
        Self::new()
    }
}
