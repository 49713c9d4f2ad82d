//! Negotiations replayed.

use super::*;

fn offer(sdp: &str) -> SessionDescription {
    SessionDescription { kind: DescriptionKind::Offer, sdp: sdp.into() }
}

fn answer(sdp: &str) -> SessionDescription {
    SessionDescription { kind: DescriptionKind::Answer, sdp: sdp.into() }
}

fn candidate(n: u32) -> IceCandidate {
    IceCandidate { candidate: format!("candidate:{n}"), sdp_m_line_index: Some(0), sdp_mid: None }
}

fn offered() -> Negotiation {
    let mut n = Negotiation::new();
    assert_eq!(n.handle(Event::Start(Opening::Offer)), [Action::CreateOffer]);
    let o = offer("o");
    assert_eq!(
        n.handle(Event::Created(o.clone())),
        [Action::SetLocal(o.clone()), Action::SendDescription(o)]
    );
    n
}

fn stable() -> Negotiation {
    let mut n = offered();
    assert_eq!(n.handle(Event::Remote(answer("a"))), [Action::SetRemote(answer("a"))]);
    assert_eq!(n.handle(Event::RemoteSet), []);
    n
}

#[test]
fn a_description_goes_out_before_its_candidates() {
    let mut n = Negotiation::new();
    n.handle(Event::Start(Opening::Offer));
    assert_eq!(n.handle(Event::LocalCandidate(candidate(1))), []);
    assert_eq!(n.handle(Event::LocalCandidate(candidate(2))), []);
    let o = offer("o");
    let expected = [
        Action::SetLocal(o.clone()),
        Action::SendDescription(o.clone()),
        Action::SendCandidate(candidate(1)),
        Action::SendCandidate(candidate(2)),
    ];
    assert_eq!(n.handle(Event::Created(o)), expected);
    assert_eq!(n.handle(Event::LocalCandidate(candidate(3))), [Action::SendCandidate(candidate(3))]);
}

#[test]
fn candidates_that_come_before_their_description_wait_for_it_in_order() {
    let mut n = offered();
    assert_eq!(n.handle(Event::RemoteCandidate(candidate(1))), []);
    n.handle(Event::Remote(answer("a")));
    assert_eq!(n.handle(Event::RemoteCandidate(candidate(2))), []);
    let expected = [Action::AddCandidate(candidate(1)), Action::AddCandidate(candidate(2))];
    assert_eq!(n.handle(Event::RemoteSet), expected);
    assert_eq!(n.handle(Event::RemoteCandidate(candidate(3))), [Action::AddCandidate(candidate(3))]);
}

#[test]
fn an_offer_is_answered_in_order() {
    let mut n = Negotiation::new();
    assert_eq!(n.handle(Event::Start(Opening::Answer("o".into()))), [Action::SetRemote(offer("o"))]);
    assert_eq!(n.handle(Event::RemoteCandidate(candidate(1))), []);
    assert_eq!(n.handle(Event::RemoteSet), [Action::AddCandidate(candidate(1)), Action::CreateAnswer]);
    let a = answer("a");
    assert_eq!(
        n.handle(Event::Created(a.clone())),
        [Action::SetLocal(a.clone()), Action::SendDescription(a)]
    );
}

#[test]
fn an_awaited_offer_may_come_late() {
    let mut n = Negotiation::new();
    assert_eq!(n.handle(Event::Start(Opening::Await)), []);
    assert_eq!(n.handle(Event::RemoteCandidate(candidate(1))), []);
    assert_eq!(n.handle(Event::Remote(offer("o"))), [Action::SetRemote(offer("o"))]);
}

#[test]
fn changes_of_media_while_an_exchange_is_under_way_become_one_offer_after_it() {
    let mut n = offered();
    assert_eq!(n.handle(Event::MediaChanged), []);
    assert_eq!(n.handle(Event::MediaChanged), []);
    n.handle(Event::Remote(answer("a")));
    assert_eq!(n.handle(Event::RemoteSet), [Action::CreateOffer]);
    let mut n = stable();
    assert_eq!(n.handle(Event::MediaChanged), [Action::CreateOffer]);
}

#[test]
fn an_offer_that_crosses_ours_waits_until_ours_is_answered() {
    let mut n = offered();
    assert_eq!(n.handle(Event::Remote(offer("theirs"))), []);
    n.handle(Event::Remote(answer("a")));
    assert_eq!(n.handle(Event::RemoteSet), [Action::SetRemote(offer("theirs"))]);
}

#[test]
fn an_answer_nobody_asked_for_ends_the_session() {
    let mut n = stable();
    assert_eq!(n.handle(Event::Remote(answer("again"))), [Action::End(EndReason::Unexpected("an answer"))]);
    assert!(n.is_ended());
    assert_eq!(n.handle(Event::Remote(answer("again"))), []);
}

#[test]
fn media_starts_once_when_the_transport_is_up() {
    let mut n = stable();
    assert_eq!(n.handle(Event::Transport(Transport::Connecting)), []);
    assert_eq!(n.handle(Event::Transport(Transport::Connected)), [Action::StartMedia]);
    assert_eq!(n.handle(Event::Transport(Transport::Disconnected)), []);
    assert_eq!(n.handle(Event::Transport(Transport::Connected)), []);
    assert_eq!(n.handle(Event::DeadlinePassed), []);
    assert_eq!(n.handle(Event::Transport(Transport::Failed)), [Action::End(EndReason::TransportFailed)]);
}

#[test]
fn a_deadline_names_what_was_awaited() {
    let ended = |n: &mut Negotiation| n.handle(Event::DeadlinePassed);
    assert_eq!(ended(&mut offered()), [Action::End(EndReason::TimedOut("the peer's answer"))]);
    assert_eq!(ended(&mut stable()), [Action::End(EndReason::TimedOut("the connection to the peer"))]);
}

#[test]
fn a_flood_of_early_candidates_ends_the_session_instead_of_filling_memory() {
    let mut n = offered();
    let ends =
        (0..600).map(|i| n.handle(Event::RemoteCandidate(candidate(i)))).filter(|a| !a.is_empty()).count();
    assert_eq!(ends, 1);
    assert!(n.is_ended());
}

#[test]
fn a_peer_that_is_silent_for_the_time_of_its_consent_has_vanished() {
    let mut n = stable();
    assert_eq!(n.handle(Event::Silent(Duration::from_secs(60))), []);
    n.handle(Event::Transport(Transport::Connected));
    assert_eq!(n.handle(Event::Silent(Duration::from_secs(29))), []);
    assert_eq!(n.handle(Event::Silent(Duration::from_secs(30))), [Action::End(EndReason::Vanished)]);
}
