//! Images to submit in tests.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// Returns a PNG of this size in pixels, all black, for tests of pipelines: it takes little space, and what reads images finds it good.
///
/// ```
/// let screenshot = msstore::testing::sample_image(1920, 1080);
/// assert!(screenshot.starts_with(b"\x89PNG") && screenshot.len() < 1000);
/// ```
#[must_use]
pub fn sample_image(width: u32, height: u32) -> Vec<u8> {
    // One bit for a pixel, and a filter before each row. Pixels that no address space holds are left out.
    let row = 1 + width.div_ceil(8) as usize;
    let rows = vec![0; row.checked_mul(height as usize).filter(|bytes| *bytes < 1 << 30).unwrap_or(0)];
    let mut pixels = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let pixels = pixels.write_all(&rows).and_then(|()| pixels.finish()).unwrap_or_default();
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[1, 0, 0, 0, 0]].concat();
    let chunks = [chunk(*b"IHDR", &header), chunk(*b"IDAT", &pixels), chunk(*b"IEND", &[])];
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunks.concat()].concat()
}

fn chunk(name: [u8; 4], content: &[u8]) -> Vec<u8> {
    // Never cut: pixels take far less.
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes();
    let named = [&name[..], content].concat();
    let checksum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, &named).to_be_bytes();
    [&length[..], &named, &checksum[4..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_a_whole_png() {
        let image = sample_image(1366, 768);
        assert_eq!(
            image[12..24],
            [b"IHDR", &1366_u32.to_be_bytes()[..], &768_u32.to_be_bytes()].concat()
        );
        // The last chunk is the same in each PNG, its checksum included.
        assert!(image.ends_with(b"\0\0\0\0IEND\xAE\x42\x60\x82"));
        let length = u32::from_be_bytes(image[33..37].try_into().unwrap()) as usize;
        let mut pixels = Vec::new();
        let mut packed = flate2::read::ZlibDecoder::new(&image[41..41 + length]);
        std::io::Read::read_to_end(&mut packed, &mut pixels).unwrap();
        assert_eq!(pixels.len(), 768 * (1 + 171));
        assert!(image.len() < 1000, "{}", image.len());
    }
}
