//! What is known of a network, for statistics.

use super::BitsPerSecond;
use std::time::Duration;

/// What is known of the network, for statistics.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Facts {
    /// What the network carries, in bits per second, with all headers.
    pub estimate: BitsPerSecond,
    /// From a packet to the report on it, the least of late.
    pub round_trip: Duration,
    /// The part of packets that is lost.
    pub loss: f64,
    /// For how long packets wait in the network.
    pub queue: Duration,
    /// Whether somebody else fills the queue.
    pub beside: bool,
}
