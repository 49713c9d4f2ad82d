//! In the producer's process: what it believes the network carries, and what it does about it, over time.

use crate::child::say;
use crate::job::{Said, Sample};
use crate::networks::clock;
use crate::producer::Encoders;
use gst::glib;
use gst::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(100);

/// What was seen so far.
pub struct Samples(Arc<Mutex<Vec<Sample>>>);

impl Samples {
    /// Tells all.
    pub fn say(&self) {
        let samples = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        say(&Said::Sampled { samples });
    }
}

/// Looks until the sink is gone.
pub fn watch(pipeline: &gst::Pipeline, sink: &gst::Element, encoders: Encoders) -> Samples {
    let estimators = estimators(pipeline, sink);
    let samples = Arc::new(Mutex::new(Vec::new()));
    let (noted, sink) = (samples.clone(), sink.downgrade());
    std::thread::spawn(move || {
        while let Some(sink) = sink.upgrade() {
            let sample = Sample {
                at: clock(),
                estimate: estimate(&estimators, &sink),
                encoders: encoders.bitrate(),
            };
            noted.lock().unwrap_or_else(PoisonError::into_inner).push(sample);
            drop(sink);
            std::thread::sleep(INTERVAL);
        }
    });
    Samples(samples)
}

type Estimators = Arc<Mutex<Vec<glib::WeakRef<gst::Element>>>>;

/// The elements that estimate the network for webrtcbin, as they come.
fn estimators(pipeline: &gst::Pipeline, sink: &gst::Element) -> Estimators {
    let estimators = Estimators::default();
    note(pipeline, &estimators);
    // Where sessions are pipelines of their own; `auto` would leave the native transport for who listens to this.
    let transport = sink
        .find_property("transport")
        .map(|_| sink.property_value("transport"));
    let transport = transport.and_then(|transport| {
        glib::EnumValue::from_value(&transport).map(|(_, value)| value.nick().to_owned())
    });
    if transport.is_none_or(|transport| transport == "webrtcbin") {
        let estimators = estimators.clone();
        sink.connect("consumer-pipeline-created", false, move |values| {
            note(&values.get(2)?.get::<gst::Pipeline>().ok()?, &estimators);
            None
        });
    }
    estimators
}

fn note(pipeline: &gst::Pipeline, estimators: &Estimators) {
    let seen = estimators.clone();
    pipeline.connect_deep_element_added(move |_, _, element| {
        // Not by its name: a plugin may bring its own.
        if element
            .find_property("estimated-bitrate")
            .is_some_and(|spec| spec.value_type() == u32::static_type())
        {
            seen.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(element.downgrade());
        }
    });
}

/// Of the latest session; another transport has it in its statistics.
fn estimate(estimators: &Estimators, sink: &gst::Element) -> Option<f64> {
    let elements = estimators.lock().unwrap_or_else(PoisonError::into_inner);
    let latest = elements.iter().rev().find_map(glib::WeakRef::upgrade);
    drop(elements);
    match latest {
        Some(element) => Some(f64::from(element.property::<u32>("estimated-bitrate"))),
        None => available(&sink.property::<gst::Structure>("stats")),
    }
}

/// The field of that name, wherever it is.
fn available(stats: &gst::StructureRef) -> Option<f64> {
    stats.iter().find_map(|(name, value)| {
        if name == "available-outgoing-bitrate" {
            let number = value.transform::<f64>().ok()?;
            return number.get::<f64>().ok();
        }
        let inner = value.get::<gst::Structure>().ok()?;
        available(&inner)
    })
}
