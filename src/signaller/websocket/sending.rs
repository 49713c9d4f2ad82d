//! The only one that writes to the socket: what waits, in its order, and the sign of life between.

use super::connection::Shared;
use super::conversation::Sender;
use async_tungstenite::tungstenite::{Error, Message};
use futures::SinkExt;
use logic::peer_client::Beat;
use tokio::time::{Instant, sleep_until};

/// Writes until that fails.
pub(super) async fn write(sender: &mut Sender, shared: &Shared) -> Error {
    let mut beat = Instant::now();
    loop {
        if let Err(error) = write_all(sender, shared).await {
            return error;
        }
        let due = beat + shared.client().rhythm().heartbeat;
        tokio::select! {
            biased;
            () = shared.wants_to_write() => {}
            () = sleep_until(due) => {
                beat = Instant::now();
                let how = shared.client().beat();
                if how == Beat::Ping && let Err(error) = sender.send(Message::Ping(Default::default())).await {
                    return error;
                }
            }
        }
    }
}

/// Writes what waits by now.
pub(super) async fn write_all(sender: &mut Sender, shared: &Shared) -> Result<(), Error> {
    loop {
        let next = shared.client().next_text();
        let Some(text) = next else { break };
        // Taken as a whole or not at all, and counted in the same step: whoever drops this future loses and
        // doubles nothing.
        SinkExt::feed(sender, Message::text(text.text.clone())).await?;
        shared.client().written(&text);
    }
    SinkExt::flush(sender).await
}
