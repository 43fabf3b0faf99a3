//! What programs call outside themselves: copying, comparing, logging, giving up.

use super::{
    Machine, Stop,
    observer::{Observer, lane_read, lane_write},
};
use crate::{Access, Log, MicroStep, Syscall, Trap, memory::Place};

/// Compute units of a syscall.
const BASE_COST: u64 = 100;
/// Compute units of a memory syscall of up to 2,500 bytes.
const MEMORY_BASE_COST: u64 = 10;
/// Bytes per compute unit beyond that.
const MEMORY_BYTES_PER_UNIT: u64 = 250;

impl Machine<'_> {
    /// Carries out a syscall with its arguments in r1 to r5; returns the new r0.
    pub(super) fn syscall<O: Observer>(&mut self, syscall: Syscall, seen: &mut O) -> Result<u64, Stop> {
        let [_, a, b, c, d, e, ..] = self.state.registers;
        match syscall {
            Syscall::Memcpy | Syscall::Memmove => {
                self.charge_memory(c)?;
                if syscall == Syscall::Memcpy && a.abs_diff(b) < c {
                    return Err(
                        Trap::OverlappingCopy { source_address: b, target_address: a, length: c }.into()
                    );
                }
                let target = self.memory.translate_slice(Access::Store, a, c)?;
                let source = self.memory.translate_slice(Access::Load, b, c)?;
                self.copy(source, target, c, seen);
            }
            Syscall::Memset => {
                self.charge_memory(c)?;
                let target = self.memory.translate_slice(Access::Store, a, c)?;
                self.fill(target, c, b as u8, seen);
            }
            Syscall::Memcmp => {
                self.charge_memory(c)?;
                let left = self.memory.translate_slice(Access::Load, a, c)?;
                let right = self.memory.translate_slice(Access::Load, b, c)?;
                let result = self.aligned(syscall, Access::Store, d, 4, 4)?;
                let order = self.compare(left, right, c, seen);
                let value = u64::from(order as u32);
                if O::RECORDS {
                    let target = Some(lane_write(&mut self.memory, result, 4, value));
                    seen.micro_step(MicroStep { width: 4, source: None, target });
                } else {
                    self.memory.store(result, 4, value);
                }
            }
            Syscall::Log => {
                self.charge(BASE_COST.max(b))?;
                let message = self.string(a, b)?;
                self.logs.push(Log::Message(message));
            }
            Syscall::Log64 => {
                self.charge(BASE_COST)?;
                self.logs.push(Log::Numbers([a, b, c, d, e]));
            }
            Syscall::LogComputeUnits => {
                self.charge(BASE_COST)?;
                self.logs.push(Log::ComputeUnits(self.units_left));
            }
            Syscall::LogPubkey => {
                self.charge(BASE_COST)?;
                let place = self.memory.translate(Access::Load, a, 32)?;
                let mut key = [0; 32];
                key.copy_from_slice(self.memory.bytes(place, 32));
                self.logs.push(Log::Pubkey(key));
            }
            Syscall::LogData => {
                let data = self.log_data(a, b)?;
                self.logs.push(Log::Data(data));
            }
            Syscall::Abort => return Err(Trap::Aborted.into()),
            Syscall::Panic => {
                self.charge(b)?;
                return Err(Trap::Panicked { file: self.string(a, b)?, line: c, column: d }.into());
            }
            _ => return Err(Stop::NotProvable(syscall)),
        }
        Ok(0)
    }

    fn charge(&mut self, units: u64) -> Result<(), Trap> {
        if self.charge_syscalls { self.consume(units) } else { Ok(()) }
    }

    fn charge_memory(&mut self, length: u64) -> Result<(), Trap> {
        self.charge(MEMORY_BASE_COST.max(length / MEMORY_BYTES_PER_UNIT))
    }

    fn aligned(
        &self,
        syscall: Syscall,
        access: Access,
        address: u64,
        length: u64,
        alignment: u64,
    ) -> Result<Place, Trap> {
        let place = self.memory.translate_slice(access, address, length)?;
        if length != 0 && !(place.offset as u64).is_multiple_of(alignment) {
            return Err(Trap::UnalignedPointer { syscall, address, alignment });
        }
        Ok(place)
    }

    fn string(&self, address: u64, length: u64) -> Result<String, Trap> {
        let place = self.memory.translate_slice(Access::Load, address, length)?;
        std::str::from_utf8(self.memory.bytes(place, length))
            .map(str::to_owned)
            .map_err(|error| Trap::InvalidString { valid_up_to: error.valid_up_to() })
    }

    /// Slices given as an array of addresses and lengths.
    fn log_data(&mut self, address: u64, count: u64) -> Result<Vec<Vec<u8>>, Trap> {
        self.charge(BASE_COST)?;
        let length = count.saturating_mul(16);
        let array = self.aligned(Syscall::LogData, Access::Load, address, length, 8)?;
        let slices: Vec<_> = (0..count as usize)
            .map(|index| Place { offset: array.offset + index * 16, ..array })
            .map(|at| (self.memory.load(at, 8), self.memory.load(Place { offset: at.offset + 8, ..at }, 8)))
            .collect();
        self.charge(BASE_COST.saturating_mul(count))?;
        self.charge(slices.iter().fold(0, |sum: u64, (_, length)| sum.saturating_add(*length)))?;
        let mut data = Vec::with_capacity(slices.len());
        for (address, length) in slices {
            let place = self.memory.translate_slice(Access::Load, address, length)?;
            data.push(self.memory.bytes(place, length).to_vec());
        }
        Ok(data)
    }

    /// Copies as if through a buffer. Taken apart, an overlapping copy to higher addresses runs from the
    /// end, so that no byte is overwritten before it is read.
    fn copy<O: Observer>(&mut self, source: Place, target: Place, length: u64, seen: &mut O) {
        if !O::RECORDS {
            return self.memory.copy(source, target, length);
        }
        let length = length as usize;
        let upwards = source.region == target.region
            && (source.offset + 1..source.offset + length.max(1)).contains(&target.offset);
        let mut done = 0;
        while done < length {
            let left = length - done;
            let (width, skip) = if upwards {
                let width = width_to([source, target].map(|place| place.offset + left), left);
                (width, left - width)
            } else {
                (width_from([source, target].map(|place| place.offset + done), left), done)
            };
            let (from, to) = (source.skip(skip), target.skip(skip));
            let value = self.memory.load(from, width);
            let source = Some(lane_read(&self.memory, from));
            let target = Some(lane_write(&mut self.memory, to, width, value));
            seen.micro_step(MicroStep { width: width as u8, source, target });
            done += width;
        }
    }

    fn fill<O: Observer>(&mut self, target: Place, length: u64, byte: u8, seen: &mut O) {
        if !O::RECORDS {
            return self.memory.fill(target, length, byte);
        }
        let length = length as usize;
        let mut done = 0;
        while done < length {
            let to = target.skip(done);
            let width = width_from([to.offset; 2], length - done);
            let target = Some(lane_write(&mut self.memory, to, width, u64::from_ne_bytes([byte; 8])));
            seen.micro_step(MicroStep { width: width as u8, source: None, target });
            done += width;
        }
    }

    /// The difference of the first bytes that differ, or 0. Taken apart, that pair stands alone.
    fn compare<O: Observer>(&mut self, left: Place, right: Place, length: u64, seen: &mut O) -> i32 {
        let (a, b) = (self.memory.bytes(left, length), self.memory.bytes(right, length));
        let equal = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        let difference = a.get(equal).zip(b.get(equal)).map(|(a, b)| i32::from(*a) - i32::from(*b));
        if O::RECORDS {
            let parts = equal + usize::from(difference.is_some());
            let mut done = 0;
            while done < parts {
                let (a, b) = (left.skip(done), right.skip(done));
                let width = if done < equal { width_from([a.offset, b.offset], equal - done) } else { 1 };
                let (source, target) = (Some(lane_read(&self.memory, a)), Some(lane_read(&self.memory, b)));
                seen.micro_step(MicroStep { width: width as u8, source, target });
                done += width;
            }
        }
        difference.unwrap_or(0)
    }
}

impl Place {
    fn skip(self, bytes: usize) -> Self {
        Self { offset: self.offset + bytes, ..self }
    }
}

/// The largest width with which bytes that begin at both offsets stay in their words.
fn width_from(begins: [usize; 2], left: usize) -> usize {
    let room = begins.into_iter().fold(left, |room, begin| room.min(8 - begin % 8));
    1 << room.ilog2()
}

/// The largest width with which bytes that end at both offsets stay in their words.
fn width_to(ends: [usize; 2], left: usize) -> usize {
    let room = ends.into_iter().fold(left, |room, end| room.min((end - 1) % 8 + 1));
    1 << room.ilog2()
}
