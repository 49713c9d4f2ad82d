//! What people find with a browser on the port of the websockets.

use super::{built, directory};
use crate::answer::Answer;
use crate::question;
use async_tungstenite::tungstenite::handshake::server::Request;
use async_tungstenite::tungstenite::http::StatusCode;
use std::path::PathBuf;

/// What the page is told: the websocket is where the page is.
const CONFIG: &str = r#"{"signallingServer":".","iceServers":[]}"#;
/// Of the element, which alone has what it shows.
const DASHBOARD: &str = "/dashboard";

/// What is served to browsers on the port of the websockets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Page {
    /// Nothing: who asks is told that this is a signalling server.
    #[default]
    Nothing,
    /// The page that is inside this library.
    BuiltIn,
    /// The files of this directory.
    Directory(PathBuf),
}

impl Page {
    /// The answer to a request for a part of the page; nothing where it is for something else.
    pub(crate) async fn respond(&self, request: &Request) -> Option<Answer> {
        if *self == Self::Nothing || !question::is_plain(request) || question::is_about_admission(request) {
            return None;
        }
        let path = request.uri().path();
        if path == "/config.json" {
            let mut answer = Answer::of(StatusCode::OK, "application/json", CONFIG.to_owned());
            answer.header("Cache-Control", "no-store");
            answer.share();
            return Some(answer);
        }
        match self {
            Self::Directory(directory) => directory::respond(directory, request.uri()).await,
            Self::BuiltIn if path.starts_with(DASHBOARD) => None,
            Self::BuiltIn => built::respond(request.uri(), request.headers()).map(Answer::from),
            Self::Nothing => None,
        }
    }
}
