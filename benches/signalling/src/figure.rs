//! What a measurement gives.

use anyhow::{Context, Result};

/// One value of a measurement.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Value {
    Number(f64),
    /// The server did not go on.
    StandsStill,
    /// Could not be measured.
    Failed,
}

/// A named value.
#[derive(Clone)]
pub struct Figure {
    pub name: &'static str,
    pub value: Value,
    /// Digits after the point.
    pub digits: usize,
}

impl Figure {
    pub fn new(name: &'static str, number: impl Into<Option<f64>>, digits: usize) -> Self {
        let value = number
            .into()
            .filter(|number| number.is_finite())
            .map_or(Value::Failed, Value::Number);
        Self { name, value, digits }
    }

    pub fn stands_still(name: &'static str) -> Self {
        Self {
            name,
            value: Value::StandsStill,
            digits: 0,
        }
    }
}

/// Runs something to its end, on this thread.
pub fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("failed to start a runtime")?.block_on(work)
}
