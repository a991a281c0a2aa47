//! Colours: what each part of a line looks like, and whether an output shows colours at all.
//!
//! An encoder knows what it writes, and says so token by token; nothing is searched for in finished text. Whether there
//! are colours is decided once, when a sink and an encoder become an output.

use crate::level::Level;
use crate::sink::Surface;
use crate::value::Value;
use std::env;
use std::fmt::Write as _;
use std::sync::Arc;

/// What the parts of a line look like.
///
/// ```
/// use hyperlog_core::{Color, Console, Output, Pretty, Style, Theme, Token};
///
/// let theme = Theme::DARK.with(Token::Target, Style::new().color(Color::rgb(255, 140, 0)).bold());
/// let output = Output::new(Pretty::new(), Console::stdout()).theme(theme);
/// # let _ = output;
/// ```
///
/// | theme | by name | looks |
/// |---|---|---|
/// | [`Theme::DEFAULT`] | `default` | the sixteen colours every terminal has, which follow its own settings |
/// | [`Theme::DARK`] | `dark` | soft colours on a dark ground |
/// | [`Theme::LIGHT`] | `light` | deep colours on a light ground |
/// | [`Theme::MONO`] | `mono` | bold, dim and underlined, without any colour |
///
/// A terminal that shows fewer colours than a theme asks for gets the nearest it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    styles: [Style; Token::COUNT],
}

/// A part of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Token {
    /// When it happened.
    Timestamp,
    /// The level TRACE, and those up to DEBUG.
    Trace,
    /// The level DEBUG, and those up to INFO.
    Debug,
    /// The level INFO, and those up to WARN.
    Info,
    /// The level WARN, and those up to ERROR.
    Warn,
    /// The level ERROR, and those up to FATAL.
    Error,
    /// The level FATAL, and those above.
    Fatal,
    /// What part of the program it belongs to.
    Target,
    /// What happened.
    Message,
    /// The name of a field.
    Key,
    /// Text in a field.
    Text,
    /// A number in a field.
    Number,
    /// `true`, `false` and `null`.
    Constant,
    /// What an error says, and what caused it.
    Failure,
    /// Whatever stands between the parts.
    Punctuation,
}

impl Token {
    const COUNT: usize = Token::Punctuation as usize + 1;

    /// What a level is shown as.
    pub fn of_level(level: Level) -> Token {
        match level.class() {
            Level::TRACE => Token::Trace,
            Level::DEBUG => Token::Debug,
            Level::INFO => Token::Info,
            Level::WARN => Token::Warn,
            Level::ERROR => Token::Error,
            _ => Token::Fatal,
        }
    }

    /// What the value of a field is shown as.
    pub fn of_value(name: &str, value: &Value<'_>) -> Token {
        match value {
            Value::Null | Value::Bool(_) => Token::Constant,
            Value::Str(_) | Value::Char(_) | Value::Tree(_) if Token::is_failure(name) => Token::Failure,
            Value::Str(_) | Value::Char(_) | Value::Time(_) => Token::Text,
            Value::Tree(_) => Token::Punctuation,
            _ => Token::Number,
        }
    }

    pub(crate) fn is_failure(name: &str) -> bool {
        name.strip_prefix(crate::keys::ERROR).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

impl Theme {
    /// The sixteen colours that every terminal has.
    pub const DEFAULT: Theme = Theme::MONO
        .with(Token::Timestamp, Style::new().dim())
        .with(Token::Trace, Style::new().color(Color::MAGENTA))
        .with(Token::Debug, Style::new().color(Color::BLUE))
        .with(Token::Info, Style::new().color(Color::GREEN))
        .with(Token::Warn, Style::new().color(Color::YELLOW))
        .with(Token::Error, Style::new().color(Color::RED).bold())
        .with(Token::Fatal, Style::new().color(Color::BRIGHT_WHITE).background(Color::RED).bold())
        .with(Token::Key, Style::new().color(Color::CYAN))
        .with(Token::Number, Style::new().color(Color::YELLOW))
        .with(Token::Constant, Style::new().color(Color::MAGENTA))
        .with(Token::Failure, Style::new().color(Color::RED));

    /// Soft colours on a dark ground.
    pub const DARK: Theme = Theme::MONO
        .with(Token::Timestamp, Style::new().color(Color::rgb(110, 118, 129)))
        .with(Token::Trace, Style::new().color(Color::rgb(139, 148, 158)))
        .with(Token::Debug, Style::new().color(Color::rgb(121, 192, 255)))
        .with(Token::Info, Style::new().color(Color::rgb(126, 231, 135)))
        .with(Token::Warn, Style::new().color(Color::rgb(240, 190, 90)).bold())
        .with(Token::Error, Style::new().color(Color::rgb(255, 123, 114)).bold())
        .with(Token::Fatal, Style::new().color(Color::rgb(255, 255, 255)).background(Color::rgb(182, 35, 36)).bold())
        .with(Token::Target, Style::new().color(Color::rgb(139, 148, 158)))
        .with(Token::Message, Style::new().color(Color::rgb(240, 246, 252)))
        .with(Token::Key, Style::new().color(Color::rgb(150, 180, 220)))
        .with(Token::Text, Style::new().color(Color::rgb(165, 214, 255)))
        .with(Token::Number, Style::new().color(Color::rgb(255, 166, 87)))
        .with(Token::Constant, Style::new().color(Color::rgb(210, 168, 255)))
        .with(Token::Failure, Style::new().color(Color::rgb(255, 161, 152)))
        .with(Token::Punctuation, Style::new().color(Color::rgb(110, 118, 129)));

    /// Deep colours on a light ground.
    pub const LIGHT: Theme = Theme::MONO
        .with(Token::Timestamp, Style::new().color(Color::rgb(110, 118, 129)))
        .with(Token::Trace, Style::new().color(Color::rgb(87, 96, 106)))
        .with(Token::Debug, Style::new().color(Color::rgb(9, 105, 218)))
        .with(Token::Info, Style::new().color(Color::rgb(17, 99, 41)))
        .with(Token::Warn, Style::new().color(Color::rgb(148, 84, 0)).bold())
        .with(Token::Error, Style::new().color(Color::rgb(180, 20, 30)).bold())
        .with(Token::Fatal, Style::new().color(Color::rgb(255, 255, 255)).background(Color::rgb(160, 14, 22)).bold())
        .with(Token::Target, Style::new().color(Color::rgb(87, 96, 106)))
        .with(Token::Message, Style::new().color(Color::rgb(31, 35, 40)))
        .with(Token::Key, Style::new().color(Color::rgb(5, 80, 140)))
        .with(Token::Text, Style::new().color(Color::rgb(10, 48, 105)))
        .with(Token::Number, Style::new().color(Color::rgb(149, 56, 0)))
        .with(Token::Constant, Style::new().color(Color::rgb(110, 50, 170)))
        .with(Token::Failure, Style::new().color(Color::rgb(180, 20, 30)))
        .with(Token::Punctuation, Style::new().color(Color::rgb(110, 118, 129)));

    /// No colour at all.
    pub const MONO: Theme = Theme { styles: [Style::new(); Token::COUNT] }
        .with(Token::Timestamp, Style::new().dim())
        .with(Token::Trace, Style::new().dim())
        .with(Token::Warn, Style::new().bold())
        .with(Token::Error, Style::new().bold())
        .with(Token::Fatal, Style::new().bold().underlined())
        .with(Token::Target, Style::new().dim())
        .with(Token::Key, Style::new().italic())
        .with(Token::Punctuation, Style::new().dim());

    /// The theme of this name.
    ///
    /// ```
    /// use hyperlog_core::Theme;
    ///
    /// assert_eq!(Theme::named("dark"), Some(Theme::DARK));
    /// assert_eq!(Theme::named("plaid"), None);
    /// ```
    pub fn named(name: &str) -> Option<Theme> {
        Some(match name {
            "default" => Theme::DEFAULT,
            "dark" => Theme::DARK,
            "light" => Theme::LIGHT,
            "mono" => Theme::MONO,
            _ => return None,
        })
    }

    /// The same with one part in another style.
    #[must_use]
    pub const fn with(mut self, token: Token, style: Style) -> Theme {
        self.styles[token as usize] = style;
        self
    }
}

impl Default for Theme {
    fn default() -> Theme {
        Theme::DEFAULT
    }
}

/// How a part is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    color: Option<Color>,
    background: Option<Color>,
    bold: bool,
    dim: bool,
    italic: bool,
    underlined: bool,
}

impl Style {
    /// As the terminal draws it.
    pub const fn new() -> Style {
        Style { color: None, background: None, bold: false, dim: false, italic: false, underlined: false }
    }

    /// In this colour.
    #[must_use]
    pub const fn color(mut self, color: Color) -> Style {
        self.color = Some(color);
        self
    }

    /// On this colour.
    #[must_use]
    pub const fn background(mut self, color: Color) -> Style {
        self.background = Some(color);
        self
    }

    /// Bold.
    #[must_use]
    pub const fn bold(mut self) -> Style {
        self.bold = true;
        self
    }

    /// Fainter than the rest.
    #[must_use]
    pub const fn dim(mut self) -> Style {
        self.dim = true;
        self
    }

    /// Italic.
    #[must_use]
    pub const fn italic(mut self) -> Style {
        self.italic = true;
        self
    }

    /// Underlined.
    #[must_use]
    pub const fn underlined(mut self) -> Style {
        self.underlined = true;
        self
    }

    /// What makes a terminal draw like this; empty if nothing has to.
    fn sequence(self, depth: ColorDepth) -> Box<str> {
        let mut codes = String::new();
        let flags = [(self.bold, "1"), (self.dim, "2"), (self.italic, "3"), (self.underlined, "4")];
        for (_, code) in flags.iter().filter(|(is_set, _)| *is_set) {
            codes.push_str(code);
            codes.push(';');
        }
        if let Some(color) = self.color {
            color.push_codes(depth, Ground::Fore, &mut codes);
        }
        if let Some(color) = self.background {
            color.push_codes(depth, Ground::Back, &mut codes);
        }
        match codes.strip_suffix(';') {
            Some(codes) => format!("\x1b[{codes}m").into(),
            None => "".into(),
        }
    }
}

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// One of sixteen, which the terminal's own settings decide.
    Base(u8),
    Indexed(u8),
    Rgb(u8, u8, u8),
}

#[derive(Clone, Copy)]
enum Ground {
    Fore,
    Back,
}

#[allow(missing_docs, reason = "they are what they are called")]
impl Color {
    pub const BLACK: Color = Color(Kind::Base(0));
    pub const RED: Color = Color(Kind::Base(1));
    pub const GREEN: Color = Color(Kind::Base(2));
    pub const YELLOW: Color = Color(Kind::Base(3));
    pub const BLUE: Color = Color(Kind::Base(4));
    pub const MAGENTA: Color = Color(Kind::Base(5));
    pub const CYAN: Color = Color(Kind::Base(6));
    pub const WHITE: Color = Color(Kind::Base(7));
    pub const BRIGHT_BLACK: Color = Color(Kind::Base(8));
    pub const BRIGHT_RED: Color = Color(Kind::Base(9));
    pub const BRIGHT_GREEN: Color = Color(Kind::Base(10));
    pub const BRIGHT_YELLOW: Color = Color(Kind::Base(11));
    pub const BRIGHT_BLUE: Color = Color(Kind::Base(12));
    pub const BRIGHT_MAGENTA: Color = Color(Kind::Base(13));
    pub const BRIGHT_CYAN: Color = Color(Kind::Base(14));
    pub const BRIGHT_WHITE: Color = Color(Kind::Base(15));
}

impl Color {
    /// One of the 256 that most terminals have.
    pub const fn indexed(index: u8) -> Color {
        Color(if index < 16 { Kind::Base(index) } else { Kind::Indexed(index) })
    }

    /// Any colour.
    pub const fn rgb(red: u8, green: u8, blue: u8) -> Color {
        Color(Kind::Rgb(red, green, blue))
    }

    fn push_codes(self, depth: ColorDepth, ground: Ground, codes: &mut String) {
        let extended = match ground {
            Ground::Fore => 38,
            Ground::Back => 48,
        };
        // Writing to a string cannot fail.
        let _ = match self.at(depth) {
            Kind::Base(index @ 0..8) => write!(codes, "{};", extended - 8 + u32::from(index)),
            Kind::Base(index) => write!(codes, "{};", extended + 52 + u32::from(index) - 8),
            Kind::Indexed(index) => write!(codes, "{extended};5;{index};"),
            Kind::Rgb(red, green, blue) => write!(codes, "{extended};2;{red};{green};{blue};"),
        };
    }

    /// The nearest that a terminal can show.
    fn at(self, depth: ColorDepth) -> Kind {
        match (self.0, depth) {
            (Kind::Rgb(red, green, blue), ColorDepth::Indexed) => Kind::Indexed(indexed_near([red, green, blue])),
            (Kind::Rgb(red, green, blue), ColorDepth::Base) => Kind::Base(base_near([red, green, blue])),
            (Kind::Indexed(index), ColorDepth::Base) => Kind::Base(base_near(rgb_of(index))),
            (kind, _) => kind,
        }
    }
}

/// The steps of each channel in the cube of 216 among the 256 colours.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

fn indexed_near(rgb: [u8; 3]) -> u8 {
    nearest((16..=255).map(|index| (index, rgb_of(index))), rgb)
}

fn base_near(rgb: [u8; 3]) -> u8 {
    nearest(BASE.iter().enumerate().map(|(index, base)| (index as u8, *base)), rgb)
}

fn nearest(colors: impl Iterator<Item = (u8, [u8; 3])>, rgb: [u8; 3]) -> u8 {
    let distance = |other: [u8; 3]| -> u32 {
        rgb.iter().zip(other).map(|(one, other)| u32::from(one.abs_diff(other)).pow(2)).sum()
    };
    colors.min_by_key(|(_, color)| distance(*color)).map_or(7, |(index, _)| index)
}

/// What an indexed colour, from the sixteenth on, looks like.
fn rgb_of(index: u8) -> [u8; 3] {
    match index {
        0..16 => BASE[usize::from(index)],
        16..232 => {
            let cube = usize::from(index - 16);
            [STEPS[cube / 36], STEPS[cube / 6 % 6], STEPS[cube % 6]]
        }
        grey => [8 + 10 * (grey - 232); 3],
    }
}

/// What the sixteen usually look like.
const BASE: [[u8; 3]; 16] = [
    [0, 0, 0],
    [205, 0, 0],
    [0, 205, 0],
    [205, 205, 0],
    [0, 0, 238],
    [205, 0, 205],
    [0, 205, 205],
    [229, 229, 229],
    [127, 127, 127],
    [255, 0, 0],
    [0, 255, 0],
    [255, 255, 0],
    [92, 92, 255],
    [255, 0, 255],
    [0, 255, 255],
    [255, 255, 255],
];

/// How many colours a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ColorDepth {
    /// Sixteen.
    Base,
    /// 256.
    Indexed,
    /// Sixteen million.
    True,
}

/// A theme as a terminal can show it, or no colours at all: what an encoder paints with.
///
/// ```
/// use hyperlog_core::{ColorDepth, Palette, Theme, Token};
///
/// let palette = Palette::new(&Theme::DEFAULT, ColorDepth::Base);
/// let mut out = Vec::new();
/// palette.paint(Token::Number, &mut out, |out| out.extend_from_slice(b"42"));
/// assert_eq!(out, b"\x1b[33m42\x1b[0m");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// What begins each token; empty where nothing does.
    sequences: Option<Arc<[Box<str>; Token::COUNT]>>,
}

impl Palette {
    /// No colours.
    pub const PLAIN: Palette = Palette { sequences: None };

    /// A theme, as far as so many colours can show it.
    pub fn new(theme: &Theme, depth: ColorDepth) -> Palette {
        Palette { sequences: Some(Arc::new(theme.styles.map(|style| style.sequence(depth)))) }
    }

    /// Appends what a function writes, painted.
    #[inline]
    pub fn paint(&self, token: Token, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        let Some(sequences) = &self.sequences else { return write(out) };
        let sequence = &sequences[token as usize];
        out.extend_from_slice(sequence.as_bytes());
        write(out);
        if !sequence.is_empty() {
            out.extend_from_slice(b"\x1b[0m");
        }
    }
}

/// Whether an output is coloured.
///
/// | mode | a terminal | a pipe behind standard output or error | anything else, such as a file |
/// |---|---|---|---|
/// | [`Auto`](ColorMode::Auto) | unless `NO_COLOR` is set, `CLICOLOR=0`, `FORCE_COLOR=0` or `TERM=dumb` | if `CLICOLOR_FORCE` or `FORCE_COLOR` is set, and `NO_COLOR` is not | never |
/// | [`Always`](ColorMode::Always) | always | always | never |
/// | [`Never`](ColorMode::Never) | never | never | never |
///
/// `COLORTERM=truecolor` and `FORCE_COLOR=3` give all colours, a `TERM` with `256color` and `FORCE_COLOR=2` 256 of them,
/// everything else sixteen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorMode {
    /// As the terminal and the environment ask for.
    #[default]
    Auto,
    /// Wherever somebody may be looking.
    Always,
    /// Nowhere.
    Never,
}

impl ColorMode {
    /// How many colours an output gets, if any.
    pub(crate) fn decide(self, surface: Surface, environment: &Environment) -> Option<ColorDepth> {
        let shows = match (self, surface) {
            (ColorMode::Never, _) | (_, Surface::Storage) => false,
            (ColorMode::Always, _) => true,
            (ColorMode::Auto, Surface::Terminal) => environment.is_forced() || environment.allows_by_default(),
            (ColorMode::Auto, Surface::Stream) => environment.is_forced(),
        };
        shows.then(|| environment.depth())
    }
}

/// What the environment says of colours.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    no_color: Option<String>,
    clicolor: Option<String>,
    clicolor_force: Option<String>,
    force_color: Option<String>,
    colorterm: Option<String>,
    term: Option<String>,
}

impl Environment {
    /// As it is now.
    pub(crate) fn current() -> Environment {
        let variable = |name| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        Environment {
            no_color: variable("NO_COLOR"),
            clicolor: variable("CLICOLOR"),
            clicolor_force: variable("CLICOLOR_FORCE"),
            force_color: variable("FORCE_COLOR"),
            colorterm: variable("COLORTERM"),
            term: variable("TERM"),
        }
    }

    fn is_refused(&self) -> bool {
        let refuses = |value: &str| matches!(value, "0" | "false");
        self.no_color.as_deref().is_some_and(|value| !value.is_empty())
            || self.force_color.as_deref().is_some_and(refuses)
    }

    fn is_forced(&self) -> bool {
        let forces =
            |value: &Option<String>| value.as_deref().is_some_and(|value| !matches!(value, "" | "0" | "false"));
        !self.is_refused() && (forces(&self.clicolor_force) || forces(&self.force_color))
    }

    fn allows_by_default(&self) -> bool {
        let shows = match self.term.as_deref() {
            Some(term) => term != "dumb",
            // The console of Windows bears no name.
            None => cfg!(windows),
        };
        shows && !self.is_refused() && self.clicolor.as_deref() != Some("0")
    }

    fn depth(&self) -> ColorDepth {
        let term = self.term.as_deref().unwrap_or_default();
        match (self.force_color.as_deref(), self.colorterm.as_deref()) {
            (Some("1"), _) => ColorDepth::Base,
            (Some("2"), _) => ColorDepth::Indexed,
            (Some("3"), _) | (_, Some("truecolor" | "24bit")) => ColorDepth::True,
            _ if term.contains("256color") => ColorDepth::Indexed,
            _ => ColorDepth::Base,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &str) -> Environment {
        let mut environment = Environment { term: Some("xterm".into()), ..Environment::default() };
        for (name, value) in variables.split_whitespace().filter_map(|pair| pair.split_once('=')) {
            let slot = match name {
                "NO_COLOR" => &mut environment.no_color,
                "CLICOLOR" => &mut environment.clicolor,
                "CLICOLOR_FORCE" => &mut environment.clicolor_force,
                "FORCE_COLOR" => &mut environment.force_color,
                "COLORTERM" => &mut environment.colorterm,
                "TERM" => &mut environment.term,
                other => panic!("no such variable: {other}"),
            };
            *slot = Some(value.to_owned());
        }
        environment
    }

    #[test]
    fn the_terminal_and_the_environment_decide() {
        use ColorDepth::*;
        use ColorMode::*;
        use Surface::*;
        let check = |mode: ColorMode, surface, variables: &str, expected| {
            let decided = mode.decide(surface, &environment(variables));
            assert_eq!(decided, expected, "{mode:?} {surface:?} {variables}");
        };
        check(Auto, Terminal, "", Some(Base));
        check(Auto, Terminal, "TERM=xterm-256color", Some(Indexed));
        check(Auto, Terminal, "TERM=xterm-256color COLORTERM=truecolor", Some(True));
        check(Auto, Terminal, "COLORTERM=24bit", Some(True));
        check(Auto, Terminal, "COLORTERM=24bit FORCE_COLOR=2", Some(Indexed));
        check(Auto, Terminal, "COLORTERM=24bit FORCE_COLOR=1", Some(Base));
        check(Auto, Terminal, "NO_COLOR=1", None);
        check(Auto, Terminal, "NO_COLOR=", Some(Base));
        check(Auto, Terminal, "NO_COLOR=1 FORCE_COLOR=1 CLICOLOR_FORCE=1", None);
        check(Auto, Terminal, "FORCE_COLOR=0", None);
        check(Auto, Terminal, "FORCE_COLOR=false", None);
        check(Auto, Terminal, "CLICOLOR=0", None);
        check(Auto, Terminal, "CLICOLOR=0 CLICOLOR_FORCE=1", Some(Base));
        check(Auto, Terminal, "TERM=dumb", None);
        check(Auto, Terminal, "TERM=dumb FORCE_COLOR=3", Some(True));
        check(Auto, Stream, "", None);
        check(Auto, Stream, "COLORTERM=truecolor", None);
        check(Auto, Stream, "FORCE_COLOR=1", Some(Base));
        check(Auto, Stream, "FORCE_COLOR=", None);
        check(Auto, Stream, "CLICOLOR_FORCE=1", Some(Base));
        check(Auto, Stream, "CLICOLOR_FORCE=0", None);
        check(Auto, Storage, "FORCE_COLOR=3", None);
        check(Always, Terminal, "NO_COLOR=1", Some(Base));
        check(Always, Stream, "TERM=dumb", Some(Base));
        check(Always, Storage, "FORCE_COLOR=3", None);
        check(Never, Terminal, "FORCE_COLOR=3", None);
        assert_eq!(Auto.decide(Terminal, &Environment::default()).is_some(), cfg!(windows), "an unnamed terminal");
    }

    #[test]
    fn a_color_falls_back_to_the_nearest_a_terminal_has() {
        let check = |color: Color, depth, expected: &str| {
            assert_eq!(&*Style::new().color(color).sequence(depth), expected, "{color:?} {depth:?}");
        };
        check(Color::RED, ColorDepth::True, "\x1b[31m");
        check(Color::BRIGHT_RED, ColorDepth::Base, "\x1b[91m");
        check(Color::rgb(255, 140, 0), ColorDepth::True, "\x1b[38;2;255;140;0m");
        check(Color::rgb(255, 140, 0), ColorDepth::Indexed, "\x1b[38;5;208m");
        check(Color::rgb(255, 140, 0), ColorDepth::Base, "\x1b[33m");
        check(Color::rgb(8, 8, 8), ColorDepth::Indexed, "\x1b[38;5;232m");
        check(Color::indexed(208), ColorDepth::Indexed, "\x1b[38;5;208m");
        check(Color::indexed(196), ColorDepth::Base, "\x1b[91m");
        check(Color::indexed(1), ColorDepth::Base, "\x1b[31m");
    }

    #[test]
    fn a_style_is_one_sequence() {
        let style = Style::new().bold().underlined().color(Color::WHITE).background(Color::BRIGHT_BLUE);
        assert_eq!(&*style.sequence(ColorDepth::Base), "\x1b[1;4;37;104m");
        assert_eq!(&*Style::new().sequence(ColorDepth::Base), "");
        assert_eq!(&*Style::new().dim().italic().sequence(ColorDepth::Base), "\x1b[2;3m");
    }

    #[test]
    fn the_mono_theme_has_no_color() {
        let colored = |style: &Style| style.color.is_some() || style.background.is_some();
        assert!(!Theme::MONO.styles.iter().any(colored));
        assert!(Theme::DARK.styles.iter().all(colored));
    }
}
