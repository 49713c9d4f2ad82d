//! Elements with the names and pads of those that convert and encode on graphics cards, for machines without any: they
//! negotiate as those do, and what they pass on lies in the memory of the system.

use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::subclass::base_transform::BaseTransformMode;
use gst_base::subclass::prelude::*;
use std::sync::{LazyLock, Once};

/// Takes what lies on a card only.
pub(crate) const ENCODER: &str = "testcardvp8enc";

/// What they ask the application for.
pub(crate) const CONTEXT: &str = "gst.test.card";

/// Registers them.
pub(crate) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        register_converters();
        gst::Element::register(None, ENCODER, gst::Rank::NONE, Encoder::static_type()).unwrap();
    });
}

glib::wrapper! {
    pub(crate) struct Encoder(ObjectSubclass<imp::Encoder>) @extends gst::Element, gst::Object;
}

fn template(name: &str, direction: gst::PadDirection, caps: &str) -> gst::PadTemplate {
    let caps: gst::Caps = caps.parse().unwrap();
    gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps).unwrap()
}

fn metadata(class: &'static str) -> gst::subclass::ElementMetadata {
    gst::subclass::ElementMetadata::new("Test", class, "Stands for another", "Tests")
}

mod imp {
    use super::*;

    pub(crate) struct Encoder {
        sink: gst::Pad,
        source: gst::Pad,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Encoder {
        const NAME: &'static str = "TestCardEncoder";
        type Type = super::Encoder;
        type ParentType = gst::Element;

        fn with_class(class: &Self::Class) -> Self {
            let source = gst::Pad::from_template(&class.pad_template("src").unwrap());
            let (forward, announce) = (source.clone(), source.clone());
            let sink = gst::Pad::builder_from_template(&class.pad_template("sink").unwrap())
                .chain_function(move |pad, _, buffer| {
                    let caps = pad.current_caps().ok_or(gst::FlowError::NotNegotiated)?;
                    forward.push(key_frame(&caps, &buffer))
                })
                .event_function(move |_, _, event| match event.view() {
                    gst::EventView::Caps(_) => {
                        let caps = gst::Caps::builder("video/x-vp8").build();
                        announce.push_event(gst::event::Caps::new(&caps))
                    }
                    _ => announce.push_event(event),
                })
                .build();
            Self { sink, source }
        }
    }

    /// A key frame of nothing, of the size that the caps say (RFC 6386 section 9.1).
    fn key_frame(caps: &gst::Caps, like: &gst::Buffer) -> gst::Buffer {
        let structure = caps.structure(0).unwrap();
        let mut bytes = vec![0u8; 200];
        let first_partition: u32 = 150;
        let tag = (first_partition << 5 | 1 << 4).to_le_bytes();
        bytes[..3].copy_from_slice(&tag[..3]);
        bytes[3..6].copy_from_slice(&[0x9d, 0x01, 0x2a]);
        for (at, side) in [(6, "width"), (8, "height")] {
            let side = u16::try_from(structure.get::<i32>(side).unwrap()).unwrap();
            bytes[at..at + 2].copy_from_slice(&side.to_le_bytes());
        }
        let mut buffer = gst::Buffer::from_mut_slice(bytes);
        buffer.make_mut().set_pts(like.pts());
        buffer
    }

    impl ObjectImpl for Encoder {
        fn constructed(&self) {
            self.parent_constructed();
            self.obj().add_pad(&self.sink).unwrap();
            self.obj().add_pad(&self.source).unwrap();
        }
    }

    impl GstObjectImpl for Encoder {}

    impl ElementImpl for Encoder {
        fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
            static METADATA: LazyLock<gst::subclass::ElementMetadata> =
                LazyLock::new(|| metadata("Codec/Encoder/Video"));
            Some(&METADATA)
        }

        fn pad_templates() -> &'static [gst::PadTemplate] {
            static ALL: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
                let sink = MEMORIES.map(|feature| format!("video/x-raw({feature}), format=NV12"));
                vec![
                    template("sink", gst::PadDirection::Sink, &sink.join("; ")),
                    template("src", gst::PadDirection::Src, "video/x-vp8"),
                ]
            });
            &ALL
        }
    }
}

/// Every memory of a card, as caps call it.
pub(crate) const MEMORIES: [&str; 6] = [
    "memory:CUDAMemory",
    "memory:GLMemory",
    "memory:NVMM",
    "memory:D3D11Memory",
    "memory:VAMemory",
    "memory:DMABuf",
];

/// Every converter is a type of its own: an element knows its factory by its type.
macro_rules! converters {
    ($($module:ident is $which:literal, $type:literal;)+) => {
        $(mod $module {
            use super::*;

            const WHICH: &str = $which;

            glib::wrapper! {
                pub(crate) struct Wrapper(ObjectSubclass<imp::Converter>) @extends gst_base::BaseTransform, gst::Element, gst::Object;
            }

            pub(super) fn register() {
                if gst::ElementFactory::find(WHICH).is_none() {
                    gst::Element::register(None, WHICH, gst::Rank::NONE, Wrapper::static_type()).unwrap();
                }
            }

            mod imp {
                use super::*;

            #[derive(Default)]
            pub(crate) struct Converter;

            #[glib::object_subclass]
            impl ObjectSubclass for Converter {
                const NAME: &'static str = $type;
                type Type = super::Wrapper;
                type ParentType = gst_base::BaseTransform;
            }

            impl Converter {
                /// Whether frames may change their memory, and their size.
                fn changes(&self) -> (bool, bool) {
                    let both = ["nvvideoconvert", "vapostproc", "v4l2convert"].contains(&WHICH);
                    (both || WHICH.contains("download"), !WHICH.contains("download") && WHICH != "glcolorconvert")
                }
            }

            impl ObjectImpl for Converter {}
            impl GstObjectImpl for Converter {}

            impl ElementImpl for Converter {
                fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
                    static METADATA: LazyLock<gst::subclass::ElementMetadata> =
                        LazyLock::new(|| metadata("Filter/Converter/Video"));
                    Some(&METADATA)
                }

                fn change_state(
                    &self,
                    transition: gst::StateChange,
                ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
                    if transition == gst::StateChange::NullToReady {
                        let obj = self.obj();
                        let _ = obj.post_message(gst::message::NeedContext::builder(CONTEXT).src(&*obj).build());
                    }
                    self.parent_change_state(transition)
                }

                fn pad_templates() -> &'static [gst::PadTemplate] {
                    static ALL: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
                        vec![
                            template("sink", gst::PadDirection::Sink, "video/x-raw(ANY)"),
                            template("src", gst::PadDirection::Src, "video/x-raw(ANY)"),
                        ]
                    });
                    &ALL
                }
            }

            impl BaseTransformImpl for Converter {
                const MODE: BaseTransformMode = BaseTransformMode::AlwaysInPlace;
                const PASSTHROUGH_ON_SAME_CAPS: bool = true;
                const TRANSFORM_IP_ON_PASSTHROUGH: bool = false;

                fn transform_caps(
                    &self,
                    _: gst::PadDirection,
                    caps: &gst::Caps,
                    filter: Option<&gst::Caps>,
                ) -> Option<gst::Caps> {
                    let (memory, size) = self.changes();
                    let mut all = gst::Caps::new_empty();
                    for (structure, features) in caps.iter_with_features() {
                        let mut structure = structure.to_owned();
                        if size {
                            structure.remove_fields(["width", "height", "pixel-aspect-ratio"]);
                        }
                        let all = all.make_mut();
                        all.append_structure_full(structure.clone(), Some(features.to_owned()));
                        if memory {
                            all.append_structure_full(structure, Some(gst::CapsFeatures::new_any()));
                        }
                    }
                    Some(filter.map_or(all.clone(), |filter| {
                        filter.intersect_with_mode(&all, gst::CapsIntersectMode::First)
                    }))
                }

                fn fixate_caps(&self, _: gst::PadDirection, caps: &gst::Caps, mut other: gst::Caps) -> gst::Caps {
                    other.truncate();
                    for side in ["width", "height"] {
                        let Ok(length) = caps.structure(0).unwrap().get::<i32>(side) else { continue };
                        other.make_mut().structure_mut(0).unwrap().fixate_field_nearest_int(side, length);
                    }
                    other.fixate();
                    other
                }

                fn transform_ip(&self, _: &mut gst::BufferRef) -> Result<gst::FlowSuccess, gst::FlowError> {
                    Ok(gst::FlowSuccess::Ok)
                }
            }
            }
        })+

        /// Registers those that are not installed.
        fn register_converters() {
            $($module::register();)+
        }
    };
}

converters! {
    cuda_convert_scale is "cudaconvertscale", "TestCudaConvertScale";
    cuda_download is "cudadownload", "TestCudaDownload";
    gl_color_convert is "glcolorconvert", "TestGlColorConvert";
    gl_color_scale is "glcolorscale", "TestGlColorScale";
    gl_download is "gldownload", "TestGlDownload";
    nv_video_convert is "nvvideoconvert", "TestNvVideoConvert";
    d3d11_convert is "d3d11convert", "TestD3D11Convert";
    d3d11_download is "d3d11download", "TestD3D11Download";
    va_post_proc is "vapostproc", "TestVaPostProc";
    v4l2_convert is "v4l2convert", "TestV4l2Convert";
}
