//! Draws what was written: the course of every case of `networks`, above what the link carried and what was sent, below its queue.

use crate::{cli, ladder};
use anyhow::{Context, Result, anyhow};
use plotters::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const SIZE: (u32, u32) = (1200, 560);
/// Looks that are averaged, half a second's.
const SMOOTH: usize = 5;
/// Lines of the upper part: name, whose, field, colour. What is written last lies above.
const LINES: [(&str, &str, &str, RGBColor); 6] = [
    ("link", "link", "rate", RGBColor(150, 150, 150)),
    ("TCP", "link", "competing", RGBColor(200, 120, 200)),
    ("sent", "link", "offered", RGBColor(230, 140, 40)),
    ("arrived", "link", "passed", RGBColor(60, 150, 80)),
    ("encoder", "producer", "encoders", RGBColor(190, 60, 50)),
    ("estimate", "producer", "estimate", RGBColor(50, 90, 190)),
];

/// A course over time.
type Points = Vec<(f64, f64)>;

/// Draws all cases of a file; the first run of each, plugins side by side.
pub fn run(options: &cli::Plot) -> Result<()> {
    let text = std::fs::read_to_string(&options.file);
    let text = text.with_context(|| format!("failed to read {}", options.file.display()))?;
    let document: Value = serde_json::from_str(&text).context("it is not what `networks --write` writes")?;
    std::fs::create_dir_all(&options.into)
        .with_context(|| format!("failed to make {}", options.into.display()))?;
    if text_of(&document, "benchmark") == "ladder" {
        let name = options
            .file
            .file_stem()
            .map_or_else(String::new, |name| format!("ladder-{}", name.to_string_lossy()));
        return ladder::plot::draw(&name, &document, &options.into);
    }
    let mut cases: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for case in list(&document, "cases") {
        cases.entry(text_of(case, "name")).or_default().push(case);
    }
    let titles: BTreeMap<&str, String> = list(&document, "plugins")
        .map(|plugin| (text_of(plugin, "letter"), title(plugin)))
        .collect();
    for (name, sides) in cases {
        let file = options.into.join(format!("networks-{name}.svg"));
        let titled = sides.iter().map(|side| {
            let title = titles.get(text_of(side, "plugin")).map_or("", String::as_str);
            (format!("{name}: {title}"), &side["runs"][0]["course"])
        });
        draw(&file, &titled.collect::<Vec<_>>())
            .with_context(|| format!("failed to draw {}", file.display()))?;
        println!("{}", file.display());
    }
    Ok(())
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

fn text_of<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn title(plugin: &Value) -> String {
    let version = text_of(plugin, "plugin").rsplit(' ').next().unwrap_or_default();
    let sink: Vec<&str> = list(plugin, "sink").filter_map(Value::as_str).collect();
    format!("{version} {}", sink.join(" "))
}

fn draw(file: &Path, sides: &[(String, &Value)]) -> Result<()> {
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let most = |field: &dyn Fn(&Value) -> Points| {
        let values = sides.iter().flat_map(|(_, course)| field(course));
        values.map(|(_, value)| value).fold(0.0, f64::max)
    };
    let link = most(&|course| points(course, "link", "rate", 1));
    let queue = most(&|course| points(course, "link", "waited_p95_ms", 1)).max(1.0);
    let end = sides
        .iter()
        .filter_map(|(_, course)| points(course, "link", "rate", 1).last().map(|(at, _)| *at))
        .fold(1.0, f64::max);
    for (column, (title, course)) in root.split_evenly((1, sides.len())).iter().zip(sides) {
        let (upper, lower) = column.split_vertically(380);
        rates(&upper, title, course, (end, link * 1.4)).map_err(|err| anyhow!("{err}"))?;
        waiting(&lower, course, (end, queue * 1.1)).map_err(|err| anyhow!("{err}"))?;
    }
    root.present()?;
    Ok(())
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

fn rates(area: &Area, title: &str, course: &Value, (end, top): (f64, f64)) -> Drawn {
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 16))
        .margin(8)
        .x_label_area_size(20)
        .y_label_area_size(52)
        .build_cartesian_2d(0.0..end, 0.0..top / 1e6)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .y_desc("Mbit/s")
        .draw()?;
    for (name, whose, field, colour) in LINES {
        let smooth = if field == "rate" { 1 } else { SMOOTH };
        let points: Points = points(course, whose, field, smooth)
            .into_iter()
            .map(|(at, bits)| (at, bits.min(top) / 1e6))
            .collect();
        if points.iter().all(|(_, value)| *value <= 0.0) {
            continue;
        }
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperMiddle)
        .background_style(WHITE.mix(0.8))
        .draw()?;
    Ok(())
}

fn waiting(area: &Area, course: &Value, (end, top): (f64, f64)) -> Drawn {
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .x_label_area_size(34)
        .y_label_area_size(52)
        .build_cartesian_2d(0.0..end, 0.0..top)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .y_desc("queue, ms")
        .x_desc("s from the first picture")
        .draw()?;
    let points = points(course, "link", "waited_p95_ms", 1);
    chart.draw_series(LineSeries::new(points, RGBColor(50, 90, 190).stroke_width(1)))?;
    Ok(())
}

/// A field over time, averaged; from the first picture on.
fn points(course: &Value, whose: &str, field: &str, smooth: usize) -> Points {
    let raw: Points = list(course, whose)
        .filter_map(|look| Some((look["at"].as_f64()?, look[field].as_f64()?)))
        .filter(|(at, _)| *at >= 0.0)
        .collect();
    let mean = |looks: &[(f64, f64)]| {
        let (at, _) = looks.last()?;
        Some((
            *at,
            looks.iter().map(|(_, value)| value).sum::<f64>() / looks.len() as f64,
        ))
    };
    raw.windows(smooth).filter_map(mean).collect()
}
