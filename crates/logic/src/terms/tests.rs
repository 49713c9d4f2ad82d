//! Streams that become others, as tables.

use super::Change::{Carried, Reoffered, Restarted};
use super::*;
use crate::codec::{av1, h265, opus, raw, vp8, vp9};

const VIDEO: &[&Codec] = &[&vp8::CODEC, &h264::CODEC, &vp9::CODEC, &h265::CODEC, &av1::CODEC];

fn raw() -> Form {
    Form {
        entering: Input::Raw,
        memory: String::new(),
        profile: None,
        level: None,
        width: 640,
        height: 480,
        rate: 30.0,
    }
}

fn within(memory: &str) -> Form {
    Form { memory: memory.into(), ..raw() }
}

fn encoded(codec: &'static Codec, profile: &str, level: &str) -> Form {
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Form { entering: Input::Encoded(codec), profile: said(profile), level: said(level), ..raw() }
}

fn avc(profile: &str, level: &str) -> Form {
    encoded(&h264::CODEC, profile, level)
}

#[test]
fn raw_streams_are_carried_whatever_they_become_and_other_memory_has_encoders_start_anew() {
    let (system, cuda) = (raw(), within("memory:CUDAMemory"));
    assert_eq!(
        change(&system, &system, &Form { width: 3840, height: 2160, rate: 0.0, ..raw() }, VIDEO, VIDEO),
        Carried
    );
    assert_eq!(change(&system, &system, &cuda, VIDEO, VIDEO), Restarted);
    assert_eq!(change(&system, &cuda, &cuda, VIDEO, VIDEO), Carried);
    assert_eq!(change(&system, &cuda, &system, VIDEO, VIDEO), Restarted);
}

#[test]
fn an_encoded_stream_is_carried_in_a_profile_and_up_to_a_level_that_viewers_were_told() {
    let cases = [
        (avc("main", "4"), avc("main", "4"), Carried),
        (avc("main", "4"), avc("main", "3.1"), Carried),
        (avc("main", "4"), avc("constrained-baseline", "4"), Carried),
        (avc("main", "4"), avc("main", "4.1"), Reoffered),
        (avc("main", "4"), avc("high", "4"), Reoffered),
        (avc("high", "4"), avc("main", "4"), Carried),
        (avc("constrained-baseline", "3.1"), avc("baseline", "3.1"), Reoffered),
        (avc("baseline", "3.1"), avc("constrained-baseline", "3.1"), Carried),
        (avc("", ""), avc("constrained-baseline", "3.1"), Carried),
        (avc("", ""), avc("main", "3.1"), Reoffered),
        (avc("main", ""), avc("main", "3.2"), Reoffered),
        (avc("main", "4"), avc("", ""), Carried),
        (encoded(&h265::CODEC, "main", "4"), encoded(&h265::CODEC, "main-10", "4"), Reoffered),
        (encoded(&h265::CODEC, "main-10", "4"), encoded(&h265::CODEC, "main", "3"), Carried),
        (encoded(&vp9::CODEC, "0", ""), encoded(&vp9::CODEC, "1", ""), Reoffered),
        (encoded(&vp9::CODEC, "2", ""), encoded(&vp9::CODEC, "2", ""), Carried),
        (encoded(&h265::CODEC, "main", ""), encoded(&h265::CODEC, "main", "4"), Reoffered),
        (encoded(&vp8::CODEC, "", ""), encoded(&vp8::CODEC, "1", ""), Carried),
    ];
    for (told, now, wanted) in cases {
        assert_eq!(change(&told, &told, &now, VIDEO, VIDEO), wanted, "{told:?} {now:?}");
    }
}

#[test]
fn a_stream_that_is_encoded_all_at_once_keeps_its_description_where_it_is_what_our_encoder_makes() {
    let told = raw();
    assert_eq!(change(&told, &told, &avc("constrained-baseline", "3.1"), VIDEO, VIDEO), Restarted);
    assert_eq!(change(&told, &told, &avc("high", "3.1"), VIDEO, VIDEO), Reoffered);
    assert_eq!(change(&told, &told, &avc("constrained-baseline", "5"), VIDEO, VIDEO), Reoffered);
    assert_eq!(change(&told, &told, &encoded(&vp8::CODEC, "", ""), VIDEO, VIDEO), Restarted);
    assert_eq!(change(&avc("main", "4"), &avc("main", "4"), &raw(), VIDEO, VIDEO), Restarted);
    let vp8 = encoded(&vp8::CODEC, "", "");
    assert_eq!(change(&avc("main", "4"), &avc("main", "4"), &vp8, VIDEO, VIDEO), Restarted);
}

#[test]
fn what_viewers_were_offered_and_cannot_be_sent_any_more_is_offered_anew() {
    let only: &[&Codec] = &[&h264::CODEC];
    let h264 = avc("constrained-baseline", "3.1");
    assert_eq!(change(&raw(), &raw(), &h264, VIDEO, only), Reoffered);
    assert_eq!(change(&h264, &h264, &raw(), only, VIDEO), Restarted);
    let (opus, l16): (&[&Codec], &[&Codec]) = (&[&opus::OPUS], &[&raw::L16, &opus::OPUS]);
    let encoded = encoded(&opus::OPUS, "", "");
    assert_eq!(change(&raw(), &raw(), &encoded, opus, opus), Restarted);
    assert_eq!(change(&raw(), &raw(), &encoded, l16, opus), Reoffered);
}
