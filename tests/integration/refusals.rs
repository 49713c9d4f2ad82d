//! What a real server refuses a client: that which goes on elsewhere or later does so, and the rest is an error.

use crate::support::relay::{Relay, uri};
use crate::support::server::Server;
use crate::support::{self, DEADLINE, Pipeline, VIDEO, Viewer};
use gst::glib;
use gst::prelude::*;
use signalling::access::{Access, Authority, Token, TokenError, Tokens};
use signalling::{Grant, Rights};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Delays that no test has to wait for.
const QUICK: &str = "signaller::reconnect-delay-min=1 signaller::reconnect-delay-max=20";

/// A producer that is registered, and its identifier.
fn producer(uri: &str, settings: &str) -> (Pipeline, String) {
    let pipeline = Pipeline::parse(&format!(
        "{VIDEO} ! webrtcsink name=ws stun-server=\"\" signaller::uri={uri} {settings}"
    ));
    pipeline.play();
    let element = pipeline.element("ws");
    support::registered(&element);
    let signaller = element.property::<glib::Object>("signaller");
    (pipeline, signaller.property::<Option<String>>("client-id").unwrap())
}

/// A viewer of the producer with this identifier.
fn viewer_of(uri: &str, producer: &str, settings: &str) -> Viewer {
    let wanted = format!("connect-to-first-producer=false signaller::producer-peer-id={producer}");
    let viewer = Viewer::new(uri, "video", "video/x-raw", &format!("{QUICK} {wanted} {settings}"));
    viewer.pipeline.play();
    viewer
}

/// A server at which nobody may have a second session.
fn narrow() -> Server {
    let config = signalling::Config { max_sessions_per_peer: 1, ..signalling::Config::default() };
    Server::with("127.0.0.1:0", config)
}

/// Waits until clients have asked so often for a session.
fn asks(relay: &Relay, times: usize) {
    for _ in 0..times {
        while !relay.said.recv_timeout(DEADLINE).unwrap().contains("startSession") {}
    }
}

#[test]
fn a_viewer_of_the_first_producer_takes_the_next_where_the_first_is_full() {
    let server = narrow();
    let _producers = [producer(&uri(&server), ""), producer(&uri(&server), "")];
    let viewers: Vec<_> = (0..2)
        .map(|_| {
            let viewer = Viewer::play(&uri(&server), "video", "video/x-raw");
            viewer.samples(5);
            viewer
        })
        .collect();
    viewers.iter().for_each(|viewer| drop(viewer.samples(5)));
}

#[test]
fn a_viewer_whose_producer_is_full_has_its_stream_when_another_leaves() {
    let server = narrow();
    let (pipeline, id) = producer(&uri(&server), "");
    let first = viewer_of(&uri(&server), &id, "");
    first.samples(5);
    let relay = Relay::start(&server, false);
    let second = viewer_of(&relay.uri(), &id, "");
    asks(&relay, 3);
    assert_eq!(pipeline.element("ws").emit_by_name::<Vec<String>>("get-sessions", &[]).len(), 1);
    first.pipeline.stop();
    second.samples(5);
}

/// A server with a token for each right, of that name, and one for all, `all`.
fn guarded() -> Server {
    let mut tokens = Tokens::new();
    for right in ["produce", "consume", "list"] {
        tokens.insert(right, Token { room: String::new(), rights: Rights::named([right]).unwrap() });
    }
    tokens.insert("all", Token { room: String::new(), rights: Rights::ALL });
    let access = Access::by(vec![Box::new(tokens)]);
    Server::with("127.0.0.1:0", signalling::Config { access, ..signalling::Config::default() })
}

fn token(right: &str) -> String {
    format!("signaller::auth-token={right}")
}

/// The error of an element that may not do what it is for.
fn forbidden(pipeline: &Pipeline) {
    let text = pipeline.error();
    assert!(text.contains("server refused") && text.contains("auth-token"), "{text}");
}

#[test]
fn the_right_to_consume_is_needed_and_enough_for_the_stream_of_a_producer_that_is_named() {
    let server = guarded();
    let (_producer, id) = producer(&uri(&server), &token("produce"));
    let viewer = viewer_of(&uri(&server), &id, &token("consume"));
    viewer.samples(5);
    for right in ["produce", "list"] {
        forbidden(&viewer_of(&uri(&server), &id, &token(right)).pipeline);
    }
}

#[test]
fn who_may_only_consume_asks_again_for_a_producer_that_is_not_there() {
    let server = guarded();
    let relay = Relay::to(format!("{}/?access_token=consume", uri(&server)), false);
    let viewer = viewer_of(&relay.uri(), "nobody", "");
    asks(&relay, 3);
    viewer.pipeline.message("webrtc-signalling-connected");
    assert!(viewer.pipeline.0.bus().unwrap().pop_filtered(&[gst::MessageType::Error]).is_none());
}

#[test]
fn a_viewer_of_the_first_producer_needs_the_rights_to_list_and_to_consume() {
    let server = guarded();
    let (_producer, _) = producer(&uri(&server), &token("produce"));
    for right in ["produce", "consume", "list"] {
        let viewer = Viewer::new(&uri(&server), "video", "video/x-raw", &token(right));
        viewer.pipeline.play();
        forbidden(&viewer.pipeline);
    }
    let viewer = Viewer::new(&uri(&server), "video", "video/x-raw", &token("all"));
    viewer.pipeline.play();
    viewer.samples(5);
}

#[test]
fn a_producer_needs_the_right_to_produce() {
    let server = guarded();
    for right in ["consume", "list"] {
        let (uri, token) = (uri(&server), token(right));
        let pipeline =
            Pipeline::parse(&format!("{VIDEO} ! webrtcsink stun-server=\"\" signaller::uri={uri} {token}"));
        pipeline.play();
        forbidden(&pipeline);
    }
}

/// Lets in who has token `first`, once and for a moment, and who has token `second`.
#[derive(Default)]
struct Renewing(AtomicBool);

impl Authority for Renewing {
    fn judge(&self, token: &str) -> Result<Grant, TokenError> {
        let soon = tokio::time::Instant::now() + Duration::from_millis(500);
        match token {
            "first" if !self.0.swap(true, Ordering::SeqCst) => {
                Ok(Grant { expires: Some(soon), ..Grant::default() })
            }
            "second" => Ok(Grant::default()),
            _ => Err(TokenError::Unknown),
        }
    }
}

#[test]
fn a_token_that_is_replaced_before_it_expires_keeps_the_client_and_its_sessions() {
    let access = Access::by(vec![Box::new(Renewing::default())]);
    let config = signalling::Config { access, ..signalling::Config::default() };
    let server = Server::with("127.0.0.1:0", config);
    let (pipeline, id) = producer(&uri(&server), &format!("{QUICK} {}", token("first")));
    pipeline.element("ws").property::<glib::Object>("signaller").set_property("auth-token", "second");
    let viewer = viewer_of(&uri(&server), &id, &token("second"));
    viewer.samples(5);
    let lost = pipeline.message("webrtc-signalling-lost");
    assert!(lost.get::<&str>("text").unwrap().contains("token has expired"), "{lost}");
    let connected = pipeline.message("webrtc-signalling-connected");
    assert_eq!((connected.get("resumed"), connected.get("client-id")), (Ok(true), Ok(id.as_str())));
    viewer.samples(5);
}
