//! Paging: which page comes next is a pure function of the pages so far; reading them is a stream.
//!
//! The service's link is opaque. Where it is missing too early `totalCount` is the second witness, and the next page is asked
//! for by `skip`. No page is asked for twice, however a link to it is spelled, and a list that never ends is ended.

use std::collections::HashSet;

use futures_core::Stream;
use futures_util::stream::try_unfold;
use serde_json::Value;
use url::Url;

use crate::error::{BodyShape, Error, Result};
use crate::http::request::{Method, Path, Replay, Request};
use crate::model::member::member;
use crate::service::{Json, Service};

/// No account has lists of so many pages, and a program that collects one needs an end.
const MOST_PAGES: u32 = 10_000;

/// Which list, and which part of it.
#[derive(Clone)]
pub(crate) struct Listing {
    pub(crate) path: Path,
    pub(crate) top: Option<u32>,
    pub(crate) skip: Option<u32>,
    /// Read when the first page is a 404: if it is there the list is empty, if it is not, that is the error. Without a parent
    /// the 404 means an empty list.
    pub(crate) parent: Option<Path>,
}

/// Where the next page is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Next {
    Link(String),
    Skip(u64),
    End,
    /// There is more, but it will not be asked for.
    TooMany,
}

/// What the decision looks at.
struct Seen<'a> {
    link: Option<&'a str>,
    /// Items on this page.
    items: usize,
    /// Items on all pages, with those that were skipped at the beginning.
    reached: u64,
    total: Option<u64>,
    /// Pages read.
    pages: u32,
}

fn next(seen: &Seen<'_>) -> Next {
    let next = match seen.link.map(str::trim).filter(|link| !link.is_empty()) {
        _ if seen.items == 0 => return Next::End,
        Some(link) => Next::Link(link.to_owned()),
        None if seen.total.is_some_and(|total| seen.reached < total) => Next::Skip(seen.reached),
        None => return Next::End,
    };
    if seen.pages < MOST_PAGES { next } else { Next::TooMany }
}

struct Walk {
    service: Service,
    listing: Listing,
    /// The request for the next page; why it may not be asked for, which is told after the items of the page before.
    next: Result<Option<Request>>,
    pages: u32,
    reached: u64,
    asked: HashSet<Url>,
}

/// The pages of a list, decoded by `read`. Nothing is sent before the stream is polled, and nothing after an error, also of
/// `read`: a reader that goes on would miss a page.
pub(crate) fn pages<T: Send + 'static>(
    service: Service,
    listing: Listing,
    read: impl Fn(Json) -> Result<T> + Copy + Send + 'static,
) -> impl Stream<Item = Result<T>> + Send + 'static {
    let reached = u64::from(listing.skip.unwrap_or(0));
    let walk = Walk {
        service,
        next: Ok(Some(listing.request(reached))),
        listing,
        pages: 0,
        reached,
        asked: HashSet::new(),
    };
    try_unfold(walk, move |mut walk| async move {
        match walk.advance().await? {
            Some(page) => Ok(Some((read(page)?, walk))),
            None => Ok(None),
        }
    })
}

impl Listing {
    fn request(&self, skip: u64) -> Request {
        let mut request = Request::get(self.path.clone());
        if skip > 0 {
            request = request.query("skip", skip.to_string());
        }
        if let Some(top) = self.top {
            request = request.query("top", top.to_string());
        }
        request
    }
}

impl Walk {
    async fn advance(&mut self) -> Result<Option<Json>> {
        let Some(request) = std::mem::replace(&mut self.next, Ok(None))? else {
            return Ok(None);
        };
        self.asked.insert(request.url(Some(self.service.endpoint()))?);
        let page = match self.service.json(request).await {
            Err(error) if self.pages == 0 && error.is_not_found() => return self.empty(error).await.map(|()| None),
            page => page?,
        };
        let items = match member(&page.body, "value") {
            Some(Value::Array(items)) => items.len(),
            Some(Value::Null) => 0,
            _ => return Err(page.unexpected("value", "a list")),
        };
        self.pages += 1;
        self.reached += items as u64;
        self.next = self.after(&page, items);
        Ok(Some(page))
    }

    /// The request for the page after this one, if there is one and it may be asked for.
    fn after(&self, page: &Json, items: usize) -> Result<Option<Request>> {
        let not = |expected: &str| page.unexpected("@nextLink", expected);
        let seen = Seen {
            link: member(&page.body, "@nextLink").and_then(Value::as_str),
            items,
            reached: self.reached,
            total: member(&page.body, "totalCount").and_then(Value::as_u64),
            pages: self.pages,
        };
        match next(&seen) {
            Next::End => Ok(None),
            Next::TooMany => Err(not(&format!("the end of a list of {MOST_PAGES} pages"))),
            Next::Skip(skip) => Ok(Some(self.listing.request(skip))),
            Next::Link(link) => {
                let request = self
                    .service
                    .link(Method::GET, &link, self.listing.path.template(), Replay::Safe);
                let request = request.map_err(|_| not("a link below the endpoint"))?;
                if self.asked.contains(&request.url(None)?) {
                    return Err(not("a link to a page that has not been read"));
                }
                Ok(Some(request))
            }
        }
    }

    /// The service answers 404 to an empty list, and to a list of something that is not there.
    async fn empty(&self, error: Error) -> Result<()> {
        if matches!(error.shape(), Some(BodyShape::Html | BodyShape::Gateway)) {
            return Err(error);
        }
        if let Some(parent) = &self.listing.parent {
            self.service.json(Request::get(parent.clone())).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_decided_by_link_count_and_total() {
        let end = || Next::End;
        let link = || Next::Link("a?skip=2".to_owned());
        let table = [
            // link, items, reached, total
            (Some("a?skip=2"), 2, 2, Some(5), link()),
            (Some("a?skip=2"), 2, 2, None, link()),
            (Some("a?skip=2"), 0, 2, Some(5), end()),
            (Some(""), 2, 5, Some(5), end()),
            (Some(" "), 1, 1, Some(3), Next::Skip(1)),
            (None, 1, 1, Some(3), Next::Skip(1)),
            (None, 0, 1, Some(3), end()),
            (None, 3, 3, Some(3), end()),
            (None, 3, 3, None, end()),
            (None, 3, 3, Some(0), end()),
        ];
        for (link, items, reached, total, expected) in table {
            assert_eq!(
                next(&Seen {
                    link,
                    items,
                    reached,
                    total,
                    pages: 1,
                }),
                expected,
                "{link:?} {items} {reached} {total:?}"
            );
        }
    }

    #[test]
    fn a_list_without_end_is_ended() {
        let table = [
            // link, pages, items, expected
            (Some("a"), MOST_PAGES - 1, 1, Next::Link("a".to_owned())),
            (Some("a"), MOST_PAGES, 1, Next::TooMany),
            (None, MOST_PAGES - 1, 1, Next::Skip(9)),
            (None, MOST_PAGES, 1, Next::TooMany),
            (Some("a"), MOST_PAGES, 0, Next::End),
        ];
        for (link, pages, items, expected) in table {
            let seen = Seen {
                link,
                items,
                reached: 9,
                total: Some(99),
                pages,
            };
            assert_eq!(next(&seen), expected, "{link:?} {pages} {items}");
        }
    }
}
