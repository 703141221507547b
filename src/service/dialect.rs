//! How a server refuses, and what to do about it: a value for each, so that another API is one more value.

use serde_json::Value;

use crate::error::{ErrorBody, advice, sign_in};
use crate::model::member::member;

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

/// The API for MSI and EXE apps. Its answers are envelopes, which may say no with any status.
pub(crate) static MSI: Dialect = Dialect {
    refusal: |status, body, known| {
        let says_no =
            || serde_json::from_slice(body).is_ok_and(|body: Value| member(&body, "isSuccess") == Some(&Value::Bool(false)));
        (!(200..300).contains(&status) || says_no()).then(|| ErrorBody::parse(body, known))
    },
    advice: advice::of_msi,
    writes: true,
};

/// The blob store: its link is the credential; the bearer never goes there.
pub(crate) static BLOBS: Dialect = Dialect {
    refusal: by_status,
    advice: advice::of_the_blob_store,
    writes: true,
};

/// Whoever serves an installer to the Store.
pub(crate) static DOWNLOADS: Dialect = Dialect {
    refusal: by_status,
    advice: advice::of_a_download,
    writes: false,
};

/// Any 2xx is a yes.
fn by_status(status: u16, body: &[u8], known: &[&str]) -> Option<ErrorBody> {
    (!(200..300).contains(&status)).then(|| ErrorBody::parse(body, known))
}

/// Who gives tokens or assertions. A request to one gets the credentials and nothing else, and changes nothing.
pub(crate) struct IdentityProvider {
    /// As it stands in errors.
    pub(crate) name: &'static str,
    pub(crate) dialect: Dialect,
}

impl IdentityProvider {
    const fn new(name: &'static str, advice: advice::Advise) -> Self {
        let dialect = Dialect {
            refusal: by_status,
            advice,
            writes: false,
        };
        Self { name, dialect }
    }
}

/// Microsoft Entra ID.
pub(crate) static ENTRA: IdentityProvider = IdentityProvider::new("Entra ID", sign_in::of_entra);

/// The OIDC endpoint of GitHub Actions.
pub(crate) static GITHUB: IdentityProvider = IdentityProvider::new("GitHub", sign_in::of_github);

/// The OIDC endpoint of Azure Pipelines. What it does not know it sends to a page, with a 302 or a 203.
pub(crate) static AZURE_DEVOPS: IdentityProvider = IdentityProvider {
    name: "Azure DevOps",
    dialect: Dialect {
        refusal: |status, body, known| (status != 200).then(|| ErrorBody::parse(body, known)),
        advice: sign_in::of_azure_devops,
        writes: false,
    },
};

/// Whoever a provider outside this crate asks.
pub(crate) static ANYBODY: IdentityProvider = IdentityProvider::new("", sign_in::of_a_token_endpoint);
