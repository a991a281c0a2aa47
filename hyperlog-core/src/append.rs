//! Appends to bytes: plain copies, numbers, and text escaped for JSON.
//!
//! This stands apart because it is the one place with `unsafe` code. A record is some thirty small copies into memory that
//! is there already; making room once and copying through a pointer, in whole words and sixteen bytes at a time, takes
//! half the instructions that as many calls to `Vec::extend_from_slice` take (`cargo xtask bench`, case `five`). On targets
//! without SSE2 a portable twin looks at text eight bytes at a time, and a test holds the two against each other.
//!
//! Beside what JSON asks for, all that a terminal or a line splitter could act on is escaped: DEL, the C1 controls, U+2028
//! and U+2029 and the marks that turn the direction of text.
#![allow(unsafe_code)]

use crate::time::{PAIRS, SecondDigits, TRIPLES};
use std::cell::Cell;
use std::ptr::copy_nonoverlapping;

/// Appends to bytes. What was appended belongs to them once [`Appender::finish`] was called.
///
/// `at` and `end` always point into, or right behind, the spare memory of `out`, and every byte between `out`'s length and
/// `at` has been written.
pub(crate) struct Appender<'a> {
    out: &'a mut Vec<u8>,
    at: *mut u8,
    end: *mut u8,
}

impl<'a> Appender<'a> {
    #[inline]
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Appender<'a> {
        let (at, end) = spare(out);
        Appender { at, end, out }
    }

    /// Makes all that was appended part of the bytes.
    #[inline]
    pub(crate) fn finish(mut self) {
        self.commit();
    }

    /// Lets something be appended that this has no words for.
    #[inline(always)]
    pub(crate) fn with_vec<R>(&mut self, append: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        self.commit();
        let result = append(self.out);
        (self.at, self.end) = spare(self.out);
        result
    }

    /// How many bytes there are, with those before this began.
    #[inline]
    pub(crate) fn length(&self) -> usize {
        self.at as usize - self.out.as_ptr() as usize
    }

    #[inline(always)]
    fn commit(&mut self) {
        let length = self.length();
        // SAFETY: `at` lies within the capacity, and every byte before it has been written.
        unsafe { self.out.set_len(length) };
    }

    /// Makes room for bytes and for the padding that may be copied behind them.
    #[inline(always)]
    fn room(&mut self, bytes: usize) {
        if self.end as usize - self.at as usize <= bytes + PADDING {
            self.commit();
            (self.at, self.end) = grow(bytes + PADDING, self.out);
        }
    }

    /// Bytes whose number is known when the program is built.
    #[inline(always)]
    pub(crate) fn literal<const LENGTH: usize>(&mut self, bytes: &[u8; LENGTH]) {
        self.room(LENGTH);
        // SAFETY: there is room.
        unsafe { self.at = put(self.at, bytes) };
    }

    /// Any bytes.
    #[inline(always)]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.room(bytes.len());
        // SAFETY: there is room.
        unsafe { self.at = put_bytes(self.at, bytes) };
    }

    /// Text as it stands inside the quotes of JSON.
    #[inline]
    pub(crate) fn escaped(&mut self, text: &str) {
        self.room(text.len());
        // SAFETY: there is room.
        let copied = unsafe { copy_plain(text.as_bytes(), self.at) };
        // SAFETY: so many bytes were written.
        self.at = unsafe { self.at.add(copied) };
        if copied < text.len() {
            self.with_vec(|out| push_rest(text, copied, out));
        }
    }

    /// A piece, text in quotes of which the first belongs to the piece, and another piece.
    #[inline(always)]
    pub(crate) fn text_between<const LENGTH: usize>(&mut self, before: Padded<'_>, text: &str, after: &[u8; LENGTH]) {
        self.room(before.length() + text.len() + LENGTH);
        // SAFETY: there is room for all of it, and for the padding; `copy_plain` writes no more than it says.
        unsafe {
            let to = put_padded(self.at, before);
            let copied = copy_plain(text.as_bytes(), to);
            self.at = to.add(copied);
            if copied < text.len() {
                return self.finish_text(text, copied, after);
            }
            self.at = put(self.at, after);
        }
    }

    /// A key and a text in quotes.
    #[inline(always)]
    pub(crate) fn text_field(&mut self, key: Padded<'_>, text: &str) {
        self.room(key.length() + text.len() + 2);
        // SAFETY: there is room for all of it, and for the padding; `copy_plain` writes no more than it says.
        unsafe {
            let to = put(put_padded(self.at, key), b"\"");
            self.at = to;
            if text.len() < SHORT {
                // Copied as a whole or not at all, which is one branch for most of the texts there are.
                if !fast::copy_short(text.as_bytes(), to) {
                    return self.finish_text(text, 0, b"\"");
                }
            } else {
                let copied = fast::copy_blocks(text.as_bytes(), to);
                if copied < text.len() {
                    self.at = to.add(copied);
                    return self.finish_text(text, copied, b"\"");
                }
            }
            self.at = put(to.add(text.len()), b"\"");
        }
    }

    /// A text from a byte on, of which something has to be escaped, and what comes behind it.
    #[inline(always)]
    fn finish_text(&mut self, text: &str, from: usize, after: &[u8]) {
        self.with_vec(|out| push_rest_and(text, from, after, out));
    }

    /// A value of a block: its kind, and its bytes.
    #[inline(always)]
    pub(crate) fn stored_scalar<const LENGTH: usize>(&mut self, kind: u8, value: [u8; LENGTH]) {
        self.room(LENGTH + 1);
        // SAFETY: there is room for both.
        unsafe { self.at = put(put(self.at, &[kind]), &value) };
    }

    /// A value of a block that is a text: its kind, its length, and the text.
    #[inline(always)]
    pub(crate) fn stored_text(&mut self, kind: u8, text: &str) {
        self.room(text.len() + 5);
        // SAFETY: there is room for all of it.
        unsafe {
            let to = put(put(self.at, &[kind]), &(text.len() as u32).to_le_bytes());
            self.at = put_bytes(to, text.as_bytes());
        }
    }

    /// Begins a field whose value has no more than [`LONGEST_NUMBER`] bytes. Nothing is appended until the value is.
    #[inline(always)]
    pub(crate) fn short_field<'s>(&'s mut self, key: Padded<'s>) -> ShortField<'s, 'a> {
        self.room(key.length() + LONGEST_NUMBER);
        ShortField { appender: self, key }
    }
}

/// A field that there is room for, but for its value.
pub(crate) struct ShortField<'s, 'a> {
    appender: &'s mut Appender<'a>,
    key: Padded<'s>,
}

impl ShortField<'_, '_> {
    /// A word.
    #[inline(always)]
    pub(crate) fn literal<const LENGTH: usize>(self, word: &[u8; LENGTH]) {
        const { assert!(LENGTH <= LONGEST_NUMBER) };
        // SAFETY: there is room for both, and for the padding.
        unsafe { self.appender.at = put(put_padded(self.appender.at, self.key), word) };
    }

    /// A number.
    #[inline(always)]
    pub(crate) fn unsigned(self, number: u64) {
        // SAFETY: there is room for both, and for the padding.
        unsafe { self.appender.at = put_unsigned(put_padded(self.appender.at, self.key), number) };
    }

    /// A number.
    #[inline(always)]
    pub(crate) fn signed(self, number: i64) {
        // SAFETY: there is room for both and a sign, and for the padding.
        unsafe {
            let to = put_padded(self.appender.at, self.key);
            let to = if number < 0 { put(to, b"-") } else { to };
            self.appender.at = put_unsigned(to, number.unsigned_abs());
        }
    }

    /// A number that is neither infinite nor `NaN`.
    #[inline(always)]
    pub(crate) fn finite(self, number: f64) {
        // SAFETY: there is room for both, and for the padding.
        unsafe {
            let to = put_padded(self.appender.at, self.key);
            self.appender.at = match Decimal::of(number) {
                Some(decimal) => put_decimal(to, decimal),
                None => put_bytes(to, zmij::Buffer::new().format_finite(number).as_bytes()),
            };
        }
    }

    /// Nanoseconds as milliseconds, which the key says at its end.
    #[inline(always)]
    pub(crate) fn millis(self, nanos: u64) {
        const UNIT: &[u8; 3] = b"_ms";
        let (whole, fraction) = (nanos / 1_000_000, (nanos % 1_000_000) as usize);
        let name = self.key.text().as_bytes();
        let has_unit = name[..name.len() - END_OF_KEY.len()].ends_with(UNIT);
        // SAFETY: there is room for the key and its padding, and for unit, digits, point and digits: thirty bytes. What ends
        // a key is part of it, and comes again behind the unit.
        unsafe {
            let to = put_padded(self.appender.at, self.key);
            let to = if has_unit { to } else { put(put(to.sub(END_OF_KEY.len()), UNIT), END_OF_KEY) };
            let to = put_unsigned(to, whole);
            self.appender.at = if fraction == 0 { to } else { put_millionths(put(to, b"."), fraction) };
        }
    }
}

/// What a prepared key ends with.
const END_OF_KEY: &[u8; 2] = b"\":";

/// What stands before a time: so little that it is always copied as a whole.
#[derive(Clone, Debug)]
pub(crate) struct BeforeTime {
    bytes: [u8; LONGEST_BEFORE_TIME],
    length: usize,
}

const LONGEST_BEFORE_TIME: usize = 32;

impl BeforeTime {
    pub(crate) const NONE: BeforeTime = BeforeTime { bytes: [0; LONGEST_BEFORE_TIME], length: 0 };

    /// None if the text is too long.
    pub(crate) fn new(text: &str) -> Option<BeforeTime> {
        let mut bytes = [0; LONGEST_BEFORE_TIME];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(BeforeTime { bytes, length: text.len() })
    }
}

/// Appends a time as RFC 3339 in UTC, with microseconds, between two texts, the second of which is the long one. Appends
/// nothing, and says so, if there is no room: whoever has to make some needs none of this meanwhile.
#[inline(always)]
pub(crate) fn push_time_between(
    before: &BeforeTime,
    second: &Cell<SecondDigits>,
    nanos: u32,
    after: &[u8],
    out: &mut Vec<u8>,
) -> bool {
    if out.capacity() - out.len() < after.len() + LONGEST_BEFORE_TIME + RFC3339_MICROS {
        return false;
    }
    // SAFETY: there is room for all of it: `length` is no more than `LONGEST_BEFORE_TIME`. Nobody sees `out` before all of
    // it is written, so that its length can be set first and need not be remembered while the most bytes are copied.
    unsafe {
        let start = out.as_mut_ptr().add(out.len());
        out.set_len(out.len() + before.length + RFC3339_MICROS + after.len());
        put(start, &before.bytes);
        put_rfc3339_micros(start.add(before.length), second, nanos);
        copy_nonoverlapping(after.as_ptr(), start.add(before.length + RFC3339_MICROS), after.len());
    }
    true
}

/// Makes the room that [`push_time_between`] misses.
pub(crate) fn reserve_for_time(after: &[u8], out: &mut Vec<u8>) {
    reserve(after.len() + LONGEST_BEFORE_TIME + RFC3339_MICROS, out);
}

// What an appender needs seldom gets its bytes and never the appender itself, which can so stay in registers.

#[cold]
#[inline(never)]
fn reserve(bytes: usize, out: &mut Vec<u8>) {
    out.reserve(bytes.saturating_add(256));
}

/// Where there is room now.
#[cold]
#[inline(never)]
fn grow(bytes: usize, out: &mut Vec<u8>) -> (*mut u8, *mut u8) {
    reserve(bytes, out);
    spare(out)
}

#[inline(always)]
fn spare(out: &mut Vec<u8>) -> (*mut u8, *mut u8) {
    let spare = out.spare_capacity_mut().as_mut_ptr_range();
    (spare.start.cast(), spare.end.cast())
}

#[cold]
#[inline(never)]
fn push_rest_and(text: &str, from: usize, after: &[u8], out: &mut Vec<u8>) {
    push_rest(text, from, out);
    out.extend_from_slice(after);
}

/// Writes bytes; says where they end.
///
/// # Safety
///
/// `LENGTH` bytes can be written.
#[inline(always)]
unsafe fn put<const LENGTH: usize>(to: *mut u8, bytes: &[u8; LENGTH]) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe {
        copy_nonoverlapping(bytes.as_ptr(), to, LENGTH);
        to.add(LENGTH)
    }
}

/// How long a time is as RFC 3339 in UTC, with microseconds.
const RFC3339_MICROS: usize = 27;

/// Writes a time as RFC 3339 in UTC, with microseconds.
///
/// # Safety
///
/// [`RFC3339_MICROS`] bytes can be written.
#[inline(always)]
unsafe fn put_rfc3339_micros(to: *mut u8, second: &Cell<SecondDigits>, nanos: u32) {
    // Written so that no division is left: there are less than a thousand of each.
    let (micros, millis) = (nanos / 1_000, nanos / 1_000_000);
    let triple = |number: u32| &TRIPLES[number as usize % TRIPLES.len()];
    // SAFETY: the caller's promise: the digits to the second are 20 bytes, the others and the `Z` are seven. Nobody writes to
    // a cell meanwhile.
    unsafe {
        copy_nonoverlapping(second.as_ptr().cast(), to, 20);
        put(to.add(20), triple(millis));
        put(to.add(23), triple(micros.wrapping_sub(millis.wrapping_mul(1_000))));
    }
}

/// Writes bytes sixteen at a time; says where they end.
///
/// # Safety
///
/// As many bytes as there are and [`PADDING`] more can be written.
#[inline(always)]
unsafe fn put_padded(to: *mut u8, text: Padded<'_>) -> *mut u8 {
    // SAFETY: `Padded` has `PADDING` bytes behind its length, so that whole blocks can be read up to it; the caller promises
    // that as many can be written.
    unsafe {
        let (from, length) = (text.bytes.as_ptr(), text.length());
        copy_nonoverlapping(from, to, PADDING);
        if length > PADDING {
            copy_nonoverlapping(from.add(PADDING), to.add(PADDING), PADDING);
            if length > 2 * PADDING {
                copy_nonoverlapping(from.add(2 * PADDING), to.add(2 * PADDING), length - 2 * PADDING);
            }
        }
        to.add(length)
    }
}

/// Writes bytes; says where they end.
///
/// # Safety
///
/// As many bytes can be written.
#[inline(always)]
unsafe fn put_bytes(to: *mut u8, bytes: &[u8]) -> *mut u8 {
    // SAFETY: the caller's promise; each copy ends at or before `length` on both sides.
    unsafe {
        let (from, length) = (bytes.as_ptr(), bytes.len());
        if length > 32 {
            copy_nonoverlapping(from, to, length);
        } else if length >= 16 {
            copy_nonoverlapping(from, to, 16);
            copy_nonoverlapping(from.add(length - 16), to.add(length - 16), 16);
        } else if length >= 8 {
            copy_nonoverlapping(from, to, 8);
            copy_nonoverlapping(from.add(length - 8), to.add(length - 8), 8);
        } else if length >= 4 {
            copy_nonoverlapping(from, to, 4);
            copy_nonoverlapping(from.add(length - 4), to.add(length - 4), 4);
        } else if length > 0 {
            *to = *from;
            *to.add(length / 2) = *from.add(length / 2);
            *to.add(length - 1) = *from.add(length - 1);
        }
        to.add(length)
    }
}

/// Writes a number; says where it ends.
///
/// # Safety
///
/// Twenty bytes can be written.
#[inline(always)]
unsafe fn put_unsigned(to: *mut u8, number: u64) -> *mut u8 {
    // SAFETY: the caller's promise; no number has more digits.
    unsafe {
        let pair = |number: u64| &PAIRS[number as usize % 100];
        match number {
            0..10 => put(to, &[b'0' + number as u8]),
            10..100 => put(to, pair(number)),
            100..1_000 => put(put(to, &[b'0' + (number / 100) as u8]), pair(number)),
            1_000..10_000 => put(put(to, pair(number / 100)), pair(number)),
            _ => put_bytes(to, itoa::Buffer::new().format(number).as_bytes()),
        }
    }
}

/// A float with at most six digits behind the point, as most are that people measure.
#[derive(Clone, Copy)]
struct Decimal {
    is_negative: bool,
    /// A million times the number.
    millionths: u64,
}

impl Decimal {
    /// The number, if this is the shortest text that reads back as it.
    ///
    /// Below a thousand million, floats lie closer than millionths do: of all decimals with six digits behind the point
    /// at most one reads back as a given float, and if dividing gives the float again, it is this one.
    #[inline(always)]
    fn of(number: f64) -> Option<Decimal> {
        let size = number.abs();
        if !(1e-3..1e9).contains(&size) {
            return None;
        }
        let millionths = (size * 1e6) as u64;
        if millionths as f64 / 1e6 != size {
            return None;
        }
        Some(Decimal { is_negative: number < 0.0, millionths })
    }
}

/// Writes a number; says where it ends.
///
/// # Safety
///
/// Eighteen bytes can be written.
#[inline(always)]
unsafe fn put_decimal(to: *mut u8, decimal: Decimal) -> *mut u8 {
    let (whole, fraction) = (decimal.millionths / 1_000_000, (decimal.millionths % 1_000_000) as usize);
    // SAFETY: the caller's promise: a sign, nine digits, the point and six digits are seventeen bytes.
    unsafe {
        let to = if decimal.is_negative { put(to, b"-") } else { to };
        put_millionths(put(put_unsigned(to, whole), b"."), fraction)
    }
}

/// Writes what stands behind a point, without zeros at the end but for the first digit; says where it ends.
///
/// # Safety
///
/// Six bytes can be written.
#[inline(always)]
unsafe fn put_millionths(to: *mut u8, millionths: usize) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe {
        put(to, &PAIRS[millionths / 10_000 % 100]);
        put(to.add(2), &PAIRS[millionths / 100 % 100]);
        put(to.add(4), &PAIRS[millionths % 100]);
        let mut digits = 6;
        while digits > 1 && *to.add(digits - 1) == b'0' {
            digits -= 1;
        }
        to.add(digits)
    }
}

/// No number that fits 64 bits, whole or not, has more digits and signs.
const LONGEST_NUMBER: usize = 32;

/// Text that lies before at least [`PADDING`] bytes more, so that copying it needs no look at its end.
#[derive(Clone, Copy)]
pub(crate) struct Padded<'a> {
    /// The text and what is behind it: never less than [`PADDING`].
    bytes: &'a str,
}

/// How much lies behind [`Padded`] text.
pub(crate) const PADDING: usize = 16;

/// So many spaces.
pub(crate) const BLANKS: &str = "                ";
const _: () = assert!(BLANKS.len() == PADDING);

impl<'a> Padded<'a> {
    /// All but the last [`PADDING`] bytes.
    #[inline(always)]
    pub(crate) const fn new(text: &'a str) -> Padded<'a> {
        assert!(text.len() >= PADDING);
        Padded { bytes: text }
    }

    /// The text.
    pub(crate) fn text(self) -> &'a str {
        &self.bytes[..self.length()]
    }

    #[inline(always)]
    pub(crate) const fn length(self) -> usize {
        self.bytes.len() - PADDING
    }
}

/// [`Padded`] text with an owner.
#[derive(Clone, Debug)]
pub(crate) struct PaddedText(Box<str>);

impl PaddedText {
    pub(crate) fn new(mut text: String) -> PaddedText {
        text.push_str(BLANKS);
        PaddedText(text.into())
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> Padded<'_> {
        Padded { bytes: &self.0 }
    }
}

/// Text as it stands inside the quotes of JSON.
#[inline]
pub(crate) fn push_escaped(text: &str, out: &mut Vec<u8>) {
    let mut appender = Appender::new(out);
    appender.escaped(text);
    appender.finish();
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
        // U+061C.
        [0xD8, 0x9C, ..] => 2,
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
    classes[0xD8] = LEAD;
    classes[0xE2] = LEAD;
    classes
};

/// Copies up to the first block with a byte that may need an escape; says how many bytes that was.
///
/// # Safety
///
/// As many bytes as the text has can be written.
#[inline(always)]
unsafe fn copy_plain(text: &[u8], to: *mut u8) -> usize {
    // SAFETY: the caller's promise.
    unsafe {
        match text.len() {
            SHORT.. => fast::copy_blocks(text, to),
            length => {
                if fast::copy_short(text, to) {
                    length
                } else {
                    0
                }
            }
        }
    }
}

/// The length from which on text is copied in blocks.
const SHORT: usize = 16;

#[cfg(target_arch = "x86_64")]
use vector as fast;

#[cfg(not(target_arch = "x86_64"))]
use portable as fast;

#[cfg(target_arch = "x86_64")]
mod vector {
    use std::arch::x86_64::*;

    /// Copies a text of less than sixteen bytes, unless one may need an escape: says whether it did.
    ///
    /// # Safety
    ///
    /// As many bytes as the text has can be written.
    #[inline(always)]
    pub(super) unsafe fn copy_short(text: &[u8], to: *mut u8) -> bool {
        let (length, from) = (text.len(), text.as_ptr());
        // SAFETY: every read lies in `text` and every write in what the caller promises: each offset plus its width is at
        // most `length`. SSE2 belongs to every x86-64.
        unsafe {
            if length >= 8 {
                let head = _mm_loadl_epi64(from.cast());
                let tail = _mm_loadl_epi64(from.add(length - 8).cast());
                _mm_storel_epi64(to.cast(), head);
                _mm_storel_epi64(to.add(length - 8).cast(), tail);
                return is_plain(special(_mm_unpacklo_epi64(head, tail)));
            }
            if length >= 4 {
                let head = from.cast::<u32>().read_unaligned();
                let tail = from.add(length - 4).cast::<u32>().read_unaligned();
                to.cast::<u32>().write_unaligned(head);
                to.add(length - 4).cast::<u32>().write_unaligned(tail);
                let both = u64::from(head) | u64::from(tail) << 32;
                // The upper half is empty, which looks special and does not count.
                return _mm_movemask_epi8(special(_mm_cvtsi64_si128(both as i64))) as u8 == 0;
            }
            let mut at = 0;
            while at < length && super::CLASSES[usize::from(*from.add(at))] == super::PLAIN {
                *to.add(at) = *from.add(at);
                at += 1;
            }
            at == length
        }
    }

    /// Copies a text of at least sixteen bytes up to the first block with a byte that may need an escape; says how many
    /// bytes that was.
    ///
    /// # Safety
    ///
    /// As many bytes as the text has can be written.
    #[inline]
    pub(super) unsafe fn copy_blocks(text: &[u8], to: *mut u8) -> usize {
        let (length, from) = (text.len(), text.as_ptr());
        let mut at = 0;
        // SAFETY: each offset plus its width is at most `length`.
        unsafe {
            while at + 64 <= length {
                let (a, b) = (copy_16(from.add(at), to.add(at)), copy_16(from.add(at + 16), to.add(at + 16)));
                let (c, d) = (copy_16(from.add(at + 32), to.add(at + 32)), copy_16(from.add(at + 48), to.add(at + 48)));
                if !is_plain(_mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(c, d))) {
                    return at;
                }
                at += 64;
            }
            while at + 16 <= length {
                if !is_plain(copy_16(from.add(at), to.add(at))) {
                    return at;
                }
                at += 16;
            }
            if at == length || is_plain(copy_16(from.add(length - 16), to.add(length - 16))) { length } else { at }
        }
    }

    /// Copies sixteen bytes; marks those that may need an escape.
    ///
    /// # Safety
    ///
    /// Sixteen bytes can be read and written.
    #[inline(always)]
    unsafe fn copy_16(from: *const u8, to: *mut u8) -> __m128i {
        // SAFETY: the caller's promise.
        unsafe {
            let bytes = _mm_loadu_si128(from.cast());
            _mm_storeu_si128(to.cast(), bytes);
            special(bytes)
        }
    }

    /// Marks all but printable ASCII, and `"` and `\`: the signed comparison finds the controls and everything beyond
    /// ASCII at once.
    #[inline(always)]
    fn special(bytes: __m128i) -> __m128i {
        // SAFETY: SSE2 belongs to every x86-64.
        unsafe {
            let control_or_beyond = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
            let quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8));
            let backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\' as i8));
            let delete = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F));
            _mm_or_si128(_mm_or_si128(control_or_beyond, quote), _mm_or_si128(backslash, delete))
        }
    }

    #[inline(always)]
    fn is_plain(marks: __m128i) -> bool {
        // SAFETY: SSE2 belongs to every x86-64.
        unsafe { _mm_movemask_epi8(marks) == 0 }
    }
}

#[cfg_attr(target_arch = "x86_64", cfg(test))]
mod portable {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = EACH * 0x80;

    /// Copies a text, unless a byte of it may need an escape: says whether it did.
    ///
    /// # Safety
    ///
    /// As many bytes as the text has can be written.
    #[inline]
    pub(super) unsafe fn copy_short(text: &[u8], to: *mut u8) -> bool {
        // SAFETY: the caller's promise.
        unsafe { copy_blocks(text, to) == text.len() }
    }

    /// Copies up to the first block of eight with a byte that may need an escape; says how many bytes that was.
    ///
    /// # Safety
    ///
    /// As many bytes as the text has can be written.
    #[inline]
    pub(super) unsafe fn copy_blocks(text: &[u8], to: *mut u8) -> usize {
        let (blocks, rest) = text.as_chunks::<8>();
        let clean = blocks.iter().take_while(|block| is_plain(u64::from_le_bytes(**block))).count();
        let mut copied = clean * 8;
        if clean == blocks.len() {
            copied += rest.iter().take_while(|byte| super::CLASSES[usize::from(**byte)] == super::PLAIN).count();
        }
        // SAFETY: `copied` is at most the length of the text.
        unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), to, copied) };
        copied
    }

    /// Whether all bytes are printable ASCII other than `"` and `\`. A zero byte in a difference borrows from its
    /// neighbour, so that a find may be a false one, and never a missed one.
    #[inline]
    fn is_plain(bytes: u64) -> bool {
        let zero = |difference: u64| difference.wrapping_sub(EACH) & !difference;
        let control = bytes.wrapping_sub(EACH * 0x20) & !bytes;
        let special = zero(bytes ^ (EACH * u64::from(b'"')))
            | zero(bytes ^ (EACH * u64::from(b'\\')))
            | zero(bytes ^ (EACH * 0x7F));
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

    fn portably_copied(bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![0; bytes.len()];
        // SAFETY: `out` has as many bytes.
        let copied = unsafe { portable::copy_blocks(bytes, out.as_mut_ptr()) };
        // SAFETY: as above.
        let as_a_whole = unsafe { portable::copy_short(bytes, out.as_mut_ptr()) };
        assert_eq!(as_a_whole, copied == bytes.len());
        out.truncate(copied);
        out
    }

    /// Every length on both sides of each way to copy; an interpreter has time for a few.
    fn lengths() -> Vec<usize> {
        if cfg!(miri) { vec![0, 3, 4, 8, 15, 16, 17] } else { (0..40).chain([63, 64, 65, 81]).collect() }
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
                | '\u{61C}'
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
        let telling = ['a', '\u{61B}', '\u{61C}', '"', '\n', '\u{7F}', '\u{9B}', 'é', '\u{2028}', '😀', '\u{FFFD}'];
        let specials: Vec<char> = match cfg!(miri) {
            true => telling.into(),
            false => ('\0'..='\u{FF}').chain('\u{2000}'..='\u{2070}').chain(telling).collect(),
        };
        for length in lengths() {
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
        for length in lengths() {
            let plain = "abc xyz~!0123456789".repeat(5)[..length].to_owned();
            assert_eq!(portably_copied(plain.as_bytes()), plain.as_bytes());
            for place in 0..length {
                for special in (0..=255_u8).step_by(if cfg!(miri) { 31 } else { 1 }) {
                    let mut bytes = plain.clone().into_bytes();
                    bytes[place] = special;
                    let out = portably_copied(&bytes);
                    let copied = out.len();
                    assert_eq!(out, bytes[..copied]);
                    let may_need = CLASSES[usize::from(special)] != PLAIN;
                    assert!(!may_need || copied <= place, "{special:#x} at {place}");
                    assert!(copied == length || may_need || special >= 0x80, "{special:#x} at {place}");
                }
            }
        }
    }

    #[test]
    fn pieces_of_any_length_stand_behind_one_another_however_little_room_there_was() {
        for length in lengths() {
            let text = "é\"xyz 0123456789".repeat(6).chars().take(length).collect::<String>();
            let padded = PaddedText::new(text.clone());
            let mut out = Vec::new();
            let mut appender = Appender::new(&mut out);
            appender.bytes(text.as_bytes());
            appender.text_between(padded.get(), &text, b"|");
            appender.text_field(padded.get(), &text);
            appender.literal(b"end");
            assert_eq!(appender.length(), 3 * text.len() + 2 * slowly(&text).len() + 6);
            appender.finish();
            let expected = format!("{text}{text}{0}|{text}\"{0}\"end", slowly(&text));
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn a_span_of_time_is_written_to_its_last_nanosecond_under_a_name_that_says_the_unit_once() {
        for name in [",\"took\":", ",\"took_ms\":"] {
            let key = PaddedText::new(name.to_owned());
            for nanos in
                [0, 1, 10, 999, 1_000, 500_000, 999_999, 1_000_000, 1_500_000, 12_345_678, u64::MAX - 1, u64::MAX]
            {
                let mut out = Vec::new();
                let mut appender = Appender::new(&mut out);
                appender.short_field(key.get()).millis(nanos);
                appender.finish();
                let number = format!("{}.{:06}", nanos / 1_000_000, nanos % 1_000_000);
                let number = number.trim_end_matches('0').trim_end_matches('.');
                assert_eq!(String::from_utf8(out).unwrap(), format!(",\"took_ms\":{number}"));
            }
        }
    }

    #[test]
    fn numbers_are_written_in_full() {
        let key = PaddedText::new(",\"n\":".to_owned());
        let edges = [0, 9, 10, 99, 100, 999, 1_000, 9_999, 10_000, u64::MAX - 1, u64::MAX];
        for number in edges {
            let mut out = Vec::new();
            let mut appender = Appender::new(&mut out);
            appender.short_field(key.get()).unsigned(number);
            appender.short_field(key.get()).signed(number as i64);
            appender.short_field(key.get()).signed((number as i64).wrapping_neg());
            appender.finish();
            let (signed, negated) = (number as i64, (number as i64).wrapping_neg());
            let expected = format!(",\"n\":{number},\"n\":{signed},\"n\":{negated}");
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn floats_are_written_as_the_shortest_text_that_reads_back() {
        let written = |number: f64| {
            let mut out = Vec::new();
            let mut appender = Appender::new(&mut out);
            appender.short_field(PaddedText::new(String::new()).get()).finite(number);
            appender.finish();
            String::from_utf8(out).unwrap()
        };
        let check = |number: f64| {
            assert_eq!(written(number), zmij::Buffer::new().format_finite(number), "{number:e}");
            assert_eq!(written(-number), zmij::Buffer::new().format_finite(-number), "-{number:e}");
        };
        let edges =
            [0.0, 1e-3, 9.99999e-4, 0.1 + 0.2, 0.3, 1.0, 1.234, 12.5, 0.873, 999_999_999.999_999, 1e9, 1e16, 5e-324];
        edges.into_iter().chain([f64::MAX, f64::MIN_POSITIVE, 1e-7, 123_456.000_001]).for_each(check);
        // A stream of numbers of every size, and the decimals of every length next to them.
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..if cfg!(miri) { 50 } else { 200_000 } {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let float = f64::from_bits(state >> 2);
            if float.is_finite() {
                check(float);
            }
            let digits = (state % 8) as i32;
            check((state >> 30) as f64 / 10_f64.powi(digits));
            check((state >> 44) as f64 / 10_f64.powi(digits));
        }
    }
}
