//! What str0m counts, under the names that webrtcbin has for it.

use super::ciphers::Ciphers;
use super::measuring::Network;
use gst_webrtc::WebRTCStatsType as Kind;
use logic::codec::MediaKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use str0m::CandidateKind;
use str0m::net::Protocol;
use str0m::stats::{CandidatePairStats, MediaEgressStats, PeerStats};

const TRANSPORT: &str = "transport-stats_native";
const PAIR: &str = "ice-candidate-pair_native";

/// What str0m counts.
#[derive(Default, Clone)]
pub(super) struct Statistics {
    pub(super) peer: Option<PeerStats>,
    pub(super) ciphers: Arc<Ciphers>,
    /// What the peer says that the network carries.
    pub(super) estimate: Option<u64>,
    /// What its reports on packets say.
    pub(super) network: Option<Network>,
    pub(super) streams: Vec<StreamStatistics>,
    /// What the local and the remote candidate in use are.
    pub(super) candidates: Option<(CandidateKind, CandidateKind)>,
    /// Packets that were sent again.
    pub(super) again: u64,
}

/// What str0m counts of one stream.
#[derive(Clone)]
pub(super) struct StreamStatistics {
    pub(super) ssrc: u32,
    pub(super) kind: MediaKind,
    pub(super) clock_rate: u32,
    pub(super) counts: MediaEgressStats,
}

/// The statistics of one session.
pub(super) fn of(statistics: &Statistics) -> gst::Structure {
    let stats = gst::Structure::new_empty("application/x-webrtc-stats");
    let (estimate, network) = (statistics.estimate, statistics.network);
    let candidates = statistics.candidates;
    let mut all = All { estimate, network, candidates, all: stats, now: now() };
    if let Some(peer) = &statistics.peer {
        all.transport(peer, &statistics.ciphers);
    }
    statistics.streams.iter().for_each(|stream| all.stream(stream));
    all.all.set("packets-retransmitted", statistics.again);
    all.all
}

struct All {
    /// What the peer says that the network carries.
    estimate: Option<u64>,
    network: Option<Network>,
    /// What the local and the remote candidate in use are.
    candidates: Option<(CandidateKind, CandidateKind)>,
    all: gst::Structure,
    /// Milliseconds since 1970.
    now: f64,
}

impl All {
    fn add(&mut self, name: &str, kind: Kind, id: &str, fields: gst::structure::Builder) {
        let mut entry = fields.build();
        entry.set_name(name);
        entry.set("type", kind);
        entry.set("timestamp", self.now);
        entry.set("id", id);
        self.all.set(id, entry);
    }

    fn transport(&mut self, peer: &PeerStats, ciphers: &Ciphers) {
        let pair = peer.selected_candidate_pair.as_ref();
        let transport = gst::Structure::builder(TRANSPORT)
            .field("bytes-sent", peer.peer_bytes_tx)
            .field("bytes-received", peer.peer_bytes_rx)
            .field_if_some("srtp-cipher", ciphers.srtp())
            .field_if_some("dtls-cipher", ciphers.dtls())
            .field_if_some("selected-candidate-pair-id", pair.map(|_| PAIR));
        let transport = match self.network {
            Some(network) => measured(transport, network),
            None => transport,
        };
        self.add("transport", Kind::Transport, TRANSPORT, transport);
        if let Some(pair) = pair {
            self.pair(pair);
        }
    }

    fn pair(&mut self, pair: &CandidatePairStats) {
        let [local, remote] = [("local", pair.local.addr), ("remote", pair.remote.addr)].map(|(side, at)| {
            let id = format!("ice-candidate-{side}_{}_{}", at.ip(), at.port());
            let kind = if side == "local" { Kind::LocalCandidate } else { Kind::RemoteCandidate };
            let is = self.candidates.map(|(local, remote)| if side == "local" { local } else { remote });
            let fields = candidate(at, pair.protocol).field_if_some("candidate-type", is.map(name));
            self.add(&format!("{side}-candidate"), kind, &id, fields);
            id
        });
        let fields = gst::Structure::builder(PAIR)
            .field("local-candidate-id", local)
            .field("remote-candidate-id", remote)
            .field_if_some("current-round-trip-time", pair.current_round_trip_time.as_ref().map(seconds))
            .field_if_some(
                "available-outgoing-bitrate",
                self.network.map(|network| network.facts.estimate.into()).or(self.estimate),
            );
        self.add("candidate-pair", Kind::CandidatePair, PAIR, fields);
    }

    fn stream(&mut self, stream: &StreamStatistics) {
        let StreamStatistics { ssrc, kind, clock_rate, counts: stream } = stream;
        let ours = format!("rtp-outbound-stream-stats_{ssrc}");
        let theirs = format!("rtp-remote-inbound-stream-stats_{ssrc}");
        let outbound = gst::Structure::builder(&*ours)
            .field("ssrc", *ssrc)
            .field("transport-id", TRANSPORT)
            .field("kind", kind.as_str())
            .field("bytes-sent", stream.bytes)
            .field("packets-sent", stream.packets)
            .field("fir-count", small(stream.firs))
            .field("pli-count", small(stream.plis))
            .field("nack-count", small(stream.nacks))
            .field_if_some("remote-id", stream.remote.as_ref().map(|_| &theirs));
        self.add("outbound-rtp", Kind::OutboundRtp, &ours, outbound);
        if let Some(remote) = &stream.remote {
            let inbound = gst::Structure::builder(&*theirs)
                .field("local-id", &ours)
                .field("ssrc", *ssrc)
                .field("transport-id", TRANSPORT)
                .field("kind", kind.as_str())
                .field("packets-lost", lost(remote.packets_lost))
                .field("jitter", f64::from(remote.jitter) / f64::from((*clock_rate).max(1)))
                .field("fraction-lost", f64::from(stream.loss.unwrap_or_default()))
                .field("round-trip-time", stream.rtt.as_ref().map_or(0.0, seconds));
            self.add("remote-inbound-rtp", Kind::RemoteInboundRtp, &theirs, inbound);
        }
    }
}

/// What the peer's reports on packets say.
fn measured(fields: gst::structure::Builder, network: Network) -> gst::structure::Builder {
    let Network { facts, target, held } = network;
    fields
        .field("estimated-bitrate", facts.estimate)
        .field("target-bitrate", target)
        .field("report-round-trip-time", seconds(&facts.round_trip))
        .field("packet-loss", facts.loss)
        .field("network-queue", seconds(&facts.queue))
        .field("send-queue", held)
        .field("competing", facts.beside)
}

/// Those that came twice make it negative: 24 bits with a sign (RFC 3550, section 6.4.1), which str0m reads without.
fn lost(count: u64) -> i64 {
    let bits = u32::try_from(count & 0xff_ffff).unwrap_or_default();
    i64::from((bits << 8).cast_signed() >> 8)
}

/// As RFC 8839 has it (section 5.1).
fn name(kind: CandidateKind) -> &'static str {
    match kind {
        CandidateKind::Host => "host",
        CandidateKind::PeerReflexive => "prflx",
        CandidateKind::ServerReflexive => "srflx",
        CandidateKind::Relayed => "relay",
    }
}

fn candidate(at: SocketAddr, protocol: Protocol) -> gst::structure::Builder {
    gst::Structure::builder("candidate")
        .field("transport-id", TRANSPORT)
        .field("address", at.ip().to_string())
        .field("port", u32::from(at.port()))
        .field("protocol", if protocol == Protocol::Udp { "udp" } else { "tcp" })
}

fn now() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64() * 1000.0)
}

fn seconds(time: &Duration) -> f64 {
    time.as_secs_f64()
}

fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    #[test]
    fn packets_that_came_twice_make_the_number_of_lost_ones_negative() {
        for (read, lost) in [(0, 0), (7, 7), (0x7f_ffff, 0x7f_ffff), (0xff_ffff, -1), (0x80_0000, -0x80_0000)]
        {
            assert_eq!(super::lost(read), lost);
        }
    }
}
