//! The cache with providers that count, fail and hang, on the clock that jumps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::auth::AccessToken;
use crate::http::clock::Clock;
use crate::http::{BoxFuture, Http, Settings};

const RESOURCE: Resource = Resource {
    scope: "a scope",
    v1: None,
};

#[derive(Debug, Default)]
struct Counting {
    asked: AtomicU32,
    fails_from: Option<u32>,
    hangs_from: Option<u32>,
    lifetime: Duration,
}

impl TokenProvider for Counting {
    fn token<'a>(&'a self, _: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::task::yield_now().await;
            if self.hangs_from.is_some_and(|from| number >= from) {
                std::future::pending::<()>().await;
            }
            match self.fails_from {
                Some(from) if number >= from => Err(Error::auth("no")),
                _ => Ok(AccessToken::new(format!("token-{number}"), self.lifetime)),
            }
        })
    }
}

fn cache(lifetime: u64, fails_from: Option<u32>) -> (Arc<TokenCache>, Arc<Counting>, Clock) {
    of(Counting {
        lifetime: Duration::from_secs(lifetime),
        fails_from,
        ..Counting::default()
    })
}

fn of(provider: Counting) -> (Arc<TokenCache>, Arc<Counting>, Clock) {
    let clock = Clock::jumping();
    let http = Http::new(reqwest::Client::builder(), false, Settings::default(), clock.clone()).unwrap();
    let provider = Arc::new(provider);
    (
        Arc::new(TokenCache::new(Arc::new(provider.clone()), http, RESOURCE)),
        provider,
        clock,
    )
}

async fn generation(cache: &TokenCache) -> u64 {
    let deadline = cache.http.clock().now() + Duration::from_secs(60);
    number(&cache.bearer(deadline).await.unwrap())
}

/// Which one of the provider's tokens it is.
fn number(bearer: &Bearer) -> u64 {
    let (_, number) = bearer.expose_secret().rsplit_once('-').unwrap();
    number.parse().unwrap()
}

#[tokio::test]
async fn a_hundred_callers_make_one_request() {
    let (cache, provider, _) = cache(3600, None);
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let cache = cache.clone();
            tokio::spawn(async move { generation(&cache).await })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), 1);
    }
    assert_eq!(provider.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_hundred_callers_share_a_failure_and_later_ones_do_not() {
    let (cache, provider, clock) = cache(3600, Some(1));
    let deadline = clock.now() + Duration::from_secs(60);
    for asked in 1..3 {
        let callers: Vec<_> = (0..100)
            .map(|_| {
                let cache = cache.clone();
                tokio::spawn(async move { cache.bearer(deadline).await.is_err() })
            })
            .collect();
        for caller in callers {
            assert!(caller.await.unwrap());
        }
        assert_eq!(provider.asked.load(Ordering::SeqCst), asked);
    }
}

#[tokio::test]
async fn a_caller_that_is_out_of_time_fails_alone() {
    #[derive(Debug, Default)]
    struct TooSlowAtFirst(AtomicU32);
    impl TokenProvider for TooSlowAtFirst {
        fn token<'a>(&'a self, context: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
            Box::pin(async move {
                tokio::task::yield_now().await;
                let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
                if number == 1 {
                    context.http.clock().sleep_until(context.deadline).await;
                    return Err(Error::auth("too late"));
                }
                Ok(AccessToken::new(format!("token-{number}"), Duration::from_secs(3600)))
            })
        }
    }
    let clock = Clock::jumping();
    let http = Http::new(reqwest::Client::builder(), false, Settings::default(), clock.clone()).unwrap();
    let cache = TokenCache::new(Arc::<TooSlowAtFirst>::default(), http, RESOURCE);
    let now = clock.now();
    let (hasty, patient) = tokio::join!(
        cache.bearer(now + Duration::from_secs(5)),
        cache.bearer(now + Duration::from_secs(600))
    );
    assert!(hasty.is_err());
    assert_eq!(number(&patient.unwrap()), 2);
}

#[tokio::test]
async fn it_is_refreshed_five_minutes_or_a_quarter_of_its_life_early() {
    for (lifetime, early) in [(3600, 300), (600, 150), (2, 0)] {
        let (cache, _, clock) = cache(lifetime, None);
        assert_eq!(generation(&cache).await, 1);
        if lifetime > 60 {
            clock.sleep(Duration::from_secs(lifetime - early - 20)).await;
            assert_eq!(generation(&cache).await, 1, "{lifetime}");
            clock.sleep(Duration::from_secs(21)).await;
        } else {
            clock.sleep(Duration::from_secs(lifetime)).await;
        }
        assert_eq!(generation(&cache).await, 2, "{lifetime}");
    }
}

#[tokio::test]
async fn a_token_may_live_for_ever() {
    let (cache, ..) = cache(u64::MAX, None);
    assert_eq!(generation(&cache).await, 1);
    assert_eq!(generation(&cache).await, 1);
}

#[tokio::test]
async fn a_failed_early_refresh_keeps_the_live_token_and_waits() {
    let (cache, provider, clock) = cache(3600, Some(2));
    assert_eq!(generation(&cache).await, 1);
    clock.sleep(Duration::from_secs(3400)).await;
    assert_eq!(generation(&cache).await, 1);
    assert_eq!(generation(&cache).await, 1);
    assert_eq!(provider.asked.load(Ordering::SeqCst), 2);
    clock.sleep(RETRY_EARLY).await;
    assert_eq!(generation(&cache).await, 1);
    assert_eq!(provider.asked.load(Ordering::SeqCst), 3);
    clock.sleep(Duration::from_secs(200)).await;
    let deadline = clock.now() + Duration::from_secs(60);
    assert!(cache.bearer(deadline).await.is_err());
}

#[tokio::test]
async fn an_early_refresh_that_hangs_leaves_time_for_the_call() {
    let (cache, provider, clock) = of(Counting {
        lifetime: Duration::from_secs(3600),
        hangs_from: Some(2),
        ..Counting::default()
    });
    assert_eq!(generation(&cache).await, 1);
    clock.sleep(Duration::from_secs(3400)).await;
    for _ in 0..2 {
        let deadline = clock.now() + Duration::from_secs(2);
        assert_eq!(number(&cache.bearer(deadline).await.unwrap()), 1);
        assert!(clock.now() < deadline);
    }
    assert_eq!(provider.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_provider_that_hangs_is_given_up_at_the_deadline() {
    let (cache, _, clock) = of(Counting {
        hangs_from: Some(1),
        ..Counting::default()
    });
    let error = cache.access_token(clock.now() + Duration::from_millis(50)).await.unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("in time"));
}

#[tokio::test]
async fn a_token_that_is_rejected_while_it_is_handed_out_keeps_its_life() {
    let (cache, _, clock) = cache(3600, Some(2));
    let deadline = clock.now() + Duration::from_secs(7200);
    let first = cache.bearer(deadline).await.unwrap();
    clock.sleep(Duration::from_secs(3400)).await;
    // The early refresh is under way, and will fail, when the rejection comes.
    let (token, ()) = tokio::join!(cache.access_token(deadline), async { cache.reject(&first) });
    let life = token.unwrap().lifetime();
    assert!(
        life > Duration::from_secs(100) && life <= Duration::from_secs(200),
        "{life:?}"
    );
}

#[tokio::test]
async fn what_is_no_token_is_not_sent() {
    #[derive(Debug)]
    struct Gives(&'static str);
    impl TokenProvider for Gives {
        fn token<'a>(&'a self, _: &'a TokenContext) -> BoxFuture<'a, Result<AccessToken, Error>> {
            Box::pin(async { Ok(AccessToken::new(self.0, Duration::from_secs(60))) })
        }
    }
    let http = Http::new(reqwest::Client::builder(), false, Settings::default(), Clock::jumping()).unwrap();
    for (text, taken) in [
        ("a.b-c_d~e+f/g=", true),
        ("", false),
        ("token\n", false),
        ("to ken", false),
        ("tökén", false),
    ] {
        let cache = TokenCache::new(Arc::new(Gives(text)), http.clone(), RESOURCE);
        let deadline = http.clock().now() + Duration::from_secs(60);
        assert_eq!(cache.bearer(deadline).await.is_ok(), taken, "{text:?}");
    }
}

#[tokio::test]
async fn a_rejection_drops_that_very_token_and_no_later_one() {
    let (cache, provider, clock) = cache(3600, None);
    let deadline = clock.now() + Duration::from_secs(60);
    let first = cache.bearer(deadline).await.unwrap();
    cache.reject(&first);
    assert_eq!(generation(&cache).await, 2);
    cache.reject(&first);
    assert_eq!(generation(&cache).await, 2);
    assert_eq!(provider.asked.load(Ordering::SeqCst), 2);
}
