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
fn an_offer_that_crosses_ours_was_taken_back_by_who_answers_ours() {
    let mut n = offered();
    assert_eq!(n.handle(Event::Remote(offer("theirs"))), []);
    assert_eq!(n.handle(Event::RemoteCandidate(candidate(1))), []);
    assert_eq!(n.handle(Event::Remote(answer("a"))), [Action::SetRemote(answer("a"))]);
    // One that follows the answer waits for its turn.
    assert_eq!(n.handle(Event::Remote(offer("anew"))), []);
    assert_eq!(n.handle(Event::RemoteSet), [Action::SetRemote(offer("anew"))]);
    let mut n = offered();
    n.handle(Event::Remote(offer("theirs")));
    n.handle(Event::Remote(answer("a")));
    assert_eq!(n.handle(Event::RemoteSet), []);
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

fn pulse(at: u64, silence: u64) -> Event {
    Event::Pulse { at: Duration::from_secs(at), silence: Duration::from_secs(silence) }
}

#[test]
fn a_peer_that_is_silent_for_the_time_of_its_consent_has_vanished() {
    let mut n = stable();
    assert_eq!(n.handle(pulse(60, 60)), []);
    n.handle(Event::Transport(Transport::Connected));
    assert_eq!(n.handle(pulse(61, 29)), []);
    assert_eq!(n.handle(pulse(62, 30)), [Action::End(EndReason::Vanished)]);
}

const RESTART: [Action; 2] = [Action::RestartIce, Action::CreateOffer];

fn connected() -> Negotiation {
    let mut n = stable().with_restarts(true);
    n.handle(Event::Transport(Transport::Connected));
    n
}

/// The offer of a restart is made and answered.
fn restarted(n: &mut Negotiation) {
    n.handle(Event::Created(offer("r")));
    n.handle(Event::Remote(answer("r")));
    n.handle(Event::RemoteSet);
}

#[test]
fn ice_begins_anew_when_an_interruption_lasts_and_again_when_that_did_not_help() {
    let mut n = connected();
    assert_eq!(n.handle(Event::Transport(Transport::Disconnected)), []);
    assert_eq!(n.handle(pulse(40, 1)), []);
    assert_eq!(n.handle(pulse(41, 2)), []);
    assert_eq!(n.handle(pulse(42, 3)), RESTART);
    assert_eq!(n.handle(pulse(43, 4)), []);
    restarted(&mut n);
    assert_eq!(n.handle(pulse(51, 12)), []);
    assert_eq!(n.handle(pulse(52, 13)), RESTART);
}

#[test]
fn a_peer_that_sends_nothing_is_looked_for_before_it_is_given_up() {
    let mut n = connected();
    assert_eq!(n.handle(pulse(20, 9)), []);
    assert_eq!(n.handle(pulse(21, 10)), RESTART);
    restarted(&mut n);
    assert_eq!(n.handle(pulse(31, 20)), RESTART);
}

#[test]
fn ice_does_not_begin_anew_for_an_interruption_that_ended_nor_where_the_transport_cannot() {
    let mut n = connected();
    n.handle(Event::Transport(Transport::Disconnected));
    assert_eq!(n.handle(pulse(40, 0)), []);
    n.handle(Event::Transport(Transport::Connected));
    assert_eq!(n.handle(pulse(50, 0)), []);
    n.handle(Event::Transport(Transport::Disconnected));
    assert_eq!(n.handle(pulse(60, 0)), []);
    let mut n = connected().with_restarts(false);
    n.handle(Event::Transport(Transport::Disconnected));
    assert_eq!((n.handle(pulse(1, 1)), n.handle(pulse(9, 9))), (vec![], vec![]));
}

#[test]
fn an_exchange_that_is_under_way_is_over_before_ice_begins_anew() {
    let mut n = connected();
    assert_eq!(n.handle(Event::MediaChanged), [Action::CreateOffer]);
    assert_eq!(n.handle(pulse(20, 15)), []);
    restarted(&mut n);
    assert_eq!(n.handle(pulse(21, 16)), RESTART);
}

#[test]
fn candidates_of_a_later_offer_wait_for_it() {
    let mut n = stable();
    assert_eq!(n.handle(Event::Remote(offer("second"))), [Action::SetRemote(offer("second"))]);
    assert_eq!(n.handle(Event::RemoteCandidate(candidate(1))), []);
    assert_eq!(n.handle(Event::RemoteSet), [Action::AddCandidate(candidate(1)), Action::CreateAnswer]);
}

#[test]
fn candidates_of_an_offer_that_waits_for_our_exchange_wait_with_it() {
    let mut n = stable();
    n.handle(Event::MediaChanged);
    n.handle(Event::Created(offer("ours")));
    assert_eq!(n.handle(Event::RemoteCandidate(candidate(1))), [Action::AddCandidate(candidate(1))]);
    n.handle(Event::Remote(answer("to ours")));
    assert_eq!(n.handle(Event::Remote(offer("theirs"))), []);
    assert_eq!(n.handle(Event::RemoteCandidate(candidate(2))), []);
    assert_eq!(n.handle(Event::RemoteSet), [Action::SetRemote(offer("theirs"))]);
    assert_eq!(n.handle(Event::RemoteSet), [Action::AddCandidate(candidate(2)), Action::CreateAnswer]);
}

/// What is meant, and step by step what happens and what is to be done.
type Replay = (&'static str, Vec<(Event, Vec<Action>)>);

fn replay(table: Vec<Replay>) {
    for (sentence, steps) in table {
        let mut n = Negotiation::new();
        for (step, (event, expected)) in steps.into_iter().enumerate() {
            assert_eq!(n.handle(event), expected, "{sentence}, step {step}");
        }
    }
}

/// What is done with a description of ours, and `then`.
fn made(description: &SessionDescription, then: &[Action]) -> Vec<Action> {
    let first = [Action::SetLocal(description.clone()), Action::SendDescription(description.clone())];
    first.iter().chain(then).cloned().collect()
}

#[test]
fn only_what_was_asked_for_is_sent_and_in_order() {
    let (o, a) = (offer("o"), answer("a"));
    replay(vec![
        (
            "a session starts once",
            vec![
                (Event::Start(Opening::Offer), vec![Action::CreateOffer]),
                (Event::Start(Opening::Offer), vec![]),
            ],
        ),
        (
            "an offer that comes before the start is taken, and the start is then nothing new",
            vec![
                (Event::Remote(o.clone()), vec![Action::SetRemote(o.clone())]),
                (Event::Start(Opening::Await), vec![]),
            ],
        ),
        (
            "what nobody asked for is not sent",
            vec![
                (Event::Created(o.clone()), vec![]),
                (Event::RemoteSet, vec![]),
                (Event::Start(Opening::Offer), vec![Action::CreateOffer]),
                (Event::Created(a.clone()), vec![]),
                (Event::RemoteSet, vec![]),
                (Event::Created(o.clone()), made(&o, &[])),
                (Event::Created(o.clone()), vec![]),
            ],
        ),
        (
            "who answers sends its candidates after its answer, and its changes after both",
            vec![
                (Event::Start(Opening::Answer("o".into())), vec![Action::SetRemote(o.clone())]),
                (Event::MediaChanged, vec![]),
                (Event::RemoteSet, vec![Action::CreateAnswer]),
                (Event::LocalCandidate(candidate(1)), vec![]),
                (
                    Event::Created(a.clone()),
                    made(&a, &[Action::SendCandidate(candidate(1)), Action::CreateOffer]),
                ),
            ],
        ),
    ]);
}

#[test]
fn crossing_offers_and_ends_go_as_the_table_says() {
    let (o, a) = (offer("o"), answer("a"));
    replay(vec![
        (
            "of two offers that follow an answer the later is answered, and then our own changes are offered",
            vec![
                (Event::Start(Opening::Offer), vec![Action::CreateOffer]),
                (Event::Remote(offer("crossed")), vec![]),
                (Event::Created(o.clone()), made(&o, &[])),
                (Event::MediaChanged, vec![]),
                (Event::Remote(a.clone()), vec![Action::SetRemote(a.clone())]),
                (Event::Remote(offer("1")), vec![]),
                (Event::Remote(offer("2")), vec![]),
                (Event::RemoteSet, vec![Action::SetRemote(offer("2"))]),
                (Event::RemoteSet, vec![Action::CreateAnswer]),
                (Event::Created(a.clone()), made(&a, &[Action::CreateOffer])),
            ],
        ),
        (
            "a peer that closes its transport has ended the session, and nothing follows",
            vec![
                (Event::Start(Opening::Await), vec![]),
                (Event::Transport(Transport::Closed), vec![Action::End(EndReason::Closed)]),
                (Event::Transport(Transport::Connected), vec![]),
                (Event::Remote(o.clone()), vec![]),
            ],
        ),
        (
            "a failure in the shell ends the session with its own reason",
            vec![(Event::Failed(EndReason::Stalled), vec![Action::End(EndReason::Stalled)])],
        ),
        (
            "an offer that never comes is missed",
            vec![
                (Event::Start(Opening::Await), vec![]),
                (Event::DeadlinePassed, vec![Action::End(EndReason::TimedOut("the peer's offer"))]),
            ],
        ),
    ]);
}

#[test]
fn a_stream_that_fits_what_was_agreed_on_is_served_again_without_an_offer() {
    let mut n = stable();
    assert_eq!(n.handle(Event::StreamChanged), [Action::ServeAgain]);
    assert_eq!(n.handle(Event::MediaChanged), [Action::CreateOffer]);
    n.handle(Event::Failed(EndReason::Stalled));
    assert_eq!(n.handle(Event::StreamChanged), []);
}
