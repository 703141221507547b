//! The token cache: shared by clones, single-flight, refreshed early.
//!
//! What to do is a pure function of the state and the time. A refresh that is only early never fails a call: the live token
//! goes on, and nobody tries again for a while. A token that the service rejected is dropped by its generation, so that a
//! late rejection of an old token does not drop its successor. A fetch that fails is shared too: whoever waited for it gets
//! its error, because a wrong secret that is tried by one caller after the other can lock the app out. Nobody else does.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;

use crate::auth::provider::{AccessToken, TokenContext, TokenProvider, TokenReason};
use crate::error::AuthError;
use crate::transport::clock::after;
use crate::transport::{Authorize, Bearer, BoxFuture, Transport};

/// A token is refreshed this long before its end, or a quarter of its life before it, whichever is less.
const EARLY: Duration = Duration::from_secs(300);

/// After an early refresh failed, the next is tried after this time.
const RETRY_EARLY: Duration = Duration::from_secs(30);

/// An early refresh that hangs is given up after this time, or half of the call's, so that the call still has its turn.
const EARLY_TIME: Duration = Duration::from_secs(30);

pub(crate) struct TokenCache {
    provider: Box<dyn TokenProvider>,
    transport: Transport,
    state: Mutex<State>,
    /// Held by whoever is fetching.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    generation: u64,
    rejected: bool,
    no_early_before: Option<Instant>,
    /// How many fetches have failed, and the error of the last.
    failures: u64,
    failure: Option<AuthError>,
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
            Some(held) if now < held.refresh_at || self.no_early_before.is_some_and(|then| now < then) => Step::Use(held.clone()),
            Some(held) => Step::Refresh(held.clone()),
        }
    }
}

impl TokenCache {
    pub(crate) fn new(provider: Box<dyn TokenProvider>, transport: Transport) -> Self {
        Self {
            provider,
            transport,
            state: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step(&self) -> Step {
        let now = self.transport.clock().now();
        self.state().step(now)
    }

    async fn live(&self, deadline: Instant) -> Result<Held, AuthError> {
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
    fn failure_after(&self, failures: u64) -> Option<AuthError> {
        let state = self.state();
        (state.failures > failures).then(|| state.failure.clone()).flatten()
    }

    async fn refresh(&self, deadline: Instant) -> Option<Held> {
        let now = self.transport.clock().now();
        let time = EARLY_TIME.min(deadline.saturating_duration_since(now) / 2);
        let fetched = tokio::time::timeout(time, self.fetch(TokenReason::Expiring, now + time)).await;
        let fetched = fetched.map_err(AuthError::new).and_then(|fetched| fetched);
        if let Err(error) = &fetched {
            tracing::warn!(%error, "the token could not be refreshed early; the live one is used on");
            self.state().no_early_before = Some(self.transport.clock().now() + RETRY_EARLY);
        }
        fetched.ok()
    }

    async fn fetch(&self, reason: TokenReason, deadline: Instant) -> Result<Held, AuthError> {
        let fetched = self.ask(reason, deadline).await;
        if let Err(error) = &fetched {
            // A caller whose own time is up says nothing about the others.
            if self.transport.clock().now() < deadline {
                let mut state = self.state();
                state.failures += 1;
                state.failure = Some(error.clone());
            }
        }
        fetched
    }

    async fn ask(&self, reason: TokenReason, deadline: Instant) -> Result<Held, AuthError> {
        // Its life is counted from before it was asked for: it may be a little shorter, never longer.
        let asked = self.transport.clock().now();
        let context = TokenContext {
            transport: self.transport.clone(),
            reason,
            deadline,
        };
        let token = self.provider.token(&context).await?;
        let expires_at = after(asked, token.lifetime());
        let refresh_at = expires_at - EARLY.min(token.lifetime() / 4);
        let text = token.secret().expose_secret();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(AuthError::new(
                "the token is empty or holds a blank, a line end or another character that no token has",
            ));
        }
        let mut state = self.state();
        state.generation += 1;
        let held = Held {
            bearer: Bearer {
                secret: token.secret().clone(),
                generation: state.generation,
            },
            refresh_at,
            expires_at,
        };
        state.held = Some(held.clone());
        state.rejected = false;
        state.no_early_before = None;
        state.failure = None;
        Ok(held)
    }

    /// A token of the cache, for programs that want to see one.
    pub(crate) async fn access_token(&self, deadline: Instant) -> Result<AccessToken, AuthError> {
        let time = deadline.saturating_duration_since(self.transport.clock().now());
        let live = tokio::time::timeout(time, self.live(deadline)).await;
        let held = live.unwrap_or_else(|_| Err(AuthError::new("no token came in time").retryable()))?;
        let life = held.expires_at.saturating_duration_since(self.transport.clock().now());
        Ok(AccessToken::new(held.bearer.secret, life))
    }
}

impl Authorize for TokenCache {
    fn bearer(&self, deadline: Instant) -> BoxFuture<'_, Result<Bearer, AuthError>> {
        Box::pin(async move { Ok(self.live(deadline).await?.bearer) })
    }

    fn reject(&self, bearer: &Bearer) {
        let mut state = self.state();
        if state
            .held
            .as_ref()
            .is_some_and(|held| held.bearer.generation == bearer.generation)
        {
            state.held = None;
            state.rejected = true;
        }
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
