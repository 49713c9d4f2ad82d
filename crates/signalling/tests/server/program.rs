//! The server as a program: its options, output, signals and exit codes.

#![cfg(all(unix, feature = "cli"))]

use crate::support::{Client, soon, start_session};
use serde_json::json;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStdout, Command};

const PROGRAM: &str = env!("CARGO_BIN_EXE_gst-webrtc-signalling-server");

/// The program on a free port.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) out: Lines<BufReader<ChildStdout>>,
    pub(crate) address: String,
}

impl Program {
    /// Waits until it says where it listens.
    pub(crate) async fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = soon(out.next_line()).await.unwrap().unwrap();
        let (scheme, address) = line.split_once("://").unwrap();
        assert!(scheme.starts_with("listening on ws"), "{line}");
        let address = address.to_owned();
        Self { child, out, address }
    }

    /// Opens a connection that nothing has been said on.
    pub(crate) async fn tcp(&self) -> TcpStream {
        soon(TcpStream::connect(&self.address)).await.unwrap()
    }

    /// Connects a client to a `ws` server and takes its welcome.
    pub(crate) async fn client(&self) -> Client {
        let (mut client, _) = Client::over(Box::new(self.tcp().await)).await;
        client.id = client.next().await["peerId"].as_str().unwrap().to_owned();
        client
    }

    /// Sends it a signal.
    pub(crate) async fn signal(&self, signal: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(soon(Command::new("kill").args(["-s", signal, &id]).status()).await.unwrap().success());
    }

    /// Waits for a line of output that contains `text`.
    pub(crate) async fn says(&mut self, text: &str) -> String {
        loop {
            let line = soon(self.out.next_line()).await.unwrap().unwrap();
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits for its end and returns the exit code.
    pub(crate) async fn exit_code(&mut self) -> Option<i32> {
        soon(self.child.wait()).await.unwrap().code()
    }
}

/// The program with these arguments, and without an environment.
pub(crate) fn program(args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(args).env_clear().kill_on_drop(true);
    command
}

#[tokio::test]
async fn both_signals_end_it_properly() {
    for signal in ["INT", "TERM"] {
        let mut program = Program::start(&mut program(&["--host", "127.0.0.1", "-p", "0"])).await;
        let mut client = program.client().await;
        program.signal(signal).await;
        assert_eq!(u16::from(client.closed().await.unwrap().code), 1001);
        drop(client);
        assert_eq!(program.exit_code().await, Some(0));
    }
}

#[tokio::test]
async fn it_serves_ipv6() {
    if TcpListener::bind("[::1]:0").await.is_err() {
        return; // No IPv6 on this machine.
    }
    for host in ["::1", "[::1]"] {
        let program = Program::start(&mut program(&["--host", host, "--port", "0"])).await;
        assert!(program.address.starts_with("[::1]:"), "{}", program.address);
        program.client().await.settle().await;
    }
}

#[tokio::test]
async fn a_port_in_use_is_named_together_with_the_option() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = soon(program(&["--host", "127.0.0.1", "-p", &port]).output()).await.unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains(&port) && text.contains("--port"), "{text}");
}

#[tokio::test]
async fn a_certificate_that_does_not_serve_stops_the_start() {
    for args in [&["-c", "cert.pem"][..], &["-k", "key.pem"], &["-c", "/no/cert.pem", "-k", "/no/key.pem"]] {
        let output = soon(program(args).args(["-p", "0"]).output()).await.unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {text}");
        assert!(text.contains(args[1]), "{text}");
    }
}

#[tokio::test]
async fn the_default_log_holds_nothing_that_peers_say_to_each_other() {
    let mut program = Program::start(&mut program(&["--host", "127.0.0.1", "-p", "0"])).await;
    // What is refused is not for the log either.
    let refused = Client::knock(
        Box::new(program.tcp().await),
        "/?access_token=secret&room=",
        &[("Sec-WebSocket-Protocol", "gstwebrtc.token.c2VjcmV0")],
    );
    assert!(refused.await.is_err());
    let (mut producer, mut consumer) = (program.client().await, program.client().await);
    let session = start_session(&mut producer, &mut consumer).await;
    for inner in [
        ("sdp", json!({"type": "offer", "sdp": "secret description"})),
        ("ice", json!({"candidate": "secret candidate", "sdpMLineIndex": 0})),
        ("ice", json!("secret mistake")),
    ] {
        producer.say(json!({"type": "peer", "sessionId": session, inner.0: inner.1})).await;
    }
    assert_eq!(producer.next().await["type"], "error");
    let peer = producer.id.clone();
    drop((producer, consumer));
    program.signal("TERM").await;
    let mut log = String::new();
    while let Some(line) = soon(program.out.next_line()).await.unwrap() {
        log.push_str(&line);
    }
    assert!(log.contains(&peer), "{log}");
    assert!(!log.contains("secret"), "{log}");
    assert!(!log.contains("127.0.0.1"), "{log}");
}

#[tokio::test]
async fn running_out_of_files_does_not_end_it() {
    let script = r#"ulimit -n 20; exec "$0" --host 127.0.0.1 --port 0"#;
    let mut program = Program::start(Command::new("sh").args(["-c", script, PROGRAM])).await;
    let mut held = Vec::new();
    for _ in 0..40 {
        held.push(soon(TcpStream::connect(&program.address)).await.unwrap());
    }
    // The log says that it has happened.
    program.says("failed to accept").await;
    drop(held);
    program.client().await.settle().await;
    assert!(program.child.try_wait().unwrap().is_none());
}

#[tokio::test]
async fn it_says_its_name_and_version() {
    let mut child = program(&["-V"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut text = String::new();
    soon(child.stdout.take().unwrap().read_to_string(&mut text)).await.unwrap();
    assert!(text.starts_with("gst-webrtc-signalling-server "), "{text}");
    assert!(soon(child.wait()).await.unwrap().success());
}
