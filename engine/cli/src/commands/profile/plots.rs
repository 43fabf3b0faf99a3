//! The pictures of the report, as SVG.

use std::error::Error;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::account::Split;
use super::simulation::Simulated;

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The buckets with their colours, in the order of the bars.
pub(super) const BUCKETS: [(&str, fn(&Split) -> f64, RGBColor); 4] = [
    ("memory", |split| split.memory, RGBColor(214, 120, 48)),
    ("field arithmetic", |split| split.field, RGBColor(44, 110, 160)),
    ("synchronisation", |split| split.synchronisation(), RGBColor(178, 48, 74)),
    ("other", |split| split.other, RGBColor(150, 150, 150)),
];

const WIDTH: u32 = 860;
const ROW: i32 = 24;
/// Pixels for names on the left and numbers on the right.
const NAMES: i32 = 170;
const NUMBERS: i32 = 110;

/// What the lengths of bars mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lengths {
    /// All bars are as long; the parts are shares.
    Shares,
    /// The longest bar is that with the most seconds.
    Seconds,
}

/// One bar for each split, in parts.
pub(super) fn bars(rows: &[(String, Split)], lengths: Lengths, threads: usize) -> Result<String> {
    let longest = rows.iter().map(|(_, split)| split.total()).fold(f64::MIN_POSITIVE, f64::max);
    let mut svg = String::new();
    {
        let height = (ROW * (rows.len() as i32 + 2)) as u32;
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        legend(&area)?;
        for (row, (name, split)) in rows.iter().enumerate() {
            let top = ROW * (row as i32 + 1) + 8;
            let full = f64::from(WIDTH as i32 - NAMES - NUMBERS);
            let unit = match lengths {
                Lengths::Shares => full / split.total().max(f64::MIN_POSITIVE),
                Lengths::Seconds => full / longest,
            };
            text(&area, name, (4, top + 2), 13)?;
            let mut from = 0.0;
            for (_, seconds, colour) in BUCKETS {
                let to = from + seconds(split);
                let x = |seconds: f64| NAMES + (seconds * unit) as i32;
                area.draw(&Rectangle::new([(x(from), top), (x(to), top + ROW - 7)], colour.filled()))?;
                from = to;
            }
            let seconds = split.total() / threads as f64;
            text(&area, &format!("{seconds:.3} s"), (WIDTH as i32 - NUMBERS + 10, top + 2), 13)?;
        }
        area.present()?;
    }
    Ok(svg)
}

fn legend(area: &Area<'_>) -> Result<()> {
    let mut left = NAMES;
    for (name, _, colour) in BUCKETS {
        area.draw(&Rectangle::new([(left, 6), (left + 12, 18)], colour.filled()))?;
        text(area, name, (left + 17, 6), 13)?;
        left += 40 + 8 * name.len() as i32;
    }
    Ok(())
}

fn text(area: &Area<'_>, words: &str, position: (i32, i32), size: i32) -> Result<()> {
    let style = ("sans-serif", size).into_font().color(&BLACK);
    Ok(area.draw(&Text::new(words.to_owned(), position, style))?)
}

/// Efficiency over the number of workers, for three costs of stealing.
pub(super) fn efficiency(points: &[Simulated], steal_cost: u64) -> Result<String> {
    let most = points.iter().map(|point| point.workers).max().unwrap_or(1).max(2);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, 340)).into_drawing_area();
        let mut chart = ChartBuilder::on(&area)
            .margin(12)
            .x_label_area_size(42)
            .y_label_area_size(54)
            .build_cartesian_2d((1.0..f64::from(most)).log_scale().base(2.0), 0.0..1.05)?;
        chart
            .configure_mesh()
            .x_desc("workers")
            .y_desc("efficiency")
            .x_labels(points.len())
            .x_label_formatter(&|workers: &f64| format!("{workers:.0}"))
            .y_label_formatter(&|share: &f64| format!("{:.0}%", *share * 100.0))
            .light_line_style(WHITE)
            .draw()?;
        let curves: [(u64, fn(&Simulated) -> f64, RGBColor); 3] = [
            (0, |point| point.efficiency_free, RGBColor(90, 160, 90)),
            (steal_cost, |point| point.efficiency, RGBColor(44, 110, 160)),
            (steal_cost.saturating_mul(10), |point| point.efficiency_dear, RGBColor(178, 48, 74)),
        ];
        for (cost, value, colour) in curves {
            let line = points.iter().map(|point| (f64::from(point.workers), value(point)));
            chart
                .draw_series(LineSeries::new(line.clone(), colour.stroke_width(2)))?
                .label(format!("a steal takes {} us", cost as f64 / 1e3))
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
            chart.draw_series(line.map(|point| Circle::new(point, 3, colour.filled())))?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerLeft)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.3))
            .draw()?;
        area.present()?;
    }
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_a_part_for_each_bucket() {
        let split =
            Split { memory: 1.0, field: 2.0, waiting: 0.5, scheduling: 0.5, other: 1.0, ..Split::default() };
        let rows = [("stock".to_owned(), split), ("empty".to_owned(), Split::default())];
        for lengths in [Lengths::Shares, Lengths::Seconds] {
            let svg = bars(&rows, lengths, 2).unwrap();
            assert!(svg.starts_with("<svg") && svg.contains("2.500 s"), "{svg}");
            for (_, _, RGBColor(r, g, b)) in BUCKETS {
                let colour = format!("#{r:02X}{g:02X}{b:02X}");
                assert_eq!(svg.matches(&colour).count(), 1 + rows.len(), "{colour}");
            }
        }
    }

    #[test]
    fn curves_are_drawn_even_through_a_single_point() {
        let point = Simulated {
            workers: 1,
            tasks: 0,
            work: 1.0,
            critical_path: 1.0,
            seconds: 1.0,
            steals: 0,
            efficiency: 1.0,
            efficiency_free: 1.0,
            efficiency_dear: 1.0,
            stages: Vec::new(),
        };
        let svg = efficiency(&[point], 5000).unwrap();
        assert!(svg.contains("efficiency") && svg.contains("a steal takes 5 us"), "{svg}");
    }
}
