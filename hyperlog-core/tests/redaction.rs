//! Redaction by behaviour: against a slow and obvious reference, against harmless data, and against anything at all.
//!
//! Apart from the tables beside the code, because here the texts are generated, by the hundred thousand.

use hyperlog_core::{Mask, Preset, Redaction, Verdict};
use proptest::prelude::*;

/// The text as it may be shown.
fn shown(redaction: &Redaction, text: &str) -> String {
    let mut out = String::new();
    match redaction.text(text, &mut out) {
        Verdict::Clean => {
            assert!(out.is_empty(), "a clean text leaves the output alone: {text}");
            text.to_owned()
        }
        Verdict::Masked => out,
    }
}

/// A small generator with a fixed seed: the same texts on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.roll() >> 33) % end
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }

    fn push(&mut self, out: &mut String, alphabet: &[u8], length: usize) {
        for _ in 0..length {
            out.push(char::from(alphabet[self.below(alphabet.len() as u64) as usize]));
        }
    }

    fn word(&mut self, alphabet: &[u8], length: usize) -> String {
        let mut out = String::with_capacity(length);
        self.push(&mut out, alphabet, length);
        out
    }
}

const DIGITS: &[u8] = b"0123456789";
const HEX: &[u8] = b"0123456789abcdef";
const CAPITALS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const CROCKFORD: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE64: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/";
const URL_SAFE: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

// ---- the reference -------------------------------------------------------------------------------------------------

/// What the generated records are made of, judged in the most obvious way: cut into words at blanks, each word looked
/// at for itself, with no table, no state and no thought of speed.
mod reference {
    const HIDDEN: &[&[&str]] = &[
        &["password"],
        &["secret"],
        &["token"],
        &["api", "key"],
        &["access", "key"],
        &["private", "key"],
        &["authorization"],
        &["credentials"],
        &["session", "id"],
        &["jwt"],
    ];

    /// The words of a name: parted by separators, digits and changes of case.
    fn words(name: &str) -> Vec<String> {
        let letters: Vec<char> = name.chars().collect();
        let mut words = vec![String::new()];
        for (at, letter) in letters.iter().enumerate() {
            let after_lower = at > 0 && letters[at - 1].is_lowercase();
            let before_lower = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
            let after_upper = at > 0 && letters[at - 1].is_uppercase();
            if letter.is_uppercase() && (after_lower || (after_upper && before_lower)) {
                words.push(String::new());
            }
            match letter.is_alphabetic() {
                true => words.last_mut().unwrap().extend(letter.to_lowercase()),
                false => words.push(String::new()),
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }

    pub(crate) fn hides(path: &str) -> bool {
        let segments: Vec<&str> = path.split('.').collect();
        (1..=segments.len()).any(|count| {
            let words = words(&segments[..count].join("."));
            HIDDEN.iter().any(|phrase| words.ends_with(&phrase.iter().map(|word| word.to_string()).collect::<Vec<_>>()))
        })
    }

    fn is_vendor_key(word: &str) -> bool {
        let run = |rest: &str, least: usize| rest.len() >= least && rest.chars().all(|c| c.is_ascii_alphanumeric());
        let capitals = |rest: &str| rest.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        word.strip_prefix("ghp_").is_some_and(|rest| run(rest, 30))
            || word.strip_prefix("AKIA").is_some_and(|rest| rest.len() == 16 && capitals(rest))
            || word.strip_prefix("hf_").is_some_and(|rest| run(rest, 30))
            || word.strip_prefix("npm_").is_some_and(|rest| run(rest, 30))
            || word.strip_prefix("sk_live_").is_some_and(|rest| run(rest, 16))
    }

    fn is_web_token(word: &str) -> bool {
        let parts: Vec<&str> = word.split('.').collect();
        let safe = |part: &&str| part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        word.starts_with("eyJ")
            && parts.len() == 3
            && parts[0].len() >= 8
            && parts[1].len() >= 4
            && parts.iter().all(safe)
    }

    /// One word of a text that is parted by single blanks.
    fn word(word: &str) -> String {
        if is_vendor_key(word) || is_web_token(word) {
            return "[REDACTED]".into();
        }
        if let Some((scheme, rest)) = word.split_once("://") {
            if let Some((user, host)) = rest.split_once('@')
                && let Some((user, _)) = user.split_once(':')
            {
                return format!("{scheme}://{user}:[REDACTED]@{host}");
            }
            if let Some((path, query)) = rest.split_once('?') {
                let pair = |pair: &str| match pair.split_once('=') {
                    Some((key, _)) if hides(key) => format!("{key}=[REDACTED]"),
                    _ => pair.to_owned(),
                };
                let query: Vec<String> = query.split('&').map(pair).collect();
                return format!("{scheme}://{path}?{}", query.join("&"));
            }
            return word.to_owned();
        }
        match word.split_once('=') {
            Some((key, _)) if hides(key) => format!("{key}=[REDACTED]"),
            Some((key, value)) if is_vendor_key(value) || is_web_token(value) => format!("{key}=[REDACTED]"),
            _ => word.to_owned(),
        }
    }

    pub(crate) fn text(text: &str) -> String {
        let mut out: Vec<String> = Vec::new();
        for next in text.split(' ') {
            let long =
                next.len() >= 16 && next.chars().any(|c| c.is_ascii_digit()) && next.chars().any(|c| c.is_alphabetic());
            match out.last() {
                Some(before)
                    if before == "token"
                        && long
                        && next.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) =>
                {
                    out.push("[REDACTED]".into())
                }
                Some(before) if before.eq_ignore_ascii_case("bearer") => out.push("[REDACTED]".into()),
                _ => out.push(word(next)),
            }
        }
        out.join(" ")
    }
}

/// One record as a text: words, pairs, identifiers and secrets, parted by single blanks.
fn record(dice: &mut Dice, out: &mut String) {
    const KEYS: &[&str] = &[
        "password",
        "db_password",
        "userPassword",
        "PASSWORD",
        "api_key",
        "apiKey",
        "API-KEY",
        "x-api-key",
        "APIKey",
        "access.key",
        "token",
        "auth.token",
        "access_token",
        "csrfToken",
        "sessionId",
        "session_id",
        "jwt",
        "secret2",
        "client_secret",
        "credentials.user",
        "private_key",
        "authorization.kind",
        "token_count",
        "max_tokens",
        "tokenizer",
        "secretary",
        "status",
        "user.name",
        "user_id",
        "method",
        "key",
        "cache_key",
        "password_changed_at",
        "author",
        "session",
        "api",
        "access",
        "latency_ms",
        "id",
        "a.b.c",
        "token_type",
        "bypass",
        "x",
    ];
    const WORDS: &[&str] = &[
        "request",
        "completed",
        "user",
        "token",
        "after",
        "12:30:45",
        "in",
        "12ms",
        "GET",
        "/users/42",
        "-----",
        "127.0.0.1:8080",
        "std::sync::Mutex",
        "eyJ",
        "ghp_",
        "AKIA",
        "sk_live_",
        "task-12",
        "über",
        "naïve",
        "a@b",
        "100%",
        "x=y",
        "disk_",
        "hf_hub",
        "npm_config",
        "Bearer",
        "(failed)",
        "<none>",
        "a&b",
        "\u{1f980}",
    ];
    let length = 1 + dice.below(8);
    for place in 0..length {
        if place > 0 {
            out.push(' ');
        }
        let after_scheme = out.ends_with("Bearer ");
        match if after_scheme { 90 } else { dice.below(100) } {
            0..45 => out.push_str(dice.pick(WORDS)),
            45..70 => {
                out.push_str(dice.pick(KEYS));
                out.push('=');
                let length = 1 + dice.below(12) as usize;
                dice.push(out, BASE62, length);
            }
            70..74 => {
                out.push_str(dice.pick(&["AKIA", "id=AKIA"]));
                let length = 15 + dice.below(3) as usize;
                dice.push(out, CAPITALS, length);
            }
            74..80 => {
                out.push_str(dice.pick(&["ghp_", "hf_", "npm_", "x=npm_", "sk_live_", "xghp_"]));
                let length = 10 + dice.below(40) as usize;
                dice.push(out, BASE62, length);
            }
            80..84 => {
                out.push_str("eyJ");
                for _ in 0..1 + dice.below(3) {
                    dice.push(out, URL_SAFE, 9);
                    out.push('.');
                }
                dice.push(out, URL_SAFE, 9);
                // the reference knows tokens of three parts only
                if out.rsplit(' ').next().is_some_and(|word| word.matches('.').count() > 2) {
                    out.truncate(out.rfind('.').unwrap_or(0));
                }
            }
            84..88 => {
                out.push_str("https://");
                if dice.below(2) == 0 {
                    dice.push(out, BASE62, 4);
                    out.push(':');
                    dice.push(out, BASE62, 6);
                    out.push('@');
                }
                out.push_str("example.com:8443/path");
            }
            88..90 => {
                out.push_str("https://example.com/path?");
                for _ in 0..1 + dice.below(3) {
                    out.push_str(dice.pick(KEYS));
                    out.push('=');
                    dice.push(out, BASE62, 5);
                    out.push('&');
                }
                out.pop();
            }
            _ if after_scheme => {
                dice.push(out, BASE62, 24);
            }
            _ => {
                let length = 1 + dice.below(12) as usize;
                dice.push(out, HEX, length);
            }
        }
    }
    if out.ends_with("Bearer") {
        out.push_str(" abc123");
    }
}

#[test]
fn a_million_records_are_hidden_as_the_reference_hides_them() {
    let records = 1_000_000;
    let redaction = Redaction::default();
    let (mut dice, mut text, mut out, mut masked) = (Dice(0x5eed), String::new(), String::new(), 0);
    for _ in 0..records {
        text.clear();
        out.clear();
        record(&mut dice, &mut text);
        let expected = reference::text(&text);
        let verdict = redaction.text(&text, &mut out);
        masked += usize::from(verdict == Verdict::Masked);
        let shown = if verdict == Verdict::Masked { &out } else { &text };
        assert_eq!(shown, &expected, "{text}");
        assert_eq!(verdict == Verdict::Masked, text != expected, "{text}");
    }
    assert!(masked > records / 4 && masked < records * 3 / 4, "{masked} of {records} had a secret");
}

// ---- harmless data -------------------------------------------------------------------------------------------------

const SHAPES: usize = 24;

/// One harmless value of a common shape.
fn harmless(dice: &mut Dice, shape: usize, out: &mut String) {
    use std::fmt::Write as _;
    let second = 1_500_000_000 + dice.below(400_000_000);
    match shape {
        0 | 1 => {
            let (variant, version) = (dice.pick(&["8", "9", "a", "b"]), ["4", "7"][shape]);
            for (place, length) in [8, 4, 3, 3, 12].into_iter().enumerate() {
                out.push_str(["", "-", ["-4", "-7"][shape], "", "-"][place]);
                if place == 3 {
                    let _ = write!(out, "-{variant}");
                }
                dice.push(out, HEX, length);
            }
            debug_assert!(out.contains(version));
        }
        2 => {
            out.push_str("01");
            dice.push(out, CROCKFORD, 24);
        }
        3 => {
            let _ = write!(out, "{}", (((second - 1_420_070_400) * 1000) << 22) | dice.below(1 << 22));
        }
        4 => {
            let _ = write!(out, "{}", (((second - 1_288_834_974) * 1000) << 22) | dice.below(1 << 22));
        }
        5 => {
            let _ = write!(out, "{second}");
        }
        6 => {
            let _ = write!(out, "{second}{:03}", dice.below(1000));
        }
        7 => {
            let _ = write!(out, "{second}{:06}", dice.below(1_000_000));
        }
        8 => {
            let _ = write!(out, "{second}{:09}", dice.below(1_000_000_000));
        }
        9 => dice.push(out, HEX, 32),
        10 => dice.push(out, HEX, 40),
        11 => dice.push(out, HEX, 64),
        12 => dice.push(out, BASE58, 22),
        13 => dice.push(out, BASE64, 32),
        14 => dice.push(out, URL_SAFE, 21),
        15 => {
            let _ = write!(out, "{}.{:02}", dice.below(1_000_000), dice.below(100));
        }
        16 => {
            let _ = write!(out, "{}.{}.{}", dice.below(30), dice.below(100), dice.below(1000));
        }
        17 => {
            let _ = write!(
                out,
                "{}.{}.{}.{}:{}",
                dice.below(256),
                dice.below(256),
                dice.below(256),
                dice.below(256),
                dice.below(65536)
            );
        }
        18 => {
            let _ = write!(out, "2001:db8:{:x}::{:x}", dice.below(65536), dice.below(65536));
        }
        19 => {
            let _ =
                write!(out, "/api/v{}/orders/{}/items?page={}", dice.below(5), dice.below(1_000_000), dice.below(100));
        }
        20 => {
            let date = (dice.below(12) + 1, dice.below(28) + 1, dice.below(24), dice.below(60), dice.below(60));
            let _ = write!(
                out,
                "2024-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}+02:00",
                date.0,
                date.1,
                date.2,
                date.3,
                date.4,
                dice.below(1000)
            );
        }
        21 => {
            let _ = write!(
                out,
                "order {} of {} took {}.{}ms",
                dice.below(1000),
                dice.below(1000),
                dice.below(100),
                dice.below(1000)
            );
        }
        22 => {
            // random decimals of the length of a card
            out.push(char::from(b'1' + dice.below(9) as u8));
            dice.push(out, DIGITS, 15);
        }
        _ => {
            let host = dice.word(b"abcdefghijklmnopqrstuvwxyz", 6);
            let _ = write!(out, "https://{host}.example.com:8443/v1/{}#top", dice.below(1000));
        }
    }
}

/// How many values of this corpus a policy hides.
fn eaten(redaction: &Redaction, values: usize, corpus: impl Fn(&mut Dice, usize, &mut String)) -> usize {
    let (mut dice, mut text, mut out, mut eaten) = (Dice(0xbeef), String::new(), String::new(), 0);
    for count in 0..values {
        text.clear();
        corpus(&mut dice, count, &mut text);
        eaten += usize::from(redaction.text(&text, &mut out) == Verdict::Masked);
        out.clear();
    }
    eaten
}

#[test]
fn a_million_harmless_values_pass_the_default() {
    let corpus = |dice: &mut Dice, count, out: &mut String| harmless(dice, count % SHAPES, out);
    assert_eq!(eaten(&Redaction::default(), 1_000_000, corpus), 0);
}

/// Of the same corpus, in parts per million: the table in the manual of `Redaction`.
#[test]
fn what_the_presets_eat_of_harmless_data_is_what_the_manual_says() {
    let corpus = |dice: &mut Dice, count, out: &mut String| harmless(dice, count % SHAPES, out);
    let share = |preset: &Preset| {
        let redaction = Redaction::builder().preset(*preset).build().unwrap();
        (preset.name(), eaten(&redaction, 100_000, corpus) * 10)
    };
    let shares: Vec<(&str, usize)> = Preset::ALL.iter().map(share).collect();
    let (card, others) = (1150, 0);
    let published = Preset::ALL.iter().map(|preset| match preset {
        Preset::Card | Preset::Pci | Preset::Sox => (preset.name(), card),
        _ => (preset.name(), others),
    });
    assert_eq!(shares, published.collect::<Vec<_>>());
}

/// One value that is harmless and looks exactly like what the preset is after.
fn look_alike(dice: &mut Dice, preset: Preset, out: &mut String) {
    let groups: &[(&str, usize)] = match preset {
        Preset::Card => &[("", 16)],
        Preset::Ssn => &[("", 3), ("-", 2), ("-", 4)],
        Preset::Phone => &[("", 3), ("-", 3), ("-", 4)],
        Preset::Iban => &[("DE", 20)],
        _ => return out.push_str("git@example.com:team/project.git"),
    };
    for (before, length) in groups {
        out.push_str(before);
        dice.push(out, DIGITS, *length);
    }
}

/// Of ten thousand look-alikes each: the other column of that table.
#[test]
fn what_the_presets_eat_of_look_alikes_is_what_the_manual_says() {
    let share = |preset: &Preset| {
        let redaction = Redaction::builder().preset(*preset).build().unwrap();
        (preset.name(), eaten(&redaction, 10_000, |dice, _, out| look_alike(dice, *preset, out)))
    };
    let shares: Vec<(&str, usize)> = Preset::ALL[..5].iter().map(share).collect();
    assert_eq!(shares, [("card", 244), ("email", 10_000), ("phone", 7399), ("ssn", 8861), ("iban", 114)]);
}

// ---- anything at all -----------------------------------------------------------------------------------------------

const NAMES: &[&[&str]] = &[
    &["password"],
    &["db", "password"],
    &["api", "key"],
    &["x", "api", "key"],
    &["access", "token"],
    &["client", "secret"],
    &["session", "id"],
    &["private", "key"],
    &["authorization"],
    &["set", "cookie"],
    &["aws", "secret", "access", "key"],
];

/// A sensitive name in any case and separator style, at any depth.
fn sensitive_name() -> impl Strategy<Value = String> {
    (0..NAMES.len(), 0..4usize, 0..4usize, "([a-z]{1,6}\\.|[0-9]\\.|[a-z]{1,4}\\[[0-9]\\]\\.){0,3}").prop_map(
        |(name, separator, case, above)| {
            let styled = |(place, word): (usize, &&str)| match case {
                0 => word.to_string(),
                1 => word.to_uppercase(),
                2 if place == 0 => word.to_string(),
                _ => word[..1].to_uppercase() + &word[1..],
            };
            let words: Vec<String> = NAMES[name].iter().enumerate().map(styled).collect();
            // words without a separator are told apart by their case
            let separator = if case < 2 { ["_", "-", ".", "_"][separator] } else { ["_", "-", ".", ""][separator] };
            above + &words.join(separator)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sensitive_names_are_hidden_in_any_style_and_depth(name in sensitive_name(), below in "(\\.[a-z0-9]{1,5}){0,2}") {
        prop_assert_eq!(Redaction::default().key(&(name + &below)), Some(Mask::Full));
    }

    #[test]
    fn a_value_named_by_a_sensitive_name_is_never_seen(
        name in sensitive_name(),
        secret in "[A-Z0-9]{3}[&;,|)!.é$%-]{0,3}canary[A-Za-z0-9+/_.!$%*~^é-]{0,20}",
        before in "[a-z ]{0,12}( |\\?|&|, )",
        after in "( [a-z ]{0,12})?",
        style in 0..6usize,
    ) {
        let pair = match style {
            0 => format!("{name}={secret}"),
            1 => format!("{name}: {secret}"),
            2 => format!("{{\"{name}\":\"{secret}\"}}"),
            3 => format!("{{\\\"{name}\\\": \\\"{secret}\\\"}}"),
            4 => format!("'{name}' => '{secret}'"),
            _ => format!("{name} = Some(\"{secret}\")"),
        };
        let shown = shown(&Redaction::default(), &format!("{before}{pair}{after}"));
        prop_assert!(!shown.contains("canary"), "{}", shown);
        prop_assert!(shown.starts_with(&before), "{}", shown);
    }

    #[test]
    fn prose_is_unchanged(text in "[a-z ,.!?é0-9-]{0,80}") {
        prop_assume!(!["bearer ", "basic ", "token ", "sk-"].iter().any(|word| text.contains(word)));
        prop_assert_eq!(shown(&Redaction::default(), &text), text);
    }

    #[test]
    fn nothing_panics(text in any::<String>(), pieces in proptest::collection::vec(0..24usize, 0..12)) {
        const PIECES: [&str; 24] = [
            "=", ":", "\"", "\\", "'", " ", "password", "Bearer ", "eyJ", "://", "@", "-----BEGIN PRIVATE KEY-----", "{", "}",
            "(", ",", "ghp_", "é", "+49", "4111111111111111", "DE89370400440532013000", "digest a=", "cookie", "\n",
        ];
        let everything = Preset::ALL.iter().fold(Redaction::builder(), |builder, preset| builder.preset(*preset));
        let redaction = everything.mask(Mask::Last4).hide("**.a.*").show("b.**").build().unwrap();
        let joined = text.clone() + &pieces.iter().map(|piece| PIECES[*piece]).collect::<String>() + &text;
        let _ = (shown(&redaction, &joined), shown(&redaction, &text), redaction.key(&joined));
    }
}

#[test]
fn a_word_begins_where_its_case_says_so() {
    let redaction = Redaction::default();
    for hidden in ["DBPwd", "dbPwd", "DB2pwd", "db_pwd", "user.pwd", "user.pass", "pass", "password.", "password["] {
        assert!(redaction.key(hidden).is_some(), "{hidden}");
    }
    for shown in ["spwd", "XYZPWD", "XYPWD", "pwdx", "bypass", "boarding_pass", "p\u{e4}ss", "pwd\u{e4}"] {
        assert!(redaction.key(shown).is_none(), "{shown}");
    }
}

#[test]
fn stars_that_may_stand_for_the_same_segments_take_none_from_each_other() {
    for (rule, hidden, shown) in [
        ("**.*.**.b", &["x.b", "x.y.b", "x.y.z.b"][..], &["b", "x.y.c"][..]),
        ("**.**.b", &["b", "x.b", "x.y.b"], &["x.y.bb"]),
        ("*.**.**.b", &["x.b", "x.y.b", "x.y.z.b"], &["b"]),
    ] {
        let redaction = Redaction::builder().hide(rule).build().unwrap();
        hidden.iter().for_each(|path| assert!(redaction.key(path).is_some(), "{rule} of {path}"));
        shown.iter().for_each(|path| assert!(redaction.key(path).is_none(), "{rule} of {path}"));
    }
}

#[test]
fn a_number_ends_where_a_hyphen_or_a_point_ends_it() {
    let redaction = Redaction::builder().preset(Preset::Card).build().unwrap();
    for text in ["4111111111111111- paid", "4111111111111111-", "4111111111111111. Paid", "4111111111111111."] {
        assert!(!shown(&redaction, text).contains("41111111"), "{text}");
    }
    for text in ["4111111111111111-x", "4111111111111111.5", "4111111111111111_"] {
        assert_eq!(shown(&redaction, text), text);
    }
}
