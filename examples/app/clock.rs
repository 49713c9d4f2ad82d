//! A clock that several programs can read: an NTP server's, or that of a PTP domain.

use anyhow::{Context, Error, bail};
use gst::prelude::*;

/// The clock, once it is what its server says.
pub(crate) fn of(ntp: Option<&str>, ptp: Option<&str>) -> Result<gst::Clock, Error> {
    let clock: gst::Clock = match (ntp, ptp) {
        (Some(server), None) => {
            let (host, port) = server.rsplit_once(':').unwrap_or((server, "123"));
            let port = port.parse().context("--ntp takes a host and a port")?;
            gst_net::NtpClock::new(None, host, port, gst::ClockTime::ZERO).upcast()
        }
        (None, Some(domain)) => {
            gst_net::PtpClock::init(None, &[])?;
            let domain = domain.parse().context("--ptp takes the number of a domain")?;
            gst_net::PtpClock::new(None, domain)?.upcast()
        }
        _ => bail!("name a clock with --ntp or --ptp"),
    };
    println!("Waiting for the clock");
    clock.wait_for_sync(gst::ClockTime::from_seconds(30)).context("the clock's server does not answer")?;
    Ok(clock)
}
