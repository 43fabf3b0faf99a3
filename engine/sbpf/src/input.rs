//! The input region of Solana programs (ABIv1): accounts, instruction data, program id.

use crate::Error;

/// How far a program may grow the data of an account.
const SPARE: usize = 10_240;
/// What stands where the index of an earlier account would.
const NOT_A_DUPLICATE: u8 = 0xff;
/// The most accounts, because their index takes a byte and the highest marks what is none.
const MAX_ACCOUNTS: usize = 255;

/// An account as a program sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Its address.
    pub key: [u8; 32],
    /// The program that owns it.
    pub owner: [u8; 32],
    /// Its balance.
    pub lamports: u64,
    /// Its data.
    pub data: Vec<u8>,
    /// Whether its key signed the transaction.
    pub is_signer: bool,
    /// Whether the program may change it.
    pub is_writable: bool,
    /// Whether it is a program.
    pub is_executable: bool,
}

/// Builds the input region.
///
/// ```
/// use parhelion_sbpf::{Account, InputBuilder, InputLayout};
///
/// let account = Account { key: [1; 32], lamports: 5, data: vec![1, 2, 3], ..Account::default() };
/// let input = InputBuilder::new([9; 32]).account(account.clone()).instruction(&[7]).build()?;
/// assert_eq!(InputLayout::parse(&input)?.accounts(&input)?, [account]);
/// # Ok::<(), parhelion_sbpf::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct InputBuilder {
    program_id: [u8; 32],
    accounts: Vec<Account>,
    instruction: Vec<u8>,
}

impl InputBuilder {
    /// An instruction for a program, with no accounts and no data yet.
    pub fn new(program_id: [u8; 32]) -> Self {
        Self { program_id, accounts: Vec::new(), instruction: Vec::new() }
    }

    /// Adds an account. If its key was added before, the program sees a reference to that one, as on a
    /// cluster.
    pub fn account(mut self, account: Account) -> Self {
        self.accounts.push(account);
        self
    }

    /// Sets the instruction data.
    pub fn instruction(mut self, data: &[u8]) -> Self {
        self.instruction = data.to_vec();
        self
    }

    /// The bytes of the input region.
    ///
    /// # Errors
    ///
    /// [`Error::Input`] if there are more than 255 accounts, or two of one key that differ.
    pub fn build(&self) -> Result<Vec<u8>, Error> {
        if self.accounts.len() > MAX_ACCOUNTS {
            let count = self.accounts.len();
            return Err(Error::Input(format!("at most {MAX_ACCOUNTS} accounts are possible, got {count}")));
        }
        let mut to = Vec::new();
        let number = |to: &mut Vec<u8>, number: usize| to.extend_from_slice(&(number as u64).to_le_bytes());
        number(&mut to, self.accounts.len());
        for (index, account) in self.accounts.iter().enumerate() {
            match self.accounts[..index].iter().position(|earlier| earlier.key == account.key) {
                Some(earlier) if self.accounts[earlier] != *account => {
                    return Err(Error::Input(format!(
                        "accounts {earlier} and {index} have one key, but differ"
                    )));
                }
                Some(earlier) => to.extend_from_slice(&[earlier as u8, 0, 0, 0, 0, 0, 0, 0]),
                None => {
                    let flags = [account.is_signer, account.is_writable, account.is_executable].map(u8::from);
                    to.push(NOT_A_DUPLICATE);
                    to.extend_from_slice(&flags);
                    to.extend_from_slice(&[0; 4]);
                    to.extend_from_slice(&account.key);
                    to.extend_from_slice(&account.owner);
                    to.extend_from_slice(&account.lamports.to_le_bytes());
                    number(&mut to, account.data.len());
                    to.extend_from_slice(&account.data);
                    to.resize((to.len() + SPARE).next_multiple_of(8), 0);
                    // The rent epoch of an account that pays none.
                    to.extend_from_slice(&u64::MAX.to_le_bytes());
                }
            }
        }
        number(&mut to, self.instruction.len());
        to.extend_from_slice(&self.instruction);
        to.extend_from_slice(&self.program_id);
        Ok(to)
    }
}

/// Where the accounts are in an input region, so that they can be read from what a program made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputLayout {
    length: usize,
    accounts: Vec<Slot>,
    instruction: std::ops::Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    /// The offset of its first byte and the largest length its data can have.
    At { offset: usize, room: usize },
    /// An earlier account.
    Again(usize),
}

/// Of an account, from its first byte on: flags, keys, balance, length, data.
const KEY: usize = 8;
const OWNER: usize = 40;
const LAMPORTS: usize = 72;
const LENGTH: usize = 80;
const DATA: usize = 88;

impl InputLayout {
    /// Finds the accounts in the input of a program, as it was before it ran.
    ///
    /// # Errors
    ///
    /// [`Error::Input`] if it does not follow the format.
    pub fn parse(input: &[u8]) -> Result<Self, Error> {
        let count = number(input, 0)?;
        if count > MAX_ACCOUNTS {
            return Err(Error::Input(format!("at most {MAX_ACCOUNTS} accounts are possible, got {count}")));
        }
        let (mut accounts, mut offset) = (Vec::new(), 8);
        for index in 0..count {
            match usize::from(bytes::<1>(input, offset)?[0]) {
                earlier if earlier < index => {
                    accounts.push(Slot::Again(earlier));
                    offset += 8;
                }
                other if other == usize::from(NOT_A_DUPLICATE) => {
                    let room = number(input, offset + LENGTH)?.saturating_add(SPARE);
                    accounts.push(Slot::At { offset, room });
                    offset =
                        room.saturating_add(offset + DATA).checked_next_multiple_of(8).ok_or_else(short)?;
                    offset = offset.checked_add(8).filter(|end| *end <= input.len()).ok_or_else(short)?;
                }
                other => {
                    return Err(Error::Input(format!("account {index} cannot repeat account {other}")));
                }
            }
        }
        let begin = offset.checked_add(8).ok_or_else(short)?;
        let end = begin.checked_add(number(input, offset)?).ok_or_else(short)?;
        if end.checked_add(32) != Some(input.len()) {
            return Err(short());
        }
        Ok(Self { length: input.len(), accounts, instruction: begin..end })
    }

    /// The accounts in an input region of this layout: the one parsed, or what became of it.
    ///
    /// # Errors
    ///
    /// [`Error::Input`] if it is of another length or the data of an account grew beyond what it may.
    pub fn accounts(&self, region: &[u8]) -> Result<Vec<Account>, Error> {
        if region.len() != self.length {
            let (got, expected) = (region.len(), self.length);
            return Err(Error::Input(format!("the region is of {got} bytes instead of {expected}")));
        }
        let mut accounts: Vec<Account> = Vec::with_capacity(self.accounts.len());
        for slot in &self.accounts {
            let account = match *slot {
                Slot::Again(earlier) => accounts[earlier].clone(),
                Slot::At { offset, room } => {
                    let [_, is_signer, is_writable, is_executable] =
                        bytes::<4>(region, offset)?.map(|flag| flag != 0);
                    let length = number(region, offset + LENGTH)?;
                    if length > room {
                        return Err(Error::Input(format!(
                            "account data of {length} bytes; {room} have room"
                        )));
                    }
                    Account {
                        key: bytes(region, offset + KEY)?,
                        owner: bytes(region, offset + OWNER)?,
                        lamports: u64::from_le_bytes(bytes(region, offset + LAMPORTS)?),
                        data: region.get(offset + DATA..offset + DATA + length).ok_or_else(short)?.to_vec(),
                        is_signer,
                        is_writable,
                        is_executable,
                    }
                }
            };
            accounts.push(account);
        }
        Ok(accounts)
    }

    /// Where the instruction data is.
    pub fn instruction(&self) -> std::ops::Range<usize> {
        self.instruction.clone()
    }
}

fn short() -> Error {
    Error::Input("its length is not what its accounts and data add up to".into())
}

fn bytes<const N: usize>(input: &[u8], offset: usize) -> Result<[u8; N], Error> {
    let slice = input.get(offset..).and_then(|rest| rest.first_chunk::<N>());
    slice.copied().ok_or_else(short)
}

fn number(input: &[u8], offset: usize) -> Result<usize, Error> {
    Ok(usize::try_from(u64::from_le_bytes(bytes(input, offset)?)).unwrap_or(usize::MAX))
}
