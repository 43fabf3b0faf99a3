//! What programs say.

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Log {
    /// `sol_log_`
    Message(String),
    /// `sol_log_64_`
    Numbers([u64; 5]),
    /// `sol_log_compute_units_`: those left.
    ComputeUnits(u64),
    /// `sol_log_pubkey`
    Pubkey([u8; 32]),
    /// `sol_log_data`
    Data(Vec<Vec<u8>>),
}

impl Log {
    /// What it takes in memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let held = match self {
            Self::Message(message) => message.capacity(),
            Self::Data(slices) => slices.iter().map(|slice| size_of::<Vec<u8>>() + slice.capacity()).sum(),
            Self::Numbers(_) | Self::ComputeUnits(_) | Self::Pubkey(_) => 0,
        };
        size_of::<Self>() + held
    }
}

impl std::fmt::Display for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hex = |f: &mut std::fmt::Formatter<'_>, bytes: &[u8]| {
            bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
        };
        match self {
            Self::Message(message) => f.write_str(message),
            Self::Numbers([a, b, c, d, e]) => write!(f, "{a:#x}, {b:#x}, {c:#x}, {d:#x}, {e:#x}"),
            Self::ComputeUnits(left) => write!(f, "{left} compute units left"),
            Self::Pubkey(key) => hex(f, key),
            Self::Data(slices) => {
                for (index, slice) in slices.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { " " })?;
                    hex(f, slice)?;
                }
                Ok(())
            }
        }
    }
}
