//! Files that are read again while the server runs.

use crate::support::{Client, Identity, Server};
use gst_plugin_webrtc_signalling::Config;
use gst_plugin_webrtc_signalling::tls::Reloadable;

/// A client of a `wss` server that has this certificate, welcomed.
async fn client(identity: &Identity, tcp: tokio::net::TcpStream, path: &str) -> Client {
    let stream = identity.secure(tcp).await.unwrap();
    let (mut client, _) = Client::knock(stream, path, &[]).await.unwrap();
    assert_eq!(client.next().await["type"], "welcome");
    client
}

#[tokio::test]
async fn a_certificate_that_is_read_again_serves_from_now_on_and_disconnects_nobody() {
    let (used, old, new) = (Identity::new("used"), Identity::new("old"), Identity::new("new"));
    old.replace(&used);
    let files = Reloadable::open(&used.cert, &used.key).unwrap();
    let config = Config { tls: Some(files.server_config().unwrap()), ..Config::default() };
    let server = Server::start(false, config).await;
    let mut early = client(&old, server.tcp().await, "/").await;

    new.replace(&used);
    files.reload().unwrap();
    let mut late = client(&new, server.tcp().await, "/").await;
    assert!(old.secure(server.tcp().await).await.is_err());

    // What does not serve is an error, and what was there goes on serving.
    std::fs::copy(&old.key, &used.key).unwrap();
    let error = files.reload().unwrap_err().to_string();
    assert!(error.contains(used.key.to_str().unwrap()), "{error}");
    client(&new, server.tcp().await, "/").await.settle().await;
    early.settle().await;
    late.settle().await;
}
