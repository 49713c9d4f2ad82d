//! ICE of one session: its candidates, and what a restart does to them (RFC 8445 section 9). Media goes on over
//! the old path until a new one stands.

use super::CAT;
use str0m::stats::CandidatePairStats;
use str0m::{Candidate, CandidateKind, IceCreds, Rtc};

/// Candidates of the peer that are tried; who names more is odd.
const MOST: usize = 64;

/// What a restart changes.
pub(super) struct Restart {
    pub(super) local: IceCreds,
    pub(super) remote: IceCreds,
    /// Where this side can be reached now.
    pub(super) local_candidates: Vec<Candidate>,
    /// What the peer has told of its new side.
    pub(super) remote_candidates: Vec<Candidate>,
}

/// The candidates of both sides.
pub(super) struct Ice {
    remote: IceCreds,
    local_candidates: Vec<Candidate>,
    remote_candidates: Vec<Candidate>,
}

impl Ice {
    pub(super) fn new(remote: IceCreds) -> Self {
        Self { remote, local_candidates: Vec::new(), remote_candidates: Vec::new() }
    }

    /// The peer's credentials.
    pub(super) fn remote(&self) -> &IceCreds {
        &self.remote
    }

    /// What the candidates of a pair are: who is not known has been found by his checks.
    pub(super) fn kinds(&self, pair: &CandidatePairStats) -> (CandidateKind, CandidateKind) {
        let kind = |candidates: &[Candidate], addr| {
            candidates.iter().find(|candidate| candidate.addr() == addr).map(Candidate::kind)
        };
        let local = kind(&self.local_candidates, pair.local.addr).unwrap_or(CandidateKind::Host);
        let remote = kind(&self.remote_candidates, pair.remote.addr);
        (local, remote.unwrap_or(CandidateKind::PeerReflexive))
    }

    pub(super) fn add_local(&mut self, rtc: &mut Rtc, candidate: Candidate) {
        self.local_candidates.push(candidate.clone());
        rtc.add_local_candidate(candidate);
    }

    pub(super) fn add_remote(&mut self, rtc: &mut Rtc, candidate: Candidate) {
        if self.remote_candidates.contains(&candidate) {
            return;
        }
        if self.remote_candidates.len() >= MOST {
            gst::debug!(CAT, "more than {MOST} candidates of one peer: {candidate} is not tried");
            return;
        }
        self.remote_candidates.push(candidate.clone());
        rtc.add_remote_candidate(candidate);
    }

    /// Begins anew. str0m has no word for it: every pair goes with its local candidate, and comes back with it.
    pub(super) fn restart(&mut self, rtc: &mut Rtc, restart: Restart) {
        let mut direct = rtc.direct_api();
        if self.remote != restart.remote {
            for candidate in self.remote_candidates.drain(..) {
                direct.invalidate_candidate(&candidate);
            }
        }
        for candidate in self.local_candidates.drain(..) {
            direct.invalidate_candidate(&candidate);
        }
        direct.set_local_ice_credentials(restart.local);
        direct.set_remote_ice_credentials(restart.remote.clone());
        self.remote = restart.remote;
        for candidate in restart.local_candidates {
            self.add_local(rtc, candidate);
        }
        for candidate in restart.remote_candidates {
            self.add_remote(rtc, candidate);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::net::SocketAddr;
    use std::time::{Duration, Instant};
    use str0m::{Input, Output};

    #[test]
    fn a_peer_that_names_address_after_address_has_no_packets_sent_to_all_of_them() {
        let mut now = Instant::now();
        let mut rtc = Rtc::new(now);
        let remote = IceCreds::new();
        rtc.direct_api().set_remote_ice_credentials(remote.clone());
        rtc.direct_api().set_ice_controlling(true);
        let mut ice = Ice::new(remote);
        rtc.handle_input(Input::Timeout(now)).unwrap();
        ice.add_local(&mut rtc, Candidate::host("192.0.2.1:5000".parse().unwrap(), "udp").unwrap());
        for last in 1..=250 {
            let address = SocketAddr::new(std::net::Ipv4Addr::new(198, 51, 100, last).into(), 9);
            // Once more is no further one.
            for _ in 0..2 {
                ice.add_remote(&mut rtc, Candidate::host(address, "udp").unwrap());
            }
        }
        let (end, mut asked) = (now + Duration::from_secs(10), HashSet::new());
        while now < end {
            match rtc.poll_output().unwrap() {
                Output::Transmit(transmit) => drop(asked.insert(transmit.destination)),
                Output::Timeout(at) => {
                    now = at.max(now + Duration::from_millis(1));
                    rtc.handle_input(Input::Timeout(now)).unwrap();
                }
                Output::Event(_) => {}
            }
        }
        assert_eq!(asked.len(), MOST);
    }
}
