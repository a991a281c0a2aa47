//! Hostile text in every place of a record: it stays what it is, within its own line, in every format.

use hyperlog_core::{FieldSet, Json, Level, Logfmt, Logger, Memory, Output, Pretty, Redaction, Site, info, list, map};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A logger without redaction, since what is asked here is that text comes back as it went in.
fn logger(output: Output) -> Logger {
    Logger::builder().level(Level::TRACE).redaction(Redaction::off()).output(output).build().unwrap()
}

/// Text in each place of a record, by every road into it.
fn log_everywhere(logger: &Logger, text: &str, key: &str) {
    let fields = FieldSet::new()
        .with(key, text)
        .with("text", text)
        .with("bytes", text.as_bytes())
        .with("list", list(&[text]))
        .with("map", map(&[(text, text)]))
        .with("shown", format_args!("{text}"));
    let site = Site { level: Level::INFO, target: text, module: None, file: None, line: None, template: "", keys: &[] };
    let bound = logger.with(&FieldSet::new().with("bound", text));
    bound.log_from(&site, format_args!("{text}"), &fields);
}

const HOSTILE: &[&str] = &[
    "",
    " ",
    "\"",
    "\\",
    "\\\"",
    "\n",
    "\r\n",
    "a\nb\rc\u{b}d\u{c}e\u{85}f\u{2028}g\u{2029}h",
    "\0\u{1}\u{2}\u{1b}\u{7f}",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{1b}]0;title\u{7}",
    "\u{9b}31m\u{90}dcs\u{9c}",
    "\u{8}\u{8}\u{8}over",
    "\u{202e}txt.exe\u{2066}\u{200f}",
    "\u{feff}mark",
    "\u{fffe}\u{ffff}\u{10ffff}",
    "x\"}\n{\"level\":\"FATAL\",\"message\":\"forged\"}",
    "key=value other=\"quoted\" level=error",
    "\ttab\tseparated",
    "${jndi:ldap://127.0.0.1/x}",
    "${env:HOME} $HOME %HOME% ~",
    "{} {{}} {0} {x:?} {{x}} %s %n %d %1$s",
    "\\n \\u000a \\x0a &#10; %0a",
    "<script>alert(1)</script>",
    "'; DROP TABLE logs; --",
    "=HYPERLINK(\"http://example.com\")",
    "aé€𝄞👩‍👩‍👧 e\u{301}",
];

/// Everything that would end a line, or that a terminal would act on.
fn is_inert(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    !body.chars().any(|c| {
        c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}

fn check_json(text: &str, key: &str) {
    let memory = Memory::new();
    log_everywhere(&logger(Output::new(Json::new(), memory.clone())), text, key);
    let line = memory.text();
    assert!(is_inert(&line), "{line:?}");
    let parsed: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
    for place in ["message", "target", "bound", "text", "bytes", "shown"] {
        assert_eq!(parsed[place], text, "{place}: {line}");
    }
    assert_eq!(parsed["list"], json!([text]));
    assert_eq!(parsed["map"], json!({ text: text }));
    if !parsed.as_object().unwrap().keys().any(|name| name == &format!("field.{key}")) {
        assert_eq!(parsed[key], text, "{line}");
    }
}

#[test]
fn whatever_a_text_holds_json_brings_it_back() {
    for text in HOSTILE {
        check_json(text, "key");
        let names = ["list", "map", "text", "bytes", "shown", "bound", "message", "target"];
        if !names.contains(text) {
            check_json("value", text);
        }
    }
}

proptest! {
    #[test]
    fn any_text_in_any_place_comes_back_from_json(text in any::<String>(), key in "\\PC{0,30}|[\\x00-\\x7f]{0,30}") {
        check_json(&text, &format!("k{key}"));
    }

    #[test]
    fn any_bytes_become_text_on_one_line(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let memory = Memory::new();
        info!(logger: logger(Output::new(Json::new(), memory.clone())), bytes = bytes[..], "logged");
        let line = memory.text();
        prop_assert!(is_inert(&line));
        let parsed: Value = serde_json::from_str(&line).unwrap();
        let expected: String = bytes
            .utf8_chunks()
            .flat_map(|chunk| {
                let escapes = chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
                [chunk.valid().to_owned(), escapes]
            })
            .collect();
        prop_assert_eq!(parsed["bytes"].as_str().unwrap(), expected);
    }
}

#[test]
fn every_format_of_one_line_keeps_to_one_line() {
    let check = |output: fn(Memory) -> Output, what: &str| {
        for text in HOSTILE {
            let memory = Memory::new();
            let logger = logger(output(memory.clone()));
            log_everywhere(&logger, text, "key");
            log_everywhere(&logger, "value", text);
            let written = memory.text();
            let lines: Vec<&str> = written.split_inclusive('\n').collect();
            assert_eq!(lines.len(), 2, "{what}: {text:?}: {written:?}");
            let inert = lines.iter().all(|line| is_inert(line.strip_suffix("\r\n").unwrap_or(line)));
            assert!(inert, "{what}: {text:?}: {written:?}");
            assert!(logger.health().iter().all(|health| health.is_conserved() && health.dropped_total() == 0));
        }
    };
    check(|memory| Output::new(Json::new(), memory), "json");
    check(|memory| Output::new(Logfmt::new(), memory), "logfmt");
    check(|memory| Output::new(Pretty::new(), memory), "pretty");
    #[cfg(feature = "formats")]
    {
        use hyperlog_core::{Csv, Gelf, Syslog, Template};
        check(|memory| Output::new(Csv::new(["target", "message", "key"]).rest("rest"), memory), "csv");
        check(|memory| Output::new(Gelf::new("host"), memory), "gelf");
        check(|memory| Output::new(Syslog::new("app"), memory), "syslog");
        check(|memory| Output::new(Template::parse("{target} {message} {key} {fields}").unwrap(), memory), "template");
    }
}

#[test]
fn nothing_in_data_is_looked_up_or_filled_in() {
    let home = std::env::var("HOME").unwrap_or_else(|_| "/root".to_owned());
    for text in HOSTILE.iter().filter(|text| text.contains(['$', '{', '%'])) {
        let (logger, captured) = Logger::capture_with(|builder| builder.redaction(Redaction::off()));
        info!(logger: logger, text, "{text} {{}} {}", text);
        let record = captured.only();
        assert_eq!(record.text("text"), *text);
        assert_eq!(record.message(), format!("{text} {{}} {text}"));
        assert!(!record.to_string().contains(&home) || text.contains(&home));
    }
}

#[test]
fn a_field_cannot_pass_for_a_part_of_the_record() {
    let memory = Memory::new();
    let logger = logger(Output::new(Json::new(), memory.clone()));
    let names = ["timestamp", "level", "target", "message"];
    let forged = names.iter().fold(FieldSet::new(), |fields, name| fields.with(name, "forged"));
    logger.with(&forged).log(Level::INFO, "true", &forged);
    let line = memory.text();
    let parsed: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&parsed["level"], &parsed["message"]), (&json!("INFO"), &json!("true")));
    for name in names {
        assert_eq!(line.matches(&format!("\"{name}\":")).count(), 1, "{line}");
        assert_eq!(parsed[format!("field.{name}")], "forged");
    }
}

#[test]
fn the_name_of_a_thread_stays_a_text() {
    let memory = Memory::new();
    let logger = logger(Output::new(Json::new(), memory.clone()));
    let name = "a\"thread\n{}";
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name(name.to_owned());
        let log = || info!(logger: logger, thread = std::thread::current().name(), "logged");
        thread.spawn_scoped(scope, log).unwrap().join().unwrap();
    });
    assert_eq!(serde_json::from_str::<Value>(&memory.text()).unwrap()["thread"], name);
}
