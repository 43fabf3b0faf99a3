//! Tells the crate which versions of the proof system it was built with: cached keys are named
//! after them.

use std::env;
use std::fs;
use std::path::PathBuf;

/// The packages that decide what a key looks like.
const PACKAGES: [&str; 5] = ["halo2-axiom", "halo2-base", "halo2-ecc", "halo2curves-axiom", "parhelion-cli"];

fn main() {
    let crate_dir = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let lock = crate_dir.join("../../Cargo.lock");
    println!("cargo::rerun-if-changed={}", lock.display());
    println!("cargo::rerun-if-changed=build.rs");

    let text = fs::read_to_string(&lock).unwrap_or_default();
    let versions: Vec<String> =
        PACKAGES.iter().map(|name| format!("{name} {}", version(&text, name))).collect();
    println!("cargo::rustc-env=PARHELION_KEY_VERSIONS={}", versions.join(", "));
}

/// The version of `package` in a lock file, whose entries have `version` right below `name`.
fn version<'a>(lock: &'a str, package: &str) -> &'a str {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name).skip(1);
    let version = lines.next().and_then(|line| line.strip_prefix("version = "));
    version.map_or("unlocked", |quoted| quoted.trim_matches('"'))
}
