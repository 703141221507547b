//! The one error of the crate.

mod input;

pub use self::input::InvalidInput;

/// Everything that can go wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something given to the crate cannot be used; nothing was sent.
    #[error(transparent)]
    InvalidInput(#[from] Box<InvalidInput>),
}

/// A result with the error of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
