//! Full names for functions that are known by a bare one and a source file.

use std::path::{Component, Path};

/// Crates of the workspace whose folders have other names.
const FOLDERS: [(&str, &str); 5] = [
    ("prover", "parhelion"),
    ("cli", "parhelion_cli"),
    ("field-kernels", "parhelion_field_kernels"),
    ("scheduler", "parhelion_scheduler"),
    ("allocators", "parhelion_allocators"),
];

/// A function's name with the path of its module before it.
///
/// Line tables name functions that were inlined `mul` or `{closure#0}`, with all types that they are generic in.
/// Then the module is told from the file, and the types are left out. Names with a path stay as they are.
pub(super) fn qualified(name: String, file: Option<&Path>) -> String {
    let bare = match name.split_once('<') {
        Some(("", _)) => return name,
        Some((bare, _)) => bare,
        None => &name,
    };
    if bare.contains("::") {
        return name;
    }
    match file.and_then(module) {
        Some(module) => format!("{module}::{bare}"),
        None => name,
    }
}

/// The module that a file such as `.../halo2curves-axiom-0.7.3/src/bn256/fr.rs` is.
fn module(file: &Path) -> Option<String> {
    let path = file.with_extension("");
    if file.extension()? != "rs" {
        return None;
    }
    let parts: Vec<&str> = path
        .components()
        .filter_map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        })
        .collect();
    let source = parts.iter().rposition(|part| *part == "src")?;
    let folder = parts[source.checked_sub(1)?];
    let (known, modules) = (FOLDERS.iter().find(|known| known.0 == folder), &parts[source + 1..]);
    let name = known.map_or_else(|| without_version(folder).replace('-', "_"), |known| known.1.to_owned());
    let modules = match modules {
        [modules @ .., "mod"] | [modules @ .., "lib" | "main"] => modules,
        modules => modules,
    };
    Some([&[name.as_str()], modules].concat().join("::"))
}

/// `ff` of `ff-0.13.1`.
fn without_version(folder: &str) -> &str {
    match folder.rsplit_once('-') {
        Some((name, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => name,
        _ => folder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, file: &str, expected: &str) {
        assert_eq!(qualified(name.to_owned(), Some(Path::new(file))), expected);
    }

    #[test]
    fn bare_names_get_the_module_of_their_file() {
        let registry = "/home/user/.cargo/registry/src/index-1949";
        let library = "/rustc/abc/library";
        check(
            "mul",
            &format!("{registry}/halo2curves-axiom-0.7.3/src/bn256/fr.rs"),
            "halo2curves_axiom::bn256::fr::mul",
        );
        check(
            "join<u8, a::B>",
            &format!("{registry}/rayon-core-1.13.0/src/join/mod.rs"),
            "rayon_core::join::join",
        );
        check("next<u8>", &format!("{library}/core/src/slice/iter.rs"), "core::slice::iter::next");
        check(
            "_mm",
            &format!("{library}/stdarch/crates/core_arch/src/x86/avx.rs"),
            "core_arch::x86::avx::_mm",
        );
        check(
            "{closure#0}",
            "/builds/parhelion/field-kernels/src/ntt/mod.rs",
            "parhelion_field_kernels::ntt::{closure#0}",
        );
        check("prove", "engine/prover/src/lib.rs", "parhelion::prove");
    }

    #[test]
    fn full_names_and_those_of_other_languages_stay() {
        for name in ["a::b<c>", "<a::B as c::D>::e", "<impl a>::b", "a::{closure#0}"] {
            check(name, "x/y/src/z.rs", name);
        }
        check("malloc", "malloc/malloc.c", "malloc");
        check("f<T>", "nowhere.rs", "f<T>");
        check("f", "src/main.rs", "f");
        assert_eq!(qualified("f".to_owned(), None), "f");
    }
}
