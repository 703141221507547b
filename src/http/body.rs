//! A body whose length is known, produced while it is sent.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::http::request::BodyStream;

/// A stream with a length, so that it is not sent in chunks.
pub(super) struct KnownLength {
    pub(super) stream: BodyStream,
    pub(super) left: u64,
}

impl http_body::Body for KnownLength {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        this.stream.as_mut().poll_next(context).map_ok(|bytes| {
            this.left = this.left.saturating_sub(bytes.len() as u64);
            Frame::data(bytes)
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
