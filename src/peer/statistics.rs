//! What is read out of statistics that have webrtcbin's form, whichever transport they are from.

use super::Connection;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// Has all of these know better about themselves, within `limit` all together: those that hang stay as they were.
pub(crate) fn refresh<'a>(connections: impl Iterator<Item = &'a Arc<dyn Connection>>, limit: Duration) {
    let end = Instant::now() + limit;
    let (answered, answers) = channel();
    connections.for_each(|connection| connection.refresh_stats(answered.clone()));
    drop(answered);
    // Nothing ever comes but the end, when all have let go.
    let _ = answers.recv_timeout(end.saturating_duration_since(Instant::now()));
}

/// All entries of a kind.
pub(crate) fn entries<'a>(
    stats: &'a gst::StructureRef,
    name: &'a str,
) -> impl Iterator<Item = gst::Structure> + 'a {
    let all = stats.iter().filter_map(|(_, value)| value.get::<gst::Structure>().ok());
    all.filter(move |entry| entry.name() == name)
}

/// The entry of a kind on this source.
pub(crate) fn on_source(stats: &gst::StructureRef, name: &str, ssrc: u32) -> Option<gst::Structure> {
    entries(stats, name).find(|entry| entry.get::<u32>("ssrc") == Ok(ssrc))
}

/// Between which kinds of candidates packets go, and over which protocol.
pub(crate) fn path(stats: &gst::StructureRef) -> Vec<(&'static str, String)> {
    let entry = |entry: Option<gst::Structure>, field: &str| {
        let id = entry.and_then(|entry| entry.get::<String>(field).ok());
        id.and_then(|id| stats.get::<gst::Structure>(id).ok())
    };
    let used = entry(entries(stats, "transport").next(), "selected-candidate-pair-id");
    let pair = used.or_else(|| entries(stats, "candidate-pair").next());
    let local = entry(pair.clone(), "local-candidate-id");
    let remote = entry(pair, "remote-candidate-id");
    let text = |of: &Option<gst::Structure>, field: &str| of.as_ref()?.get::<String>(field).ok();
    let facts = [
        ("local-candidate-type", text(&local, "candidate-type")),
        ("remote-candidate-type", text(&remote, "candidate-type")),
        ("candidate-protocol", text(&local, "protocol")),
    ];
    facts.into_iter().filter_map(|(name, fact)| Some((name, fact?))).collect()
}
