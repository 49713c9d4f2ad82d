//! Plain HTTP answers, each of which ends its connection.

use async_tungstenite::tungstenite::http::StatusCode;
use std::borrow::Cow;
use std::fmt::Write;
use std::io;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// A whole response.
pub(crate) struct Answer {
    status: StatusCode,
    headers: Vec<(&'static str, Cow<'static, str>)>,
    body: String,
}

impl Answer {
    /// A response with a text for people.
    pub(crate) fn text(status: StatusCode, body: String) -> Self {
        Self::of(status, "text/plain; charset=utf-8", body)
    }

    pub(crate) fn of(status: StatusCode, content_type: &'static str, body: String) -> Self {
        Self { status, headers: vec![("Content-Type", content_type.into())], body }
    }

    pub(crate) fn header(&mut self, name: &'static str, value: impl Into<Cow<'static, str>>) {
        self.headers.push((name, value.into()));
    }

    /// Sends the response, to HEAD without its body, and ends the stream.
    pub(crate) async fn send(self, stream: &mut (impl AsyncWrite + Unpin), head: bool) -> io::Result<()> {
        let mut text = format!("HTTP/1.1 {}\r\n", self.status);
        let length = self.body.len().to_string();
        let more = [("Content-Length", Cow::from(length)), ("Connection", "close".into())];
        for (name, value) in self.headers.iter().chain(&more) {
            // Writing to a string cannot fail.
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text.push_str("\r\n");
        if !head {
            text.push_str(&self.body);
        }
        stream.write_all(text.as_bytes()).await?;
        stream.shutdown().await
    }
}
