//! Who may come in, and what those who may not are answered.

use crate::support::{Server, get};
use data_encoding::BASE64URL_NOPAD;
use gst_plugin_webrtc_signalling::access::{Access, Authority, Token, TokenError, Tokens};
use gst_plugin_webrtc_signalling::{Config, Grant, Rights};
use std::time::Duration;
use tokio::time::Instant;

fn tokens(texts: &[&str]) -> Vec<Box<dyn Authority>> {
    let mut tokens = Tokens::new();
    for text in texts {
        assert!(tokens.insert(text, Token { room: "blue".to_owned(), rights: Rights::ALL }));
    }
    vec![Box::new(tokens)]
}

async fn guarded() -> Server {
    Server::start(false, Config { access: Access::by(tokens(&["secret"])), ..Config::default() }).await
}

#[tokio::test]
async fn a_token_is_taken_from_the_header_the_query_and_the_subprotocols() {
    let server = guarded().await;
    let offered = format!("gstwebrtc, gstwebrtc.token.{}", BASE64URL_NOPAD.encode(b"secret"));
    for (path, header) in [
        ("/", ("Authorization", "Bearer secret")),
        ("/?access_token=secret", ("X-Nothing", "here")),
        ("/?room=blue&access_token=secret", ("X-Nothing", "here")),
        ("/", ("Sec-WebSocket-Protocol", offered.as_str())),
    ] {
        let (mut client, response) = server.knock(path, &[header]).await.unwrap();
        let selected = response.headers().get("sec-websocket-protocol");
        assert_eq!(selected.is_some(), header.1 == offered, "{selected:?}");
        assert!(selected.is_none_or(|selected| selected == "gstwebrtc"), "{selected:?}");
        assert_eq!(client.next().await["type"], "welcome");
    }
}

#[tokio::test]
async fn a_subprotocol_is_selected_where_it_is_known() {
    let server = Server::plain().await;
    let select = async |offered| {
        let answer = server.ask(&get("/", &[("Sec-WebSocket-Protocol", offered)])).await;
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        answer.to_lowercase().contains("sec-websocket-protocol: gstwebrtc\r\n")
    };
    assert!(select("gstwebrtc").await);
    assert!(select("chat,gstwebrtc").await);
    assert!(!select("chat").await);
}

#[tokio::test]
async fn who_has_no_token_or_a_wrong_one_is_answered_401() {
    let server = guarded().await;
    let answer = server.refused("/", &[]).await;
    assert!(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{answer}");
    assert!(answer.contains("\r\nWWW-Authenticate: Bearer\r\n"), "{answer}");
    for wrong in ["secre", "secret1", "Secret"] {
        let answer = server.refused("/", &[("Authorization", &format!("Bearer {wrong}"))]).await;
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert!(answer.contains("WWW-Authenticate: Bearer error=\"invalid_token\""), "{answer}");
        assert!(answer.contains("the token is not known"), "{answer}");
    }
}

#[tokio::test]
async fn a_token_that_does_not_reach_is_answered_403() {
    let mut list = Tokens::new();
    list.insert("none", Token { room: String::new(), rights: Rights::NONE });
    list.insert("some", Token { room: "blue".to_owned(), rights: Rights::ALL });
    let access = Access::by(vec![Box::new(list)]);
    let server = Server::start(false, Config { access, ..Config::default() }).await;
    for path in ["/?access_token=none", "/?access_token=some&room=red", "/?access_token=some&room="] {
        let answer = server.refused(path, &[]).await;
        assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{answer}");
        assert!(answer.contains("WWW-Authenticate: Bearer error=\"insufficient_scope\""), "{answer}");
    }
}

#[tokio::test]
async fn a_request_that_is_not_clear_is_answered_400() {
    let server = guarded().await;
    let answer = server.refused("/?access_token=secret", &[("Authorization", "Bearer secret")]).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let answer = server.refused("/", &[("Sec-WebSocket-Protocol", "gstwebrtc.token.a+b")]).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let answer = Server::plain().await.refused(&format!("/?room={}", "x".repeat(257)), &[]).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test]
async fn pages_from_other_origins_are_answered_403() {
    let origins = vec!["https://one.example".to_owned(), "http://two.example:8080/".to_owned()];
    let server = Server::start(false, Config { origins, ..Config::default() }).await;
    for origin in ["https://one.example", "https://One.example", "http://two.example:8080"] {
        assert!(server.knock("/", &[("Origin", origin)]).await.is_ok(), "{origin}");
    }
    for origin in ["http://one.example", "https://one.example.evil", "https://one.example:1", "null"] {
        let answer = server.refused("/", &[("Origin", origin)]).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    }
    // What is no browser sends none.
    assert!(server.knock("/", &[]).await.is_ok());
}

#[tokio::test]
async fn tokens_that_are_replaced_serve_from_now_on_and_disconnect_nobody() {
    let access = Access::by(tokens(&["old"]));
    let server = Server::start(false, Config { access: access.clone(), ..Config::default() }).await;
    let (mut client, _) = server.knock("/?access_token=old", &[]).await.unwrap();
    client.next().await;
    access.replace(tokens(&["new"]));
    assert!(server.refused("/?access_token=old", &[]).await.starts_with("HTTP/1.1 401 "));
    assert!(server.knock("/?access_token=new", &[]).await.is_ok());
    client.settle().await;
}

#[cfg(feature = "jwt")]
#[tokio::test]
async fn either_kind_of_token_serves_and_the_answer_says_what_is_wrong() {
    use crate::jwt::{SECRET, in_seconds, token};
    use gst_plugin_webrtc_signalling::access::Jwt;
    use serde_json::json;
    let mut authorities = tokens(&["secret"]);
    authorities.push(Box::new(Jwt::new(SECRET).unwrap()));
    let config = Config { access: Access::by(authorities), ..Config::default() };
    let server = Server::start(true, config).await;
    let bearer = |exp| format!("Bearer {}", token(&json!({"exp": in_seconds(exp), "rights": ["list"]})));
    assert!(server.knock("/", &[("Authorization", "Bearer secret")]).await.is_ok());
    assert!(server.knock("/", &[("Authorization", &bearer(60))]).await.is_ok());
    let answer = server.refused("/", &[("Authorization", &bearer(-60))]).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(answer.contains("the token has expired"), "{answer}");
}

#[tokio::test]
async fn a_room_that_is_chosen_keeps_groups_apart() {
    let server = Server::plain().await;
    let enter = async |path| {
        let (mut client, _) = server.knock(path, &[]).await.unwrap();
        client.id = client.next().await["peerId"].as_str().unwrap().to_owned();
        client
    };
    let (mut producer, mut friend, mut stranger) =
        (enter("/?room=blue").await, enter("/?room=blue").await, enter("/?room=red").await);
    producer.roles(&["producer"]).await;
    producer.settle().await;
    let start = serde_json::json!({"type": "startSession", "peerId": producer.id});
    for (client, producers, answer) in
        [(&mut friend, 1, "sessionStarted"), (&mut stranger, 0, "error"), (&mut enter("/").await, 0, "error")]
    {
        client.say(serde_json::json!({"type": "list"})).await;
        assert_eq!(client.next().await["producers"].as_array().unwrap().len(), producers);
        client.say(start.clone()).await;
        assert_eq!(client.next().await["type"], answer);
    }
}

#[tokio::test]
async fn a_token_gives_the_rights_that_it_names_and_no_others() {
    let mut list = Tokens::new();
    for right in ["produce", "consume", "list"] {
        list.insert(right, Token { room: String::new(), rights: Rights::named([right]).unwrap() });
    }
    let access = Access::by(vec![Box::new(list)]);
    let server = Server::start(false, Config { access, ..Config::default() }).await;
    for right in ["produce", "consume", "list"] {
        let (mut client, _) = server.knock(&format!("/?access_token={right}"), &[]).await.unwrap();
        client.next().await;
        for (role, needed) in [("producer", "produce"), ("consumer", "consume"), ("listener", "list")] {
            client.roles(&[role]).await;
            // What is allowed is told to listeners only, of whom the client may be one.
            client.say(serde_json::json!({"type": "dance"})).await;
            let mut answer = client.next().await;
            if answer["type"] == "peerStatusChanged" {
                answer = client.next().await;
            }
            assert_eq!(answer["code"] == "forbidden", right != needed, "{right}, {role}: {answer}");
            if right != needed {
                assert_eq!(client.next().await["code"], "unknownType");
            }
        }
    }
}

/// Lets everybody in, for a moment.
struct Hasty;

impl Authority for Hasty {
    fn judge(&self, _: &str) -> Result<Grant, TokenError> {
        let expires = Some(Instant::now() + Duration::from_millis(200));
        Ok(Grant { expires, ..Grant::default() })
    }
}

#[tokio::test]
async fn a_connection_is_not_older_than_its_token() {
    let access = Access::by(vec![Box::new(Hasty)]);
    let server = Server::start(false, Config { access, ..Config::default() }).await;
    let (mut client, _) = server.knock("/?access_token=x", &[]).await.unwrap();
    let close = client.closed().await.unwrap();
    assert_eq!((u16::from(close.code), close.reason.as_str()), (1008, "the token has expired"));
}
