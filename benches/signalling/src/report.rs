//! Medians of all rounds, printed as a table or as JSON.

use crate::figure::{Figure, Value};
use crate::proc;
use crate::server::Program;
use crate::table;
use anyhow::Result;
use serde_json::{Value as Json, json};

/// Everything that was measured of one program in one case, round by round.
pub type Rounds = Vec<Vec<Figure>>;

/// A case, with the rounds of each program.
pub struct Row {
    pub case: String,
    pub programs: Vec<Rounds>,
}

/// Prints it all.
pub fn report(programs: &[Program], rows: &[Row], load: f64, as_json: bool) -> Result<()> {
    if as_json {
        let versions: Vec<_> = programs.iter().map(|program| &program.version).collect();
        let figures: Vec<_> = rows
            .iter()
            .flat_map(|row| lines(row).map(|name| as_object(row, name)))
            .collect();
        let all =
            json!({ "load_average": load, "cores": proc::cores(), "programs": versions, "figures": figures });
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    println!("Load average before: {load}; cores: {}\n", proc::cores());
    for program in programs {
        println!("{}: {}", program.letter, program.version);
    }
    println!();
    let letters: Vec<_> = programs
        .iter()
        .map(|program| program.letter.to_string())
        .collect();
    let mut head = vec!["case", "figure"];
    head.extend(letters.iter().map(String::as_str));
    if programs.len() == 2 {
        head.push("A / B");
    }
    let cells: Vec<_> = rows
        .iter()
        .flat_map(|row| lines(row).map(|name| cells(row, name)))
        .collect();
    table::print(&head, &cells);
    Ok(())
}

/// The names of a row's figures, in the order in which they were first given.
fn lines(row: &Row) -> impl Iterator<Item = &'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    for figure in row.programs.iter().flatten().flatten() {
        if !names.contains(&figure.name) {
            names.push(figure.name);
        }
    }
    if names.is_empty() {
        names.push("");
    }
    names.into_iter()
}

/// One figure of all rounds of a program.
fn values(rounds: &Rounds, name: &str) -> Vec<Figure> {
    rounds
        .iter()
        .flatten()
        .filter(|figure| figure.name == name)
        .cloned()
        .collect()
}

/// The middle; what most rounds say where they do not say a number.
fn middle(values: &[Figure]) -> Value {
    let numbers: Vec<f64> = values
        .iter()
        .filter_map(|figure| match figure.value {
            Value::Number(number) => Some(number),
            Value::StandsStill | Value::Failed => None,
        })
        .collect();
    let still = values
        .iter()
        .filter(|figure| figure.value == Value::StandsStill)
        .count();
    if still > numbers.len() {
        return Value::StandsStill;
    }
    table::median(&numbers).map_or(Value::Failed, Value::Number)
}

fn cells(row: &Row, name: &str) -> Vec<String> {
    let mut cells = vec![row.case.clone(), name.to_owned()];
    let mut numbers = Vec::new();
    for rounds in &row.programs {
        let values = values(rounds, name);
        let middle = middle(&values);
        let digits = values.iter().map(|figure| figure.digits).max().unwrap_or(0);
        cells.push(match middle {
            Value::Number(number) => table::figure(Some(number), digits),
            Value::StandsStill => "stands still".to_owned(),
            Value::Failed => "-".to_owned(),
        });
        numbers.push(number(middle));
    }
    if let [a, b] = numbers[..] {
        cells.push(table::figure(table::ratio(a, b), 2));
    }
    cells
}

fn number(value: Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(number),
        Value::StandsStill | Value::Failed => None,
    }
}

fn as_object(row: &Row, name: &str) -> Json {
    let programs: Vec<_> = row
        .programs
        .iter()
        .map(|rounds| {
            let values = values(rounds, name);
            let each: Vec<_> = values.iter().map(|figure| number(figure.value)).collect();
            let middle = middle(&values);
            json!({ "median": number(middle), "stands_still": middle == Value::StandsStill, "rounds": each })
        })
        .collect();
    json!({ "case": row.case, "figure": name, "programs": programs })
}

#[cfg(test)]
mod tests {
    use super::middle;
    use crate::figure::{Figure, Value};

    #[test]
    fn a_server_that_stands_still_in_most_rounds_stands_still() {
        let still = || Figure::stands_still("messages/s");
        let going = || Figure::new("messages/s", 5.0, 0);
        assert_eq!(middle(&[still(), going(), still()]), Value::StandsStill);
        assert_eq!(middle(&[going(), going(), still()]), Value::Number(5.0));
        assert_eq!(middle(&[]), Value::Failed);
    }
}
