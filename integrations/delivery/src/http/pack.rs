//! A body as it goes over the wire, made before its headers, so that a signature can be of the very bytes.

use flate2::Compression as Level;
use flate2::write::GzEncoder;
use std::borrow::Cow;
use std::fmt;
use std::io::Write;

/// Whether bodies are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// They are not.
    #[default]
    Off,
    /// Those that have more bytes than this are, by gzip.
    GzipAbove(usize),
}

/// A body as it goes over the wire.
pub struct Packed<'a> {
    pub(super) bytes: Cow<'a, [u8]>,
    pub(super) is_gzip: bool,
}

impl Packed<'_> {
    /// The bytes that are sent, which are those to sign.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Packed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Packed({} bytes)", self.bytes.len())
    }
}

impl Compression {
    pub(super) fn pack(self, body: &[u8]) -> Packed<'_> {
        let Compression::GzipAbove(threshold) = self else { return plain(body) };
        if body.len() <= threshold {
            return plain(body);
        }
        // Into memory, which does not fail; should it all the same, the body goes as it is.
        let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Level::fast());
        match encoder.write_all(body).and_then(|()| encoder.finish()) {
            Ok(bytes) if bytes.len() < body.len() => Packed { bytes: Cow::Owned(bytes), is_gzip: true },
            _ => plain(body),
        }
    }
}

fn plain(body: &[u8]) -> Packed<'_> {
    Packed { bytes: Cow::Borrowed(body), is_gzip: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_body_above_the_threshold_is_compressed_if_that_makes_it_smaller() {
        let body = b"the same again, ".repeat(100);
        let packed = Compression::GzipAbove(1_000).pack(&body);
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(packed.bytes()).read_to_end(&mut read).unwrap();
        assert!(packed.is_gzip && packed.bytes().len() < 100);
        assert_eq!(read, body);

        assert!(!Compression::GzipAbove(1_600).pack(&body).is_gzip);
        assert!(!Compression::GzipAbove(0).pack(b"short").is_gzip, "it would only be longer");
        assert!(!Compression::Off.pack(&body).is_gzip);
    }
}
