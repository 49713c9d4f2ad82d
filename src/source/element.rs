//! `webrtcsrc`: the base with the default signaller, and `gstwebrtc://` addresses.

use super::imp::BaseWebRTCSrcImpl;
use crate::signaller::Signallable;
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::sync::LazyLock;

#[derive(Default)]
pub struct WebRTCSrc;

#[glib::object_subclass]
impl ObjectSubclass for WebRTCSrc {
    const NAME: &'static str = "GstWebRTCSrc";
    type Type = super::WebRTCSrc;
    type ParentType = super::BaseWebRTCSrc;
    type Interfaces = (gst::URIHandler,);
}

/// A property of the signaller, where it has it: another signaller than the default may lack it.
fn has(signaller: &Signallable, name: &str) -> bool {
    signaller.find_property(name).is_some()
}

impl ObjectImpl for WebRTCSrc {
    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(|| {
            vec![
                glib::ParamSpecBoolean::builder("connect-to-first-producer")
                    .nick("Connect to first producer")
                    .blurb("Receive from the first producer, now or whenever one comes")
                    .mutable_ready()
                    .build(),
            ]
        });
        &PROPERTIES
    }

    fn set_property(&self, _: usize, value: &glib::Value, spec: &glib::ParamSpec) {
        let signaller = self.obj().upcast_ref::<super::BaseWebRTCSrc>().signaller();
        if has(&signaller, spec.name()) {
            signaller.set_property_from_value(spec.name(), value);
        }
    }

    fn property(&self, _: usize, spec: &glib::ParamSpec) -> glib::Value {
        let signaller = self.obj().upcast_ref::<super::BaseWebRTCSrc>().signaller();
        if has(&signaller, spec.name()) { signaller.property_value(spec.name()) } else { false.to_value() }
    }
}

impl GstObjectImpl for WebRTCSrc {}

impl ElementImpl for WebRTCSrc {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "WebRTCSrc",
                "Source/Network/WebRTC",
                "Receives the streams of a WebRTC producer",
                "The gst-plugin-webrtc developers",
            )
        });
        Some(&METADATA)
    }
}

impl BinImpl for WebRTCSrc {}
impl BaseWebRTCSrcImpl for WebRTCSrc {}

impl URIHandlerImpl for WebRTCSrc {
    const URI_TYPE: gst::URIType = gst::URIType::Src;

    fn protocols() -> &'static [&'static str] {
        &["gstwebrtc", "gstwebrtcs"]
    }

    fn uri(&self) -> Option<String> {
        let signaller = self.obj().upcast_ref::<super::BaseWebRTCSrc>().signaller();
        if !has(&signaller, "uri") {
            return None;
        }
        let mut url = url::Url::parse(&signaller.property::<Option<String>>("uri")?).ok()?;
        if has(&signaller, "connect-to-first-producer") && signaller.property("connect-to-first-producer") {
            url.set_query(Some("connect-to-first-producer=true"));
        } else if let Some(id) = signaller.property::<Option<String>>("producer-peer-id") {
            url.query_pairs_mut().clear().append_pair("peer-id", &id);
        }
        Some(url.into())
    }

    fn set_uri(&self, uri: &str) -> Result<(), glib::Error> {
        let bad = |text: String| glib::Error::new(gst::URIError::BadUri, &text);
        let shown = || crate::signaller::shown(uri);
        let rest = match uri.split_once("://") {
            Some(("gstwebrtc", rest)) => format!("ws://{rest}"),
            Some(("gstwebrtcs", rest)) => format!("wss://{rest}"),
            _ => {
                return Err(bad(format!("'{}' must begin with gstwebrtc:// or gstwebrtcs://", shown())));
            }
        };
        let url = url::Url::parse(&rest).map_err(|err| bad(format!("'{}' is no address: {err}", shown())))?;
        let signaller = self.obj().upcast_ref::<super::BaseWebRTCSrc>().signaller();
        if !has(&signaller, "uri") {
            return Err(bad("the signaller has no address of its own (property uri)".into()));
        }
        signaller.set_property("uri", url.as_str());
        Ok(())
    }
}
