//! The bounds of a channel, and who hears what.

use super::*;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// A transport that takes everything and sends nothing.
struct Nowhere(Mutex<Sender<&'static str>>);

impl Line for Nowhere {
    fn send(&self, _: &Arc<Channel>, _: Payload) -> Result<(), SendError> {
        Ok(())
    }

    fn close(&self, _: &Arc<Channel>) {
        let _ = self.0.lock().unwrap().send("closed");
    }
}

fn open() -> (Arc<Channel>, Receiver<&'static str>) {
    let (tell, told) = channel();
    let channel = Channel::new(ChannelOptions::named("x"), Nowhere(Mutex::new(tell)));
    channel.opened(Some(1), 1000);
    (channel, told)
}

fn heard(channel: &Arc<Channel>) -> Receiver<ChannelEvent> {
    let (tell, told) = std::sync::mpsc::channel();
    let tell = Mutex::new(tell);
    channel.listen(Box::new(move |_, event| {
        let _ = tell.lock().unwrap().send(event);
    }));
    told
}

fn next(events: &Receiver<ChannelEvent>) -> ChannelEvent {
    events.recv_timeout(Duration::from_secs(5)).unwrap()
}

#[test]
fn what_nobody_takes_closes_the_channel_before_it_grows_without_limit() {
    let (channel, line) = open();
    let message = || Payload::Binary(vec![0; 256 * 1024]);
    for _ in 0..16 {
        channel.received(message());
    }
    assert_eq!(channel.state(), ChannelState::Open);
    channel.received(message());
    assert_eq!(channel.state(), ChannelState::Closed);
    assert_eq!(line.try_recv(), Ok("closed"));
    channel.received(message());
    // A late listener hears all that fitted, and why it ended.
    let events = heard(&channel);
    assert_eq!(next(&events), ChannelEvent::Opened);
    for _ in 0..16 {
        assert!(matches!(next(&events), ChannelEvent::Message(_)));
    }
    assert!(matches!(next(&events), ChannelEvent::Failed(_)));
    assert_eq!(next(&events), ChannelEvent::Closed);
}

#[test]
fn small_messages_that_nobody_takes_are_counted_too() {
    let (channel, _line) = open();
    for _ in 0..20_000 {
        channel.received(Payload::Text(String::new()));
    }
    assert_eq!(channel.state(), ChannelState::Closed);
}

#[test]
fn what_is_sent_is_bounded_and_the_sender_is_told_why_and_when_to_go_on() {
    let (channel, _line) = open();
    let events = heard(&channel);
    assert_eq!(next(&events), ChannelEvent::Opened);
    channel.set_threshold(500);
    let send = |size| channel.send(Payload::Binary(vec![0; size]));
    assert_eq!(send(0), Err(SendError::Empty));
    assert_eq!(send(1001), Err(SendError::TooLong { size: 1001, limit: 1000 }));
    assert_eq!(channel.send(Payload::Text("a\0".into())), Err(SendError::Nul));
    let taken = (0..10_000).take_while(|_| send(1000).is_ok()).count();
    assert_eq!(u64::try_from(taken).unwrap(), MOST_BUFFERED / 1000);
    assert_eq!(send(1000), Err(SendError::Full { buffered: 1000 * MOST_BUFFERED.div_euclid(1000) }));
    channel.released(channel.buffered() - 501);
    channel.released(1);
    assert_eq!(next(&events), ChannelEvent::BufferedLow);
    assert_eq!((channel.buffered(), send(1)), (501 - 1, Ok(())));
    channel.close();
    assert_eq!(send(1), Err(SendError::NotOpen));
}

#[test]
fn a_listener_that_panics_loses_its_channel_and_nothing_else() {
    let (channel, line) = open();
    channel.listen(Box::new(|_, _| panic!("this is meant to happen")));
    assert_eq!(line.recv_timeout(Duration::from_secs(5)), Ok("closed"));
    channel.ended();
    assert_eq!(channel.state(), ChannelState::Closed);
}

#[test]
fn a_listener_that_holds_its_channel_lets_it_go_after_the_end() {
    let (channel, _line) = open();
    let held = channel.clone();
    channel.listen(Box::new(move |_, _| drop(held.options.label.clone())));
    channel.ended();
    let weak = Arc::downgrade(&channel);
    drop(channel);
    let end = std::time::Instant::now() + Duration::from_secs(5);
    while weak.upgrade().is_some() {
        assert!(std::time::Instant::now() < end, "it is still there");
        std::thread::yield_now();
    }
}
