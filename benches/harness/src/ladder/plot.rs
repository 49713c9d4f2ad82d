//! Draws what `ladder --write` wrote: above the rate of each group of viewers, below its quantiser.

use anyhow::{Context, Result, anyhow};
use plotters::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const SIZE: (u32, u32) = (1200, 560);
const COLOURS: [RGBColor; 6] = [
    RGBColor(50, 90, 190),
    RGBColor(190, 60, 50),
    RGBColor(60, 150, 80),
    RGBColor(230, 140, 40),
    RGBColor(200, 120, 200),
    RGBColor(150, 150, 150),
];
/// The coarsest quantiser.
const COARSEST: f64 = 127.0;

/// Means over the viewers of a group, by seconds.
type Points = Vec<(f64, f64)>;

/// Draws every case of a document into a file of its name; cases side by side.
pub fn draw(name: &str, document: &Value, into: &Path) -> Result<()> {
    let file = into.join(format!("{name}.svg"));
    let cases: Vec<&Value> = document["cases"].as_array().into_iter().flatten().collect();
    let width = SIZE.0 * u32::try_from(cases.len()).unwrap_or(1).max(1) / 2;
    let root = SVGBackend::new(&file, (width, SIZE.1)).into_drawing_area();
    root.fill(&WHITE).map_err(said)?;
    for (area, case) in root.split_evenly((1, cases.len().max(1))).iter().zip(cases) {
        let title = format!(
            "{}: {} {}",
            case["letter"].as_str().unwrap_or_default(),
            case["plugin"].as_str().unwrap_or_default(),
            case["crowd"].as_str().unwrap_or_default(),
        );
        let area = area
            .titled(&title, ("sans-serif", 15).into_font())
            .map_err(said)?;
        let (above, below) = area.split_vertically(SIZE.1 * 6 / 10);
        part(&above, case, ("bits", "Mbit/s", 1e-6, None))?;
        part(&below, case, ("quantiser", "quantiser", 1.0, Some(COARSEST)))?;
    }
    root.present()
        .map_err(said)
        .with_context(|| format!("failed to write {}", file.display()))?;
    println!("{}", file.display());
    Ok(())
}

fn said(err: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("failed to draw: {err}")
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn part(
    area: &Area<'_>,
    case: &Value,
    (field, label, factor, top): (&str, &str, f64, Option<f64>),
) -> Result<()> {
    let groups = groups(&case["runs"][0], field, factor);
    let all = || groups.values().flatten();
    let bound = |of: fn(&(f64, f64)) -> f64| all().map(of).fold(0.0, f64::max);
    let (from, to) = (
        all().map(|(at, _)| *at).fold(0.0, f64::min),
        bound(|(at, _)| *at) + 1.0,
    );
    let top = top.unwrap_or(bound(|(_, value)| *value) * 1.1 + 0.1);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .x_label_area_size(34)
        .y_label_area_size(52)
        .build_cartesian_2d(from..to, 0.0..top)
        .map_err(said)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .y_desc(label)
        .x_desc("s from the beginning of what is measured")
        .draw()
        .map_err(said)?;
    for ((name, points), colour) in groups.into_iter().zip(COLOURS.iter().cycle()) {
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))
            .map_err(said)?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .draw()
        .map_err(said)
}

/// By network. The last second of each viewer is not whole.
fn groups(run: &Value, field: &str, factor: f64) -> BTreeMap<String, Points> {
    let mut sums: BTreeMap<String, BTreeMap<i64, (f64, f64)>> = BTreeMap::new();
    for viewer in run["viewers"].as_array().into_iter().flatten() {
        let network = viewer["network"].as_str().unwrap_or_default().to_owned();
        let seconds = sums.entry(network).or_default();
        let course = viewer["course"].as_array();
        for look in course.into_iter().flatten().rev().skip(1) {
            if let (Some(at), Some(value)) = (look["at"].as_f64(), look[field].as_f64()) {
                let (sum, count) = seconds.entry(at as i64).or_default();
                (*sum, *count) = (*sum + value * factor, *count + 1.0);
            }
        }
    }
    let mean = |(at, (sum, count)): (i64, (f64, f64))| (at as f64, sum / count);
    let groups = sums.into_iter();
    groups
        .map(|(name, seconds)| (name, seconds.into_iter().map(mean).collect()))
        .collect()
}
