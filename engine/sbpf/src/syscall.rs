//! What programs can call outside themselves.

use std::{collections::HashMap, sync::OnceLock};

use solana_sbpf::ebpf::hash_symbol_name;

macro_rules! syscalls {
    ($($variant:ident = $name:literal,)*) => {
        /// A function outside the program, called by the hash of its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Syscall {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Syscall {
            /// All that are known, provable or not.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in the symbol table of programs.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

syscalls! {
    Abort = "abort",
    Panic = "sol_panic_",
    Log = "sol_log_",
    Log64 = "sol_log_64_",
    LogComputeUnits = "sol_log_compute_units_",
    LogPubkey = "sol_log_pubkey",
    LogData = "sol_log_data",
    Memcpy = "sol_memcpy_",
    Memmove = "sol_memmove_",
    Memset = "sol_memset_",
    Memcmp = "sol_memcmp_",
    AllocFree = "sol_alloc_free_",
    AltBn128Compression = "sol_alt_bn128_compression",
    AltBn128GroupOp = "sol_alt_bn128_group_op",
    BigModExp = "sol_big_mod_exp",
    Blake3 = "sol_blake3",
    CreateProgramAddress = "sol_create_program_address",
    CurveGroupOp = "sol_curve_group_op",
    CurveMultiscalarMul = "sol_curve_multiscalar_mul",
    CurvePairingMap = "sol_curve_pairing_map",
    CurveDecompress = "sol_curve_decompress",
    CurveValidatePoint = "sol_curve_validate_point",
    GetClockSysvar = "sol_get_clock_sysvar",
    GetEpochRewardsSysvar = "sol_get_epoch_rewards_sysvar",
    GetEpochScheduleSysvar = "sol_get_epoch_schedule_sysvar",
    GetEpochStake = "sol_get_epoch_stake",
    GetFeesSysvar = "sol_get_fees_sysvar",
    GetLastRestartSlot = "sol_get_last_restart_slot",
    GetProcessedSiblingInstruction = "sol_get_processed_sibling_instruction",
    GetRentSysvar = "sol_get_rent_sysvar",
    GetReturnData = "sol_get_return_data",
    GetStackHeight = "sol_get_stack_height",
    GetSysvar = "sol_get_sysvar",
    InvokeSignedC = "sol_invoke_signed_c",
    InvokeSignedRust = "sol_invoke_signed_rust",
    Keccak256 = "sol_keccak256",
    Poseidon = "sol_poseidon",
    RemainingComputeUnits = "sol_remaining_compute_units",
    Secp256k1Recover = "sol_secp256k1_recover",
    SetReturnData = "sol_set_return_data",
    Sha256 = "sol_sha256",
    TryFindProgramAddress = "sol_try_find_program_address",
}

impl Syscall {
    /// The one that calls of this hash mean.
    pub fn from_hash(hash: u32) -> Option<Self> {
        static BY_HASH: OnceLock<HashMap<u32, Syscall>> = OnceLock::new();
        BY_HASH
            .get_or_init(|| Self::ALL.iter().map(|call| (call.hash(), *call)).collect())
            .get(&hash)
            .copied()
    }

    /// What an instruction holds that calls it: murmur3 of its name.
    pub fn hash(self) -> u32 {
        hash_symbol_name(self.name().as_bytes())
    }

    /// Whether a program that calls it can be executed and proven.
    pub fn is_provable(self) -> bool {
        matches!(
            self,
            Self::Abort
                | Self::Panic
                | Self::Log
                | Self::Log64
                | Self::LogComputeUnits
                | Self::LogPubkey
                | Self::LogData
                | Self::Memcpy
                | Self::Memmove
                | Self::Memset
                | Self::Memcmp
        )
    }
}

impl std::fmt::Display for Syscall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_distinct_hashes() {
        for call in Syscall::ALL {
            assert_eq!(Syscall::from_hash(call.hash()), Some(*call));
        }
    }
}
