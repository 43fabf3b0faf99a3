//! Reading text that was written by derived `Debug`.

use std::str::FromStr;

use parhelion_field_kernels::{FieldSpec, Fp};

use crate::Error;

/// Characters of the text that an error shows.
const EXCERPT: usize = 40;

/// A text and how far it is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// What was expected here, and what is.
    pub(super) fn error(&self, expected: &'static str) -> Error {
        Error::KeyText { at: self.at, expected, got: self.rest().chars().take(EXCERPT).collect() }
    }

    /// Reads `token` if it comes next.
    pub(super) fn take(&mut self, token: &str) -> bool {
        let next = self.rest().starts_with(token);
        if next {
            self.at += token.len();
        }
        next
    }

    /// Reads `token`, which must come next.
    pub(super) fn expect(&mut self, token: &'static str) -> Result<(), Error> {
        if self.take(token) { Ok(()) } else { Err(self.error(token)) }
    }

    /// Whether everything is read.
    pub(super) fn end(&self) -> Result<(), Error> {
        if self.rest().is_empty() { Ok(()) } else { Err(self.error("the end")) }
    }

    /// Reads the characters up to the first that is none of `kind`.
    fn word(&mut self, kind: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let word = rest.find(|c| !kind(c)).map_or(rest, |end| &rest[..end]);
        self.at += word.len();
        word
    }

    pub(super) fn number<T: FromStr>(&mut self) -> Result<T, Error> {
        let before = *self;
        self.word(|c| c.is_ascii_digit() || c == '-').parse().map_err(|_| before.error("a number"))
    }

    pub(super) fn boolean(&mut self) -> Result<bool, Error> {
        match () {
            () if self.take("true") => Ok(true),
            () if self.take("false") => Ok(false),
            () => Err(self.error("true or false")),
        }
    }

    /// `"text"`, without anything escaped.
    pub(super) fn quoted(&mut self) -> Result<&'t str, Error> {
        self.expect("\"")?;
        let word = self.word(|c| c != '"');
        self.expect("\"")?;
        Ok(word)
    }

    /// `0x` and 64 digits.
    pub(super) fn element<S: FieldSpec>(&mut self) -> Result<Fp<S>, Error> {
        let before = *self;
        self.expect("0x")?;
        let digits = self.word(|c| c.is_ascii_hexdigit());
        let mut limbs = [0u64; 4];
        let (limb_digits, rest) = digits.as_bytes().as_chunks::<16>();
        if limb_digits.len() != limbs.len() || !rest.is_empty() {
            return Err(before.error("64 hexadecimal digits"));
        }
        for (limb, digits) in limbs.iter_mut().rev().zip(limb_digits) {
            let value = digits.iter().map(|&digit| char::from(digit).to_digit(16).unwrap_or_default());
            *limb = value.fold(0, |limb, digit| limb << 4 | u64::from(digit));
        }
        Fp::from_canonical(limbs).ok_or_else(|| before.error("an element of the field"))
    }

    /// `[item, item, ...]`
    pub(super) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        self.expect("[")?;
        let mut items = Vec::new();
        while !self.take("]") {
            if !items.is_empty() {
                self.expect(", ")?;
            }
            items.push(item(self)?);
        }
        Ok(items)
    }
}
