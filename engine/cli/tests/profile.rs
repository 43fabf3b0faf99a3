//! `profile` as a user sees it: the files, whether their numbers add up, and what it refuses.

mod common;

use std::fs;
use std::path::Path;

use common::Place;
use roxmltree::{Document, ParsingOptions};
use serde_json::Value;

const FILES: [&str; 4] = ["flamegraph-stock.svg", "flamegraph.svg", "report.html", "timeline.json"];

/// Profiles `plonk` with k = 8 into `out`, with as little sampling as there can be.
fn profile<'a>(extra: &[&'a str]) -> Vec<&'a str> {
    let base =
        ["profile", "--circuit", "plonk", "--k", "8", "--threads", "2", "--seconds", "0", "--out", "out"];
    [&base, extra].concat()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number, not {value}"))
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

#[test]
fn all_files_are_written_over_old_ones_and_agree() {
    let place = Place::new();
    let out = place.path("out");
    fs::create_dir(&out).unwrap();
    for name in FILES {
        fs::write(out.join(name), "of an earlier run").unwrap();
    }
    fs::write(out.join("notes"), "of the user").unwrap();
    let run = place.run(&profile(&["--workers", "1,2,16", "--json"])).succeeded();
    let summary = run.json();

    assert_eq!(
        names(&out),
        ["flamegraph-stock.svg", "flamegraph.svg", "notes", "report.html", "timeline.json"]
    );
    assert_eq!(fs::read_to_string(out.join("notes")).unwrap(), "of the user");
    let listed: Vec<&str> =
        summary["files"].as_array().unwrap().iter().map(|f| f.as_str().unwrap()).collect();
    assert_eq!(listed.len(), FILES.len());
    assert!(FILES.iter().all(|name| listed.contains(&format!("out/{name}").as_str())), "{listed:?}");

    for side in ["stock", "parhelion"] {
        every_second_is_accounted_for(&summary[side]);
    }
    a_simulation_keeps_within_its_bounds(&summary["simulation"], &[1, 2, 16]);
    for name in ["flamegraph.svg", "flamegraph-stock.svg"] {
        let text = fs::read_to_string(out.join(name)).unwrap();
        well_formed(&text);
        assert!(text.contains("plonk k = 8"), "no title in {name}");
    }
    the_timeline_opens_in_perfetto(&out.join("timeline.json"), number(&summary["workers_seconds"]));
    the_report_says_the_same(&fs::read_to_string(out.join("report.html")).unwrap(), &summary);
}

/// Shares of a whole, for the proof and each section, and sections that add up to the proof.
fn every_second_is_accounted_for(side: &Value) {
    const CLASSES: [&str; 4] = ["memory", "field", "synchronisation", "other"];
    let whole = |shares: &Value| CLASSES.iter().map(|class| number(&shares[class])).sum::<f64>();
    let seconds = |split: &Value| {
        ["memory", "field", "scheduling", "waiting", "other"]
            .iter()
            .map(|part| number(&split[part]))
            .sum::<f64>()
    };
    assert!((whole(&side["shares"]) - 1.0).abs() < 1e-9, "{side}");
    let sections = side["sections"].as_array().unwrap();
    let found: Vec<&str> = sections.iter().map(|section| section["name"].as_str().unwrap()).collect();
    assert_eq!(found, ["witness", "lookup", "products", "quotient", "opening"]);
    let (mut all, mut wall) = (0.0, 0.0);
    for section in sections {
        assert!((whole(&section["shares"]) - 1.0).abs() < 1e-9, "{section}");
        let split = &section["split"];
        // Threads that had no work slept: two threads have two seconds a second, unless the clocks differ.
        assert!(seconds(split) >= 2.0 * number(&split["wall"]) - 1e-6, "{section}");
        all += seconds(split);
        wall += number(&split["wall"]);
    }
    assert!((all - seconds(&side["total"])).abs() < 1e-9 && (wall - number(&side["seconds"])).abs() < 1e-9);
    assert!(number(&side["plain_seconds"]) > 0.0 && side["proofs"] == 1);
}

fn a_simulation_keeps_within_its_bounds(points: &Value, workers: &[u64]) {
    let points = points.as_array().unwrap();
    let simulated: Vec<u64> = points.iter().map(|point| point["workers"].as_u64().unwrap()).collect();
    assert_eq!(simulated, workers);
    for point in points {
        let [count, work, path, seconds] =
            ["workers", "work", "critical_path", "seconds"].map(|field| number(&point[field]));
        assert!(path <= work && seconds >= path - 1e-9 && seconds >= work / count - 1e-9, "{point}");
        let stages = point["stages"].as_array().unwrap();
        for (field, total) in [("work", work), ("critical_path", path), ("seconds", seconds)] {
            let sum: f64 = stages.iter().map(|stage| number(&stage[field])).sum();
            assert!((sum - total).abs() < 1e-6, "{field} of {point}");
        }
        assert!(number(&point["efficiency"]) > 0.0 && number(&point["efficiency_dear"]) > 0.0);
    }
    assert_eq!(
        (points[0]["steals"].as_u64(), points[0]["seconds"].clone()),
        (Some(0), points[0]["work"].clone())
    );
    assert!(points[2]["tasks"].as_u64() > Some(0), "nothing was forked");
}

/// The trace event format: complete events on named tracks, in microseconds, nested within each other.
fn the_timeline_opens_in_perfetto(path: &Path, seconds: f64) {
    let trace: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let mut tracks: Vec<(u64, &str, Vec<(f64, f64)>)> = Vec::new();
    for event in events {
        let (name, track) = (event["name"].as_str().unwrap(), event["tid"].as_u64().unwrap());
        assert!(event["pid"].is_u64() && event["args"].is_object(), "{event}");
        match (event["ph"].as_str().unwrap(), name) {
            ("M", "thread_name") => tracks.push((track, event["args"]["name"].as_str().unwrap(), Vec::new())),
            ("M", "process_name") => assert!(event["args"]["name"].as_str().unwrap().contains("plonk")),
            ("X", _) => {
                let (start, lasts) = (number(&event["ts"]), number(&event["dur"]));
                assert!(start >= 0.0 && lasts >= 0.0 && start + lasts <= seconds * 1e6 + 1.0, "{event}");
                let track =
                    tracks.iter_mut().find(|known| known.0 == track).expect("named before it is used");
                track.2.push((start, start + lasts));
            }
            other => panic!("unexpected {other:?}"),
        }
    }
    let named: Vec<&str> = tracks.iter().map(|track| track.1).collect();
    assert_eq!(named, ["stages of the proof", "worker 0", "worker 1"]);
    assert!(tracks[0].2.len() >= 8, "all stages");
    assert!(tracks[1..].iter().any(|track| !track.2.is_empty()), "nobody has worked");
    for (_, name, spans) in &tracks {
        let mut open: Vec<f64> = Vec::new();
        for &(start, end) in spans {
            while open.pop_if(|outer| *outer <= start).is_some() {}
            assert!(
                open.last().is_none_or(|outer| end <= outer + 1e-3),
                "{name}: ({start}, {end}) in {open:?}"
            );
            open.push(end);
        }
    }
}

/// The page needs nothing else, its pictures are well-formed, and its numbers are those of the summary.
fn the_report_says_the_same(page: &str, summary: &Value) {
    for outside in ["<script", "<link", "<img", "<iframe", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside} is in the page");
    }
    let addresses = page.matches("://").count();
    assert_eq!(
        addresses,
        page.matches("xmlns=\"http://www.w3.org/2000/svg\"").count(),
        "names, no addresses"
    );
    let pictures: Vec<&str> =
        page.split("<svg").skip(1).map(|rest| rest.split("</svg>").next().unwrap()).collect();
    assert_eq!(pictures.len(), 3);
    pictures.iter().for_each(|picture| well_formed(&format!("<svg{picture}</svg>")));
    let percent = |share: &Value| format!("<td>{:.1}%", 100.0 * number(share));
    for side in ["stock", "parhelion"] {
        let rows = page.split("<tr>").filter(|row| row.starts_with(&format!("<td>{side}<td>")));
        let row = rows.last().unwrap_or_else(|| panic!("no row for {side}"));
        for class in ["memory", "field", "scheduling", "waiting", "other"] {
            assert!(row.contains(&percent(&summary[side]["shares"][class])), "{side}, {class}: {row}");
        }
        assert!(row.contains(&format!("<td>{:.3}<td>", number(&summary[side]["seconds"]))), "{row}");
    }
    let at_16 = number(&summary["simulation"][2]["efficiency"]);
    assert!(page.contains(&format!("{:.1}%", 100.0 * at_16)), "the efficiency of 16 workers");
}

fn well_formed(svg: &str) {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let document =
        Document::parse_with_options(svg, options).unwrap_or_else(|error| panic!("{error}: {svg}"));
    assert_eq!(document.root_element().tag_name().name(), "svg");
    assert!(document.descendants().any(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "rect"))));
}

#[test]
fn circuits_of_halo2_proofs_have_profiles_too() {
    let place = Place::new();
    let args = ["--circuit", "poseidon-pasta", "--k", "7", "--actions", "2", "--threads", "2"];
    let args = [&["profile", "--seconds", "0", "--workers", "1,2,16", "--out", "out", "--json"], &args[..]];
    let summary = place.run(&args.concat()).succeeded().json();
    assert_eq!(summary["circuit"], "2 times poseidon-pasta");
    for side in ["stock", "parhelion"] {
        every_second_is_accounted_for(&summary[side]);
    }
    a_simulation_keeps_within_its_bounds(&summary["simulation"], &[1, 2, 16]);
    assert_eq!(names(&place.path("out")), FILES);
}

#[test]
fn parts_can_be_left_out_and_the_limit_holds() {
    let place = Place::new();
    let run = place.run(&profile(&["--no-stock", "--memory-limit", "64MiB", "--workers"])).succeeded();
    assert_eq!(names(&place.path("out")), ["flamegraph.svg", "report.html", "timeline.json"]);
    assert!(run.stdout.contains("parhelion") && !run.stdout.contains("stock"), "{}", run.stdout);
    assert!(!run.stdout.contains("simulated"), "{}", run.stdout);
    let refused = place.run(&profile(&["--no-stock", "--memory-limit", "10KiB"]));
    refused.failed(1, &["memory limit is 10240 bytes", "parhelion child process failed"]);
}

#[test]
fn a_directory_that_cannot_be_written_to_is_refused_before_any_work() {
    let place = Place::new();
    fs::write(place.path("out"), "a file").unwrap();
    place.run(&profile(&[])).failed(1, &["cannot write to the directory out"]);
    assert_eq!(fs::read_to_string(place.path("out")).unwrap(), "a file");
    let under_a_file = ["profile", "--circuit", "plonk", "--k", "8", "--out", "out/deeper"];
    place.run(&under_a_file).failed(1, &["cannot write to the directory out/deeper"]);
    if cfg!(target_os = "linux") {
        // Nobody may make files there, not even root.
        let system = ["profile", "--circuit", "plonk", "--k", "8", "--out", "/proc/self"];
        place.run(&system).failed(1, &["cannot write to the directory /proc/self"]);
    }
    assert!(!place.cache().exists(), "keys were made for nothing");
}

#[test]
fn wrong_usage_is_explained() {
    let place = Place::new();
    let cases: [(&[&str], &[&str]); 6] = [
        (&["--workers", "0"], &["--workers", "1..=1024"]),
        (&["--workers", "many"], &["many"]),
        (&["--frequency", "0"], &["--frequency", "1..=1000"]),
        (&["--seconds", "-1"], &["-1"]),
        (&["--seconds", "1e9"], &["seconds from 0 to 3600"]),
        (&["--steal-cost", "x"], &["--steal-cost"]),
    ];
    for (extra, words) in cases {
        place.run(&[&["profile", "--circuit", "plonk", "--out", "out"], extra].concat()).failed(2, words);
    }
    place.run(&["profile", "--circuit", "plonk"]).failed(2, &["--out"]);
    place.run(&["profile", "--circuit", "plonck", "--out", "out"]).failed(2, &["plonk, poseidon, pairing"]);
    assert!(!place.path("out").exists(), "a refused command must not write");
}

#[test]
fn help_names_the_files_and_gives_examples() {
    let help = Place::new().run(&["profile", "--help"]).succeeded().stdout;
    for words in FILES.into_iter().chain(["Perfetto", "--workers", "--no-stock", "Examples:", "simulation"]) {
        let found = help.to_lowercase().contains(&words.to_lowercase());
        assert!(found, "{words} is missing in {help}");
    }
}
