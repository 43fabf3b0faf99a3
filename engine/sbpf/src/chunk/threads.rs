//! Threads for the chunks in work.

use std::sync::Arc;

use parhelion::Pin;
use parhelion_scheduler::{Error, Executor, RayonExecutor, Sequential, Topology, WorkStealing};

use super::config::{ChunkExecutor, KeygenConfig};

/// What all chunks in work run on. With one pool for all of them, a chunk that only one thread can go
/// on with leaves the others to the next chunk.
pub(super) fn executor(config: &KeygenConfig, at_once: usize) -> Result<Arc<dyn Executor>, Error> {
    let threads = config.thread_count();
    let pin = config.pin.clone().unwrap_or_else(|| match threads > 1 {
        true if threads >= Topology::read().physical_cores() => Pin::PhysicalCores,
        _ => Pin::None,
    });
    Ok(match config.executor {
        ChunkExecutor::Sequential => Arc::new(Sequential),
        _ if threads == 1 && at_once == 1 && pin == Pin::None => Arc::new(Sequential),
        ChunkExecutor::Stealing => Arc::new(WorkStealing::builder().threads(threads).pin(pin).build()?),
        ChunkExecutor::Rayon => Arc::new(RayonExecutor::pinned(threads, &pin)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executors_are_what_was_asked_for() {
        let config = KeygenConfig::new(9, ".", 8).with_threads(2);
        let made = |config: &KeygenConfig, at_once| format!("{:?}", executor(config, at_once).unwrap());
        assert!(made(&config, 1).contains("WorkStealing"));
        assert!(made(&config.clone().with_threads(1), 1).contains("Sequential"));
        assert!(made(&config.clone().with_threads(1), 2).contains("WorkStealing"));
        let rayon = config.clone().with_executor(ChunkExecutor::Rayon);
        assert!(made(&rayon, 2).contains("RayonExecutor"));
        let sequential = config.clone().with_executor(ChunkExecutor::Sequential);
        assert_eq!((sequential.thread_count(), executor(&sequential, 2).unwrap().threads()), (1, 1));
        for kind in [ChunkExecutor::Stealing, ChunkExecutor::Rayon] {
            let config = config.clone().with_executor(kind);
            let first = Topology::read().cpus()[0].id;
            let pinned = config.clone().with_pin(Pin::Cpus(vec![first]));
            assert_eq!(executor(&pinned, 1).unwrap().threads(), 2);
            let stranger = config.with_pin(Pin::Cpus(vec![1 << 20]));
            assert!(matches!(executor(&stranger, 1), Err(Error::CpuNotAllowed { .. })));
        }
    }
}
