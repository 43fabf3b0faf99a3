//! The syscalls once more, byte by byte through the interpreter's own memory.

use parhelion_sbpf::Syscall;
use solana_sbpf::{
    error::{EbpfError, ProgramResult},
    memory_region::AccessType,
    program::{BuiltinFunctionDefinition, BuiltinProgram},
};

use super::Context;

/// What a syscall says when it fails: a word that the comparison knows.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) String);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl From<ProgramResult> for Refused {
    fn from(result: ProgramResult) -> Self {
        match result {
            ProgramResult::Err(
                EbpfError::AccessViolation(_, address, length, _)
                | EbpfError::StackAccessViolation(_, address, length, _),
            ) => Self(format!("violation {address:#x} {length}")),
            other => Self(format!("{other:?}")),
        }
    }
}

type Outcome = Result<u64, Refused>;

impl Context {
    fn pay(&mut self, units: u64) -> Result<(), Refused> {
        if !self.charge_syscalls {
            return Ok(());
        }
        let enough = self.remaining >= units;
        self.remaining = self.remaining.saturating_sub(units);
        if enough { Ok(()) } else { Err(Refused("budget".into())) }
    }

    fn check(&self, access: AccessType, address: u64, length: u64) -> Result<(), Refused> {
        if length == 0 {
            return Ok(());
        }
        match self.mapping.map(access, address, length) {
            solana_sbpf::error::StableResult::Ok(_) => Ok(()),
            solana_sbpf::error::StableResult::Err(error) => Err(ProgramResult::Err(error).into()),
        }
    }

    fn byte(&mut self, address: u64) -> Result<u8, Refused> {
        match self.mapping.load::<u8>(address) {
            ProgramResult::Ok(value) => Ok(value as u8),
            error => Err(error.into()),
        }
    }

    fn set(&mut self, address: u64, byte: u8) -> Result<(), Refused> {
        match self.mapping.store::<u8>(byte, address) {
            ProgramResult::Ok(_) => Ok(()),
            error => Err(error.into()),
        }
    }

    fn bytes(&mut self, address: u64, length: u64) -> Result<Vec<u8>, Refused> {
        self.check(AccessType::Load, address, length)?;
        (0..length).map(|index| self.byte(address + index)).collect()
    }

    fn number(&mut self, address: u64) -> Result<u64, Refused> {
        let bytes = self.bytes(address, 8)?;
        Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn put(&mut self, address: u64, bytes: &[u8]) -> Result<(), Refused> {
        (address..).zip(bytes).try_for_each(|(address, byte)| self.set(address, *byte))
    }

    fn text(&mut self, address: u64, length: u64) -> Result<String, Refused> {
        String::from_utf8(self.bytes(address, length)?).map_err(|_| Refused("utf8".into()))
    }
}

macro_rules! define {
    ($($name:ident => $body:expr;)*) => {
        $(
            struct $name;
            impl BuiltinFunctionDefinition<Context> for $name {
                type Error = Refused;
                fn rust(context: &mut Context, a: u64, b: u64, c: u64, d: u64, e: u64) -> Outcome {
                    let body: fn(&mut Context, [u64; 5]) -> Outcome = $body;
                    body(context, [a, b, c, d, e])
                }
            }
        )*

        pub(crate) fn register(loader: &mut BuiltinProgram<Context>) {
            $($name::register(loader, Syscall::$name.name()).unwrap();)*
        }
    };
}

define! {
    Memcpy => |context, [to, from, length, ..]| {
        context.pay((length / 250).max(10))?;
        let apart = if from > to { from - to >= length } else { to - from >= length };
        if !apart {
            return Err(Refused("overlap".into()));
        }
        move_bytes(context, to, from, length)
    };
    Memmove => |context, [to, from, length, ..]| {
        context.pay((length / 250).max(10))?;
        move_bytes(context, to, from, length)
    };
    Memset => |context, [to, byte, length, ..]| {
        context.pay((length / 250).max(10))?;
        context.check(AccessType::Store, to, length)?;
        (0..length).try_for_each(|index| context.set(to + index, byte as u8))?;
        Ok(0)
    };
    Memcmp => |context, [a, b, length, result, _]| {
        context.pay((length / 250).max(10))?;
        let (a, b) = (context.bytes(a, length)?, context.bytes(b, length)?);
        context.check(AccessType::Store, result, 4)?;
        if result % 4 != 0 {
            return Err(Refused("unaligned".into()));
        }
        let mut order = 0i32;
        for (a, b) in a.into_iter().zip(b) {
            if a != b {
                order = i32::from(a) - i32::from(b);
                break;
            }
        }
        context.put(result, &order.to_le_bytes())?;
        Ok(0)
    };
    Log => |context, [address, length, ..]| {
        context.pay(length.max(100))?;
        let text = context.text(address, length)?;
        context.logs.push(text);
        Ok(0)
    };
    Log64 => |context, [a, b, c, d, e]| {
        context.pay(100)?;
        context.logs.push(format!("{a:#x}, {b:#x}, {c:#x}, {d:#x}, {e:#x}"));
        Ok(0)
    };
    LogComputeUnits => |context, _| {
        context.pay(100)?;
        context.logs.push(format!("{} compute units left", context.remaining));
        Ok(0)
    };
    LogPubkey => |context, [address, ..]| {
        context.pay(100)?;
        let key = context.bytes(address, 32)?;
        context.logs.push(key.iter().map(|byte| format!("{byte:02x}")).collect());
        Ok(0)
    };
    LogData => |context, [address, count, ..]| {
        context.pay(100)?;
        context.check(AccessType::Load, address, count.saturating_mul(16))?;
        if count > 0 && address % 8 != 0 {
            return Err(Refused("unaligned".into()));
        }
        let mut slices = Vec::new();
        for index in 0..count {
            slices.push((context.number(address + index * 16)?, context.number(address + index * 16 + 8)?));
        }
        context.pay(100 * count)?;
        context.pay(slices.iter().map(|slice| slice.1).fold(0, u64::saturating_add))?;
        let mut texts = Vec::new();
        for (address, length) in slices {
            let bytes = context.bytes(address, length)?;
            texts.push(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        }
        context.logs.push(texts.join(" "));
        Ok(0)
    };
    Abort => |_, _| Err(Refused("abort".into()));
    Panic => |context, [file, length, line, column, _]| {
        context.pay(length)?;
        let file = context.text(file, length)?;
        Err(Refused(format!("panic {file}:{line}:{column}")))
    };
}

fn move_bytes(context: &mut Context, to: u64, from: u64, length: u64) -> Outcome {
    context.check(AccessType::Store, to, length)?;
    let bytes = context.bytes(from, length)?;
    context.put(to, &bytes)?;
    Ok(0)
}

struct Unavailable;

impl BuiltinFunctionDefinition<Context> for Unavailable {
    type Error = Refused;
    fn rust(_: &mut Context, _: u64, _: u64, _: u64, _: u64, _: u64) -> Outcome {
        Err(Refused("unavailable".into()))
    }
}

pub(crate) fn register_unavailable(loader: &mut BuiltinProgram<Context>, name: &str) {
    Unavailable::register(loader, name).unwrap();
}
