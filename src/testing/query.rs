//! Queries and forms: `a=b&c=d` with percent-encoding, in which a raw `+` is a blank.

pub(super) fn decode(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (text(name, true), text(value, true))
        })
        .collect()
}

/// A segment of a path, in which a `+` is a plus.
pub(super) fn segment(text_: &str) -> String {
    text(text_, false)
}

fn text(encoded: &str, plus_is_blank: bool) -> String {
    let bytes = encoded.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escape = (byte == b'%').then(|| encoded.get(at + 1..at + 3)).flatten();
        if let Some(value) = escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            decoded.push(value);
            at += 3;
            continue;
        }
        decoded.push(if plus_is_blank && byte == b'+' { b' ' } else { byte });
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_plus_is_a_blank() {
        let expected = vec![("a".to_owned(), "b c+d%".to_owned()), ("e".to_owned(), String::new())];
        assert_eq!(decode("a=b+c%2Bd%&&e"), expected);
        assert_eq!(segment("a+b%20c"), "a+b c");
    }
}
