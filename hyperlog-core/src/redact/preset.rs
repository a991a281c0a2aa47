//! Personal data: what a preset looks for in texts, and which names it hides.
//!
//! Apart from the secrets, because nothing here is on by default: one in ten random numbers of sixteen digits passes
//! a card's check digit, and data that is eaten is a bug too.

use super::keys::Stand::{self, Alone, Glued, Words};
use super::{Mask, Span};

/// Personal data that a policy hides on request.
///
/// The last five are bundles named after the rules that people have in mind when they ask for them. They are hygiene:
/// they hide what such a rule usually calls sensitive, in the version that [`Preset::version`] tells. They do not make
/// anybody compliant, and no auditor has certified them.
///
/// | preset | finds in texts | hides keys such as |
/// |---|---|---|
/// | `Card` | payment card numbers: known issuer, exact length, usual grouping, check digit | `card_number`, `pan` |
/// | `Email` | addresses by structure | `email` |
/// | `Phone` | `+` and 8 to 15 digits; well-formed national numbers with separators | `phone` |
/// | `Ssn` | `AAA-GG-SSSS` within the ranges that are issued | `ssn` |
/// | `Iban` | country, exact length, check digits | `iban` |
/// | `Gdpr` | e-mail, phone, IBAN | `first_name`, `date_of_birth`, `address` |
/// | `Hipaa` | e-mail, phone, SSN | `mrn`, `diagnosis`, `patient_name` |
/// | `Pci` | cards | `pin`, `track_data`, `cardholder_name` |
/// | `Sox` | cards, IBAN, SSN | `account_number`, `salary` |
/// | `Ccpa` | e-mail, phone, SSN | `driver_license`, `geolocation` |
///
/// What they eat of harmless data is published with [`Redaction`](super::Redaction).
///
/// ```
/// use hyperlog_core::{Mask, Preset, Redaction};
///
/// let redaction = Redaction::builder().preset_as(Preset::Card, Mask::Last4).build()?;
/// let mut out = String::new();
/// redaction.text("paid with 4111 1111 1111 1111", &mut out);
/// assert_eq!(out, "paid with ****1111");
/// # Ok::<(), hyperlog_core::BuildRedactionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Preset {
    /// Payment card numbers.
    Card,
    /// E-mail addresses.
    Email,
    /// Telephone numbers.
    Phone,
    /// Social security numbers of the United States.
    Ssn,
    /// International bank account numbers.
    Iban,
    /// What the General Data Protection Regulation usually concerns.
    Gdpr,
    /// What the Health Insurance Portability and Accountability Act usually concerns.
    Hipaa,
    /// What the Payment Card Industry's standard usually concerns.
    Pci,
    /// What the Sarbanes-Oxley Act usually concerns.
    Sox,
    /// What the California Consumer Privacy Act usually concerns.
    Ccpa,
}

impl Preset {
    /// Every preset.
    pub const ALL: &[Preset] = &[
        Preset::Card,
        Preset::Email,
        Preset::Phone,
        Preset::Ssn,
        Preset::Iban,
        Preset::Gdpr,
        Preset::Hipaa,
        Preset::Pci,
        Preset::Sox,
        Preset::Ccpa,
    ];

    /// The name, in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Preset::Card => "card",
            Preset::Email => "email",
            Preset::Phone => "phone",
            Preset::Ssn => "ssn",
            Preset::Iban => "iban",
            Preset::Gdpr => "gdpr",
            Preset::Hipaa => "hipaa",
            Preset::Pci => "pci",
            Preset::Sox => "sox",
            Preset::Ccpa => "ccpa",
        }
    }

    /// Counts up when what the preset hides has changed.
    pub const fn version(self) -> u32 {
        1
    }

    /// What is looked for in texts.
    pub(super) const fn kinds(self) -> &'static [Kind] {
        match self {
            Preset::Card | Preset::Pci => &[Kind::Card],
            Preset::Email => &[Kind::Email],
            Preset::Phone => &[Kind::Phone],
            Preset::Ssn => &[Kind::Ssn],
            Preset::Iban => &[Kind::Iban],
            Preset::Gdpr => &[Kind::Email, Kind::Phone, Kind::Iban],
            Preset::Hipaa | Preset::Ccpa => &[Kind::Email, Kind::Phone, Kind::Ssn],
            Preset::Sox => &[Kind::Card, Kind::Iban, Kind::Ssn],
        }
    }

    /// Which names are hidden, beyond those of what is looked for.
    pub(super) const fn names(self) -> &'static [(&'static str, Stand)] {
        match self {
            Preset::Gdpr => GDPR,
            Preset::Hipaa => HIPAA,
            Preset::Pci => PCI,
            Preset::Sox => SOX,
            Preset::Ccpa => CCPA,
            _ => &[],
        }
    }
}

/// One kind of personal data.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Card,
    Email,
    Phone,
    Ssn,
    Iban,
}

impl Kind {
    pub(super) const fn names(self) -> &'static [(&'static str, Stand)] {
        match self {
            Kind::Card => &[
                ("cardnumber", Glued),
                ("cardno", Words),
                ("creditcard", Words),
                ("debitcard", Words),
                ("ccnumber", Words),
                ("pan", Alone),
            ],
            Kind::Email => &[("email", Words), ("emails", Words), ("emailaddress", Words), ("mailaddress", Words)],
            Kind::Phone => &[
                ("phone", Words),
                ("phones", Words),
                ("phonenumber", Words),
                ("telephone", Words),
                ("mobilenumber", Words),
                ("msisdn", Words),
                ("faxnumber", Words),
            ],
            Kind::Ssn => &[("ssn", Words), ("socialsecuritynumber", Words), ("socialsecurity", Words)],
            Kind::Iban => &[("iban", Words)],
        }
    }
}

const GDPR: &[(&str, Stand)] = &[
    ("firstname", Words),
    ("lastname", Words),
    ("fullname", Words),
    ("surname", Words),
    ("familyname", Words),
    ("givenname", Words),
    ("maidenname", Words),
    ("dateofbirth", Words),
    ("birthdate", Words),
    ("birthday", Words),
    ("dob", Words),
    ("address", Alone),
    ("homeaddress", Words),
    ("streetaddress", Words),
    ("postaladdress", Words),
    ("billingaddress", Words),
    ("shippingaddress", Words),
    ("postalcode", Words),
    ("postcode", Words),
    ("zipcode", Words),
    ("nationalid", Words),
    ("passportnumber", Words),
    ("passportno", Words),
    ("taxid", Words),
    ("ethnicity", Words),
    ("religion", Words),
];

const HIPAA: &[(&str, Stand)] = &[
    ("mrn", Words),
    ("medicalrecordnumber", Words),
    ("patientname", Words),
    ("patientid", Words),
    ("diagnosis", Words),
    ("diagnoses", Words),
    ("medication", Words),
    ("medications", Words),
    ("prescription", Words),
    ("healthplannumber", Words),
    ("insurancenumber", Words),
    ("beneficiarynumber", Words),
    ("dateofbirth", Words),
    ("birthdate", Words),
    ("dob", Words),
    ("firstname", Words),
    ("lastname", Words),
    ("fullname", Words),
];

const PCI: &[(&str, Stand)] = &[
    ("pin", Words),
    ("pinblock", Words),
    ("trackdata", Words),
    ("cardholder", Words),
    ("cardholdername", Words),
    ("cardexpiry", Words),
    ("expirydate", Words),
    ("servicecode", Words),
];

const SOX: &[(&str, Stand)] = &[
    ("accountnumber", Words),
    ("bankaccount", Words),
    ("routingnumber", Words),
    ("sortcode", Words),
    ("salary", Words),
    ("bonus", Words),
    ("compensation", Words),
    ("taxid", Words),
];

const CCPA: &[(&str, Stand)] = &[
    ("firstname", Words),
    ("lastname", Words),
    ("fullname", Words),
    ("homeaddress", Words),
    ("streetaddress", Words),
    ("postaladdress", Words),
    ("driverlicense", Words),
    ("driverslicense", Words),
    ("licenseplate", Words),
    ("passportnumber", Words),
    ("geolocation", Words),
    ("biometric", Words),
    ("biometrics", Words),
    ("dateofbirth", Words),
    ("birthdate", Words),
    ("dob", Words),
];

/// What a policy looks for, and how each kind is hidden.
pub(super) type Kinds = [Option<Mask>; 5];

/// Finds the personal data of one text, from left to right.
pub(super) struct Personal<'a> {
    bytes: &'a [u8],
    kinds: &'a Kinds,
    at: usize,
    floor: usize,
}

impl<'a> Personal<'a> {
    pub(super) fn of(text: &'a str, kinds: &'a Kinds) -> Personal<'a> {
        let at = if kinds.iter().all(Option::is_none) { text.len() } else { 0 };
        Personal { bytes: text.as_bytes(), kinds, at, floor: 0 }
    }

    pub(super) fn next(&mut self) -> Option<Span> {
        while self.at < self.bytes.len() {
            let at = self.at;
            let found = match self.bytes[at] {
                b'0'..=b'9' if begins(self.bytes, at) => self
                    .ask(Kind::Card, card)
                    .or_else(|| self.ask(Kind::Ssn, social_security_number))
                    .or_else(|| self.ask(Kind::Phone, national_number)),
                b'(' => self.ask(Kind::Phone, national_number),
                b'+' => self.ask(Kind::Phone, international_number),
                b'@' => self.ask(Kind::Email, email),
                b'A'..=b'Z' if begins(self.bytes, at) => self.ask(Kind::Iban, iban),
                _ => None,
            };
            match found {
                Some(span) if span.end > at => {
                    (self.at, self.floor) = (span.end, span.end);
                    return Some(span);
                }
                _ => self.at += 1,
            }
        }
        None
    }

    fn ask(&self, kind: Kind, range: fn(&[u8], usize) -> Found) -> Option<Span> {
        let mask = self.kinds[kind as usize]?;
        let (start, end) = range(self.bytes, self.at)?;
        Some(Span { start: start.max(self.floor), end, mask })
    }
}

/// Where a finding starts and ends.
type Found = Option<(usize, usize)>;

/// Whether a number or a code may begin here, rather than in the middle of a longer one.
fn begins(bytes: &[u8], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map(|place| bytes[place]);
    match before(1) {
        Some(byte) if byte.is_ascii_alphanumeric() || byte == b'_' => false,
        Some(b'+') => false, // a telephone number or a difference
        Some(b'-') => !before(2).is_some_and(|byte| byte.is_ascii_alphanumeric()),
        Some(b'.') => !before(2).is_some_and(|byte| byte.is_ascii_digit()),
        _ => true,
    }
}

/// Whether it ends here, rather than going on.
fn ends(bytes: &[u8], end: usize) -> bool {
    match bytes.get(end) {
        Some(byte) if byte.is_ascii_alphanumeric() || *byte == b'_' => false,
        Some(b'-') => !bytes.get(end + 1).is_some_and(u8::is_ascii_alphanumeric),
        Some(b'.') => !bytes.get(end + 1).is_some_and(u8::is_ascii_digit),
        _ => true,
    }
}

/// Reads groups of digits of these lengths, parted by one separator, into a number. The end, if they are there.
fn groups(bytes: &[u8], at: usize, lengths: &[usize], separator: Option<u8>) -> Option<usize> {
    let mut end = at;
    for (index, length) in lengths.iter().enumerate() {
        if index > 0 {
            if bytes.get(end).copied() != separator {
                return None;
            }
            end += 1;
        }
        if !bytes.get(end..end + length)?.iter().all(u8::is_ascii_digit) {
            return None;
        }
        end += length;
    }
    Some(end)
}

// ---- cards ---------------------------------------------------------------------------------------------------------

fn card(bytes: &[u8], at: usize) -> Found {
    const GROUPED: &[&[usize]] = &[&[4, 4, 4, 4, 3], &[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4]];
    let run = bytes[at..].iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
    let end = match run {
        4 => {
            let separator = bytes.get(at + 4).copied().filter(|byte| matches!(byte, b' ' | b'-'))?;
            let whole = |lengths: &&[usize]| {
                groups(bytes, at, lengths, Some(separator)).filter(|end| is_card(&bytes[at..*end]) && ends(bytes, *end))
            };
            GROUPED.iter().find_map(whole)?
        }
        12..=19 if is_card(&bytes[at..at + run]) && ends(bytes, at + run) => at + run,
        _ => return None,
    };
    Some((at, end))
}

/// Whether an issuer gives out numbers of this prefix and length, and the check digit is right.
fn is_card(number: &[u8]) -> bool {
    let digits = || number.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| u32::from(byte - b'0'));
    let length = digits().count();
    let prefix = |count: usize| digits().take(count).fold(0, |number, digit| number * 10 + digit);
    let issued = matches!(
        (prefix(4), length),
        (4000..=4999, 13 | 16 | 19)
            | (5100..=5599 | 2221..=2720, 16)
            | (3400..=3499 | 3700..=3799, 15)
            | (6011 | 6440..=6599, 16 | 19)
            | (3000..=3059 | 3600..=3699 | 3800..=3999, 14)
            | (3528..=3589 | 6200..=6299, 16..=19)
            | (5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763, 12..=19)
    );
    let sum = |(place, digit): (usize, u32)| match place % 2 {
        0 => digit,
        _ => digit * 2 / 10 + digit * 2 % 10,
    };
    let reversed = || number.iter().rev().filter(|byte| byte.is_ascii_digit()).map(|byte| u32::from(byte - b'0'));
    issued && reversed().enumerate().map(sum).sum::<u32>() % 10 == 0
}

// ---- numbers of people ---------------------------------------------------------------------------------------------

fn social_security_number(bytes: &[u8], at: usize) -> Found {
    let end = groups(bytes, at, &[3, 2, 4], Some(b'-'))?;
    let (area, group, serial) = (&bytes[at..at + 3], &bytes[at + 4..at + 6], &bytes[at + 7..end]);
    let issued = !matches!(area, b"000" | b"666" | [b'9', ..]) && group != b"00" && serial != b"0000";
    (issued && ends(bytes, end)).then_some((at, end))
}

/// `+` and 8 to 15 digits, with at most two separators between any two.
fn international_number(bytes: &[u8], at: usize) -> Found {
    if at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'+') {
        return None;
    }
    let (mut digits, mut gap, mut end) = (0, 0, None);
    for (place, byte) in bytes.iter().enumerate().skip(at + 1) {
        match byte {
            b'0' if digits == 0 => return None,
            b'0'..=b'9' if digits < 15 => (digits, gap) = (digits + 1, 0),
            b' ' | b'-' | b'.' | b'(' | b')' if digits > 0 && gap < 2 => gap += 1,
            _ => break,
        }
        // the longest run of whole groups counts: what follows may be another number
        let whole = !bytes.get(place + 1).is_some_and(|next| next.is_ascii_alphanumeric() || *next == b'_');
        if digits >= 8 && gap == 0 && whole {
            end = Some(place + 1);
        }
    }
    end.map(|end| (at, end))
}

/// `(212) 555-0123`, `212-555-0123`, `1-212-555-0123`, `020 7946 0958`.
fn national_number(bytes: &[u8], at: usize) -> Found {
    let long_distance = bytes[at..].starts_with(b"1-") || bytes[at..].starts_with(b"1 ");
    let area = if long_distance { at + 2 } else { at };
    north_american(bytes, area).or_else(|| trunk(bytes, at)).map(|end| (at, end))
}

fn north_american(bytes: &[u8], at: usize) -> Option<usize> {
    let code = |place: usize| matches!(bytes.get(place), Some(b'2'..=b'9'));
    if bytes.get(at) == Some(&b'(') {
        let close = groups(bytes, at + 1, &[3], None)?;
        let gap = usize::from(bytes.get(close + 1) == Some(&b' '));
        let rest = close + 1 + gap;
        let end = groups(bytes, rest, &[3, 4], Some(b'-')).or_else(|| groups(bytes, rest, &[3, 4], Some(b' ')))?;
        return (bytes[close] == b')' && code(at + 1) && code(rest) && ends(bytes, end)).then_some(end);
    }
    let separator = bytes.get(at + 3).copied().filter(|byte| matches!(byte, b'-' | b'.' | b' '))?;
    let end = groups(bytes, at, &[3, 3, 4], Some(separator))?;
    (code(at) && code(at + 4) && ends(bytes, end)).then_some(end)
}

/// A zero, an area code of two to four digits more, and two groups.
fn trunk(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) != Some(&b'0') {
        return None;
    }
    let area = bytes[at..].iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    let separator =
        bytes.get(at + area).copied().filter(|byte| (3..=5).contains(&area) && matches!(byte, b' ' | b'-'))?;
    [[area, 4, 4], [area, 3, 4], [area, 3, 3], [area, 4, 3]]
        .iter()
        .find_map(|lengths| groups(bytes, at, lengths, Some(separator)).filter(|end| ends(bytes, *end)))
}

// ---- addresses and accounts ----------------------------------------------------------------------------------------

fn email(bytes: &[u8], at: usize) -> Found {
    let local = |byte: &u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(byte) || !byte.is_ascii();
    let label = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-' || !byte.is_ascii();
    let mut start = at - bytes[..at].iter().rev().take(65).take_while(|byte| local(byte)).count();
    // a key, a quote or a path may stand before it without a blank
    let part = bytes[start..at].iter().rposition(|byte| matches!(byte, b'=' | b'/' | b'\'' | b'?' | b'&'));
    start += part.map_or(0, |place| place + 1);
    while start < at && (bytes[start] == b'.' || bytes[start] & 0xc0 == 0x80) {
        start += 1;
    }
    let (mut end, mut dots, mut top) = (at + 1, 0, 0);
    loop {
        let length = bytes[end..].iter().take(64).take_while(|byte| label(byte)).count();
        if length == 0 || length == 64 || end - at > 253 {
            break;
        }
        top = length;
        end += length;
        if bytes.get(end) != Some(&b'.') || !bytes.get(end + 1).is_some_and(label) {
            break;
        }
        (end, dots) = (end + 1, dots + 1);
    }
    let last = &bytes[end - top..end];
    let named = dots > 0 && top >= 2 && last.iter().all(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
    let punycode = dots > 0 && last.starts_with(b"xn--");
    (start < at && bytes[at - 1] != b'.' && (named || punycode)).then_some((start, end))
}

fn iban(bytes: &[u8], at: usize) -> Found {
    let head = bytes.get(at..at + 4)?;
    let (country, check) = head.split_at(2);
    let length = IBAN_LENGTHS.iter().find(|(code, _)| code.as_bytes() == country)?.1;
    if !check.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (mut count, mut end) = (0, at);
    while count < length {
        match bytes.get(end)? {
            b' ' if count % 4 == 0 && count > 0 && bytes[end - 1] != b' ' => {}
            byte if byte.is_ascii_uppercase() || byte.is_ascii_digit() => count += 1,
            _ => return None,
        }
        end += 1;
    }
    let body = bytes[at + 4..end].iter().chain(head).filter(|byte| **byte != b' ');
    let rest = body.fold(0u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
    });
    (rest == 1 && ends(bytes, end)).then_some((at, end))
}

#[rustfmt::skip]
const IBAN_LENGTHS: &[(&str, usize)] = &[
    ("AD", 24), ("AE", 23), ("AL", 28), ("AT", 20), ("AZ", 28), ("BA", 20), ("BE", 16), ("BG", 22), ("BH", 22),
    ("BR", 29), ("BY", 28), ("CH", 21), ("CR", 22), ("CY", 28), ("CZ", 24), ("DE", 22), ("DK", 18), ("DO", 28),
    ("EE", 20), ("EG", 29), ("ES", 24), ("FI", 18), ("FO", 18), ("FR", 27), ("GB", 22), ("GE", 22), ("GI", 23),
    ("GL", 18), ("GR", 27), ("GT", 28), ("HR", 21), ("HU", 28), ("IE", 22), ("IL", 23), ("IQ", 23), ("IS", 26),
    ("IT", 27), ("JO", 30), ("KW", 30), ("KZ", 20), ("LB", 28), ("LC", 32), ("LI", 21), ("LT", 20), ("LU", 20),
    ("LV", 21), ("LY", 25), ("MC", 27), ("MD", 24), ("ME", 22), ("MK", 19), ("MR", 27), ("MT", 31), ("MU", 30),
    ("NL", 18), ("NO", 15), ("PK", 24), ("PL", 28), ("PS", 29), ("PT", 25), ("QA", 29), ("RO", 24), ("RS", 22),
    ("SA", 24), ("SC", 31), ("SE", 24), ("SI", 19), ("SK", 24), ("SM", 27), ("ST", 25), ("SV", 28), ("TL", 23),
    ("TN", 24), ("TR", 26), ("UA", 29), ("VA", 22), ("VG", 24), ("XK", 20),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::{Redaction, Verdict};

    /// Hides what stands between `«` and `»`; a text without them is clean.
    #[track_caller]
    fn check(preset: Preset, marked: &[&str]) {
        let redaction = Redaction::builder().preset(preset).build().unwrap();
        for marked in marked {
            let text = marked.replace(['«', '»'], "");
            let mut expected = String::new();
            for (place, part) in marked.split(['«', '»']).enumerate() {
                expected.push_str(if place % 2 == 1 { "[REDACTED]" } else { part });
            }
            let mut out = String::new();
            let verdict = redaction.text(&text, &mut out);
            match marked.contains('«') {
                true => assert_eq!((verdict, out), (Verdict::Masked, expected), "{text}"),
                false => assert_eq!((verdict, out), (Verdict::Clean, String::new()), "{text}"),
            }
        }
    }

    #[test]
    fn cards_are_known_by_issuer_length_grouping_and_check_digit() {
        check(
            Preset::Card,
            &[
                "«4111111111111111»",
                "card «4111 1111 1111 1111», thanks",
                "«4111-1111-1111-1111».",
                "(«5555555555554444»)",
                "«2223003122003222»",
                "«378282246310005» and «3782 822463 10005»",
                "«6011111111111117»",
                "«30569309025904» «3056 930902 5904»",
                "«3530111333300000»",
                "«6200000000000005»",
                "«4222222222222»",
                "é«4111111111111111»é",
                "/cards/«4111111111111111»/x",
                "«4111 1111 1111 1111» 2024",
                "«4111111111111111»-, «4111111111111111».",
            ],
        );
        check(
            Preset::Card,
            &[
                "4111111111111112",
                "41111111111111111",
                "x4111111111111111",
                "4111111111111111x",
                "4111 1111 11111111",
                "4111  1111 1111 1111",
                "4111-1111 1111-1111",
                "4111.1111.1111.1111",
                "0.4111111111111111",
                "4111111111111111.50",
                "1-4111111111111111",
                "9999999999999995",
                "411111111111111",
                "550e8400-e29b-41d4-a716-446655440000",
                "1700000000000000000",
                "4111 1111 1111 111",
                "4111 1111 1111 1112",
                "4111-1111-1111-1111x",
                "4111",
            ],
        );
    }

    #[test]
    fn addresses_are_known_by_structure() {
        check(
            Preset::Email,
            &[
                "«ann@example.com»",
                "<«ann.b+c@mail.example.co.uk»>,",
                "mailto:«ann@example.com»?x",
                "user=«ann@example.com»",
                "to 'x' and «jürgen@müller.de».",
                "«a@b.xn--p1ai» «a@b.рф»",
                "«ann@example.com»; «bob@example.org»",
            ],
        );
        check(
            Preset::Email,
            &[
                "a@b",
                "@example.com",
                "pkg@1.2.34",
                "a@xn--p1ai",
                "a@",
                "@",
                "a.@b.com",
                "a@b.c",
                "a@.com",
                "a@b..com",
                "@scope/pkg@1.0",
                "x @ y.com",
                "...@example.com",
            ],
        );
    }

    #[test]
    fn an_address_is_as_long_as_one_may_be_and_begins_with_a_whole_letter() {
        let long = |labels: usize| format!("a@{}com", "abc.".repeat(labels));
        let behind = format!("{} «ann@example.com»", "x".repeat(300));
        let cut = format!("{}«{}@example.com»", "é".repeat(8), "é".repeat(32));
        check(Preset::Email, &[".«ann@example.com»", &behind, &cut, &format!("«{}»", long(63))]);
        check(Preset::Email, &[&long(64), &format!("a@{}.com", "b".repeat(64))]);
    }

    #[test]
    fn telephone_numbers_are_known_by_their_form() {
        check(
            Preset::Phone,
            &[
                "«+4915112345678»",
                "call «+1 (555) 123-4567»!",
                "«+44 20 7946 0958»",
                "«(212) 555-0123»",
                "«212-555-0123»",
                "«212.555.0123»",
                "«1-212-555-0123»",
                "«020 7946 0958»",
                "«+49 (151) 12345678»",
            ],
        );
        check(
            Preset::Phone,
            &[
                "+1234567",
                "+ 4915112345678",
                "+49   15112345678",
                "+12345678901234567",
                "a+4915112345678",
                "2024-01-02T03:04:05+02:00",
                "112-555-0123",
                "212-155-0123",
                "212-555-01234",
                "(212] 555-0123",
                "(112) 555-0123",
                "(212) 155-0123",
                "(212) 555-01234",
                "020.7946.0958",
                "02 7946 0958",
                "2125550123",
                "192.168.100.200",
                "1.212.555.0123",
                "01-02-2024",
                "12345678",
                "+0123456789",
                "c++",
            ],
        );
    }

    #[test]
    fn social_security_numbers_are_known_by_the_ranges_issued() {
        check(Preset::Ssn, &["ssn is «123-45-6789»", "(«899-01-0001»)"]);
        check(
            Preset::Ssn,
            &[
                "000-45-6789",
                "666-45-6789",
                "900-45-6789",
                "123-00-6789",
                "123-45-0000",
                "123456789",
                "1123-45-6789",
                "123-45-67890",
                "123-45-6789-0",
                "a-123-45-6789",
                "123 45 6789",
            ],
        );
    }

    #[test]
    fn bank_accounts_are_known_by_country_length_and_check_digits() {
        check(
            Preset::Iban,
            &[
                "«DE89370400440532013000»",
                "to «DE89 3704 0044 0532 0130 00», today",
                "«GB29NWBK60161331926819»",
                "«NO9386011117947»",
                "«MT84MALT011000012345MTLCAST001S»",
            ],
        );
        check(
            Preset::Iban,
            &[
                "DE88370400440532013000",
                "DE8937040044053201300",
                "DE893704004405320130000",
                "XX89370400440532013000",
                "xDE89370400440532013000",
                "de89370400440532013000",
                "DE89 37040 0440532013000",
                "DE",
            ],
        );
    }

    #[test]
    fn presets_hide_names() {
        for (preset, hidden) in [
            (Preset::Card, "card_number"),
            (Preset::Email, "user.email"),
            (Preset::Phone, "homePhone"),
            (Preset::Ssn, "SSN"),
            (Preset::Iban, "iban"),
            (Preset::Gdpr, "dateOfBirth"),
            (Preset::Gdpr, "contact.email"),
            (Preset::Hipaa, "patient_name"),
            (Preset::Pci, "PIN"),
            (Preset::Pci, "pan"),
            (Preset::Sox, "account-number"),
            (Preset::Ccpa, "driver_license"),
        ] {
            let redaction = Redaction::builder().preset_as(preset, Mask::Drop).build().unwrap();
            assert_eq!(redaction.key(hidden), Some(Mask::Drop), "{preset:?} {hidden}");
            assert_eq!(redaction.key("password"), Some(Mask::Full));
            assert_eq!(Redaction::default().key(hidden), None, "{hidden}");
            assert_eq!(redaction.key("ip_address"), None);
        }
    }

    #[test]
    fn bundles_find_what_they_promise_and_are_versioned() {
        let text = "4111111111111111 ann@example.com +4915112345678 123-45-6789 DE89370400440532013000";
        for (preset, kept) in [
            (Preset::Gdpr, vec!["4111111111111111", "123-45-6789"]),
            (Preset::Hipaa, vec!["4111111111111111", "DE89370400440532013000"]),
            (Preset::Pci, vec!["ann@example.com", "+4915112345678", "123-45-6789", "DE89370400440532013000"]),
            (Preset::Sox, vec!["ann@example.com", "+4915112345678"]),
            (Preset::Ccpa, vec!["4111111111111111", "DE89370400440532013000"]),
        ] {
            let mut out = String::new();
            let _ = Redaction::builder().preset(preset).build().unwrap().text(text, &mut out);
            let left: Vec<&str> = out.split(' ').filter(|word| *word != "[REDACTED]").collect();
            assert_eq!(left, kept, "{preset:?}");
        }
        for preset in Preset::ALL {
            assert!(preset.version() == 1 && preset.name() == format!("{preset:?}").to_lowercase());
        }
    }

    #[test]
    fn hostile_texts_take_linear_time() {
        let all = Preset::ALL.iter().fold(Redaction::builder(), |builder, preset| builder.preset(*preset));
        let all = all.build().unwrap();
        for unit in
            ["1", "1 ", "4-", "+", "+1", "a@", "@", "a.", "A", "DE89 ", "DE89", "(", "(2", "@a.", "0-", "é@", "@é."]
        {
            let mut out = String::new();
            let _ = all.text(&unit.repeat(100_000), &mut out);
        }
    }
}
