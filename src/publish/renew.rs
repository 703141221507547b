//! A link that ends or is refused under way: the draft is read again, and the upload goes on with the link that it has then.

use std::time::SystemTime;

use crate::api::kinds::Submission;
use crate::error::{BodyShape, Error, ErrorKind, Result, UploadKind};
use crate::id::SubmissionId;
use crate::model::receipt::Receipt;
use crate::publish::event::EventKind;
use crate::publish::job::Publish;
use crate::secret::UploadUrl;
use crate::upload::{OpenUpload, Progress};

/// A service that gives another link each time, and takes none, must come to an end.
const RENEWALS: usize = 10;

impl<S: Submission> Publish<S> {
    /// Runs the upload to its end, with one link after the other.
    pub(super) async fn upload_to_the_end(
        &self,
        mut upload: OpenUpload,
        link: UploadUrl,
        id: &SubmissionId,
    ) -> Result<Receipt<Progress>> {
        let mut tried = vec![link];
        loop {
            let error = match upload.run().await {
                Err(error) if is_the_links_fault(&error) => error,
                done => return done,
            };
            // Its error is more to the point than that of the link: it may be over later.
            let draft = self.submissions.get(id).await?;
            match another(draft.upload_url(), &tried, self.clock().system_now()) {
                Ok(link) => {
                    upload.go_on_with(link)?;
                    self.teller.tell_call(EventKind::LinkRenewed, Some(id), draft.receipt());
                    tried.push(link.clone());
                }
                Err(why) => return Err(no_other(error, why)),
            }
        }
    }
}

fn is_the_links_fault(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Upload(UploadKind::LinkExpired | UploadKind::LinkRefused)
    )
}

/// The link that the draft has now, if it is worth a try.
fn another<'l>(now: &'l UploadUrl, tried: &[UploadUrl], at: SystemTime) -> std::result::Result<&'l UploadUrl, &'static str> {
    match () {
        () if !now.is_set() => Err("the submission, read again, has none any more"),
        () if tried.contains(now) => Err("the submission, read again, has no other one"),
        () if now.ended(at).is_some() => Err("the submission, read again, has another one that has ended too"),
        () if tried.len() > RENEWALS => Err("the submission has another one each time it is read, and none is taken"),
        () => Ok(now),
    }
}

/// The error of an upload whose link cannot be renewed. What refuses a link and is not the blob store may be a proxy, which says
/// nothing about the link.
fn no_other(error: Error, why: &'static str) -> Error {
    let is_refused = error.kind() == ErrorKind::Upload(UploadKind::LinkRefused);
    if is_refused && error.shape() == Some(BodyShape::Blob) {
        return Error::upload(UploadKind::LinkExpired, why).caused_by(error);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn only_another_link_that_lives_is_tried_and_not_for_ever() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let link = |text: &str| UploadUrl::new(format!("https://blobs/x?sig=a&{text}"));
        let many: Vec<_> = (0..=RENEWALS).map(|number| link(&format!("n={number}"))).collect();
        let (old, new) = (link("se=2027-01-01T00%3A00%3A00Z"), link("se=2027-02-01T00%3A00%3A00Z"));
        let none = UploadUrl::default();
        let table = [
            ("another", &new, std::slice::from_ref(&old), ""),
            ("the same", &new, std::slice::from_ref(&new), "no other one"),
            ("none", &none, std::slice::from_ref(&new), "none any more"),
            ("an old one", &old, std::slice::from_ref(&new), "has ended too"),
            ("the last try", &new, &many[1..], ""),
            ("one too many", &new, &many[..], "none is taken"),
        ];
        for (what, now, tried, says) in table {
            let found = another(now, tried, at).map_or_else(|why| why, |_| "");
            assert!(found.contains(says) && found.is_empty() == says.is_empty(), "{what}: {found}");
        }
    }
}
