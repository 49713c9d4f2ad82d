//! What a rung hands to all its viewers at once: the RTP packets of a frame.

/// The packets of a frame, or a part of them.
pub(crate) struct Batch {
    list: gst::BufferList,
}

impl Batch {
    /// Packets as the payloader made them.
    pub(crate) fn new(list: gst::BufferList) -> Self {
        Self { list }
    }

    /// The same as GStreamer holds them.
    pub(super) fn list(&self) -> &gst::BufferList {
        &self.list
    }
}
