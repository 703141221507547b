//! Files on the fake's origin, as a host of installers has them.

use bytes::Bytes;

use super::super::answer::Answer;
use super::super::query;
use super::super::request::Request;
use super::super::state::State;

/// The answer if the path is one of a file.
pub(crate) fn handle(state: &State, request: &Request<'_>) -> Option<Answer> {
    let name = query::segment(request.path.strip_prefix("/files/")?);
    if !["GET", "HEAD"].contains(&request.method) {
        return Some(Answer::empty(405).with("Allow", "GET, HEAD"));
    }
    let Some(content) = state.files.get(&name) else {
        return Some(Answer::guessed(404, Bytes::from_static(b"There is no such file.")));
    };
    let range = request.header("range").filter(|_| request.method == "GET");
    Some(answer(content, range).with("Accept-Ranges", "bytes"))
}

fn answer(content: &Bytes, range: Option<&str>) -> Answer {
    const TYPE: &str = "application/octet-stream";
    let length = content.len();
    match range.and_then(|range| bounds(range, length)) {
        None => Answer::empty(200).with_body(TYPE, content.clone()),
        Some((start, end)) if start < end => Answer::empty(206)
            .with_body(TYPE, content.slice(start..end))
            .with("Content-Range", format!("bytes {start}-{}/{length}", end - 1)),
        Some(_) => Answer::empty(416).with("Content-Range", format!("bytes */{length}")),
    }
}

/// The bytes that a header asks for, none of them if they cannot be had. A header with several ranges, or one that makes no
/// sense, is as if it were not there.
fn bounds(range: &str, length: usize) -> Option<(usize, usize)> {
    let (first, last) = range.trim().strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.trim().parse::<usize>().ok();
    match (first.trim(), last.trim()) {
        ("", last) => Some((length.saturating_sub(number(last)?), length)),
        (first, "") => Some((number(first)?, length)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then(|| (first, last.saturating_add(1).min(length)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let content = Bytes::from_static(b"0123456789");
        let table = [
            (None, 200, "0123456789", ""),
            (Some("bytes=0-3"), 206, "0123", "bytes 0-3/10"),
            (Some("bytes=8-20"), 206, "89", "bytes 8-9/10"),
            (Some("bytes=7-"), 206, "789", "bytes 7-9/10"),
            (Some("bytes=-2"), 206, "89", "bytes 8-9/10"),
            (Some("bytes=-20"), 206, "0123456789", "bytes 0-9/10"),
            (Some("bytes=10-"), 416, "", "bytes */10"),
            (Some("bytes=10-12"), 416, "", "bytes */10"),
            (Some("bytes=-0"), 416, "", "bytes */10"),
            (Some("bytes=3-2"), 200, "0123456789", ""),
            (Some("bytes=0-1,4-5"), 200, "0123456789", ""),
            (Some("lines=0-1"), 200, "0123456789", ""),
        ];
        for (range, status, body, content_range) in table {
            let answer = answer(&content, range);
            let told = answer.header("Content-Range").unwrap_or_default();
            assert_eq!(
                (answer.status, &answer.body[..], told),
                (status, body.as_bytes(), content_range),
                "{range:?}"
            );
        }
    }
}
