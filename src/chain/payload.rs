//! The end of a rung: a payloader and its settings.

use super::rung::{Hooks, Plan};
use crate::codec::{self, TRANSPORT_WIDE_CC};
use crate::errors::{MissingElement, make};
use crate::gobject::set_if_present;
use gst::prelude::*;
use gst_rtp::prelude::*;
use logic::codec::Codec;

/// What a packet may grow by after the payloader, at most (bytes): the header extensions of the transports (40), the
/// tag of AES-GCM (16), and the number of a packet that is sent again (2). A packet of forward error correction is 19
/// bytes larger than the largest that it protects, but only webrtcbin has any, which has one extension of 8 bytes.
const GROWTH: u32 = 40 + 16 + 2;

/// How packets are numbered and marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) payload_type: u8,
    pub(crate) ssrc: u32,
    /// The timestamp of the running time 0: with one for all rungs of an input, a picture's is the same in each.
    pub(crate) timestamp_offset: u32,
    /// Identifier of the header extension for transport-wide congestion control.
    pub(crate) transport_cc: Option<u8>,
}

/// Makes the payloader, set up, with the application's help.
///
/// # Errors
/// It is not installed.
pub(super) fn payloader(plan: &Plan<'_>, hooks: &dyn Hooks) -> Result<gst::Element, MissingElement> {
    let payloader = codec::payloader(plan.codec)?;
    set_up(&payloader, plan.codec, plan.mtu);
    hooks.payloader(&payloader);
    number(&payloader, plan.numbers)?;
    Ok(payloader)
}

/// The settings for live media over the internet.
fn set_up(payloader: &gst::Element, row: &Codec, mtu: u32) {
    set_if_present(payloader, "mtu", &mtu.saturating_sub(GROWTH).to_string());
    for (name, value) in row.payloader_settings {
        set_if_present(payloader, name, value);
    }
}

/// What the offer promised; no application changes it.
fn number(payloader: &gst::Element, numbers: Numbers) -> Result<(), MissingElement> {
    set_if_present(payloader, "pt", &numbers.payload_type.to_string());
    set_if_present(payloader, "ssrc", &numbers.ssrc.to_string());
    set_if_present(payloader, "timestamp-offset", &numbers.timestamp_offset.to_string());
    if let Some(id) = numbers.transport_cc {
        let extension = make("rtphdrexttwcc")?;
        if let Some(extension) = extension.downcast_ref::<gst_rtp::RTPHeaderExtension>() {
            extension.set_id(id.into());
            payloader.emit_by_name::<()>("add-extension", &[extension]);
        }
    }
    Ok(())
}

/// The caps of what the payloader makes, as a transport takes them: without format parameters, which the
/// description has settled and which need not be the payloader's to the letter.
pub(super) fn transport_caps(caps: &gst::CapsRef, numbers: Numbers) -> gst::Caps {
    const KEPT: [&str; 6] = ["media", "clock-rate", "encoding-name", "encoding-params", "payload", "ssrc"];
    let mut caps = caps.to_owned();
    if let Some(structure) = caps.make_mut().structure_mut(0) {
        structure.filter_map_in_place(|name, value| KEPT.contains(&name.as_str().as_str()).then_some(value));
        if let Some(id) = numbers.transport_cc {
            structure.set(format!("extmap-{id}"), TRANSPORT_WIDE_CC);
            structure.set("rtcp-fb-transport-cc", true);
        }
    }
    caps
}
