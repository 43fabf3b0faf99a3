//! Numbers, byte strings and lists as bytes.

/// Collects bytes.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn numbers<const N: usize>(&mut self, numbers: [u64; N]) {
        for number in numbers {
            self.bytes.extend_from_slice(&number.to_le_bytes());
        }
    }

    /// Bytes whose number the reader knows.
    pub(crate) fn array(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.numbers([bytes.len() as u64]);
        self.array(bytes);
    }

    pub(crate) fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.numbers([items.len() as u64]);
        for item in items {
            write(self, item);
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Takes bytes apart. Errors say what is wrong with them.
#[derive(Debug)]
pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    fn take(&mut self, count: usize) -> Result<&'b [u8], String> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(count)
            .ok_or_else(|| format!("{count} bytes are expected where {} are left", self.bytes.len()))?;
        self.bytes = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn numbers<const N: usize>(&mut self) -> Result<[u64; N], String> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = u64::from_le_bytes(self.array()?);
        }
        Ok(numbers)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, String> {
        match self.numbers()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(format!("{other} is found where 0 or 1 is expected")),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<&'b [u8], String> {
        let [length] = self.numbers()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// A list whose items have at least so many bytes each, which bounds how many there can be.
    pub(crate) fn list<T>(
        &mut self,
        least: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let [count] = self.numbers()?;
        if count > (self.bytes.len() / least) as u64 {
            return Err(format!("a list of {count} items cannot be in {} bytes", self.bytes.len()));
        }
        (0..count).map(|_| read(self)).collect()
    }

    pub(crate) fn finish(self) -> Result<(), String> {
        match self.bytes.len() {
            0 => Ok(()),
            left => Err(format!("{left} bytes follow its end")),
        }
    }
}
