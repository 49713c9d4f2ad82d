//! The signals of the interface: their table, and the only place that names them as strings when emitting.

use super::interface::{Signallable, table};
use gst::glib;
use gst::glib::subclass::{Signal, SignalType};
use gst::glib::value::FromValue;
use gst::prelude::*;
use gst_webrtc::WebRTCSessionDescription;
use std::sync::LazyLock;

type Types = Vec<SignalType>;

fn string() -> SignalType {
    String::static_type().into()
}

fn description() -> SignalType {
    WebRTCSessionDescription::static_type().into()
}

fn structure() -> SignalType {
    gst::Structure::static_type().into()
}

fn element() -> SignalType {
    gst::Element::static_type().into()
}

/// A request to the signaller. Its class handler calls the vtable, and runs last: the first handler that an
/// application connects takes its place, for the emission stops after the first.
fn overridable(
    name: &str,
    arguments: Types,
    perform: fn(&Signallable, &[glib::Value]) -> Option<()>,
) -> Signal {
    Signal::builder(name)
        .run_last()
        .param_types(arguments)
        .return_type::<bool>()
        .class_handler(move |values| {
            let object = values.first()?.get::<Signallable>().ok()?;
            Some(perform(&object, values).is_some().to_value())
        })
        .accumulator(|_hint, _accumulated, value| std::ops::ControlFlow::Break(value.clone()))
        .build()
}

/// News for the element or the application.
fn news(name: &str, arguments: Types) -> Signal {
    Signal::builder(name).run_last().param_types(arguments).build()
}

fn argument<'a, T: FromValue<'a>>(values: &'a [glib::Value], index: usize) -> Option<T> {
    values.get(index)?.get::<T>().ok()
}

fn requests() -> Vec<Signal> {
    vec![
        overridable("start", vec![], |obj, _| {
            table(obj)?.start(obj);
            Some(())
        }),
        overridable("stop", vec![], |obj, _| {
            table(obj)?.stop(obj);
            Some(())
        }),
        overridable("send-session-description", vec![string(), description()], |obj, values| {
            let sdp: WebRTCSessionDescription = argument(values, 2)?;
            table(obj)?.send_sdp(obj, argument(values, 1)?, &sdp);
            Some(())
        }),
        overridable(
            "send-ice",
            vec![string(), string(), u32::static_type().into(), string()],
            |obj, values| {
                let (session, candidate) = (argument(values, 1)?, argument(values, 2)?);
                table(obj)?.add_ice(obj, session, candidate, argument(values, 3)?, argument(values, 4)?);
                Some(())
            },
        ),
        overridable("end-session", vec![string()], |obj, values| {
            table(obj)?.end_session(obj, argument(values, 1)?);
            Some(())
        }),
        overridable("end-session-with-error", vec![string(), string()], |obj, values| {
            let (session, error) = (argument(values, 1)?, argument::<Option<&str>>(values, 2)?);
            // An application that replaced only `end-session` must hear of failed sessions too.
            if handled(obj, "end-session") {
                emit_bool(obj, "end-session", &[&session]);
            } else {
                table(obj)?.end_session_with_error(obj, session, error);
            }
            Some(())
        }),
        overridable("end-session-with-reason", vec![string(), string(), string()], |obj, values| {
            let (session, reason) = (argument(values, 1)?, argument(values, 2)?);
            let error = argument::<Option<&str>>(values, 3)?;
            // The same for applications that know the older signals only.
            if error.is_none() && handled(obj, "end-session") {
                emit_bool(obj, "end-session", &[&session]);
            } else if handled(obj, "end-session-with-error") || handled(obj, "end-session") {
                emit_bool(obj, "end-session-with-error", &[&session, &error]);
            } else {
                table(obj)?.end_session_with_reason(obj, session, reason, error);
            }
            Some(())
        }),
    ]
}

fn questions() -> Vec<Signal> {
    vec![
        Signal::builder("munge-session-description")
            .run_last()
            .param_types([string(), description()])
            .return_type::<WebRTCSessionDescription>()
            .class_handler(|values| values.get(2).cloned())
            .accumulator(|_hint, _accumulated, value| std::ops::ControlFlow::Break(value.clone()))
            .build(),
        Signal::builder("request-meta")
            .run_last()
            .return_type::<Option<gst::Structure>>()
            .class_handler(|_| Some(None::<gst::Structure>.to_value()))
            .accumulator(|_hint, _accumulated, value| std::ops::ControlFlow::Break(value.clone()))
            .build(),
    ]
}

fn announcements() -> Vec<Signal> {
    let number = || u32::static_type().into();
    let action =
        |name: &str, types: Types| Signal::builder(name).run_last().action().param_types(types).build();
    let ended = |name: &str, types: Types| {
        let builder = Signal::builder(name).run_last().param_types(types).return_type::<bool>();
        builder
            .class_handler(|_| Some(false.to_value()))
            .accumulator(|_hint, _accumulated, value| match value.get::<bool>() {
                Ok(true) => std::ops::ControlFlow::Break(value.clone()),
                _ => std::ops::ControlFlow::Continue(value.clone()),
            })
            .build()
    };
    vec![
        news("session-requested", vec![string(), string(), description()]),
        news("session-started", vec![string(), string()]),
        action("session-description", vec![string(), description()]),
        action("handle-ice", vec![string(), number(), string(), string()]),
        ended("session-ended", vec![string()]),
        ended("session-ended-with-error", vec![string(), string()]),
        ended("session-ended-with-reason", vec![string(), string(), string()]),
        news("connection-changed", vec![bool::static_type().into(), structure()]),
        news("ice-servers", vec![Vec::<String>::static_type().into()]),
        action("meta-changed", vec![]),
        news("error", vec![string()]),
        action("shutdown", vec![]),
        news("producer-added", vec![string(), structure(), bool::static_type().into()]),
        news("producer-removed", vec![string(), structure()]),
        Signal::builder("consumer-added").run_last().deprecated().param_types([string(), element()]).build(),
        news("consumer-removed", vec![string(), element()]),
        news("webrtcbin-ready", vec![string(), element()]),
    ]
}

/// Every signal of the interface.
pub(super) fn all() -> &'static [Signal] {
    static SIGNALS: LazyLock<Vec<Signal>> = LazyLock::new(|| {
        let mut all = requests();
        all.extend(questions());
        all.extend(announcements());
        all
    });
    &SIGNALS
}

/// Emits a signal that returns a value.
pub(super) fn emit<T: for<'a> FromValue<'a> + 'static>(
    object: &Signallable,
    name: &str,
    arguments: &[&dyn ToValue],
) -> Option<T> {
    object.emit_by_name_with_values(name, &values(arguments))?.get::<T>().ok()
}

/// Emits a signal that returns whether it was handled.
pub(super) fn emit_bool(object: &Signallable, name: &str, arguments: &[&dyn ToValue]) -> bool {
    emit(object, name, arguments).unwrap_or(false)
}

/// Emits a signal that returns nothing.
pub(super) fn tell(object: &Signallable, name: &str, arguments: &[&dyn ToValue]) {
    object.emit_by_name_with_values(name, &values(arguments));
}

fn values(arguments: &[&dyn ToValue]) -> Vec<glib::Value> {
    arguments.iter().map(|argument| argument.to_value()).collect()
}

/// Whether anyone connected to a signal of an object.
fn handled(object: &Signallable, name: &str) -> bool {
    let Some(id) = glib::subclass::SignalId::lookup(name, Signallable::static_type()) else {
        return false;
    };
    glib::signal::signal_has_handler_pending(object, id, None, true)
}

/// Action signal without arguments, which signallers may have: another session is wanted once the last is over.
pub(crate) const WANT_SESSION: &str = "want-session";

/// Asks a signaller for the next session, where it can be asked.
pub(crate) fn want_session(object: &Signallable) {
    let known = glib::subclass::SignalId::lookup(WANT_SESSION, object.type_());
    let query = known.map(|id| id.query());
    if query.is_some_and(|query| query.flags().contains(glib::SignalFlags::ACTION) && query.n_params() == 0) {
        object.emit_by_name_with_values(WANT_SESSION, &[]);
    } else {
        gst::info!(gst::CAT_RUST, "the signaller cannot be asked for a session: the next is its to begin");
    }
}
