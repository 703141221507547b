//! How a server refuses, and what to do about it: a value for each, so that another API is one more value.

use crate::error::{ErrorBody, advice};

/// What answers mean.
pub(crate) struct Dialect {
    /// Reads an answer of any status, with the secrets that it may repeat: what it says if it is a no. An API may say no with
    /// status 200.
    pub(crate) refusal: fn(status: u16, body: &[u8], known: &[&str]) -> Option<ErrorBody>,
    /// What to do about it.
    pub(crate) advice: advice::Advise,
    /// Whether a write that fails may have changed something that a caller would ask for.
    pub(crate) writes: bool,
}

/// The packaged-app API.
pub(crate) static SUBMISSIONS: Dialect = Dialect {
    refusal: by_status,
    advice: advice::of_the_api,
    writes: true,
};

/// The token endpoint: it gets the credentials and nothing else.
pub(crate) static TOKENS: Dialect = Dialect {
    refusal: by_status,
    advice: advice::of_the_token_endpoint,
    writes: false,
};

/// The blob store: its link is the credential; the bearer never goes there.
pub(crate) static BLOBS: Dialect = Dialect {
    refusal: by_status,
    advice: advice::of_the_blob_store,
    writes: true,
};

/// Any 2xx is a yes.
fn by_status(status: u16, body: &[u8], known: &[&str]) -> Option<ErrorBody> {
    (!(200..300).contains(&status)).then(|| ErrorBody::parse(body, known))
}
