//! Navigation events: what a viewer does with mouse, keys and fingers, in the words of GstNavigation.

use crate::VideoSize;
use serde::{Deserialize, Serialize};

/// A navigation event. Positions are in pixels of the video, from its top left corner.
///
/// Each has the modifier keys and mouse buttons that are held, as nicks of `GstNavigationModifierType` joined by
/// `+`. Consumers of today always write them, others may leave them out.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(tag = "event")]
pub enum NavigationEvent {
    /// A key goes down.
    KeyPress {
        /// Its name, as X11 has it.
        key: String,
        /// What is held.
        #[serde(default)]
        modifier_state: String,
    },
    /// A key goes up.
    KeyRelease {
        /// Its name.
        key: String,
        /// What is held.
        #[serde(default)]
        modifier_state: String,
    },
    /// The pointer moves.
    MouseMove {
        /// To where.
        x: f64,
        /// To where.
        y: f64,
        /// What is held.
        #[serde(default)]
        modifier_state: String,
    },
    /// A mouse button goes down.
    MouseButtonPress {
        /// Which: 1 left, 2 middle, 3 right.
        button: i32,
        /// Where.
        x: f64,
        /// Where.
        y: f64,
        /// What is held.
        #[serde(default)]
        modifier_state: String,
    },
    /// A mouse button goes up.
    MouseButtonRelease {
        /// Which.
        button: i32,
        /// Where.
        x: f64,
        /// Where.
        y: f64,
        /// What is held.
        #[serde(default)]
        modifier_state: String,
    },
    /// The wheel turns.
    MouseScroll {
        /// Where.
        x: f64,
        /// Where.
        y: f64,
        /// How far to the right.
        delta_x: f64,
        /// How far up.
        delta_y: f64,
        /// What is held.
        #[serde(default)]
        modifier_state: String,
    },
    /// A finger touches.
    TouchDown {
        /// Which finger.
        identifier: u32,
        /// Where.
        x: f64,
        /// Where.
        y: f64,
        /// How hard, from 0 to 1; `None` where the screen cannot tell.
        #[serde(default, serialize_with = "half_if_unknown")]
        pressure: Option<f64>,
        /// What is held.
        #[serde(default)]
        modifier_state: String,
    },
    /// A finger moves.
    TouchMotion {
        /// Which finger.
        identifier: u32,
        /// To where.
        x: f64,
        /// To where.
        y: f64,
        /// How hard.
        #[serde(default, serialize_with = "half_if_unknown")]
        pressure: Option<f64>,
        /// What is held.
        #[serde(default)]
        modifier_state: String,
    },
    /// A finger is lifted.
    TouchUp {
        /// Which finger.
        identifier: u32,
        /// Where.
        x: f64,
        /// Where.
        y: f64,
        /// What is held.
        #[serde(default)]
        modifier_state: String,
    },
    /// The touch events since the last one belong together.
    TouchFrame {
        /// What is held.
        #[serde(default)]
        modifier_state: String,
    },
    /// The touch events since the last frame are to be forgotten.
    TouchCancel {
        /// What is held.
        #[serde(default)]
        modifier_state: String,
    },
    /// A command, as of a remote control.
    Command {
        /// Which.
        command: NavigationCommand,
        /// What is held.
        #[serde(default)]
        modifier_state: String,
    },
}

/// The commands of `GstNavigationCommand`.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum NavigationCommand {
    Menu1,
    Menu2,
    Menu3,
    Menu4,
    Menu5,
    Menu6,
    Menu7,
    Left,
    Right,
    Up,
    Down,
    Activate,
    PrevAngle,
    NextAngle,
}

impl NavigationEvent {
    /// The event with its position in a picture of the size `to` instead of `from`; sizes of nothing change nothing.
    pub fn scaled(mut self, from: VideoSize, to: VideoSize) -> Self {
        let ([from_width, from_height], [to_width, to_height]) = (from, to);
        let (across, down) = (to_width / from_width, to_height / from_height);
        let meant = [across, down].iter().all(|factor| factor.is_finite() && *factor > 0.0);
        if let (Some((x, y)), true) = (self.position_mut(), meant) {
            *x *= across;
            *y *= down;
        }
        self
    }

    fn position_mut(&mut self) -> Option<(&mut f64, &mut f64)> {
        match self {
            Self::MouseMove { x, y, .. }
            | Self::MouseButtonPress { x, y, .. }
            | Self::MouseButtonRelease { x, y, .. }
            | Self::MouseScroll { x, y, .. }
            | Self::TouchDown { x, y, .. }
            | Self::TouchMotion { x, y, .. }
            | Self::TouchUp { x, y, .. } => Some((x, y)),
            Self::KeyPress { .. }
            | Self::KeyRelease { .. }
            | Self::TouchFrame { .. }
            | Self::TouchCancel { .. }
            | Self::Command { .. } => None,
        }
    }
}

/// Producers of today refuse a touch without a number.
fn half_if_unknown<S: serde::Serializer>(pressure: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(pressure.filter(|pressure| pressure.is_finite()).unwrap_or(0.5))
}
