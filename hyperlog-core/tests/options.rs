//! Each option of what sets a logger up does something: for each there is a case that shows a difference, and one without a
//! case fails here.

use hyperlog_core::{
    Builder, Clock, Color, ColorMode, Csv, Directives, Encode, Facility, Failures, Fatal, Gelf, Hook, Identity, Json,
    KeyedHash, Lane, Level, LevelFilter, Limits, Line, Location, Logfmt, Logger, Mark, Mask, Memory, MessageTemplate,
    Null, Output, Performance, Preset, Pretty, PrettyLayout, Redaction, RedactionBuilder, Sampling, SamplingKey,
    SamplingMethod, SamplingRule, Sink, SinkError, Style, Surface, Syslog, Template, Terminator, Texts, Theme,
    TimeFormat, Timestamp, Token, Written, debug, error, fatal, info, list, map, warn,
};
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is looked through for options.
const TYPES: &[&str] = &[
    "Builder",
    "Csv",
    "Directives",
    "Fatal",
    "Gelf",
    "Hook",
    "Identity",
    "Json",
    "Lane",
    "Limits",
    "Logfmt",
    "Output",
    "Pretty",
    "RedactionBuilder",
    "Sampling",
    "SamplingRule",
    "Style",
    "Syslog",
    "Template",
    "Theme",
];

/// An option, what is seen without it and with it, and what is seen then and was not before. What begins with `!` was seen
/// before and is not then.
type Case = (&'static str, fn() -> String, fn() -> String, &'static str);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("Builder::level", plain, || json(|builder| builder.level(Level::WARN)), "!\"again\""),
    ("Builder::directives", plain, || json(|builder| builder.directives(quiet_shop())), "!\"slow\""),
    ("Builder::redaction", plain, || json(|builder| builder.redaction(Redaction::off())), "hunter2hunter2"),
    ("Builder::limits", plain, || limited(|limits| limits.text(8)), "…[cut"),
    ("Builder::clock", plain, || json(|builder| builder.clock(stopped())), "2023-11-14T22:13:20.042000Z"),
    ("Builder::location", plain, || json(|builder| builder.location(Location::Shown)), "options.rs"),
    ("Builder::performance", plain, || json(|builder| builder.performance(Performance::Bare)), "app:hunter2@db"),
    ("Builder::identity", plain, || identified(|identity| identity.service("shop")), "\"service\":\"shop\""),
    ("Builder::sampling", plain, || sampled(|sampling| sampling.rule(first_two())), "!\"again\",\"turn\":3"),
    ("Builder::hook", plain, || json(|builder| builder.hook(region())), "\"region\":\"eu\""),
    ("Builder::fatal", || ended(Fatal::new()), || ended(Fatal::new().panic()), "the call panicked"),
    ("Builder::output", || two_outputs(false), || two_outputs(true), "\"again\""),

    ("Output::level", plain, || through(|output| output.level(Level::WARN)), "!\"again\""),
    ("Output::lane", plain, || through(|output| output.lane(Lane::target("shop"))), "!\"again\""),
    ("Output::color", plain, || through(|output| output.color(ColorMode::Always)), "\x1b["),
    ("Output::theme", || styled(|style| style), || styled(Style::underlined), "\x1b[4m"),
    ("Output::name", || named(|output| output), || named(|output| output.name("audit")), "audit"),

    ("Json::message_template", plain, || encoded(Json::new().message_template(MessageTemplate::Shown)),
        "\"template\":\"long long message to {to}\""),
    ("Logfmt::time", || encoded(Logfmt::new()), || encoded(Logfmt::new().time(year())), "year 2"),
    ("Pretty::layout", || encoded(Pretty::new()), || encoded(Pretty::new().layout(PrettyLayout::Expanded)), "  | "),
    ("Pretty::time", || encoded(Pretty::new()), || encoded(Pretty::new().time(year())), "year 2"),
    ("Csv::rest", || encoded(columns()), || encoded(columns().rest("more")), "\"\"turn\"\":3"),
    ("Csv::time", || encoded(columns()), || encoded(columns().time(year())), "year 2"),
    ("Gelf::terminator", || encoded(Gelf::new("box")), || encoded(Gelf::new("box").terminator(Terminator::Nul)), "}\0"),
    ("Syslog::facility", from_syslog, || encoded(Syslog::new("shop").facility(Facility::Local7)), "<190>1 "),
    ("Syslog::host", from_syslog, || encoded(Syslog::new("shop").host("box")), " box shop "),
    ("Syslog::process", from_syslog, || encoded(Syslog::new("shop").process("4711")), " shop 4711 "),
    ("Syslog::message_id", from_syslog, || encoded(Syslog::new("shop").message_id("ID47")), " ID47 ["),
    ("Syslog::fields_id", from_syslog, || encoded(Syslog::new("shop").fields_id("mine@1")), "[mine@1 "),
    ("Syslog::mark", from_syslog, || encoded(Syslog::new("shop").mark(Mark::Written)), "\u{feff}again"),
    ("Template::time", || encoded(template()), || encoded(template().time(year())), "year 2"),

    ("Theme::with", || styled(|style| style), || styled(Style::underlined), "\x1b[4m"),
    ("Style::color", || styled(|style| style), || styled(|style| style.color(Color::MAGENTA)), "\x1b[35m"),
    ("Style::background", || styled(|style| style), || styled(|style| style.background(Color::CYAN)), "\x1b[46m"),
    ("Style::bold", || styled(|style| style), || styled(Style::bold), "\x1b[1magain"),
    ("Style::dim", || styled(|style| style), || styled(Style::dim), "\x1b[2magain"),
    ("Style::italic", || styled(|style| style), || styled(Style::italic), "\x1b[3magain"),
    ("Style::underlined", || styled(|style| style), || styled(Style::underlined), "\x1b[4magain"),

    ("Directives::with", plain, || json(|builder| builder.directives(quiet_shop())), "!\"slow\""),
    ("Hook::level", || hooked(|hook| hook), || hooked(|hook| hook.level(Level::ERROR)), "!\"again\",\"turn\":3,\"region\""),
    ("Hook::directives", || hooked(|hook| hook), || hooked(|hook| hook.directives(quiet_shop())), "!\"slow\",\"region\""),
    ("Lane::and", || laned(|lane| lane), || laned(|lane| lane.and(Lane::field("turn", "3"))), "!\"turn\":2"),
    ("Lane::or", || laned(|lane| lane), || laned(|lane| lane.or(Lane::target("shop"))), "\"slow\""),

    ("RedactionBuilder::mask", plain, || redacted(|builder| builder.mask(Mask::Last4)), "\"password\":\"****ter2\""),
    ("RedactionBuilder::hide", plain, || redacted(|builder| builder.hide("user")), "\"user\":\"[REDACTED]\""),
    ("RedactionBuilder::hide_as", plain, || redacted(|builder| builder.hide_as("user", Mask::Drop)), "!\"user\":"),
    ("RedactionBuilder::show", plain, || redacted(|builder| builder.show("password")), "hunter2hunter2"),
    ("RedactionBuilder::preset", plain, || redacted(|builder| builder.preset(Preset::Email)), "mail [REDACTED]"),
    ("RedactionBuilder::preset_as", plain, || redacted(|builder| builder.preset_as(Preset::Email, Mask::Last4)),
        "mail ****"),
    ("RedactionBuilder::pattern", plain, || redacted(|builder| builder.pattern("order-[0-9]+")), "of [REDACTED]"),
    ("RedactionBuilder::pattern_as", plain, || redacted(|builder| builder.pattern_as("order-[0-9]+", Mask::Last4)),
        "of ****"),
    ("RedactionBuilder::keyed_hash", || redacted(|builder| builder.mask(Mask::Hash)),
        || redacted(|builder| builder.mask(Mask::Hash).keyed_hash(Sevens)), "\"password\":\"hash:0707"),
    ("RedactionBuilder::scan_limit", plain, || redacted(|builder| builder.scan_limit(16)), "!wwwwwwww"),
    ("RedactionBuilder::texts", plain, || redacted(|builder| builder.texts(Texts::Unread)), "app:hunter2@db"),

    ("Limits::message", plain, || limited(|limits| limits.message(8)), "\"message\":\"long lon…[cut"),
    ("Limits::text", plain, || limited(|limits| limits.text(8)), "\"text\":\"wwwwwwww…[cut"),
    ("Limits::key", plain, || limited(|limits| limits.key(4)), "!\"orders\""),
    ("Limits::fields", plain, || limited(|limits| limits.fields(1)), "\"fields_cut\":"),
    ("Limits::depth", plain, || limited(|limits| limits.depth(1)), "[too deep]"),
    ("Limits::record", plain, || limited(|limits| limits.record(Limits::SMALLEST_RECORD)), "\"cut_from_bytes\":"),

    ("Sampling::rule", plain, || sampled(|sampling| sampling.rule(first_two())), "!\"again\",\"turn\":3"),
    ("Sampling::failures", plain, || sampled(|sampling| sampling.failures(collapsed())), "!\"broken\",\"turn\":2"),
    ("SamplingRule::levels", kept_two, || ruled(|rule| rule.levels(..=Level::DEBUG)), "\"again\",\"turn\":3"),
    ("SamplingRule::target", kept_two, || ruled(|rule| rule.target("shop")), "\"again\",\"turn\":3"),
    ("SamplingRule::key", kept_two, || ruled(|rule| rule.key(SamplingKey::Field("turn".into()))), "\"again\",\"turn\":3"),
    ("SamplingRule::window", kept_two, || ruled(|rule| rule.window(Duration::from_secs(77))), "\"window_ms\":77000"),
    ("SamplingRule::keys", kept_two, || ruled(|rule| rule.keys(0)), "refused"),

    ("Fatal::deadline", || ended(Fatal::new()), || ended(Fatal::new().deadline(Duration::from_secs(3_600))),
        "flushed within an hour"),
    ("Fatal::once", || last_words(false), || last_words(true), "farewell"),
    ("Fatal::exit", || status_of(""), || status_of("exit"), "ended with 47"),
    ("Fatal::abort", || status_of(""), || status_of("abort"), "ended by itself"),
    ("Fatal::panic", || ended(Fatal::new()), || ended(Fatal::new().panic()), "the call panicked"),

    ("Identity::service", plain, || identified(|identity| identity.service("shop")), "\"service\":\"shop\""),
    ("Identity::version", plain, || identified(|identity| identity.version("1.2")), "\"version\":\"1.2\""),
    ("Identity::environment", plain, || identified(|identity| identity.environment("staging")),
        "\"environment\":\"staging\""),
    ("Identity::host", plain, || identified(Identity::host), "\"host\":\""),
    ("Identity::host_named", plain, || identified(|identity| identity.host_named("box")), "\"host\":\"box\""),
    ("Identity::pid", plain, || identified(Identity::pid), "\"pid\":"),
    ("Identity::field", plain, || identified(|identity| identity.field("region", "eu")), "\"region\":\"eu\""),
];

#[test]
fn each_option_makes_the_difference_that_its_case_tells() {
    let mut wrong = Vec::new();
    for (option, without, with, expected) in CASES {
        let (without, with) = (without(), with());
        let (then, now, expected) = match expected.strip_prefix('!') {
            Some(expected) => (&with, &without, expected),
            None => (&without, &with, *expected),
        };
        if then.contains(expected) || !now.contains(expected) {
            wrong.push(format!("{option}: {expected:?}\nwithout:\n{without}\nwith:\n{with}\n"));
        }
    }
    assert!(wrong.is_empty(), "{} do not do what they say:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn each_option_of_the_sources_has_a_case_here() {
    let mut options = BTreeSet::new();
    look_through(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut options);
    let tried: BTreeSet<String> = CASES.iter().map(|(option, ..)| (*option).to_owned()).collect();
    let untried: Vec<_> = options.difference(&tried).collect();
    let unknown: Vec<_> = tried.difference(&options).collect();
    assert!(untried.is_empty() && unknown.is_empty(), "without a case: {untried:?}; without an option: {unknown:?}");
    for name in TYPES {
        assert!(options.iter().any(|option| option.starts_with(&format!("{name}::"))), "{name} has no option");
    }
}

/// Finds the public methods that take one of [`TYPES`] and give it back.
fn look_through(directory: &Path, options: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            look_through(&path, options);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            options.extend(options_in(&fs::read_to_string(&path).unwrap()));
        }
    }
}

fn options_in(source: &str) -> impl Iterator<Item = String> {
    let mut of = "";
    let mut found = Vec::new();
    for (at, line) in source.lines().scan(0, |at, line| Some((std::mem::replace(at, *at + line.len() + 1), line))) {
        if let Some(block) = line.strip_prefix("impl") {
            let subject =
                block.rsplit(" for ").next().unwrap_or_default().trim_start_matches(|c| c != ' ').trim_start();
            of = subject.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        }
        let method = line.strip_prefix("    pub fn ").or_else(|| line.strip_prefix("    pub const fn "));
        let Some(name) = method.and_then(|method| method.split(['(', '<']).next()) else { continue };
        // A long signature goes over several lines.
        let signature = source[at..].split(" {\n").next().unwrap_or_default();
        let inside = signature.split_once('(').map_or("", |(_, rest)| rest.trim_start());
        let gives = signature.rsplit("-> ").next().unwrap_or_default();
        let takes_itself = inside.starts_with("self") || inside.starts_with("mut self");
        let gives_itself = gives == "Self" || gives.split('<').next() == Some(of);
        if TYPES.contains(&of) && takes_itself && gives_itself {
            found.push(format!("{of}::{name}"));
        }
    }
    found.into_iter()
}

#[test]
fn an_option_is_found_however_it_is_written() {
    let source = "\
impl Limits {
    pub const fn text(mut self, bytes: usize) -> Limits {
    }

    pub fn long(
        self,
        more: impl Into<String>,
    ) -> Self {
    }

    pub fn get(self) -> usize {
    }

    pub fn look(&self) -> Limits {
    }
}

impl<'a> Offer<'a> {
    pub fn id(mut self, id: u64) -> Offer<'a> {
    }
}
";
    assert_eq!(options_in(source).collect::<Vec<_>>(), ["Limits::text", "Limits::long"]);
}

/// Keeps lines as a stream does that somebody may look at, and what it is asked for.
#[derive(Clone, Default)]
struct Screen(Memory, Arc<Mutex<String>>);

impl Sink for Screen {
    fn write(&self, line: &Line<'_>) -> Written {
        self.0.write(line)
    }

    fn flush(&self, deadline: Duration) -> Result<(), SinkError> {
        let time = if deadline > Duration::from_secs(60) { "an hour" } else { "seconds" };
        self.1.lock().unwrap().push_str(&format!("flushed within {time}\n"));
        Ok(())
    }

    fn surface(&self) -> Surface {
        Surface::Stream
    }
}

/// What is always logged.
fn talk(logger: &Logger) {
    let inner = [("inner", list(&[1, 2]))];
    let orders = map(&inner);
    debug!(logger: logger, "detail");
    info!(logger: logger, text = "w".repeat(2_000), orders, "long long message to {to}", to = "ann");
    info!(logger: logger, user = "ann", password = "hunter2hunter2hunter2", "mail ann@example.com of order-17");
    info!(logger: logger, "from postgres://app:hunter2@db/main");
    for turn in 0..4 {
        info!(logger: logger, turn, "again");
    }
    warn!(logger: logger, target: "shop", "slow");
    for turn in 0..3 {
        error!(logger: logger, turn, "broken");
    }
}

fn seen(builder: Builder, output: impl FnOnce(Screen) -> Output) -> String {
    let screen = Screen::default();
    let Ok(logger) = builder.output(output(screen.clone())).build() else { return "refused".to_owned() };
    talk(&logger);
    let _ = logger.flush(Duration::from_secs(1));
    screen.0.text()
}

fn json(set_up: impl FnOnce(Builder) -> Builder) -> String {
    seen(set_up(Logger::builder()), |screen| Output::new(Json::new(), screen).color(ColorMode::Never))
}

fn plain() -> String {
    json(|builder| builder)
}

fn through(set_up: impl FnOnce(Output) -> Output) -> String {
    seen(Logger::builder(), |screen| set_up(Output::new(Json::new(), screen)))
}

fn encoded(encoder: impl Encode) -> String {
    seen(Logger::builder(), |screen| Output::new(encoder, screen).color(ColorMode::Never))
}

fn laned(set_up: impl FnOnce(Lane) -> Lane) -> String {
    through(|output| output.lane(set_up(Lane::target(module_path!()))))
}

fn styled(set_up: impl FnOnce(Style) -> Style) -> String {
    let theme = Theme::MONO.with(Token::Message, set_up(Style::new()));
    seen(Logger::builder(), |screen| Output::new(Pretty::new(), screen).color(ColorMode::Always).theme(theme))
}

fn named(set_up: impl FnOnce(Output) -> Output) -> String {
    let logger = Logger::builder().output(set_up(Output::new(Json::new(), Null))).build().unwrap();
    logger.health()[0].name.clone()
}

fn two_outputs(is_there: bool) -> String {
    let memory = Memory::new();
    let builder = Logger::builder().output(Output::new(Json::new(), Null));
    let builder = if is_there { builder.output(Output::new(Json::new(), memory.clone())) } else { builder };
    talk(&builder.build().unwrap());
    memory.text()
}

fn limited(set_up: impl FnOnce(Limits) -> Limits) -> String {
    json(|builder| builder.limits(set_up(Limits::default())))
}

fn identified(set_up: impl FnOnce(Identity) -> Identity) -> String {
    json(|builder| builder.identity(set_up(Identity::new())))
}

fn hooked(set_up: impl FnOnce(Hook) -> Hook) -> String {
    json(|builder| builder.hook(set_up(region())))
}

fn redacted(set_up: impl FnOnce(RedactionBuilder) -> RedactionBuilder) -> String {
    match set_up(Redaction::builder()).build() {
        Ok(redaction) => json(|builder| builder.redaction(redaction)),
        Err(error) => error.to_string(),
    }
}

fn sampled(set_up: impl FnOnce(Sampling) -> Sampling) -> String {
    json(|builder| builder.sampling(set_up(Sampling::new())))
}

fn ruled(set_up: impl FnOnce(SamplingRule) -> SamplingRule) -> String {
    sampled(|sampling| sampling.rule(set_up(first_two())))
}

fn kept_two() -> String {
    ruled(|rule| rule)
}

fn first_two() -> SamplingRule {
    SamplingRule::new(SamplingMethod::First(2))
}

fn collapsed() -> Failures {
    Failures::Collapse { window: Duration::from_secs(60), key: SamplingKey::CallSite }
}

fn region() -> Hook {
    Hook::enrich(|draft| {
        draft.add("region", "eu");
    })
}

fn quiet_shop() -> Directives {
    Directives::new(Level::INFO.into()).with("shop", LevelFilter::OFF)
}

fn stopped() -> Clock {
    Clock::manual(Timestamp::new(1_700_000_000, 42_000_000)).0
}

fn year() -> TimeFormat {
    TimeFormat::pattern("year %Y").unwrap()
}

fn columns() -> Csv {
    Csv::new(["timestamp", "message"])
}

fn template() -> Template {
    Template::parse("{timestamp} {message}").unwrap()
}

fn from_syslog() -> String {
    encoded(Syslog::new("shop"))
}

struct Sevens;

impl KeyedHash for Sevens {
    fn hash(&self, _: &[u8]) -> [u8; 16] {
        [7; 16]
    }
}

/// What comes of a fatal record.
fn ended(fatal: Fatal) -> String {
    let screen = Screen::default();
    let logger = Logger::builder().fatal(fatal).output(Output::new(Json::new(), screen.clone())).build().unwrap();
    let end = catch_unwind(AssertUnwindSafe(|| fatal!(logger: logger, "the end")));
    let end = if end.is_err() { "the call panicked" } else { "the call returned" };
    format!("{}{}{end}", screen.0.text(), screen.1.lock().unwrap())
}

fn last_words(are_there: bool) -> String {
    let said = Arc::new(Mutex::new(String::new()));
    let saying = Arc::clone(&said);
    let fatal = Fatal::new();
    ended(if are_there { fatal.once(move || saying.lock().unwrap().push_str("farewell")) } else { fatal });
    said.lock().unwrap().clone()
}

const ROLE: &str = "OPTIONS_TEST_ROLE";

/// How a process goes on after a fatal record.
fn status_of(role: &str) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["ends_as_it_is_told", "--exact"]).env(ROLE, role);
    let output = command.output().unwrap();
    match output.status.code() {
        Some(code) if cfg!(unix) || code < 100 => format!("ended with {code}"),
        _ => "ended by itself".to_owned(),
    }
}

#[test]
fn ends_as_it_is_told() {
    let fatal = match std::env::var(ROLE).as_deref() {
        Ok("exit") => Fatal::new().exit(47),
        Ok("abort") => Fatal::new().abort(),
        _ => return,
    };
    ended(fatal);
}
