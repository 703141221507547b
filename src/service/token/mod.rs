//! The token cache: shared by clones, single-flight, refreshed early.
//!
//! What to do is a pure function of the state and the time. A refresh that is only early never fails a call: the live token
//! goes on, and nobody tries again for a while. A token that the service rejected is dropped only if it is the one that is
//! held, so that a late rejection of an old token does not drop its successor. A fetch that fails is shared too: those who waited
//! for it get its error, because a wrong secret that is tried by one caller after the other can lock the app out. Others do not.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};

use crate::error::Error;
use crate::http::Http;
use crate::http::clock::after;
use crate::service::provider::{AccessToken, Resource, TokenContext, TokenProvider, TokenReason};

/// A token is refreshed this long before its end, or a quarter of its life before it, whichever is less.
const EARLY: Duration = Duration::from_secs(300);

/// After an early refresh failed, the next is tried after this time.
const RETRY_EARLY: Duration = Duration::from_secs(30);

/// An early refresh that hangs is given up after this time, or half of the call's, so that the call still has its turn.
const EARLY_TIME: Duration = Duration::from_secs(30);

/// A fetch ends so long before the call that needs it, or a tenth of its time.
const MARGIN: Duration = Duration::from_secs(1);

/// The secret of an access token. Which one it is says the pointer: a provider may give the same text twice.
pub(crate) type Bearer = Arc<SecretString>;

pub(crate) struct TokenCache {
    provider: Arc<dyn TokenProvider>,
    http: Http,
    resource: Resource,
    state: Mutex<State>,
    /// Held by whoever is fetching.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    rejected: bool,
    /// How many fetches have failed, and the error of the last.
    failures: u64,
    failure: Option<Error>,
}

#[derive(Clone)]
struct Held {
    bearer: Bearer,
    refresh_at: Instant,
    expires_at: Instant,
}

/// What a caller has to do.
enum Step {
    Use(Held),
    /// Use it, but try to get another first.
    Refresh(Held),
    Fetch(TokenReason),
}

impl State {
    fn step(&self, now: Instant) -> Step {
        match &self.held {
            _ if self.rejected => Step::Fetch(TokenReason::Rejected),
            None => Step::Fetch(TokenReason::First),
            Some(held) if now >= held.expires_at => Step::Fetch(TokenReason::Expiring),
            Some(held) if now < held.refresh_at => Step::Use(held.clone()),
            Some(held) => Step::Refresh(held.clone()),
        }
    }
}

impl TokenCache {
    pub(crate) fn new(provider: Arc<dyn TokenProvider>, http: Http, resource: Resource) -> Self {
        Self {
            provider,
            http,
            resource,
            state: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Instant {
        self.http.clock().now()
    }

    fn step(&self) -> Step {
        self.state().step(self.now())
    }

    async fn live(&self, deadline: Instant) -> Result<Held, Error> {
        match self.step() {
            Step::Use(held) => Ok(held),
            Step::Refresh(held) => match self.fetching.try_lock() {
                Ok(_guard) => Ok(self.refresh(deadline).await.unwrap_or(held)),
                Err(_) => Ok(held),
            },
            Step::Fetch(_) => {
                let failures = self.state().failures;
                let _guard = self.fetching.lock().await;
                // Somebody else may have fetched it meanwhile, or failed to.
                match self.step() {
                    Step::Use(held) | Step::Refresh(held) => Ok(held),
                    Step::Fetch(reason) => match self.failure_after(failures) {
                        Some(error) => Err(error),
                        None => self.fetch(reason, deadline).await,
                    },
                }
            }
        }
    }

    /// The error of a fetch that failed since there were so many failures.
    fn failure_after(&self, failures: u64) -> Option<Error> {
        let state = self.state();
        (state.failures > failures).then(|| state.failure.clone()).flatten()
    }

    async fn refresh(&self, deadline: Instant) -> Option<Held> {
        let now = self.now();
        let time = EARLY_TIME.min(deadline.saturating_duration_since(now) / 2);
        let fetched = tokio::time::timeout(time, self.fetch(TokenReason::Expiring, now + time)).await;
        let fetched = fetched.map_err(Error::auth).and_then(|fetched| fetched);
        if let Err(error) = &fetched {
            tracing::warn!(%error, "the token could not be refreshed early; the live one is used on");
            if let Some(held) = &mut self.state().held {
                held.refresh_at = self.now() + RETRY_EARLY;
            }
        }
        fetched.ok()
    }

    async fn fetch(&self, reason: TokenReason, deadline: Instant) -> Result<Held, Error> {
        // A little before the caller's time is up, so that a request which hangs can be told by its name.
        let deadline = deadline - MARGIN.min(deadline.saturating_duration_since(self.now()) / 10);
        let fetched = self.ask(reason, deadline).await;
        if let Err(error) = &fetched {
            // A caller whose own time is up says nothing about the others.
            if self.now() < deadline {
                let mut state = self.state();
                state.failures += 1;
                state.failure = Some(error.clone());
            }
        }
        fetched
    }

    async fn ask(&self, reason: TokenReason, deadline: Instant) -> Result<Held, Error> {
        // Its life is counted from before it was asked for: it may be a little shorter, never longer.
        let asked = self.now();
        let context = TokenContext {
            http: self.http.clone(),
            resource: self.resource,
            reason,
            deadline,
        };
        let token = self.provider.token(&context).await;
        let token = token.map_err(|error| error.into_auth("the token provider"))?;
        let expires_at = after(asked, token.lifetime());
        let refresh_at = expires_at - EARLY.min(token.lifetime() / 4);
        let text = token.secret().expose_secret();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::auth(
                "the token is empty or holds a blank, a line end or another character that no token has",
            ));
        }
        let held = Held {
            bearer: Arc::new(token.secret().clone()),
            refresh_at,
            expires_at,
        };
        let mut state = self.state();
        state.held = Some(held.clone());
        state.rejected = false;
        state.failure = None;
        Ok(held)
    }

    /// A bearer that is alive, by the deadline.
    pub(crate) async fn bearer(&self, deadline: Instant) -> Result<Bearer, Error> {
        Ok(self.live(deadline).await?.bearer)
    }

    /// The service did not take it.
    pub(crate) fn reject(&self, bearer: &Bearer) {
        let mut state = self.state();
        if state.held.as_ref().is_some_and(|held| Arc::ptr_eq(&held.bearer, bearer)) {
            state.held = None;
            state.rejected = true;
        }
    }

    /// A token of the cache, for programs that want to see one.
    pub(crate) async fn access_token(&self, deadline: Instant) -> Result<AccessToken, Error> {
        let time = deadline.saturating_duration_since(self.now());
        let live = tokio::time::timeout(time, self.live(deadline)).await;
        let held = live.unwrap_or_else(|_| Err(Error::auth("no token came in time").retryable()))?;
        let life = held.expires_at.saturating_duration_since(self.now());
        Ok(AccessToken::new((*held.bearer).clone(), life))
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
