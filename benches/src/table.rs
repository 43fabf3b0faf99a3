//! Records as Markdown.

use std::fmt::Write;

use crate::record::{Group, Other, Outcome, Record};

/// A group as tables, one for each set of libraries: a row for each contest, our time, and the others' as
/// multiples of it.
#[must_use]
pub fn group(group: &Group) -> String {
    // Contests with the same first opponent have the same ones, or fewer of them.
    let mut tables: Vec<(&str, Vec<&Outcome>)> = Vec::new();
    for contest in &group.contests {
        let first = contest.others.first().map_or("", |other| &other.name);
        match tables.iter_mut().find(|(name, _)| *name == first) {
            Some((_, rows)) => rows.push(contest),
            None => tables.push((first, vec![contest])),
        }
    }
    let tables = tables.into_iter().map(|(_, rows)| table(&group.name, &rows));
    tables.collect::<Vec<_>>().join("\n")
}

fn table(title: &str, rows: &[&Outcome]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for other in rows.iter().flat_map(|contest| &contest.others) {
        if !names.contains(&other.name.as_str()) {
            names.push(&other.name);
        }
    }
    let mut text = format!("| {title} | ns an item |");
    names.iter().for_each(|name| text += &format!(" {name} |"));
    text += "\n|---|--:|";
    names.iter().for_each(|_| text += "--:|");
    text.push('\n');
    for contest in rows {
        let _ = write!(text, "| {} | {} |", contest.name, digits(contest.median_ns));
        for name in &names {
            let other = contest.others.iter().find(|other| other.name == *name);
            let _ = write!(text, " {} |", other.map_or(String::new(), cell));
        }
        text.push('\n');
    }
    text
}

/// All of a record, with what the machine could do above each table.
#[must_use]
pub fn record(record: &Record) -> String {
    let tables = record.groups.iter().map(|part| {
        let machine = part.machine;
        let ifma = match machine.ifma {
            0.0 => String::new(),
            rate => format!(" {rate:.1}·10⁹ IFMA a second,"),
        };
        format!(
            "### {}\n\n{:.2} GHz,{ifma} {:.1} GB a second of memory.\n\n{}",
            part.name,
            machine.clock,
            machine.bandwidth,
            group(part)
        )
    });
    tables.collect::<Vec<_>>().join("\n")
}

/// Every ratio that has a goal: whether it is reached.
#[must_use]
pub fn goals(record: &Record) -> String {
    let mut text = "| | beside | goal | measured | |\n|---|---|--:|--:|---|\n".to_owned();
    for group in &record.groups {
        for contest in &group.contests {
            for other in &contest.others {
                goal_row(&mut text, group, contest, other);
            }
        }
    }
    text
}

fn goal_row(text: &mut String, group: &Group, contest: &Outcome, other: &Other) {
    let Some(goal) = other.goal else { return };
    let verdict = if other.ratio >= goal { "reached" } else { "missed" };
    let show =
        |ratio: f64| if other.role == "limit" { percent(ratio) } else { format!("{}x", digits(ratio)) };
    let (name, measured, goal) = (&contest.name, show(other.ratio), show(goal));
    let _ = writeln!(text, "| {}: {name} | {} | {goal} | {measured} | {verdict} |", group.name, other.name);
}

/// One ratio; in bold if it has a goal and misses it.
fn cell(other: &Other) -> String {
    let text = if other.role == "limit" { percent(other.ratio) } else { digits(other.ratio) };
    if other.goal.is_some_and(|goal| other.ratio < goal) { format!("**{text}**") } else { text }
}

fn percent(share: f64) -> String {
    format!("{:.0}%", 100.0 * share)
}

/// Three digits, or all of those before the point.
fn digits(value: f64) -> String {
    let after = match value {
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{value:.after$}")
}

#[cfg(test)]
mod tests {
    use crate::record::Machine;

    use super::*;

    #[test]
    fn a_row_for_each_contest_and_a_column_for_each_other() {
        let other = |name: &str, role: &str, ratio, goal| Other {
            name: name.to_owned(),
            role: role.to_owned(),
            best_ns: 1.0,
            median_ns: 1.0,
            ratio,
            best_ratio: ratio,
            goal,
        };
        let contest = |name: &str, others| Outcome {
            name: name.to_owned(),
            items: 1,
            best_ns: 1.0,
            median_ns: 12.345,
            others,
        };
        let machine = Machine { clock: 4.0, ifma: 8.0, bandwidth: 20.0 };
        let contests = vec![
            contest(
                "a",
                vec![other("slow", "peer", 123.4, Some(5.0)), other("IFMA", "limit", 0.61, Some(0.6))],
            ),
            contest("b", vec![other("slow", "peer", 4.5, Some(5.0))]),
        ];
        let part = Group { name: "things".to_owned(), machine, contests };
        let expected = "| things | ns an item | slow | IFMA |\n|---|--:|--:|--:|\n\
                        | a | 12.3 | 123 | 61% |\n| b | 12.3 | **4.50** |  |\n";
        assert_eq!(group(&part), expected);
        let whole = Record { threads: 1, backend: "scalar".to_owned(), groups: vec![part] };
        assert!(
            record(&whole).starts_with(
                "### things\n\n4.00 GHz, 8.0·10⁹ IFMA a second, 20.0 GB a second of memory.\n\n|"
            )
        );
        let verdicts = goals(&whole);
        assert!(verdicts.contains("| things: a | IFMA | 60% | 61% | reached |"), "{verdicts}");
        assert!(verdicts.contains("| things: b | slow | 5.00x | 4.50x | missed |"), "{verdicts}");
    }
}
