//! Plain HTTP answers, each of which ends its connection.

use crate::page;
use async_tungstenite::tungstenite::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Read};
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// How much a peer has to take at a time; what it does not take in time ends the answer.
const PIECE: usize = 16 * 1024;

/// A whole response.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Bytes(Cow<'static, [u8]>),
    /// So many bytes of a file.
    File(std::fs::File, u64),
}

impl Answer {
    /// A response with a text for people.
    pub(crate) fn text(status: StatusCode, body: String) -> Self {
        Self::of(status, "text/plain; charset=utf-8", body)
    }

    pub(crate) fn of(status: StatusCode, content_type: &'static str, body: String) -> Self {
        let body = Body::Bytes(body.into_bytes().into());
        let mut answer = Self { status, headers: vec![("Content-Type".into(), content_type.into())], body };
        answer.add(page::protect);
        answer
    }

    /// A file of somebody else's page, who alone knows what its scripts and styles need.
    pub(crate) fn file(content_type: &'static str, file: std::fs::File, length: u64) -> Self {
        let headers = [
            ("Content-Type", content_type),
            ("Cache-Control", "no-cache"),
            ("X-Content-Type-Options", "nosniff"),
        ];
        let headers = headers.map(|(name, value)| (name.into(), value.into())).into();
        Self { status: StatusCode::OK, headers, body: Body::File(file, length) }
    }

    pub(crate) fn header(&mut self, name: &'static str, value: impl Into<Cow<'static, str>>) {
        self.headers.push((name.into(), value.into()));
    }

    /// Lets pages of everybody read the answer.
    pub(crate) fn share(&mut self) {
        self.add(page::share);
    }

    fn add(&mut self, which: impl FnOnce(&mut HeaderMap)) {
        let mut headers = HeaderMap::new();
        which(&mut headers);
        self.headers.extend(headers.iter().filter_map(header));
    }

    /// Sends the response, to HEAD without its body, and ends the stream. A peer that takes nothing for as long as
    /// `patience` is given up.
    pub(crate) async fn send(
        self,
        stream: &mut (impl AsyncWrite + Unpin),
        head: bool,
        patience: Duration,
    ) -> io::Result<()> {
        let length = match &self.body {
            Body::Bytes(bytes) => bytes.len().to_string(),
            Body::File(_, length) => length.to_string(),
        };
        let mut text = format!("HTTP/1.1 {}\r\n", self.status);
        let mut more = vec![("Connection", Cow::from("close"))];
        // What has not changed is as long as it was.
        if self.status != StatusCode::NOT_MODIFIED {
            more.push(("Content-Length", length.into()));
        }
        let headers = self.headers.iter().map(|(name, value)| (name.as_ref(), value));
        for (name, value) in headers.chain(more.iter().map(|(name, value)| (*name, value))) {
            // Writing to a string cannot fail.
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text.push_str("\r\n");
        let mut outlet = Outlet { stream, patience };
        outlet.put(text.as_bytes()).await?;
        if !head {
            outlet.put_body(self.body).await?;
        }
        timeout(patience, outlet.stream.shutdown()).await?
    }
}

/// A peer that has to take what it is sent.
struct Outlet<'a, S> {
    stream: &'a mut S,
    patience: Duration,
}

impl<S: AsyncWrite + Unpin> Outlet<'_, S> {
    async fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIECE) {
            timeout(self.patience, self.stream.write_all(piece)).await??;
        }
        timeout(self.patience, self.stream.flush()).await?
    }

    async fn put_body(&mut self, body: Body) -> io::Result<()> {
        let (mut file, mut left) = match body {
            Body::Bytes(bytes) => return self.put(&bytes).await,
            Body::File(file, length) => (file, length),
        };
        while left > 0 {
            let most = left.min(PIECE as u64);
            let read = spawn_blocking(move || {
                let mut piece = Vec::with_capacity(PIECE);
                (&file).take(most).read_to_end(&mut piece).map(|_| (file, piece))
            });
            let piece;
            (file, piece) = read.await??;
            if piece.is_empty() {
                // The file has become shorter meanwhile: the peer sees that something is missing.
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            left = left.saturating_sub(piece.len() as u64);
            self.put(&piece).await?;
        }
        Ok(())
    }
}

fn header((name, value): (&HeaderName, &HeaderValue)) -> Option<(Cow<'static, str>, Cow<'static, str>)> {
    Some((name.as_str().to_owned().into(), value.to_str().ok()?.to_owned().into()))
}

impl From<Response<&'static [u8]>> for Answer {
    fn from(response: Response<&'static [u8]>) -> Self {
        let headers = response.headers().iter().filter_map(header).collect();
        Self { status: response.status(), headers, body: Body::Bytes((*response.body()).into()) }
    }
}

impl From<Answer> for Response<Vec<u8>> {
    /// For other servers, which never ask for files.
    fn from(answer: Answer) -> Self {
        let body = match answer.body {
            Body::Bytes(bytes) => bytes.into_owned(),
            Body::File(..) => Vec::new(),
        };
        let mut response = Self::new(body);
        *response.status_mut() = answer.status;
        for (name, value) in &answer.headers {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}
