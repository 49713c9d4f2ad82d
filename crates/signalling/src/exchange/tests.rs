//! Leases replayed: peers that lose their connections and come back.

mod bounds;

use super::*;
use crate::ending::Ending;
use crate::grant::Rights;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// How long places are kept here of peers whose connection was cut.
const LEASE: Duration = Duration::from_secs(10);

/// An exchange, and the time.
struct Scene {
    exchange: Exchange,
    now: Instant,
}

/// A connection and what has come over it.
struct Peer {
    line: Arc<Line>,
    post: Arc<Post>,
    id: String,
    token: String,
    resumed: bool,
    /// Of the client's messages, as the server says.
    arrived: u64,
    /// Counted messages that have come.
    heard: Vec<Value>,
}

fn new_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("id{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// What a lost connection is like.
fn cut() -> Ending {
    Ending::Lost(async_tungstenite::tungstenite::Error::Io(std::io::ErrorKind::ConnectionReset.into()))
}

impl Scene {
    fn new() -> Self {
        let terms = Terms {
            limits: Limits::default(),
            queue_bytes: 100_000,
            lease: 3 * LEASE,
            heartbeat: Duration::from_secs(10),
            shortest_heartbeat: Duration::from_secs(1),
        };
        Self {
            exchange: Exchange::new(terms, Box::new(|_| Vec::new()), Arc::default(), new_id),
            now: Instant::now(),
        }
    }

    fn connect(&mut self, grant: &Grant) -> Peer {
        let line = Line::new(Duration::from_secs(70));
        let post = self.exchange.join(grant, &line, None).unwrap();
        let peer = Peer {
            line,
            id: post.peer.to_string(),
            post,
            token: String::new(),
            resumed: false,
            arrived: 0,
            heard: Vec::new(),
        };
        assert_eq!(peer.frames()[0]["type"], "welcome");
        peer
    }

    /// A connection that speaks 1.2 and, with a token, wants to be another peer again.
    fn peer(&mut self, resume: Option<(&str, u64)>) -> Peer {
        let mut peer = self.connect(&Grant::default());
        let mut message = json!({"type": "setProtocolVersion", "version": "v1_2"});
        if let Some((token, received)) = resume {
            message["resume"] = json!({"token": token, "received": received});
        }
        self.say(&mut peer, message);
        let frames = peer.frames();
        let lease = &frames[0];
        assert_eq!(lease["type"], "lease", "{lease}");
        peer.id = lease["peerId"].as_str().unwrap().to_owned();
        peer.token = lease["token"].as_str().unwrap().to_owned();
        peer.resumed = lease["resumed"] == true;
        peer.arrived = lease["received"].as_u64().unwrap();
        peer.heard.extend(frames.into_iter().skip(1));
        peer
    }

    fn say(&mut self, peer: &mut Peer, message: Value) {
        let message = serde_json::from_value(message).unwrap();
        let other = self.exchange.message(&peer.post, &peer.line, message);
        if let Some(other) = other {
            peer.post = other;
        }
    }

    fn leave(&mut self, peer: &Peer, ending: Ending) {
        self.exchange.leave(&peer.post, &peer.line, ending, self.now);
    }

    /// A producer and a consumer in a session, whose identifier comes last.
    fn session(&mut self) -> (Peer, Peer, String) {
        let (mut producer, mut consumer) = (self.peer(None), self.peer(None));
        self.say(&mut producer, json!({"type": "setPeerStatus", "roles": ["producer"]}));
        self.say(&mut consumer, json!({"type": "startSession", "peerId": producer.id}));
        let started = consumer.hear();
        assert_eq!(producer.hear()[0]["type"], "startSession");
        let session = started[0]["sessionId"].as_str().unwrap().to_owned();
        (producer, consumer, session)
    }

    /// A peer says a candidate, which is passed on as it is.
    fn candidate(&mut self, peer: &mut Peer, session: &str, number: usize) {
        let text = candidate_text(session, number);
        let envelope = Envelope::read(&text).unwrap();
        self.exchange.pass_on(&peer.post, &peer.line, &envelope, &text.as_str().into());
    }
}

/// A candidate as clients write it: the type first.
fn candidate_text(session: &str, number: usize) -> String {
    let ice = json!({"candidate": number.to_string(), "sdpMLineIndex": 0});
    format!(r#"{{"type":"peer","sessionId":"{session}","ice":{ice}}}"#)
}

impl Peer {
    /// Everything that is sent over the connection by now.
    fn frames(&self) -> Vec<Value> {
        let mut batch = VecDeque::new();
        self.post.take(&self.line, usize::MAX, &mut batch);
        batch.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
    }

    /// Receives what is sent by now; returns what of it counts.
    fn hear(&mut self) -> Vec<Value> {
        let counted = |message: &Value| message["type"] != "heartbeat";
        let new: Vec<_> = self.frames().into_iter().filter(counted).collect();
        self.heard.extend(new.clone());
        new
    }

    fn received(&self) -> u64 {
        self.heard.len() as u64
    }

    /// The numbers of the candidates that have come.
    fn candidates(&self) -> Vec<usize> {
        let ice = self.heard.iter().filter_map(|message| message["ice"]["candidate"].as_str());
        ice.map(|number| number.parse().unwrap()).collect()
    }
}

#[test]
fn a_peer_that_is_back_in_time_is_the_same_and_nobody_noticed() {
    let mut scene = Scene::new();
    let (mut producer, consumer, session) = scene.session();
    let mut listener = scene.peer(None);
    scene.say(&mut listener, json!({"type": "setPeerStatus", "roles": ["listener"]}));
    listener.hear();
    scene.leave(&consumer, cut());
    scene.now += LEASE - Duration::from_secs(1);
    assert!(scene.exchange.expire(scene.now).is_some());
    let mut back = scene.peer(Some((&consumer.token, consumer.received())));
    assert!(back.resumed);
    assert_eq!(back.id, consumer.id);
    assert_ne!(back.token, consumer.token);
    scene.candidate(&mut producer, &session, 1);
    back.hear();
    assert_eq!(back.candidates(), [1]);
    scene.candidate(&mut back, &session, 2);
    producer.hear();
    assert_eq!(producer.candidates(), [2]);
    assert_eq!(listener.hear(), [] as [Value; 0]);
    scene.now += 10 * LEASE;
    assert_eq!(scene.exchange.expire(scene.now), None);
    scene.candidate(&mut producer, &session, 3);
    assert_eq!(back.hear().len(), 1);
}

#[test]
fn a_token_is_good_until_its_successor_is_used_however_often_the_connection_breaks() {
    let mut scene = Scene::new();
    let (_producer, consumer, _) = scene.session();
    let first = (consumer.token.clone(), consumer.received());
    let mut last = consumer;
    for _ in 0..5 {
        // Lost before the new lease arrived: the old token is all that the peer has.
        scene.leave(&last, cut());
        last = scene.peer(Some((&first.0, first.1)));
        assert!(last.resumed);
    }
    let back = scene.peer(Some((&last.token, first.1)));
    assert!(back.resumed);
    assert!(!scene.peer(Some((&first.0, first.1))).resumed, "its successor has been used");
}

#[test]
fn a_peer_comes_back_only_with_the_rights_that_its_roles_need() {
    let mut scene = Scene::new();
    let (producer, mut consumer, _) = scene.session();
    let rights = Rights { produce: false, ..Rights::ALL };
    let mut back = scene.connect(&Grant { rights, ..Grant::default() });
    let resume = json!({"token": producer.token, "received": 0});
    scene.say(&mut back, json!({"type": "setProtocolVersion", "version": "v1_2", "resume": resume}));
    assert_eq!(back.frames()[0]["resumed"], false);
    assert_eq!(consumer.hear()[0]["reason"], "peerGone");
}

#[test]
fn who_is_lost_is_in_no_list_and_takes_no_session_and_is_announced_when_back_to_who_missed_it() {
    let mut scene = Scene::new();
    let (producer, _consumer, _) = scene.session();
    let mut viewer = scene.peer(None);
    scene.say(&mut viewer, json!({"type": "setPeerStatus", "roles": ["listener"]}));
    viewer.hear();
    scene.leave(&producer, cut());
    scene.say(&mut viewer, json!({"type": "list"}));
    assert_eq!(viewer.hear()[0]["producers"], json!([]));
    scene.say(&mut viewer, json!({"type": "startSession", "peerId": producer.id}));
    assert_eq!(viewer.hear()[0]["code"], "unknownPeer");
    // The same camera, started again after it was killed.
    let mut other = scene.peer(None);
    scene.say(&mut other, json!({"type": "setPeerStatus", "roles": ["producer"]}));
    scene.say(&mut viewer, json!({"type": "list"}));
    assert_eq!(viewer.hear()[1]["producers"], json!([{"id": other.id, "meta": null}]));
    let back = scene.peer(Some((&producer.token, producer.received())));
    assert!(back.resumed);
    let told = viewer.hear();
    assert_eq!((&told[0]["peerId"], &told[0]["roles"]), (&json!(back.id), &json!(["producer"])));
    scene.say(&mut viewer, json!({"type": "startSession", "peerId": back.id}));
    assert_eq!(viewer.hear()[0]["type"], "sessionStarted");
}

#[test]
fn a_peer_that_is_not_back_in_time_is_gone() {
    let mut scene = Scene::new();
    let (mut producer, consumer, session) = scene.session();
    scene.leave(&consumer, cut());
    scene.now += LEASE;
    assert_eq!(scene.exchange.expire(scene.now), None);
    let end = json!({"type": "endSessionV1_1", "sessionId": session, "error": null, "reason": "peerGone"});
    assert_eq!(producer.hear(), [end]);
    let late = scene.peer(Some((&consumer.token, consumer.received())));
    assert!(!late.resumed);
    assert_ne!(late.id, consumer.id);
}

#[test]
fn who_is_silent_has_more_time_than_whose_connection_was_ended() {
    let mut scene = Scene::new();
    let (_producer, consumer, _) = scene.session();
    scene.leave(&consumer, Ending::Silent);
    scene.now += 3 * LEASE - Duration::from_secs(1);
    assert!(scene.exchange.expire(scene.now).is_some());
    assert!(scene.peer(Some((&consumer.token, consumer.received()))).resumed);
}

#[test]
fn a_connection_that_is_closed_properly_ends_its_peer_at_once() {
    let mut scene = Scene::new();
    let (mut producer, consumer, _) = scene.session();
    scene.leave(&consumer, Ending::ClosedByPeer);
    assert_eq!(producer.hear()[0]["reason"], "peerGone");
    assert!(!scene.peer(Some((&consumer.token, consumer.received()))).resumed);
}

#[test]
fn a_peer_before_1_2_is_gone_with_its_connection() {
    let mut scene = Scene::new();
    let (mut producer, mut consumer) = (scene.peer(None), scene.connect(&Grant::default()));
    scene.say(&mut producer, json!({"type": "setPeerStatus", "roles": ["producer"]}));
    scene.say(&mut consumer, json!({"type": "startSession", "peerId": producer.id}));
    producer.hear();
    scene.leave(&consumer, cut());
    assert_eq!(producer.hear()[0]["reason"], "peerGone");
}

#[test]
fn nothing_is_lost_doubled_or_reordered_wherever_the_connection_breaks() {
    for arrive in 0..=10 {
        let mut scene = Scene::new();
        let (mut producer, mut consumer, session) = scene.session();
        for number in 0..6 {
            scene.candidate(&mut producer, &session, number);
        }
        // All are sent, but the connection breaks when so many have arrived; more come meanwhile.
        let frames = consumer.frames();
        consumer.heard.extend(frames.into_iter().take(arrive));
        scene.leave(&consumer, cut());
        for number in 6..10 {
            scene.candidate(&mut producer, &session, number);
        }
        let mut back = scene.peer(Some((&consumer.token, consumer.received())));
        back.hear();
        let all: Vec<_> = consumer.candidates().into_iter().chain(back.candidates()).collect();
        assert_eq!(all, (0..10).collect::<Vec<_>>());
    }
}

#[test]
fn the_server_says_how_many_messages_have_arrived_so_that_the_rest_is_sent_again() {
    let mut scene = Scene::new();
    let (mut producer, mut consumer, session) = scene.session();
    for number in 0..5 {
        scene.candidate(&mut consumer, &session, number);
    }
    scene.leave(&consumer, cut());
    let back = scene.peer(Some((&consumer.token, consumer.received())));
    assert_eq!(back.arrived, 1 + 5, "startSession and the candidates");
    assert_eq!(producer.hear().len(), 5);
}

#[test]
fn a_connection_that_seems_to_be_there_is_taken_over_and_can_do_nothing_more() {
    let mut scene = Scene::new();
    let (mut producer, mut consumer, session) = scene.session();
    let mut back = scene.peer(Some((&consumer.token, consumer.received())));
    assert!(back.resumed);
    scene.candidate(&mut consumer, &session, 1);
    assert_eq!(producer.hear(), [] as [Value; 0]);
    scene.leave(&consumer, cut());
    scene.candidate(&mut producer, &session, 2);
    assert_eq!(back.hear().len(), 1);
    assert_eq!(consumer.frames(), [] as [Value; 0]);
}

#[test]
fn a_token_of_another_room_is_good_for_nothing() {
    let mut scene = Scene::new();
    let (_producer, consumer, _) = scene.session();
    let mut stranger = scene.connect(&Grant { room: "other".into(), ..Grant::default() });
    let resume = json!({"token": consumer.token, "received": 0});
    scene.say(&mut stranger, json!({"type": "setProtocolVersion", "version": "v1_2", "resume": resume}));
    assert_eq!(stranger.frames()[0]["resumed"], false);
}

#[test]
fn rooms_do_not_know_of_each_other_and_leave_nothing_behind() {
    let mut scene = Scene::new();
    let other = Grant { room: "other".into(), ..Grant::default() };
    let (mut here, mut there) = (scene.connect(&Grant::default()), scene.connect(&other));
    scene.say(&mut here, json!({"type": "setPeerStatus", "roles": ["producer"]}));
    scene.say(&mut there, json!({"type": "list"}));
    assert_eq!(there.frames(), [json!({"type": "list", "producers": []})]);
    scene.say(&mut there, json!({"type": "startSession", "peerId": here.id}));
    assert_eq!(there.frames()[0]["code"], "unknownPeer");
    scene.leave(&here, cut());
    scene.leave(&there, cut());
    assert!(scene.exchange.rooms.is_empty() && scene.exchange.posts.is_empty());
}

#[test]
fn a_count_that_cannot_be_starts_anew() {
    let mut scene = Scene::new();
    let (mut producer, mut consumer, _) = scene.session();
    scene.say(&mut consumer, json!({"type": "heartbeat", "received": 99}));
    assert_eq!(consumer.hear()[0]["code"], "invalidMessage");
    scene.leave(&consumer, cut());
    let back = scene.peer(Some((&consumer.token, 99)));
    assert!(!back.resumed);
    assert_eq!(producer.hear()[0]["reason"], "peerGone");
}
