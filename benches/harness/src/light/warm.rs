//! What a process does once only, such as the tables of its cryptography: done before the first viewer, whose time is taken.

use anyhow::{Context, Result, bail};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use str0m::change::SdpOffer;
use str0m::media::{Direction, MediaKind};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

/// Of the time that the two ends think has passed; a handshake takes a few steps.
const STEP: Duration = Duration::from_millis(10);
const STEPS: u32 = 500;

/// Connects two ends within this process, without a network.
pub fn up() -> Result<()> {
    let began = Instant::now();
    let mut ends = [end(1, began)?, end(2, began)?];
    let [(offering, _), (answering, _)] = &mut ends;
    let mut changes = offering.sdp_api();
    changes.add_media(MediaKind::Video, Direction::SendRecv, None, None, None);
    let (offer, pending) = changes.apply().context("failed to offer")?;
    let offer = SdpOffer::from_sdp_string(&offer.to_sdp_string())?;
    let answer = answering.sdp_api().accept_offer(offer)?;
    offering.sdp_api().accept_answer(pending, answer)?;
    for step in 0..STEPS {
        let now = began + STEP * step;
        let mut connected = false;
        for from in 0..2 {
            let mut sent = Vec::new();
            let (end, address) = &mut ends[from];
            end.handle_input(Input::Timeout(now))?;
            loop {
                match end.poll_output()? {
                    Output::Transmit(transmit) => sent.push(transmit.contents),
                    Output::Event(Event::Connected) => connected = true,
                    Output::Event(_) => {}
                    Output::Timeout(_) => break,
                }
            }
            let source = *address;
            let (other, address) = &mut ends[1 - from];
            for bytes in sent {
                let receive = Receive::new(Protocol::Udp, source, *address, &bytes)?;
                other.handle_input(Input::Receive(now, receive))?;
            }
        }
        if connected {
            return Ok(());
        }
    }
    bail!("two ends within this process did not connect")
}

fn end(port: u16, now: Instant) -> Result<(Rtc, SocketAddr)> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut rtc = RtcConfig::new().build(now);
    rtc.add_local_candidate(Candidate::host(address, "udp")?);
    Ok((rtc, address))
}

#[cfg(test)]
mod tests {
    use super::up;

    #[test]
    fn two_ends_of_one_process_connect() {
        up().unwrap();
    }
}
