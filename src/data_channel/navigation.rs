//! Navigation events between the words of the wire and GStreamer.

use gst::glib;
use gst::prelude::*;
use gst_video::{NavigationCommand, NavigationEvent, NavigationModifierType};
use protocol::{NavigationCommand as Command, NavigationEvent as Said};

/// The event for elements upstream.
pub(super) fn to_event(said: &Said) -> gst::Event {
    gst::event::Navigation::new(to_gst(said).structure())
}

/// An event from downstream as it goes over the wire; `None` where it is none that GstNavigation knows.
pub(super) fn from_event(event: &gst::EventRef) -> Option<Said> {
    NavigationEvent::parse(event).ok().and_then(from_gst)
}

fn to_gst(said: &Said) -> NavigationEvent {
    let held = |text: &String| modifiers(text);
    match said {
        Said::KeyPress { key, modifier_state } => {
            NavigationEvent::KeyPress { key: key.replace('\0', ""), modifier_state: held(modifier_state) }
        }
        Said::KeyRelease { key, modifier_state } => {
            NavigationEvent::KeyRelease { key: key.replace('\0', ""), modifier_state: held(modifier_state) }
        }
        &Said::MouseMove { x, y, ref modifier_state } => {
            NavigationEvent::MouseMove { x, y, modifier_state: held(modifier_state) }
        }
        &Said::MouseButtonPress { button, x, y, ref modifier_state } => {
            NavigationEvent::MouseButtonPress { button, x, y, modifier_state: held(modifier_state) }
        }
        &Said::MouseButtonRelease { button, x, y, ref modifier_state } => {
            NavigationEvent::MouseButtonRelease { button, x, y, modifier_state: held(modifier_state) }
        }
        &Said::MouseScroll { x, y, delta_x, delta_y, ref modifier_state } => {
            NavigationEvent::MouseScroll { x, y, delta_x, delta_y, modifier_state: held(modifier_state) }
        }
        &Said::TouchDown { identifier, x, y, pressure, ref modifier_state } => NavigationEvent::TouchDown {
            identifier,
            x,
            y,
            pressure: pressure.unwrap_or(f64::NAN),
            modifier_state: held(modifier_state),
        },
        &Said::TouchMotion { identifier, x, y, pressure, ref modifier_state } => {
            NavigationEvent::TouchMotion {
                identifier,
                x,
                y,
                pressure: pressure.unwrap_or(f64::NAN),
                modifier_state: held(modifier_state),
            }
        }
        &Said::TouchUp { identifier, x, y, ref modifier_state } => {
            NavigationEvent::TouchUp { identifier, x, y, modifier_state: held(modifier_state) }
        }
        Said::TouchFrame { modifier_state } => {
            NavigationEvent::TouchFrame { modifier_state: held(modifier_state) }
        }
        Said::TouchCancel { modifier_state } => {
            NavigationEvent::TouchCancel { modifier_state: held(modifier_state) }
        }
        Said::Command { command: named, modifier_state } => {
            NavigationEvent::Command { command: command(*named), modifier_state: held(modifier_state) }
        }
    }
}

fn from_gst(event: NavigationEvent) -> Option<Said> {
    let finite = |pressure: f64| Some(pressure).filter(|pressure| pressure.is_finite());
    let held = text;
    Some(match event {
        NavigationEvent::KeyPress { key, modifier_state } => {
            Said::KeyPress { key, modifier_state: held(modifier_state) }
        }
        NavigationEvent::KeyRelease { key, modifier_state } => {
            Said::KeyRelease { key, modifier_state: held(modifier_state) }
        }
        NavigationEvent::MouseMove { x, y, modifier_state } => {
            Said::MouseMove { x, y, modifier_state: held(modifier_state) }
        }
        NavigationEvent::MouseButtonPress { button, x, y, modifier_state } => {
            Said::MouseButtonPress { button, x, y, modifier_state: held(modifier_state) }
        }
        NavigationEvent::MouseButtonRelease { button, x, y, modifier_state } => {
            Said::MouseButtonRelease { button, x, y, modifier_state: held(modifier_state) }
        }
        NavigationEvent::MouseScroll { x, y, delta_x, delta_y, modifier_state } => {
            Said::MouseScroll { x, y, delta_x, delta_y, modifier_state: held(modifier_state) }
        }
        NavigationEvent::TouchDown { identifier, x, y, pressure, modifier_state } => {
            let pressure = finite(pressure);
            Said::TouchDown { identifier, x, y, pressure, modifier_state: held(modifier_state) }
        }
        NavigationEvent::TouchMotion { identifier, x, y, pressure, modifier_state } => {
            let pressure = finite(pressure);
            Said::TouchMotion { identifier, x, y, pressure, modifier_state: held(modifier_state) }
        }
        NavigationEvent::TouchUp { identifier, x, y, modifier_state } => {
            Said::TouchUp { identifier, x, y, modifier_state: held(modifier_state) }
        }
        NavigationEvent::TouchFrame { modifier_state } => {
            Said::TouchFrame { modifier_state: held(modifier_state) }
        }
        NavigationEvent::TouchCancel { modifier_state } => {
            Said::TouchCancel { modifier_state: held(modifier_state) }
        }
        NavigationEvent::Command { command, modifier_state } => {
            let (named, _) = COMMANDS.iter().find(|(_, other)| *other == command)?;
            Said::Command { command: *named, modifier_state: held(modifier_state) }
        }
    })
}

const COMMANDS: [(Command, NavigationCommand); 14] = [
    (Command::Menu1, NavigationCommand::Menu1),
    (Command::Menu2, NavigationCommand::Menu2),
    (Command::Menu3, NavigationCommand::Menu3),
    (Command::Menu4, NavigationCommand::Menu4),
    (Command::Menu5, NavigationCommand::Menu5),
    (Command::Menu6, NavigationCommand::Menu6),
    (Command::Menu7, NavigationCommand::Menu7),
    (Command::Left, NavigationCommand::Left),
    (Command::Right, NavigationCommand::Right),
    (Command::Up, NavigationCommand::Up),
    (Command::Down, NavigationCommand::Down),
    (Command::Activate, NavigationCommand::Activate),
    (Command::PrevAngle, NavigationCommand::PrevAngle),
    (Command::NextAngle, NavigationCommand::NextAngle),
];

fn command(named: Command) -> NavigationCommand {
    let row = COMMANDS.iter().find(|(other, _)| *other == named);
    row.map_or(NavigationCommand::Invalid, |(_, command)| *command)
}

/// Modifiers by their nicks; names that this GStreamer does not know are left out.
fn modifiers(text: &str) -> NavigationModifierType {
    let Some(class) = glib::FlagsClass::with_type(NavigationModifierType::static_type()) else {
        return NavigationModifierType::empty();
    };
    let known = text.split('+').filter_map(|nick| class.value_by_nick(nick.trim()));
    known.fold(NavigationModifierType::empty(), |all, value| {
        all | NavigationModifierType::from_bits_truncate(value.value())
    })
}

fn text(modifiers: NavigationModifierType) -> String {
    let Some(class) = glib::FlagsClass::with_type(NavigationModifierType::static_type()) else {
        return String::new();
    };
    let held = class
        .values()
        .iter()
        .filter(|value| value.value().count_ones() == 1 && modifiers.bits() & value.value() != 0);
    held.map(|value| value.nick().to_owned()).collect::<Vec<_>>().join("+")
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::InputMessage;

    #[test]
    fn every_event_of_the_wire_survives_the_way_through_gstreamer() {
        gst::init().unwrap();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/protocol/tests/golden/navigation");
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let message: InputMessage = serde_json::from_str(&text).unwrap();
            let event = to_event(&message.event);
            assert_eq!(from_event(&event), Some(message.event), "{text}");
            count += 1;
        }
        assert!(count >= 12, "{count}");
    }

    #[test]
    fn unknown_modifiers_and_commands_without_a_name_do_no_harm() {
        gst::init().unwrap();
        assert_eq!(modifiers("shift-mask+teleport-mask+ button1-mask"), {
            NavigationModifierType::SHIFT_MASK | NavigationModifierType::BUTTON1_MASK
        });
        assert_eq!(modifiers(""), NavigationModifierType::empty());
        for name in COMMANDS.map(|(named, _)| named) {
            assert_ne!(command(name), NavigationCommand::Invalid);
        }
        let odd = gst::Structure::builder("application/x-gst-navigation").field("event", "teleport").build();
        assert_eq!(from_event(&gst::event::Navigation::new(odd)), None);
        let bare =
            gst::Structure::builder("application/x-gst-navigation").field("event", "mouse-move").build();
        assert_eq!(from_event(&gst::event::Navigation::new(bare)), None);
    }
}
