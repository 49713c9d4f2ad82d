//! Where raw pictures lie, and which elements bring them to an encoder: they stay where they are if it takes them there.

/// Where pictures lie, other than in the memory of the system: a row.
#[derive(Debug, PartialEq, Eq)]
pub struct Memory {
    /// As caps call it.
    pub feature: &'static str,
    /// What converts and scales pictures there, one way in each row.
    within: &'static [&'static [&'static str]],
    /// What brings them into the memory of the system, likewise.
    out: &'static [&'static [&'static str]],
}

/// What converts and scales pictures in the memory of the system.
const SYSTEM: &[&str] = &["videoconvert", "videoscale"];

/// Every kind.
pub const ALL: &[Memory] = &[
    Memory {
        feature: "memory:CUDAMemory",
        within: &[&["cudaconvertscale"], &["cudaconvert", "cudascale"]],
        out: &[&["cudadownload"]],
    },
    Memory {
        feature: "memory:GLMemory",
        // The scaler takes RGBA only.
        within: &[&["glcolorconvert", "glcolorscale", "glcolorconvert"]],
        out: &[&["glcolorconvert", "gldownload"]],
    },
    Memory {
        feature: "memory:NVMM",
        within: &[&["nvvideoconvert"], &["nvvidconv"]],
        out: &[&["nvvideoconvert"], &["nvvidconv"]],
    },
    Memory { feature: "memory:D3D11Memory", within: &[&["d3d11convert"]], out: &[&["d3d11download"]] },
    Memory { feature: "memory:VAMemory", within: &[&["vapostproc"]], out: &[&["vapostproc"]] },
    Memory {
        feature: "memory:DMABuf",
        within: &[&["v4l2convert"], &["vapostproc"]],
        out: &[&["vapostproc"], &["v4l2convert"], &["glupload", "glcolorconvert", "gldownload"]],
    },
];

/// The way of pictures to an encoder.
#[derive(Debug, PartialEq, Eq)]
pub struct Route {
    /// The elements, in their order.
    pub elements: Vec<&'static str>,
    /// Where the encoder takes them; none: in the memory of the system.
    pub memory: Option<&'static str>,
}

/// The way of pictures with these caps features to an encoder that takes those, with the elements that are installed;
/// where one is missing on every way, it is on the one that is returned.
pub fn route(features: &str, takes: impl Fn(&str) -> bool, is_installed: impl Fn(&str) -> bool) -> Route {
    let Some(memory) = ALL.iter().find(|memory| features.contains(memory.feature)) else {
        return Route { elements: SYSTEM.to_vec(), memory: None };
    };
    let whole = |way: &&&[&str]| way.iter().all(|name| is_installed(name));
    if takes(memory.feature)
        && let Some(way) = memory.within.iter().find(whole)
    {
        return Route { elements: way.to_vec(), memory: Some(memory.feature) };
    }
    let way = memory.out.iter().find(whole).or(memory.out.first()).copied().unwrap_or_default();
    Route { elements: way.iter().chain(SYSTEM).copied().collect(), memory: None }
}

/// Whether pictures with these caps features can be brought to an encoder in the memory of the system.
pub fn can_leave(features: &str, is_installed: impl Fn(&str) -> bool) -> bool {
    let memory = ALL.iter().find(|memory| features.contains(memory.feature));
    memory.is_none_or(|memory| memory.out.iter().any(|way| way.iter().all(|name| is_installed(name))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_stay_where_they_are_if_the_encoder_takes_them_there() {
        for (memory, elements) in [
            ("memory:CUDAMemory", vec!["cudaconvertscale"]),
            ("memory:GLMemory", vec!["glcolorconvert", "glcolorscale", "glcolorconvert"]),
            ("memory:NVMM", vec!["nvvideoconvert"]),
            ("memory:D3D11Memory", vec!["d3d11convert"]),
            ("memory:VAMemory", vec!["vapostproc"]),
            ("memory:DMABuf", vec!["v4l2convert"]),
        ] {
            let route = route(memory, |feature| feature == memory, |_| true);
            assert_eq!(route, Route { elements, memory: Some(memory) });
        }
    }

    #[test]
    fn pictures_come_into_the_memory_of_the_system_if_the_encoder_takes_no_others() {
        for (memory, first) in [
            ("memory:CUDAMemory", "cudadownload"),
            ("memory:GLMemory", "glcolorconvert"),
            ("memory:NVMM", "nvvideoconvert"),
            ("memory:D3D11Memory", "d3d11download"),
            ("memory:VAMemory", "vapostproc"),
            ("memory:DMABuf", "vapostproc"),
        ] {
            let route = route(memory, |_| false, |_| true);
            assert_eq!((route.elements.first(), route.memory), (Some(&first), None));
            assert!(route.elements.ends_with(SYSTEM));
        }
        assert_eq!(route("memory:SystemMemory", |_| true, |_| true).elements, SYSTEM);
        assert_eq!(route("", |_| true, |_| true).elements, SYSTEM);
    }

    #[test]
    fn pictures_can_leave_a_memory_if_all_elements_of_one_way_are_installed() {
        assert!(can_leave("memory:DMABuf", |name| name == "vapostproc"));
        assert!(can_leave("memory:DMABuf", |name| name.starts_with("gl")));
        assert!(!can_leave("memory:DMABuf", |name| name == "glupload" || name == "gldownload"));
        assert!(can_leave("", |_| false));
    }

    #[test]
    fn another_way_is_taken_where_an_element_is_missing_and_the_usual_one_is_named_where_all_are() {
        let without = |missing: &'static str| move |name: &str| name != missing;
        let cuda = route("memory:CUDAMemory", |_| true, without("cudaconvertscale"));
        assert_eq!(cuda.elements, ["cudaconvert", "cudascale"]);
        let jetson = route("memory:NVMM", |_| true, without("nvvideoconvert"));
        assert_eq!(jetson.elements, ["nvvidconv"]);
        let buffers = route("memory:DMABuf", |_| false, |name| name.starts_with("gl"));
        assert_eq!(buffers.elements.first(), Some(&"glupload"));
        let nothing = route("memory:VAMemory", |_| true, |_| false);
        assert_eq!(
            nothing,
            Route { elements: vec!["vapostproc", "videoconvert", "videoscale"], memory: None }
        );
    }
}
