//! A typed view over received JSON, so that an update loses nothing and invents nothing.
//!
//! An update replaces the whole resource. Therefore its body is never the encoded view: it is the received JSON with
//! the edits of the view applied to it. A document that nobody borrowed mutably is sent as it came.

mod changes;
mod lenient;
mod merge;
mod pairs;
mod patch;
mod pointer;
mod submissions;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) use self::changes::{changes, escape};
pub(crate) use self::lenient::{ViewError, decode_value};
use crate::error::{Error, Result};
use crate::model::change::Change;
pub(crate) use crate::model::member::member;
use crate::model::receipt::Receipt;
use crate::model::resource::Resource;

/// A resource as the service sent it, with a typed view to read and edit it: it dereferences to the view.
///
/// An update sends the received JSON with your edits applied. Whatever you did not edit goes back as it came, also
/// what the view does not know. [`changes`](Self::changes) lists beforehand what an update would change.
///
/// Elements of a list are recognised by value, by id or by file name, so they can be moved, added and removed; one
/// that you put in is new, even under the file name of another. Entries of a map can be renamed: an entry that changes
/// only its key keeps what the view does not know of it, while one that is renamed and edited in one go counts as new.
/// A number or boolean set to `None` is left out of the update.
#[derive(Clone)]
pub struct Document<T> {
    received: Value,
    /// What the view was decoded from, once it is not `received` any more: `set`, `remove` and `merge` change it.
    base: Option<Value>,
    view: T,
    /// Whether the view was borrowed mutably, and so may differ from what it was decoded from.
    borrowed: bool,
    receipt: Receipt<()>,
    origin: String,
}

impl<T> Document<T> {
    /// The JSON as it was received, without any edit. It holds the upload link.
    #[must_use]
    pub fn as_received(&self) -> &Value {
        &self.received
    }

    /// What the service said about the call that this came from.
    #[must_use]
    pub fn receipt(&self) -> &Receipt<()> {
        &self.receipt
    }

    /// The API path of the resource, for example `applications/9NBLGGH4R315/submissions/1152921504621243680`.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// The id of the resource, as it stands in its path.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a [`detached`](Self::detached) document.
    pub fn id(&self) -> Result<T::Id>
    where
        T: Resource,
    {
        let (_, id) = self.origin.rsplit_once('/').unwrap_or_default();
        let of_none = |_| Error::invalid("the document", "it is a detached one, which has no id at the service");
        id.parse().map_err(of_none)
    }

    fn base(&self) -> &Value {
        self.base.as_ref().unwrap_or(&self.received)
    }
}

impl<T: DeserializeOwned + Serialize> Document<T> {
    pub(crate) fn decode(received: Value, receipt: Receipt<()>, origin: String) -> Result<Self, ViewError> {
        Ok(Self {
            view: decode_value(&received)?,
            received,
            base: None,
            borrowed: false,
            receipt,
            origin,
        })
    }

    /// A document of no resource, from JSON that a program has: to test what it edits. No handle takes it for an update.
    ///
    /// ```
    /// # fn main() -> msstore::Result<()> {
    /// use msstore::model::ApplicationSubmission;
    /// use msstore::Document;
    ///
    /// let json = serde_json::json!({"listings": {"en-us": {"baseListing": {"title": "Lantern", "newMember": 1}}}});
    /// let mut draft = Document::<ApplicationSubmission>::detached(json)?;
    /// draft.listing_mut("en-us")?.base_listing.title = "Paper Lantern".into();
    /// assert_eq!(draft.changes()?[0].pointer, "/listings/en-us/baseListing/title");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the view cannot hold the JSON.
    pub fn detached(received: Value) -> Result<Self> {
        Self::decode(received, Receipt::new(0, None, None, ()), String::new()).map_err(|error| unreadable(&error))
    }

    /// The body of an update: the received JSON with the edits applied. It holds the upload link.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the view holds what JSON cannot say, such as a percentage that is not a number.
    pub fn body(&self) -> Result<Value> {
        Ok(self.current()?.into_owned())
    }

    /// The body of an update as text, as it is sent.
    ///
    /// # Errors
    ///
    /// As [`body`](Self::body).
    pub fn body_bytes(&self) -> Result<Vec<u8>> {
        written(self.current()?.as_ref())
    }

    /// The body of an update, without a copy if nothing was edited.
    pub(crate) fn current(&self) -> Result<Cow<'_, Value>> {
        if !self.borrowed {
            return Ok(Cow::Borrowed(self.base()));
        }
        let encode = |view: &T| serde_json::to_value(view).map_err(|error| unwritable(&error));
        let before: T = decode_value(self.base()).map_err(|error| unreadable(&error))?;
        let mut body = self.base().clone();
        merge::merge(&mut body, &encode(&before)?, &encode(&self.view)?);
        Ok(Cow::Owned(body))
    }

    /// What an update would change, compared with what was received. Empty when nothing was edited.
    ///
    /// # Errors
    ///
    /// As [`body`](Self::body).
    pub fn changes(&self) -> Result<Vec<Change>> {
        Ok(changes(&self.received, self.current()?.as_ref()))
    }

    /// Writes a value that the view does not know, at a JSON pointer ([RFC 6901]), and reads the view again.
    ///
    /// It applies to the body as it now is, with the edits so far. The parent must be there; the value itself is
    /// replaced or added. Names are found in any case, the exact spelling first; `-` adds to the end of a list.
    ///
    /// [RFC 6901]: https://www.rfc-editor.org/rfc/rfc6901
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the pointer leads nowhere or the view cannot hold the value; nothing changes then.
    pub fn set(&mut self, pointer: &str, value: Value) -> Result<()> {
        self.rewrite(&at(pointer), |body| pointer::set(body, pointer, value))
    }

    /// Removes the value at a JSON pointer, and reads the view again. It applies to the body as it now is, with the
    /// edits so far; names are found in any case, the exact spelling first.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when there is no such value; nothing changes then.
    pub fn remove(&mut self, pointer: &str) -> Result<()> {
        self.rewrite(&at(pointer), |body| pointer::remove(body, pointer))
    }

    /// Applies a JSON merge patch ([RFC 7396]), and reads the view again: a team can keep in its repository only the members
    /// that it manages, and merges them into whatever the service has.
    ///
    /// It applies to the body as it now is, with the edits so far. Members that are not in the patch stay as they are. One that
    /// is an object is merged; any other value replaces what is there, also a list, as a whole; `null` removes the member, in
    /// every spelling. Names of members and languages are found in any case, the exact spelling first. To merge the same patch again
    /// changes nothing.
    ///
    /// ```
    /// # fn main() -> msstore::Result<()> {
    /// use msstore::Document;
    /// use msstore::model::ApplicationSubmission;
    ///
    /// let json = serde_json::json!({
    ///     "visibility": "Public",
    ///     "listings": {"en-us": {"baseListing": {"title": "Paper Lantern", "releaseNotes": "First.", "keywords": ["paper"]}}},
    /// });
    /// let mut draft = Document::<ApplicationSubmission>::detached(json)?;
    /// // For example the content of a file, read with `serde_json::from_str`.
    /// let patch = serde_json::json!({
    ///     "listings": {"en-US": {"baseListing": {"releaseNotes": "Faster.", "keywords": ["lantern", "light"]}}},
    /// });
    /// draft.merge(&patch)?;
    /// let listing = &draft.listings["en-us"].base_listing;
    /// assert_eq!((listing.title.as_str(), listing.release_notes.as_str()), ("Paper Lantern", "Faster."));
    /// assert_eq!(listing.keywords, ["lantern", "light"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Lists of packages and images are lists too: a patch that names `applicationPackages` replaces all entries, and the service
    /// refuses an update that lacks one.
    ///
    /// [RFC 7396]: https://www.rfc-editor.org/rfc/rfc7396
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the patch is no object or the view cannot hold the result; nothing changes then.
    pub fn merge(&mut self, patch: &Value) -> Result<()> {
        self.rewrite("the merge patch", |body| {
            if !patch.is_object() {
                return Err("an object with members of the document is expected");
            }
            patch::patch(body, patch);
            Ok(())
        })
    }

    /// `what` names the input in errors.
    fn rewrite(&mut self, what: &str, write: impl FnOnce(&mut Value) -> Result<(), &'static str>) -> Result<()> {
        let input = |problem: String| Error::invalid(what, problem);
        let mut body = self.body()?;
        write(&mut body).map_err(|problem| input(problem.to_owned()))?;
        self.view = decode_value(&body).map_err(|error| input(format!("{error}, or the view cannot be read")))?;
        self.base = Some(body);
        self.borrowed = false;
        Ok(())
    }
}

fn at(pointer: &str) -> String {
    format!("the pointer {pointer:?}")
}

/// A body as text.
pub(crate) fn written(body: &Value) -> Result<Vec<u8>> {
    serde_json::to_vec(body).map_err(|error| unwritable(&error))
}

fn unreadable(error: &ViewError) -> Error {
    Error::invalid("the document", error.to_string())
}

fn unwritable(error: &dyn fmt::Display) -> Error {
    Error::invalid("the edited document", error.to_string())
}

impl<T> Deref for Document<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.view
    }
}

impl<T> DerefMut for Document<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.borrowed = true;
        &mut self.view
    }
}

// By hand: the received JSON holds the upload link.
impl<T: fmt::Debug> fmt::Debug for Document<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("origin", &self.origin)
            .field("view", &self.view)
            .finish_non_exhaustive()
    }
}
