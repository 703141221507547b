//! What a fault does to a connection: the second handle on it, which cuts answers and resets.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::faults::CutEnd;
use super::state::lock;

/// What a fault does to a connection.
#[derive(Debug, Default)]
pub(super) struct Wire {
    pub(super) reset: AtomicBool,
    pub(super) cut: Mutex<Option<Cut>>,
}

#[derive(Debug)]
pub(super) struct Cut {
    /// How many bytes of the body still go out.
    left: usize,
    /// How much of the end of the head was seen.
    seen: usize,
    pub(super) end: CutEnd,
}

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

impl Wire {
    /// The connection ends with a reset, whenever it ends.
    pub(super) fn reset(&self) {
        self.reset.store(true, Ordering::SeqCst);
    }

    /// The connection ends, or stalls, when this many bytes of the next answer's body were sent.
    pub(super) fn cut(&self, body_bytes: usize, end: CutEnd) {
        if end == CutEnd::Reset {
            self.reset();
        }
        *lock(&self.cut) = Some(Cut {
            left: body_bytes,
            seen: 0,
            end,
        });
    }
}

impl Cut {
    /// How many of these bytes may go out, and the state after that many.
    pub(super) fn allow(&self, bytes: &[u8]) -> (usize, Self) {
        let mut after = Self { ..*self };
        for (at, byte) in bytes.iter().enumerate() {
            if after.seen == END_OF_HEAD.len() {
                let sent = after.left.min(bytes.len() - at);
                after.left -= sent;
                return (at + sent, after);
            }
            after.seen = match END_OF_HEAD.get(after.seen) {
                Some(expected) if expected == byte => after.seen + 1,
                _ => usize::from(*byte == b'\r'),
            };
        }
        (bytes.len(), after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_counts_bytes_of_the_body_in_any_slices() {
        let answer = b"HTTP/1.1 200 OK\r\nA: b\r\r\n\r\n0123456789";
        for slice in 1..answer.len() {
            let mut cut = Cut {
                left: 4,
                seen: 0,
                end: CutEnd::Close,
            };
            let mut sent = Vec::new();
            for bytes in answer.chunks(slice) {
                let (allowed, after) = cut.allow(bytes);
                sent.extend_from_slice(&bytes[..allowed]);
                cut = after;
                if allowed < bytes.len() {
                    break;
                }
            }
            assert!(sent.ends_with(b"\r\n\r\n0123"), "{slice}: {}", sent.escape_ascii());
        }
    }
}
