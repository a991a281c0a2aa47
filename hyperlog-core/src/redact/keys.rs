//! Which names give their value away as sensitive: built-in phrases and the user's own names, paths and wildcards.
//!
//! Apart from the scanners, because a name is judged once per call site while a value is judged once per record, and
//! because the scanners ask the same matcher about the names they meet inside a text.

use super::{BuildRedactionError, Mask};

/// How a phrase has to stand in a segment of a path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// As whole words at the end: `db_password`, never `repin` for `pin`.
    Words,
    /// At the end, glued to whatever stands before: `dbpassword`.
    Glued,
    /// As the whole segment.
    Alone,
    /// As whole words at the end, and known to be harmless.
    Harmless,
}

use Stand::{Alone, Glued, Harmless, Words};

/// What is hidden by default. Phrases are written without separators; each separator style of a name is equal.
pub(super) const CREDENTIALS: &[(&str, Stand)] = &[
    ("password", Glued),
    ("passwords", Glued),
    ("passwd", Glued),
    ("passphrase", Glued),
    ("passphrases", Glued),
    ("passcode", Glued),
    ("passwordhash", Words),
    ("passwordconfirmation", Words),
    ("passwordconfirm", Words),
    ("pwd", Words),
    ("pass", Alone),
    ("dbpass", Words),
    ("userpass", Words),
    ("smtppass", Words),
    ("mailpass", Words),
    ("ftppass", Words),
    ("redispass", Words),
    ("mysqlpass", Words),
    ("rootpass", Words),
    ("adminpass", Words),
    ("secret", Glued),
    ("secrets", Glued),
    ("token", Glued),
    ("accesstokens", Glued),
    ("refreshtokens", Glued),
    ("apitokens", Glued),
    ("authtokens", Glued),
    ("tokenvalue", Words),
    ("secretstring", Words),
    ("pagetoken", Harmless),
    ("nexttoken", Harmless),
    ("continuationtoken", Harmless),
    ("paginationtoken", Harmless),
    ("cancellationtoken", Harmless),
    ("unexpectedtoken", Harmless),
    ("apikey", Glued),
    ("apikeys", Glued),
    ("accesskey", Glued),
    ("accesskeys", Glued),
    ("accesskeyid", Words),
    ("secretkey", Glued),
    ("secretkeys", Glued),
    ("secretaccesskey", Glued),
    ("privatekey", Glued),
    ("privatekeys", Glued),
    ("encryptionkey", Words),
    ("signingkey", Words),
    ("masterkey", Words),
    ("accountkey", Words),
    ("sharedkey", Words),
    ("authkey", Words),
    ("deploykey", Words),
    ("subscriptionkey", Words),
    ("functionskey", Words),
    ("applicationkey", Words),
    ("secretkeybase", Words),
    ("authorization", Words),
    ("bearer", Words),
    ("jwt", Words),
    ("cookie", Words),
    ("cookies", Words),
    ("credential", Glued),
    ("credentials", Glued),
    ("creds", Words),
    ("connectionstring", Words),
    ("connstring", Words),
    ("sessionid", Words),
    ("sessionkey", Words),
    ("jsessionid", Words),
    ("phpsessid", Words),
    ("sessid", Words),
    ("connectsid", Words),
    ("csrf", Words),
    ("xsrf", Words),
    ("otp", Words),
    ("totp", Words),
    ("onetimecode", Words),
    ("verificationcode", Words),
    ("recoverycode", Words),
    ("recoverycodes", Words),
    ("backupcodes", Words),
    ("securitycode", Words),
    ("authcode", Words),
    ("authorizationcode", Words),
    ("mnemonic", Words),
    ("seedphrase", Words),
    ("cvv", Words),
    ("cvc", Words),
    ("amzsignature", Words),
    ("googsignature", Words),
];

/// How many bytes a phrase and the separators within it may take, so that looking back is bounded.
const REACH: usize = 96;

/// A rule never has more segments than this, so that its state fits into one number.
const SEGMENTS: usize = 63;

/// The compiled matcher of names.
#[derive(Clone)]
pub(super) struct Keys {
    /// Per last letter of a phrase, its node; 0 is none.
    roots: [u16; 32],
    /// Per last letter of a phrase, the letters before it, one bit each.
    seconds: [u32; 32],
    /// The phrases from their last letter to their first, as a tree.
    nodes: Vec<Node>,
    hidden_names: Box<[Name]>,
    shown_names: Box<[Name]>,
    hidden_paths: Box<[Path]>,
    shown_paths: Box<[Path]>,
}

/// A letter of a phrase, looked at from its end.
#[derive(Clone, Copy)]
struct Node {
    code: u8,
    /// The letter before it, and another letter in its own place; 0 is none.
    child: u16,
    sibling: u16,
    /// Set where a phrase begins.
    phrase: Option<(Stand, Mask)>,
}

/// A name of the user's: lower case, without separators.
#[derive(Clone)]
struct Name {
    text: Box<str>,
    mask: Mask,
}

/// A dotted path of the user's, matched segment by segment.
#[derive(Clone)]
struct Path {
    parts: Box<[Part]>,
    mask: Mask,
}

#[derive(Clone)]
enum Part {
    One(Box<str>),
    Any,
    Deep,
}

/// What a user asked for, before it is compiled.
#[derive(Clone)]
pub(super) struct Rule {
    pub(super) text: String,
    /// `None` shows the value.
    pub(super) mask: Option<Mask>,
}

impl Keys {
    pub(super) fn none() -> Keys {
        Keys {
            roots: [0; 32],
            seconds: [0; 32],
            nodes: Vec::new(),
            hidden_names: Box::default(),
            shown_names: Box::default(),
            hidden_paths: Box::default(),
            shown_paths: Box::default(),
        }
    }

    pub(super) fn compile(
        phrases: &[(&[(&'static str, Stand)], Mask)],
        rules: &[Rule],
    ) -> Result<Keys, BuildRedactionError> {
        let mut keys = Keys::none();
        for (set, mask) in phrases {
            for (text, stand) in *set {
                keys.add_phrase(text, *stand, *mask);
            }
        }
        let (mut hidden_names, mut shown_names, mut hidden_paths, mut shown_paths) = (vec![], vec![], vec![], vec![]);
        for rule in rules {
            let parts = parse_rule(&rule.text)?;
            let mask = rule.mask.unwrap_or(Mask::Full);
            let (names, paths) = match rule.mask {
                Some(_) => (&mut hidden_names, &mut hidden_paths),
                None => (&mut shown_names, &mut shown_paths),
            };
            match <[Part; 1]>::try_from(parts) {
                Ok([Part::One(text)]) => names.push(Name { text, mask }),
                Ok(part) => paths.push(Path { parts: part.into(), mask }),
                Err(parts) => paths.push(Path { parts: parts.into(), mask }),
            }
        }
        keys.hidden_names = sorted(hidden_names);
        keys.shown_names = sorted(shown_names);
        keys.hidden_paths = hidden_paths.into();
        keys.shown_paths = shown_paths.into();
        Ok(keys)
    }

    /// Of two phrases that are one, the first stays.
    fn add_phrase(&mut self, text: &str, stand: Stand, mask: Mask) {
        let mut codes = text.bytes().rev().map(|letter| LETTER[usize::from(letter)]);
        let Some(last) = codes.next() else { return };
        if self.roots[usize::from(last)] == 0 {
            self.roots[usize::from(last)] = self.add_node(last, 0);
        }
        let mut node = self.roots[usize::from(last)];
        self.seconds[usize::from(last)] |= codes.clone().next().map_or(0, |code| 1 << code);
        for code in codes {
            let parent = usize::from(node);
            node = match self.child(node, code) {
                0 => {
                    self.nodes[parent].child = self.add_node(code, self.nodes[parent].child);
                    self.nodes[parent].child
                }
                child => child,
            };
        }
        self.nodes[usize::from(node)].phrase.get_or_insert((stand, mask));
    }

    fn add_node(&mut self, code: u8, sibling: u16) -> u16 {
        let node = Node { code, child: 0, sibling, phrase: None };
        if self.nodes.is_empty() {
            self.nodes.push(node); // the first is never used, so that 0 can be none
        }
        self.nodes.push(node);
        u16::try_from(self.nodes.len() - 1).expect("the built-in phrases have far fewer letters")
    }

    #[inline]
    fn child(&self, node: u16, code: u8) -> u16 {
        let mut child = self.nodes[usize::from(node)].child;
        while child != 0 && self.nodes[usize::from(child)].code != code {
            child = self.nodes[usize::from(child)].sibling;
        }
        child
    }

    /// Whether a name that ends with this byte could be hidden: the cheapest question.
    #[inline]
    pub(super) fn may_end_with(&self, byte: u8) -> bool {
        let code = LETTER[usize::from(byte)];
        code == 0 || code >= FOREIGN || self.roots[usize::from(code & 31)] != 0 || self.has_rules()
    }

    #[inline]
    fn has_rules(&self) -> bool {
        !self.hidden_names.is_empty() || !self.hidden_paths.is_empty()
    }

    /// How the value under this path is hidden, if it is.
    #[inline]
    pub(super) fn find(&self, path: &[u8]) -> Option<Mask> {
        if self.has_rules()
            && let Some(mask) = self.find_rule(path)
        {
            return Some(mask);
        }
        let (bytes, mut end) = (path, path.len());
        loop {
            let last = last_where(&bytes[..end], |code| code != 0)?;
            let code = LETTER[usize::from(bytes[last])] & 31;
            let before = if last == 0 { 0 } else { LETTER[usize::from(bytes[last - 1])] };
            // two letters are enough to let nearly every name pass
            let may_be = if before == 0 { u32::MAX } else { 1 << (before & 31) };
            if self.seconds[usize::from(code)] & may_be != 0
                && let Some(mask) = self.segment_mask(bytes, self.roots[usize::from(code)], last, end)
            {
                let shown = self.shown_paths.iter().any(|rule| rule.matches(path));
                return (!shown).then_some(mask);
            }
            // most names have one segment, and this is the fastest way to know
            if end == bytes.len() && bytes.iter().fold(0, |codes, byte| codes | LETTER[usize::from(*byte)]) & MARK == 0
            {
                return None;
            }
            end = last_where(&bytes[..=last], |code| code == MARK)?;
        }
    }

    /// Whether the segment that ends at `end`, with its last letter at `last`, ends with a phrase. The longest phrase
    /// decides.
    fn segment_mask(&self, bytes: &[u8], root: u16, last: usize, end: usize) -> Option<Mask> {
        let (mut node, mut at, mut verdict) = (root, last, None);
        let floor = last.saturating_sub(REACH);
        loop {
            if let Some((stand, mask)) = self.nodes[usize::from(node)].phrase {
                let stands = match stand {
                    Glued => true,
                    Words | Harmless => starts_word(bytes, at),
                    Alone => segment_start(bytes, at) == at,
                };
                if stands {
                    let shown = stand == Harmless || self.is_shown(&bytes[segment_start(bytes, at)..end]);
                    verdict = (!shown).then_some(mask);
                }
            }
            let code = loop {
                if at == floor {
                    return verdict;
                }
                at -= 1;
                let code = LETTER[usize::from(bytes[at])];
                if code != 0 && code != MARK {
                    break code;
                }
            };
            node = self.child(node, code);
            if node == 0 {
                return verdict;
            }
        }
    }

    fn is_shown(&self, segment: &[u8]) -> bool {
        find_name(&self.shown_names, segment).is_some()
    }

    fn find_rule(&self, path: &[u8]) -> Option<Mask> {
        let named = || segments(path).find_map(|segment| find_name(&self.hidden_names, segment));
        let path_mask = self.hidden_paths.iter().find(|rule| rule.matches(path)).map(|rule| rule.mask);
        path_mask.or_else(|| if self.hidden_names.is_empty() { None } else { named() })
    }
}

impl Path {
    /// Whether this rule covers the path or something above it.
    ///
    /// A position in the rule is a bit, so that any number of `**` stays linear.
    fn matches(&self, path: &[u8]) -> bool {
        let done = 1u64 << self.parts.len();
        let mut states = self.through_deep(1);
        for segment in segments(path) {
            if states & done != 0 {
                return true;
            }
            let index = segment.iter().all(u8::is_ascii_digit);
            let mut next = if index { states } else { 0 };
            for (at, part) in self.parts.iter().enumerate().filter(|(at, _)| states >> at & 1 == 1) {
                next |= match part {
                    Part::Deep => 1 << at,
                    Part::Any => 2 << at,
                    Part::One(name) if normal(segment).eq(name.bytes()) => 2 << at,
                    Part::One(_) => 0,
                };
            }
            states = self.through_deep(next);
            if states == 0 {
                return false;
            }
        }
        states & done != 0
    }

    /// `**` also stands for no segment at all.
    fn through_deep(&self, mut states: u64) -> u64 {
        for (at, part) in self.parts.iter().enumerate() {
            if states >> at & 1 == 1 && matches!(part, Part::Deep) {
                states |= 2 << at;
            }
        }
        states
    }
}

fn parse_rule(text: &str) -> Result<Vec<Part>, BuildRedactionError> {
    let mut parts = Vec::new();
    for segment in text.split(['.', '[', ']']).filter(|segment| !segment.is_empty()) {
        parts.push(match segment {
            "*" => Part::Any,
            "**" => Part::Deep,
            _ if segment.contains('*') => return Err(BuildRedactionError::wildcard(text)),
            _ => {
                let kept = |letter: &char| letter.is_ascii_alphanumeric() || !letter.is_ascii();
                Part::One(segment.chars().filter(kept).map(|letter| letter.to_ascii_lowercase()).collect())
            }
        });
        let blank = matches!(parts.last(), Some(Part::One(name)) if name.is_empty());
        if blank || parts.len() > SEGMENTS {
            return Err(BuildRedactionError::key(text));
        }
    }
    if parts.is_empty() || text.starts_with('.') || text.ends_with('.') || text.contains("..") {
        return Err(BuildRedactionError::key(text));
    }
    Ok(parts)
}

fn sorted(mut names: Vec<Name>) -> Box<[Name]> {
    // stable, so that of two rules for one name the first stays first
    names.sort_by(|one, other| one.text.cmp(&other.text));
    names.dedup_by(|later, earlier| later.text == earlier.text);
    names.into()
}

fn find_name(names: &[Name], segment: &[u8]) -> Option<Mask> {
    if names.is_empty() {
        return None;
    }
    let found = names.binary_search_by(|name| name.text.bytes().cmp(normal(segment))).ok()?;
    Some(names[found].mask)
}

fn segments(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| matches!(byte, b'.' | b'[' | b']')).filter(|segment| !segment.is_empty())
}

/// A name as it is compared: lower case, without separators, digits kept.
fn normal(segment: &[u8]) -> impl Iterator<Item = u8> {
    let kept = |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
    segment.iter().copied().filter(kept).map(|byte| byte.to_ascii_lowercase())
}

#[inline]
fn last_where(bytes: &[u8], kind: impl Fn(u8) -> bool) -> Option<usize> {
    let mut rest = bytes;
    while let [before @ .., byte] = rest {
        if kind(LETTER[usize::from(*byte)]) {
            return Some(before.len());
        }
        rest = before;
    }
    None
}

fn segment_start(bytes: &[u8], at: usize) -> usize {
    bytes[..at].iter().rposition(|byte| matches!(byte, b'.' | b'[')).map_or(0, |dot| dot + 1)
}

/// Whether a word starts here: after a separator or a digit, or by a change of case (`apiKey`, `APIKey`).
fn starts_word(bytes: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| bytes[before]) else { return true };
    if matches!(LETTER[usize::from(before)], 0 | MARK) {
        return true;
    }
    let next_is_lower = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
    bytes[at].is_ascii_uppercase() && (before.is_ascii_lowercase() || (before.is_ascii_uppercase() && next_is_lower))
}

/// A letter of another script: part of a word, but of no phrase.
const FOREIGN: u8 = 27;

/// What parts the segments of a path.
const MARK: u8 = 64;

/// The number of a letter in the alphabet whatever its case; 0 for what separates words.
const LETTER: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            letter @ b'a'..=b'z' => letter - b'a' + 1,
            letter @ b'A'..=b'Z' => letter - b'A' + 1,
            0x80.. => FOREIGN,
            b'.' | b'[' => MARK,
            _ => 0,
        };
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use crate::redact::{Mask, Redaction};

    #[track_caller]
    fn check(redaction: &Redaction, hidden: &[&str], shown: &[&str]) {
        for path in hidden {
            assert!(redaction.key(path).is_some(), "{path} should be hidden");
        }
        for path in shown {
            assert_eq!(redaction.key(path), None, "{path} should be shown");
        }
    }

    #[test]
    fn sensitive_names_are_hidden_in_any_style() {
        let hidden = [
            "password",
            "PASSWORD",
            "Password",
            "db_password",
            "dbPassword",
            "DB-PASSWORD",
            "dbpassword",
            "password2",
            "password_1",
            "user.password",
            "users.0.password",
            "users[0].password",
            "user[password]",
            "password[0]",
            "apiKey",
            "API_KEY",
            "api-key",
            "api.key",
            "apikey",
            "APIKey",
            "ApiKey",
            "X-Api-Key",
            "x_api_key_2",
            "user.access_token",
            "accessToken",
            "access.token",
            "refresh_token",
            "id_token",
            "csrfToken",
            "token",
            "Authorization",
            "Proxy-Authorization",
            "http.request.header.authorization",
            "Cookie",
            "Set-Cookie",
            "credentials.user",
            "credentials.0.user.name",
            "secret",
            "client_secret",
            "clientSecret",
            "aws_secret_access_key",
            "AWS_ACCESS_KEY_ID",
            "private_key",
            "privateKey",
            "sessionId",
            "session_id",
            "JSESSIONID",
            "cvv",
            "cvv2",
            "connect.sid.secret",
            "token.count",
            "pass",
            "db_pass",
            "one_time_code",
            "jwt",
            "  password  ",
            "$password",
            "password.length",
            "oauth2Token",
            "mot_de_passwd",
            "secret_key_base",
            "X-Amz-Signature",
            "page.access_token",
        ];
        let shown = [
            "",
            ".",
            "...",
            "a",
            "id",
            "method",
            "status",
            "route",
            "request_id",
            "latency_ms",
            "message",
            "user.name",
            "token_count",
            "max_tokens",
            "tokens",
            "total_tokens",
            "tokenizer",
            "tokenize",
            "password_changed_at",
            "secretary",
            "author",
            "authority",
            "auth",
            "author.name",
            "key",
            "primary_key",
            "cache_key",
            "foreignKey",
            "passenger",
            "compass",
            "bypass",
            "passed",
            "pass_count",
            "test_pass",
            "keyboard",
            "public_key",
            "cookie_count",
            "next_page_token",
            "nextToken",
            "continuation_token",
            "credentialed",
            "passport",
            "otpauth",
            "spin",
            "pin",
            "session",
            "session_count",
            "ssn",
            "email",
            "card_number",
            "monkey",
            "token_type",
            "token_expires_in",
            "usecret_ary",
            "авторизация",
            "é",
            "0",
            "1.2.3",
            "secretaries",
            "hotp",
            "fortunecookie",
            "repwd",
        ];
        check(&Redaction::default(), &hidden, &shown);
    }

    #[test]
    fn rules_name_segments_paths_and_wildcards() {
        let hide = |rule: &str| Redaction::builder().hide(rule).build().unwrap();
        check(
            &hide("customer_id"),
            &["customer_id", "customerId", "a.b.CUSTOMER-ID", "customerid.x", "x[0].customer_id"],
            &["customer", "customer_id_hash", "customer_i"],
        );
        check(&hide("field1"), &["field1", "Field_1"], &["field2", "field"]);
        check(
            &hide("user.email"),
            &["user.email", "USER.e_mail", "user.email.domain", "user.0.email", "user[3].email"],
            &["email", "user", "a.user.email", "user.emails"],
        );
        check(
            &hide("user.*.email"),
            &["user.home.email", "user.0.email", "user.7.home.email"],
            &["user.email", "user.a.b.email"],
        );
        check(&hide("**.iban"), &["iban", "a.iban", "a.b.c.iban", "a.iban.b"], &["ibans", "a.b"]);
        check(&hide("a.**.z"), &["a.z", "a.b.z", "a.b.c.z.d"], &["z", "a", "b.a.z"]);
        check(&hide("a.**"), &["a", "a.b"], &["b.a"]);
        check(&hide("*"), &["a", "a.b"], &[""]);
        check(&hide("имя"), &["имя", "x.имя"], &["им"]);
    }

    #[test]
    fn a_rule_that_shows_wins_over_the_built_in_set_only() {
        let show = |rule: &str| Redaction::builder().show(rule).build().unwrap();
        check(
            &show("session_id"),
            &["session_id_token", "credentials.session_id", "session_id.secret"],
            &["session_id", "sessionId", "user.SESSION-ID", "session.id"],
        );
        check(&show("token"), &["access_token"], &["token", "token.count"]);
        check(
            &show("credentials.user"),
            &["credentials.pass", "credentials", "a.credentials.user"],
            &["credentials.user"],
        );
        check(&show("api_key"), &["x_api_key"], &["api_key", "api.key"]);
        let both = Redaction::builder().show("token").hide("token").build().unwrap();
        check(&both, &["token"], &[]);
    }

    #[test]
    fn each_rule_has_its_mask() {
        let redaction = Redaction::builder()
            .mask(Mask::Drop)
            .hide_as("card", Mask::Last4)
            .hide_as("user.password", Mask::Full)
            .build()
            .unwrap();
        assert_eq!(redaction.key("card"), Some(Mask::Last4));
        assert_eq!(redaction.key("user.password"), Some(Mask::Full));
        assert_eq!(redaction.key("password"), Some(Mask::Drop));
    }

    #[test]
    fn every_phrase_is_found() {
        for (phrase, stand) in super::CREDENTIALS {
            assert!(phrase.bytes().all(|byte| byte.is_ascii_lowercase()), "{phrase}");
            assert_eq!(Redaction::default().key(phrase).is_none(), *stand == super::Harmless, "{phrase}");
        }
    }

    #[test]
    fn hostile_paths_take_linear_time() {
        let redaction = Redaction::builder().hide("**.a.**.b.**.c").build().unwrap();
        for unit in ["rd.", ".", "_", "a.", "password_", "[", "[0]", "x.1.", "A", "d_"] {
            let _ = redaction.key(&unit.repeat(100_000));
        }
    }
}
