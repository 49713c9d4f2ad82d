//! How many connections there may be.

use crate::support::{Server, soon};
use gst_plugin_webrtc_signalling::Config;

#[tokio::test]
async fn a_connection_too_many_is_answered_503_until_there_is_room() {
    for secure in [false, true] {
        let server = Server::start(secure, Config { max_connections: 2, ..Config::default() }).await;
        let (mut one, _other) = (server.client().await, server.client().await);
        let answer = server.refused("/", &[]).await;
        assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
        one.settle().await;
        one.leave().await;
        // The place is free once the server has seen the end, which is soon.
        soon(async { while server.knock("/", &[]).await.is_err() {} }).await;
    }
}

#[tokio::test]
async fn a_connection_too_many_from_one_address_is_answered_429() {
    let config = Config { max_connections_per_address: 1, ..Config::default() };
    let server = Server::start(false, config).await;
    let mut client = server.client().await;
    let answer = server.refused("/", &[]).await;
    assert!(answer.starts_with("HTTP/1.1 429 Too Many Requests\r\n"), "{answer}");
    client.settle().await;
}

#[tokio::test]
async fn a_full_server_still_says_that_it_is_alive() {
    let server = Server::start(false, Config { max_connections: 1, ..Config::default() }).await;
    let _client = server.client().await;
    let answer = server.ask("GET /healthz HTTP/1.1\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}
