//! Whole executions through the functions for them: ways to share threads, folders, limits.

use std::path::Path;
use std::sync::Mutex;

use tempfile::TempDir;

use super::*;
use crate::{BundleWriter, ExecutionTrace, execute_and_trace};

/// Remembers what it was told.
#[derive(Debug, Default)]
struct Notes(Mutex<Vec<String>>);

impl Notes {
    fn add(&self, note: String) {
        self.0.lock().unwrap().push(note);
    }

    /// What was noted since the last time, in order.
    fn take(&self) -> Vec<String> {
        let mut notes = std::mem::take(&mut *self.0.lock().unwrap());
        notes.sort();
        notes
    }
}

impl ChunkObserver for Notes {
    fn kept(&self, index: u64) {
        self.add(format!("kept {index}"));
    }

    fn damaged(&self, index: u64, _: &str) {
        self.add(format!("damaged {index}"));
    }

    fn proven(&self, report: &ChunkReport) {
        assert!(report.steps <= 3 && report.chunks == 3 && report.proof_bytes > 0);
        self.add(format!("proven {}", report.index));
    }
}

/// [`KEEP`], executed.
fn keep(byte: u8) -> (Program, Vec<u8>, ExecutionTrace) {
    let program = Assembly::v0(KEEP).build().unwrap();
    let input = vec![byte, 0, 9];
    let trace = execute_and_trace(&program, &input, &ExecutionConfig::default()).unwrap();
    (program, input, trace)
}

fn config(notes: &Arc<Notes>) -> KeygenConfig {
    static CACHE: OnceLock<TempDir> = OnceLock::new();
    let cache = CACHE.get_or_init(|| tempfile::tempdir().unwrap());
    KeygenConfig::new(K, cache.path(), 8).with_chunk_size(3).with_threads(2).with_observer(notes.clone())
}

#[test]
fn every_way_of_proving_is_verified() {
    let notes = Arc::<Notes>::default();
    let config = config(&notes);
    let (program, input, trace) = keep(5);
    for way in 0..4 {
        let proof = match way {
            0 => prove_execution_chunked(&program, &trace, &config),
            1 => prove_execution_chunked_parallel(&program, &trace, &config, 2),
            2 => prove_execution_chunked_parallel(&program, &trace, &config, 9),
            _ => prove_execution_chunked_auto(&program, &trace, &config),
        };
        let proof = proof.unwrap();
        assert_eq!(notes.take(), ["proven 0", "proven 1", "proven 2"]);
        assert_eq!((proof.steps(), proof.k), (9, K));
        assert!(proof.chunks.iter().map(|chunk| chunk.index).eq(0..3));
        verify_chunk(&proof.chunks[1], &config).unwrap();
        let verified = verify_execution(&program, &input, &proof, &config).unwrap();
        assert_eq!((verified.value, verified.output), (5, vec![5, 5, 9]));

        let other = verify_execution(&program, &[6, 0, 9], &proof, &config);
        assert!(matches!(other, Err(VerifyError::Subject { what: "input", .. })));
        let mut lies = proof.clone();
        lies.input = *blake3::hash(&[6, 0, 9]).as_bytes();
        let other = verify_execution(&program, &[6, 0, 9], &lies, &config);
        assert!(matches!(other, Err(VerifyError::Commitment { chunk: 0, what: "input" })));
        lies.k = 3;
        assert!(matches!(
            verify_execution(&program, &input, &lies, &config),
            Err(VerifyError::Subject { .. })
        ));
        lies = proof.clone();
        lies.chunks[2].k = K + 1;
        let other = verify_execution(&program, &input, &lies, &config);
        assert!(matches!(other, Err(VerifyError::ChunkSize { chunk: 2, expected: K, got: 10 })));
        lies = proof;
        lies.heap_size = u64::MAX;
        assert!(matches!(verify_execution(&program, &input, &lies, &config), Err(VerifyError::Regions(_))));
    }
}

/// Changes one bit of a file.
fn damage(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn an_interrupted_run_goes_on() {
    let notes = Arc::<Notes>::default();
    let folder = tempfile::tempdir().unwrap();
    let config = config(&notes).with_folder(folder.path());
    let (program, input, trace) = keep(5);
    let run = || prove_execution_chunked_parallel(&program, &trace, &config, 2).unwrap();
    let first = run();
    assert_eq!(notes.take(), ["proven 0", "proven 1", "proven 2"]);
    assert!(!folder.path().join("secret").exists());
    assert_eq!(ExecutionProof::load(folder.path()).unwrap(), first);
    verify_execution(&program, &input, &first, &config).unwrap();

    // Nothing is left to do.
    assert_eq!(run(), first);
    assert_eq!(notes.take(), ["kept 0", "kept 1", "kept 2"]);

    // The secret is gone, so that one missing chunk is all of them.
    damage(&folder.path().join("chunk-000001"));
    assert!(ExecutionProof::load(folder.path()).is_err());
    run();
    assert_eq!(notes.take(), ["damaged 0", "damaged 1", "damaged 2", "proven 0", "proven 1", "proven 2"]);

    // As one who is stopped leaves it: the secret, and some chunks.
    let secret = [9; 32];
    crate::files::write(&folder.path().join("secret"), crate::files::Kind::Secret, &secret).unwrap();
    assert_eq!(run().chunks.len(), 3);
    assert_eq!(notes.take().len(), 6);
    for (index, expected) in [(0, "proven 0"), (2, "proven 2")] {
        crate::files::write(&folder.path().join("secret"), crate::files::Kind::Secret, &secret).unwrap();
        std::fs::remove_file(folder.path().join(format!("chunk-00000{index}"))).unwrap();
        let proof = run();
        assert!(notes.take().contains(&expected.to_owned()));
        verify_execution(&program, &input, &proof, &config).unwrap();
        assert_eq!(ExecutionProof::load(folder.path()).unwrap(), proof);
    }
}

/// Files that are whole, but hold what is not proven.
#[test]
fn chunks_that_others_left_are_not_trusted() {
    let notes = Arc::<Notes>::default();
    let folder = tempfile::tempdir().unwrap();
    let config = config(&notes).with_folder(folder.path());
    let (program, input, trace) = keep(5);
    let first = prove_execution_chunked(&program, &trace, &config).unwrap();
    notes.take();
    let secret = LinkSecret::from_bytes([7; 32]);
    let write = |index: u32, chunk: &ChunkProof| {
        let statement = crate::Bundle::open(folder.path()).unwrap().statement().to_vec();
        let writer = BundleWriter::resume(folder.path(), &statement, 3).unwrap();
        writer.write(index, &encoding::encode_chunk(chunk, &secret.tag())).unwrap();
        crate::files::write(&folder.path().join("secret"), crate::files::Kind::Secret, &secret.to_bytes())
            .unwrap();
    };
    // A proof with a bit flipped and a good checksum; one in another's place.
    let mut forged = first.chunks[0].clone();
    forged.proof[2000] ^= 1;
    write(0, &forged);
    write(1, &first.chunks[2]);
    let proof = prove_execution_chunked(&program, &trace, &config).unwrap();
    assert_eq!(notes.take(), ["damaged 0", "damaged 1", "damaged 2", "proven 0", "proven 1", "proven 2"]);
    verify_execution(&program, &input, &proof, &config).unwrap();

    // A good proof of another execution, in the right place and with the right tag.
    let (_, _, other) = keep(6);
    let other =
        prove_execution_chunked(&program, &other, &config.clone().with_folder(folder.path().join("b")));
    write(1, &other.unwrap().chunks[1]);
    let proof = prove_execution_chunked(&program, &trace, &config).unwrap();
    // Those of the other execution too.
    assert_eq!(notes.take().len(), 3 + 3 + 3 + 3);
    verify_execution(&program, &input, &proof, &config).unwrap();

    // Another execution has no business in this folder.
    let (_, _, other) = keep(6);
    let error = prove_execution_chunked(&program, &other, &config).unwrap_err();
    assert!(matches!(error, ProveError::Files(crate::Error::Mismatch { what: "run", .. })), "{error}");
}

#[test]
fn settings_that_do_not_work() {
    let notes = Arc::<Notes>::default();
    let good = config(&notes);
    let (program, _, trace) = keep(5);
    let prove = |config: &KeygenConfig| prove_execution_chunked_auto(&program, &trace, config).unwrap_err();
    let keygen = |k, bits| KeygenConfig::new(k, good.cache_dir(), bits);
    assert!(matches!(prove(&keygen(K, 7)), ProveError::LookupBits { expected: 8, got: 7 }));
    assert!(matches!(prove(&keygen(8, 8)), ProveError::Size(8)));
    assert!(matches!(prove(&keygen(17, 8)), ProveError::Size(17)));
    for size in [0, 506] {
        assert!(
            matches!(prove(&good.clone().with_chunk_size(size)), ProveError::TooLarge { got, .. } if got == size)
        );
    }
    let error = prove(&good.clone().with_memory_limit(1 << 20));
    assert!(matches!(error, ProveError::MemoryLimit { limit: 0x10_0000, .. }), "{error}");
    let given = Srs::Given(Arc::new(ParamsKZG::setup(8, ChaCha20Rng::seed_from_u64(1))));
    assert!(matches!(prove(&good.clone().with_srs(given)), ProveError::Size(8)));
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = prove(&good.clone().with_folder(file.path()));
    assert!(matches!(error, ProveError::Files(crate::Error::Io { .. })), "{error}");

    let other = Assembly::v0("exit").build().unwrap();
    let error = prove_execution_chunked(&other, &trace, &good).unwrap_err();
    assert!(matches!(error, ProveError::Trace { what: "program", .. }), "{error}");
    assert!(notes.take().is_empty());
}

/// Whatever is in the cache, what comes out is the same.
#[test]
fn a_damaged_cache_is_made_again() {
    let notes = Arc::<Notes>::default();
    let cache = tempfile::tempdir().unwrap();
    let (program, input, trace) = keep(5);
    let config = KeygenConfig::new(K, cache.path().join("new"), 8).with_chunk_size(3).with_observer(notes);
    let proof = prove_execution_chunked(&program, &trace, &config).unwrap();
    let file = cache.path().join("new/srs-testing-k9.sbpf");
    let good = std::fs::read(&file).unwrap();
    // Damaged; that of another size under this name; none.
    damage(&file);
    verify_execution(&program, &input, &proof, &config).unwrap();
    assert!(std::fs::read(&file).unwrap() == good);
    let other = KeygenConfig::new(K + 1, cache.path().join("other"), 8);
    assert!(verify_chunk(&ChunkProof { k: K + 1, ..proof.chunks[0].clone() }, &other).is_err());
    std::fs::copy(cache.path().join("other/srs-testing-k10.sbpf"), &file).unwrap();
    verify_execution(&program, &input, &proof, &config).unwrap();
    assert!(std::fs::read(&file).unwrap() == good);
    std::fs::remove_file(&file).unwrap();
    verify_execution(&program, &input, &proof, &config).unwrap();

    // Under another SRS, the proof is none.
    let other = Srs::Given(Arc::new(srs(77)));
    assert!(verify_execution(&program, &input, &proof, &config.with_srs(other)).is_err());
}

/// A transfer by the program that is deployed.
#[cfg(feature = "programs")]
#[test]
fn a_token_transfer() {
    use crate::{Deployed, InputLayout, TokenAccount, TokenTransfer};
    let program = Deployed::Token.load().unwrap();
    let transfer = TokenTransfer { amount: 30, ..TokenTransfer::default() };
    let input = transfer.input(Deployed::Token.id()).build().unwrap();
    let trace = execute_and_trace(&program, &input, &ExecutionConfig::default()).unwrap();
    let config = KeygenConfig::new(12, config(&Arc::default()).cache_dir(), 8);
    let proof = prove_execution_chunked_auto(&program, &trace, &config).unwrap();
    let verified = verify_execution(&program, &input, &proof, &config).unwrap();
    assert_eq!((verified.value, verified.steps), (0, trace.outcome().steps));
    assert_eq!(verified.output, trace.output());
    let accounts = InputLayout::parse(&input).unwrap().accounts(&verified.output).unwrap();
    let amounts = [0, 1].map(|index: usize| TokenAccount::from_bytes(&accounts[index].data).unwrap().amount);
    assert_eq!(amounts, [70, 35]);
}
