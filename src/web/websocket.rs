//! Hands requests for websockets to the signalling server inside the element, whatever their path: who reaches the page
//! then needs no other port.

use super::serve::Client;
use crate::runtime;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use hyper_util::rt::TokioIo;
use signalling::{Entrance, Reception};

/// Answers what is for the signalling server, and leaves everything else to the routes.
pub(super) async fn receive(
    State(entrance): State<Entrance>,
    Extension(client): Extension<Client>,
    mut request: Request,
    next: Next,
) -> Response {
    let admission = match entrance.receive(&head(&request), client.0) {
        Reception::Elsewhere => return next.run(request).await,
        Reception::Answer(answer) => return answer.map(Body::from),
        Reception::Websocket(admission) => admission,
    };
    let response = admission.response();
    let upgrade = hyper::upgrade::on(&mut request);
    // Ends with the connection: the signalling server ends those that it has taken over.
    runtime::spawn(async move {
        match upgrade.await {
            Ok(stream) => admission.enter(TokioIo::new(stream)).await,
            Err(err) => gst::debug!(gst::CAT_RUST, "web client {}: {err}", client.0),
        }
    });
    response.map(|()| Body::empty())
}

fn head(request: &Request) -> axum::http::Request<()> {
    let mut head = axum::http::Request::new(());
    head.method_mut().clone_from(request.method());
    head.uri_mut().clone_from(request.uri());
    *head.version_mut() = request.version();
    head.headers_mut().clone_from(request.headers());
    head
}
