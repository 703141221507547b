//! Why a package is refused or cannot be read, and how much may be read of one.

use std::cell::Cell;
use std::io;

use zip::result::ZipError;

/// The largest manifest.
pub(super) const MANIFEST: u64 = 4 << 20;
/// The largest number of packages in a bundle, by its schema.
pub(super) const PACKAGES: usize = 10_000;
/// The largest package that is unpacked because it is compressed in its container.
pub(super) const COMPRESSED: u64 = 4 << 30;
/// How much of such a package is held in memory, and not in a temporary file.
pub(super) const IN_MEMORY: usize = 16 << 20;

/// Why a file is not looked into.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is not a package, or a damaged one.
    Wrong(String),
    /// It may be a sound package, but cannot be read.
    Unreadable(String),
}

impl Fault {
    pub(super) fn wrong(problem: impl Into<String>) -> Self {
        Self::Wrong(problem.into())
    }

    pub(super) fn unreadable(reason: impl Into<String>) -> Self {
        Self::Unreadable(reason.into())
    }

    pub(super) fn problem(self) -> String {
        match self {
            Self::Wrong(problem) | Self::Unreadable(problem) => problem,
        }
    }

    /// Names the file in another file that it is about.
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
            io::ErrorKind::QuotaExceeded => Self::unreadable(error.to_string()),
            io::ErrorKind::UnexpectedEof => Self::wrong("it is cut off, or its ZIP directory is wrong"),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Self::wrong(format!("it is damaged ({error})")),
            _ => Self::wrong(format!("it cannot be read ({error})")),
        }
    }
}

impl From<ZipError> for Fault {
    fn from(error: ZipError) -> Self {
        match error {
            ZipError::Io(error) => error.into(),
            error => Self::wrong(format!("it is damaged ({error})")),
        }
    }
}

/// What may still be read in one inspection. Entries of a ZIP can overlap, so that a small file holds endlessly much.
#[derive(Debug)]
pub(super) struct Budget {
    /// Bytes of ZIP directories. They are held in memory, as about ten times as much.
    pub(super) directories: Cell<u64>,
    /// Bytes of manifests, packed and unpacked.
    pub(super) manifests: Cell<u64>,
    /// Bytes of packages that are compressed in their container, packed and unpacked.
    pub(super) unpacking: Cell<u64>,
    now: Cell<Spending>,
}

/// What is being read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Spending {
    Directories,
    Manifests,
    Unpacking,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            directories: Cell::new(64 << 20),
            manifests: Cell::new(64 << 20),
            unpacking: Cell::new(3 * COMPRESSED),
            now: Cell::new(Spending::Directories),
        }
    }
}

impl Budget {
    /// Says what is read from now on.
    pub(super) fn spend_on(&self, what: Spending) {
        self.now.set(what);
    }

    pub(super) fn spends_on(&self, what: Spending) -> bool {
        self.now.get() == what
    }

    /// Takes an amount out of what is left.
    pub(super) fn spend(&self, amount: u64) -> io::Result<()> {
        let left = self.left().get().checked_sub(amount);
        self.left().set(left.unwrap_or_default());
        left.map(|_| ()).ok_or_else(too_large)
    }

    /// Fails if less is left than an amount.
    pub(super) fn allow(&self, amount: u64) -> io::Result<()> {
        let allowed = amount <= self.left().get();
        allowed.then_some(()).ok_or_else(too_large)
    }

    fn left(&self) -> &Cell<u64> {
        match self.now.get() {
            Spending::Directories => &self.directories,
            Spending::Manifests => &self.manifests,
            Spending::Unpacking => &self.unpacking,
        }
    }
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::QuotaExceeded, "it is too large to look into")
}
