//! An emulated link between two networks of this machine: programs run on either side unmodified.
//!
//! | module | what |
//! |---|---|
//! | [`emulated`] | the model: holds, drops and paces packets; pure, seeded, time is an argument |
//! | [`shape`] | what a link is like, and how that is written |
//! | [`schedule`] | a rate that changes with time: steps, or a recorded trace |
//! | [`counters`] | what passed, what did not, and how long it waited |
//! | [`random`] | the seeded random numbers |
//! | [`network`] | the deed: two network namespaces, and how programs get into them |
//! | `relay`, `tun` | the thread between the two, and the devices it reads and writes |

pub mod counters;
pub mod emulated;
pub mod network;
pub mod random;
mod relay;
pub mod schedule;
pub mod shape;
mod tun;

pub use counters::{Counters, Histogram};
pub use emulated::Link;
pub use network::{Direction, Error, Network, Side};
pub use schedule::Schedule;
pub use shape::{Bursts, Queue, Shape};
