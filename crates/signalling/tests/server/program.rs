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
struct Program {
    child: Child,
    out: Lines<BufReader<ChildStdout>>,
    address: String,
}

impl Program {
    async fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = soon(out.next_line()).await.unwrap().unwrap();
        let address = line.strip_prefix("listening on ws://").unwrap().to_owned();
        Self { child, out, address }
    }

    async fn client(&self) -> Client {
        let stream = soon(TcpStream::connect(&self.address)).await.unwrap();
        let (mut client, _) = Client::over(Box::new(stream)).await;
        client.id = client.next().await["peerId"].as_str().unwrap().to_owned();
        client
    }

    async fn signal(&self, signal: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(soon(Command::new("kill").args(["-s", signal, &id]).status()).await.unwrap().success());
    }
}

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(args).env_remove("WEBRTCSINK_SIGNALLING_SERVER_LOG");
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
        assert_eq!(soon(program.child.wait()).await.unwrap().code(), Some(0));
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
    while !soon(program.out.next_line()).await.unwrap().unwrap().contains("failed to accept") {}
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
