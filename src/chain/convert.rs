//! From any raw input to what an encoder takes: which elements, by `logic::memory`, and in which caps.

use crate::errors::{MissingElement, make};
use logic::codec::MediaKind;
use logic::memory::{self, Route};

/// The elements that convert input with these caps for an encoder, in order, and the memory in which it takes it.
///
/// # Errors
/// One of them is not installed.
pub(super) fn converters(
    kind: MediaKind,
    caps: &gst::CapsRef,
    takes: impl Fn(&str) -> bool,
) -> Result<(Vec<gst::Element>, Option<&'static str>), MissingElement> {
    if kind == MediaKind::Audio {
        let elements = ["audioconvert", "audioresample"].into_iter().map(make);
        return Ok((elements.collect::<Result<_, _>>()?, None));
    }
    let features = caps.features(0).map(ToString::to_string).unwrap_or_default();
    let Route { elements, memory } = memory::route(&features, takes, is_installed);
    let elements = elements.into_iter().map(make);
    Ok((elements.collect::<Result<_, _>>()?, memory))
}

/// Whether what lies in this memory can be brought to any encoder with what is installed.
pub(crate) fn can_read(memory: &str) -> bool {
    memory::can_leave(memory, is_installed)
}

fn is_installed(name: &str) -> bool {
    gst::ElementFactory::find(name).is_some()
}

/// Whether elements of a factory take pictures with these caps. Memory alone says too little: the formats of DMABuf are
/// others where GStreamer tells how the pictures lie there.
pub(super) fn takes(factory: &gst::ElementFactory, caps: &gst::Caps) -> bool {
    let mut templates = factory.static_pad_templates().into_iter();
    templates.any(|template| {
        template.direction() == gst::PadDirection::Sink && template.caps().can_intersect(caps)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gst::glib;
    use gst::prelude::*;
    use gst::subclass::prelude::*;

    glib::wrapper! {
        pub struct Modern(ObjectSubclass<ModernImp>) @extends gst::Element, gst::Object;
    }

    /// What takes pictures as GStreamer 1.24 tells of DMABuf.
    #[derive(Default)]
    pub struct ModernImp;

    #[glib::object_subclass]
    impl ObjectSubclass for ModernImp {
        const NAME: &'static str = "TestModernEncoder";
        type Type = Modern;
        type ParentType = gst::Element;
    }

    impl ObjectImpl for ModernImp {}
    impl GstObjectImpl for ModernImp {}

    impl ElementImpl for ModernImp {
        fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
            static METADATA: std::sync::LazyLock<gst::subclass::ElementMetadata> =
                std::sync::LazyLock::new(|| {
                    gst::subclass::ElementMetadata::new("Test", "Encoder/Video", "A test's", "Nobody")
                });
            Some(&METADATA)
        }

        fn pad_templates() -> &'static [gst::PadTemplate] {
            static TEMPLATES: std::sync::LazyLock<Vec<gst::PadTemplate>> = std::sync::LazyLock::new(|| {
                let caps = crate::codec::caps(
                    "video/x-raw(memory:DMABuf), format=DMA_DRM; video/x-raw(memory:VAMemory), format=NV12",
                );
                let (sink, always) = (gst::PadDirection::Sink, gst::PadPresence::Always);
                vec![gst::PadTemplate::new("sink", sink, always, &caps).unwrap()]
            });
            &TEMPLATES
        }
    }

    #[test]
    fn an_encoder_takes_a_memory_only_in_formats_that_it_is_asked_to_take() {
        gst::init().unwrap();
        let name = "testmodernencoder";
        gst::Element::register(None, name, gst::Rank::NONE, Modern::static_type()).unwrap();
        let factory = gst::ElementFactory::find(name).unwrap();
        let takes = |memory: &str| {
            let caps = format!("video/x-raw({memory}), format=(string){{ I420, NV12, YV12 }}");
            takes(&factory, &crate::codec::caps(&caps))
        };
        assert!(takes("memory:VAMemory"));
        assert!(!takes("memory:DMABuf"), "it would not be linked");
        assert!(!takes("memory:GLMemory"));
    }
}
