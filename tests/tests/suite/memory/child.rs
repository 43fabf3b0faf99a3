//! Tests in processes of their own: what they measure is the whole process's.

use std::env;
use std::process::{Command, Stdio};

/// Says to a test that it is in a process of its own, and what to do there.
const TASK: &str = "PARHELION_CHILD_TASK";

/// What a child's result begins with: test programs print other lines, too.
const RESULT: &str = "result of the child: ";

/// The task of this process, if it is a child.
pub(super) fn task() -> Option<String> {
    env::var(TASK).ok()
}

/// Reports a child's result, a line.
pub(super) fn report(result: &str) {
    println!("\n{RESULT}{result}");
}

/// Runs the test of that name in a process of its own, and returns what it reports.
pub(super) fn run(test: &str, task: &str) -> String {
    let output = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(TASK, task)
        .stdin(Stdio::null())
        .output()
        .expect("a child process");
    let text = String::from_utf8_lossy(&output.stdout);
    let result = text.lines().find_map(|line| line.strip_prefix(RESULT));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{test}, {task}: {}\n{text}{errors}", output.status);
    result.unwrap_or_else(|| panic!("{test}, {task}: no result in\n{text}")).to_owned()
}
