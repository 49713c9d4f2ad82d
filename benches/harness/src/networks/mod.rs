//! `networks`: one producer, one viewer, and between them an emulated link that changes, loses or is shared.
//!
//! | file | what |
//! |---|---|
//! | `cases.rs` | the networks |
//! | `course.rs` | one run through a network: what was seen over time |
//! | `figures.rs` | the figures of a run's phases |
//! | `flow.rs` | the competing TCP flow |
//! | `sender.rs`, `viewer.rs` | what the two child processes note |
//! | `printed.rs` | tables and JSON |

mod cases;
mod course;
mod figures;
mod flow;
mod printed;
pub mod sender;
pub mod viewer;

use crate::cli::{self, Plugins};
use crate::first_frame::{open, warn_of_load};
use crate::plugin::Plugin;
use crate::proc;
use anyhow::Result;
use cases::Case;
use figures::Figures;
use std::time::SystemTime;

/// A case through one plugin.
pub struct Measured<'a> {
    pub case: &'a Case,
    pub plugin: &'a Plugin,
    pub runs: Vec<(course::Course, Vec<Figures>)>,
}

/// Measures all cases, plugins by turns.
pub fn run(plugins: &Plugins, options: &cli::Networks) -> Result<()> {
    let load = proc::load_average();
    let opened = open(plugins)?;
    warn_of_load(load);
    let cases = cases::chosen(options);
    anyhow::ensure!(
        !cases.is_empty(),
        "there is no case of that name; see --help for --only"
    );
    let mut all = Vec::new();
    for case in &cases {
        let mut sides: Vec<Measured> = opened
            .iter()
            .map(|plugin| Measured {
                case,
                plugin,
                runs: Vec::new(),
            })
            .collect();
        for run in 0..options.runs {
            for side in &mut sides {
                let seed = options.seed.wrapping_add(run as u64);
                match course::run(side.plugin, case, options, seed) {
                    Ok(course) => {
                        let figures = figures::of(case, &course);
                        eprintln!(
                            "{} {}: {}",
                            side.plugin.letter,
                            case.name,
                            printed::short(&figures)
                        );
                        side.runs.push((course, figures));
                    }
                    Err(err) => eprintln!("{} {}: PROBLEM: {err:#}", side.plugin.letter, case.name),
                }
            }
        }
        all.extend(sides);
    }
    printed::print(plugins.json, options.write.as_deref(), load, &opened, &all)
}

/// Seconds of the clock that all processes share.
pub fn clock() -> f64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0.0, |time| time.as_secs_f64())
}
