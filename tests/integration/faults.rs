//! What viewers may do to a sink: vanish, stop listening. None of it disturbs a viewer who watches.

use crate::support::light::Habit;
use crate::support::stage::{PACE, Stage};
use std::time::Duration;

#[test]
fn viewers_that_vanish_or_never_empty_their_socket_are_given_up() {
    // At the same time: giving up takes half a minute.
    let mut stages = ["transport=native", "transport=webrtcbin"].map(|transport| Stage::set(transport, PACE));
    // Long after the handshakes, and right after them.
    let viewers = [("vanishes", 120), ("deaf", 120), ("vanishes at once", 5), ("deaf at once", 5)];
    for stage in &mut stages {
        for (session, packets) in viewers {
            stage.crowd.invite(session, Some(Habit::Good));
            stage.crowd.until(session, "media", |guest| guest.packets > packets);
            if session.starts_with("deaf") {
                stage.crowd.behave(session, Habit::Deaf);
            } else {
                stage.crowd.vanish(session);
            }
        }
    }
    for stage in &mut stages {
        for (session, _) in viewers {
            let why = stage.crowd.end(session, Duration::from_secs(45)).unwrap_or_default();
            assert!(why.contains("nothing came from the peer"), "{session}: {why}");
        }
        stage.nobody_was_disturbed();
        assert_eq!(stage.sessions(), 1);
    }
}
