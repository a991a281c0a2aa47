//! Appends text to JSON: copies sixteen bytes at a time and looks at them on the way.
//!
//! This stands apart because it is the one place with `unsafe` code: copying through pointers into memory that was
//! reserved before halves the instructions of a record (`cargo bench`, case `five`). On targets without SSE2 a safe twin
//! does the same eight bytes at a time, and a test holds the two against each other.
//!
//! Beside what JSON asks for, all that a terminal or a line splitter could act on is escaped: DEL, the C1 controls,
//! U+2028 and U+2029 and the marks that turn the direction of text.
#![allow(unsafe_code)]

/// Appends text without the quotes around it.
#[inline]
pub(crate) fn push_escaped(text: &str, out: &mut Vec<u8>) {
    let copied = fast::push_plain(text.as_bytes(), out);
    if copied < text.len() {
        push_rest(text, copied, out);
    }
}

/// Appends text that contains something to escape, from a byte on.
#[cold]
#[inline(never)]
fn push_rest(text: &str, from: usize, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() - from + 16);
    let mut plain = from;
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        let class = CLASSES[usize::from(byte)];
        if class == PLAIN {
            at += 1;
            continue;
        }
        let length = if class == LEAD { escaped_length(&bytes[at..]) } else { 1 };
        if length > 0 {
            out.extend_from_slice(&bytes[plain..at]);
            push_escape(class, &bytes[at..at + length], out);
            plain = at + length;
        }
        at += length.max(1);
    }
    out.extend_from_slice(&bytes[plain..]);
}

/// How long the character is that begins here, if it has to be escaped, else 0.
fn escaped_length(bytes: &[u8]) -> usize {
    match bytes {
        [0xC2, 0x80..=0x9F, ..] => 2,
        // U+200E, U+200F, U+2028 to U+202E and U+2066 to U+2069.
        [0xE2, 0x80, 0x8E | 0x8F | 0xA8..=0xAE, ..] | [0xE2, 0x81, 0xA6..=0xA9, ..] => 3,
        _ => 0,
    }
}

fn push_escape(class: u8, character: &[u8], out: &mut Vec<u8>) {
    let code = match character {
        [byte] if class != CODE => return out.extend_from_slice(&[b'\\', if class == b'"' { *byte } else { class }]),
        [byte] => u32::from(*byte),
        [a, b] => (u32::from(*a) & 0x1F) << 6 | u32::from(*b) & 0x3F,
        [a, b, c] => (u32::from(*a) & 0x0F) << 12 | (u32::from(*b) & 0x3F) << 6 | u32::from(*c) & 0x3F,
        _ => return,
    };
    let digit = |shift: u32| HEX[(code >> shift & 15) as usize];
    out.extend_from_slice(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The byte stands for itself.
const PLAIN: u8 = 0;
/// It may begin a character that is escaped.
const LEAD: u8 = 1;
/// It is written as `\u00XX`.
const CODE: u8 = 2;

/// What becomes of each byte: one of the above, `"` for itself behind a backslash, or the letter behind a backslash.
static CLASSES: [u8; 256] = {
    let mut classes = [PLAIN; 256];
    let mut byte = 0;
    while byte < 0x20 {
        classes[byte] = CODE;
        byte += 1;
    }
    classes[0x7F] = CODE;
    classes[b'\n' as usize] = b'n';
    classes[b'\r' as usize] = b'r';
    classes[b'\t' as usize] = b't';
    classes[b'"' as usize] = b'"';
    classes[b'\\' as usize] = b'"';
    classes[0xC2] = LEAD;
    classes[0xE2] = LEAD;
    classes
};

#[cfg(all(target_arch = "x86_64", not(miri)))]
use vector as fast;

#[cfg(not(all(target_arch = "x86_64", not(miri))))]
use portable as fast;

#[cfg(target_arch = "x86_64")]
mod vector {
    use std::arch::x86_64::*;

    /// Appends bytes up to the first block of sixteen with a byte that may need an escape; says how many it took.
    #[inline]
    pub(super) fn push_plain(text: &[u8], out: &mut Vec<u8>) -> usize {
        let length = text.len();
        out.reserve(length);
        let start = out.len();
        // SAFETY: `reserve` made room for `length` bytes behind `start`. Every read below lies in `text` and every write
        // in that room: each offset plus its width is at most `length`. The length is only raised over bytes that were
        // written. SSE2 belongs to every x86-64.
        unsafe {
            let from = text.as_ptr();
            let to = out.as_mut_ptr().add(start);
            let copied = if length >= 16 {
                let mut at = 0;
                loop {
                    if !copy_16(from.add(at), to.add(at)) {
                        break at;
                    }
                    at += 16;
                    if at + 16 > length {
                        if at == length || copy_16(from.add(length - 16), to.add(length - 16)) {
                            break length;
                        }
                        break at;
                    }
                }
            } else if length >= 8 {
                let head = _mm_loadl_epi64(from.cast());
                let tail = _mm_loadl_epi64(from.add(length - 8).cast());
                _mm_storel_epi64(to.cast(), head);
                _mm_storel_epi64(to.add(length - 8).cast(), tail);
                if is_plain(_mm_unpacklo_epi64(head, tail)) { length } else { 0 }
            } else if length >= 4 {
                let head = from.cast::<u32>().read_unaligned();
                let tail = from.add(length - 4).cast::<u32>().read_unaligned();
                to.cast::<u32>().write_unaligned(head);
                to.add(length - 4).cast::<u32>().write_unaligned(tail);
                let both = u64::from(head) | u64::from(tail) << 32;
                if is_plain(_mm_set1_epi64x(both as i64)) { length } else { 0 }
            } else {
                let mut at = 0;
                while at < length && super::CLASSES[usize::from(*from.add(at))] == super::PLAIN {
                    *to.add(at) = *from.add(at);
                    at += 1;
                }
                at
            };
            out.set_len(start + copied);
            copied
        }
    }

    /// Copies sixteen bytes; says whether all of them stand for themselves.
    ///
    /// # Safety
    ///
    /// Sixteen bytes can be read and written.
    #[inline(always)]
    unsafe fn copy_16(from: *const u8, to: *mut u8) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            let bytes = _mm_loadu_si128(from.cast());
            _mm_storeu_si128(to.cast(), bytes);
            is_plain(bytes)
        }
    }

    /// Whether all bytes are printable ASCII other than `"` and `\`: the signed comparison finds the controls and
    /// everything beyond ASCII at once.
    #[inline(always)]
    fn is_plain(bytes: __m128i) -> bool {
        // SAFETY: SSE2 belongs to every x86-64.
        unsafe {
            let control_or_beyond = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
            let quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8));
            let backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\' as i8));
            let delete = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F));
            let found = _mm_or_si128(_mm_or_si128(control_or_beyond, quote), _mm_or_si128(backslash, delete));
            _mm_movemask_epi8(found) == 0
        }
    }
}

#[cfg_attr(all(target_arch = "x86_64", not(miri)), cfg(test))]
mod portable {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = EACH * 0x80;

    /// Appends bytes up to the first block of eight with a byte that may need an escape; says how many it took.
    #[inline]
    pub(super) fn push_plain(text: &[u8], out: &mut Vec<u8>) -> usize {
        let (blocks, rest) = text.as_chunks::<8>();
        let clean = blocks.iter().take_while(|block| is_plain(u64::from_le_bytes(**block))).count();
        let mut copied = clean * 8;
        if clean == blocks.len() {
            copied += rest.iter().take_while(|byte| super::CLASSES[usize::from(**byte)] == super::PLAIN).count();
        }
        out.extend_from_slice(&text[..copied]);
        copied
    }

    /// Whether all bytes are printable ASCII other than `"` and `\`. A zero byte in a difference borrows from its
    /// neighbour, so that a find may be a false one, and never a missed one.
    #[inline]
    fn is_plain(bytes: u64) -> bool {
        let zero = |difference: u64| difference.wrapping_sub(EACH) & !difference;
        let control = bytes.wrapping_sub(EACH * 0x20) & !bytes;
        let special =
            zero(bytes ^ EACH * u64::from(b'"')) | zero(bytes ^ EACH * u64::from(b'\\')) | zero(bytes ^ EACH * 0x7F);
        (control | special | bytes) & HIGH == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = Vec::new();
        push_escaped(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn slowly(text: &str) -> String {
        text.chars()
            .map(|character| match character {
                '"' => "\\\"".to_owned(),
                '\\' => "\\\\".to_owned(),
                '\n' => "\\n".to_owned(),
                '\r' => "\\r".to_owned(),
                '\t' => "\\t".to_owned(),
                '\0'..='\x1F'
                | '\x7F'..='\u{9F}'
                | '\u{200E}'
                | '\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2066}'..='\u{2069}' => format!("\\u{:04x}", u32::from(character)),
                plain => plain.to_string(),
            })
            .collect()
    }

    #[test]
    fn every_character_is_escaped_at_every_place() {
        let specials: Vec<char> =
            ('\0'..='\u{FF}').chain('\u{2000}'..='\u{2070}').chain(['é', '😀', '\u{FFFD}']).collect();
        for length in 0..40 {
            for place in 0..=length {
                for &special in &specials {
                    let text: String = "x".repeat(place) + &special.to_string() + &"y".repeat(length - place);
                    assert_eq!(escaped(&text), slowly(&text), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn the_portable_twin_takes_nothing_that_needs_an_escape_and_all_that_needs_none() {
        for length in 0..40 {
            let plain = "abc xyz~!0123456789".repeat(3)[..length].to_owned();
            let mut out = Vec::new();
            assert_eq!(portable::push_plain(plain.as_bytes(), &mut out), length);
            assert_eq!(out, plain.as_bytes());
            for place in 0..length {
                for special in 0..=255_u8 {
                    let mut bytes = plain.clone().into_bytes();
                    bytes[place] = special;
                    let mut out = Vec::new();
                    let copied = portable::push_plain(&bytes, &mut out);
                    assert_eq!(out, bytes[..copied]);
                    let may_need = CLASSES[usize::from(special)] != PLAIN;
                    assert!(!may_need || copied <= place, "{special:#x} at {place}");
                    assert!(copied == length || may_need || special >= 0x80, "{special:#x} at {place}");
                }
            }
        }
    }
}
