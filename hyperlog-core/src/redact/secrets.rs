//! Finds what gives itself away as a secret in any text: tokens, keys, credentials, and values named by their key.
//!
//! Written by hand instead of with patterns, because it runs over each string of each record: one pass of three
//! instructions per byte asks whether any four bytes look like the start of something, and only there the real
//! question is asked.

use super::keys::Keys;
use super::{Mask, Span};

/// Finds the secrets of one text, from left to right.
pub(super) struct Secrets<'a> {
    bytes: &'a [u8],
    keys: &'a Keys,
    mask: Mask,
    at: usize,
    state: u64,
    /// The end of the last secret.
    floor: usize,
    /// Starts of a JWT before this have been refuted.
    no_token_before: usize,
    /// There is no `@` before this.
    no_sign_before: usize,
    /// There is no answer to a digest challenge before this.
    no_digest_before: usize,
    /// None as long as nobody has asked.
    has_backslash: Option<bool>,
}

impl<'a> Secrets<'a> {
    pub(super) fn of(text: &'a str, keys: &'a Keys, mask: Mask) -> Secrets<'a> {
        Secrets {
            bytes: text.as_bytes(),
            keys,
            mask,
            at: 0,
            state: START,
            floor: 0,
            no_token_before: 0,
            no_sign_before: 0,
            no_digest_before: 0,
            has_backslash: None,
        }
    }

    /// Whether there is nothing that even looks like a secret. The answer for nearly every text.
    #[inline]
    pub(super) fn none_in(text: &str) -> bool {
        suspect(text.as_bytes(), 0, START).is_none()
    }

    /// The next secret. Secrets never overlap and are never empty.
    #[inline]
    pub(super) fn next(&mut self) -> Option<Span> {
        while let Some((at, count, state)) = suspect(self.bytes, self.at, self.state) {
            (self.at, self.state) = (at, state);
            if let Some(span) = self.examine(count) {
                return Some(span);
            }
        }
        self.at = self.bytes.len();
        None
    }

    /// Asks the real questions about the last few bytes that went into the state.
    #[inline(never)]
    fn examine(&mut self, count: usize) -> Option<Span> {
        for place in 0..count {
            let at = self.at + place;
            let buckets = !(self.state >> (8 * (2 + count - place))) as u8;
            if buckets == 0 {
                continue;
            }
            let Some(found) = self.probe(at, buckets) else { continue };
            let span = Span { start: found.start.max(self.floor), ..found };
            if span.end > at && span.start < span.end {
                (self.at, self.floor, self.state) = (span.end, span.end, START);
                return Some(span);
            }
        }
        self.at += count;
        None
    }

    /// Kept out of line: inlined into the loop above it made every look a fifth dearer.
    #[inline(never)]
    fn probe(&mut self, at: usize, buckets: u8) -> Option<Span> {
        let range = match self.bytes[at] {
            b'=' => return self.pair(at),
            b':' => match self.pair(at) {
                None => self.url(at).or_else(|| self.bot_token(at)),
                pair => return pair,
            },
            b' ' => self.credential(at),
            b'e' | b'E' if buckets & SCHEME_IC != 0 => self.digest(at),
            b'-' if buckets & DASHES != 0 => self.private_key(at),
            _ if buckets & CAPITALS != 0 => self.web_token(at),
            _ => None,
        };
        let (start, end) = range.or_else(|| self.vendor_key(at, buckets))?;
        Some(Span { start, end, mask: self.mask })
    }

    // ---- values named by their key -------------------------------------------------------------------------------

    /// `key=value`, `key: value`, `"key": "value"`, `key => value`, with the separator at `at`.
    fn pair(&mut self, at: usize) -> Option<Span> {
        let bytes = self.bytes;
        let neighbour = |place: Option<usize>| place.and_then(|place| bytes.get(place)).copied();
        if bytes[at] == b':' && (neighbour(at.checked_sub(1)) == Some(b':') || neighbour(Some(at + 1)) == Some(b':')) {
            return None; // the path of a module, or an address
        }
        let last = neighbour(at.checked_sub(1))?;
        if !self.keys.may_end_with(last) {
            return None;
        }
        let key_end = trim_end(bytes, at);
        let (key, quote) = key_before(bytes, key_end)?;
        let name = &bytes[key.0..key.1];
        let mask = match self.mask_under(key.0, name) {
            Some(mask) => mask,
            None if self.is_escaped(key, quote) => self.mask_under_escapes(key, quote.is_some())?,
            None => {
                let start = longer_start(bytes, key).or_else(|| shorter_start(bytes, key))?;
                self.mask_under(start, &bytes[start..key.1])?
            }
        };
        let mut from = at + 1;
        while from < at + 3 && matches!(neighbour(Some(from)), Some(b'=' | b'>')) {
            from += 1;
        }
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t') || (quote.is_some() && matches!(byte, b'\n' | b'\r'));
        from += bytes[from..].iter().take_while(|byte| blank(byte)).count();
        let (start, end) = value_at(bytes, from, takes_the_line(name) && !is_no_text(bytes, from, quote.is_some()))?;
        Some(Span { start, end, mask })
    }

    /// How a value is hidden whose key begins at `start` and reads like this.
    #[inline(always)]
    fn mask_under(&self, start: usize, name: &[u8]) -> Option<Mask> {
        let asked_for = start > 0 && matches!(self.bytes[start - 1], b'?' | b'&');
        let signature = asked_for && [&b"sig"[..], b"signature"].iter().any(|word| name.eq_ignore_ascii_case(word));
        self.keys.find(name).or(signature.then_some(self.mask))
    }

    /// The same for a key that is written in escapes: `pass\u0077ord` within quotes, `pass%77ord` without.
    #[cold]
    #[inline(never)]
    fn mask_under_escapes(&self, (start, end): (usize, usize), is_quoted: bool) -> Option<Mask> {
        let bytes = self.bytes;
        if is_quoted {
            return self.mask_under(start, Unescaped::of_json(&bytes[start..end]).key());
        }
        let floor = end.saturating_sub(KEY_REACH);
        let before = bytes[floor..end].iter().rposition(|byte| !is_part_of_key(byte) && *byte != b'%');
        let start = floor + before.map_or(0, |place| place + 1);
        self.mask_under(start, Unescaped::of_url(&bytes[start..end]).key())
    }

    /// Whether a key is written in escapes. Nearly no text has any, and of one with many keys that is asked once.
    #[inline]
    fn is_escaped(&mut self, (start, end): (usize, usize), quote: Option<u8>) -> bool {
        let bytes = self.bytes;
        match quote {
            Some(_) => {
                let has_backslash = *self.has_backslash.get_or_insert_with(|| bytes.contains(&b'\\'));
                has_backslash && bytes[start..end].contains(&b'\\')
            }
            None => start > 0 && bytes[start - 1] == b'%',
        }
    }

    // ---- URLs ----------------------------------------------------------------------------------------------------

    /// The password of `scheme://user:password@host`, or the path of a webhook that is a secret itself.
    fn url(&mut self, colon: usize) -> Option<(usize, usize)> {
        let bytes = self.bytes;
        // JSON may write it with backslashes
        let mark = [&b"://"[..], b":\\/\\/"].into_iter().find(|mark| bytes[colon..].starts_with(mark))?;
        if colon == 0 || !bytes[colon - 1].is_ascii_alphanumeric() {
            return None;
        }
        let host = colon + mark.len();
        let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'`');
        let authority = span_while(bytes, host, |byte| !ends(byte) && !matches!(byte, b'/' | b'?' | b'#' | b'\\'));
        let sign = bytes[host..authority].iter().rposition(|byte| *byte == b'@').map(|place| host + place);
        if let Some(user) = bytes[host..authority].iter().position(|byte| *byte == b':') {
            let password = host + user + 1;
            let port = span_while(bytes, password, u8::is_ascii_digit);
            // `db:1433;user=sa`, `db1:3306,db2:3306`: what comes behind is not the password of a user
            let is_listed = port > password && matches!(bytes.get(port), Some(b',' | b';'));
            match sign {
                Some(sign) if password <= sign && !is_listed => return Some((password, sign)),
                None if !is_listed && port != authority && bytes[host] != b'[' => {
                    // a password with a slash in it
                    if let Some(sign) = self.late_sign(password, authority, ends) {
                        return Some((password, sign));
                    }
                }
                _ => {}
            }
        }
        let port =
            bytes[host..authority].iter().rposition(|byte| *byte == b':').map_or(authority, |place| host + place);
        let path = authority + version_at(&bytes[authority..]);
        let is_known = |place: &&(&str, &str)| {
            let name = &bytes[host..port];
            let is_host = name.len() >= place.0.len()
                && name[name.len() - place.0.len()..].eq_ignore_ascii_case(place.0.as_bytes());
            is_host && bytes[path..].starts_with(place.1.as_bytes())
        };
        let start = path + WEBHOOKS.iter().find(is_known)?.1.len();
        Some((start, span_while(bytes, start, |byte| !ends(byte) && !matches!(byte, b'?' | b'#' | b'\\' | b')'))))
    }

    /// The last `@` of a URL from `from` on, up to where its query assigns something.
    fn late_sign(&mut self, password: usize, from: usize, ends: impl Fn(&u8) -> bool) -> Option<usize> {
        if self.no_sign_before > password {
            return None;
        }
        let (mut at, mut sign, mut is_query) = (from, None, false);
        while let Some(byte) = self.bytes.get(at).filter(|byte| !ends(byte)) {
            match byte {
                b'@' => sign = Some(at),
                b'?' => is_query = true,
                b'=' if is_query => break,
                _ => {}
            }
            at += 1;
        }
        if sign.is_none() {
            self.no_sign_before = at;
        }
        sign
    }

    /// `123456789:AA…`, a token of a Telegram bot.
    fn bot_token(&self, colon: usize) -> Option<(usize, usize)> {
        let (bytes, from) = (self.bytes, colon + 1);
        if !bytes[from..].starts_with(b"AA") {
            return None;
        }
        let end = span_while(&bytes[..bytes.len().min(from + 36)], from, is_url_safe);
        let digits = bytes[..colon].iter().rev().take(17).take_while(|byte| byte.is_ascii_digit()).count();
        // those of an escape before it are not its own
        let behind = [4, 2].map(|of_escape| colon - digits + of_escape);
        let start = behind.into_iter().find(|start| *start < colon && ends_escape(&bytes[..*start]));
        let start = start.unwrap_or(colon - digits);
        (end - from == 35 && (6..=12).contains(&(colon - start))).then_some((start, end))
    }

    // ---- credentials after the name of their scheme --------------------------------------------------------------

    /// `Bearer x`, `Basic x`, `Token x`, with the blank at `at`.
    fn credential(&self, at: usize) -> Option<(usize, usize)> {
        let bytes = self.bytes;
        let scheme = [&b"bearer"[..], b"basic", b"token"].into_iter().find(|scheme| {
            at >= scheme.len()
                && bytes[at - scheme.len()..at].eq_ignore_ascii_case(scheme)
                && starts_here(bytes, at - scheme.len())
        })?;
        let start = span_while(bytes, at, |byte| *byte == b' ');
        let is_part = |byte: &u8| is_url_safe(byte) || matches!(byte, b'.' | b'~' | b'+' | b'/' | b'|');
        let body = span_while(bytes, start, is_part);
        let mut end = span_while(bytes, body, |byte| *byte == b'=');
        if end == body {
            // the end of a sentence
            end -= bytes[start..end].iter().rev().take_while(|byte| **byte == b'.').count();
        } else if !self.is_padded(&bytes[start..body], end) {
            return None;
        }
        let value = &bytes[start..end];
        let secret = match scheme {
            b"bearer" => is_no_word(value),
            b"basic" => {
                decodes_to_a_pair(value)
                    || (end > body && value.len().is_multiple_of(4))
                    || (value.len() >= 16 && is_mixed(value))
            }
            _ => value.len() >= 16 && value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic),
        };
        secret.then_some((start, end))
    }

    /// Whether the `=` between a credential and `end` belong to it, rather than to a pair: `Basic realm="api"`,
    /// `basic password=x`.
    fn is_padded(&self, body: &[u8], end: usize) -> bool {
        let bytes = self.bytes;
        let quote = span_while(bytes, end, |byte| *byte == b'\\');
        let ends = match bytes.get(quote) {
            Some(b'"' | b'\'') => closes_before(bytes.get(quote + 1)) && !names_a_parameter(body),
            _ if quote > end => true,
            Some(b'.' | b':' | b'!' | b'?') => closes_before(bytes.get(quote + 1)),
            Some(b';' | b'&' | b'|' | b'`') => true,
            next => closes_before(next),
        };
        ends && self.keys.find(body).is_none()
    }

    /// `Digest username="…", response="…"`, with the first `e` at `at`.
    fn digest(&mut self, at: usize) -> Option<(usize, usize)> {
        let bytes = self.bytes;
        let start = at + 4;
        let named = at >= 3 && bytes.get(at - 3..start)?.eq_ignore_ascii_case(b"digest ");
        let name = span_while(bytes, start, |byte| byte.is_ascii_alphabetic());
        if !named || start < self.no_digest_before || name == start || bytes.get(name) != Some(&b'=') {
            return None;
        }
        let line = line_end(bytes, start);
        self.no_digest_before = line;
        let answers = bytes[start..line].windows(9).any(|window| window.eq_ignore_ascii_case(b"response="));
        answers.then_some((start, line))
    }

    // ---- tokens and keys -----------------------------------------------------------------------------------------

    /// The whole block of a private key, to the end of the text if it is not closed.
    fn private_key(&self, at: usize) -> Option<(usize, usize)> {
        let bytes = self.bytes;
        let start = (at + 1).checked_sub(4)?;
        if !bytes[start..].starts_with(b"----") {
            return None;
        }
        let label = span_while(&bytes[..bytes.len().min(start + 7)], start + 4, |byte| matches!(byte, b'-' | b' '));
        let head = &bytes[label..bytes.len().min(label + 64)];
        if !head.starts_with(b"BEGIN ") || find(head, b"PRIVATE KEY").is_none() {
            return None;
        }
        let closes = |body: &[u8]| -> Option<usize> {
            let foot = find(body, b"-END ").or_else(|| find(body, b"- END "))?;
            let dashes = foot + 5 + find(&body[foot + 5..], b"----")?;
            Some(span_while(body, dashes, |byte| *byte == b'-'))
        };
        Some((start, closes(&bytes[label..]).map_or(bytes.len(), |end| label + end)))
    }

    /// Three parts of base64url, the first of which is a JSON object.
    fn web_token(&mut self, at: usize) -> Option<(usize, usize)> {
        let bytes = self.bytes;
        let start = at.checked_sub(3)?;
        if start < self.no_token_before || !bytes[start..].starts_with(b"eyJ") {
            return None;
        }
        let part = |from| span_while(bytes, from, is_url_safe);
        let head = part(start);
        self.no_token_before = head;
        let payload = if bytes.get(head) == Some(&b'.') { part(head + 1) } else { return None };
        if head - start < 8 || bytes.get(payload) != Some(&b'.') {
            return None;
        }
        let mut end = part(payload + 1);
        // nothing stands in the place of what is signed elsewhere, or of a key that both know
        let is_empty = payload == head + 1 && end - payload > 10;
        if payload - head < 5 && !is_empty {
            return None;
        }
        while bytes.get(end) == Some(&b'.') && part(end + 1) > end + 1 {
            end = part(end + 1);
        }
        Some((start, end))
    }

    /// A key that shows by its prefix who issued it.
    fn vendor_key(&self, at: usize, buckets: u8) -> Option<(usize, usize)> {
        if buckets & (CAPITALS | LOWS | SHORTS | DASHES | STARTS) == 0 {
            return None;
        }
        let bytes = self.bytes;
        VENDORS.iter().filter(|vendor| vendor.bucket & buckets != 0).find_map(|vendor| {
            let start = (at + 1).checked_sub(vendor.anchor)?;
            let body = start + vendor.prefix.len();
            if !bytes[start..].starts_with(vendor.prefix.as_bytes()) || !starts_here(bytes, start) {
                return None;
            }
            let end = span_while(bytes, body, vendor.allows);
            let whole = end - body >= vendor.least && end - body <= vendor.most;
            let apart = vendor.most == usize::MAX || !bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
            (whole && apart).then_some((start, end))
        })
    }
}

/// A prefix and what has to follow it.
struct Vendor {
    bucket: u8,
    prefix: &'static str,
    /// How many bytes of the prefix (or of what follows) the first look has seen.
    anchor: usize,
    allows: fn(&u8) -> bool,
    least: usize,
    most: usize,
}

const fn vendor(bucket: u8, prefix: &'static str, allows: fn(&u8) -> bool, least: usize) -> Vendor {
    Vendor { bucket, prefix, anchor: prefix.len(), allows, least, most: usize::MAX }
}

const fn exact(bucket: u8, prefix: &'static str, allows: fn(&u8) -> bool, length: usize) -> Vendor {
    Vendor { bucket, prefix, anchor: 4, allows, least: length, most: length }
}

const fn anchored(mut vendor: Vendor, anchor: usize) -> Vendor {
    vendor.anchor = anchor;
    vendor
}

const VENDORS: &[Vendor] = &[
    exact(CAPITALS, "AKIA", is_capital_or_digit, 16),
    exact(CAPITALS, "ASIA", is_capital_or_digit, 16),
    exact(CAPITALS, "SK", is_lower_hex, 32),
    vendor(CAPITALS, "AIza", is_url_safe, 35),
    vendor(LOWS, "ghp_", u8::is_ascii_alphanumeric, 30),
    vendor(LOWS, "gho_", u8::is_ascii_alphanumeric, 30),
    vendor(LOWS, "ghu_", u8::is_ascii_alphanumeric, 30),
    vendor(LOWS, "ghs_", u8::is_ascii_alphanumeric, 30),
    vendor(LOWS, "ghr_", u8::is_ascii_alphanumeric, 30),
    vendor(LOWS, "github_pat_", is_word, 36),
    vendor(LOWS, "npm_", u8::is_ascii_alphanumeric, 30),
    vendor(LOWS, "shpat_", u8::is_ascii_hexdigit, 32),
    vendor(LOWS, "shpss_", u8::is_ascii_hexdigit, 32),
    vendor(LOWS, "shpca_", u8::is_ascii_hexdigit, 32),
    vendor(LOWS, "shppa_", u8::is_ascii_hexdigit, 32),
    vendor(LOWS, "dop_v1_", u8::is_ascii_hexdigit, 64),
    vendor(LOWS, "doo_v1_", u8::is_ascii_hexdigit, 64),
    vendor(LOWS, "dor_v1_", u8::is_ascii_hexdigit, 64),
    vendor(SHORTS, "hf_", u8::is_ascii_alphanumeric, 30),
    anchored(vendor(SHORTS, "sk_live_", u8::is_ascii_alphanumeric, 16), 3),
    anchored(vendor(SHORTS, "sk_test_", u8::is_ascii_alphanumeric, 16), 3),
    anchored(vendor(SHORTS, "rk_live_", u8::is_ascii_alphanumeric, 16), 3),
    anchored(vendor(SHORTS, "rk_test_", u8::is_ascii_alphanumeric, 16), 3),
    anchored(vendor(SHORTS, "sk-ant-", is_url_safe, 20), 3),
    anchored(vendor(SHORTS, "sk-proj-", is_url_safe, 20), 3),
    anchored(vendor(SHORTS, "sk-svcacct-", is_url_safe, 20), 3),
    anchored(vendor(SHORTS, "sk-or-v1-", is_url_safe, 20), 3),
    vendor(SHORTS, "sk-", u8::is_ascii_alphanumeric, 20),
    anchored(vendor(SHORTS, "SG.", is_url_safe_or_dot, 40), 3),
    vendor(DASHES, "glpat-", is_url_safe, 20),
    anchored(vendor(DASHES, "xapp-1-", is_alphanumeric_or_dash, 20), 4),
    slack("xoxa-"),
    slack("xoxb-"),
    slack("xoxc-"),
    slack("xoxd-"),
    slack("xoxe-"),
    slack("xoxo-"),
    slack("xoxp-"),
    slack("xoxr-"),
    slack("xoxs-"),
    anchored(vendor(STARTS, "whsec_", is_base64, 24), 5),
    anchored(vendor(STARTS, "pypi-AgE", is_url_safe, 50), 4),
    anchored(vendor(STARTS, "ya29.", is_url_safe, 20), 4),
    anchored(vendor(STARTS, "AGE-SECRET-KEY-1", is_capital_or_digit, 50), 4),
];

const fn slack(prefix: &'static str) -> Vendor {
    anchored(vendor(DASHES, prefix, is_alphanumeric_or_dash, 20), 4)
}

/// How hosts end, and paths begin behind whose beginning the secret stands.
const WEBHOOKS: &[(&str, &str)] = &[
    ("hooks.slack.com", "/services/"),
    ("hooks.slack.com", "/workflows/"),
    ("hooks.slack.com", "/triggers/"),
    ("discord.com", "/webhooks/"),
    ("discordapp.com", "/webhooks/"),
    ("webhook.office.com", "/webhookb2/"),
];

/// How long `/api` or `/api/v10` at the start of a path is.
fn version_at(path: &[u8]) -> usize {
    if !path.starts_with(b"/api/") {
        return 0;
    }
    let number = span_while(path, 6, u8::is_ascii_digit);
    if path.get(5) == Some(&b'v') && number > 6 { number } else { 4 }
}

/// What a value may begin with that names its scheme.
const SCHEMES: &[&str] =
    &["bearer", "basic", "digest", "token", "negotiate", "ntlm", "apikey", "hawk", "jwt", "oauth", "aws4-hmac-sha256"];

// ---- the first look ------------------------------------------------------------------------------------------------

const SCHEME_IC: u8 = 4;
const CAPITALS: u8 = 8;
const LOWS: u8 = 16;
const SHORTS: u8 = 32;
const DASHES: u8 = 64;
const STARTS: u8 = 128;

/// Per bucket, which bytes may stand at each of four places in a row; an empty place allows any byte.
const BUCKETS: [[&[u8]; 4]; 8] = [
    // a pair
    [b"", b"", b"", b":="],
    // Bearer, Token
    [b"rRkK", b"eE", b"rRnN", b" "],
    // Basic, Digest
    [b"sSdD", b"iI", b"cCgG", b" eE"],
    // a web token; capitals
    [b"AeS", b"IyKS", b"zJI0123456789abcdef", b""],
    // before an underscore; behind two letters; between dashes; at the start of something longer
    [b"gnp_", b"hpavsc", b"pousrmt1a", b"_"],
    [b"", b"hsSr", b"fkG", b"_-."],
    [b"px-", b"ao-", b"tpx-", b"-pabcdeosr"],
    [b"hpyA", b"syaG", b"ep2E", b"ci9-"],
];

/// The place before the separator of a pair.
const BEFORE_PAIR: usize = 16;

/// Whether a key, its quotes or the blanks behind it may end like this. Not the `/` of `/users/:id`, for one.
const fn may_end_a_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || !byte.is_ascii()
        || matches!(byte, b'_' | b'-' | b'.' | b']' | b')' | b'"' | b'\'' | b'`' | b'\\' | b' ' | b'\t')
}

/// Per byte and place, the buckets that do not allow it: four places of eight buckets. One table for each of four
/// bytes in a row, shifted to where that byte belongs, so that four bytes cost one shift.
static WINDOWS: [[u64; 256]; 4] = {
    let mut tables = [[0; 256]; 4];
    let mut byte = 0;
    while byte < 256 {
        let mut slot = 0;
        while slot < 32 {
            let allowed = BUCKETS[slot % 8][slot / 8];
            let mut found = allowed.is_empty();
            let mut index = 0;
            while index < allowed.len() {
                found |= allowed[index] as usize == byte;
                index += 1;
            }
            if slot == BEFORE_PAIR {
                found = may_end_a_key(byte as u8);
            }
            if !found {
                tables[0][byte] |= 1 << slot;
            }
            slot += 1;
        }
        tables[1][byte] = tables[0][byte] << 8;
        tables[2][byte] = tables[0][byte] << 16;
        tables[3][byte] = tables[0][byte] << 24;
        byte += 1;
    }
    tables
};

/// Where the answers about the last four bytes stand: a bucket that is still 0 there may have been met.
const RESULTS: u64 = 0x00ff_ffff_ff00_0000;

/// Before the text nothing stood: only a place that allows any byte has been met.
const START: u64 = {
    let mut state = u64::MAX;
    let mut bucket = 0;
    while bucket < 8 {
        let mut place = 0;
        while place < 3 && BUCKETS[bucket][place].is_empty() {
            state &= !(1 << (8 * place + bucket));
            place += 1;
        }
        bucket += 1;
    }
    state
};

/// The first few bytes from `at` on of which the state suspects something: where they are, how many, and the state.
#[inline]
fn suspect(bytes: &[u8], at: usize, mut state: u64) -> Option<(usize, usize, u64)> {
    let (groups, rest) = bytes[at..].as_chunks::<4>();
    let mut groups = groups.iter();
    while let Some([one, two, three, four]) = groups.next() {
        let look = |table: usize, byte: &u8| WINDOWS[table][usize::from(*byte)];
        state = state << 32 | look(3, one) | look(2, two) | look(1, three) | look(0, four);
        if state & RESULTS != RESULTS {
            return Some((bytes.len() - rest.len() - 4 * groups.len() - 4, 4, state));
        }
    }
    for byte in rest {
        state = state << 8 | WINDOWS[0][usize::from(*byte)];
    }
    (!rest.is_empty() && state & RESULTS != RESULTS).then_some((bytes.len() - rest.len(), rest.len(), state))
}

// ---- keys and values -----------------------------------------------------------------------------------------------

/// How far to look back for the start of a key.
const KEY_REACH: usize = 96;

/// The key that ends before `end`, and the quote around it.
fn key_before(bytes: &[u8], end: usize) -> Option<((usize, usize), Option<u8>)> {
    let floor = end.saturating_sub(KEY_REACH);
    let quote = bytes[..end].last().copied().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    let (start, end) = match quote {
        Some(quote) => {
            let end = bytes[..end - 1].iter().rposition(|byte| *byte != b'\\')? + 1;
            let inside = bytes.get(floor..end)?.iter().rposition(|byte| *byte == quote || *byte == b'\n');
            (floor + inside.map_or(0, |place| place + 1), end)
        }
        None => {
            let before = bytes[floor..end].iter().rposition(|byte| !is_part_of_key(byte));
            (floor + before.map_or(0, |place| place + 1), end)
        }
    };
    Some(((start, end), quote))
}

/// Where a name of two words begins of which only the second was read: `API key: x`, `session id: x`.
#[inline]
fn longer_start(bytes: &[u8], (start, end): (usize, usize)) -> Option<usize> {
    const SECONDS: [&[u8]; 5] = [b"key", b"keys", b"id", b"code", b"codes"];
    let is_second = || SECONDS.iter().any(|word| bytes[start..end].eq_ignore_ascii_case(word));
    if end - start > 5 || bytes[..start].last() != Some(&b' ') || !is_second() {
        return None;
    }
    let before = &bytes[..start - 1];
    let word = before.iter().rev().take(KEY_REACH).take_while(|byte| byte.is_ascii_alphabetic()).count();
    (word > 0).then_some(before.len() - word)
}

/// Where a name begins that an escape is glued to: the `n` of `\npass=x`, the `[1m` of what a terminal shows in bold.
#[inline]
fn shorter_start(bytes: &[u8], (start, end): (usize, usize)) -> Option<usize> {
    let glued = match bytes[..start].last()? {
        b'\\' => 1,
        b'\x1b' | b';' => span_while(&bytes[..end], start, |byte| *byte != b'm') + 1 - start,
        _ => return None,
    };
    (start + glued < end && ends_escape(&bytes[..start + glued])).then_some(start + glued)
}

/// Whether a word may start here: behind what is no letter and no digit, or behind an escape.
#[inline]
fn starts_here(bytes: &[u8], at: usize) -> bool {
    at == 0 || !bytes[at - 1].is_ascii_alphanumeric() || ends_escape(&bytes[..at])
}

/// `\n`, `\u0022`, `%20`, or what changes the colour of a terminal.
#[cold]
fn ends_escape(before: &[u8]) -> bool {
    let are_hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    match before {
        [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., b'%', one, two] if are_hex(&[*one, *two]) => true,
        [.., b'\\', b'u', one, two, three, four] if are_hex(&[*one, *two, *three, *four]) => true,
        [rest @ .., b'm'] => {
            let is_part = |byte: &&u8| byte.is_ascii_digit() || **byte == b';';
            let numbers = rest.iter().rev().take(16).take_while(is_part).count();
            rest[..rest.len() - numbers].ends_with(b"\x1b[")
        }
        _ => false,
    }
}

/// What a key without quotes is made of.
fn is_part_of_key(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'[' | b']')
}

/// A key whose escapes are undone while it is written, in as many layers as there are: what one leaves behind may be part
/// of the next, as in `%2577`.
struct Unescaped {
    bytes: [u8; KEY_REACH],
    length: usize,
}

/// The bytes that an escape stands for, and how many they are: never more than it has itself.
type Meant = ([u8; 4], usize);

impl Unescaped {
    /// `\u0077`. Of the backslashes of a JSON text within another, all but one are left over, and part no words.
    fn of_json(key: &[u8]) -> Unescaped {
        Unescaped::of(key, 6, |last| {
            let [b'\\', b'u', digits @ ..] = last else { return None };
            let mut bytes = [0; 4];
            let length = char::from_u32(number(digits)?)?.encode_utf8(&mut bytes).len();
            Some((bytes, length))
        })
    }

    /// `%77`.
    fn of_url(key: &[u8]) -> Unescaped {
        Unescaped::of(key, 3, |last| {
            let [b'%', digits @ ..] = last else { return None };
            Some(([number(digits)? as u8, 0, 0, 0], 1))
        })
    }

    fn of(key: &[u8], size: usize, meant: impl Fn(&[u8]) -> Option<Meant>) -> Unescaped {
        let mut plain = Unescaped { bytes: [0; KEY_REACH], length: 0 };
        for byte in key.iter().take(KEY_REACH) {
            plain.push(&[*byte]);
            while let Some((bytes, length)) =
                plain.key().len().checked_sub(size).and_then(|at| meant(&plain.key()[at..]))
            {
                plain.length -= size;
                plain.push(&bytes[..length]);
            }
        }
        plain
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.length..][..bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    fn key(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// What these hexadecimal digits say.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, digit| Some(sum << 4 | char::from(*digit).to_digit(16)?))
}

/// The value that starts at `from`: within its quotes, or as far as it goes without.
fn value_at(bytes: &[u8], from: usize, line: bool) -> Option<(usize, usize)> {
    let slashes = bytes[from..].iter().take_while(|byte| **byte == b'\\').count();
    let prefix = usize::from(matches!(bytes[from..], [b'b' | b'r' | b'u', b'"' | b'\'', ..])) + slashes;
    let start = from + prefix;
    match bytes.get(start) {
        Some(quote @ (b'"' | b'\'')) => Some((start + 1, quoted_end(bytes, start + 1, *quote, slashes))),
        Some(_) if line || names_a_scheme(&bytes[from..]) => Some((from, line_end(bytes, from))),
        Some(_) => Some((from, bare_end(bytes, from))),
        None => None,
    }
}

/// The end of a quoted value whose quotes stand behind `slashes` backslashes, or of the text.
///
/// A quote within the value has more of them: `\"` within `"`, `\\\"` within `\"`.
fn quoted_end(bytes: &[u8], from: usize, quote: u8, slashes: usize) -> usize {
    let (mut run, mut past) = (0, 0);
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        match byte {
            b'\\' => run += 1,
            _ if at < past => {}
            // SQL writes a quote within as two, and others three around it all
            _ if *byte == quote && slashes == 0 && run == 0 && bytes.get(at + 1) == Some(&quote) => {
                past = at + 2;
            }
            _ if *byte == quote && run % (2 * (slashes + 1)) == slashes => return at - slashes,
            _ => run = 0,
        }
    }
    bytes.len()
}

/// The end of a value without quotes. Brackets are followed to their ends, through strings.
fn bare_end(bytes: &[u8], from: usize) -> usize {
    let (mut depth, mut at) = (0usize, from);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth > 0 => depth -= 1,
            b'"' if depth > 0 => at = quoted_past(bytes, at),
            _ if depth > 0 => {}
            b' ' if opens_struct(bytes, from, at) => {}
            _ if byte.is_ascii_whitespace() => return at,
            b'\\' if at > from && bytes[at - 1] == b'\\' => {}
            b'\\' => {
                let quote = span_while(bytes, at, |byte| *byte == b'\\');
                if matches!(bytes.get(quote), Some(b'"' | b'\'')) && ends_value(bytes, quote + 1) {
                    return at;
                }
            }
            _ if is_end_mark(byte) && ends_value(bytes, at + 1) => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Whether what stands behind a comma, a bracket or a quote is no longer the value: a blank, the end, a bracket that
/// opens, or the next key. In doubt it is the value, since secrets have punctuation in them.
fn ends_value(bytes: &[u8], from: usize) -> bool {
    let ahead = &bytes[from..bytes.len().min(from + 64)];
    let after = |from: usize, kind: fn(&u8) -> bool| span_while(ahead, from, kind);
    let marks = after(0, |byte| is_end_mark(byte) || *byte == b'\\');
    let key = after(marks, |byte| is_word(byte) || matches!(byte, b'-' | b'.' | b'[' | b'%') || !byte.is_ascii());
    if key == marks {
        return match ahead.get(marks) {
            Some(byte) => byte.is_ascii_whitespace() || matches!(byte, b'(' | b'[' | b'{'),
            None => from + marks == bytes.len(),
        };
    }
    let sign = after(key, |byte| matches!(byte, b'"' | b'\'' | b'\\' | b']' | b' '));
    matches!(ahead.get(sign), Some(b'=' | b':'))
}

/// What may stand behind a value, and within one.
fn is_end_mark(byte: &u8) -> bool {
    matches!(byte, b',' | b';' | b'&' | b'|' | b')' | b']' | b'}' | b'>' | b'"' | b'\'' | b'`')
}

/// `Credentials { user: .. }`, as derived by `Debug`.
fn opens_struct(bytes: &[u8], from: usize, at: usize) -> bool {
    bytes.get(at + 1) == Some(&b'{') && bytes[from].is_ascii_uppercase() && bytes[from..at].iter().all(is_word)
}

/// The end of a header's value: its line, or the quote that closes what it stands in.
fn line_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\n' | b'\r' => return at,
            b'"' | b'\'' => {
                // a quote that opens is part of the value, and so is one within a word; one that closes belongs to what the
                // value stands in
                let mark = trim_slashes(bytes, at).max(from);
                if mark > from && matches!(bytes[mark - 1], b'=' | b'(' | b'[' | b'{' | b',' | b':' | b' ') {
                    at = quoted_past(bytes, at);
                } else if mark == from || closes_before(bytes.get(at + 1)) {
                    return mark;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Whether a quote before this ends something: not the one of `O'Brien`, nor one within a cookie.
fn closes_before(next: Option<&u8>) -> bool {
    next.is_none_or(|byte| {
        byte.is_ascii_whitespace() || matches!(byte, b',' | b')' | b']' | b'}' | b'>' | b'\\' | b'"' | b'\'')
    })
}

/// The place of the quote that closes the one at `at`, which may be escaped, or the end of the text.
fn quoted_past(bytes: &[u8], at: usize) -> usize {
    let slashes = at - trim_slashes(bytes, at);
    (quoted_end(bytes, at + 1, bytes[at], slashes) + slashes).min(bytes.len())
}

fn trim_slashes(bytes: &[u8], end: usize) -> usize {
    bytes[..end].iter().rposition(|byte| *byte != b'\\').map_or(0, |place| place + 1)
}

/// Headers whose value has blanks and commas in it.
fn takes_the_line(key: &[u8]) -> bool {
    let ends = |word: &[u8]| key.len() >= word.len() && key[key.len() - word.len()..].eq_ignore_ascii_case(word);
    ends(b"authorization") || ends(b"cookie") || ends(b"cookies")
}

/// Whether what stands there is no header but a list, a map or nothing, as of JSON or of `Debug`.
fn is_no_text(bytes: &[u8], from: usize, is_quoted: bool) -> bool {
    let nothing = [&b"null"[..], b"None"].iter().any(|word| bytes[from..].starts_with(word));
    nothing || (is_quoted && matches!(bytes.get(from), Some(b'[' | b'{')))
}

fn names_a_scheme(value: &[u8]) -> bool {
    let word = value.iter().take(20).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
    value.get(word) == Some(&b' ') && SCHEMES.iter().any(|scheme| value[..word].eq_ignore_ascii_case(scheme.as_bytes()))
}

// ---- what a credential looks like ----------------------------------------------------------------------------------

/// What follows `Bearer` in prose is a word; a credential is not.
fn is_no_word(value: &[u8]) -> bool {
    let odd = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'=' | b'~');
    let changes_case = |pair: &[u8]| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase();
    value.len() >= 24
        || (value.len() >= 6 && value.iter().any(odd))
        || (value.len() >= 8 && value.windows(2).any(changes_case))
}

/// `charset`, `error_description`: a word in one case, which base64 hardly ever is.
fn names_a_parameter(name: &[u8]) -> bool {
    let is_in = |case: fn(&u8) -> bool| name.iter().all(|byte| case(byte) || matches!(byte, b'_' | b'-'));
    is_in(u8::is_ascii_lowercase) || is_in(u8::is_ascii_uppercase)
}

fn is_mixed(value: &[u8]) -> bool {
    let any = |kind: fn(&u8) -> bool| value.iter().any(kind);
    any(u8::is_ascii_digit) && any(u8::is_ascii_lowercase) && any(u8::is_ascii_uppercase)
}

/// Whether this base64 holds `user:password` in plain characters.
fn decodes_to_a_pair(value: &[u8]) -> bool {
    let (mut bits, mut count, mut colon) = (0u32, 0, false);
    for byte in value.iter().take_while(|byte| **byte != b'=') {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return false,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            let decoded = (bits >> count) as u8;
            if decoded < 0x20 || decoded == 0x7f {
                return false;
            }
            colon |= decoded == b':';
        }
    }
    colon
}

// ---- bytes ---------------------------------------------------------------------------------------------------------

/// The first place from `from` on that is not `kind`.
fn span_while(bytes: &[u8], from: usize, kind: impl Fn(&u8) -> bool) -> usize {
    let from = from.min(bytes.len());
    from + bytes[from..].iter().take_while(|byte| kind(byte)).count()
}

fn trim_end(bytes: &[u8], end: usize) -> usize {
    bytes[..end].iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(0, |place| place + 1)
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

fn is_url_safe(byte: &u8) -> bool {
    is_word(byte) || *byte == b'-'
}

fn is_url_safe_or_dot(byte: &u8) -> bool {
    is_url_safe(byte) || *byte == b'.'
}

fn is_alphanumeric_or_dash(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'-'
}

fn is_base64(byte: &u8) -> bool {
    is_url_safe(byte) || matches!(byte, b'+' | b'/' | b'=')
}

fn is_capital_or_digit(byte: &u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn is_lower_hex(byte: &u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use crate::redact::{Redaction, Verdict};

    /// Hides what stands between `«` and `»`; a text without them is clean.
    #[track_caller]
    fn check(marked: &str) {
        let (mut text, mut expected, mut inside) = (String::new(), String::new(), false);
        for character in marked.chars() {
            match character {
                '«' => (inside, expected) = (true, expected + "[REDACTED]"),
                '»' => inside = false,
                _ if inside => text.push(character),
                _ => (text, expected) = (text + &character.to_string(), expected + &character.to_string()),
            }
        }
        let mut out = String::new();
        let verdict = Redaction::default().text(&text, &mut out);
        match marked.contains('«') {
            true => assert_eq!((verdict, out), (Verdict::Masked, expected), "{text}"),
            false => assert_eq!((verdict, out), (Verdict::Clean, String::new()), "{text}"),
        }
    }

    #[test]
    fn values_named_by_a_sensitive_key_are_hidden() {
        for marked in [
            "password=«hunter2»",
            "password = «hunter2» next",
            "Password: «hunter2»",
            "a=1 db_password=«x» b=2",
            "/login?token=«abc»&q=1",
            "/x?q=1&access_token=«abc#frag»",
            "/x?sig=«abc%2F»&se=1",
            r#"{"password":"«x»"}"#,
            r#"{"a":1,"apiKey" : "«x»","b":2}"#,
            r#"{"password":"«a\"b»","c":"d"}"#,
            r#"{\"password\":\"«x»\",\"a\":1}"#,
            r#"{\"password\":\"«a\\\"b»\",\"a\":1}"#,
            r#"{"password":"«a\\»","c":"d"}"#,
            "{'password': '«x y»', 'a': 1}",
            r#"password="«correct horse»" b=1"#,
            r#"{"pin":1,"token":«12345»,"b":2}"#,
            "{\"password\":\n  \"«x»\"}",
            "User { name: \"a\", password: «Some(\"x, y\")», age: 3 }",
            "credentials: «Credentials { user: \"a }\", pass: \"b\" }», n: 1",
            r#"{"credentials":«{"user":"x","p":[1,2]}»,"n":1}"#,
            "Authorization: «Bearer abc.def»\nHost: x",
            "Authorization: «Basic eA==»",
            "authorization: «AWS4-HMAC-SHA256 Credential=A/b, SignedHeaders=h, Signature=f»",
            "Cookie: «a=b; c=\"d e\"; f=g»\nHost: x",
            "Set-Cookie: «id=a; Expires=Wed, 21 Oct 2015; Path=/»",
            "curl -H 'Authorization: «Bearer xyz»' -H 'Accept: */*'",
            r#"{"authorization": "«Bearer x»", "host": "y"}"#,
            "--api-key=«abc» --verbose",
            "API_KEY=«abc»",
            "export SECRET=«abc»; ls",
            "Server=a;Password=«b;c»;User=d",
            "(token=«abc»)",
            "[token=«abc»], next",
            "token=«a,b»,next=1",
            r#"{"msg":"password=«abc»","user":"x"}"#,
            r#"{\"msg\":\"password=«abc»\",\"user\":\"x\"}"#,
            r#"{\\\"msg\\\":\\\"password=«ab\cd»\\\",\\\"user\\\":1}"#,
            r#"{\"credentials\":«{\"user\":\"x}\",\"pass\":1}»,\"n\":1}"#,
            r#"password=«ab\"cd» efg"#,
            // behind an escape a name begins
            r"GET / HTTP/1.1\r\nhost: x\r\ncookie: «sid=hunter2; a=b\r\n\r\n»",
            r"HOME=/x\nPASS=«hunter2\nA=b»",
            r"a\tjwt=«x» b",
            r"C:\token=«x» b",
            "\x1b[33mcookie: «sid=hunter2»",
            "\x1b[1;33mpwd=«x» b",
            // a name of two words
            "using API key: «hunter2» now",
            "Session ID: «hunter2»",
            "recovery codes: «hunter2»",
            "Secret Access Key: «hunter2»",
            "UPDATE users SET `password` = '«it''s»' WHERE id = 1",
            "password='«it''»' x",
            "password = \"«\"\"hunter2\"\"»\" x",
            "{'token': b'«c2VjcmV0dmFsdWU=»'}",
            "{'password': u'«correct horse»'}",
            "Cookie: «name=O'Brien; sid=hunter2»",
            "cookie: «theme=5\"; sid=hunter2»",
            "Set-Cookie: «msg=\"hi\"there\"; sid=hunter2»",
            r#"{"cookies":«[]»,"status":200,"path":"/x"}"#,
            r#"{"authorization":«null»,"status":500}"#,
            "Request { authorization: «None», path: \"/a\" }",
            "\"Cookie\": «a=b; sid=hunter2»",
            "token: «JWT hunter2»",
            "[(token=«abc»)]",
            ":password => \"«x»\"",
            "password := \"«x»\"",
            "user[password]=«x»&user[name]=y",
            "password==«x»",
            "token: «Bearer abc def»\nnext",
            "password: «пароль» да",
            "password=«unterminated(»",
            "password=\"«unterminated and so on»",
            "{\"token\":b\"«x»\"}",
            "password=«don't» do",
            "password='«don\\'t»'",
            "(password=«a&b|c\"d»)",
            "password=«é,ü»",
            "password=«a,;!b&$c» x",
            "[{token=«abc»},{a=1}]",
            "token=«abc»,user = b",
            r#"{"pass\u0077ord":"«x»","a":1}"#,
            r#"{"\u0070\u0061\u0073\u0073\u0077\u006f\u0072\u0064" : "«x»"}"#,
            r#"{\"pass\\u0077ord\":\"«x»\",\"a\":1}"#,
            r#"{"pass\u005cu0077ord":"«x»"}"#,
            r#"{"api\u004bey":«7»,"b":2}"#,
            r#"{"caf\u00e9.secre\u0074":"«x»"}"#,
            "GET /?pass%77ord=«x»&q=1",
            "GET /?pass%2577ord=«x»&q=1",
            "/?q=1&%70%61%73%73%77%6f%72%64=«x»",
            "/?pass%252577ord=«x»",
            "/?user%5Bpassword%5D=«x»&user%5Bname%5D=y",
            "/x?s%69g=«abc»",
            "toke%6e=«x»",
        ] {
            check(marked);
        }
    }

    #[test]
    fn a_name_is_known_however_it_is_escaped() {
        let ways: [fn(char) -> String; 7] = [
            |letter| letter.to_string(),
            |letter| format!("\\u{:04x}", letter as u32),
            |letter| format!("\\\\u{:04X}", letter as u32),
            |letter| format!("\\u005cu{:04x}", letter as u32),
            |letter| format!("%{:02x}", letter as u32),
            |letter| format!("%25{:02X}", letter as u32),
            |letter| format!("%2525{:02x}", letter as u32),
        ];
        for name in ["password", "apiKey", "db_token", "cvc", "user_no"] {
            let redaction = Redaction::builder().hide("user_no").build().unwrap();
            // Which letters are escaped: any of the first eight, and all behind.
            for chosen in 0..=u8::MAX {
                for (index, way) in ways.iter().enumerate() {
                    let is_chosen = |at: usize| chosen.checked_shr(at as u32).is_none_or(|bits| bits & 1 == 1);
                    let written: String = (name.chars().enumerate())
                        .map(|(at, letter)| if is_chosen(at) { way(letter) } else { letter.to_string() })
                        .collect();
                    let text = match index {
                        0..4 => format!("{{\"a\":1,\"{written}\":\"hunter2\"}}"),
                        _ => format!("GET /?a=1&{written}=hunter2"),
                    };
                    let mut out = String::new();
                    assert_eq!(redaction.text(&text, &mut out), Verdict::Masked, "{text}");
                    assert!(!out.contains("hunter2"), "{text} is shown as {out}");
                }
            }
        }
    }

    #[test]
    fn a_rule_for_one_word_counts_behind_another() {
        let redaction = Redaction::builder().hide("code").build().unwrap();
        let mut out = String::new();
        assert_eq!(redaction.text("error code: 7, the code=8", &mut out), Verdict::Masked);
        assert_eq!(out, "error code: [REDACTED], the code=[REDACTED]");
    }

    #[test]
    fn ordinary_pairs_stay() {
        for text in [
            "a=b",
            "status: 200",
            "12:34:56",
            "http://localhost:8080/x",
            "token_count=12",
            "max_tokens: 4",
            "tokenizer=bpe",
            "auth::token::Refresh failed",
            "std::secret::x",
            "password=",
            "password: ",
            "password:",
            "password=\nx",
            "\"password\":\"\"",
            "token=&a=b",
            "=",
            ":",
            "==",
            "::",
            "\":",
            "\"\":\"",
            "' :",
            "2001:db8::1",
            "[::1]:8080",
            "key=value",
            "password_changed_at=1",
            "page_token=abc",
            "the password was changed",
            "no token",
            "primary key: 5",
            r"C:\pjwt=x",
            "id: 5, the id: 6, 7 id: 8",
            "a secret, b",
            "x?q=token",
            "sig=15 received",
            r#"{"us\u0065r":"x"}"#,
            r#"{"C:\users\passes":"x"}"#,
            r#"{"\u00":"x","\u":"y","\ud83d\ude00":"z"}"#,
            "GET /?us%65r=x&%=y&%4=z&%zz=a&a%=b",
            "100%=1, 50%2=x",
            "/?token%5Fcount=12",
            "/?filter%5Bname%5D=x",
        ] {
            check(text);
        }
    }

    #[test]
    fn credentials_behind_their_scheme_are_hidden() {
        for marked in [
            "Bearer «mF_9.B5f-4.1JqM» rejected",
            "sent bearer «abc123», retrying",
            "BEARER «abcdefghijklmnopqrstuvwx»",
            "got Bearer «AbCdEfGh»",
            "Basic «dXNlcjpwYXNz»",
            "basic «YWxhZGRpbjpvcGVuc2VzYW1l» x",
            "Basic «dTpw»",
            "Token «9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b»",
            "Digest «username=\"a\", nonce=\"b\", response=\"c\"»",
            "(Bearer «abc123==»)",
            "it sent \"Bearer «abc123»\" and 'Bearer «abc123==»'",
            r#"{"said":"Bearer «abc123=»"}"#,
            r#"{\"said\":\"Basic «dTpwYXM=»\"}"#,
            "'Basic «YTpiYw==»'",
            "'Bearer «abcdefghijklmnopqrstuvwx»'",
            "Basic «w6nDqQ==»",
            "Basic «AbCdEfGhIjKl1234»",
            "sent Basic «dXNlcjpwYXNz».",
            "sent Basic «dTpwYXM=». Then",
            "Bearer «1|laravelSanctumAbC123def456»",
            r"body: a\nBearer «abc123def456»",
            r"Bearer «abc123==»\nnext",
            "\x1b[1mBearer «abc123def456»\x1b[0m",
            // what a pair assigns is its own, whatever stands before
            "-Dauth=basic -Dspring.datasource.password=«hunter2» -jar app.jar",
            "auth=basic dbPassword=«hunter2» user=bob",
            "tokenType=Bearer accessToken=«hunter2secret» expiresIn=3600",
            "auth=bearer apiKey=\"«hunter2»\"",
            "AUTH=basic S3_SECRET=«hunter2» ./run",
            "auth=basic password==«hunter2»",
            "login kind: token sessionToken12345=«hunter», secret=«hunter2»",
            "--auth basic --password=«$hunter2!»",
            "security=basic password=«!hunter2» user=bob",
            "auth=basic password=«(hunter2)»",
            "auth=basic password= «hunter2»",
            "type=bearer client_secret=«%hunter2»",
        ] {
            check(marked);
        }
        for text in [
            "plan=basic userId=42 seatCount=3",
            "tokenType=Bearer expiresIn=3600",
            "level=basic p95=12ms",
            "mode=basic http2=true",
            "mode=basic x=(1,2)",
            "mode=basic x= 1",
            "WWW-Authenticate: Bearer clientId=\"x\", realm=\"y\"",
            "Basic realm=\\\"api\\\"",
            "Bearer realm=\"\"",
            "Bearer error_code='', x",
            "Bearer REALM_NAME=\"\"",
            "bearer token missing",
            "Bearer authentication failed",
            "Bearer",
            "Bearer ",
            "Bearer realm=\"api\"",
            "WWW-Authenticate: Bearer REALM=\"api\", error_description=\"none\"",
            "bearer [REDACTED]",
            "forbearer abc123",
            "Basic authentication required",
            "basic plan",
            "Basic Ab1 plan",
            "basic internationalization",
            "basic AuthenticationRequiredHere",
            "basic checks 12 of 20",
            "Token refreshed",
            "token 12 of 20",
            "token count 512",
            "Token v2 is used",
            "Bearer error=invalid_token",
            "digest sha256 of it",
            "Digest mismatch",
            "digest a=b",
            "digestion=1 response=2",
            "digest of response=5",
            "digest =1, response=2",
            "Bearer token-based",
            "bearer <token>",
            "digest 5d41402abc4b2a76b9719d911017c592",
            "Basic realm=\"x\"",
            "music 99",
            "broken 12",
        ] {
            check(text);
        }
    }

    #[test]
    fn base64_holds_a_pair_if_it_holds_a_colon_among_plain_characters() {
        for (text, holds) in [
            ("dTpw", true),
            ("YWI6Yw==", true),
            ("YTo+", true),
            ("YTo-", true),
            ("YTo/", true),
            ("YTo_", true),
            ("YTpiOg", true),
            ("IDo", true),
            ("Hzo", false),
            ("fzo", false),
            ("YWJj", false),
            ("YTp.", false),
        ] {
            assert_eq!(super::decodes_to_a_pair(text.as_bytes()), holds, "{text}");
        }
    }

    #[test]
    fn tokens_and_private_keys_are_hidden() {
        for marked in [
            "jwt «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl» ok",
            "«eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.»",
            "x«eyJhbGciOiJSU0EifQ.aaaaa.bbbbb.ccccc.ddddd»,",
            "it was «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl». And then",
            "«eyJhbGci.abcd.c2ln»",
            "«eyJhbGciOiJIUzI1NiJ9..aaaaaaaaaaaa.bbbbbb.cccccc»",
            "«eyJhbGciOiJIUzI1NiJ9..aaaaaaaaaa»",
            "«-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----»\nafter",
            "a «-----BEGIN RSA PRIVATE KEY-----\\nMIIE»",
            "«-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----» z",
            "«-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ=»",
            "«---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nx\n---- END SSH2 ENCRYPTED PRIVATE KEY ----»!",
        ] {
            check(marked);
        }
        for text in [
            "eyJhbGciOiJIUzI1NiJ9",
            "eyJ",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0",
            "eyJa.b.c",
            "eyJhbGc.eyJzdWIiOiIxIn0.c2ln",
            "short: eyJhbGc.eyJzdWIiOiIxIn0.c2ln",
            "eyJhbGciOiJIUzI1NiJ9.abc.c2ln",
            "eyJhbGciOiJIUzI1NiJ9... and so on",
            "eyJhbGciOiJIUzI1NiJ9..aaaaaaaaa",
            "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----",
            "----------",
            "-----",
            "---- BEGIN PRIVATE",
            "-----BEGIN",
        ] {
            check(text);
        }
    }

    #[test]
    fn keys_of_vendors_are_hidden() {
        let (lower, hex) = ("a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8s9t0", "0123456789abcdef0123456789abcdef");
        for key in [
            "AKIAIOSFODNN7EXAMPLE".into(),
            "ASIAIOSFODNN7EXAMPLE".into(),
            format!("SK{hex}"),
            format!("AIza{}", &lower[..35]),
            format!("ghp_{lower}"),
            format!("gho_{lower}"),
            format!("ghu_{lower}"),
            format!("ghs_{lower}"),
            format!("ghr_{lower}"),
            format!("github_pat_{lower}_{lower}"),
            format!("npm_{lower}"),
            format!("shpat_{hex}"),
            format!("shpss_{hex}"),
            format!("shpca_{hex}"),
            format!("shppa_{hex}"),
            format!("dop_v1_{hex}{hex}"),
            format!("doo_v1_{hex}{hex}"),
            format!("dor_v1_{hex}{hex}"),
            format!("hf_{lower}"),
            format!("sk_live_{hex}"),
            format!("sk_test_{hex}"),
            format!("rk_live_{hex}"),
            format!("rk_test_{hex}"),
            format!("sk-ant-api03-{lower}"),
            format!("sk-proj-{lower}"),
            format!("sk-svcacct-{lower}"),
            format!("sk-or-v1-{hex}"),
            format!("sk-{lower}"),
            format!("SG.{}.{lower}", &lower[..22]),
            format!("glpat-{}", &lower[..20]),
            format!("xapp-1-A0-{lower}"),
            "xoxb-123456789012-abcdefghij".into(),
            "xoxc-123456789012-abcdefghij".into(),
            "xoxd-123456789012-abcdefghij".into(),
            "xoxa-123456789012-abcdefghij".into(),
            "xoxe-123456789012-abcdefghij".into(),
            "xoxo-123456789012-abcdefghij".into(),
            "xoxp-123456789012-abcdefghij".into(),
            "xoxr-123456789012-abcdefghij".into(),
            "xoxs-123456789012-abcdefghij".into(),
            format!("whsec_{hex}"),
            format!("pypi-AgE{lower}{lower}"),
            format!("ya29.{lower}"),
            format!("AGE-SECRET-KEY-1{}", "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE"),
            format!("123456789:AA{}", &lower[..33]),
        ] {
            for around in [
                "«» ",
                " «»",
                "got «», refused",
                "\"«»\"",
                "https://x/«»?y",
                "é«»é",
                "(«»)",
                "id_«» ",
                r"a\n«»\n",
                r"\t«»",
                r"\u0022«»\u0022",
                "q=a%20«» ",
                "\x1b[33m«»\x1b[0m",
                "\x1b[1;33m«» ",
            ] {
                check(&around.replace("«»", &format!("«{key}»")));
            }
        }
        // a key of a length of its own is none within something longer, any other ends where its letters do
        check(&format!("«shpat_{hex}»z"));
        // what looks back from behind a finding stops there
        check(&format!("«AKIAIOSFODNN71234567»«:AA{}»", &lower[..33]));
        for text in [
            "AKIAIOSFODNN7EXAMPL",
            "AKIAIOSFODNN7EXAMPLEX",
            "AKIAIOSFODNN7EXAMPLEx",
            "%zzAKIAIOSFODNN7EXAMPLE",
            r"\uzzzzAKIAIOSFODNN7EXAMPLE",
            "\x1b[maAKIAIOSFODNN7EXAMPLE",
            "akiaiosfodnn7example",
            "ASIA AND EUROPE",
            "ghp_short",
            "ghost_writer_of_a_very_long_name_here",
            "npm_config_registry_and_other_long_names",
            "hf_hub_download_something_long_here_x",
            "task-abcdefghijklmnopqrstuvwxyz",
            "sk-learn-pipeline-of-many-words",
            "risk_live_0123456789abcdef0123",
            "SG.example",
            "MSG.example.of.a.long.name.with.dots.and.more.dots.in.it",
            "xox-games",
            "papp-1-",
            "pypi-server-of-ours",
            "glpat-short",
            "whsec_short",
            "SKU0123456789",
            "SK0123456789abcdef",
            "123456:AAshort",
            "1234567:550e8400-e29b-41d4-a716-446655440000",
            "AIzaShort",
            "ya29.x",
            "AGE-OF-EMPIRES",
            "mask-0123456789abcdefghij0123",
            "image_sk-",
        ] {
            check(text);
        }
    }

    #[test]
    fn passwords_in_urls_and_webhooks_are_hidden() {
        for marked in [
            "postgres://app:«hunter2»@db/main",
            "redis://:«x»@h:6379",
            "at https://u:«p@ss»@h/x?y",
            "mongodb://u:«p»@h1:1,h2:2/db",
            "amqp://u:«p/a/s»@host/v",
            "amqp://u:«p/a=b/s»@host/v",
            "https://u:«1pass»@h",
            "jdbc:mysql://u:«p»@h",
            "<ftp://u:«p»@h> and https://v:«q»@h",
            "https://hooks.slack.com/services/«T000/B000/XXXX» failed",
            "\"https://discord.com/api/webhooks/«1/abc»\"",
            "https://canary.discord.com/api/v10/webhooks/«1/abc»",
            "https://HOOKS.slack.com:443/services/«T000/B000/XXXX»",
            "https://acme.webhook.office.com/webhookb2/«1@2/IncomingWebhook/3»",
            r#"{"dsn":"postgres:\/\/app:«hunter2»@db\/main"}"#,
            "jdbc:sqlserver://db:1433;user=sa;password=«P@ssw0rd»;encrypt=true",
            "jdbc:mysql://db1:3306,db2:3306/app?user=x&password=«P@ssw0rd»",
            "http://gw:${PORT}/cb?token=«P@ssw0rd»",
            "http://gw:${PORT}/cb?next=postgres://u:«p/w»@db",
            "amqp://u:«p?a/s»@host/v",
            "https://discordapp.com/api/webhooks/«1/abc»?wait=1",
        ] {
            check(marked);
        }
        for text in [
            "http://localhost:8080/x@y",
            "https://user@host/x",
            "https://h/p:q@r",
            "http://[::1]:80/a@b",
            "://a:b@c",
            "git@github.com:a/b.git",
            "https://h:80?x=a@b",
            "https://hooks.slack.com/",
            "mailto:a@b.c",
            "http://a:@b",
            "https://discord.com/api/users",
            "https://discord.com/api/v10/users",
            "https://discord.com/api/v/webhooks/1/abc",
            "https://nothooks.example.com/services/1",
            "GET,http://10.0.0.1:8080,bob@example.org",
            "http://k1:9092,k2:9092/x?contact=ops@example.org",
        ] {
            check(text);
        }
    }

    #[test]
    fn hostile_texts_take_linear_time() {
        for unit in [
            "eyJ",
            "eyJa.",
            "a:",
            "a=",
            "\":",
            "\\\":",
            "password=",
            "password=(",
            "password=\\",
            "\\",
            "token=a,",
            "x://a:b/",
            "x://",
            "x://u:p",
            "Bearer ",
            "Bearer a",
            "basic ",
            "digest a=",
            "-",
            "-----BEGIN ",
            "-----BEGIN PRIVATE KEY-----",
            "sk-",
            "sk-ant-",
            "xoxb-",
            "SG.",
            "ghp_",
            "hf_",
            "AKIA",
            "1",
            "1:",
            " :",
            "\"a\":",
            "Cookie: ",
            "cookie=\"",
            "{",
            "token={\"",
            "é:",
            "@",
            "A {",
            "token=A {} ",
            "%41=",
            ";a=",
            "\\na=",
            "a key: ",
            "basic a=\\",
            "x://a:1?b@",
            "x://a:b?",
            "x://a:b?c=",
            "x://a:b/@?c=",
            "token='a''",
            "cookie: a'b",
            "`a`=",
            "%25",
            "%25=",
            "\\u0041\":",
            "\\u005c\":",
        ] {
            let mut out = String::new();
            let _ = Redaction::default().text(&unit.repeat(150_000 / unit.len()), &mut out);
        }
    }
}
