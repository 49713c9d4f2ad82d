//! What a page finds out by HTTP after its websocket was refused, which browsers do not tell it.

use crate::support::Server;
use gst_plugin_webrtc_signalling::access::{Access, Token, Tokens};
use gst_plugin_webrtc_signalling::{Config, Page, Rights};

const JSON: &str = "Accept: application/json";

async fn guarded(page: Page) -> Server {
    let mut tokens = Tokens::new();
    for (name, rights) in [("good", Rights::ALL), ("weak", Rights::NONE)] {
        tokens.insert(name, Token { room: "blue".to_owned(), rights });
    }
    let access = Access::by(vec![Box::new(tokens)]);
    let origins = vec!["https://here.example".to_owned()];
    Server::start(false, Config { page, access, origins, ..Config::default() }).await
}

#[tokio::test]
async fn a_page_is_told_why_its_websocket_is_refused() {
    for page in [Page::Nothing, Page::BuiltIn] {
        let server = guarded(page).await;
        for (path, headers, status, reason) in [
            ("/", [JSON, "X-Nothing: here"], 401, "token-missing"),
            ("/", [JSON, "Authorization: Bearer bad"], 401, "token"),
            ("/", [JSON, "Authorization: Bearer weak"], 403, "rights"),
            ("/?room=red", [JSON, "Authorization: Bearer good"], 403, "rights"),
            ("/", [JSON, "Authorization: Bearer good"], 426, "not-a-websocket"),
            ("/any/path?access_token=good", [JSON, "X-Nothing: here"], 426, "not-a-websocket"),
            ("/any/path", [JSON, "Authorization: Bearer bad"], 401, "token"),
            ("/?access_token=good", [JSON, "Origin: https://there.example"], 403, "origin"),
            ("/?access_token=good", [JSON, "Origin: https://here.example"], 426, "not-a-websocket"),
        ] {
            let request = format!("GET {path} HTTP/1.1\r\n{}\r\n\r\n", headers.join("\r\n"));
            let answer = server.ask(&request).await;
            let body = format!("\"reason\":\"{reason}\"");
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}{answer}");
            assert!(answer.contains(&body) && answer.contains("\"text\":\""), "{request}{answer}");
            assert!(answer.contains("\r\naccess-control-allow-origin: *\r\n"), "{request}{answer}");
            assert!(answer.contains("\r\nCache-Control: no-store\r\n"), "{request}{answer}");
        }
    }
}

#[tokio::test]
async fn a_token_alone_makes_it_a_question_and_the_page_itself_needs_none() {
    let server = guarded(Page::BuiltIn).await;
    let ask = async |header: &str| server.ask(&format!("GET / HTTP/1.1\r\n{header}\r\n\r\n")).await;
    let answer = ask("Authorization: Bearer bad").await;
    assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("the token is not known"), "{answer}");
    assert!(ask("Authorization: Bearer good").await.starts_with("HTTP/1.1 426 "));
    assert!(ask("Accept: text/html").await.starts_with("HTTP/1.1 200 "));
    assert!(ask("Accept: */*").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_page_from_elsewhere_may_show_its_token() {
    let server = guarded(Page::Nothing).await;
    let asked = "Origin: https://there.example\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: authorization";
    let answer = server.ask(&format!("OPTIONS / HTTP/1.1\r\n{asked}\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("\r\naccess-control-allow-origin: *\r\n"), "{answer}");
    assert!(answer.contains("\r\nAccess-Control-Allow-Headers: Authorization\r\n"), "{answer}");
    assert!(server.ask("OPTIONS / HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 405 "));
}
