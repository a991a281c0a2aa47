//! What every format tells alike: fields of a call, of a logger and of the process, plain and painted.

use hyperlog_core::{
    Clock, ColorDepth, ColorMode, Csv, Encode, Gelf, Identity, Json, Level, Line, Logfmt, Logger, Memory, Output,
    Palette, Pretty, Sampling, SamplingMethod, SamplingRule, Schema, Sink, Surface, Syslog, Template, Theme, Timestamp,
    Token, Value, Written, fields, info,
};
use std::any::Any;
use std::time::Duration;

/// A format by its name, and one of its kind that is set up otherwise.
type Format = (&'static str, Box<dyn Encode>, Box<dyn Encode>);

fn formats() -> Vec<Format> {
    let template = |pattern: &str| Template::parse(pattern).unwrap();
    vec![
        ("json", Box::new(Json::new()), Box::new(Json::with_schema(Schema::ECS))),
        ("pretty", Box::new(Pretty::new()), Box::new(Pretty::new().time(hyperlog_core::TimeFormat::UnixMillis))),
        ("logfmt", Box::new(Logfmt::new()), Box::new(Logfmt::new().time(hyperlog_core::TimeFormat::UnixMillis))),
        ("csv", Box::new(Csv::new(["message"]).rest("rest")), Box::new(Csv::new(["level"]))),
        ("gelf", Box::new(Gelf::new("a")), Box::new(Gelf::new("b"))),
        ("syslog", Box::new(Syslog::new("a")), Box::new(Syslog::new("b"))),
        ("template", Box::new(template("{message} {fields}")), Box::new(template("{fields}"))),
    ]
}

/// A screen, of which somebody looks at what is kept.
struct Screen(Memory);

impl Sink for Screen {
    fn write(&self, line: &Line<'_>) -> Written {
        self.0.write(line)
    }

    fn surface(&self) -> Surface {
        Surface::Terminal
    }
}

/// What a logger in that format wrote to a screen, in colours or without.
fn written(encoder: Box<dyn Encode>, color: ColorMode, log: impl Fn(&Logger), sampling: Sampling) -> String {
    let memory = Memory::new();
    let (clock, _) = Clock::manual(Timestamp::new(1_700_000_000, 42_000_000));
    let builder = Logger::builder().clock(clock).identity(Identity::new().service("till")).sampling(sampling);
    let output = Output::boxed(encoder, Box::new(Screen(memory.clone()))).color(color);
    log(&builder.output(output).build().unwrap());
    memory.text()
}

fn plain(encoder: Box<dyn Encode>, log: impl Fn(&Logger)) -> String {
    written(encoder, ColorMode::Never, log, Sampling::new())
}

/// What is left without what a terminal reads as colours.
fn without_colors(text: &str) -> String {
    let pieces = text.split('\u{1b}').enumerate();
    pieces.map(|(index, piece)| if index == 0 { piece } else { piece.split_once('m').unwrap().1 }).collect()
}

fn palette() -> Palette {
    Palette::new(&Theme::DEFAULT, ColorDepth::Base)
}

#[test]
fn fields_of_the_call_of_the_logger_and_of_the_process_are_told_again_and_again_plain_and_painted() {
    let log = |logger: &Logger| {
        let logger = logger.with(fields!(order = 4711, weight = 1.5));
        for item in ["green tea", "cups", "cups"] {
            info!(logger: logger, item, sold = true, "sold");
        }
    };
    for ((name, encoder, _), (_, same, _)) in formats().into_iter().zip(formats()) {
        let text = plain(encoder, log);
        for (told, times) in [("till", 3), ("4711", 3), ("1.5", 3), ("cups", 2)] {
            assert_eq!(text.matches(told).count(), times, "{name}: {told}: {text}");
        }
        let painted = written(same, ColorMode::Always, log, Sampling::new());
        assert_eq!(painted.contains('\u{1b}'), name != "gelf", "{name}: {painted}");
        assert_eq!(without_colors(&painted), text, "{name}");
    }
}

#[test]
fn a_record_that_stands_for_several_says_so_in_every_format() {
    // In CSV and in a template that has a place of its own, for whoever wants it.
    let has_a_place = |name: &str| matches!(name, "csv" | "template");
    for (name, encoder, other) in formats().into_iter().filter(|(name, ..)| !has_a_place(name)) {
        let sampling = Sampling::new().rule(SamplingRule::new(SamplingMethod::OneIn(4)));
        let log = |logger: &Logger| (0..4).for_each(|turn| info!(logger: logger, turn, "again"));
        let text = written(encoder, ColorMode::Never, log, sampling);
        assert_eq!(text.matches("sample_rate").count(), 1, "{name}: {text}");
        let text = plain(other, |logger| info!(logger: logger, "once"));
        assert!(!text.contains("sample_rate"), "{name}: {text}");
    }
}

#[test]
fn odd_values_are_told_in_full() {
    let far = Duration::new(20_000_000_000_000, 123_456_789);
    let at = Timestamp::new(1_700_000_000, 42_000_000);
    let log = |logger: &Logger| {
        info!(logger: logger, far, at, up = f64::INFINITY, down = f64::NEG_INFINITY, none = f64::NAN, "odd");
        info!(logger: logger.with(fields!(far = far, at = at)), up = f32::INFINITY, down = f32::NEG_INFINITY, "odd");
    };
    for line in plain(Box::new(Json::new()), log).lines() {
        let told = "\"far_ms\":20000000000000123.456789,\"at\":\"2023-11-14T22:13:20.042000Z\"";
        assert!(line.contains(told) && line.contains("\"up\":\"Infinity\",\"down\":\"-Infinity\""), "{line}");
    }
    for line in plain(Box::new(Logfmt::new()), log).lines() {
        let is_told = line.contains(" up=Infinity down=-Infinity") && line.contains("at=2023-11-14T22:13:20.042000Z");
        assert!(is_told, "{line}");
    }
}

#[test]
fn seconds_of_gelf_count_from_1970_both_ways() {
    let memory = Memory::new();
    for (seconds, nanos, expected) in [
        (0, 0, "\"timestamp\":0.000000,"),
        (-2, 500_000_000, "\"timestamp\":-1.500000,"),
        (1_795_162_542, 120_934_999, "\"timestamp\":1795162542.120934,"),
    ] {
        let (clock, _) = Clock::manual(Timestamp::new(seconds, nanos));
        let builder = Logger::builder().clock(clock).output(Output::new(Gelf::new("a"), memory.clone()));
        info!(logger: builder.build().unwrap(), "now");
        let text = memory.text();
        memory.take();
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn formats_that_write_the_same_are_known_to_and_others_are_not() {
    let all: Vec<_> = formats().into_iter().zip(formats()).collect();
    let (other_palette, palette) = (Palette::new(&Theme::MONO, ColorDepth::Base), palette());
    for ((name, encoder, other), (_, same, _)) in &all {
        let is_same = |one: &dyn Encode, another: &dyn Encode| one.is_same(another as &dyn Any);
        assert!(is_same(&**encoder, &**same), "{name}");
        assert!(!is_same(&**encoder, &**other), "{name}");
        let (Some(painted), Some(alike)) = (encoder.painted(&palette), same.painted(&palette)) else { continue };
        assert!(is_same(&*painted, &*alike), "{name}, painted");
        assert!(!is_same(&*painted, &*other.painted(&palette).unwrap()), "{name}, painted otherwise");
        assert!(!is_same(&*painted, &*encoder.painted(&other_palette).unwrap()), "{name}, in other colours");
        assert!(!is_same(&*painted, &**encoder), "{name}, painted and plain");
    }
}

#[test]
fn each_class_of_levels_and_each_theme_is_told_from_the_others() {
    let classes = [Level::TRACE, Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR, Level::FATAL];
    let tokens = [Token::Trace, Token::Debug, Token::Info, Token::Warn, Token::Error, Token::Fatal];
    assert_eq!(classes.map(Token::of_level), tokens);
    let themes = [Theme::DEFAULT, Theme::DARK, Theme::LIGHT, Theme::MONO];
    let named = ["default", "dark", "light", "mono"].map(|name| Theme::named(name).unwrap());
    let palettes =
        |themes: &[Theme]| themes.iter().map(|theme| Palette::new(theme, ColorDepth::True)).collect::<Vec<_>>();
    assert!(palettes(&themes) == palettes(&named));
    let values = [Value::Null, Value::Bool(true), Value::Str("a"), Value::Char('a'), Value::U64(1)];
    let shown = [Token::Constant, Token::Constant, Token::Text, Token::Text, Token::Number];
    assert_eq!(values.map(|value| Token::of_value("field", &value)), shown);
    assert_eq!(Token::of_value("error", &Value::Str("broken")), Token::Failure);
}

#[test]
fn a_template_that_cannot_be_read_says_where_and_why() {
    let error = Template::parse("{message} {").unwrap_err();
    assert!(error.to_string().contains("10"), "{error}");
}

#[test]
fn a_template_counts_what_is_seen_and_knows_its_places() {
    let sampling = Sampling::new().rule(SamplingRule::new(SamplingMethod::OneIn(4)));
    let template = Template::parse("[{message:^9}] {level:>6} {sample_rate|1}").unwrap();
    let log = |logger: &Logger| (0..4).for_each(|_| info!(logger: logger, "mime"));
    let text = written(Box::new(template.clone()), ColorMode::Always, log, sampling);
    assert_eq!(without_colors(&text), "[  mime   ]   INFO 4.0\n");
    let text = written(Box::new(template), ColorMode::Never, |logger| info!(logger: logger, "mime"), Sampling::new());
    assert_eq!(text, "[  mime   ]   INFO 1\n");
}

#[test]
fn screens_of_one_format_in_other_colours_share_no_bytes() {
    let (one, other) = (Memory::new(), Memory::new());
    let output =
        |memory: &Memory, theme| Output::new(Json::new(), Screen(memory.clone())).color(ColorMode::Always).theme(theme);
    let builder = Logger::builder().output(output(&one, Theme::DARK)).output(output(&other, Theme::MONO));
    info!(logger: builder.build().unwrap(), "ready");
    assert_ne!(one.text(), other.text());
    assert_eq!(without_colors(&one.text()), without_colors(&other.text()));
}
