//! Data channels between real browsers and the element, through both transports: requests, echoes, long messages.

use crate::support::channel::{Said, Talk, arriving, opened_first};
use crate::support::{self, DEADLINE, Pipeline};
use gst::prelude::*;
use gst_video::{NavigationEvent, NavigationModifierType};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};

/// Sends everything back on each of these channels; `tell` is answered with the longest message.
fn echo(talks: Receiver<Talk>) {
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

fn talks(browser: &str, transport: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    assert!(
        folder.join("node_modules").is_dir(),
        "the browser tests are not installed: run npm ci in browser/"
    );
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let pipeline = Pipeline::parse(&format!(
        "videotestsrc name=camera is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 ! {} \
         {transport} enable-control-data-channel=true video-caps=video/x-vp8 run-web-server=true \
         web-server-host-addr=http://{address}",
        support::SINK
    ));
    let sink = pipeline.element("ws");
    echo(opened_first(&sink, "echo", ""));
    echo(arriving(&sink));
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
    support::registered(&sink);
    let output = Command::new("node")
        .args(["--import", "tsx", "e2e/channels.ts"])
        .current_dir(&folder)
        .env("PAGE_URL", format!("http://{address}/"))
        .env("BROWSERS", browser)
        .output()
        .expect("node is not installed: apt install nodejs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("\"ok\":true"), "{text}");
    // Chromium takes no more than it may send, and webrtcbin receives no more at once.
    if transport.contains("native") {
        assert!(text.contains("\"longest\":262144,\"echoed\":262144,\"told\":262144"), "{text}");
    }
    let moved =
        NavigationEvent::MouseMove { x: 12.5, y: 34.25, modifier_state: NavigationModifierType::SHIFT_MASK };
    assert_eq!(events.recv_timeout(DEADLINE).unwrap(), moved);
}

fn chromium_sends_requests_and_messages_of_both_kinds(transport: &str) {
    talks("chromium", transport);
}

fn firefox_sends_requests_and_messages_of_both_kinds(transport: &str) {
    talks("firefox", transport);
}

crate::support::under_both_transports!(
    chromium_sends_requests_and_messages_of_both_kinds,
    firefox_sends_requests_and_messages_of_both_kinds,
);
