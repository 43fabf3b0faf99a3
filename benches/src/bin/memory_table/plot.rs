//! Records as pictures.

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::Result;
use crate::record::{Limits, Report};
use crate::table::mib;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const OURS: RGBColor = RGBColor(44, 110, 160);
const STOCK: RGBColor = RGBColor(170, 170, 170);
const MARK: RGBColor = RGBColor(200, 110, 40);

const WIDTH: u32 = 900;
const ROW: i32 = 18;
/// Where bars begin, and where those of the right half do.
const LEFT: [i32; 2] = [150, 560];
/// Pixels of the longest bar.
const LONGEST: f64 = 260.0;

/// Peaks on the left, seconds on the right: a pair of bars for each allocator.
pub(crate) fn matrix(reports: &[&Report]) -> Result<String> {
    let mut svg = String::new();
    {
        let height = ROW as u32 * (2 * reports.len() as u32 + 4);
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        area.fill(&WHITE)?;
        text(&area, "Peak of a first proof, MiB, keys included", (LEFT[0], 4), 14)?;
        text(&area, "Seconds of a first proof", (LEFT[1], 4), 14)?;
        text(&area, "grey: stock, blue: Parhelion", (10, ROW * (2 * reports.len() as i32 + 3) - 6), 12)?;
        let largest = |value: fn(&Report) -> [f64; 2]| {
            reports.iter().flat_map(|report| value(report)).fold(0.0, f64::max)
        };
        let peaks = |report: &Report| [&report.stock, &report.parhelion].map(|costs| costs.peak_bytes as f64);
        let times = |report: &Report| [&report.stock, &report.parhelion].map(|costs| costs.seconds.median);
        for (index, report) in reports.iter().enumerate() {
            let top = ROW * (2 * index as i32 + 2);
            text(&area, &report.allocator, (10, top + 8), 13)?;
            for (side, (peak, time)) in peaks(report).into_iter().zip(times(report)).enumerate() {
                let top = top + ROW * side as i32 - 2 * side as i32;
                let colour = [STOCK, OURS][side];
                bar(&area, (LEFT[0], top), peak / largest(peaks), &mib(peak as u64), colour)?;
                bar(&area, (LEFT[1], top), time / largest(times), &format!("{time:.2}"), colour)?;
            }
        }
        area.present()?;
    }
    Ok(svg)
}

fn bar(area: &Area<'_>, (left, top): (i32, i32), length: f64, label: &str, colour: RGBColor) -> Result<()> {
    let right = left + (LONGEST * length) as i32;
    area.draw(&Rectangle::new([(left, top), (right, top + ROW - 4)], colour.filled()))?;
    text(area, label, (right + 6, top + 1), 12)
}

fn text(area: &Area<'_>, words: &str, position: (i32, i32), size: i32) -> Result<()> {
    let style = ("sans-serif", size).into_font().color(&BLACK);
    Ok(area.draw(&Text::new(words.to_owned(), position, style))?)
}

/// Seconds of first and second proofs over the limit.
pub(crate) fn limits(limits: &Limits) -> Result<String> {
    const MIB: f64 = (1 << 20) as f64;
    let proven: Vec<_> = limits.points.iter().filter(|point| point.error.is_none()).collect();
    let (free, limited): (Vec<_>, Vec<_>) = proven.into_iter().partition(|point| point.limit.is_none());
    let (Some(free), false) = (free.first(), limited.is_empty()) else {
        return Err("nothing to plot: no proof was made under a limit".into());
    };
    let x = |limit: Option<u64>| limit.unwrap_or(0) as f64 / MIB;
    let most = limits.points.iter().map(|point| x(point.limit)).fold(0.0, f64::max);
    let slowest = limited.iter().map(|point| point.seconds.max).fold(free.seconds.max, f64::max);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, 380)).into_drawing_area();
        area.fill(&WHITE)?;
        let title = format!("{}, k = {}: seconds over the memory limit in MiB", limits.circuit, limits.k);
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 15))
            .margin(12)
            .x_label_area_size(30)
            .y_label_area_size(50)
            .build_cartesian_2d(0.0..most * 1.05, 0.0..slowest * 1.25)?;
        chart.configure_mesh().light_line_style(WHITE).x_desc("limit").y_desc("seconds").draw()?;
        let series = |seconds: fn(&crate::record::Point) -> Option<f64>| {
            let points = limited.iter().filter_map(|point| Some((x(point.limit), seconds(point)?)));
            points.collect::<Vec<_>>()
        };
        let cold = series(|point| Some(point.seconds.median));
        let warm = series(|point| Some(point.warm_seconds.as_ref()?.median));
        for (points, colour, name) in [(cold, OURS, "first proof"), (warm, MARK, "second proof")] {
            let dots = points.clone().into_iter().map(move |point| Circle::new(point, 3, colour.filled()));
            chart
                .draw_series(LineSeries::new(points, &colour))?
                .label(name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour));
            chart.draw_series(dots)?;
        }
        let unlimited = free.seconds.median;
        chart
            .draw_series(LineSeries::new([(0.0, unlimited), (most * 1.05, unlimited)], &STOCK))?
            .label("first proof without a limit")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], STOCK));
        chart.configure_series_labels().border_style(STOCK).background_style(WHITE).draw()?;
        area.present()?;
    }
    Ok(svg)
}
