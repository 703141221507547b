//! A request outside the blob endpoint, as the front ends get it.

/// A request outside the blob endpoint whose body was read.
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: &'a [(String, String)],
    pub(super) body: bytes::Bytes,
    pub(super) drop_packages: bool,
    pub(super) new_price: Option<String>,
    /// Reads show the state before the latest write.
    pub(super) stale: bool,
}

impl Request<'_> {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// What stands after `Bearer`.
    pub(super) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// Whether it says how long its body is.
    pub(super) fn is_framed(&self) -> bool {
        self.header("content-length").is_some() || self.header("transfer-encoding").is_some()
    }
}
