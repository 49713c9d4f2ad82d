//! What is kept of sessions and encoders to be looked at: samples of the last minutes, and what became of sessions that
//! have ended. Bounded, whoever comes and goes.
//!
//! | file | what |
//! |---|---|
//! | `book` | the sessions and rungs, and how long each is kept |
//! | `series` | samples over time |
//! | `growth` | how much counters have grown between two looks |

mod book;
mod growth;
mod series;

pub use book::{Book, End, MOST_ENDED, Rung, RungFacts, Session, SessionFacts};
pub use growth::Growth;
pub use series::{SPAN, Samples, Series};
