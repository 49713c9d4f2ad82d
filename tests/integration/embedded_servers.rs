//! The servers inside the element: the page, where it finds the signalling server, ends with the element.

use crate::support::server::Server;
use crate::support::{self, DEADLINE, Pipeline, SINK, VIDEO, Viewer};
use gst::prelude::*;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// A port that nobody uses now: the web server has no way to tell which one it chose.
fn web(settings: &str) -> (Pipeline, String) {
    let (pipeline, address) = page_of(&format!("{SINK} {settings}"));
    support::registered(&pipeline.element("ws"));
    (pipeline, address)
}

/// A sink with a page.
fn page_of(sink: &str) -> (Pipeline, String) {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let pipeline = Pipeline::parse(&format!(
        "{VIDEO} ! {sink} run-web-server=true web-server-host-addr=http://{address}"
    ));
    pipeline.play();
    (pipeline, address)
}

/// What came of a request for a websocket.
struct Asked {
    socket: TcpStream,
    answer: String,
}

fn upgrade(address: &str, path: &str) -> Asked {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    write!(
        socket,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .unwrap();
    let mut asked = Asked { socket, answer: String::new() };
    asked.says("\r\n\r\n");
    asked
}

impl Asked {
    /// Reads until the server has said this.
    fn says(&mut self, text: &str) {
        while !self.answer.contains(text) {
            let mut more = [0; 1024];
            let length = self.socket.read(&mut more).unwrap();
            assert!(length > 0, "the end came before {text:?}: {}", self.answer);
            // Byte for byte: frames are no text.
            self.answer.extend(more[..length].iter().map(|byte| char::from(*byte)));
        }
    }
}

fn get(address: &str, path: &str) -> String {
    ask(address, "GET", path)
}

fn ask(address: &str, method: &str, path: &str) -> String {
    exchange(address, &format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"))
}

fn exchange(address: &str, request: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(request.as_bytes()).unwrap();
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
    assert!(led.starts_with("HTTP/1.1 307") && led.contains("\r\nlocation: /live/\r\n"), "{led}");
}

#[test]
fn a_page_that_is_alone_is_told_where_the_signalling_server_is() {
    let server = Server::start("127.0.0.1:0");
    let (_pipeline, address) = page_of(&format!(
        "webrtcsink name=ws stun-server=stun://stun.example:3478 signaller::uri=ws://{}/?access_token=secret",
        server.address
    ));
    let port = server.address.port();
    let config = get(&address, "/config.json");
    assert!(config.contains(&format!("\"port\":{port}")) && config.contains("\"tls\":false"), "{config}");
    assert!(config.contains("\"iceServers\":[{\"urls\":\"stun:stun.example:3478\"}]"), "{config}");
    assert!(!config.contains("secret"), "{config}");
    let asked = upgrade(&address, "/");
    assert!(asked.answer.starts_with("HTTP/1.1 200"), "{}", asked.answer);
}

#[test]
fn one_port_is_enough_for_the_page_and_its_websocket() {
    let (pipeline, address) = web("web-server-path=live");
    let config = get(&address, "/live/config.json");
    assert!(
        config.contains("\"signallingServer\":\".\"") && config.contains("\"iceServers\":[]"),
        "{config}"
    );
    for path in ["/live/", "/live/any/path", "/live/index.html"] {
        let mut asked = upgrade(&address, path);
        assert!(asked.answer.starts_with("HTTP/1.1 101"), "{path}: {}", asked.answer);
        asked.says("\"type\":\"welcome\"");
    }
    assert!(upgrade(&address, "/elsewhere").answer.starts_with("HTTP/1.1 404"));
    // Who comes by either port meets who came by the other.
    let viewer = Viewer::play(&format!("ws://{address}/live/"), "video", "video/x-raw");
    viewer.sample();
    drop(pipeline);
}

#[test]
fn who_would_rather_speak_another_protocol_is_answered_all_the_same() {
    let (_pipeline, address) = web("");
    for path in ["/", "/config.json"] {
        let offers = "Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n";
        let answer = exchange(&address, &format!("GET {path} HTTP/1.1\r\nHost: here\r\n{offers}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }
}

#[test]
fn a_page_is_told_over_http_whether_its_websocket_would_be_let_in() {
    let (_pipeline, address) = web("");
    let question = "GET / HTTP/1.1\r\nHost: here\r\nAccept: application/json\r\nConnection: close\r\n\r\n";
    let answer = exchange(&address, question);
    assert!(
        answer.starts_with("HTTP/1.1 426") && answer.contains("\"reason\":\"not-a-websocket\""),
        "{answer}"
    );
    assert!(answer.contains("\r\naccess-control-allow-origin: *\r\n"), "{answer}");
}

#[test]
fn a_secure_page_has_a_secure_websocket() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let file = |kind: &str, text: String| {
        let path = std::env::temp_dir().join(format!("webrtcsink-{kind}-{}.pem", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path
    };
    let (cert, key) = (file("cert", made.cert.pem()), file("key", made.signing_key.serialize_pem()));
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let pipeline = Pipeline::parse(&format!(
        "{VIDEO} ! {SINK} run-web-server=true web-server-host-addr=https://127.0.0.1:{port} web-server-cert={} \
         web-server-key={}",
        cert.display(),
        key.display()
    ));
    pipeline.play();
    support::registered(&pipeline.element("ws"));
    let settings = format!("signaller::cafile={}", cert.display());
    let viewer = Viewer::new(&format!("wss://localhost:{port}"), "video", "video/x-raw", &settings);
    viewer.pipeline.play();
    viewer.sample();
    for path in [cert, key] {
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn an_element_that_stops_says_goodbye_to_websockets_of_both_ports() {
    let (pipeline, address) = web("");
    let uri = support::uri(&pipeline.element("ws"));
    let signalling = uri.trim_start_matches("ws://").trim_end_matches('/').to_owned();
    let mut open: Vec<_> =
        [&address, &signalling, &address].map(|address| upgrade(address, "/")).into_iter().collect();
    for asked in &mut open {
        asked.says("\"type\":\"welcome\"");
    }
    // Somebody is in the middle of a request, and somebody does not read the answers.
    let mut half = TcpStream::connect(&address).unwrap();
    half.write_all(b"GET / HT").unwrap();
    let mut deaf = TcpStream::connect(&address).unwrap();
    deaf.write_all(&b"GET / HTTP/1.1\r\nHost: here\r\n\r\n".repeat(1000)).unwrap();
    let took = pipeline.stop();
    assert!(took < Duration::from_secs(1), "took {took:?}");
    for asked in &mut open {
        // Close, 1001, from a server (RFC 6455 section 5.2).
        asked.says("\u{3}\u{e9}the server is shutting down");
    }
    for address in [&address, &signalling] {
        TcpListener::bind(address).expect("a server still listens");
    }
    // And again, with the same ports.
    pipeline.play();
    support::registered(&pipeline.element("ws"));
    assert!(upgrade(&address, "/").answer.starts_with("HTTP/1.1 101"));
}

#[test]
fn a_directory_takes_the_place_of_the_page_and_a_path_goes_before_it() {
    let folder = std::env::temp_dir().join(format!("webrtcsink-page-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("index.html"), "my own page").unwrap();
    let (_pipeline, address) =
        web(&format!("web-server-path=/live web-server-directory={}", folder.display()));
    assert!(upgrade(&address, "/live/").answer.starts_with("HTTP/1.1 101"));
    let page = get(&address, "/live/");
    assert!(page.ends_with("my own page") && page.contains("\r\nx-content-type-options: nosniff"), "{page}");
    assert!(!page.contains("content-security-policy"), "the page decides what it needs: {page}");
    let config = get(&address, "/live/config.json");
    assert!(config.contains("content-security-policy"), "{config}");
    assert!(get(&address, "/").starts_with("HTTP/1.1 404"));
    let led = get(&address, "/live?room=blue&token=a%20b");
    assert!(led.contains("\r\nlocation: /live/?room=blue&token=a%20b\r\n"), "{led}");
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
