//! The machine's memory: regions, addresses, and which words changed.

use crate::{Access, Error, Program, Region, Trap, Version, WordAddress};

/// The longest input: what the loader of programs would serialize stays far below.
pub(crate) const MAX_INPUT: u64 = 1 << 28;
/// The largest heap a program may ask for.
pub(crate) const MAX_HEAP: u64 = 256 * 1024;
/// The bytes that hold one saved frame: five words, in a slot of eight.
pub(crate) const FRAME_SLOT: u64 = 64;

/// A run of bytes in one region, by its host offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) region: Region,
    pub(crate) offset: usize,
}

impl Place {
    /// Of runs without bytes, whose address is not looked at.
    const NOWHERE: Self = Self { region: Region::Input, offset: 0 };

    pub(crate) fn word(self) -> WordAddress {
        WordAddress::new(self.region, self.offset as u64)
    }
}

/// A writable region, filled up to whole words, with the words written since [`Ram::take_changed`].
#[derive(Clone, Debug)]
struct Ram {
    bytes: Vec<u8>,
    length: usize,
    is_changed: Vec<u64>,
    changed: Vec<u32>,
}

impl Ram {
    fn new(content: &[u8], length: usize) -> Self {
        let words = length.div_ceil(8);
        let mut bytes = vec![0; words * 8];
        bytes[..content.len()].copy_from_slice(content);
        Self { bytes, length, is_changed: vec![0; words.div_ceil(64)], changed: Vec::new() }
    }

    fn mark(&mut self, offset: usize, length: usize) {
        for word in offset / 8..(offset + length).div_ceil(8) {
            let (block, bit) = (word / 64, 1 << (word % 64));
            if self.is_changed[block] & bit == 0 {
                self.is_changed[block] |= bit;
                self.changed.push(word as u32);
            }
        }
    }

    /// The words written since the last call, in ascending order.
    fn take_changed(&mut self) -> Vec<u32> {
        let mut words = std::mem::take(&mut self.changed);
        words.sort_unstable();
        for word in &words {
            self.is_changed[*word as usize / 64] = 0;
        }
        words
    }
}

/// All regions.
#[derive(Clone, Debug)]
pub(crate) struct Memory<'p> {
    version: Version,
    read_only: &'p [u8],
    stack: Ram,
    heap: Ram,
    input: Ram,
    frames: Ram,
}

impl<'p> Memory<'p> {
    /// Stack, heap and frames are zero at the beginning.
    pub(crate) fn new(program: &'p Program, input: &[u8], heap: u64) -> Result<Self, Error> {
        for (region, got, max) in
            [(Region::Input, input.len() as u64, MAX_INPUT), (Region::Heap, heap, MAX_HEAP)]
        {
            if got > max {
                return Err(Error::RegionTooLarge { region, got, max });
            }
        }
        let zeros = |length| Ram::new(&[], length);
        Ok(Self {
            version: program.version(),
            read_only: program.read_only(),
            stack: zeros((Program::FRAME_SIZE * Program::MAX_DEPTH) as usize),
            heap: zeros(heap as usize),
            input: Ram::new(input, input.len()),
            frames: zeros((FRAME_SLOT * Program::MAX_DEPTH) as usize),
        })
    }

    fn ram(&self, region: Region) -> Option<&Ram> {
        match region {
            Region::Stack => Some(&self.stack),
            Region::Heap => Some(&self.heap),
            Region::Input => Some(&self.input),
            Region::Frames => Some(&self.frames),
            Region::Data | Region::Program => None,
        }
    }

    fn ram_mut(&mut self, region: Region) -> Option<&mut Ram> {
        match region {
            Region::Stack => Some(&mut self.stack),
            Region::Heap => Some(&mut self.heap),
            Region::Input => Some(&mut self.input),
            Region::Frames => Some(&mut self.frames),
            Region::Data | Region::Program => None,
        }
    }

    /// The bytes of a region, those of writable ones filled up to whole words.
    fn padded(&self, region: Region) -> &[u8] {
        match self.ram(region) {
            Some(ram) => &ram.bytes,
            None if region == self.version.read_only_region() => self.read_only,
            None => &[],
        }
    }

    /// The bytes of a region.
    pub(crate) fn region(&self, region: Region) -> &[u8] {
        self.ram(region).map_or_else(|| self.padded(region), |ram| &ram.bytes[..ram.length])
    }

    /// Where the bytes at a program's address are, if all of them may be accessed so.
    ///
    /// Of V0's stack only the first byte is asked whether it lies in a gap: the host's frames follow
    /// each other, and an access that runs past the end of one goes on in the next.
    #[inline]
    pub(crate) fn translate(&self, access: Access, address: u64, length: u64) -> Result<Place, Trap> {
        let violation = || Trap::AccessViolation { access, address, length };
        let inside = address & 0xffff_ffff;
        let (region, offset) = match address >> 32 {
            2 if self.version == Version::V0 => {
                let frame = inside / Program::FRAME_SIZE;
                if frame % 2 == 1 {
                    return Err(violation());
                }
                (Region::Stack, frame / 2 * Program::FRAME_SIZE + inside % Program::FRAME_SIZE)
            }
            2 => (Region::Stack, inside),
            3 => (Region::Heap, inside),
            4 => (Region::Input, inside),
            number if number == self.version.read_only_region() as u64 => {
                (self.version.read_only_region(), inside)
            }
            _ => return Err(violation()),
        };
        let size = self.region(region).len() as u64;
        let fits = offset.checked_add(length).is_some_and(|end| end <= size);
        if !fits || (access == Access::Store && !region.is_writable()) {
            return Err(violation());
        }
        Ok(Place { region, offset: offset as usize })
    }

    /// As [`Self::translate`], but the address of no bytes at all may be anything, as in syscalls.
    pub(crate) fn translate_slice(&self, access: Access, address: u64, length: u64) -> Result<Place, Trap> {
        if length == 0 { Ok(Place::NOWHERE) } else { self.translate(access, address, length) }
    }

    /// Bytes that were translated.
    pub(crate) fn bytes(&self, place: Place, length: u64) -> &[u8] {
        &self.padded(place.region)[place.offset..place.offset + length as usize]
    }

    /// Reads 1, 2, 4 or 8 bytes that were translated.
    #[inline]
    pub(crate) fn load(&self, place: Place, width: usize) -> u64 {
        let bytes = &self.padded(place.region)[place.offset..place.offset + width];
        let mut value = [0; 8];
        value[..width].copy_from_slice(bytes);
        u64::from_le_bytes(value)
    }

    /// Writes the low 1, 2, 4 or 8 bytes of a value where that was allowed.
    #[inline]
    pub(crate) fn store(&mut self, place: Place, width: usize, value: u64) {
        if let Some(ram) = self.ram_mut(place.region) {
            ram.bytes[place.offset..place.offset + width].copy_from_slice(&value.to_le_bytes()[..width]);
            ram.mark(place.offset, width);
        }
    }

    /// Copies bytes that may overlap.
    pub(crate) fn copy(&mut self, source: Place, target: Place, length: u64) {
        let length = length as usize;
        let bytes = self.padded(source.region)[source.offset..source.offset + length].to_vec();
        if let Some(ram) = self.ram_mut(target.region) {
            ram.bytes[target.offset..target.offset + length].copy_from_slice(&bytes);
            ram.mark(target.offset, length);
        }
    }

    /// Fills bytes.
    pub(crate) fn fill(&mut self, target: Place, length: u64, byte: u8) {
        if let Some(ram) = self.ram_mut(target.region) {
            ram.bytes[target.offset..target.offset + length as usize].fill(byte);
            ram.mark(target.offset, length as usize);
        }
    }

    /// A whole word. The last one of a region is filled up with zeros.
    pub(crate) fn word(&self, address: WordAddress) -> Option<u64> {
        let bytes = self.padded(address.region()?);
        let bytes = bytes.get(usize::try_from(address.offset()).ok()?..).filter(|bytes| !bytes.is_empty())?;
        let mut word = [0; 8];
        let length = bytes.len().min(8);
        word[..length].copy_from_slice(&bytes[..length]);
        Some(u64::from_le_bytes(word))
    }

    /// Sets a whole word of a writable region; false if there is none.
    pub(crate) fn set_word(&mut self, address: WordAddress, value: u64) -> bool {
        let Some(ram) = address.region().and_then(|region| self.ram_mut(region)) else { return false };
        let offset = address.offset() as usize;
        match ram.bytes.get_mut(offset..offset + 8) {
            Some(bytes) => bytes.copy_from_slice(&value.to_le_bytes()),
            None => return false,
        }
        true
    }

    /// The words written since the last call and their values now, by ascending address.
    pub(crate) fn take_changed(&mut self) -> Vec<(WordAddress, u64)> {
        let mut changed = Vec::new();
        for region in [Region::Stack, Region::Heap, Region::Input, Region::Frames] {
            let words = self.ram_mut(region).map(Ram::take_changed).unwrap_or_default();
            for word in words {
                let place = Place { region, offset: word as usize * 8 };
                changed.push((place.word(), self.load(place, 8)));
            }
        }
        changed
    }
}
