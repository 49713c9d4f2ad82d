//! Peers that choose 1.2, say heartbeat, and come back.

use super::{Exchange, Terms, millis};
use crate::ending::Ending;
use crate::post::{Line, Post};
use protocol::{ClientMessage, Lease, ProtocolVersion, Resume, ServerMessage};
use std::sync::Arc;
use std::time::Duration;

impl Exchange {
    /// A peer chooses its version, and perhaps shows that it has been here before. Returns the peer that it was,
    /// where it is that again.
    pub(super) fn set_version(
        &mut self,
        post: &Arc<Post>,
        line: &Arc<Line>,
        version: ProtocolVersion,
        resume: Option<Resume>,
        heartbeat_ms: Option<u64>,
    ) -> Option<Arc<Post>> {
        let interval = self.interval(heartbeat_ms);
        let is_new = self.hub(post).is_some_and(|hub| hub.is_new(&post.peer));
        if version == ProtocolVersion::V1_2
            && is_new
            && let Some(resume) = resume
            && let Some(old) = self.resume(post, line, &resume)
        {
            self.grant_lease(&old, line, interval, Some(resume.token));
            return Some(old);
        }
        let message = ClientMessage::SetProtocolVersion { version, resume: None, heartbeat_ms };
        let outgoing = self.hub(post).map(|hub| hub.message(&post.peer, message)).unwrap_or_default();
        let accepted = outgoing.is_empty();
        if !accepted {
            self.queue(outgoing);
        } else if version == ProtocolVersion::V1_2 {
            post.keep();
            self.grant_lease(post, line, interval, None);
            self.tell_ice_servers(&post.peer.clone());
        }
        None
    }

    /// How often a peer says heartbeat that asks for so many milliseconds.
    fn interval(&self, wanted: Option<u64>) -> Duration {
        let Terms { heartbeat, shortest_heartbeat, .. } = self.terms;
        let longest = heartbeat.max(shortest_heartbeat) * 6;
        wanted.map_or(heartbeat, |wanted| Duration::from_millis(wanted).clamp(shortest_heartbeat, longest))
    }

    /// Gives a connection the peer that it wants to be again. Nothing, and the peer that it wanted to be is
    /// over where it was its own, when that cannot be.
    fn resume(&mut self, newcomer: &Arc<Post>, line: &Arc<Line>, resume: &Resume) -> Option<Arc<Post>> {
        let peer = self.leases.holder(&resume.token)?.clone();
        let post = self.posts.get(&peer)?.clone();
        if post.room != newcomer.room {
            return None;
        }
        let before = post.detach();
        let fits = post.resume(resume.received, line);
        if let Some(before) = before {
            before.end(Ending::TakenOver);
        }
        let told = if fits { self.hub(&post)?.resumed(&newcomer.peer, &peer) } else { None };
        let Some(told) = told else {
            let outgoing = self.remove(&peer);
            self.queue(outgoing);
            return None;
        };
        self.posts.remove(&newcomer.peer);
        post.set_visit(newcomer.take_visit());
        self.queue(told);
        Some(post)
    }

    /// Tells a peer under which terms it may come back; `shown` is the token with which it has.
    fn grant_lease(&mut self, post: &Arc<Post>, line: &Arc<Line>, interval: Duration, shown: Option<String>) {
        let resumed = shown.is_some();
        let token = format!("{}{}", (self.new_id)(), (self.new_id)());
        self.leases.grant(&post.peer, token.clone(), shown);
        let silence = interval * 5 / 2;
        line.set_silence(silence);
        let lease = Lease {
            peer_id: post.peer.clone(),
            token,
            lease_ms: millis(self.terms.lease),
            heartbeat_ms: millis(interval),
            silence_ms: millis(silence),
            resumed,
            received: post.received(),
        };
        self.control(post, &ServerMessage::Lease(lease));
    }

    /// A peer says how many messages have arrived, and is told the same.
    pub(super) fn heartbeat(&mut self, post: &Arc<Post>, received: u64) {
        if post.arrived(received) {
            post.owe_heartbeat();
        } else {
            let details = format!("no {received} messages can have arrived");
            let outgoing = self.hub(post).map(|hub| hub.not_understood(&post.peer, details));
            self.queue(outgoing.unwrap_or_default());
        }
    }
}
