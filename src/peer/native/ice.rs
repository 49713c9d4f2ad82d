//! ICE of one session: its candidates, and what a restart does to them (RFC 8445 section 9). Media goes on over
//! the old path until a new one stands.

use str0m::{Candidate, IceCreds, Rtc};

/// Candidates of the peer that are remembered.
const REMEMBERED: usize = 64;

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

    pub(super) fn add_local(&mut self, rtc: &mut Rtc, candidate: Candidate) {
        self.local_candidates.push(candidate.clone());
        rtc.add_local_candidate(candidate);
    }

    pub(super) fn add_remote(&mut self, rtc: &mut Rtc, candidate: Candidate) {
        if self.remote_candidates.len() < REMEMBERED {
            self.remote_candidates.push(candidate.clone());
        }
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
