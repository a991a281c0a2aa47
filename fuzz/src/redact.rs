//! Redaction: a secret stays hidden whatever stands around it, and what is said to be clean is left as it was.

use hyperlog_core::{Redaction, Verdict};

/// Reads the bytes as two texts around secrets of several kinds, and as the name of a key.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let half = (0..=text.len() / 2).rev().find(|place| text.is_char_boundary(*place)).unwrap_or(0);
    let (before, after) = text.split_at(half);
    let redaction = Redaction::default();
    let _ = redaction.key(&text);
    check_alone(&redaction, &text);
    // What stands in the text already, named by nothing, is no secret there.
    for (given, hidden) in SECRETS.iter().filter(|(_, hidden)| !text.contains(hidden)) {
        let around = format!("{before}\n{given}\n{after}");
        let mut shown = String::new();
        assert_eq!(redaction.text(&around, &mut shown), Verdict::Masked, "{around:?}");
        assert!(!shown.contains(hidden), "{shown:?} tells {hidden}");
    }
}

/// What is shown of a text is shown as it is when it is shown once more.
fn check_alone(redaction: &Redaction, text: &str) {
    let mut shown = String::new();
    match redaction.text(text, &mut shown) {
        Verdict::Clean => assert!(shown.is_empty(), "nothing is appended of what is clean"),
        Verdict::Masked => assert!(!shown.is_empty(), "that there was something is shown"),
    }
}

/// Secrets, and the part of each that nobody may see.
const SECRETS: &[(&str, &str)] = &[
    ("password=tr0ub4dor-and-3", "tr0ub4dor"),
    ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    ("https://ann:s3cr3t-words@shop.example/", "s3cr3t-words"),
    ("Authorization: Bearer abcdef0123456789abcdef0123456789", "abcdef0123456789"),
    (r#"{"pass\u0077ord":"tr0ub4dor-and-5"}"#, "tr0ub4dor-and-5"),
    ("/login?pass%2577ord=tr0ub4dor-and-7", "tr0ub4dor-and-7"),
];
