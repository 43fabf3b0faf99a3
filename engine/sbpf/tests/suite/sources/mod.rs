//! Where the sources of `solana-sbpf` are, which carry its tests.

use std::{path::PathBuf, process::Command};

/// The folder that cargo takes them from.
pub(crate) fn solana_sbpf() -> PathBuf {
    let version = cargo(&["-vV"]);
    let host = String::from_utf8_lossy(&version);
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    // What only other systems need was not downloaded where nobody has asked for it.
    let metadata = cargo(&[
        "metadata",
        "--format-version=1",
        "--offline",
        "--filter-platform",
        host,
        "--manifest-path",
        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
    ]);
    let metadata: serde_json::Value = serde_json::from_slice(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "solana-sbpf").unwrap();
    let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
    manifest.parent().unwrap().to_owned()
}

/// What cargo prints.
fn cargo(args: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO")).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
