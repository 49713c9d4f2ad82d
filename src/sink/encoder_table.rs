//! The property `encoder-table`: the file is read where the element starts.

use super::imp::BaseWebRTCSink;
use crate::encoder::{TABLE_VARIABLE, Table};
use gst::subclass::prelude::*;
use std::env;
use std::sync::Arc;

impl BaseWebRTCSink {
    /// Reads the file, where there is one. READY to PAUSED.
    pub(super) fn read_encoders(&self) -> Result<(), gst::StateChangeError> {
        let path = self.settings().encoder_table.clone();
        let path = path.or_else(|| env::var(TABLE_VARIABLE).ok()).filter(|path| !path.is_empty());
        let read = path.map_or_else(|| Ok(Default::default()), |path| Table::load(&path));
        let (table, doubts) = read.map_err(|text| {
            gst::element_imp_error!(self, gst::ResourceError::Settings, ("{text}"));
            gst::StateChangeError
        })?;
        for doubt in doubts {
            gst::element_imp_warning!(self, gst::ResourceError::Settings, ("{doubt}"));
        }
        self.settings().encoders = Arc::new(table);
        Ok(())
    }
}
