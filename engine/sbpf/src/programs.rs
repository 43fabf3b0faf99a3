//! Programs deployed on Solana's clusters, as ELF bytes from crate `solana-program-binaries`.

use solana_account::ReadableAccount;

use crate::{Error, Program};

/// The metadata in front of the ELF bytes in the account of an upgradeable program.
const METADATA: usize = 45;

/// A deployed program. Others of the same authors can be loaded from their files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Deployed {
    /// p-token 1.0.0, at `TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA`.
    Token,
    /// SPL Token-2022 10.0.0, at `TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb`.
    Token2022,
    /// SPL Memo 4.0.0, at `Memo4c2pN8afCj432Lb7RMVKi9PbQnnW7ewFFaV3oAH`.
    Memo,
    /// SPL Memo 3.0.0, at `MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr`.
    Memo3,
    /// SPL Memo 1.0.0, at `Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo`.
    Memo1,
    /// SPL Associated Token Account 1.1.1, at `ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL`. It invokes
    /// other programs, which is not provable.
    AssociatedToken,
}

impl Deployed {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Token, Self::Token2022, Self::Memo, Self::Memo3, Self::Memo1, Self::AssociatedToken];

    /// The address it is deployed at.
    pub fn id(self) -> [u8; 32] {
        let halves: [u128; 2] = match self {
            Self::Token => [0x06ddf6e1d765a193d9cbe146ceeb79ac, 0x1cb485ed5f5b37913a8cf5857eff00a9],
            Self::Token2022 => [0x06ddf6e1ee758fde18425dbce46ccdda, 0xb61afc4d83b90d27febdf928d8a18bfc],
            Self::Memo => [0x054a53522854cdd103cc2e4631a3f517, 0x92ac727cf1e50abc97828ac5994f3cc2],
            Self::Memo3 => [0x054a535a992921064d24e87160da387c, 0x7c35b5ddbc92bb81e41fa8404105448d],
            Self::Memo1 => [0x054a5350f85dc882d614a55672788a29, 0x6ddf1eababd0a60678884932f4eef6a0],
            Self::AssociatedToken => [0x8c97258f4e2489f1bb3d1029148e0d83, 0x0b5a1399daff1084048e7bd8dbe9f859],
        };
        let mut id = [0; 32];
        id[..16].copy_from_slice(&halves[0].to_be_bytes());
        id[16..].copy_from_slice(&halves[1].to_be_bytes());
        id
    }

    /// Its ELF bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Input`] if the crate of binaries does not have it.
    pub fn elf(self) -> Result<Vec<u8>, Error> {
        let accounts = solana_program_binaries::by_id(&self.id().into(), &Default::default());
        // The last account holds the bytes, if there are two.
        let account = accounts.and_then(|mut accounts| accounts.pop());
        let data = account.as_ref().map_or(&[][..], |(_, account)| account.data());
        let elf = if data.starts_with(b"\x7fELF") { data } else { data.get(METADATA..).unwrap_or_default() };
        if elf.is_empty() {
            return Err(Error::Input(format!("the binary of {self:?} is missing")));
        }
        Ok(elf.to_vec())
    }

    /// The program, loaded.
    ///
    /// # Errors
    ///
    /// As [`Self::elf`] and [`Program::from_elf`].
    pub fn load(self) -> Result<Program, Error> {
        Program::from_elf(&self.elf()?)
    }
}
