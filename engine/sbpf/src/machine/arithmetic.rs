//! What instructions compute.

use solana_sbpf::ebpf;

use crate::Trap;

/// An ALU instruction of either width. `b` is the source register, or the immediate with its sign
/// extended to 64 bits.
#[inline]
pub(super) fn alu(opcode: u8, a: u64, b: u64) -> Result<u64, Trap> {
    match opcode {
        ebpf::LE => Ok(a & low_bits(opcode, b)?),
        ebpf::BE => {
            low_bits(opcode, b)?;
            Ok(a.swap_bytes() >> (64 - b))
        }
        _ if opcode & 7 == ebpf::BPF_ALU64_STORE => alu64(opcode, a, b),
        _ => alu32(opcode, a as u32, b as u32),
    }
}

/// The mask of the 16, 32 or 64 bits that a conversion keeps.
fn low_bits(opcode: u8, bits: u64) -> Result<u64, Trap> {
    match bits {
        16 | 32 | 64 => Ok(u64::MAX >> (64 - bits)),
        _ => Err(Trap::InvalidInstruction { opcode }),
    }
}

fn alu64(opcode: u8, a: u64, b: u64) -> Result<u64, Trap> {
    Ok(match opcode & 0xf0 {
        ebpf::BPF_ADD => a.wrapping_add(b),
        ebpf::BPF_SUB => a.wrapping_sub(b),
        ebpf::BPF_MUL => a.wrapping_mul(b),
        ebpf::BPF_DIV => a.checked_div(b).ok_or(Trap::DivisionByZero)?,
        ebpf::BPF_OR => a | b,
        ebpf::BPF_AND => a & b,
        ebpf::BPF_LSH => a.wrapping_shl(b as u32),
        ebpf::BPF_RSH => a.wrapping_shr(b as u32),
        ebpf::BPF_NEG => a.wrapping_neg(),
        ebpf::BPF_MOD => a.checked_rem(b).ok_or(Trap::DivisionByZero)?,
        ebpf::BPF_XOR => a ^ b,
        ebpf::BPF_MOV => b,
        ebpf::BPF_ARSH => (a as i64).wrapping_shr(b as u32) as u64,
        _ => return Err(Trap::InvalidInstruction { opcode }),
    })
}

/// Sums, differences and products extend their sign to 64 bits, all other results have zeros above.
fn alu32(opcode: u8, a: u32, b: u32) -> Result<u64, Trap> {
    let signed = |value: u32| value as i32 as i64 as u64;
    let unsigned = match opcode & 0xf0 {
        ebpf::BPF_ADD => return Ok(signed(a.wrapping_add(b))),
        ebpf::BPF_SUB => return Ok(signed(a.wrapping_sub(b))),
        ebpf::BPF_MUL => return Ok(signed(a.wrapping_mul(b))),
        ebpf::BPF_DIV => a.checked_div(b).ok_or(Trap::DivisionByZero)?,
        ebpf::BPF_OR => a | b,
        ebpf::BPF_AND => a & b,
        ebpf::BPF_LSH => a.wrapping_shl(b),
        ebpf::BPF_RSH => a.wrapping_shr(b),
        ebpf::BPF_NEG => a.wrapping_neg(),
        ebpf::BPF_MOD => a.checked_rem(b).ok_or(Trap::DivisionByZero)?,
        ebpf::BPF_XOR => a ^ b,
        ebpf::BPF_MOV => b,
        ebpf::BPF_ARSH => (a as i32).wrapping_shr(b) as u32,
        _ => return Err(Trap::InvalidInstruction { opcode }),
    };
    Ok(unsigned.into())
}

/// Whether a conditional jump is taken. Operands of 32 bits come with their sign extended, which keeps
/// both orders.
#[inline]
pub(super) fn compare(opcode: u8, a: u64, b: u64) -> Result<bool, Trap> {
    let (signed_a, signed_b) = (a as i64, b as i64);
    Ok(match opcode & 0xf0 {
        ebpf::BPF_JEQ => a == b,
        ebpf::BPF_JGT => a > b,
        ebpf::BPF_JGE => a >= b,
        ebpf::BPF_JSET => a & b != 0,
        ebpf::BPF_JNE => a != b,
        ebpf::BPF_JSGT => signed_a > signed_b,
        ebpf::BPF_JSGE => signed_a >= signed_b,
        ebpf::BPF_JLT => a < b,
        ebpf::BPF_JLE => a <= b,
        ebpf::BPF_JSLT => signed_a < signed_b,
        ebpf::BPF_JSLE => signed_a <= signed_b,
        _ => return Err(Trap::InvalidInstruction { opcode }),
    })
}
