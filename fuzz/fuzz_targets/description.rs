//! Any text is read as a description or refused, and every plan that is made from it stays within it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use logic::codec::{ALL, MediaKind};
use logic::sdp::media::Description;
use logic::sdp::plan::{Sending, Stream, read_answer, read_offer, read_offer_to_receive};

/// Two streams of each kind, in every codec.
fn streams() -> Vec<Stream> {
    let of = |kind| Stream { kind, codecs: ALL.iter().copied().filter(|codec| codec.kind == kind).collect(), is_encoded: false, profile: None };
    vec![of(MediaKind::Video), of(MediaKind::Audio), of(MediaKind::Video), of(MediaKind::Audio)]
}

fn check(description: &Description, streams: &[Stream], plan: &[Sending]) {
    assert!(!plan.is_empty(), "a plan is never empty");
    for sending in plan {
        let media = &description.media[sending.m_line];
        assert!(media.receives && !media.rejected);
        assert!(media.formats.contains(&sending.format));
        assert!(streams[sending.stream].codecs.contains(&sending.codec));
    }
}

fuzz_target!(|text: &str| {
    let Ok(description) = Description::parse(text) else {
        return;
    };
    for media in &description.media {
        assert!(media.formats.len() <= 128, "there are no more payload types than that");
        if let Some(mid) = &media.mid {
            assert!(description.index_of_mid(mid).is_some());
        }
    }
    let streams = streams();
    if let Ok(plan) = read_offer(&description, &streams, &[]) {
        check(&description, &streams, &plan);
        let mut used: Vec<_> = plan.iter().map(|sending| sending.stream).collect();
        used.sort_unstable();
        used.dedup();
        assert_eq!(used.len(), plan.len(), "a stream is sent once");
    }
    if let Ok(plan) = read_answer(&description, &streams, &[Some(0), Some(1), None, Some(2), Some(9)]) {
        check(&description, &streams, &plan);
    }
    if let Ok(plan) = read_offer_to_receive(&description, ALL) {
        for receiving in plan {
            assert!(!receiving.formats.is_empty());
            assert!(description.media[receiving.m_line].sends);
        }
    }
});
