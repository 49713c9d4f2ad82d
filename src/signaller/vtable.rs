//! The table of functions of the interface, in C's terms: a class in C fills it in itself, for one in Rust
//! every entry calls the method of `SignallableImpl`. `include/gstrswebrtc/signallable.h` declares it for C.

use super::interface::{Interface, Signallable, SignallableExt, SignallableImpl};
use gst::glib;
use gst::glib::ffi::gpointer;
use gst::glib::subclass::prelude::*;
use gst::glib::translate::{Borrowed, Stash, ToGlibPtr, from_glib_borrow, from_glib_none};
use gst::prelude::*;
use gst_webrtc::WebRTCSessionDescription;
use gst_webrtc::ffi::GstWebRTCSessionDescription;
use std::ffi::{c_char, c_uint, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The C instance: any object that implements the interface.
type Instance = *mut c_void;
type Text = *const c_char;
type Sdp = *const GstWebRTCSessionDescription;

/// The table of functions that an implementation fills in; a class in C leaves NULL what it does not do.
#[derive(Copy, Clone)]
#[repr(C)]
pub struct VTable {
    parent: glib::gobject_ffi::GTypeInterface,
    start: Option<unsafe extern "C" fn(Instance)>,
    stop: Option<unsafe extern "C" fn(Instance)>,
    send_sdp: Option<unsafe extern "C" fn(Instance, Text, Sdp)>,
    add_ice: Option<unsafe extern "C" fn(Instance, Text, Text, c_uint, Text)>,
    end_session: Option<unsafe extern "C" fn(Instance, Text)>,
    end_session_with_error: Option<unsafe extern "C" fn(Instance, Text, Text)>,
    end_session_with_reason: Option<unsafe extern "C" fn(Instance, Text, Text, Text)>,
    /// Further entries take their place here, so that the size stays.
    reserved: [gpointer; 9],
}

#[expect(unsafe_code, reason = "this is how glib names the interface of a table of functions")]
// SAFETY: the struct is `repr(C)` and starts with `GTypeInterface`.
unsafe impl InterfaceStruct for VTable {
    type Type = Interface;
}

#[expect(unsafe_code, reason = "the entries are C functions")]
/// Calls by name: what an entry gets lives until it returns, and an entry that is NULL does nothing.
impl VTable {
    pub(super) fn start(&self, object: &Signallable) {
        if let Some(start) = self.start {
            // SAFETY: the table is the object's own, as in all the calls below.
            unsafe { start(object.to_glib_none().0) }
        }
    }

    pub(super) fn stop(&self, object: &Signallable) {
        if let Some(stop) = self.stop {
            // SAFETY: as above.
            unsafe { stop(object.to_glib_none().0) }
        }
    }

    pub(super) fn send_sdp(&self, object: &Signallable, session_id: &str, sdp: &WebRTCSessionDescription) {
        if let Some(send) = self.send_sdp {
            let session_id = session_id.to_glib_none();
            let sdp: Stash<'_, *const GstWebRTCSessionDescription, _> = sdp.to_glib_none();
            // SAFETY: as above.
            unsafe { send(object.to_glib_none().0, session_id.0, sdp.0) }
        }
    }

    pub(super) fn add_ice(
        &self,
        object: &Signallable,
        session_id: &str,
        candidate: &str,
        sdp_m_line_index: u32,
        sdp_mid: Option<&str>,
    ) {
        if let Some(add) = self.add_ice {
            let (session_id, candidate) = (session_id.to_glib_none(), candidate.to_glib_none());
            let (object, sdp_mid) = (object.to_glib_none(), sdp_mid.to_glib_none());
            // SAFETY: as above.
            unsafe { add(object.0, session_id.0, candidate.0, sdp_m_line_index, sdp_mid.0) }
        }
    }

    pub(super) fn end_session(&self, object: &Signallable, session_id: &str) {
        if let Some(end) = self.end_session {
            let session_id = session_id.to_glib_none();
            // SAFETY: as above.
            unsafe { end(object.to_glib_none().0, session_id.0) }
        }
    }

    /// An implementation without an entry of its own hears of the session all the same.
    pub(super) fn end_session_with_error(&self, object: &Signallable, session_id: &str, error: Option<&str>) {
        let Some(end) = self.end_session_with_error else {
            return self.end_session(object, session_id);
        };
        let (session_id, error) = (session_id.to_glib_none(), error.to_glib_none());
        // SAFETY: as above.
        unsafe { end(object.to_glib_none().0, session_id.0, error.0) }
    }

    /// The same; without an entry of its own, an implementation hears what the others can say.
    pub(super) fn end_session_with_reason(
        &self,
        object: &Signallable,
        session_id: &str,
        reason: &str,
        error: Option<&str>,
    ) {
        let Some(end) = self.end_session_with_reason else {
            return match error {
                Some(error) => self.end_session_with_error(object, session_id, Some(error)),
                None => self.end_session(object, session_id),
            };
        };
        let (session_id, reason) = (session_id.to_glib_none(), reason.to_glib_none());
        let error = error.to_glib_none();
        // SAFETY: as above.
        unsafe { end(object.to_glib_none().0, session_id.0, reason.0, error.0) }
    }
}

#[expect(unsafe_code, reason = "this is how glib takes the table of functions of an implementation")]
// SAFETY: every entry of the table is set to a function that works on `T`.
unsafe impl<T: SignallableImpl> IsImplementable<T> for Signallable
where
    T::Type: IsA<glib::Object>,
{
    fn interface_init(interface: &mut glib::Interface<Self>) {
        let table = interface.as_mut();
        table.start = Some(start::<T>);
        table.stop = Some(stop::<T>);
        table.send_sdp = Some(send_sdp::<T>);
        table.add_ice = Some(add_ice::<T>);
        table.end_session = Some(end_session::<T>);
        table.end_session_with_error = Some(end_session_with_error::<T>);
        table.end_session_with_reason = Some(end_session_with_reason::<T>);
    }
}

/// Runs a method of the implementation behind an object. A panic must not reach C: the element hears of it.
fn perform<T: SignallableImpl>(object: &Signallable, name: &str, method: impl FnOnce(&T)) {
    let Some(implementation) = object.dynamic_cast_ref::<T::Type>().map(T::from_obj) else { return };
    if catch_unwind(AssertUnwindSafe(|| method(implementation))).is_err() {
        let class = object.type_().name();
        object.report_error(&format!("{name} of signaller {class} panicked; standard error has the text"));
    }
}

#[expect(unsafe_code, reason = "C calls it")]
// SAFETY: the caller hands over an object of the class whose table this is in, for the call.
unsafe extern "C" fn start<T: SignallableImpl>(object: Instance) {
    // SAFETY: see above, as for all the functions below; texts end in NUL.
    let object: Borrowed<Signallable> = unsafe { from_glib_borrow(object) };
    perform::<T>(&object, "start", T::start);
}

#[expect(unsafe_code, reason = "C calls it")]
unsafe extern "C" fn stop<T: SignallableImpl>(object: Instance) {
    // SAFETY: as above.
    let object: Borrowed<Signallable> = unsafe { from_glib_borrow(object) };
    perform::<T>(&object, "stop", T::stop);
}

#[expect(unsafe_code, reason = "C calls it")]
unsafe extern "C" fn send_sdp<T: SignallableImpl>(object: Instance, session_id: Text, sdp: Sdp) {
    // SAFETY: as above.
    let (object, session_id, sdp): (Borrowed<Signallable>, String, Borrowed<WebRTCSessionDescription>) =
        unsafe { (from_glib_borrow(object), from_glib_none(session_id), from_glib_borrow(sdp)) };
    perform::<T>(&object, "send_sdp", |this| this.send_sdp(&session_id, &sdp));
}

#[expect(unsafe_code, reason = "C calls it")]
unsafe extern "C" fn add_ice<T: SignallableImpl>(
    object: Instance,
    session_id: Text,
    candidate: Text,
    sdp_m_line_index: c_uint,
    sdp_mid: Text,
) {
    // SAFETY: as above.
    let (object, session_id, candidate, sdp_mid): (Borrowed<Signallable>, String, String, Option<String>) = unsafe {
        (
            from_glib_borrow(object),
            from_glib_none(session_id),
            from_glib_none(candidate),
            from_glib_none(sdp_mid),
        )
    };
    perform::<T>(&object, "add_ice", |this| {
        this.add_ice(&session_id, &candidate, sdp_m_line_index, sdp_mid);
    });
}

#[expect(unsafe_code, reason = "C calls it")]
unsafe extern "C" fn end_session<T: SignallableImpl>(object: Instance, session_id: Text) {
    // SAFETY: as above.
    let (object, session_id): (Borrowed<Signallable>, String) =
        unsafe { (from_glib_borrow(object), from_glib_none(session_id)) };
    perform::<T>(&object, "end_session", |this| this.end_session(&session_id));
}

#[expect(unsafe_code, reason = "C calls it")]
unsafe extern "C" fn end_session_with_error<T: SignallableImpl>(
    object: Instance,
    session_id: Text,
    error: Text,
) {
    // SAFETY: as above.
    let (object, session_id, error): (Borrowed<Signallable>, String, Option<String>) =
        unsafe { (from_glib_borrow(object), from_glib_none(session_id), from_glib_none(error)) };
    perform::<T>(&object, "end_session_with_error", |this| {
        this.end_session_with_error(&session_id, error.as_deref());
    });
}

#[expect(unsafe_code, reason = "C calls it")]
unsafe extern "C" fn end_session_with_reason<T: SignallableImpl>(
    object: Instance,
    session_id: Text,
    reason: Text,
    error: Text,
) {
    // SAFETY: as above.
    let (object, session_id, reason, error): (Borrowed<Signallable>, String, String, Option<String>) = unsafe {
        (from_glib_borrow(object), from_glib_none(session_id), from_glib_none(reason), from_glib_none(error))
    };
    perform::<T>(&object, "end_session_with_reason", |this| {
        this.end_session_with_reason(&session_id, &reason, error.as_deref());
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::{offset_of, size_of};
    use std::process::Command;

    /// Every entry that the header declares, and the size, as the compiler for C sees them.
    fn layout_in_c(entries: &[&str]) -> Vec<usize> {
        let root = env!("CARGO_MANIFEST_DIR");
        let folder = std::env::temp_dir().join(format!("signallable-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let numbers: String = entries
            .iter()
            .map(|entry| format!("printf (\"%zu\\n\", offsetof (GstRSWebRTCSignallableInterface, {entry}));"))
            .collect();
        let source = format!(
            "#include <gstrswebrtc/signallable.h>\n#include <stdio.h>\n\
             int main (void) {{ {numbers} \
             printf (\"%zu\\n\", sizeof (GstRSWebRTCSignallableInterface)); return 0; }}\n"
        );
        std::fs::write(folder.join("layout.c"), source).unwrap();
        let build = format!(
            "cc -Wall -Werror -DGST_USE_UNSTABLE_API -I'{root}/include' -o layout layout.c \
             $(pkg-config --cflags --libs gstreamer-webrtc-1.0)"
        );
        let built = Command::new("sh").args(["-c", &build]).current_dir(&folder).output().unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let output = Command::new(folder.join("layout")).output().unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        String::from_utf8(output.stdout).unwrap().lines().map(|line| line.parse().unwrap()).collect()
    }

    #[test]
    fn the_header_declares_the_table_as_it_is() {
        let entries = [
            "start",
            "stop",
            "send_sdp",
            "add_ice",
            "end_session",
            "end_session_with_error",
            "end_session_with_reason",
        ];
        let ours = [
            offset_of!(VTable, start),
            offset_of!(VTable, stop),
            offset_of!(VTable, send_sdp),
            offset_of!(VTable, add_ice),
            offset_of!(VTable, end_session),
            offset_of!(VTable, end_session_with_error),
            offset_of!(VTable, end_session_with_reason),
            size_of::<VTable>(),
        ];
        assert_eq!(layout_in_c(&entries), ours);
    }

    const EMPTY: VTable = VTable {
        parent: glib::gobject_ffi::GTypeInterface { g_type: 0, g_instance_type: 0 },
        start: None,
        stop: None,
        send_sdp: None,
        add_ice: None,
        end_session: None,
        end_session_with_error: None,
        end_session_with_reason: None,
        reserved: [std::ptr::null_mut(); 9],
    };

    #[expect(unsafe_code, reason = "an entry as C has it")]
    unsafe extern "C" fn ended(object: Instance, session_id: Text) {
        // SAFETY: the test below calls it with an object and a text.
        let (object, id): (Borrowed<glib::Object>, String) =
            unsafe { (from_glib_borrow(object.cast()), from_glib_none(session_id)) };
        object.set_property("producer-peer-id", id);
    }

    #[test]
    fn an_entry_that_is_null_does_nothing_and_a_failed_session_ends_like_any() {
        gst::init().unwrap();
        let signaller = crate::signaller::Signaller::default();
        let object = signaller.upcast_ref::<Signallable>();
        EMPTY.start(object);
        EMPTY.stop(object);
        EMPTY.end_session_with_error(object, "one", Some("text"));
        assert_eq!(signaller.property::<Option<String>>("producer-peer-id"), None);
        let table = VTable { end_session: Some(ended), ..EMPTY };
        table.end_session_with_error(object, "two", Some("text"));
        assert_eq!(signaller.property::<Option<String>>("producer-peer-id").as_deref(), Some("two"));
        for (id, error) in [("three", None), ("four", Some("text"))] {
            table.end_session_with_reason(object, id, "stalled", error);
            assert_eq!(signaller.property::<Option<String>>("producer-peer-id").as_deref(), Some(id));
        }
    }
}
