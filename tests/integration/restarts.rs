//! The signalling server is killed and comes back, again and again, while many stream: nobody who watches
//! notices, everyone is registered again soon, and nothing is left behind.

use crate::support::server::Server;
use crate::support::{DEADLINE, Pipeline, init};
use gst::glib;
use gst::prelude::*;
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const RESTARTS: usize = 20;
const PRODUCERS: usize = 10;
const VIEWERS: usize = 20;
/// Everyone has to be registered again so soon after the server's return.
const BACK: Duration = Duration::from_secs(5);

/// Who got which identifier, or lost it.
type News = (usize, Option<String>);

fn tell_identifiers(element: &gst::Element, who: usize, news: &Sender<News>) {
    let news = Mutex::new(news.clone());
    let signaller = element.property::<glib::Object>("signaller");
    signaller.connect_notify(Some("client-id"), move |signaller, _| {
        let _ = news.lock().unwrap().send((who, signaller.property("client-id")));
    });
}

/// Waits until everyone in `who` has an identifier, or has none; returns the identifiers in their order.
fn all(news: &Receiver<News>, who: std::ops::Range<usize>, known: bool, limit: Duration) -> Vec<String> {
    let end = Instant::now() + limit;
    let mut missing: HashSet<usize> = who.clone().collect();
    let mut identifiers = vec![String::new(); who.end];
    while !missing.is_empty() {
        let left = end.saturating_duration_since(Instant::now());
        let (one, identifier) = news.recv_timeout(left).unwrap_or_else(|_| {
            panic!(
                "of {} clients, these are not {}: {missing:?}",
                who.end,
                if known { "back" } else { "gone" }
            )
        });
        if identifier.is_some() == known {
            missing.remove(&one);
        } else {
            missing.insert(one);
        }
        if let (Some(identifier), true) = (identifier, who.contains(&one)) {
            identifiers[one] = identifier;
        }
    }
    identifiers
}

/// From one frame to the next, by their RTP timestamps, and how much of that may be rounding.
const FRAME: u32 = 90_000 / 15;
const ROUNDING: u32 = 90;
/// No viewer waits so long for the next packet, on a busy machine either.
const LONGEST: Duration = Duration::from_secs(2);

/// What a viewer received, and what between it is missing.
#[derive(Default)]
struct Packets {
    count: AtomicUsize,
    flow: Mutex<Flow>,
}

#[derive(Default, Clone)]
struct Flow {
    last: Option<(u16, u32, Instant)>,
    /// Packets that are missing by their sequence numbers.
    missing: usize,
    /// Steps between timestamps that are not that of one frame: the sender left frames out.
    uneven: Vec<u32>,
    longest: Duration,
}

impl Packets {
    fn take(&self, buffer: &gst::BufferRef) {
        let mut header = [0; 8];
        buffer.copy_to_slice(0, &mut header).unwrap();
        let [_, _, n1, n0, t3, t2, t1, t0] = header;
        let (number, time) = (u16::from_be_bytes([n1, n0]), u32::from_be_bytes([t3, t2, t1, t0]));
        self.flow.lock().unwrap().take(number, time, Instant::now());
        self.count.fetch_add(1, Ordering::SeqCst);
    }

    fn flow(&self) -> Flow {
        self.flow.lock().unwrap().clone()
    }
}

impl Flow {
    fn take(&mut self, number: u16, time: u32, now: Instant) {
        let Some((last_number, last_time, last_now)) = self.last.replace((number, time, now)) else { return };
        self.missing += usize::from(number.wrapping_sub(last_number).wrapping_sub(1));
        let step = time.wrapping_sub(last_time);
        if step != 0 && step.abs_diff(FRAME) > ROUNDING {
            self.uneven.push(step);
        }
        self.longest = self.longest.max(now - last_now);
    }
}

/// A viewer that takes packets as they come. Its jitter buffer is long: on a busy machine a packet may be late,
/// which is no fault of the server's.
fn viewer(uri: &str, producer: &str) -> (Pipeline, Arc<Packets>) {
    let pipeline = Pipeline::parse_bin(&format!(
        "webrtcsrc name=src stun-server=\"\" jitter-buffer-min=1000 jitter-buffer-max=2000 \
         signaller::uri={uri} signaller::producer-peer-id={producer}"
    ));
    let packets = Arc::new(Packets::default());
    let (weak, counted) = (pipeline.0.downgrade(), packets.clone());
    pipeline.element("src").connect_pad_added(move |_, pad| {
        let Some(pipeline) = weak.upgrade() else { return };
        let sink = gst::ElementFactory::make("fakesink").property("sync", false).build().unwrap();
        let filter = gst::ElementFactory::make("capsfilter")
            .property("caps", gst::Caps::new_empty_simple("application/x-rtp"))
            .build()
            .unwrap();
        pipeline.add_many([&filter, &sink]).unwrap();
        filter.link(&sink).unwrap();
        let packets = counted.clone();
        sink.static_pad("sink").unwrap().add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            if let Some(buffer) = info.buffer() {
                packets.take(buffer);
            }
            gst::PadProbeReturn::Ok
        });
        sink.sync_state_with_parent().unwrap();
        filter.sync_state_with_parent().unwrap();
        pad.link(&filter.static_pad("sink").unwrap()).unwrap();
    });
    (pipeline, packets)
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Waits until every viewer has received more packets.
fn all_receive(packets: &[Arc<Packets>]) {
    let end = Instant::now() + DEADLINE;
    let targets: Vec<_> = packets.iter().map(|packets| packets.count.load(Ordering::SeqCst) + 5).collect();
    while packets.iter().zip(&targets).any(|(packets, target)| packets.count.load(Ordering::SeqCst) < *target)
    {
        assert!(Instant::now() < end, "a viewer received nothing more");
        std::thread::yield_now();
    }
}

#[test]
fn a_server_that_is_killed_twenty_times_disturbs_no_stream_and_everyone_comes_back() {
    init();
    let mut server = Server::start("127.0.0.1:0");
    let address = server.address.to_string();
    let uri = format!("ws://{address}");
    let (tell, news) = channel();
    let producers: Vec<_> = (0..PRODUCERS)
        .map(|who| {
            let pipeline = Pipeline::parse(&format!(
                "videotestsrc is-live=true pattern=ball ! video/x-raw,width=160,height=120,framerate=15/1 \
                 ! webrtcsink name=ws video-caps=video/x-vp8 stun-server=\"\" signaller::uri={uri}"
            ));
            tell_identifiers(&pipeline.element("ws"), who, &tell);
            pipeline.play();
            pipeline
        })
        .collect();
    let identifiers = all(&news, 0..PRODUCERS, true, DEADLINE);
    let (viewers, packets): (Vec<_>, Vec<_>) = (0..VIEWERS)
        .map(|number| {
            let (viewer, packets) = viewer(&uri, &identifiers[number % PRODUCERS]);
            tell_identifiers(&viewer.element("src"), PRODUCERS + number, &tell);
            viewer.play();
            (viewer, packets)
        })
        .unzip();
    all(&news, PRODUCERS..PRODUCERS + VIEWERS, true, DEADLINE);
    all_receive(&packets);
    let mut baseline = None;
    for _ in 0..RESTARTS {
        drop(server);
        all(&news, 0..PRODUCERS + VIEWERS, false, DEADLINE);
        all_receive(&packets);
        server = Server::start(&address);
        all(&news, 0..PRODUCERS + VIEWERS, true, BACK);
        all_receive(&packets);
        // What is made once is there after the first time.
        baseline.get_or_insert_with(|| (threads(), open_files()));
    }
    for (number, packets) in packets.iter().enumerate() {
        let Flow { missing, uneven, longest, .. } = packets.flow();
        assert_eq!(missing, 0, "viewer {number} missed {missing} packets");
        assert_eq!(uneven, [0; 0], "frames were left out for viewer {number}");
        assert!(longest < LONGEST, "viewer {number} waited {longest:?} for a packet");
    }
    let (threads_then, files_then) = baseline.unwrap();
    // Threads of pools come and go.
    assert!(threads() <= threads_then + 4, "{threads_then} threads have become {}", threads());
    assert!(open_files() <= files_then + 4, "{files_then} open files have become {}", open_files());
    drop((viewers, producers));
}
