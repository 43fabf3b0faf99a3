//! Programs from assembly text, for tests and examples.

use solana_sbpf::assembler::assemble;

use crate::{Error, Program, Version, program::loader};

/// Assembly text in the syntax of `solana-sbpf`'s assembler. The entry is the label
/// `entrypoint`, or else the first instruction. Labels of functions begin with `function_`.
///
/// ```
/// use parhelion_sbpf::Assembly;
///
/// let program = Assembly::v3("
///     mov64 r0, 7
///     call function_twice
///     exit
/// function_twice:
///     add64 r0, r0
///     exit
/// ").build()?;
/// assert_eq!(program.instructions().len(), 5);
/// # Ok::<(), parhelion_sbpf::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Assembly<'t> {
    text: &'t str,
    version: Version,
}

impl<'t> Assembly<'t> {
    /// Text of a V0 program.
    pub fn v0(text: &'t str) -> Self {
        Self { text, version: Version::V0 }
    }

    /// Text of a V3 program.
    pub fn v3(text: &'t str) -> Self {
        Self { text, version: Version::V3 }
    }

    /// Assembles, verifies and decodes.
    ///
    /// # Errors
    ///
    /// [`Error::Assembly`] if the text is wrong, [`Error::Rejected`] if the program is.
    pub fn build(&self) -> Result<Program, Error> {
        let executable = assemble(self.text, loader(self.version.sbpf())?).map_err(Error::Assembly)?;
        Program::decode(&executable)
    }
}
