//! What an image is, by the first bytes of its file. Pure.

/// The bytes that are enough to tell: the signature of a PNG, and the chunk that has its size.
pub(crate) const ENOUGH: u64 = 24;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Picture {
    /// A PNG of this size in pixels.
    Png { width: u32, height: u32 },
    /// A PNG that ends, or is broken, before its size.
    Broken,
    /// Something else.
    Other(&'static str),
}

impl Picture {
    /// By the first bytes of a file, [`ENOUGH`] of them or all that there are.
    pub(crate) fn of(begins: &[u8]) -> Self {
        let Some(chunk) = begins.strip_prefix(PNG) else {
            return match PNG.starts_with(begins) {
                true => Self::Broken,
                false => Self::Other(name(begins)),
            };
        };
        let number = |at: usize| chunk.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
        match (chunk.get(4..8), number(0), number(8), number(12)) {
            (Some(b"IHDR"), Some(13), Some(width @ 1..), Some(height @ 1..)) => Self::Png { width, height },
            _ => Self::Broken,
        }
    }
}

/// What people take for a PNG, and what renaming does not make one.
fn name(begins: &[u8]) -> &'static str {
    let has = |at: usize, text: &[u8]| begins.get(at..at + text.len()) == Some(text);
    let text = begins.strip_prefix(b"\xef\xbb\xbf").unwrap_or(begins).trim_ascii_start();
    match () {
        () if has(0, b"\xff\xd8\xff") => "a JPEG",
        () if has(0, b"GIF8") => "a GIF",
        () if has(0, b"RIFF") && has(8, b"WEBP") => "a WebP",
        () if has(4, b"ftypavif") => "an AVIF",
        () if has(4, b"ftyp") => "a video or a HEIF",
        () if has(0, b"BM") => "a BMP",
        () if has(0, b"II*\0") || has(0, b"MM\0*") => "a TIFF",
        () if has(0, b"\0\0\x01\0") => "an ICO",
        () if has(0, b"%PDF") => "a PDF",
        () if has(0, b"version https://git-lfs") => "a Git LFS pointer, not the image itself",
        () if text.starts_with(b"<") => "a text like SVG or HTML",
        () => "no image that is known here",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        [PNG, &[0, 0, 0, 13], b"IHDR", &width.to_be_bytes(), &height.to_be_bytes()].concat()
    }

    #[test]
    fn the_size_of_a_png_stands_in_its_first_bytes() {
        let (width, height) = (1920, 1080);
        assert_eq!(png(width, height).len() as u64, ENOUGH);
        assert_eq!(Picture::of(&png(width, height)), Picture::Png { width, height });
        let longer = [png(1, u32::MAX), vec![0; 100]].concat();
        let huge = Picture::Png {
            width: 1,
            height: u32::MAX,
        };
        assert_eq!(Picture::of(&longer), huge);
    }

    #[test]
    fn a_png_that_is_cut_or_broken_is_no_other_file() {
        let whole = png(300, 300);
        for length in 1..whole.len() {
            assert_eq!(Picture::of(&whole[..length]), Picture::Broken, "{length}");
        }
        for (width, height) in [(0, 300), (300, 0)] {
            assert_eq!(Picture::of(&png(width, height)), Picture::Broken);
        }
        let mut other_chunk = whole.clone();
        other_chunk[12..16].copy_from_slice(b"CgBI");
        assert_eq!(Picture::of(&other_chunk), Picture::Broken);
        let mut other_length = whole;
        other_length[11] = 12;
        assert_eq!(Picture::of(&other_length), Picture::Broken);
    }

    #[test]
    fn what_is_no_png_is_named() {
        let table: [(&[u8], &str); 10] = [
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG"),
            (b"GIF89a", "a GIF"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "a WebP"),
            (b"\0\0\0\x1cftypavif", "an AVIF"),
            (b"\0\0\0\x18ftypmp42", "a video or a HEIF"),
            (b"BM6\0", "a BMP"),
            (b"\xef\xbb\xbf <svg/>", "a text like SVG or HTML"),
            (b"<!DOCTYPE html>", "a text like SVG or HTML"),
            (
                b"version https://git-lfs.github.com/spec/v1",
                "a Git LFS pointer, not the image itself",
            ),
            (b"PK\x03\x04", "no image that is known here"),
        ];
        for (begins, what) in table {
            assert_eq!(Picture::of(begins), Picture::Other(what));
        }
    }
}
