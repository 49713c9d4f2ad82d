//! Intel and AMD through VA-API (plugin va).

use super::{Bitrate, Family, PLAIN};

pub(super) static ROWS: &[Family] = &[Family {
    factories: &[
        "vavp8enc",
        "vavp9enc",
        "vah264enc",
        "vah265enc",
        "vaav1enc",
        "vavp8lpenc",
        "vavp9lpenc",
        "vah264lpenc",
        "vah265lpenc",
        "vaav1lpenc",
    ],
    bitrate: Bitrate::kilobits("bitrate"),
    settings: &[("key-int-max", "256"), ("rate-control", "cbr")],
    ..PLAIN
}];
