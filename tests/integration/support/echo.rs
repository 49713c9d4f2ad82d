//! A producer that sends back what viewers send on data channels, with a page, for tests with browsers.

use super::channel::{Said, Talk, arriving, opened_first};
use super::{DEADLINE, Pipeline};
use gst::prelude::*;
use gst_video::NavigationEvent;
use std::sync::mpsc::{Receiver, channel};

/// The producer; it ends when this is dropped.
pub(crate) struct Echo {
    /// Where its page is.
    pub(crate) page: String,
    events: Receiver<NavigationEvent>,
    _pipeline: Pipeline,
}

impl Echo {
    /// Starts one whose sessions go through `transport`.
    pub(crate) fn start(transport: &str) -> Self {
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let page = format!("http://{address}/");
        let pipeline = Pipeline::parse(&format!(
            "videotestsrc name=camera is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 ! {} \
             transport={transport} rungs=1 enable-control-data-channel=true video-caps=video/x-vp8 run-web-server=true \
             web-server-host-addr={page}",
            super::SINK
        ));
        let sink = pipeline.element("ws");
        send_back(opened_first(&sink, "echo", ""));
        send_back(arriving(&sink));
        let (give, events) = channel();
        let pad = pipeline.element("camera").static_pad("src").unwrap();
        pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
            match NavigationEvent::parse(info.event().unwrap()) {
                Ok(event) => {
                    let _ = give.send(event);
                    gst::PadProbeReturn::Handled
                }
                Err(_) => gst::PadProbeReturn::Ok,
            }
        });
        pipeline.play();
        super::registered(&sink);
        Self { page, events, _pipeline: pipeline }
    }

    /// Waits for the next navigation event that reached the camera.
    pub(crate) fn event(&self) -> NavigationEvent {
        self.events.recv_timeout(DEADLINE).expect("no event reached the camera")
    }
}

/// Sends everything back on each of these channels; `tell` is answered with the longest message.
fn send_back(talks: Receiver<Talk>) {
    std::thread::spawn(move || {
        for talk in talks {
            std::thread::spawn(move || {
                while let Some(said) = talk.try_next() {
                    let taken = match said {
                        Said::Text(text) if text == "tell" => {
                            [262_144, 65_535].iter().any(|size| talk.send_data(&vec![7; *size]))
                        }
                        Said::Text(text) => {
                            talk.send_string(&text);
                            true
                        }
                        Said::Data(data) => talk.send_data(&data),
                        Said::Closed => return,
                        _ => true,
                    };
                    if !taken {
                        // The page notices.
                        talk.close();
                    }
                }
            });
        }
    });
}
