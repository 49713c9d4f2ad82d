//! A signaller inside the process: what the element says is told to the test or handed to another element,
//! and the test speaks for the peer.

use gst::glib;
use gst::subclass::prelude::*;
use gst_webrtc::{WebRTCSDPType, WebRTCSessionDescription};
use gstrswebrtc::signaller::{Signallable, SignallableExt, SignallableImpl};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock};

/// What an element said.
#[derive(Debug)]
pub(crate) enum Said {
    Started,
    Stopped,
    Description(String, WebRTCSDPType, String),
    Candidate(String, String),
    Ended(String, Option<String>),
}

glib::wrapper! {
    pub(crate) struct Direct(ObjectSubclass<imp::Direct>) @implements Signallable;
}

impl Direct {
    /// A signaller and what will be said to it.
    pub(crate) fn new() -> (Self, Receiver<Said>) {
        super::init();
        let direct: Self = glib::Object::new();
        let (tell, told) = channel();
        *direct.imp().tell.lock().unwrap() = Some(tell);
        (direct, told)
    }

    /// Two signallers, each handing what it is told to the element behind the other.
    pub(crate) fn pair() -> (Self, Self) {
        super::init();
        let (one, two): (Self, Self) = (glib::Object::new(), glib::Object::new());
        one.imp().other.set(Some(&two));
        two.imp().other.set(Some(&one));
        (one, two)
    }

    /// A signaller, what will be said to it, and that of a viewer which hears of this session only.
    pub(crate) fn with_viewer(session: &str) -> (Self, Receiver<Said>, Self) {
        let (one, two) = Self::pair();
        let (tell, told) = channel();
        *one.imp().tell.lock().unwrap() = Some(tell);
        one.imp().only.set(session.to_owned()).unwrap();
        (one, told, two)
    }

    /// The peer sends a description.
    pub(crate) fn describe(&self, session: &str, kind: WebRTCSDPType, sdp: &str) {
        let message = gst_sdp::SDPMessage::parse_buffer(sdp.as_bytes()).unwrap();
        self.session_description(session, &WebRTCSessionDescription::new(kind, message));
    }
}

mod imp {
    use super::*;

    #[derive(Default)]
    pub(crate) struct Direct {
        pub(super) tell: Mutex<Option<Sender<Said>>>,
        pub(super) other: glib::WeakRef<super::Direct>,
        pub(super) only: OnceLock<String>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Direct {
        const NAME: &'static str = "TestDirectSignaller";
        type Type = super::Direct;
        type Interfaces = (Signallable,);
    }

    impl ObjectImpl for Direct {
        fn properties() -> &'static [glib::ParamSpec] {
            static PROPERTIES: std::sync::LazyLock<Vec<glib::ParamSpec>> = std::sync::LazyLock::new(|| {
                vec![glib::ParamSpecOverride::for_interface::<Signallable>("manual-sdp-munging")]
            });
            &PROPERTIES
        }

        fn property(&self, _: usize, _: &glib::ParamSpec) -> glib::Value {
            glib::prelude::ToValue::to_value(&false)
        }
    }

    impl Direct {
        fn tell(&self, said: Said) {
            if let Some(tell) = &*self.tell.lock().unwrap() {
                let _ = tell.send(said);
            }
        }

        fn other(&self, session: &str) -> Option<super::Direct> {
            self.other.upgrade().filter(|_| self.only.get().is_none_or(|only| only == session))
        }
    }

    impl SignallableImpl for Direct {
        fn start(&self) {
            self.tell(Said::Started);
        }

        fn stop(&self) {
            self.tell(Said::Stopped);
        }

        fn send_sdp(&self, session: &str, sdp: &WebRTCSessionDescription) {
            self.tell(Said::Description(session.into(), sdp.type_(), sdp.sdp().as_text().unwrap()));
            if let Some(other) = self.other(session) {
                other.session_description(session, sdp);
            }
        }

        fn add_ice(&self, session: &str, candidate: &str, index: u32, mid: Option<String>) {
            self.tell(Said::Candidate(session.into(), candidate.into()));
            if let Some(other) = self.other(session) {
                other.handle_ice(session, index, mid.as_deref(), candidate);
            }
        }

        fn end_session(&self, session: &str) {
            self.end_session_with_error(session, None);
        }

        fn end_session_with_error(&self, session: &str, error: Option<&str>) {
            self.tell(Said::Ended(session.into(), error.map(str::to_owned)));
            if let Some(other) = self.other(session) {
                other.session_ended(session, error);
            }
        }
    }
}
