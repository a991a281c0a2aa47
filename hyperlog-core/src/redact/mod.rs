//! Stands between a record and whoever reads its values: a policy that says what is hidden, and hides it.
//!
//! Pure logic over texts, so that it knows no record and no encoder: those ask it, and cannot get around it.

mod keys;
#[cfg(feature = "patterns")]
mod patterns;
mod preset;
mod secrets;

use crate::contain::contain;
use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use self::keys::{CREDENTIALS, Keys, Rule};
use self::preset::{Kinds, Personal};
use self::secrets::Secrets;

pub use self::preset::Preset;

/// What is hidden, and how: sensitive keys, and values that give themselves away.
///
/// The default hides values under keys such as `password`, `db_password`, `apiKey` or `Authorization`, and, in any
/// text, what shows by its form that it is a secret:
///
/// | found in texts | example | what stays |
/// |---|---|---|
/// | credentials after their scheme | `Bearer mF_9.B5f-4.1JqM` | the scheme |
/// | JSON web tokens | `eyJhbGciOi….eyJzdWIiOi….c2ln` | |
/// | private keys in PEM, also cut short | `-----BEGIN PRIVATE KEY-----` | |
/// | keys of vendors by prefix, length and alphabet | `AKIA…`, `ghp_…`, `glpat-…`, `xoxb-…`, `sk_live_…` | |
/// | passwords in URLs | `postgres://app:hunter2@db/main` | all but the password |
/// | webhooks | `https://hooks.slack.com/services/T0/B0/x` | the service |
/// | values named by a sensitive key | `?token=x&q=1`, `password=x`, `"password": "x"`, `Cookie: a=b` | the key |
///
/// Personal data is hidden by [`Preset`], anything else by a rule of your own or (with the feature `patterns`) by a
/// pattern.
///
/// ```
/// use hyperlog_core::{Mask, Redaction, Verdict};
///
/// let redaction = Redaction::default();
/// assert_eq!(redaction.key("user.apiKey"), Some(Mask::Full));
/// assert_eq!(redaction.key("token_count"), None);
///
/// let mut out = String::new();
/// assert_eq!(redaction.text("connecting to postgres://app:hunter2@db/main", &mut out), Verdict::Masked);
/// assert_eq!(out, "connecting to postgres://app:[REDACTED]@db/main");
///
/// out.clear();
/// assert_eq!(redaction.text("connected", &mut out), Verdict::Clean);
/// assert_eq!(out, "");
/// ```
///
/// # Rules for keys
///
/// The built-in set is compared by words at the end of a segment, in any case and with any separator: `apiKey`,
/// `API_KEY`, `X-Api-Key` and `api.key` are one. `token_count` and `tokenizer` are not `token`. A sensitive segment
/// hides all below it: `credentials.user`.
///
/// | rule | hides |
/// |---|---|
/// | `hide("customer_id")` | every segment of that name, at any depth, and all below it |
/// | `hide("user.email")` | that path from the root, and all below it |
/// | `hide("user.*.email")` | `*` stands for one segment |
/// | `hide("**.card.number")` | `**` stands for any number of segments, also none |
/// | `show("session_id")` | nothing: the built-in set is told that this name, or this path, is harmless |
///
/// A key that stands in a text is also known by its escapes, those of JSON (`"pass\u0077ord": "x"`) and those of URLs
/// (`pass%77ord=x`), in as many layers as there are.
///
/// Indices of arrays (`items.0.email`, `items[0].email`) match `*` and may be left out of a rule. A rule that hides
/// wins over one that shows.
///
/// # What it eats
///
/// The built-in set passes a million benign values unchanged: UUIDs, ULIDs, snowflakes, epochs, hashes, identifiers in
/// base58 and base64, amounts, versions, addresses and paths. The presets eat this share of that corpus, and of values
/// that look exactly like what they are after but are not:
///
/// | preset | of the corpus | of look-alikes |
/// |---|---|---|
/// | `Card`, `Pci`, `Sox` | 0.12 % | 2.4 % of random numbers with 16 digits |
/// | `Email` | 0 | all remotes such as `git@example.com:team/project.git` |
/// | `Phone` | 0 | 74 % of random `NNN-NNN-NNNN` |
/// | `Ssn` | 0 | 89 % of random `NNN-NN-NNNN` |
/// | `Iban` | 0 | 1.1 % of random `DE` and 20 digits |
/// | `Gdpr`, `Hipaa`, `Ccpa` | 0 | as the kinds they look for |
///
/// What the default hides although it may be harmless:
///
/// - in prose, the word behind `token:`, `secret:` and the like (`invalid token: expired`), and the rest
///   of the line behind `authorization:` and `cookie:`;
/// - `PWD=/home/app`, which is a directory, and `pass: 12`, which is a count;
/// - page tokens under other names than `page_token`, `next_token`, `continuation_token` and `pagination_token`;
/// - what follows `Bearer` or `Token` and is no plain word, such as a request id.
///
/// # What it does not see
///
/// A secret that nothing names and that has no form of its own, such as a bare password; one that is parted from its
/// name by a blank or a comma alone (`--password hunter2`, `("password", "hunter2")`) or by markup
/// (`<password>hunter2</password>`, `**Password**: hunter2`, the blocks of YAML); the further words of a phrase without
/// quotes (`password=correct horse`); text that is compressed, encrypted or encoded, but for the escapes of a key and the
/// backslashes of JSON within JSON. Give such values a field of their own, under a sensitive key.
///
/// # When it is in doubt
///
/// It hides. Punctuation within a value without quotes belongs to it unless the next key begins there. A text longer
/// than [`RedactionBuilder::scan_limit`] is hidden whole; a quoted value or a private key that never ends is hidden to
/// the end of the text; where two findings overlap, both are hidden.
#[derive(Clone)]
pub struct Redaction {
    id: u64,
    active: bool,
    reads_texts: bool,
    mask: Mask,
    keys: Keys,
    kinds: Kinds,
    /// Neither personal data nor patterns are looked for.
    secrets_only: bool,
    #[cfg(feature = "patterns")]
    patterns: Box<[patterns::Pattern]>,
    hash: Option<Arc<dyn KeyedHash>>,
    scan_limit: usize,
}

impl Redaction {
    /// Hides nothing at all.
    pub fn off() -> Redaction {
        Redaction {
            id: next_id(),
            active: false,
            reads_texts: false,
            mask: Mask::Full,
            keys: Keys::none(),
            kinds: [None; 5],
            secrets_only: true,
            #[cfg(feature = "patterns")]
            patterns: Box::default(),
            hash: None,
            scan_limit: usize::MAX,
        }
    }

    /// Hides by names alone, and lets every text pass.
    pub(crate) fn by_names() -> Redaction {
        let builder = Redaction::builder().texts(Texts::Unread);
        builder.build().expect("without presets and patterns nothing is looked for in texts")
    }

    /// Starts from the default policy.
    pub fn builder() -> RedactionBuilder {
        RedactionBuilder::default()
    }

    /// Whether nothing is hidden at all.
    pub fn is_off(&self) -> bool {
        !self.active
    }

    /// Tells this policy from every other that this process has built, so that a cached verdict knows whose it is.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Whether the value under this dotted path is hidden, and how. Never allocates.
    ///
    /// ```
    /// use hyperlog_core::{Mask, Redaction};
    ///
    /// let redaction = Redaction::builder().hide_as("user.*.phone", Mask::Drop).show("session_id").build()?;
    /// assert_eq!(redaction.key("X-Api-Key"), Some(Mask::Full));
    /// assert_eq!(redaction.key("user.home.phone"), Some(Mask::Drop));
    /// assert_eq!(redaction.key("session_id"), None);
    /// # Ok::<(), hyperlog_core::BuildRedactionError>(())
    /// ```
    #[inline]
    pub fn key(&self, path: &str) -> Option<Mask> {
        if self.active { self.keys.find(path.as_bytes()) } else { None }
    }

    /// Appends the text to `out` with its secrets hidden, if it has any; otherwise leaves `out` alone.
    ///
    /// A clean text costs no allocation and about five instructions per byte, one with secrets no allocation beyond
    /// what `out` needs.
    #[inline]
    pub fn text(&self, text: &str, out: &mut String) -> Verdict {
        if !self.reads_texts || (self.secrets_only && text.len() <= self.scan_limit && Secrets::none_in(text)) {
            return Verdict::Clean;
        }
        self.examine(text, out)
    }

    /// Whether neither personal data nor patterns of the user's are looked for.
    #[inline]
    pub(crate) fn looks_for_secrets_alone(&self) -> bool {
        self.secrets_only
    }

    /// Whether the text may be shown as it is.
    #[inline]
    pub(crate) fn is_clean(&self, text: &str) -> bool {
        self.text(text, &mut String::new()) == Verdict::Clean
    }

    #[inline(never)]
    fn examine(&self, text: &str, out: &mut String) -> Verdict {
        if text.len() > self.scan_limit {
            self.cover(text, self.mask, out);
            return Verdict::Masked;
        }
        let mut secrets = Secrets::of(text, &self.keys, self.mask);
        match secrets.next() {
            None if self.secrets_only => Verdict::Clean,
            secret => self.rewrite(text, Findings::of(self, text, secrets, secret), out),
        }
    }

    /// Appends what may be seen of a value. `false` if that is nothing, not even that it was there.
    ///
    /// ```
    /// use hyperlog_core::{Mask, Redaction};
    ///
    /// let redaction = Redaction::default();
    /// let mut out = String::new();
    /// assert!(redaction.mask(Mask::Last4, "4111111111111111", &mut out));
    /// assert_eq!(out, "****1111");
    /// assert!(!redaction.mask(Mask::Drop, "4111111111111111", &mut out));
    /// ```
    pub fn mask(&self, mask: Mask, value: &str, out: &mut String) -> bool {
        match mask {
            Mask::Full => out.push_str(REDACTED),
            Mask::Last4 => {
                out.push_str("****");
                out.push_str(last_quarter(value));
            }
            Mask::Hash => self.push_hash(value, out),
            Mask::Drop => return false,
        }
        true
    }

    fn rewrite(&self, text: &str, mut findings: Findings<'_>, out: &mut String) -> Verdict {
        let (before, mut from, mut verdict) = (out.len(), 0, Verdict::Clean);
        while let Some(span) = findings.next() {
            verdict = Verdict::Masked;
            let (Some(clean), Some(secret)) = (text.get(from..span.start), text.get(span.start..span.end)) else {
                // a finding that does not fit its text is a fault of ours, and no reason to show anything
                out.truncate(before);
                self.cover(text, Mask::Full, out);
                return verdict;
            };
            out.push_str(clean);
            self.cover(secret, span.mask, out);
            from = span.end;
        }
        if verdict == Verdict::Masked {
            out.push_str(text.get(from..).unwrap_or(REDACTED));
        }
        verdict
    }

    /// Masks within a text, where dropping leaves nothing behind.
    fn cover(&self, secret: &str, mask: Mask, out: &mut String) {
        let _dropped = !self.mask(mask, secret, out);
    }

    fn push_hash(&self, value: &str, out: &mut String) {
        let hash = self.hash.as_ref().and_then(|hash| contain(|| hash.hash(value.as_bytes())));
        // without a key, or with one that panics, nothing is shown
        let Some(hash) = hash else { return out.push_str(REDACTED) };
        out.push_str("hash:");
        for byte in hash {
            let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble & 15)]);
            out.push(digit(byte >> 4));
            out.push(digit(byte));
        }
    }
}

impl Default for Redaction {
    /// Sensitive keys, and values that give themselves away.
    fn default() -> Redaction {
        static DEFAULT: OnceLock<Redaction> = OnceLock::new();
        let make = || Redaction::builder().build().expect("the default policy has no rule that could be wrong");
        DEFAULT.get_or_init(make).clone()
    }
}

impl fmt::Debug for Redaction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Redaction")
            .field("id", &self.id)
            .field("active", &self.active)
            .field("mask", &self.mask)
            .finish_non_exhaustive()
    }
}

/// What stands in place of a hidden value.
const REDACTED: &str = "[REDACTED]";

/// The last four characters, of a value that has at least sixteen.
fn last_quarter(value: &str) -> &str {
    if value.chars().take(16).count() < 16 {
        return "";
    }
    value.char_indices().rev().nth(3).map_or("", |(at, _)| &value[at..])
}

fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// What of a hidden value is still seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mask {
    /// Nothing: `[REDACTED]`.
    #[default]
    Full,
    /// Its last four characters: `****1234`. Of a value shorter than sixteen characters, nothing: `****`.
    Last4,
    /// A keyed hash, equal for equal values: `hash:` and 32 hexadecimal digits. Needs
    /// [`RedactionBuilder::keyed_hash`].
    Hash,
    /// Not even that there was a value: a field is left out, a finding in a text removed.
    Drop,
}

/// Whether texts are looked through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Texts {
    /// They are.
    #[default]
    Read,
    /// They are not: **secrets in them are shown**, and only what a sensitive name stands for is hidden.
    Unread,
}

/// What [`Redaction::text`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum Verdict {
    /// Nothing: the text may be shown as it is.
    Clean,
    /// A secret: only what was appended may be shown.
    Masked,
}

/// The keyed hash that [`Mask::Hash`] writes, such as HMAC with SHA-256, cut to 16 bytes.
///
/// Without a key that others do not know, a hash hides little: whoever can guess a value can hash it.
pub trait KeyedHash: Send + Sync {
    /// Hashes one value.
    fn hash(&self, value: &[u8]) -> [u8; 16];
}

/// Says what a [`Redaction`] hides, beyond its default.
///
/// | option | default |
/// |---|---|
/// | [`mask`](Self::mask) | [`Mask::Full`] |
/// | [`hide`](Self::hide), [`hide_as`](Self::hide_as), [`show`](Self::show) | none |
/// | [`preset`](Self::preset), [`preset_as`](Self::preset_as) | none |
/// | `pattern`, `pattern_as` (feature `patterns`) | none |
/// | [`keyed_hash`](Self::keyed_hash) | none |
/// | [`scan_limit`](Self::scan_limit) | 1 MiB |
/// | [`texts`](Self::texts) | [`Texts::Read`] |
#[derive(Clone)]
#[must_use]
pub struct RedactionBuilder {
    mask: Mask,
    rules: Vec<(String, Deed)>,
    presets: Vec<(Preset, Option<Mask>)>,
    #[cfg(feature = "patterns")]
    patterns: Vec<(String, Option<Mask>)>,
    hash: Option<Arc<dyn KeyedHash>>,
    scan_limit: usize,
    texts: Texts,
}

#[derive(Clone, Copy)]
enum Deed {
    Hide(Option<Mask>),
    Show,
}

impl Default for RedactionBuilder {
    fn default() -> RedactionBuilder {
        RedactionBuilder {
            mask: Mask::Full,
            rules: Vec::new(),
            presets: Vec::new(),
            #[cfg(feature = "patterns")]
            patterns: Vec::new(),
            hash: None,
            scan_limit: 1 << 20,
            texts: Texts::Read,
        }
    }
}

impl RedactionBuilder {
    /// How everything is hidden that names no mask of its own.
    pub fn mask(mut self, mask: Mask) -> RedactionBuilder {
        self.mask = mask;
        self
    }

    /// Hides a name or a path; see [`Redaction`] for what may be written.
    pub fn hide(mut self, path: impl Into<String>) -> RedactionBuilder {
        self.rules.push((path.into(), Deed::Hide(None)));
        self
    }

    /// Hides a name or a path in its own way.
    pub fn hide_as(mut self, path: impl Into<String>, mask: Mask) -> RedactionBuilder {
        self.rules.push((path.into(), Deed::Hide(Some(mask))));
        self
    }

    /// Shows a name or a path that the built-in set or a preset would hide.
    pub fn show(mut self, path: impl Into<String>) -> RedactionBuilder {
        self.rules.push((path.into(), Deed::Show));
        self
    }

    /// Hides a kind of personal data.
    pub fn preset(mut self, preset: Preset) -> RedactionBuilder {
        self.presets.push((preset, None));
        self
    }

    /// Hides a kind of personal data in its own way. Of two presets that share a kind, the first decides.
    pub fn preset_as(mut self, preset: Preset, mask: Mask) -> RedactionBuilder {
        self.presets.push((preset, Some(mask)));
        self
    }

    /// Hides whatever matches this regular expression in a text.
    ///
    /// The syntax is that of the crate `regex` without Unicode classes: `\d`, `\w` and `(?i)` know ASCII. A text in
    /// which a pattern matches more than 64 times is hidden from there on.
    ///
    /// ```
    /// use hyperlog_core::Redaction;
    ///
    /// let redaction = Redaction::builder().pattern(r"\bACME-\d{6}\b").build()?;
    /// let mut out = String::new();
    /// redaction.text("contract ACME-123456 signed", &mut out);
    /// assert_eq!(out, "contract [REDACTED] signed");
    /// # Ok::<(), hyperlog_core::BuildRedactionError>(())
    /// ```
    #[cfg(feature = "patterns")]
    pub fn pattern(mut self, pattern: impl Into<String>) -> RedactionBuilder {
        self.patterns.push((pattern.into(), None));
        self
    }

    /// Hides whatever matches this regular expression, in its own way.
    #[cfg(feature = "patterns")]
    pub fn pattern_as(mut self, pattern: impl Into<String>, mask: Mask) -> RedactionBuilder {
        self.patterns.push((pattern.into(), Some(mask)));
        self
    }

    /// The hash that [`Mask::Hash`] writes.
    pub fn keyed_hash(mut self, hash: impl KeyedHash + 'static) -> RedactionBuilder {
        self.hash = Some(Arc::new(hash));
        self
    }

    /// A text of more bytes than this is hidden whole, unread.
    pub fn scan_limit(mut self, bytes: usize) -> RedactionBuilder {
        self.scan_limit = bytes;
        self
    }

    /// Whether texts are looked through. Where they are not, **a secret in a message, in an error or in a URL is shown**:
    /// only names hide.
    ///
    /// ```
    /// use hyperlog_core::{Mask, Redaction, Texts, Verdict};
    ///
    /// let redaction = Redaction::builder().texts(Texts::Unread).build()?;
    /// assert_eq!(redaction.key("password"), Some(Mask::Full));
    /// assert_eq!(redaction.text("password=hunter2", &mut String::new()), Verdict::Clean);
    /// # Ok::<(), hyperlog_core::BuildRedactionError>(())
    /// ```
    pub fn texts(mut self, texts: Texts) -> RedactionBuilder {
        self.texts = texts;
        self
    }

    /// Compiles the policy.
    ///
    /// # Errors
    ///
    /// When a rule or a pattern cannot be read, when something is to be found in texts that are not read, or [`Mask::Hash`] is asked for without a hash.
    pub fn build(self) -> Result<Redaction, BuildRedactionError> {
        let mask = self.mask;
        let mut kinds: Kinds = [None; 5];
        let mut phrases = vec![(CREDENTIALS, mask)];
        let mut masks = vec![mask];
        for (preset, own) in &self.presets {
            let mask = own.unwrap_or(mask);
            masks.push(mask);
            phrases.push((preset.names(), mask));
            for kind in preset.kinds() {
                phrases.push((kind.names(), mask));
                kinds[*kind as usize].get_or_insert(mask);
            }
        }
        let rule = |(text, deed): (String, Deed)| match deed {
            Deed::Hide(own) => Rule { text, mask: Some(own.unwrap_or(mask)) },
            Deed::Show => Rule { text, mask: None },
        };
        let rules: Vec<Rule> = self.rules.into_iter().map(rule).collect();
        masks.extend(rules.iter().filter_map(|rule| rule.mask));
        #[cfg(feature = "patterns")]
        masks.extend(self.patterns.iter().filter_map(|(_, own)| *own));
        if masks.contains(&Mask::Hash) && self.hash.is_none() {
            return Err(BuildRedactionError { kind: Kind::NoHash });
        }
        #[cfg(feature = "patterns")]
        let compile = |(text, own): &(String, Option<Mask>)| patterns::Pattern::compile(text, own.unwrap_or(mask));
        let secrets_only = kinds.iter().all(Option::is_none);
        #[cfg(feature = "patterns")]
        let secrets_only = secrets_only && self.patterns.is_empty();
        if self.texts == Texts::Unread && !secrets_only {
            return Err(BuildRedactionError { kind: Kind::Unread });
        }
        Ok(Redaction {
            id: next_id(),
            active: true,
            reads_texts: self.texts == Texts::Read,
            mask,
            keys: Keys::compile(&phrases, &rules)?,
            kinds,
            secrets_only,
            #[cfg(feature = "patterns")]
            patterns: self.patterns.iter().map(compile).collect::<Result<_, _>>()?,
            hash: self.hash,
            scan_limit: self.scan_limit,
        })
    }
}

impl fmt::Debug for RedactionBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RedactionBuilder")
            .field("mask", &self.mask)
            .field("rules", &self.rules.len())
            .field("presets", &self.presets)
            .field("scan_limit", &self.scan_limit)
            .field("texts", &self.texts)
            .finish_non_exhaustive()
    }
}

/// Why a policy could not be built.
#[derive(Debug)]
pub struct BuildRedactionError {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Key(String),
    Wildcard(String),
    NoHash,
    Unread,
    #[cfg(feature = "patterns")]
    Pattern(String, regex::Error),
    #[cfg(feature = "patterns")]
    EmptyPattern(String),
}

impl BuildRedactionError {
    fn key(rule: &str) -> BuildRedactionError {
        BuildRedactionError { kind: Kind::Key(rule.to_owned()) }
    }

    fn wildcard(rule: &str) -> BuildRedactionError {
        BuildRedactionError { kind: Kind::Wildcard(rule.to_owned()) }
    }

    #[cfg(feature = "patterns")]
    fn pattern(pattern: &str, source: regex::Error) -> BuildRedactionError {
        BuildRedactionError { kind: Kind::Pattern(pattern.to_owned(), source) }
    }

    #[cfg(feature = "patterns")]
    fn empty_pattern(pattern: &str) -> BuildRedactionError {
        BuildRedactionError { kind: Kind::EmptyPattern(pattern.to_owned()) }
    }
}

impl BuildRedactionError {
    /// What is wrong, without the rule or the pattern, which may be nobody's business.
    pub fn reason(&self) -> &'static str {
        match &self.kind {
            Kind::Key(_) => "write a name or up to 63 names parted by single dots",
            Kind::Wildcard(_) => "a wildcard stands for whole segments, write `*` or `**`",
            Kind::NoHash => "values are to be hashed, but there is no hash: give one with `keyed_hash`",
            Kind::Unread => {
                "presets and patterns look for something in texts, and texts are not to be read: leave one of the two out"
            }
            #[cfg(feature = "patterns")]
            Kind::Pattern(_, regex::Error::CompiledTooBig(_)) => {
                "it is too large: use smaller repetitions or split it into several"
            }
            #[cfg(feature = "patterns")]
            Kind::Pattern(..) => "it is no regular expression, or asks for what is not supported",
            #[cfg(feature = "patterns")]
            Kind::EmptyPattern(_) => "it matches nothing at all: make it require a character",
        }
    }
}

impl fmt::Display for BuildRedactionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = self.reason();
        match &self.kind {
            Kind::Key(rule) | Kind::Wildcard(rule) => {
                write!(formatter, "cannot read the redaction rule {rule:?}: {reason}")
            }
            Kind::NoHash | Kind::Unread => formatter.write_str(reason),
            #[cfg(feature = "patterns")]
            Kind::Pattern(pattern, _) | Kind::EmptyPattern(pattern) => {
                write!(formatter, "cannot read the redaction pattern {pattern:?}: {reason}")
            }
        }
    }
}

impl Error for BuildRedactionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            #[cfg(feature = "patterns")]
            Kind::Pattern(_, source) => Some(source),
            _ => None,
        }
    }
}

/// A part of a text that is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    start: usize,
    end: usize,
    mask: Mask,
}

/// What all scanners find in one text, as one row of spans that do not touch each other's bytes.
struct Findings<'a> {
    secrets: Secrets<'a>,
    personal: Personal<'a>,
    #[cfg(feature = "patterns")]
    matches: patterns::Matches<'a>,
    /// What each scanner found next and nobody has taken.
    waiting: [Option<Span>; SCANNERS],
}

const SCANNERS: usize = 3;

impl<'a> Findings<'a> {
    fn of(redaction: &'a Redaction, text: &'a str, secrets: Secrets<'a>, secret: Option<Span>) -> Findings<'a> {
        let mut findings = Findings {
            secrets,
            personal: Personal::of(text, &redaction.kinds),
            #[cfg(feature = "patterns")]
            matches: patterns::Matches::of(text, &redaction.patterns),
            waiting: [secret, None, None],
        };
        findings.waiting[1] = findings.ask(1);
        findings.waiting[2] = findings.ask(2);
        findings
    }

    fn next(&mut self) -> Option<Span> {
        let mut whole = self.take_before(usize::MAX)?;
        // what overlaps belongs to it; and where it grows, no mask that shows a part is right any more
        while let Some(more) = self.take_before(whole.end) {
            if more.end > whole.end {
                whole = Span { end: more.end, mask: Mask::Full, ..whole };
            }
        }
        Some(whole)
    }

    /// Takes the first finding that starts before `end`.
    fn take_before(&mut self, end: usize) -> Option<Span> {
        let first = |scanner: &usize| self.waiting[*scanner].map_or(usize::MAX, |span| span.start);
        let scanner = (0..SCANNERS).min_by_key(first)?;
        let span = self.waiting[scanner].filter(|span| span.start < end)?;
        self.waiting[scanner] = self.ask(scanner);
        Some(span)
    }

    fn ask(&mut self, scanner: usize) -> Option<Span> {
        match scanner {
            0 => self.secrets.next(),
            1 => self.personal.next(),
            #[cfg(feature = "patterns")]
            2 => self.matches.next(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(redaction: &Redaction, text: &str, expected: &str) {
        let mut out = String::from(">");
        let verdict = redaction.text(text, &mut out);
        if text == expected {
            assert_eq!((verdict, out.as_str()), (Verdict::Clean, ">"), "{text}");
        } else {
            assert_eq!((verdict, &out[1..]), (Verdict::Masked, expected), "{text}");
        }
    }

    struct Sum;

    impl KeyedHash for Sum {
        fn hash(&self, value: &[u8]) -> [u8; 16] {
            [value.iter().fold(7, |sum: u8, byte| sum.wrapping_mul(31).wrapping_add(*byte)); 16]
        }
    }

    #[test]
    fn every_mask_shows_what_it_promises() {
        let redaction = Redaction::builder().keyed_hash(Sum).build().unwrap();
        let check = |mask, value, expected: Option<&str>| {
            let mut out = String::new();
            let shown = redaction.mask(mask, value, &mut out);
            assert_eq!(shown.then_some(out.as_str()), expected, "{mask:?} {value}");
        };
        check(Mask::Full, "x", Some("[REDACTED]"));
        check(Mask::Full, "", Some("[REDACTED]"));
        check(Mask::Last4, "4111111111111111", Some("****1111"));
        check(Mask::Last4, "411111111111111", Some("****"));
        check(Mask::Last4, "ééééééééééééabcé", Some("****abcé"));
        check(Mask::Last4, "", Some("****"));
        check(Mask::Hash, "x", Some("hash:51515151515151515151515151515151"));
        check(Mask::Drop, "x", None);
    }

    #[test]
    fn a_hash_that_panics_hides_the_value() {
        struct Broken;
        impl KeyedHash for Broken {
            fn hash(&self, value: &[u8]) -> [u8; 16] {
                value[..16].try_into().unwrap()
            }
        }
        let redaction = Redaction::builder().mask(Mask::Hash).keyed_hash(Broken).build().unwrap();
        check(&redaction, "password=x", "password=[REDACTED]");
    }

    #[test]
    fn masks_apply_within_texts() {
        let redaction = Redaction::builder()
            .keyed_hash(Sum)
            .hide_as("ticket", Mask::Last4)
            .hide_as("visitor", Mask::Hash)
            .hide_as("gone", Mask::Drop)
            .build()
            .unwrap();
        check(
            &redaction,
            "ticket=AAAABBBBCCCCDDDD visitor=x",
            "ticket=****DDDD visitor=hash:51515151515151515151515151515151",
        );
        check(&redaction, "a gone=x b", "a gone= b");
        check(&redaction, r#"{"ticket":"short","n":1}"#, r#"{"ticket":"****","n":1}"#);
    }

    #[test]
    fn a_policy_that_is_off_hides_nothing() {
        let off = Redaction::off();
        assert!(off.is_off() && !Redaction::default().is_off());
        assert_eq!(off.key("password"), None);
        check(&off, "password=hunter2", "password=hunter2");
    }

    #[test]
    fn policies_have_ids_of_their_own() {
        let (one, other) = (Redaction::default(), Redaction::off());
        assert_ne!(one.id(), other.id());
        assert_eq!(one.id(), one.clone().id());
    }

    #[test]
    fn a_text_beyond_the_limit_is_hidden_whole() {
        let redaction = Redaction::builder().scan_limit(8).build().unwrap();
        check(&redaction, "12345678", "12345678");
        check(&redaction, "pwd=abcd", "pwd=[REDACTED]");
        check(&redaction, "123456789", "[REDACTED]");
    }

    #[test]
    fn findings_that_overlap_are_both_hidden() {
        let redaction = Redaction::builder().preset_as(Preset::Email, Mask::Last4).build().unwrap();
        // the password of a URL and an address share bytes
        check(&redaction, "see ftp://me:pass@example.com now", "see ftp://me:[REDACTED] now");
        let partly = Redaction::builder().mask(Mask::Last4).preset(Preset::Email).build().unwrap();
        check(&partly, "ftp://me:passwordpassword@example.com", "ftp://me:[REDACTED]");
        check(&partly, "ftp://me:passwordpassword@host", "ftp://me:****word@host");
        check(&redaction, "password=ann@example.com!", "password=[REDACTED]");
        check(&redaction, "from somebody@example.com", "from ****.com");
    }

    #[test]
    fn mistakes_are_told_when_building() {
        let check = |builder: RedactionBuilder, expected: &str| {
            let told = builder.build().unwrap_err().to_string();
            assert!(told.contains(expected), "{told}");
            assert!(told.starts_with(char::is_lowercase), "{told}");
        };
        check(Redaction::builder().hide(""), "write a name");
        check(Redaction::builder().hide("a..b"), "write a name");
        check(Redaction::builder().hide(".a"), "write a name");
        check(Redaction::builder().show("--"), "write a name");
        check(Redaction::builder().hide(["a"; 64].join(".")), "up to 63");
        check(Redaction::builder().hide("user*"), "whole segments");
        check(Redaction::builder().mask(Mask::Hash), "keyed_hash");
        check(Redaction::builder().hide_as("a", Mask::Hash), "keyed_hash");
        check(Redaction::builder().preset_as(Preset::Card, Mask::Hash), "keyed_hash");
        assert!(Redaction::builder().hide(["a"; 63].join(".")).build().is_ok());
    }

    #[test]
    fn debug_shows_no_key_and_no_name() {
        #[derive(Debug)]
        struct Canary(&'static str);
        impl KeyedHash for Canary {
            fn hash(&self, _: &[u8]) -> [u8; 16] {
                [self.0.len() as u8; 16]
            }
        }
        let builder = Redaction::builder().keyed_hash(Canary("canary-key")).hide("canary");
        assert!(!format!("{builder:?} {:?}", builder.clone().build().unwrap()).contains("canary"));
    }

    #[test]
    fn policies_cross_threads() {
        fn check<T: Send + Sync + 'static>() {}
        check::<Redaction>();
        check::<RedactionBuilder>();
        check::<BuildRedactionError>();
    }
}
