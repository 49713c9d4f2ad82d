//! The servers inside the element: the page, where it finds the signalling server, ends with the element.

use crate::support::{self, Pipeline, SINK, VIDEO};
use gst::prelude::*;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

/// A port that nobody uses now: the web server has no way to tell which one it chose.
fn web(settings: &str) -> (Pipeline, String) {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let pipeline = Pipeline::parse(&format!(
        "{VIDEO} ! {SINK} run-web-server=true web-server-host-addr=http://{address} {settings}"
    ));
    pipeline.play();
    support::registered(&pipeline.element("ws"));
    (pipeline, address)
}

fn get(address: &str, path: &str) -> String {
    ask(address, "GET", path)
}

fn ask(address: &str, method: &str, path: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    write!(socket, "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut reply = Vec::new();
    socket.read_to_end(&mut reply).unwrap();
    String::from_utf8_lossy(&reply).into_owned()
}

#[test]
fn the_page_is_served_from_inside_the_plugin() {
    let (_pipeline, address) = web("");
    let page = get(&address, "/");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("text/html"), "{page}");
    assert!(page.contains("<title>"), "{page}");
    for path in ["/nothing", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd"] {
        assert!(get(&address, path).starts_with("HTTP/1.1 404"), "{path}");
    }
    let head = ask(&address, "HEAD", "/");
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(ask(&address, "POST", "/").starts_with("HTTP/1.1 405"));
}

#[test]
fn every_answer_says_what_the_page_may_do() {
    let (_pipeline, address) = web("web-server-path=live");
    for path in ["/live/", "/live/config.json", "/live/nothing", "/live", "/"] {
        let answer = get(&address, path);
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self';",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "permissions-policy: camera=(self), microphone=(self), display-capture=(self)",
        ] {
            assert!(answer.contains(&format!("\r\n{header}")), "{path} lacks {header}: {answer}");
        }
        let shared = answer.contains("\r\naccess-control-allow-origin: *\r\n");
        assert_eq!(shared, path.ends_with("config.json"), "{path}: {answer}");
    }
    let led = get(&address, "/live");
    assert!(led.starts_with("HTTP/1.1 308") && led.contains("\r\nlocation: /live/\r\n"), "{led}");
}

#[test]
fn the_page_is_told_the_port_of_the_signalling_server() {
    let (pipeline, address) = web("");
    let uri = support::uri(&pipeline.element("ws"));
    let port = uri.trim_end_matches('/').rsplit(':').next().unwrap().to_owned();
    let config = get(&address, "/config.json");
    assert!(config.contains(&format!("\"port\":{port}")) && config.contains("\"iceServers\":[]"), "{config}");
}

#[test]
fn a_directory_takes_the_place_of_the_page_and_a_path_goes_before_it() {
    let folder = std::env::temp_dir().join(format!("webrtcsink-page-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("index.html"), "my own page").unwrap();
    let (_pipeline, address) =
        web(&format!("web-server-path=/live web-server-directory={}", folder.display()));
    let page = get(&address, "/live/");
    assert!(page.ends_with("my own page") && page.contains("\r\nx-content-type-options: nosniff"), "{page}");
    assert!(!page.contains("content-security-policy"), "the page decides what it needs: {page}");
    let config = get(&address, "/live/config.json");
    assert!(config.contains("content-security-policy"), "{config}");
    assert!(get(&address, "/").starts_with("HTTP/1.1 404"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn both_servers_end_with_the_element() {
    let (pipeline, address) = web("");
    let uri = support::uri(&pipeline.element("ws"));
    let signalling = uri.trim_start_matches("ws://").trim_end_matches('/').to_owned();
    pipeline.stop();
    TcpListener::bind(&signalling).expect("the signalling server still listens");
    assert!(TcpStream::connect(&address).is_err(), "the web server still listens");
    assert_eq!(pipeline.0.current_state(), gst::State::Null);
}
