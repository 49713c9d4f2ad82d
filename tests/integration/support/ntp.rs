//! An NTP server (RFC 5905) inside the process, whose clock is another than the machine's.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// From 1900 to 1970.
const TO_1970: Duration = Duration::from_secs(2_208_988_800);

/// A server until it is dropped.
pub(crate) struct Ntp {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Ntp {
    /// A server that is so far ahead of the machine's clock.
    pub(crate) fn start(ahead: Duration) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let address = socket.local_addr().unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let end = over.clone();
        let thread = std::thread::spawn(move || {
            let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
            // From then on what has passed, whoever sets the machine's clock.
            let (start, began) = (Instant::now(), unix + TO_1970 + ahead);
            let mut request = [0; 128];
            while !end.load(Ordering::Relaxed) {
                let Ok((48, from)) = socket.recv_from(&mut request) else { continue };
                let now = ntp(began + start.elapsed());
                // Version 4, server; stratum 2, a poll every second, and a precision of a microsecond.
                let mut answer = vec![0x24, 2, 0, 0xec, 0, 0, 0, 0, 0, 0, 0, 0, 127, 0, 0, 1];
                answer.extend(now);
                // What the client sent comes back to it.
                answer.extend(&request[40..48]);
                answer.extend(now);
                answer.extend(ntp(began + start.elapsed()));
                socket.send_to(&answer, from).unwrap();
            }
        });
        Self { address, over, thread: Some(thread) }
    }

    /// Its port at 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// A clock that follows it.
    pub(crate) fn clock(&self) -> gst::Clock {
        use gst::prelude::*;
        super::init();
        let clock = gst_net::NtpClock::new(None, "127.0.0.1", self.port().into(), gst::ClockTime::ZERO);
        clock.wait_for_sync(gst::ClockTime::from_seconds(15)).expect("the clock never followed its server");
        clock.upcast()
    }
}

impl Drop for Ntp {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = self.thread.take().unwrap().join();
    }
}

/// NTP's 64 bits, of a time since 1900.
fn ntp(time: Duration) -> [u8; 8] {
    let fraction = (u64::from(time.subsec_nanos()) << 32) / 1_000_000_000;
    (time.as_secs() << 32 | fraction).to_be_bytes()
}
