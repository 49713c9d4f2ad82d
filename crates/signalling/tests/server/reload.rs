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

#[cfg(all(unix, feature = "cli"))]
#[tokio::test]
async fn sighup_reads_certificate_and_tokens_again_and_disconnects_nobody() {
    use crate::configuration::file;
    use crate::program::{Program, program};
    use std::path::Path;

    let token = |text: &str| format!("[[tokens]]\ntoken = \"{text}\"\nrights = [\"list\"]\n");
    let write = |path: &Path, text: &str| std::fs::write(path, text).unwrap();
    let (used, new) = (Identity::new("program"), Identity::new("program-new"));
    let tokens = file("tokens.toml", &token("old-token"));
    let paths = [&used.cert, &used.key, &tokens].map(|path| path.to_str().unwrap());
    let args =
        ["--host", "127.0.0.1", "-p", "0", "--cert", paths[0], "--key", paths[1], "--tokens", paths[2]];
    let old = Identity::new("program-old");
    old.replace(&used);
    let mut program = Program::start(&mut program(&args)).await;
    let mut early = client(&old, program.tcp().await, "/?access_token=old-token").await;

    new.replace(&used);
    write(&tokens, &token("new-token"));
    program.signal("HUP").await;
    program.says("read the certificate again").await;
    program.says("read who may come in again").await;
    let mut late = client(&new, program.tcp().await, "/?access_token=new-token").await;
    let stream = new.secure(program.tcp().await).await.unwrap();
    assert!(Client::knock(stream, "/?access_token=old-token", &[]).await.is_err());

    write(&tokens, "[[tokens]]\ntoken = \"new-token\"\n");
    write(&used.cert, "nothing");
    program.signal("HUP").await;
    let certificate = program.says("the certificate stays as it was").await;
    assert!(certificate.contains(paths[0]), "{certificate}");
    let access = program.says("who may come in stays as it was").await;
    assert!(access.contains(paths[2]) && !access.contains("new-token"), "{access}");
    client(&new, program.tcp().await, "/?access_token=new-token").await.settle().await;
    early.settle().await;
    late.settle().await;
}
