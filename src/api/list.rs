//! Lists as streams: of items, or of pages.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use futures_core::Stream;
use futures_util::stream::iter;
use futures_util::{StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;

use crate::api::value;
use crate::error::Result;
use crate::http::request::Path;
use crate::model::page::Page;
use crate::service::Service;
use crate::service::page::{Listing, pages};

/// A list of the service, as a `Stream` of items. Nothing is sent before it is polled; each page is one request.
///
/// Pages are followed by the service's link, which must lead below the endpoint; where the link is missing too early, by
/// `totalCount`. An error ends the stream.
///
/// ```no_run
/// # async fn run(client: msstore::StoreClient) -> msstore::Result<()> {
/// for app in client.applications().list().top(100).all().await? {
///     println!("{}", app.primary_name);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent before the stream is polled"]
pub struct List<T> {
    service: Service,
    listing: Listing,
    items: Option<Pin<Box<dyn Stream<Item = Result<T>> + Send>>>,
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List").finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned + Send + 'static> List<T> {
    /// `parent` is read when the service answers 404; see [`Listing::parent`].
    pub(crate) fn new(service: Service, path: Path, parent: Option<Path>) -> Self {
        let listing = Listing {
            path,
            top: None,
            skip: None,
            parent,
        };
        Self {
            service,
            listing,
            items: None,
        }
    }

    /// Sets how many items a page has, at least 1. The service's default is 10 for apps, and no maximum is documented; 100 is common.
    pub fn top(mut self, items: u32) -> Self {
        self.listing.top = Some(items.max(1));
        self
    }

    /// Skips this many items at the beginning.
    pub fn skip(mut self, items: u32) -> Self {
        self.listing.skip = Some(items);
        self
    }

    /// Ends the reading at this moment.
    pub(crate) fn by(mut self, deadline: Option<Instant>) -> Self {
        self.service = self.service.by(deadline);
        self
    }

    /// Returns the pages instead of the items.
    pub fn pages(self) -> Pages<T> {
        Pages::new(self.service, self.listing)
    }

    /// Returns all items.
    ///
    /// # Errors
    ///
    /// The first error of any page.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the reading; nothing is changed at the service.
    pub async fn all(self) -> Result<Vec<T>> {
        self.try_collect().await
    }
}

impl<T: DeserializeOwned + Send + 'static> Stream for List<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let list = &mut *self;
        let items = list.items.get_or_insert_with(|| {
            let pages = Pages::<T>::new(list.service.clone(), list.listing.clone());
            let items = pages.map_ok(|page| iter(page.value.into_iter().map(Ok)));
            items.try_flatten().boxed()
        });
        items.as_mut().poll_next(context)
    }
}

/// The pages of a list, as a `Stream`.
#[must_use = "nothing is sent before the stream is polled"]
pub struct Pages<T> {
    stream: Pin<Box<dyn Stream<Item = Result<Page<T>>> + Send>>,
}

impl<T: DeserializeOwned + Send + 'static> Pages<T> {
    fn new(service: Service, listing: Listing) -> Self {
        let pages = pages(service, listing, |page| Ok(value::<Page<T>>(page)?.value));
        Self { stream: pages.boxed() }
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}

impl<T> Stream for Pages<T> {
    type Item = Result<Page<T>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Page<T>>>> {
        self.stream.as_mut().poll_next(context)
    }
}
