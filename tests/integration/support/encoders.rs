//! Encoders that fail, or do not do as they are told: vp8enc in a bin of the test's own, registered with no rank, so
//! that only a table of encoders brings them in.

use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Once};

/// Does not go to READY, as one whose device is not there.
pub(crate) const NOT_READY: &str = "testnotreadyvp8enc";
/// Does not go to PAUSED, as one whose device is busy.
pub(crate) const NOT_PAUSED: &str = "testnotpausedvp8enc";
/// Takes no caps, as one whose driver does not fit.
pub(crate) const NO_CAPS: &str = "testnocapsvp8enc";
/// Posts an error after twenty frames.
pub(crate) const SHORT_LIVED: &str = "testshortlivedvp8enc";
/// Takes every frame and makes none.
pub(crate) const SILENT: &str = "testsilentvp8enc";
/// Has a bitrate that it does not follow.
pub(crate) const STUBBORN: &str = "teststubbornvp8enc";
/// Has a bitrate that can only be set while it stands.
pub(crate) const STANDING: &str = "teststandingvp8enc";

/// Does all that it is told.
pub(crate) const OBEDIENT: &str = "testobedientvp8enc";

/// Registers them.
pub(crate) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        not_ready::register();
        not_paused::register();
        no_caps::register();
        short_lived::register();
        silent::register();
        stubborn::register();
        standing::register();
        obedient::register();
    });
}

/// A file with rows about encoders, which is gone with it.
pub(crate) struct TableFile(pub(crate) PathBuf);

impl TableFile {
    pub(crate) fn new(text: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("encoders-{}-{number}.toml", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for TableFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Every encoder is a type of its own: an element knows its factory by its type.
macro_rules! encoders {
    ($($module:ident is $which:ident, $type:literal;)+) => {
        $(mod $module {
            use super::*;

            const WHICH: &str = $which;

            glib::wrapper! {
                pub(crate) struct Wrapper(ObjectSubclass<imp::Encoder>) @extends gst::Bin, gst::Element, gst::Object;
            }

            pub(super) fn register() {
                gst::Element::register(None, WHICH, gst::Rank::NONE, Wrapper::static_type()).unwrap();
            }

            mod imp {
                use super::*;

            #[derive(Default)]
            pub(crate) struct Encoder {
                frames: AtomicU32,
                bitrate: AtomicU32,
            }

            #[glib::object_subclass]
            impl ObjectSubclass for Encoder {
                const NAME: &'static str = $type;
                type Type = super::Wrapper;
                type ParentType = gst::Bin;
            }

            fn template(name: &str, direction: gst::PadDirection, caps: &str) -> gst::PadTemplate {
                let caps: gst::Caps = caps.parse().unwrap();
                gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps).unwrap()
            }

            impl Encoder {
                fn vp8enc(&self) -> Option<gst::Element> {
                    self.obj().by_name("vp8enc")
                }

                /// What becomes of a frame that was encoded.
                fn encoded(&self) -> gst::PadProbeReturn {
                    let number = self.frames.fetch_add(1, Ordering::SeqCst);
                    if (WHICH == SHORT_LIVED) && number == 20 {
                        gst::element_imp_error!(self, gst::LibraryError::Encode, ("the device is gone"));
                    }
                    if (WHICH == SILENT) { gst::PadProbeReturn::Drop } else { gst::PadProbeReturn::Ok }
                }
            }

            impl ObjectImpl for Encoder {
                fn properties() -> &'static [glib::ParamSpec] {
                    static ALL: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(|| {
                        vec![glib::ParamSpecUInt::builder("bitrate").minimum(1).default_value(1).build()]
                    });
                    &ALL
                }

                fn set_property(&self, _: usize, value: &glib::Value, _: &glib::ParamSpec) {
                    let kilobits = value.get::<u32>().unwrap();
                    let stands = self.obj().current_state() < gst::State::Paused;
                    if (WHICH == STANDING) && !stands {
                        return;
                    }
                    self.bitrate.store(kilobits, Ordering::SeqCst);
                    if stands || !(WHICH == STUBBORN) {
                        let bits = i32::try_from(kilobits * 1000).unwrap();
                        self.vp8enc().unwrap().set_property("target-bitrate", bits);
                    }
                }

                fn property(&self, _: usize, _: &glib::ParamSpec) -> glib::Value {
                    self.bitrate.load(Ordering::SeqCst).to_value()
                }

                fn constructed(&self) {
                    self.parent_constructed();
                    let obj = self.obj();
                    let encoder = gst::ElementFactory::make("vp8enc")
                        .name("vp8enc")
                        .property("deadline", 1i64)
                        .property("cpu-used", 8i32)
                        .property_from_str("end-usage", "cbr")
                        .property("lag-in-frames", 0i32)
                        .property("buffer-size", 150i32)
                        .property("keyframe-max-dist", 2000i32)
                        .build()
                        .unwrap();
                    obj.add(&encoder).unwrap();
                    for name in ["sink", "src"] {
                        let pad = encoder.static_pad(name).unwrap();
                        let template = obj.pad_template(name).unwrap();
                        let ghost = gst::GhostPad::from_template_with_target(&template, &pad).unwrap();
                        obj.add_pad(&ghost).unwrap();
                    }
                    let weak = obj.downgrade();
                    let source = encoder.static_pad("src").unwrap();
                    source.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
                        weak.upgrade().map_or(gst::PadProbeReturn::Ok, |encoder| encoder.imp().encoded())
                    });
                    encoder.static_pad("sink").unwrap().add_probe(
                        gst::PadProbeType::EVENT_DOWNSTREAM,
                        move |_, info| {
                            let is_caps = info.event().is_some_and(|event| event.type_() == gst::EventType::Caps);
                            let refuses = WHICH == NO_CAPS;
                            if is_caps && refuses {
                                info.flow_res = Err(gst::FlowError::NotNegotiated);
                                info.data = None;
                                return gst::PadProbeReturn::Handled;
                            }
                            gst::PadProbeReturn::Ok
                        },
                    );
                }
            }

            impl GstObjectImpl for Encoder {}

            impl ElementImpl for Encoder {
                fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
                    static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
                        gst::subclass::ElementMetadata::new("Test", "Codec/Encoder/Video", "Fails", "Tests")
                    });
                    Some(&METADATA)
                }

                fn pad_templates() -> &'static [gst::PadTemplate] {
                    static ALL: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
                        vec![
                            template("sink", gst::PadDirection::Sink, "video/x-raw, format=I420"),
                            template("src", gst::PadDirection::Src, "video/x-vp8"),
                        ]
                    });
                    &ALL
                }

                fn change_state(
                    &self,
                    transition: gst::StateChange,
                ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
                    let fails = match transition {
                        gst::StateChange::NullToReady => (WHICH == NOT_READY),
                        gst::StateChange::ReadyToPaused => (WHICH == NOT_PAUSED),
                        _ => false,
                    };
                    if fails {
                        gst::element_imp_error!(self, gst::ResourceError::Busy, ("there is no session left"));
                        return Err(gst::StateChangeError);
                    }
                    self.parent_change_state(transition)
                }
            }

            impl BinImpl for Encoder {}

            }
        })+
    };
}

encoders! {
    not_ready is NOT_READY, "TestNotReadyVp8Enc";
    not_paused is NOT_PAUSED, "TestNotPausedVp8Enc";
    no_caps is NO_CAPS, "TestNoCapsVp8Enc";
    short_lived is SHORT_LIVED, "TestShortLivedVp8Enc";
    silent is SILENT, "TestSilentVp8Enc";
    stubborn is STUBBORN, "TestStubbornVp8Enc";
    standing is STANDING, "TestStandingVp8Enc";
    obedient is OBEDIENT, "TestObedientVp8Enc";
}
