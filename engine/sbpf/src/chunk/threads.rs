//! Threads for the chunks in work.

use std::sync::Arc;

use parhelion::Pin;
use parhelion_scheduler::{Error, Executor, RayonExecutor, Sequential, Topology, WorkStealing};

use super::auto::Choice;
use super::config::{ChunkExecutor, KeygenConfig};

/// One executor for each chunk in work. Bound to CPUs, they are bound to different ones.
pub(super) fn executors(config: &KeygenConfig, choice: &Choice) -> Result<Vec<Arc<dyn Executor>>, Error> {
    let (at_once, threads) = (choice.at_once.max(1), choice.threads);
    let topology = Topology::read();
    let pin = match &config.pin {
        Some(pin) => pin.clone(),
        // Several pools that are left alone do not get into each other's way.
        None if at_once == 1 && threads > 1 && threads >= topology.physical_cores() => Pin::PhysicalCores,
        None => Pin::None,
    };
    let places = pin.place(at_once * threads, &topology)?;
    let executor = |places: &[Option<usize>]| -> Result<Arc<dyn Executor>, Error> {
        let pin = places.iter().copied().collect::<Option<Vec<_>>>().map_or(Pin::None, Pin::Cpus);
        let is_free = threads == 1 && pin == Pin::None;
        Ok(match config.executor {
            ChunkExecutor::Sequential => Arc::new(Sequential),
            _ if is_free => Arc::new(Sequential),
            ChunkExecutor::Stealing => Arc::new(WorkStealing::builder().threads(threads).pin(pin).build()?),
            ChunkExecutor::Rayon => Arc::new(RayonExecutor::pinned(threads, &pin)?),
        })
    };
    places.chunks(threads).map(executor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn executors_of(config: &KeygenConfig, at_once: usize, threads: usize) -> Result<Vec<usize>, Error> {
        let choice = Choice { at_once, threads, ..Choice::default() };
        Ok(executors(config, &choice)?.iter().map(|executor| executor.threads()).collect())
    }

    #[test]
    fn every_chunk_in_work_has_its_threads() {
        let config = KeygenConfig::new(9, ".", 8);
        assert_eq!(executors_of(&config, 1, 2).unwrap(), [2]);
        assert_eq!(executors_of(&config, 3, 1).unwrap(), [1, 1, 1]);
        let rayon = config.clone().with_executor(ChunkExecutor::Rayon);
        assert_eq!(executors_of(&rayon, 2, 2).unwrap(), [2, 2]);
        let sequential = config.clone().with_executor(ChunkExecutor::Sequential).with_threads(8);
        assert_eq!(sequential.thread_count(), 1);
        assert_eq!(executors_of(&sequential, 2, 1).unwrap(), [1, 1]);
        for executor in [ChunkExecutor::Stealing, ChunkExecutor::Rayon] {
            let config = config.clone().with_executor(executor);
            let first = Topology::read().cpus()[0].id;
            let pinned = config.clone().with_pin(Pin::Cpus(vec![first]));
            assert_eq!(executors_of(&pinned, 2, 2).unwrap(), [2, 2]);
            let stranger = config.with_pin(Pin::Cpus(vec![1 << 20]));
            assert!(matches!(executors_of(&stranger, 1, 2), Err(Error::CpuNotAllowed { .. })));
        }
    }
}
