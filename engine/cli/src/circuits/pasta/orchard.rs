//! The Action circuit of Zcash's Orchard, with a bundle as a wallet builds it.
//!
//! A circuit of `halo2_proofs` over the Pasta curves, unlike the other demos.

use std::ops::RangeInclusive;

use halo2_proofs::arithmetic::CurveAffine;
use halo2_proofs::pasta::group::ff::PrimeField;
use halo2_proofs::pasta::group::{Curve, GroupEncoding};
use halo2_proofs::pasta::{Fp, pallas};
use orchard::builder::{Builder, BundleType, SpendInfo};
use orchard::bundle::BundleVersion;
use orchard::circuit::{Circuit, Instance, OrchardCircuitVersion, VerifyingKey};
use orchard::keys::{FullViewingKey, Scope, SpendingKey};
use orchard::note::{ExtractedNoteCommitment, RandomSeed, Rho};
use orchard::tree::{MerkleHashOrchard, MerklePath};
use orchard::value::NoteValue;
use orchard::{NOTE_COMMITMENT_TREE_DEPTH, Note, Proof, pczt};
use rand_chacha_0_10::ChaCha20Rng;
use rand_chacha_0_10::rand_core::SeedableRng;

use super::{DemoError, PastaDemo, check_k};

/// log2 rows of the Action circuit.
pub const K: u32 = 11;

/// The circuit of the network today.
pub const VERSION: OrchardCircuitVersion = OrchardCircuitVersion::FixedPostNu6_2;

/// What each new note is worth.
const VALUE: u64 = 10;

/// The actions of a bundle, to be proven together.
#[derive(Debug)]
pub struct Actions {
    /// A circuit with its witness for each action.
    pub circuits: Vec<Circuit>,
    /// The one instance column of each circuit.
    pub instances: Vec<Vec<Fp>>,
    /// The same for orchard's verifier.
    pub statements: Vec<Instance>,
}

impl Actions {
    /// A bundle of `count` actions that spends one note and makes `count`: other spends are dummies.
    ///
    /// # Errors
    /// [`DemoError::Build`] if the orchard library refuses.
    pub fn new(count: u8, seed: u64) -> Result<Self, DemoError> {
        let bundle = bundle(count, seed).map_err(refused)?;
        let mut actions = Self { circuits: Vec::new(), instances: Vec::new(), statements: Vec::new() };
        for action in bundle.actions() {
            let circuit = circuit(action).ok_or_else(|| refused("an action is incomplete"))?;
            let instance = instance(&bundle, action).ok_or_else(|| refused("an action is not valid"))?;
            let statement = Instance::from_parts(
                *bundle.anchor(),
                action.cv_net().clone(),
                *action.spend().nullifier(),
                action.spend().rk().clone(),
                *action.output().cmx(),
                *bundle.flags(),
            );
            actions.circuits.push(circuit);
            actions.instances.push(instance);
            actions.statements.push(statement.ok_or_else(|| refused("rk is the identity"))?);
        }
        Ok(actions)
    }
}

impl PastaDemo for Actions {
    const NAME: &'static str = "orchard";
    const SUMMARY: &'static str = "actions of Zcash's Orchard: notes that are spent and made";
    const K: RangeInclusive<u32> = K..=K;
    const DEFAULT_K: u32 = K;
    const INSTANCE_LEN: usize = 10;

    type Circuit = Circuit;

    fn build(k: u32, count: u8, seed: u64) -> Result<Self, DemoError> {
        check_k::<Self>(k)?;
        Self::new(count, seed)
    }

    fn circuits(&self) -> &[Circuit] {
        &self.circuits
    }

    fn instances(&self) -> &[Vec<Fp>] {
        &self.instances
    }

    fn check(&self, proof: &[u8]) -> Result<(), String> {
        let verifier = VerifyingKey::build(VERSION);
        Proof::new(proof.to_vec())
            .verify(&verifier, &self.statements)
            .map_err(|error| format!("orchard: {error}"))
    }
}

fn refused(reason: impl ToString) -> DemoError {
    DemoError::Build { circuit: "orchard", k: K, reason: reason.to_string() }
}

/// The bundle, with all that a prover must know.
fn bundle(count: u8, seed: u64) -> Result<pczt::Bundle, String> {
    let version = BundleVersion::orchard_v2();
    let key = Option::<SpendingKey>::from(SpendingKey::from_bytes([7; 32])).ok_or("no such spending key")?;
    let owner = FullViewingKey::from(&key);
    let address = owner.address_at(0u32, Scope::External);

    let rho = Option::<Rho>::from(Rho::from_bytes(&[1; 32])).ok_or("no such rho")?;
    let random = Option::<RandomSeed>::from(RandomSeed::from_bytes([2; 32], &rho)).ok_or("no such seed")?;
    let worth = NoteValue::from_raw(VALUE * (u64::from(count) + 1));
    let note = Note::from_parts(address, worth, rho, random, version.note_version());
    let note = Option::<Note>::from(note).ok_or("no such note")?;
    // The note's place in the tree of all notes; of the others only hashes matter.
    let sibling = MerkleHashOrchard::from_bytes(&[3; 32]);
    let sibling = Option::<MerkleHashOrchard>::from(sibling).ok_or("no such hash")?;
    let path = MerklePath::from_parts(5, [sibling; NOTE_COMMITMENT_TREE_DEPTH]);
    let anchor = path.root(ExtractedNoteCommitment::from(note.commitment()));

    let builder = Builder::new(BundleType::UNPADDED, version, version.default_flags(), anchor);
    let mut builder = builder.map_err(|error| error.to_string())?;
    builder.add_spend(owner, note, path).map_err(|error| error.to_string())?;
    for _ in 0..count {
        let output = builder.add_output(None, address, NoteValue::from_raw(VALUE), [0; 512]);
        output.map_err(|error| error.to_string())?;
    }
    let built = builder.build_for_pczt(ChaCha20Rng::seed_from_u64(seed));
    built.map(|(bundle, _)| bundle).map_err(|error| error.to_string())
}

fn circuit(action: &pczt::Action) -> Option<Circuit> {
    let (spend, output) = (action.spend(), action.output());
    let spent = Note::from_parts(
        (*spend.recipient())?,
        (*spend.value())?,
        (*spend.rho())?,
        (*spend.rseed())?,
        *spend.note_version(),
    );
    let made = Note::from_parts(
        (*output.recipient())?,
        (*output.value())?,
        Option::from(Rho::from_bytes(&spend.nullifier().to_bytes()))?,
        (*output.rseed())?,
        *output.note_version(),
    );
    let spend_info = SpendInfo::new(spend.fvk().clone()?, Option::from(spent)?, spend.witness().clone()?)?;
    Circuit::from_action_context(
        spend_info,
        Option::from(made)?,
        (*spend.alpha())?,
        action.rcv().clone()?,
        VERSION,
    )
}

/// The instance column of an action, as the Zcash protocol specification orders it (section 4.18.4).
fn instance(bundle: &pczt::Bundle, action: &pczt::Action) -> Option<Vec<Fp>> {
    let element = |bytes: [u8; 32]| Option::<Fp>::from(Fp::from_repr(bytes));
    let point = |bytes: [u8; 32]| {
        let point = Option::<pallas::Point>::from(pallas::Point::from_bytes(&bytes))?;
        let coordinates = Option::from(point.to_affine().coordinates());
        coordinates.map(|c: halo2_proofs::arithmetic::Coordinates<pallas::Affine>| [*c.x(), *c.y()])
    };
    let [value_x, value_y] = point(action.cv_net().to_bytes())?;
    let [key_x, key_y] = point(action.spend().rk().into())?;
    let flags = bundle.flags();
    let bit = |on: bool| Fp::from(u64::from(on));
    Some(vec![
        element(bundle.anchor().to_bytes())?,
        value_x,
        value_y,
        element(action.spend().nullifier().to_bytes())?,
        key_x,
        key_y,
        element(action.output().cmx().to_bytes())?,
        bit(flags.spends_enabled()),
        bit(flags.outputs_enabled()),
        bit(!flags.cross_address_enabled()),
    ])
}
