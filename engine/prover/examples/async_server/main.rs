//! A prover inside of an async server: proofs are made off the server's threads, several at once under a
//! memory limit, and one whose client goes away is cancelled.
//!
//! `cargo run --release -p parhelion --example async_server`
//!
//! A request is a line with a number, the answer a line with the proof in hexadecimal. The example is its
//! own client: two ask for proofs and check them, a third one hangs up.
#![allow(missing_docs)]

mod squares;

use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::plonk::{VerifyingKey, verify_proof};
use halo2_axiom::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_axiom::poly::kzg::multiopen::VerifierSHPLONK;
use halo2_axiom::poly::kzg::strategy::SingleStrategy;
use halo2_axiom::transcript::{
    Blake2bRead, Blake2bWrite, Challenge255, TranscriptReadBuffer, TranscriptWriterBuffer,
};
use parhelion::{CancelToken, PreparedKey, Prover};
use rand::rngs::OsRng;
use squares::Squares;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

const K: u32 = 15;
const STEPS: usize = 30_000;

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What all connections share.
struct Service {
    prover: Prover,
    key: PreparedKey<'static>,
    /// Proofs at once. Others wait here, where waiting takes no thread.
    permits: Arc<Semaphore>,
}

impl Service {
    /// Proves for `x`. Dropping the future cancels the proof: it ends some milliseconds later.
    async fn prove(self: Arc<Self>, x: u64) -> Fallible<Vec<u8>> {
        let permit = Arc::clone(&self.permits).acquire_owned().await?;
        let token = CancelToken::new();
        let cancel = token.on_drop();
        let service = Arc::clone(&self);
        let work = move || {
            // Until the proof has ended, not only until nobody waits for it.
            let _permit = permit;
            service.prove_blocking(x, &token)
        };
        let proof = spawn_blocking(work).await??;
        cancel.disarm();
        Ok(proof)
    }

    /// On a thread for blocking work: it waits while the prover's own threads do most of it.
    fn prove_blocking(&self, x: u64, token: &CancelToken) -> Result<Vec<u8>, parhelion::Error> {
        let (circuit, output) = Squares::new(x, STEPS);
        let mut transcript = Blake2bWrite::<Vec<u8>, G1Affine, Challenge255<_>>::init(vec![]);
        let started = Instant::now();
        let prover = self.prover.with_token(token).with_deadline(started + Duration::from_secs(60));
        let result = prover.prove(&self.key, &[circuit], &[&[&[output]]], OsRng, &mut transcript);
        match &result {
            Ok(()) => println!("server: proof for {x} after {:.0?}", started.elapsed()),
            Err(error) => println!("server: no proof for {x} after {:.0?}: {error}", started.elapsed()),
        }
        result.map(|()| transcript.finalize())
    }
}

/// Answers the requests of one client until it hangs up.
async fn serve(service: Arc<Service>, stream: TcpStream) -> Fallible<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let mut line = String::new();
    while read.read_line(&mut line).await? > 0 {
        let x = line.trim().parse()?;
        let answer = tokio::select! {
            proof = Arc::clone(&service).prove(x) => proof?,
            // The client hangs up, or says more although it has no answer yet.
            _ = read.fill_buf() => return Ok(()),
        };
        let mut text = String::with_capacity(2 * answer.len() + 1);
        answer.iter().try_for_each(|byte| write!(text, "{byte:02x}"))?;
        text.push('\n');
        write.write_all(text.as_bytes()).await?;
        line.clear();
    }
    Ok(())
}

async fn client(
    address: std::net::SocketAddr,
    x: u64,
    params: Arc<ParamsKZG<Bn256>>,
    vk: Arc<VerifyingKey<G1Affine>>,
) -> Fallible<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("{x}\n").as_bytes()).await?;
    let mut answer = String::new();
    BufReader::new(&mut stream).read_line(&mut answer).await?;
    let digits: Vec<u8> = answer.trim().bytes().collect();
    let byte = |pair: &[u8]| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?);
    let proof = digits.chunks(2).map(byte).collect::<Fallible<Vec<u8>>>()?;
    // Verifying is a matter of milliseconds, yet nothing for a server's threads.
    let bytes = spawn_blocking(move || verify(&params, &vk, x, &proof).map(|()| proof.len())).await??;
    println!("client {x}: a proof of {bytes} bytes, accepted by the library's verifier");
    Ok(())
}

fn verify(params: &ParamsKZG<Bn256>, vk: &VerifyingKey<G1Affine>, x: u64, proof: &[u8]) -> Fallible<()> {
    let (_, output) = Squares::new(x, STEPS);
    let instances: &[&[Fr]] = &[&[output]];
    let mut transcript = Blake2bRead::<_, G1Affine, Challenge255<_>>::init(proof);
    verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, _, _, _>(
        params,
        vk,
        SingleStrategy::new(params),
        &[instances],
        &mut transcript,
    )?;
    Ok(())
}

#[tokio::main]
async fn main() -> Fallible<()> {
    let prover = Prover::builder().memory_limit(1 << 30).build()?;
    let (service, params, vk) = spawn_blocking(move || -> Fallible<_> {
        let params = Arc::new(ParamsKZG::<Bn256>::setup(K, OsRng));
        let circuit = Squares::new(0, STEPS).0;
        let vk = prover.keygen_vk(&params, &circuit, false)?;
        let pk = Arc::new(prover.keygen_pk(&params, vk.clone(), &circuit)?);
        let key = prover.prepare_shared(Arc::clone(&params), pk)?;
        // Proofs at once share the prover's threads, the oldest first: enough to fill the gaps.
        let permits = Arc::new(Semaphore::new(4));
        Ok((Arc::new(Service { prover, key, permits }), params, Arc::new(vk)))
    })
    .await??;

    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let accepting = {
        let service = Arc::clone(&service);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = Arc::clone(&service);
                tokio::spawn(async move {
                    if let Err(error) = serve(service, stream).await {
                        println!("server: {error}");
                    }
                });
            }
        })
    };

    let mut impatient = TcpStream::connect(address).await?;
    impatient.write_all(b"1\n").await?;
    let patient = [2, 3].map(|x| tokio::spawn(client(address, x, Arc::clone(&params), Arc::clone(&vk))));
    tokio::time::sleep(Duration::from_millis(30)).await;
    println!("client 1: hangs up");
    impatient.shutdown().await?;
    // Nothing comes but the end.
    let mut rest = Vec::new();
    impatient.read_to_end(&mut rest).await?;
    for client in patient {
        client.await??;
    }
    accepting.abort();
    println!("buffers still out: {}", service.prover.pool().stats().live);
    Ok(())
}
