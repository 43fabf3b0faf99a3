//! Names for addresses in this process.

use std::collections::HashMap;
use std::fs;

use super::classify::NAMELESS_C;
use super::paths::qualified;

/// The function whose frame a signal handler's stack begins with, as `pprof` calls it.
const HANDLER: &str = "perf_signal_handler";

/// The name of an address that belongs to nothing.
const UNKNOWN: &str = "[unknown]";

/// Looks names up, each address once.
#[derive(Debug)]
pub(super) struct Symbols {
    known: HashMap<usize, Vec<String>>,
    /// Where libraries are mapped, from `/proc/self/maps`.
    libraries: Vec<(std::ops::Range<usize>, String)>,
}

impl Symbols {
    pub(super) fn new() -> Self {
        let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
        Self { known: HashMap::new(), libraries: maps.lines().filter_map(mapping).collect() }
    }

    /// The names of a stack given by its addresses, innermost first, functions that were
    /// inlined included. The handler that took the sample is left out, and so is what lies below the
    /// outermost function.
    pub(super) fn stack(&mut self, addresses: impl Iterator<Item = usize>) -> Vec<String> {
        let frames: Vec<Vec<String>> = addresses.map(|address| self.names(address)).collect();
        let handler = frames.iter().position(|names| names.iter().any(|name| name.ends_with(HANDLER)));
        // The handler is called by a trampoline of the C library.
        let skipped = handler.map_or(0, |index| index + 2);
        let mut names: Vec<String> = frames.into_iter().skip(skipped).flatten().collect();
        while names.len() > 1 && names.pop_if(|name| name == UNKNOWN).is_some() {}
        names
    }

    fn names(&mut self, address: usize) -> Vec<String> {
        if let Some(names) = self.known.get(&address) {
            return names.clone();
        }
        let mut names = Vec::new();
        backtrace::resolve(address as *mut _, |symbol| {
            // Without the hash at its end.
            names.extend(symbol.name().map(|name| qualified(format!("{name:#}"), symbol.filename())));
        });
        if names.is_empty() {
            names.push(self.library(address));
        }
        self.known.insert(address, names.clone());
        names
    }

    fn library(&self, address: usize) -> String {
        let found = self.libraries.iter().find(|(range, _)| range.contains(&address));
        match found.map(|(_, name)| name.as_str()) {
            Some(name) if name.starts_with("libc.") || name.starts_with("libc-") => NAMELESS_C.to_owned(),
            Some(name) if name.starts_with('[') => name.to_owned(),
            Some(name) => format!("[{name}]"),
            None => UNKNOWN.to_owned(),
        }
    }
}

/// A line such as `7f00-7f10 r-xp 00000000 fe:01 1234   /lib/libc.so.6`.
fn mapping(line: &str) -> Option<(std::ops::Range<usize>, String)> {
    let mut fields = line.split_whitespace();
    let (from, to) = fields.next()?.split_once('-')?;
    let parse = |text| usize::from_str_radix(text, 16).ok();
    let path = fields.nth(4)?;
    let name = path.rsplit('/').next().unwrap_or(path);
    Some((parse(from)?..parse(to)?, name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_are_read() {
        let line = "7f1a2000-7f1a3000 r-xp 00028000 fe:01 1835    /usr/lib/x86_64-linux-gnu/libc.so.6";
        assert_eq!(mapping(line), Some((0x7f1a_2000..0x7f1a_3000, "libc.so.6".to_owned())));
        assert_eq!(mapping("7ffd1000-7ffd2000 r-xp 00000000 00:00 0 [vdso]").unwrap().1, "[vdso]");
        assert_eq!(mapping("7ffd1000-7ffd2000 rw-p 00000000 00:00 0"), None);
        assert_eq!(mapping("nonsense"), None);
    }

    #[test]
    fn functions_have_names_and_the_handler_is_left_out() {
        let mut symbols = Symbols::new();
        let address = mappings_are_read as fn() as usize + 1;
        let names = symbols.stack([address].into_iter());
        assert!(names.iter().any(|name| name.ends_with("mappings_are_read")), "{names:?}");
        symbols.known.insert(1, vec![HANDLER.to_owned()]);
        symbols.known.insert(2, vec!["trampoline".to_owned()]);
        assert_eq!(symbols.stack([3, 1, 2, address].into_iter()), names);
        assert_eq!(symbols.stack([8].into_iter()), ["[unknown]"]);
    }
}
