//! Records as a picture: one bar for each ratio that has a goal.

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::Result;
use crate::record::Record;

const ROW: u32 = 18;
const WIDTH: u32 = 900;
/// Pixels for names.
const NAMES: i32 = 400;

/// A bar: who beside which contest, and how many times our time.
struct Bar<'a> {
    label: String,
    group: &'a str,
    ratio: f64,
    goal: f64,
}

/// An SVG with the times of others as multiples of ours, wherever there is a goal, which a tick marks.
///
/// # Errors
/// If nothing was measured or the drawing fails.
pub fn goals(record: &Record) -> Result<String> {
    let mut bars = Vec::new();
    for group in &record.groups {
        for contest in &group.contests {
            for other in contest.others.iter().filter(|other| other.role != "limit") {
                let Some(goal) = other.goal else { continue };
                let label = format!("{}, {}", contest.name, other.name);
                bars.push(Bar { label, group: &group.name, ratio: other.ratio, goal });
            }
        }
    }
    let longest = bars.iter().map(|bar| bar.ratio.max(bar.goal)).fold(0.0, f64::max);
    if longest == 0.0 {
        return Err("nothing to plot: measure first".into());
    }
    let mut svg = String::new();
    {
        let height = ROW * (bars.len() as u32 + 3);
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        area.fill(&WHITE)?;
        let threads = record.threads;
        let title = format!("Times as multiples of ours, and goals ({}, threads: {threads})", record.backend);
        text(&area, &title, (10, 4), 14)?;
        for (row, bar) in bars.iter().enumerate() {
            draw(
                &area,
                bar,
                (ROW * (row as u32 + 2)) as i32,
                f64::from(WIDTH as i32 - NAMES - 60) / longest,
            )?;
        }
        area.present()?;
    }
    Ok(svg)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn draw(area: &Area<'_>, bar: &Bar<'_>, top: i32, scale: f64) -> Result<()> {
    let x = |ratio: f64| NAMES + (ratio * scale) as i32;
    let bottom = top + ROW as i32 - 5;
    text(area, &format!("{}: {}", bar.group, bar.label), (10, top), 12)?;
    let colour = if bar.ratio >= bar.goal { RGBColor(44, 110, 160) } else { RGBColor(200, 110, 40) };
    area.draw(&Rectangle::new([(NAMES, top), (x(bar.ratio), bottom)], colour.filled()))?;
    let tick = x(bar.goal);
    area.draw(&Rectangle::new([(tick - 1, top - 2), (tick + 1, bottom + 2)], BLACK.filled()))?;
    text(area, &format!("{:.1}", bar.ratio), (x(bar.ratio.max(bar.goal)) + 6, top), 12)
}

fn text(area: &Area<'_>, words: &str, position: (i32, i32), size: i32) -> Result<()> {
    let style = ("sans-serif", size).into_font().color(&BLACK);
    Ok(area.draw(&Text::new(words.to_owned(), position, style))?)
}
