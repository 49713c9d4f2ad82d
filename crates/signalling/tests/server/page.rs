//! The page on the port of the websockets.

use crate::support::{Server, get, soon};
use gst_plugin_webrtc_signalling::{Config, Page};
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn with(page: Page) -> Config {
    Config { page, ..Config::default() }
}

async fn open(server: &Server, path: &str) -> String {
    server
        .ask(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html,*/*;q=0.8\r\n\r\n"))
        .await
}

/// A directory of somebody's own, and a file beside it that is nobody's business.
fn directory(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let page = folder.join("page");
    std::fs::create_dir_all(page.join("more")).unwrap();
    std::fs::write(folder.join("secret.txt"), "secret").unwrap();
    std::fs::write(page.join(".hidden"), "secret").unwrap();
    std::fs::write(page.join("index.html"), "my own page").unwrap();
    std::fs::write(page.join("more/index.html"), "more of it").unwrap();
    std::fs::write(page.join("my script.js"), "run()").unwrap();
    page
}

#[tokio::test]
async fn the_page_health_and_websockets_share_one_port() {
    for secure in [false, true] {
        let server = Server::start(secure, with(Page::BuiltIn)).await;
        let page = open(&server, "/?room=blue").await;
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.contains("<title>"), "{page}");
        assert!(page.contains("\r\ncontent-type: text/html; charset=utf-8\r\n"), "{page}");
        let config = open(&server, "/config.json").await;
        assert!(config.ends_with(r#"{"signallingServer":".","iceServers":[]}"#), "{config}");
        assert!(config.contains("\r\naccess-control-allow-origin: *\r\n"), "{config}");
        assert!(open(&server, "/healthz").await.ends_with("\r\n\r\nalive\n"));
        server.client().await.settle().await;
        server.end().await;
    }
}

#[tokio::test]
async fn who_would_rather_speak_another_protocol_is_answered_all_the_same() {
    let server = Server::start(false, with(Page::BuiltIn)).await;
    for path in ["/", "/config.json", "/healthz"] {
        let offers = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n";
        let answer = server.ask(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{offers}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn every_answer_says_what_the_page_may_do() {
    let server = Server::start(false, with(Page::BuiltIn)).await;
    for path in ["/", "/config.json", "/healthz", "/nothing", "/metrics"] {
        let answer = open(&server, path).await;
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self';",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "permissions-policy: camera=(self), microphone=(self), display-capture=(self)",
        ] {
            assert!(answer.contains(&format!("\r\n{header}")), "{path} lacks {header}: {answer}");
        }
    }
}

#[tokio::test]
async fn head_is_answered_with_the_length_alone() {
    let own = directory("head");
    for page in [Page::BuiltIn, Page::Directory(own)] {
        let server = Server::start(false, with(page)).await;
        let (whole, head) = (open(&server, "/").await, server.ask("HEAD / HTTP/1.1\r\n\r\n").await);
        let (before, body) = whole.split_once("\r\n\r\n").unwrap();
        assert!(before.contains(&format!("\r\nContent-Length: {}", body.len())), "{before}");
        assert_eq!(head.strip_suffix("\r\n\r\n"), Some(before));
    }
}

#[tokio::test]
async fn a_browser_that_has_the_page_is_not_sent_it_again() {
    let server = Server::start(false, with(Page::BuiltIn)).await;
    let page = open(&server, "/").await;
    let tag = page.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    let again = server.ask(&format!("GET / HTTP/1.1\r\nIf-None-Match: {tag}\r\n\r\n")).await;
    assert!(again.starts_with("HTTP/1.1 304 ") && again.ends_with("\r\n\r\n"), "{again}");
}

#[tokio::test]
async fn nothing_outside_of_the_page_is_served() {
    let own = directory("hostile");
    for page in [Page::BuiltIn, Page::Directory(own)] {
        let server = Server::start(false, with(page)).await;
        for path in [
            "/../secret.txt",
            "/../../etc/passwd",
            "/%2e%2e/secret.txt",
            "/..%2fsecret.txt",
            "/more/../../secret.txt",
            "/..%5csecret.txt",
            "//etc/passwd",
            "/.hidden",
            "/dashboard/",
        ] {
            let answer = open(&server, path).await;
            // As is any address where there is nothing: it may be that of a websocket.
            assert!(answer.starts_with("HTTP/1.1 426 "), "{path}: {answer}");
            assert!(!answer.contains("secret") && !answer.contains("root:"), "{path}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_directory_takes_the_place_of_the_page() {
    let server = Server::start(false, with(Page::Directory(directory("own")))).await;
    let page = open(&server, "/").await;
    assert!(page.ends_with("\r\n\r\nmy own page"), "{page}");
    assert!(
        !page.to_lowercase().contains("content-security-policy"),
        "the page decides what it needs: {page}"
    );
    assert!(open(&server, "/more/").await.ends_with("\r\n\r\nmore of it"));
    let led = open(&server, "/more").await;
    assert!(led.starts_with("HTTP/1.1 307 ") && led.contains("\r\nLocation: more/\r\n"), "{led}");
    let script = open(&server, "/my%20script.js?v=2").await;
    assert!(script.contains("\r\nContent-Type: text/javascript; charset=utf-8\r\n"), "{script}");
    assert!(
        script.contains("\r\nX-Content-Type-Options: nosniff\r\n") && script.ends_with("run()"),
        "{script}"
    );
    assert!(open(&server, "/config.json").await.ends_with(r#"{"signallingServer":".","iceServers":[]}"#));
    server.client().await.settle().await;
}

#[tokio::test]
async fn who_does_not_read_the_page_loses_the_place_and_does_not_hold_up_the_end() {
    let page = directory("slow");
    let long = 64 * 1024 * 1024;
    std::fs::File::create(page.join("long.bin")).unwrap().set_len(long).unwrap();
    let config = Config {
        page: Page::Directory(page.clone()),
        max_connections: 1,
        handshake_timeout: Duration::from_millis(300),
        ..Config::default()
    };
    let server = Server::start(false, config).await;
    let mut slow = server.tcp().await;
    soon(slow.write_all(b"GET /long.bin HTTP/1.1\r\n\r\n")).await.unwrap();
    assert!(soon(slow.read_u8()).await.is_ok());
    let full = open(&server, "/").await;
    assert!(full.starts_with("HTTP/1.1 503 "), "{full}");
    soon(async { while !open(&server, "/").await.starts_with("HTTP/1.1 200 ") {} }).await;
    let mut read = 0;
    while let Ok(more @ 1..) = soon(slow.read(&mut vec![0; 1 << 20])).await {
        read += more as u64;
    }
    assert!(read < long, "all of it was sent: {read}");

    let mut slow = server.tcp().await;
    soon(slow.write_all(b"GET /long.bin HTTP/1.1\r\n\r\n")).await.unwrap();
    assert!(soon(slow.read_u8()).await.is_ok());
    server.end().await;
    std::fs::remove_file(page.join("long.bin")).unwrap();
}

#[tokio::test]
async fn a_long_file_arrives_whole() {
    let page = directory("long");
    let content: Vec<u8> = (0..1_000_003_u32).map(|index| b'a' + (index % 23) as u8).collect();
    std::fs::write(page.join("long.txt"), &content).unwrap();
    for secure in [false, true] {
        let server = Server::start(secure, with(Page::Directory(page.clone()))).await;
        let answer = open(&server, "/long.txt").await;
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(body.as_bytes() == content, "{} of {} bytes", body.len(), content.len());
    }
}

#[tokio::test]
async fn a_websocket_may_have_the_address_of_a_file() {
    let server = Server::start(false, with(Page::BuiltIn)).await;
    for path in ["/", "/index.html", "/config.json"] {
        let answer = server.ask(&get(path, &[])).await;
        assert!(answer.starts_with("HTTP/1.1 101 "), "{path}: {answer}");
    }
}

#[cfg(all(unix, feature = "cli"))]
#[tokio::test]
async fn the_program_serves_the_page_unless_it_is_told_otherwise() {
    use crate::program::{Program, program};
    for (page, status) in [(&[][..], "200"), (&["--page", "off"], "426")] {
        let mut command = program(&[&["--host", "127.0.0.1", "-p", "0"], page].concat());
        let program = Program::start(&mut command).await;
        let mut stream = program.tcp().await;
        soon(stream.write_all(b"GET / HTTP/1.1\r\n\r\n")).await.unwrap();
        let mut answer = String::new();
        soon(stream.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{page:?}: {answer}");
        program.client().await.settle().await;
    }
    let refused = soon(program(&["--page", "/no/such/folder", "-p", "0"]).output()).await.unwrap();
    assert!(String::from_utf8(refused.stderr).unwrap().contains("--page"));
}
