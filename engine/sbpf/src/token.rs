//! Token accounts and transfers, as the SPL Token programs and those compatible with them lay them out.

use crate::{Account, Error, InputBuilder};

/// What a rent-exempt account of 165 bytes holds.
const RENT: u64 = 2_039_280;
/// Offsets in the data of a token account.
const OWNER: usize = 32;
const AMOUNT: usize = 64;
const STATE: usize = 108;

/// The state of a token account without delegate, native reserve or close authority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenAccount {
    /// The kind of token.
    pub mint: [u8; 32],
    /// Who may transfer.
    pub owner: [u8; 32],
    /// The balance.
    pub amount: u64,
}

impl TokenAccount {
    /// The length of its data.
    pub const LENGTH: usize = 165;

    /// The account data.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut data = vec![0; Self::LENGTH];
        data[..OWNER].copy_from_slice(&self.mint);
        data[OWNER..AMOUNT].copy_from_slice(&self.owner);
        data[AMOUNT..AMOUNT + 8].copy_from_slice(&self.amount.to_le_bytes());
        data[STATE] = 1;
        data
    }

    /// Reads account data.
    ///
    /// # Errors
    ///
    /// [`Error::Input`] if it is too short or not initialised.
    pub fn from_bytes(data: &[u8]) -> Result<Self, Error> {
        if data.len() < Self::LENGTH || data[STATE] == 0 {
            let length = data.len();
            return Err(Error::Input(format!("{length} bytes are no initialised token account")));
        }
        let key = |offset: usize| std::array::from_fn(|index| data[offset + index]);
        let amount = std::array::from_fn(|index| data[AMOUNT + index]);
        Ok(Self { mint: key(0), owner: key(OWNER), amount: u64::from_le_bytes(amount) })
    }
}

/// A transfer between two token accounts of one mint, signed by the owner of the first.
///
/// ```
/// use parhelion_sbpf::{InputLayout, TokenAccount, TokenTransfer};
///
/// let input = TokenTransfer { amount: 30, ..TokenTransfer::default() }.input([6; 32]).build()?;
/// let accounts = InputLayout::parse(&input)?.accounts(&input)?;
/// assert_eq!(TokenAccount::from_bytes(&accounts[0].data)?.amount, 100);
/// # Ok::<(), parhelion_sbpf::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenTransfer {
    /// How much.
    pub amount: u64,
    /// What the source has before.
    pub source_amount: u64,
    /// What the destination has before.
    pub destination_amount: u64,
    /// The kind of token.
    pub mint: [u8; 32],
    /// The addresses of source, destination and owner.
    pub keys: [[u8; 32]; 3],
}

impl Default for TokenTransfer {
    /// 1 out of 100 to an account with 5.
    fn default() -> Self {
        Self {
            amount: 1,
            source_amount: 100,
            destination_amount: 5,
            mint: [4; 32],
            keys: [[1; 32], [2; 32], [3; 32]],
        }
    }
}

impl TokenTransfer {
    /// The input of the program with that address: instruction 3, `Transfer`.
    pub fn input(&self, program_id: [u8; 32]) -> InputBuilder {
        let [source, destination, owner] = self.keys;
        let account = |key, owner_of_tokens, amount| Account {
            key,
            owner: program_id,
            lamports: RENT,
            data: TokenAccount { mint: self.mint, owner: owner_of_tokens, amount }.to_bytes(),
            is_writable: true,
            ..Account::default()
        };
        let mut instruction = vec![3];
        instruction.extend_from_slice(&self.amount.to_le_bytes());
        InputBuilder::new(program_id)
            .account(account(source, owner, self.source_amount))
            .account(account(destination, destination, self.destination_amount))
            .account(Account { key: owner, lamports: RENT, is_signer: true, ..Account::default() })
            .instruction(&instruction)
    }
}
