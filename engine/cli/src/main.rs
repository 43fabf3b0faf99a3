//! The `parhelion` command.
#![deny(unsafe_code)]

mod args;
mod commands;
mod error;
mod ui;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};

// Where several features are on, the first of these counts.
#[cfg(feature = "mimalloc")]
parhelion_allocators::install!(pub(crate) static ALLOCATOR = mimalloc);
#[cfg(all(feature = "jemalloc", not(feature = "mimalloc")))]
parhelion_allocators::install!(pub(crate) static ALLOCATOR = jemalloc);
#[cfg(all(feature = "snmalloc", not(any(feature = "mimalloc", feature = "jemalloc"))))]
parhelion_allocators::install!(pub(crate) static ALLOCATOR = snmalloc);
#[cfg(not(any(feature = "mimalloc", feature = "jemalloc", feature = "snmalloc")))]
parhelion_allocators::install!(pub(crate) static ALLOCATOR = system);

fn main() -> ExitCode {
    let Cli { common, command } = Cli::parse();
    ui::log_to_stderr();
    let outcome = match &command {
        Command::Prove(args) => match args.circuit() {
            Some(circuit) => commands::prove::run(&common, &circuit, args.out()),
            None => commands::execution::prove::run(&common, args),
        },
        Command::Execute(args) => commands::execution::execute::run(&common, args),
        Command::Verify(args) => commands::verify::run(&common, args),
        Command::Bench(args) => commands::bench::run(&common, args),
        Command::BenchChild(args) => commands::bench::child::run(&common, args),
        Command::Profile(args) => commands::profile::run(&common, args),
        Command::ProfileChild(args) => commands::profile::child::run(&common, args),
        Command::Doctor => commands::doctor::run(&common),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui::error(&error);
            error.exit_code()
        }
    }
}
