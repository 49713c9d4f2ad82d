//! A certificate that light viewers accept, for plugins that leave it to webrtcbin, whose own is RSA before GStreamer 1.28.

use anyhow::Result;
use gst::prelude::*;

/// Gives every session of a `webrtcsink` an ECDSA certificate; viewers may not compare its fingerprint, because webrtcbin
/// describes another. Encryption of media is the same with both.
pub fn use_ecdsa(sink: &gst::Element) -> Result<()> {
    let made = rcgen::generate_simple_self_signed(Vec::new())?;
    let pem = format!("{}{}", made.cert.pem(), made.signing_key.serialize_pem());
    sink.connect("consumer-pipeline-created", false, move |values| {
        let pipeline = values.get(2)?.get::<gst::Pipeline>().ok()?;
        let pem = pem.clone();
        pipeline.connect_deep_element_added(move |_, _, element| {
            let is_dtls = element
                .factory()
                .is_some_and(|factory| factory.name() == "dtlssrtpdec");
            if is_dtls {
                element.set_property("pem", &pem);
            }
        });
        None
    });
    Ok(())
}
