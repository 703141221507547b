//! Assertions: the tokens of other issuers with which a client signs in without a secret. Who issues them, what they
//! look like, and whether Entra takes them from the app.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Map, Value, json};

use super::account::{CLIENT_ID, TENANT_ID};
use super::dates::Numbers;

/// The audience that Entra asks of an assertion.
pub(super) const AUDIENCE: &str = "api://AzureADTokenExchange";

/// Who issues assertions.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    GitHub,
    AzureDevOps,
    Cluster,
}

impl Source {
    const ALL: [Self; 3] = [Self::GitHub, Self::AzureDevOps, Self::Cluster];

    /// The issuer and the subject.
    fn identity(self) -> (String, String) {
        let (issuer, subject) = match self {
            Self::GitHub => (
                "https://token.actions.githubusercontent.com".to_owned(),
                "repo:example/paper-lantern:environment:store",
            ),
            Self::AzureDevOps => (
                format!("https://login.microsoftonline.com/{TENANT_ID}/v2.0"),
                "/eid1/c/pub/t/bi8LXNRxfkufVw9qHeDA3g/a/ZmFrZS1hcHAtb2YtYWRv/sc/7d1c2b3a-5e4f-4a60-9b8c-0d9e8f7a6b5c/store",
            ),
            Self::Cluster => (
                "https://cluster.example.com/".to_owned(),
                "system:serviceaccount:releases:publisher",
            ),
        };
        (issuer, subject.to_owned())
    }
}

#[derive(Debug)]
struct Issued {
    issuer: String,
    subject: String,
    audience: String,
    end: Instant,
}

/// The assertions that were issued, and those that the app trusts.
#[derive(Debug)]
pub(super) struct Assertions {
    pub(super) life: Duration,
    /// The issuers and subjects of the app's federated credentials.
    pub(super) trusted: Vec<(String, String)>,
    issued: HashMap<String, Issued>,
}

impl Default for Assertions {
    fn default() -> Self {
        Self {
            life: Duration::from_secs(300),
            trusted: Source::ALL.map(Source::identity).into(),
            issued: HashMap::new(),
        }
    }
}

impl Assertions {
    /// Issues an assertion, another one each time.
    pub(super) fn issue(
        &mut self,
        source: Source,
        audience: &str,
        (now, date): (Instant, SystemTime),
        numbers: &mut Numbers,
    ) -> String {
        let (issuer, subject) = source.identity();
        let seconds = date.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": "FA4E0B1C2D3E4F5061728394A5B6C7D8E9F00112" });
        let claims = json!({
            "iss": issuer,
            "sub": subject,
            "aud": audience,
            "iat": seconds,
            "nbf": seconds,
            "exp": seconds + self.life.as_secs(),
            "jti": numbers.guid(),
        });
        // As long as one of RSA with 2048 bits.
        let signature: Vec<u8> = (0..8).flat_map(|_| numbers.bytes()).collect();
        let parts = [header.to_string().into_bytes(), claims.to_string().into_bytes(), signature];
        let assertion = parts.map(|part| BASE64.encode(part)).join(".");
        let issued = Issued {
            issuer,
            subject,
            audience: audience.to_owned(),
            end: now + self.life,
        };
        self.issued.insert(assertion.clone(), issued);
        assertion
    }

    /// Whether the app may sign in with this assertion; else the number of the refusal and what that quotes.
    pub(super) fn check(&self, assertion: &str, now: Instant) -> Result<(), (u32, &str)> {
        if !is_jwt(assertion) {
            return Err((50_027, ""));
        }
        if self.trusted.is_empty() {
            return Err((70_025, CLIENT_ID));
        }
        let Some(issued) = self.issued.get(assertion) else {
            return Err((700_027, ""));
        };
        if now >= issued.end {
            return Err((700_024, ""));
        }
        if issued.audience != AUDIENCE {
            return Err((700_212, &issued.audience));
        }
        let of_issuer = || self.trusted.iter().filter(|(issuer, _)| *issuer == issued.issuer);
        if of_issuer().any(|(_, subject)| *subject == issued.subject) {
            return Ok(());
        }
        if of_issuer().next().is_none() {
            return Err((700_211, &issued.issuer));
        }
        let but_for_case = of_issuer().any(|(_, subject)| subject.eq_ignore_ascii_case(&issued.subject));
        Err((if but_for_case { 7_002_138 } else { 700_213 }, &issued.subject))
    }
}

fn is_jwt(text: &str) -> bool {
    let parts: Option<Vec<_>> = text.split('.').map(|part| BASE64.decode(part).ok()).collect();
    let is_object = |part: &[u8]| serde_json::from_slice::<Map<String, Value>>(part).is_ok();
    match parts.as_deref() {
        Some([header, claims, signature]) => is_object(header) && is_object(claims) && !signature.is_empty(),
        _ => false,
    }
}
