//! The tables in `tests/surface/` and how they are compared with what is there. Pure.

use super::introspection::Facts;

/// A fact that is otherwise than in the contract, and why.
pub(super) struct Deviation {
    pub(super) ours: Option<String>,
    pub(super) reason: String,
}

/// One fact a line, `what = says`; empty lines and those that begin with # are for the reader.
pub(super) fn facts(text: &str) -> Facts {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut all = Facts::new();
    for line in lines {
        let (what, says) = line.split_once(" = ").unwrap_or_else(|| panic!("no \" = \" in \"{line}\""));
        assert!(all.insert(what.into(), says.into()).is_none(), "{what} is there twice");
    }
    all
}

/// The same, where `missing` instead of `= says` is a fact that there is none; below each, its reason, indented.
pub(super) fn deviations(text: &str) -> Vec<(String, Deviation)> {
    let mut all: Vec<(String, Deviation)> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(reason) = line.strip_prefix("    ") {
            let (_, deviation) = all.last_mut().expect("the file begins with a reason");
            deviation.reason.push_str(reason);
        } else if let Some((what, says)) = line.split_once(" = ") {
            all.push((what.into(), Deviation { ours: Some(says.into()), reason: String::new() }));
        } else {
            let what = line.strip_suffix(" missing").unwrap_or_else(|| panic!("not understood: \"{line}\""));
            all.push((what.into(), Deviation { ours: None, reason: String::new() }));
        }
    }
    all
}

/// A line for each fault: what is not as the tables say, and the cure.
pub(super) fn compare(
    contract: &Facts,
    additions: &Facts,
    deviations: &[(String, Deviation)],
    found: &Facts,
) -> Vec<String> {
    let shown = |says: Option<&String>| says.map_or_else(|| "missing".into(), |says| format!("= {says}"));
    let deviation = |what: &str| deviations.iter().find(|(name, _)| name == what).map(|(_, it)| it);
    let mut faults = Vec::new();
    for (what, says) in contract {
        let (there, listed) = (found.get(what), deviation(what));
        match listed {
            None if there != Some(says) => faults.push(format!(
                "{what} {}\n    but the contract says = {says}\n    Mend it, or list it with its reason in deviations.txt.",
                shown(there)
            )),
            Some(listed) if there == Some(says) || listed.ours.as_ref() == Some(says) => {
                faults.push(format!("{what} is no deviation any more: delete it in deviations.txt"));
            }
            Some(listed) if there != listed.ours.as_ref() => faults.push(format!(
                "{what} {}\n    but deviations.txt says {}",
                shown(there),
                shown(listed.ours.as_ref())
            )),
            _ => {}
        }
    }
    for (what, listed) in deviations {
        if !contract.contains_key(what) {
            faults.push(format!("{what} is in deviations.txt, but not in contract.txt"));
        }
        if listed.reason.is_empty() {
            faults.push(format!("{what}: deviations.txt says no reason"));
        }
    }
    for (what, says) in additions {
        if contract.contains_key(what) {
            faults.push(format!("{what} is in contract.txt: delete it in additions.txt"));
        } else if found.get(what) != Some(says) {
            faults.push(format!("{what} {}\n    but additions.txt says = {says}", shown(found.get(what))));
        }
    }
    let new =
        found.iter().filter(|(what, _)| !contract.contains_key(*what) && !additions.contains_key(*what));
    faults.extend(new.map(|(what, says)| format!("new: add to additions.txt\n{what} = {says}")));
    faults
}
