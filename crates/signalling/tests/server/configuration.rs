//! Options, environment and file of the program, and what it does when it is told to end.

#![cfg(all(unix, feature = "cli"))]

use crate::program::{Program, program};
use crate::support::soon;
use std::path::PathBuf;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A file with this text.
pub(crate) fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path
}

async fn page(address: &str, path: &str) -> String {
    let mut stream = soon(TcpStream::connect(address)).await.unwrap();
    soon(stream.write_all(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes())).await.unwrap();
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await.unwrap();
    answer
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_option_goes_before_the_environment_and_that_before_the_file() {
    let path = file("precedence.toml", "host = \"127.0.0.2\"\nport = 0\nlog = \"off\"\n");
    let path = path.to_str().unwrap();
    let host = "GST_WEBRTC_SIGNALLING_HOST";
    for (args, environment, expected) in [
        (&["--config", path][..], None, "127.0.0.2:"),
        (&["--config", path], Some("127.0.0.3"), "127.0.0.3:"),
        (&["--config", path, "--host", "127.0.0.4"], Some("127.0.0.3"), "127.0.0.4:"),
    ] {
        let mut command = program(args);
        command.envs(environment.map(|address| (host, address)));
        let program = Program::start(&mut command).await;
        assert!(program.address.starts_with(expected), "{}", program.address);
        program.client().await.settle().await;
    }
    let mut command = program(&["--host", "127.0.0.1", "-p", "0"]);
    let program = Program::start(command.env("GST_WEBRTC_SIGNALLING_CONFIG", path)).await;
    assert!(program.address.starts_with("127.0.0.1:"), "{}", program.address);
}

#[tokio::test]
async fn a_mistake_stops_the_start_and_is_named() {
    let config = |text| file("mistake.toml", text).display().to_string();
    for (args, expected) in [
        (vec!["--config".to_owned(), config("prot = 1")], "\"prot\""),
        (vec!["--config".to_owned(), "/no/such.toml".to_owned()], "/no/such.toml"),
        (vec!["--tokens".to_owned(), "/no/such.toml".to_owned()], "/no/such.toml"),
        (vec!["--jwt-audience".to_owned(), "a".to_owned()], "--jwt-key"),
        (vec!["--turn-server".to_owned(), "turn:a".to_owned()], "secret"),
        (vec!["--stun-server".to_owned(), "a".to_owned()], "stun:HOST"),
        (vec!["--lease".to_owned(), "30s".to_owned()], "--lease"),
    ] {
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let output = soon(program(&args).args(["-p", "0"]).output()).await.unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && text.contains(expected), "{args:?}: {text}");
    }
}

#[tokio::test]
async fn sigterm_waits_for_everyone_to_leave() {
    let args = ["--host", "127.0.0.1", "-p", "0", "--drain", "1000"];
    let mut program = Program::start(&mut program(&args)).await;
    let mut client = program.client().await;
    program.signal("TERM").await;
    program.says("waiting for everyone to leave").await;
    assert!(page(&program.address, "/readyz").await.starts_with("HTTP/1.1 503 "));
    client.settle().await;
    client.leave().await;
    assert_eq!(program.exit_code().await, Some(0));
}

#[tokio::test]
async fn a_second_signal_or_the_end_of_the_time_disconnects_everyone() {
    for (drain, second) in [("1000", Some("TERM")), ("1000", Some("INT")), ("0.2", None)] {
        let args = ["--host", "127.0.0.1", "-p", "0", "--drain", drain];
        let mut program = Program::start(&mut program(&args)).await;
        let mut client = program.client().await;
        program.signal("TERM").await;
        program.says("waiting for everyone to leave").await;
        if let Some(signal) = second {
            program.signal(signal).await;
        }
        assert_eq!(u16::from(client.closed().await.unwrap().code), 1001);
        drop(client);
        assert_eq!(program.exit_code().await, Some(0));
    }
}

#[tokio::test]
async fn metrics_are_served_where_the_option_says() {
    let args = ["--host", "127.0.0.1", "-p", "0", "--metrics-listen", "127.0.0.1:0"];
    let mut program = Program::start(&mut program(&args)).await;
    let line = program.says("metrics on http://").await;
    let address = line.rsplit('/').next().unwrap();
    assert!(page(address, "/metrics").await.contains("gst_webrtc_signalling_build_info"));
    assert!(page(&program.address, "/metrics").await.starts_with("HTTP/1.1 404 "));
}
