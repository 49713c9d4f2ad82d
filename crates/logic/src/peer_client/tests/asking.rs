//! Requests for a stream that are refused.

use super::leases::{back_in_time, registered};
use super::*;

/// How long a pause may be; see [`client`].
const LONGEST: Duration = Duration::from_secs(4);

/// What the only warning says.
fn warning(actions: Vec<Action>) -> String {
    match <[Action; 1]>::try_from(actions) {
        Ok([Action::Refused(text)]) => text,
        other => panic!("{other:?}"),
    }
}

/// A consumer of the first producer, asking the first of these.
fn asking(producers: &[&str]) -> PeerClient {
    let mut client = client(Purpose::ConsumeFirst);
    connect(&mut client);
    client.handle(list(producers));
    assert_eq!(said(&mut client), [start(producers[0])]);
    client
}

fn full(producer: &str) -> ServerMessage {
    error(Some(ErrorCode::TooManySessions), Some(producer), None)
}

#[test]
fn when_the_first_producer_is_refused_for_whatever_reason_the_next_is_asked() {
    for refusal in [
        full("a"),
        full("me"),
        error(Some(ErrorCode::NoRoles), Some("a"), None),
        error(Some(ErrorCode::Unknown), Some("a"), None),
        error(None, None, None),
    ] {
        let mut client = asking(&["a", "b"]);
        let text = warning(client.handle(refusal));
        assert!(text.contains("no") && text.contains("asking b"), "{text}");
        assert_eq!((said(&mut client), client.pause()), (vec![start("b")], None));
    }
}

#[test]
fn when_all_are_refused_they_are_asked_again_after_a_pause_that_grows() {
    let mut client = asking(&["a", "b"]);
    let mut pauses = Vec::new();
    for _ in 0..6 {
        client.handle(full("a"));
        let text = warning(client.handle(full("b")));
        assert_eq!(said(&mut client), [start("b")], "nobody is asked twice at once");
        let pause = client.pause().unwrap();
        assert!(text.contains(&format!("{} ms", pause.as_millis())), "{text}");
        pauses.push(pause);
        client.pause_over();
        assert_eq!((said(&mut client), client.pause()), (vec![start("a")], None));
    }
    assert!(pauses[0] <= Duration::from_millis(250) && pauses[5] >= LONGEST / 2, "{pauses:?}");
    assert!(pauses.iter().all(|pause| *pause <= LONGEST), "{pauses:?}");
    client.handle(started("s"));
    client.end_session(&"s".into(), None, None).unwrap();
    client.pause_over();
    client.handle(full("a"));
    client.handle(full("b"));
    assert!(client.pause().unwrap() <= Duration::from_millis(250), "a session begins anew");
}

#[test]
fn news_of_a_producer_ends_the_pause() {
    for news in [producing("late", None), producing("a", Some("less busy".into()))] {
        let mut client = asking(&["a"]);
        client.handle(full("a"));
        assert!(client.pause().is_some());
        let ServerMessage::PeerStatusChanged(status) = &news else { panic!() };
        let asked = start(status.peer_id.as_ref().unwrap().as_str());
        client.handle(news.clone());
        assert_eq!((said(&mut client), client.pause()), (vec![asked], None));
    }
}

#[test]
fn a_wanted_producer_that_was_lost_and_is_back_as_it_was_is_asked() {
    let mut client = client(Purpose::Consume("a".into()));
    connect(&mut client);
    client.handle(full("a"));
    client.handle(producing("a", None));
    assert_eq!(said(&mut client), [start("a")]);
    client.handle(error(Some(ErrorCode::UnknownPeer), Some("a"), None));
    assert_eq!(client.pause(), None);
    client.handle(producing("a", None));
    assert_eq!(said(&mut client), [start("a")]);
}

#[test]
fn without_a_producer_there_is_nobody_to_ask_and_no_pause() {
    let mut client = asking(&["a"]);
    client.handle(error(Some(ErrorCode::UnknownPeer), Some("a"), None));
    assert_eq!((said(&mut client), client.pause()), (vec![], None));
    client.handle(producing("b", None));
    assert_eq!(said(&mut client), [start("b")]);
}

#[test]
fn the_wanted_producer_is_asked_again_after_a_pause_where_its_status_will_not_tell() {
    let mut client = client(Purpose::Consume("a".into()));
    connect(&mut client);
    let text = warning(client.handle(full("a")));
    assert!(text.contains("asking again in"), "{text}");
    assert_eq!((said(&mut client), client.pause().is_some()), (vec![], true));
    client.pause_over();
    assert_eq!(said(&mut client), [start("a")]);
    client.handle(full("a"));
    client.handle(producing("a", None));
    assert_eq!((said(&mut client), client.pause()), (vec![start("a")], None));
    client.handle(full("a"));
    client.handle(producing("a", Some("less busy".into())));
    assert_eq!((said(&mut client), client.pause()), (vec![start("a")], None));
    // That it produces again is told to listeners.
    let text = warning(client.handle(error(Some(ErrorCode::NoRoles), Some("a"), None)));
    assert!(text.contains("waiting"), "{text}");
    assert_eq!(client.pause(), None);
}

#[test]
fn an_error_about_something_else_leaves_the_request_alone() {
    let mut client = asking(&["a", "b"]);
    for (code, peer) in [(ErrorCode::MetaTooLong, Some("me")), (ErrorCode::InvalidMessage, None)] {
        client.handle(error(Some(code), peer, None));
        assert_eq!(said(&mut client), []);
    }
    client.handle(error(None, None, Some("s")));
    assert_eq!((said(&mut client), client.pause()), (vec![], None));
}

#[test]
fn a_pause_outlives_a_connection_that_is_resumed_and_no_other() {
    let mut client = registered(Purpose::Consume("a".into()));
    client.handle(full("a"));
    said(&mut client);
    let pause = client.pause();
    assert!(pause.is_some());
    client.disconnected(false);
    back_in_time(&mut client, 2);
    assert_eq!((said(&mut client), client.pause()), (vec![], pause));
    client.disconnected(true);
    assert_eq!(client.pause(), None);
}

fn forbidden(peer: Option<&str>) -> ServerMessage {
    error(Some(ErrorCode::Forbidden), peer, None)
}

#[test]
fn who_may_not_listen_is_told_so_and_asks_again_and_again_for_a_producer_that_is_not_there() {
    let mut client = client(Purpose::Consume("a".into()));
    connect(&mut client);
    let text = warning(client.handle(forbidden(None)));
    assert!(text.contains("no; ") && text.contains("asked for again and again"), "{text}");
    assert_eq!((client.problem(), client.pause()), (None, None), "the answer is still to come");
    for code in [ErrorCode::UnknownPeer, ErrorCode::NoRoles, ErrorCode::UnknownPeer] {
        let told = client.handle(error(Some(code), Some("a"), None));
        assert_eq!(told.is_empty(), code == ErrorCode::UnknownPeer, "{told:?}");
        assert!(client.pause().is_some());
        client.pause_over();
        assert_eq!(said(&mut client), [start("a")]);
    }
    assert_eq!(client.handle(started("s")).len(), 1);
    assert_eq!((client.problem(), client.pause()), (None, None));
}

#[test]
fn a_refused_status_is_not_waited_with_whatever_comes_first() {
    let mut client = client(Purpose::Consume("a".into()));
    connect(&mut client);
    assert_eq!(client.handle(error(Some(ErrorCode::UnknownPeer), Some("a"), None)), []);
    assert_eq!(client.pause(), None);
    warning(client.handle(error(Some(ErrorCode::MetaTooLong), Some("me"), None)));
    assert!(client.pause().is_some());
}

#[test]
fn who_may_not_have_the_stream_gives_up() {
    let mut client = client(Purpose::Consume("a".into()));
    connect(&mut client);
    warning(client.handle(forbidden(None)));
    assert_eq!(client.handle(forbidden(Some("a"))), []);
    let problem = client.problem().unwrap();
    assert!(problem.is_final() && problem.to_string().contains("auth-token"), "{problem}");
}

#[test]
fn whoever_cannot_do_without_what_is_forbidden_gives_up() {
    for purpose in [Purpose::Produce, Purpose::Listen, Purpose::ConsumeFirst, Purpose::BeConsumer] {
        let mut client = client(purpose.clone());
        connect(&mut client);
        assert_eq!(client.handle(forbidden(None)), []);
        assert!(client.problem().is_some_and(Problem::is_final), "{purpose:?}");
    }
}

#[test]
fn who_might_not_listen_tries_again_when_it_comes_back() {
    let mut client = registered(Purpose::Consume("a".into()));
    said(&mut client);
    client.handle(forbidden(None));
    client.handle(error(Some(ErrorCode::UnknownPeer), Some("a"), None));
    client.disconnected(false);
    back_in_time(&mut client, 2);
    let said = said(&mut client);
    assert!(said.contains(&status(PeerRole::Listener, None)), "{said:?}");
    // The token of this connection gives the right.
    client.pause_over();
    client.handle(error(Some(ErrorCode::UnknownPeer), Some("a"), None));
    assert_eq!(client.pause(), None);
}

fn session(id: &str, producer: &str) -> ServerMessage {
    ServerMessage::SessionStarted { peer_id: producer.into(), session_id: id.into(), later_offers: false }
}

#[test]
fn a_consumer_that_wants_another_session_asks_as_soon_as_the_last_is_over_and_not_twice() {
    let mut client = client(Purpose::Consume("camera".into()));
    connect(&mut client);
    client.handle(session("s", "camera"));
    client.want();
    assert_eq!(said(&mut client), []);
    client.end_session(&"s".into(), None, None).unwrap();
    assert_eq!(said(&mut client), [ClientMessage::EndSession { session_id: "s".into() }, start("camera")]);
    client.want();
    assert_eq!(said(&mut client), []);
    // Without a wish the end of a session is the end.
    client.handle(session("t", "camera"));
    client.handle(ServerMessage::EndSession { session_id: "t".into() });
    assert_eq!(said(&mut client), []);
    client.want();
    assert_eq!(said(&mut client), [start("camera")]);
}

#[test]
fn whoever_takes_any_producer_tries_another_than_the_last_where_there_is_one() {
    let mut client = asking(&["gone", "back"]);
    client.handle(session("s", "gone"));
    client.handle(ServerMessage::EndSession { session_id: "s".into() });
    client.want();
    assert_eq!(said(&mut client), [start("back")]);
    let mut alone = asking(&["gone"]);
    alone.handle(session("s", "gone"));
    alone.handle(ServerMessage::EndSession { session_id: "s".into() });
    alone.want();
    assert_eq!(said(&mut alone), [start("gone")]);
}
