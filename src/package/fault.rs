//! Why a package is refused or cannot be read, and how much may be read of one.

use std::cell::Cell;
use std::io;

/// The largest manifest.
pub(super) const MANIFEST: u64 = 4 << 20;
/// The most packages in a bundle, by its schema.
pub(super) const PACKAGES: usize = 10_000;
/// The largest package that is looked into where it is compressed as a whole.
pub(super) const COMPRESSED: u64 = 4 << 30;

/// Why there is nothing to tell.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is no package, or a broken one.
    Wrong(String),
    /// It may well be a package, but nobody can tell.
    Unreadable(String),
}

impl Fault {
    pub(super) fn wrong(problem: impl Into<String>) -> Self {
        Self::Wrong(problem.into())
    }

    pub(super) fn problem(self) -> String {
        match self {
            Self::Wrong(problem) | Self::Unreadable(problem) => problem,
        }
    }

    /// For what lies in another file.
    pub(super) fn inside(self, name: &str) -> Self {
        match self {
            Self::Wrong(problem) => Self::Wrong(format!("{name} in it: {problem}")),
            unreadable @ Self::Unreadable(_) => unreadable,
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::QuotaExceeded => Self::Unreadable(error.to_string()),
            io::ErrorKind::UnexpectedEof => Self::wrong("it is cut off, or its ZIP directory is wrong"),
            io::ErrorKind::InvalidData => Self::Wrong(error.to_string()),
            _ => Self::Wrong(format!("it cannot be read ({error})")),
        }
    }
}

/// What may still be read in one inspection. Entries of a ZIP can overlap, so that a small file holds endlessly much.
#[derive(Debug)]
pub(super) struct Budget {
    /// Bytes of ZIP directories.
    pub(super) directories: Cell<u64>,
    /// Bytes of manifests.
    pub(super) manifests: Cell<u64>,
    /// Bytes into and out of decompression.
    pub(super) inflated: Cell<u64>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            directories: Cell::new(256 << 20),
            manifests: Cell::new(64 << 20),
            inflated: Cell::new(3 * COMPRESSED),
        }
    }
}

/// Takes an amount out of a budget.
pub(super) fn spend(budget: &Cell<u64>, amount: u64) -> io::Result<()> {
    let left = budget.get().checked_sub(amount);
    budget.set(left.unwrap_or_default());
    left.map(|_| ())
        .ok_or_else(|| io::Error::new(io::ErrorKind::QuotaExceeded, "it is too large to look into"))
}
