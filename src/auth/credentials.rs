//! The credentials that the environment names: one rule, which neither tries anything nor falls through.

use std::fmt;
use std::sync::Arc;

use crate::auth::client_assertion::{NOT_A_JWT, is_jwt};
use crate::auth::entra::App;
use crate::auth::variables::{Variables, named};
use crate::auth::{
    AccessToken, AssertionSource, AzureCli, AzurePipelines, BoxFuture, ClientAssertion, ClientSecret, FixedAssertion,
    GitHubActions, TokenContext, TokenFile, TokenProvider,
};
use crate::error::Error;

const AUTH: &str = "MSSTORE_AUTH";
const ASSERTION: &str = "MSSTORE_CLIENT_ASSERTION";
const ASSERTION_FILE: &str = "MSSTORE_CLIENT_ASSERTION_FILE";
const FEDERATED_TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
const AUTHORITY: &str = "AZURE_AUTHORITY_HOST";

/// What follows a prefix. The task of Azure Pipelines sets ids alone.
const NAMES: [&str; 4] = ["TENANT_ID", "CLIENT_ID", "CLIENT_SECRET", "CLIENT_CERTIFICATE_PATH"];
const PREFIXES: [(&str, &[&str]); 3] = [
    ("MSSTORE", &NAMES),
    ("AZURE", &NAMES),
    ("AZURESUBSCRIPTION", &["TENANT_ID", "CLIENT_ID"]),
];

/// What makes credentials without a prefix.
const OTHERS: [&str; 5] = [
    AUTH,
    ASSERTION,
    ASSERTION_FILE,
    FEDERATED_TOKEN_FILE,
    "MSSTORE_SERVICE_CONNECTION_ID",
];

/// The ways of signing in that the environment can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialKind {
    /// [`ClientSecret`].
    ClientSecret,
    /// [`ClientAssertion`] with a [`FixedAssertion`].
    FixedAssertion,
    /// [`ClientAssertion`] with a [`TokenFile`].
    TokenFile,
    /// [`ClientAssertion`] with [`GitHubActions`].
    GitHubActions,
    /// [`ClientAssertion`] with [`AzurePipelines`].
    AzurePipelines,
    /// [`AzureCli`].
    AzureCli,
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientSecret => "a client secret",
            Self::FixedAssertion => "an assertion from the environment",
            Self::TokenFile => "an assertion from a file",
            Self::GitHubActions => "an assertion of GitHub Actions",
            Self::AzurePipelines => "an assertion of Azure Pipelines",
            Self::AzureCli => "the Azure CLI",
        })
    }
}

/// The credentials that an environment names, by the rule of the [module](crate::auth#the-environment). It is a provider of tokens.
///
/// `Display` says which way it signs in, and as which app; nothing secret.
///
/// ```
/// use msstore::auth::{CredentialKind, Credentials};
///
/// let job = |name: &str| match name {
///     "MSSTORE_TENANT_ID" => Some("contoso.onmicrosoft.com".to_owned()),
///     "MSSTORE_CLIENT_ID" => Some("b3a1f9d2-0c58-4a37-8e1c-2f4d6a8c0eaf".to_owned()),
///     "AZURE_FEDERATED_TOKEN_FILE" => Some("/var/run/secrets/azure/tokens/azure-identity-token".to_owned()),
///     _ => None,
/// };
/// let credentials = Credentials::from_variables(job)?.expect("they are set");
/// assert_eq!(credentials.kind(), CredentialKind::TokenFile);
///
/// assert!(Credentials::from_variables(|_| None)?.is_none());
/// # Ok::<(), msstore::Error>(())
/// ```
#[derive(Clone)]
pub struct Credentials {
    kind: CredentialKind,
    /// The tenant and the client, where they are known.
    app: Option<(String, String)>,
    provider: Arc<dyn TokenProvider>,
}

impl Credentials {
    /// Returns the credentials of the environment of this process, or `None` if no variable names any.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) that names the variables which are missing, cannot be used, or are
    /// in each other's way.
    pub fn from_env() -> Result<Option<Self>, Error> {
        Self::find(&Variables::of_env())
    }

    /// Returns the credentials of these variables, or `None` if none names any. An empty value counts as not set.
    ///
    /// # Errors
    ///
    /// Those of [`from_env`](Self::from_env).
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, Error> {
        Self::find(&Variables(&variable))
    }

    /// Returns the way of signing in.
    #[must_use]
    pub fn kind(&self) -> CredentialKind {
        self.kind
    }

    /// As [`from_variables`](Self::from_variables), where there must be some.
    pub(crate) fn required(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let variables = Variables(&variable);
        if let Some(found) = Self::find(&variables)? {
            return Ok(found);
        }
        let offers = match (GitHubActions::offered(&variables), AzurePipelines::offered(&variables)) {
            (Ok(None), Ok(None)) => None,
            (Ok(None), _) => Some("Azure Pipelines"),
            _ => Some("GitHub Actions"),
        };
        let names = ["MSSTORE_TENANT_ID", "MSSTORE_CLIENT_ID", "MSSTORE_CLIENT_SECRET"];
        Err(Error::invalid(
            "the environment",
            match offers {
                Some(of) => format!(
                    "{}; a job of {of} needs no secret besides: see msstore::auth",
                    not_set(&names[..2])
                ),
                None => not_set(&names) + OFFERS,
            },
        ))
    }

    fn find(variables: &Variables<'_>) -> Result<Option<Self>, Error> {
        let is_begun = |(prefix, names): &&(&str, &[&str])| names.iter().any(|name| variables.has(&format!("{prefix}_{name}")));
        let begun = PREFIXES.iter().find(is_begun);
        if begun.is_none() && !OTHERS.iter().any(|name| variables.has(name)) {
            return Ok(None);
        }
        let &(prefix, of_prefix) = begun.unwrap_or(&PREFIXES[0]);
        let names = NAMES.map(|name| format!("{}_{name}", if of_prefix.contains(&name) { prefix } else { "MSSTORE" }));
        let [tenant, client] = [&names[0], &names[1]].map(|name| variables.get(name));
        match variables.get(AUTH).as_deref() {
            None => {}
            Some("azure-cli") => return Self::of_azure_cli(tenant, &names[0]).map(Some),
            Some(_) => return Err(Error::invalid(named(AUTH), "it must be azure-cli, or not set")),
        }
        // What is nearest is told: ids that are missing before what a CI system lacks, and the secret if there is nothing.
        let proof = Proof::find(variables, &names);
        let is_bare = matches!(proof, Ok(None));
        let parts = [
            (tenant.is_none(), &names[0]),
            (client.is_none(), &names[1]),
            (is_bare, &names[2]),
        ];
        let missing: Vec<&str> = parts.iter().filter(|part| part.0).map(|part| part.1.as_str()).collect();
        match (tenant, client, proof) {
            (Some(tenant), Some(client), Ok(Some(proof))) => Self::new(variables, &names, tenant, client, proof).map(Some),
            (Some(_), Some(_), Err(error)) => Err(error),
            _ => {
                let is_missing = |name: &&&str| missing.iter().any(|missing| missing.ends_with(**name));
                let others = PREFIXES.iter().filter(|(other, _)| *other != prefix);
                let mut others =
                    others.flat_map(|(other, _)| NAMES.iter().filter(is_missing).map(move |name| format!("{other}_{name}")));
                let mixed = others.find(|name| variables.has(name));
                let mixed = mixed.map(|name| {
                    format!("; {name} is set, and prefixes do not mix: one variable with {prefix}_ makes it that of all")
                });
                let offers = if is_bare && mixed.is_none() { OFFERS } else { "" };
                Err(Error::invalid(
                    "the environment",
                    not_set(&missing) + &mixed.unwrap_or_default() + offers,
                ))
            }
        }
    }

    fn of_azure_cli(tenant: Option<String>, tenant_name: &str) -> Result<Self, Error> {
        let mut provider = AzureCli::new();
        if let Some(tenant) = tenant {
            provider = provider.tenant_id(tenant);
            provider.check_as(&named(tenant_name))?;
        }
        Ok(Self {
            kind: CredentialKind::AzureCli,
            app: None,
            provider: Arc::new(provider),
        })
    }

    fn new(variables: &Variables<'_>, names: &[String; 4], tenant: String, client: String, proof: Proof) -> Result<Self, Error> {
        let mut app = App::new(tenant.clone(), client.clone());
        if let Some(authority) = variables.get(AUTHORITY) {
            app.set_authority(authority);
        }
        let names = [&names[0], &names[1], AUTHORITY].map(named);
        app.check(names.each_ref().map(String::as_str))?;
        let (kind, provider): (_, Arc<dyn TokenProvider>) = match proof {
            Proof::Secret(secret) => (CredentialKind::ClientSecret, Arc::new(ClientSecret::of(app, secret.into()))),
            Proof::Assertion(kind, source) => (kind, Arc::new(ClientAssertion::of(app, source))),
        };
        Ok(Self {
            kind,
            app: Some((tenant, client)),
            provider,
        })
    }
}

/// What proves that it is the app.
enum Proof {
    Secret(String),
    Assertion(CredentialKind, Arc<dyn AssertionSource>),
}

impl Proof {
    /// The first that is set, with the names of the variables with a prefix.
    fn find(variables: &Variables<'_>, [_, _, secret_name, certificate_name]: &[String; 4]) -> Result<Option<Self>, Error> {
        if let Some(secret) = variables.get(secret_name) {
            return Ok(Some(Self::Secret(secret)));
        }
        if variables.has(certificate_name) {
            let how = "it cannot be read here; sign in with `az login --service-principal --certificate`, and set MSSTORE_AUTH=azure-cli";
            return Err(Error::invalid(named(certificate_name), how));
        }
        let of_file = |path| {
            (
                CredentialKind::TokenFile,
                Arc::new(TokenFile::new(path)) as Arc<dyn AssertionSource>,
            )
        };
        let lacks = |what| Error::invalid("the environment", format!("{secret_name} is not set, and {what}"));
        let (kind, source) = match (variables.get(ASSERTION), variables.get(ASSERTION_FILE)) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid(
                    "the environment",
                    format!("{ASSERTION} and {ASSERTION_FILE} are both set: keep one"),
                ));
            }
            (Some(jwt), None) if !is_jwt(&jwt) => return Err(Error::invalid(named(ASSERTION), format!("it {NOT_A_JWT}"))),
            (Some(jwt), None) => (CredentialKind::FixedAssertion, Arc::new(FixedAssertion::new(jwt)) as _),
            (None, Some(path)) => of_file(path),
            (None, None) => {
                if let Some(path) = variables.get(FEDERATED_TOKEN_FILE) {
                    of_file(path)
                } else if let Some(source) = GitHubActions::offered(variables).map_err(lacks)? {
                    (CredentialKind::GitHubActions, Arc::new(source) as _)
                } else if let Some(source) = AzurePipelines::offered(variables).map_err(lacks)? {
                    (CredentialKind::AzurePipelines, Arc::new(source) as _)
                } else {
                    return Ok(None);
                }
            }
        };
        Ok(Some(Self::Assertion(kind, source)))
    }
}

/// What serves instead of a secret.
const OFFERS: &str = "; instead of the secret serve MSSTORE_CLIENT_ASSERTION or MSSTORE_CLIENT_ASSERTION_FILE, AZURE_FEDERATED_TOKEN_FILE, and a \
    job of GitHub Actions or Azure Pipelines, or instead of all MSSTORE_AUTH=azure-cli: see msstore::auth";

/// Returns the sentence that says which variables are missing.
fn not_set(names: &[&str]) -> String {
    match names {
        [others @ .., last] if !others.is_empty() => format!("{} and {last} are not set", others.join(", ")),
        _ => format!("{} is not set", names.concat()),
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Credentials").field(&self.provider).finish()
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        match &self.app {
            Some((tenant, client)) => write!(f, ", as the app {client} of the tenant {tenant}"),
            None => Ok(()),
        }
    }
}

impl TokenProvider for Credentials {
    fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
        self.provider.token(context)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn find(variables: &[(&str, &str)]) -> Result<Option<Credentials>, Error> {
        let variables: HashMap<&str, &str> = variables.iter().copied().collect();
        Credentials::from_variables(|name| variables.get(name).map(ToString::to_string))
    }

    const IDS: [(&str, &str); 2] = [("MSSTORE_TENANT_ID", "t1"), ("MSSTORE_CLIENT_ID", "c1")];
    const SECRET: (&str, &str) = ("MSSTORE_CLIENT_SECRET", "s1");
    const AZURE_IDS: [(&str, &str); 2] = [("AZURE_TENANT_ID", "t2"), ("AZURE_CLIENT_ID", "c2")];
    const AZURE_SECRET: (&str, &str) = ("AZURE_CLIENT_SECRET", "s2");
    const TASK_IDS: [(&str, &str); 2] = [("AZURESUBSCRIPTION_TENANT_ID", "t3"), ("AZURESUBSCRIPTION_CLIENT_ID", "c3")];
    const JWT: (&str, &str) = (ASSERTION, "eyJh.hunter2.c2ln");
    const FILE: (&str, &str) = (ASSERTION_FILE, "/a/file");
    const FEDERATED: (&str, &str) = (FEDERATED_TOKEN_FILE, "/b/file");
    const GITHUB: [(&str, &str); 3] = [
        ("GITHUB_ACTIONS", "true"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://g/x?api-version=2.0"),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "hunter2"),
    ];
    const PIPELINES: [(&str, &str); 4] = [
        ("TF_BUILD", "True"),
        ("SYSTEM_OIDCREQUESTURI", "https://d/x"),
        ("SYSTEM_ACCESSTOKEN", "hunter2"),
        ("MSSTORE_SERVICE_CONNECTION_ID", "a-connection"),
    ];
    const TASK_CONNECTION: (&str, &str) = ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "the-tasks");

    #[test]
    fn the_first_that_is_set_is_taken() {
        use CredentialKind::{AzurePipelines, ClientSecret, FixedAssertion, GitHubActions, TokenFile};
        let all = [&IDS[..], &[SECRET], &[FILE, FEDERATED], &GITHUB, &PIPELINES].concat();
        let table = [
            // variables, kind, what `Debug` shows
            ([&IDS[..], &[SECRET]].concat(), ClientSecret, "t1"),
            ([&AZURE_IDS[..], &[AZURE_SECRET]].concat(), ClientSecret, "t2"),
            (
                [&IDS[..], &[SECRET], &AZURE_IDS, &[AZURE_SECRET]].concat(),
                ClientSecret,
                "t1",
            ),
            (all.clone(), ClientSecret, "t1"),
            (
                [
                    &[("MSSTORE_TENANT_ID", ""), ("MSSTORE_CLIENT_ID", " ")],
                    &AZURE_IDS[..],
                    &[AZURE_SECRET],
                ]
                .concat(),
                ClientSecret,
                "t2",
            ),
            (
                [&IDS[..], &[JWT, FEDERATED], &GITHUB].concat(),
                FixedAssertion,
                "FixedAssertion",
            ),
            ([&IDS[..], &[FILE, FEDERATED], &GITHUB].concat(), TokenFile, "/a/file"),
            ([&AZURE_IDS[..], &[FEDERATED], &GITHUB].concat(), TokenFile, "/b/file"),
            ([&IDS[..], &GITHUB].concat(), GitHubActions, "https://g/x"),
            ([&IDS[..], &GITHUB, &PIPELINES].concat(), GitHubActions, "https://g/x"),
            ([&AZURE_IDS[..], &GITHUB[1..]].concat(), GitHubActions, "t2"),
            ([&IDS[..], &PIPELINES].concat(), AzurePipelines, "a-connection"),
            (
                [&IDS[..], &PIPELINES, &[TASK_CONNECTION]].concat(),
                AzurePipelines,
                "a-connection",
            ),
            (
                [&TASK_IDS[..], &PIPELINES[..3], &[TASK_CONNECTION]].concat(),
                AzurePipelines,
                "the-tasks",
            ),
            ([&TASK_IDS[..], &IDS, &PIPELINES].concat(), AzurePipelines, "t1"),
            (
                [&all[..], &[(AUTH, "azure-cli")]].concat(),
                CredentialKind::AzureCli,
                "AzureCli",
            ),
            (vec![(AUTH, "azure-cli")], CredentialKind::AzureCli, "AzureCli"),
        ];
        for (variables, kind, part) in table {
            let found = find(&variables).unwrap().unwrap();
            let shown = format!("{found:?}");
            assert_eq!(found.kind(), kind, "{variables:?}");
            assert!(shown.contains(part) && !shown.contains("hunter2"), "{shown}");
            assert!(found.to_string().starts_with(&kind.to_string()), "{found}");
        }
        let found = find(&[&IDS[..], &GITHUB].concat()).unwrap().unwrap();
        assert_eq!(
            found.to_string(),
            "an assertion of GitHub Actions, as the app c1 of the tenant t1"
        );
    }

    #[test]
    fn what_a_ci_system_offers_by_itself_is_not_credentials() {
        for variables in [
            &[][..],
            &GITHUB,
            &PIPELINES[..3],
            &[("AZURE_CLIENT_ID", " ")],
            &[("AZURE_AUTHORITY_HOST", "https://h")],
        ] {
            assert!(find(variables).unwrap().is_none(), "{variables:?}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let table = [
            (
                IDS[1..].to_vec(),
                "MSSTORE_TENANT_ID and MSSTORE_CLIENT_SECRET are not set; instead of",
            ),
            (IDS.to_vec(), "MSSTORE_CLIENT_SECRET is not set; instead of the secret serve"),
            (
                [&IDS[1..], &AZURE_IDS, &[AZURE_SECRET]].concat(),
                "MSSTORE_TENANT_ID and MSSTORE_CLIENT_SECRET are not set",
            ),
            (vec![AZURE_SECRET], "AZURE_TENANT_ID and AZURE_CLIENT_ID are not set"),
            // What GitHub offers stands for the secret.
            ([&IDS[1..], &GITHUB].concat(), "used: MSSTORE_TENANT_ID is not set"),
            (vec![JWT], "MSSTORE_TENANT_ID and MSSTORE_CLIENT_ID are not set"),
            (vec![FEDERATED], "MSSTORE_TENANT_ID and MSSTORE_CLIENT_ID are not set"),
            // The ids first, whatever else is wrong.
            ([&IDS[1..], &GITHUB[..1]].concat(), "used: MSSTORE_TENANT_ID is not set"),
            (
                [&IDS[..], &GITHUB[..1]].concat(),
                "MSSTORE_CLIENT_SECRET is not set, and ACTIONS_ID_TOKEN_REQUEST_URL is not set, so GitHub offers no assertion: give the job `permissions: id-token: write`",
            ),
            ([&IDS[..], &GITHUB[..2]].concat(), "ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set"),
            ([&IDS[..], &GITHUB[2..]].concat(), "ACTIONS_ID_TOKEN_REQUEST_URL is not set"),
            ([&IDS[..], &PIPELINES[..1]].concat(), "SYSTEM_OIDCREQUESTURI is not set"),
            (
                [&IDS[..], &PIPELINES[1..2]].concat(),
                "SYSTEM_ACCESSTOKEN is not set, so Azure DevOps offers no assertion: map it",
            ),
            (
                [&IDS[..], &PIPELINES[..3]].concat(),
                "MSSTORE_SERVICE_CONNECTION_ID is not set",
            ),
            (
                PIPELINES[3..].to_vec(),
                "MSSTORE_TENANT_ID, MSSTORE_CLIENT_ID and MSSTORE_CLIENT_SECRET are not set",
            ),
            (TASK_IDS.to_vec(), "MSSTORE_CLIENT_SECRET is not set; instead of"),
        ];
        for (variables, words) in table {
            let error = find(&variables).unwrap_err();
            assert_eq!(
                (error.kind(), error.target()),
                (crate::ErrorKind::InvalidInput, Some("the environment"))
            );
            assert!(error.to_string().contains(words), "{variables:?}: {error}");
        }
    }

    #[test]
    fn where_there_must_be_some_it_is_said_what_is_nearest() {
        let table: [(&[(&str, &str)], &str); 6] = [
            (
                &[],
                "MSSTORE_TENANT_ID, MSSTORE_CLIENT_ID and MSSTORE_CLIENT_SECRET are not set; instead of the secret serve",
            ),
            (
                &GITHUB,
                "MSSTORE_TENANT_ID and MSSTORE_CLIENT_ID are not set; a job of GitHub Actions needs no secret besides",
            ),
            (
                &GITHUB[..1],
                "MSSTORE_TENANT_ID and MSSTORE_CLIENT_ID are not set; a job of GitHub Actions",
            ),
            (
                &PIPELINES[..3],
                "MSSTORE_TENANT_ID and MSSTORE_CLIENT_ID are not set; a job of Azure Pipelines",
            ),
            (
                &[AZURE_IDS[0], AZURE_IDS[1], SECRET],
                "MSSTORE_TENANT_ID and MSSTORE_CLIENT_ID are not set; AZURE_TENANT_ID is set, and prefixes do not mix",
            ),
            (
                &[IDS[0], IDS[1], AZURE_SECRET],
                "MSSTORE_CLIENT_SECRET is not set; AZURE_CLIENT_SECRET is set, and prefixes do not mix",
            ),
        ];
        for (variables, words) in table {
            let find = |name: &str| {
                variables
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| (*value).to_owned())
            };
            let error = Credentials::required(find).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("the environment cannot be used: {words}")),
                "{error}"
            );
        }
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let secret = [&IDS[..], &[SECRET]].concat();
        let table = [
            (
                [&[("MSSTORE_TENANT_ID", "a/b")], &secret[1..]].concat(),
                "the environment variable MSSTORE_TENANT_ID cannot be used: ",
            ),
            (
                [&[("AZURE_AUTHORITY_HOST", "http://example.com")], &secret[..]].concat(),
                "the environment variable AZURE_AUTHORITY_HOST ",
            ),
            (
                [&[("MSSTORE_CLIENT_CERTIFICATE_PATH", "/c.pem")], &IDS[..]].concat(),
                "the environment variable MSSTORE_CLIENT_CERTIFICATE_PATH cannot be used: it cannot be read here; sign in with `az login",
            ),
            (
                [&[JWT, FILE], &IDS[..]].concat(),
                "the environment cannot be used: MSSTORE_CLIENT_ASSERTION and MSSTORE_CLIENT_ASSERTION_FILE are both set",
            ),
            (
                [&[(ASSERTION, "Bearer hunter2")], &IDS[..]].concat(),
                "the environment variable MSSTORE_CLIENT_ASSERTION cannot be used: it is not a JWT",
            ),
            (
                [&[(AUTH, "managed-identity")], &secret[..]].concat(),
                "the environment variable MSSTORE_AUTH cannot be used: it must be azure-cli",
            ),
            (
                [&[(AUTH, "azure-cli")], &[("MSSTORE_TENANT_ID", "a b")][..]].concat(),
                "the environment variable MSSTORE_TENANT_ID ",
            ),
            (
                [
                    &[("ACTIONS_ID_TOKEN_REQUEST_URL", "http://example.com/x"), GITHUB[2]],
                    &IDS[..],
                ]
                .concat(),
                "the environment cannot be used: MSSTORE_CLIENT_SECRET is not set, and ACTIONS_ID_TOKEN_REQUEST_URL cannot be used: plain http",
            ),
        ];
        for (variables, words) in table {
            let error = find(&variables).unwrap_err().to_string();
            assert!(
                error.starts_with(words) && !error.contains("hunter2"),
                "{variables:?}: {error}"
            );
        }
    }
}
