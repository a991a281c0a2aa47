//! Secrets, one by each way into a record: none comes out, by whatever output, hook or diagnosis.

use hyperlog_core::{
    Builder, Clock, FieldSet, Hook, Identity, Json, KeyedHash, Level, Limits, Line, Location, Logfmt, Logger, Mask,
    Memory, Output, Partition, Preset, Pretty, PrettyLayout, Redaction, Scope, Site, Timestamp, ToValue, Tree,
    TreeVisitor, Value, fields, info, list, map,
};
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex};

/// Everything that ever left a logger.
#[derive(Clone, Default)]
struct Everything {
    outputs: Vec<Memory>,
    observed: Arc<Mutex<String>>,
}

impl Everything {
    /// Outputs of every kind, and a hook that notes all it can see.
    fn of(&mut self, mut builder: Builder) -> Logger {
        let mut add = |builder: Builder, encoder: Box<dyn FnOnce(Memory) -> Output>| {
            let memory = Memory::new();
            self.outputs.push(memory.clone());
            builder.output(encoder(memory))
        };
        builder = add(builder, Box::new(|memory| Output::new(Json::new(), memory)));
        builder = add(builder, Box::new(|memory| Output::new(Logfmt::new(), memory)));
        builder = add(builder, Box::new(|memory| Output::new(Pretty::new(), memory)));
        builder = add(builder, Box::new(|memory| Output::new(Pretty::new().layout(PrettyLayout::Expanded), memory)));
        #[cfg(feature = "formats")]
        {
            use hyperlog_core::{Csv, Gelf, Syslog, Template};
            builder = add(builder, Box::new(|memory| Output::new(Csv::new(["message"]).rest("rest"), memory)));
            builder = add(builder, Box::new(|memory| Output::new(Gelf::new("host"), memory)));
            builder = add(builder, Box::new(|memory| Output::new(Syslog::new("shop"), memory)));
            let template = Template::parse("{target} {message} {fields}").unwrap();
            builder = add(builder, Box::new(|memory| Output::new(template, memory)));
        }
        let observed = Arc::clone(&self.observed);
        let observer = Hook::observe(move |record| {
            let mut observed = observed.lock().unwrap();
            observed.push_str(&format!("{} {}", record.target(), record.message()));
            record.for_each_field(|key, value| {
                observed.push_str(&format!(" {}={value:?}", key.name()));
                if let Value::Str(text) = value {
                    observed.push_str(text);
                }
            });
        });
        builder.level(Level::TRACE).hook(observer).build().unwrap()
    }

    fn text(&self) -> String {
        let outputs: String = self.outputs.iter().map(Memory::text).collect();
        outputs + &self.observed.lock().unwrap()
    }
}

/// A secret that gives itself away, of which the last digits are the channel's number.
fn canary(channel: usize) -> String {
    format!("ghp_canaryCANARYcanaryCANARYcanary{channel:04}")
}

type Channel = (&'static str, fn(&Logger, &str));

struct Shows<'a>(&'a str);

impl fmt::Display for Shows<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(self.0.len() / 2);
        formatter.write_str(first)?;
        formatter.write_str(second)
    }
}

impl fmt::Debug for Shows<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[derive(Debug)]
struct Failure {
    what: String,
    cause: Option<Box<Failure>>,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.what)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

struct Nested<'a>(&'a str);

impl Tree for Nested<'_> {
    fn walk(&self, visitor: &mut dyn TreeVisitor) {
        visitor.begin_map();
        visitor.key("inner");
        visitor.begin_list();
        visitor.value(Value::Display(&self.0));
        visitor.value(Value::Bytes(self.0.as_bytes()));
        visitor.value(Value::Debug(&Shows(self.0)));
        visitor.end();
        visitor.end();
    }
}

const BY_FORM: &[Channel] = &[
    ("an argument of the message", |logger, secret| info!(logger: logger, "with {}", secret)),
    ("a captured argument", |logger, secret| info!(logger: logger, "with {secret}")),
    ("a named argument", |logger, secret| info!(logger: logger, "with {note}", note = secret)),
    ("text", |logger, secret| info!(logger: logger, note = secret, "logged")),
    ("text within text", |logger, secret| info!(logger: logger, note = format!("a {secret}, b"), "logged")),
    ("Display", |logger, secret| info!(logger: logger, note = %Shows(secret), "logged")),
    ("Debug", |logger, secret| info!(logger: logger, note = ?Shows(secret), "logged")),
    ("bytes", |logger, secret| info!(logger: logger, note = secret.as_bytes(), "logged")),
    ("a list", |logger, secret| info!(logger: logger, notes = list(&[secret]), "logged")),
    ("a map", |logger, secret| info!(logger: logger, notes = map(&[("a", secret)]), "logged")),
    ("a tree", |logger, secret| info!(logger: logger, notes = Value::Tree(&Nested(secret)), "logged")),
    ("a field of run time", |logger, secret| logger.log(Level::INFO, "logged", &FieldSet::new().with("note", secret))),
    ("a message of run time", |logger, secret| logger.log(Level::INFO, secret, &FieldSet::new())),
    ("a bound field", |logger, secret| info!(logger: logger.with(fields!(note = secret)), "logged")),
    ("a bound field that is overridden", |logger, secret| {
        info!(logger: logger.with(fields!(note = secret, other = 1)), other = 2, "logged");
    }),
    ("a field bound to a scope", |logger, secret| {
        let scope = Scope::new(logger.clone());
        scope.bind(fields!(note = secret));
        let _entered = scope.enter();
        info!("logged");
    }),
    ("an error", |logger, secret| {
        let failure = Failure { what: secret.to_owned(), cause: None };
        info!(logger: logger, error = &failure as &(dyn Error + 'static), "logged");
    }),
    ("the cause of an error", |logger, secret| {
        let cause = Failure { what: format!("at {secret}"), cause: None };
        let failure = Failure { what: "failed".to_owned(), cause: Some(Box::new(cause)) };
        info!(logger: logger, error = &failure as &(dyn Error + 'static), "logged");
    }),
    ("a site of run time", |logger, secret| {
        let site =
            Site { level: Level::INFO, target: "t", module: None, file: None, line: None, template: "", keys: &[] };
        logger.log_from(&site, format_args!("at {secret}"), &FieldSet::new().with("note", secret));
    }),
    ("a text that is cut", |logger, secret| {
        let long = "word ".repeat(5_000);
        let at_the_cut = format!("{} {secret} {long}", &long[..(16 << 10) - 20]);
        info!(logger: logger, note = at_the_cut, "{at_the_cut}");
    }),
    ("a record that is cut", |logger, secret| {
        let text = format!("{} {secret} {}", "word ".repeat(1_000), "word ".repeat(2_000));
        let all = (0..100).fold(FieldSet::new(), |fields, index| fields.with(&format!("k{index}"), &text));
        logger.log(Level::INFO, &text, &all);
    }),
];

/// Under a name that says what it is, a secret needs no form of its own.
const BY_KEY: &[Channel] = &[
    ("text", |logger, secret| info!(logger: logger, password = secret, "logged")),
    ("dotted", |logger, secret| info!(logger: logger, db.password = secret, "logged")),
    ("quoted", |logger, secret| info!(logger: logger, "X-Api-Key" = secret, "logged")),
    ("a header", |logger, secret| info!(logger: logger, "Authorization" = secret, "Cookie" = secret, "logged")),
    ("more headers", |logger, secret| {
        info!(logger: logger, "proxy-authorization" = secret, "Set-Cookie" = secret, "X-API-KEY" = secret, "logged");
    }),
    ("any case", |logger, secret| info!(logger: logger, dbPassword = secret, DB_PASSWORD = secret, "logged")),
    ("Display", |logger, secret| info!(logger: logger, password = %Shows(secret), "logged")),
    ("a number", |logger, secret| {
        let number: u64 =
            secret.bytes().filter(u8::is_ascii_digit).fold(7, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        info!(logger: logger, password = number, "logged");
    }),
    ("a map", |logger, secret| info!(logger: logger, user = map(&[("password", secret)]), "logged")),
    ("below a map", |logger, secret| info!(logger: logger, credentials = map(&[("anything", secret)]), "logged")),
    ("a list", |logger, secret| info!(logger: logger, passwords = 1, password = list(&[secret]), "logged")),
    ("bound", |logger, secret| info!(logger: logger.with(fields!(password = secret)), "logged")),
    ("bound and overridden", |logger, secret| {
        info!(logger: logger.with(fields!(password = secret, a = 1)), password = secret, a = 2, "logged");
    }),
    ("run time", |logger, secret| logger.log(Level::INFO, "logged", &FieldSet::new().with("password", secret))),
    ("in the message", |logger, secret| info!(logger: logger, "password={secret}&user=ann")),
    ("in a url", |logger, secret| info!(logger: logger, url = format!("postgres://ann:{secret}@db/main"), "logged")),
    ("an error", |logger, secret| {
        let failure = Failure {
            what: secret.to_owned(),
            cause: Some(Box::new(Failure { what: secret.to_owned(), cause: None })),
        };
        info!(logger: logger, password = &failure as &(dyn Error + 'static), "logged");
    }),
];

#[track_caller]
fn check_all(channels: &[Channel], canary: impl Fn(usize) -> String) {
    for (number, (name, log)) in channels.iter().enumerate() {
        let mut everything = Everything::default();
        let logger = everything.of(Logger::builder());
        let secret = canary(number);
        log(&logger, &secret);
        let text = everything.text();
        assert!(everything.outputs.iter().all(|output| !output.is_empty()), "{name}: it was not logged at all");
        assert!(!text.contains(&secret), "{name}: {}", &text[..text.len().min(2_000)]);
        assert!(text.contains("REDACTED"), "{name}: {}", &text[..text.len().min(2_000)]);
        assert!(logger.health().iter().all(|health| health.is_conserved() && health.dropped_total() == 0));
    }
}

#[test]
fn a_secret_that_shows_by_its_form_comes_out_nowhere() {
    check_all(BY_FORM, canary);
}

#[test]
fn a_secret_under_a_telling_name_comes_out_nowhere() {
    check_all(BY_KEY, |number| format!("plain-looking-{}", 7_345_000 + number));
}

#[test]
fn what_the_process_says_of_itself_is_redacted() {
    let mut everything = Everything::default();
    let identity =
        Identity::new().service(&canary(1)).field("db_password", "plain-looking").field("note", canary(2).as_str());
    let logger = everything.of(Logger::builder().identity(identity));
    info!(logger: logger, "logged");
    let text = everything.text();
    assert!(!text.contains("canary") && !text.contains("plain-looking"), "{text}");
}

#[test]
fn what_hooks_add_is_redacted() {
    let mut everything = Everything::default();
    let hook = Hook::enrich(|draft| {
        draft.add("note", canary(1).as_str());
        draft.add("password", "plain-looking");
    });
    let logger = everything.of(Logger::builder().hook(hook));
    info!(logger: logger, "logged");
    let text = everything.text();
    assert!(text.contains("REDACTED") && !text.contains("canary") && !text.contains("plain-looking"), "{text}");
}

#[test]
fn a_panic_on_the_way_tells_nothing_of_what_was_logged() {
    struct Half;
    impl fmt::Display for Half {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("canary")?;
            Err(fmt::Error)
        }
    }
    struct Worse;
    impl fmt::Display for Worse {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("canary")?;
            std::panic::resume_unwind(Box::new("canary"))
        }
    }
    let mut everything = Everything::default();
    let logger = everything.of(Logger::builder());
    info!(logger: logger, worse = %Worse, "{}", Worse);
    assert!(!everything.text().contains("canary"), "{}", everything.text());
    info!(logger: logger, password = %Half, "logged");
    assert!(!everything.text().contains("canary"), "{}", everything.text());
}

/// What each preset is for, and what shows by its form alone.
#[test]
fn personal_data_is_hidden_by_the_preset_that_names_it() {
    let check = |preset: Option<Preset>, secret: &str| {
        let mut redaction = Redaction::builder();
        if let Some(preset) = preset {
            redaction = redaction.preset(preset);
        }
        let mut everything = Everything::default();
        let logger = everything.of(Logger::builder().redaction(redaction.build().unwrap()));
        let failure = Failure {
            what: format!("with {secret}"),
            cause: Some(Box::new(Failure { what: format!("from {secret}"), cause: None })),
        };
        let error = &failure as &(dyn Error + 'static);
        info!(logger: logger.with(fields!(bound = secret)), note = secret, error, list = list(&[secret]), "with {secret} within");
        assert!(!everything.text().contains(secret), "{secret}: {}", everything.text());
    };
    check(Some(Preset::Card), "4111 1111 1111 1111");
    check(Some(Preset::Card), "5500005555555559");
    check(Some(Preset::Email), "ann.lee@example.com");
    check(Some(Preset::Ssn), "078-05-1121");
    check(Some(Preset::Phone), "+1 415 555 2671");
    check(Some(Preset::Iban), "DE89370400440532013000");
    check(None, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLWhlcmU");
    check(None, "AKIAIOSFODNN7EXAMPLE");
    check(None, "sk_live_4eC39HqLyjWDarjtT1zdp7dc");
    let hidden_behind = |before: &str, secret: &str, behind: &str| {
        let mut everything = Everything::default();
        let logger = everything.of(Logger::builder());
        info!(logger: logger, note = format!("{before}{secret}{behind}"), "{before}{secret}{behind}");
        assert!(!everything.text().contains(secret), "{before}: {}", everything.text());
    };
    hidden_behind("Authorization: Bearer ", "mF_9.B5f-4.1JqM", "");
    hidden_behind("Authorization: Basic ", "YW5uOmh1bnRlcjI=", "");
    hidden_behind("-----BEGIN PRIVATE KEY-----\n", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "\n-----END PRIVATE KEY-----\n");
    hidden_behind("https://ann:", "hunter2hunter2", "@example.com/");
    hidden_behind("https://example.com/?q=1&access_token=", "abcdefgh12345678", "&r=2");
}

/// A simple hash with a key, for tests alone.
struct Keyed(&'static str);

impl KeyedHash for Keyed {
    fn hash(&self, value: &[u8]) -> [u8; 16] {
        let sum = self.0.bytes().chain(value.iter().copied()).fold(0xcbf2_9ce4_8422_2325_u128, |sum, byte| {
            (sum ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
        });
        sum.to_le_bytes()
    }
}

#[test]
fn a_hash_is_stable_for_each_key_and_the_key_is_never_shown() {
    let logged = |key: &'static str, secret: &str| {
        let redaction = Redaction::builder().mask(Mask::Hash).keyed_hash(Keyed(key));
        assert!(!format!("{redaction:?}").contains(key));
        let redaction = redaction.build().unwrap();
        assert!(!format!("{redaction:?}").contains(key));
        let (logger, captured) = Logger::capture_with(|builder| builder.redaction(redaction));
        info!(logger: logger, password = secret, "logged");
        captured.only().text("password").to_owned()
    };
    let first = logged("the-key", "hunter2");
    assert!(first.starts_with("hash:"), "{first}");
    assert_eq!(first, logged("the-key", "hunter2"));
    assert_ne!(first, logged("the-key", "hunter3"));
    assert_ne!(first, logged("another-key", "hunter2"));
    assert!(!first.contains("hunter2") && !first.contains("the-key"));
}

#[test]
fn redacted_output_is_still_valid_whatever_is_hidden() {
    for mask in [Mask::Full, Mask::Last4, Mask::Hash, Mask::Drop] {
        let redaction =
            Redaction::builder().mask(mask).keyed_hash(Keyed("key")).hide("*").hide("**.hidden").build().unwrap();
        let memory = Memory::new();
        let logger =
            Logger::builder().redaction(redaction).output(Output::new(Json::new(), memory.clone())).build().unwrap();
        let logger = logger.with(fields!(bound = 1, hidden = "\"}\n{"));
        let inner = map(&[("hidden", "\"}\n{"), ("shown", "x")]);
        let all = [("first", &inner as &dyn Tree), ("hidden", &inner)].map(|(key, tree)| (key, Value::Tree(tree)));
        info!(
            logger: logger, number = 1, float = f64::NAN, null = (), time = Timestamp::new(1, 1), text = "\"\n", tree = inner,
            trees = map(&all), list = list(&[1, 2]), huge = u128::MAX, "password=\"x\" {}", "token: \"\n"
        );
        let text = memory.text();
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert!(!text.contains("}\\n{"), "{line}");
    }
}

#[test]
fn nothing_public_shows_a_secret_when_it_is_debugged() {
    let secret = "canary";
    let (logger, captured) = Logger::capture();
    let bound = logger.with(fields!(note = secret));
    let scope = Scope::new(bound.clone());
    let mut set = FieldSet::new();
    set.add("note", secret);
    let line = Line {
        bytes: secret.as_bytes(),
        level: Level::INFO,
        timestamp: Timestamp::new(0, 0),
        partition: Partition::NONE,
    };
    let memory = Memory::new();
    let in_hook = Arc::new(Mutex::new(String::new()));
    let noted = in_hook.clone();
    let output = Output::new(Json::new(), memory.clone()).name("first");
    let builder = Logger::builder().identity(Identity::new().field("note", secret));
    let unbuilt = format!("{builder:?} {output:?}");
    let hook = Hook::enrich(move |draft| *noted.lock().unwrap() = format!("{draft:?}"));
    let logs = builder.output(output).hook(hook).build().unwrap();
    info!(logger: logs, note = secret, "logged");
    let in_hook = in_hook.lock().unwrap().clone();
    assert!(unbuilt.contains("\"first\"") && in_hook.contains("target: \"secrets\""), "{unbuilt} {in_hook}");
    let text = format_args!("{secret}").to_string();
    let values = [
        Value::Str(secret),
        Value::Bytes(secret.as_bytes()),
        Value::Display(&text),
        Value::Debug(&text),
        Value::Error(&fmt::Error),
    ];
    let shown = format!(
        "{logger:?} {bound:?} {scope:?} {set:?} {line:?} {memory:?} {values:?} {unbuilt} {in_hook} {:?} {:?} {:?} {:?} {:?} {:?}",
        Identity::new().field("note", secret),
        Redaction::builder().keyed_hash(Keyed(secret)),
        Clock::system(),
        Limits::default(),
        logs.health(),
        secret.to_value(),
    );
    assert!(!shown.contains(secret), "{shown}");
    assert!(captured.is_empty());
}

#[test]
fn the_template_of_a_message_of_run_time_shows_no_secret() {
    let (logger, captured) = Logger::capture();
    logger.log(Level::INFO, &canary(1), &FieldSet::new());
    assert!(!captured.only().template().contains("canary"), "{}", captured.only().template());
}

#[test]
fn a_secret_in_the_key_of_a_map_comes_out_nowhere() {
    check_all(&[("a key", |logger, secret| info!(logger: logger, notes = map(&[(secret, 1)]), "logged"))], canary);
}

#[test]
fn a_secret_under_a_name_that_is_cut_comes_out_nowhere() {
    let channels: &[Channel] = &[
        ("a long name", |logger, secret| {
            logger.log(Level::INFO, "logged", &FieldSet::new().with(&format!("{:200}_password", "of"), secret));
        }),
        ("a long key of a map", |logger, secret| {
            info!(logger: logger, notes = map(&[(format!("{:200}_password", "of"), secret)]), "logged");
        }),
    ];
    check_all(channels, |number| format!("plain-looking-{}", 7_345_000 + number));
    let (logger, captured) = Logger::capture_with(|builder| builder.limits(Limits::default().key(4)));
    info!(logger: logger, notes = map(&[("the password", "hunter2")]), "logged");
    assert!(!format!("{:?}", captured.only()).contains("hunter2"), "{}", captured.only());
}

#[test]
fn a_secret_in_a_place_of_run_time_comes_out_nowhere() {
    let (logger, captured) = Logger::capture_with(|builder| builder.location(Location::Shown));
    let secret = &canary(1);
    let site = Site {
        level: Level::INFO,
        target: "",
        module: Some(secret),
        file: Some(secret),
        line: Some(7),
        template: secret,
        keys: &[],
    };
    let memory = Memory::new();
    let output = Output::new(Json::new(), memory.clone());
    let json = Logger::builder().location(Location::Shown).output(output).build().unwrap();
    for logger in [&logger, &json] {
        logger.log_from(&site, format_args!("logged"), &FieldSet::new());
    }
    let record = captured.only();
    assert!(!record.template().contains("canary"), "{}", record.template());
    assert!(!memory.text().contains("canary"), "{}", memory.text());
}

#[test]
fn a_secret_in_the_name_of_a_field_comes_out_nowhere() {
    check_all(
        &[("a name", |logger, secret| logger.log(Level::INFO, "logged", &FieldSet::new().with(secret, 1)))],
        canary,
    );
}

#[test]
fn a_secret_in_a_target_of_run_time_comes_out_nowhere() {
    check_all(
        &[
            ("a target", |logger, secret| {
                let site = Site {
                    level: Level::INFO,
                    target: secret,
                    module: None,
                    file: None,
                    line: None,
                    template: "",
                    keys: &[],
                };
                logger.log_from(&site, format_args!("logged"), &FieldSet::new());
            }),
            ("a name", |logger, secret| info!(logger: logger.named(secret), "logged")),
        ],
        canary,
    );
}

#[cfg(feature = "panic")]
#[test]
fn a_secret_in_a_panic_comes_out_nowhere() {
    use hyperlog_core::panic;
    use std::time::Duration;
    panic::quiet();
    check_all(
        &[
            ("the text of a panic", |logger, secret| {
                panic::catch(|| std::panic::panic_any(format!("not with {secret}"))).unwrap_err().write(logger);
                logger.flush(Duration::from_secs(60)).unwrap();
            }),
            ("the error of a call within it", |logger, secret| {
                let fails = || Err::<(), _>(Failure { what: secret.to_owned(), cause: None });
                panic::catch(|| fails().expect("it works")).unwrap_err().write(logger);
                logger.flush(Duration::from_secs(60)).unwrap();
            }),
        ],
        canary,
    );
}
