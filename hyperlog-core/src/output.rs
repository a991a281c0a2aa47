//! An output as it is said, and brought to work.

use crate::contain::contain;
use crate::encode::theme::Environment;
use crate::encode::{ColorMode, Encode, Json, Palette, Pretty, Theme, paint};
use crate::filter::directive::LevelFilter;
use crate::lane::{Lane, Lanes};
use crate::level::Level;
use crate::outlet::{Formats, Outlet};
use crate::sink::{Console, Sink, Surface};
use crate::writer::Writer;
use std::fmt;
use std::sync::Arc;

/// Where records go, as what, and which.
pub struct Output {
    name: Option<String>,
    level: LevelFilter,
    lane: Option<Lane>,
    way: Way,
    color: ColorMode,
    theme: Theme,
}

enum Way {
    New {
        encoder: Box<dyn Encode>,
        sink: Box<dyn Sink>,
    },
    /// That of the output which has the name already.
    Kept,
}

impl fmt::Debug for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Output").field("name", &self.name).field("level", &self.level).finish_non_exhaustive()
    }
}

impl Output {
    /// Everything the logger lets pass, in this form, to this place.
    pub fn new(encoder: impl Encode, sink: impl Sink) -> Output {
        Output::boxed(Box::new(encoder), Box::new(sink))
    }

    /// The same, of what is known only while the program runs.
    pub fn boxed(encoder: Box<dyn Encode>, sink: Box<dyn Sink>) -> Output {
        Output::by(Way::New { encoder, sink })
    }

    /// The output that has this name already, for [`Logger::reconfigure`](crate::Logger::reconfigure): it goes on in its
    /// form, its colours and its place, with the level and the lane that are said here.
    pub fn kept(name: &str) -> Output {
        Output::by(Way::Kept).name(name)
    }

    fn by(way: Way) -> Output {
        let level = LevelFilter::from(Level::TRACE);
        Output { name: None, level, lane: None, way, color: ColorMode::Auto, theme: Theme::DEFAULT }
    }

    /// To standard output, for humans on a terminal and as JSON otherwise.
    pub(crate) fn by_default() -> Output {
        let console = Console::stdout();
        let output = match console.surface() {
            Surface::Terminal => Output::new(Pretty::new(), console),
            _ => Output::new(Json::new(), console),
        };
        output.name("console")
    }

    /// Only this level and what is more severe.
    #[must_use]
    pub fn level(mut self, level: impl Into<LevelFilter>) -> Output {
        self.level = level.into();
        self
    }

    /// Only what goes this way. An output without a lane takes whatever its level lets pass.
    #[must_use]
    pub fn lane(mut self, lane: Lane) -> Output {
        self.lane = Some(lane);
        self
    }

    /// Whether it is coloured. It is by default, where somebody looks at it.
    ///
    /// ```
    /// use hyperlog_core::{ColorMode, Console, Json, Output, Theme};
    ///
    /// let output = Output::new(Json::new(), Console::stdout()).color(ColorMode::Always).theme(Theme::LIGHT);
    /// # let _ = output;
    /// ```
    #[must_use]
    pub fn color(mut self, mode: ColorMode) -> Output {
        self.color = mode;
        self
    }

    /// What it looks like where it is coloured.
    #[must_use]
    pub fn theme(mut self, theme: Theme) -> Output {
        self.theme = theme;
        self
    }

    /// The name it bears in [`Logger::health`](crate::Logger::health).
    #[must_use]
    pub fn name(mut self, name: &str) -> Output {
        self.name = Some(name.to_owned());
        self
    }
}

/// Brings outputs to work, in the place of those of before.
pub(crate) fn put_to_work(outputs: Vec<Output>, before: Option<&Formats>) -> Result<Formats, OutputError> {
    let name_of =
        |(index, output): (usize, &Output)| output.name.clone().unwrap_or_else(|| format!("output {}", index + 1));
    let names: Vec<String> = outputs.iter().enumerate().map(name_of).collect();
    // All that can be refused is refused before anything has begun.
    let named = names.iter().zip(&outputs);
    Lanes::new(named.map(|(name, output)| (&**name, output.level, output.lane.as_ref())))
        .map_err(OutputError::NothingToStandInFor)?;
    let mut of_before: Vec<&Arc<Writer>> =
        before.into_iter().flat_map(Formats::outlets).map(|outlet| &outlet.writer).collect();
    // Each goes to one, of however many that have its name.
    let mut take = |name: &str| {
        let index = of_before.iter().position(|writer| writer.name == name)?;
        Some(of_before.remove(index))
    };
    let mut kept = Vec::with_capacity(outputs.len());
    for (name, output) in names.iter().zip(&outputs) {
        kept.push(match output.way {
            Way::New { .. } => None,
            Way::Kept => Some(take(name).ok_or_else(|| OutputError::NothingToKeep(name.clone()))?),
        });
    }
    let mut working = Vec::with_capacity(outputs.len());
    for ((Output { level, lane, way, color, theme, .. }, name), kept) in outputs.into_iter().zip(names).zip(kept) {
        let writer = match (way, kept) {
            (Way::New { encoder, sink }, _) => {
                let (encoder, before) = (painted(encoder, &*sink, color, &theme), take(&name));
                Writer::begin(name, encoder, sink, before)
            }
            (Way::Kept, Some(before)) => Arc::clone(before),
            (Way::Kept, None) => return Err(OutputError::NothingToKeep(name)),
        };
        working.push((Outlet { level, writer }, lane));
    }
    Formats::new(working).map_err(OutputError::NothingToStandInFor)
}

/// Why outputs cannot be brought to work. Both hold the name of an output that there is none of.
#[derive(Debug)]
pub(crate) enum OutputError {
    NothingToStandInFor(String),
    NothingToKeep(String),
}

impl fmt::Display for OutputError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OutputError::NothingToStandInFor(name) => {
                write!(
                    formatter,
                    "an output steps in for {name:?}, and no other output has that name: see `Output::name`"
                )
            }
            OutputError::NothingToKeep(name) => {
                write!(formatter, "the output {name:?} is to be kept, and there is none: see `Output::new`")
            }
        }
    }
}

/// An encoder with the colours that its sink and the environment ask for.
fn painted(encoder: Box<dyn Encode>, sink: &dyn Sink, color: ColorMode, theme: &Theme) -> Box<dyn Encode> {
    let surface = surface_of(sink);
    // What is kept is never coloured: there the environment need not be read.
    if surface == Surface::Storage {
        return encoder;
    }
    match color.decide(surface, &Environment::current()) {
        Some(depth) => paint(encoder, &Palette::new(theme, depth)),
        None => encoder,
    }
}

/// What a sink writes to; one that panics when asked is not coloured.
fn surface_of(sink: &dyn Sink) -> Surface {
    contain(|| sink.surface()).unwrap_or(Surface::Storage)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::Logfmt;
    use crate::field::FieldSet;
    use crate::logger::Logger;
    use crate::sink::{Line, Memory, Written};
    use std::any::Any;

    struct Screen(Memory, Surface);
    impl Sink for Screen {
        fn write(&self, line: &Line<'_>) -> Written {
            self.0.write(line)
        }
        fn surface(&self) -> Surface {
            self.1
        }
    }

    #[test]
    fn colors_go_to_eyes_and_never_to_what_is_kept() {
        let check = |mode, surface, colored| {
            let (json, logfmt) = (Memory::new(), Memory::new());
            let logger = Logger::builder()
                .output(Output::new(Json::new(), Screen(json.clone(), surface)).color(mode))
                .output(Output::new(Logfmt::new(), Screen(logfmt.clone(), surface)).color(mode))
                .build()
                .unwrap();
            logger.log(Level::INFO, "m", &FieldSet::new());
            for text in [json.text(), logfmt.text()] {
                assert_eq!(text.contains("\x1b["), colored, "{mode:?} {surface:?}: {text:?}");
            }
        };
        check(ColorMode::Always, Surface::Terminal, true);
        check(ColorMode::Always, Surface::Stream, true);
        check(ColorMode::Always, Surface::Storage, false);
        check(ColorMode::Auto, Surface::Storage, false);
        check(ColorMode::Never, Surface::Terminal, false);
    }

    #[test]
    fn what_stands_before_the_first_record_is_written_once_for_each_output_and_is_no_record() {
        struct Titled;
        impl Encode for Titled {
            fn encode(&self, _: &crate::Record<'_>, out: &mut Vec<u8>) -> crate::Partition {
                out.push(b'.');
                crate::Partition::NONE
            }
            fn preamble(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(b"title\n");
            }
            fn is_same(&self, other: &dyn Any) -> bool {
                other.is::<Titled>()
            }
        }
        let (first, second, plain) = (Memory::new(), Arc::new(Memory::new()), Memory::new());
        let builder = Logger::builder().output(Output::new(Titled, first.clone()));
        let builder = builder.output(Output::new(Titled, second.clone()).level(LevelFilter::OFF));
        let logger = builder.output(Output::new(Json::new(), plain.clone())).build().unwrap();
        for _ in 0..2 {
            logger.with(&FieldSet::new().with("k", 1)).log(Level::INFO, "m", &FieldSet::new());
        }
        assert_eq!((first.preamble(), first.text()), (b"title\n".to_vec(), "..".to_owned()));
        assert_eq!((second.preamble(), second.len()), (b"title\n".to_vec(), 0));
        assert!(plain.preamble().is_empty());
        assert_eq!(logger.health()[0].accepted.total(), 2);
        assert!(logger.health().iter().all(|output| output.is_conserved()));
    }

    #[test]
    fn an_output_that_panics_before_its_first_record_still_works() {
        struct Shy(Memory);
        impl Sink for Shy {
            fn begin(&self, _: &[u8]) {
                panic!("not yet");
            }
            fn write(&self, line: &Line<'_>) -> Written {
                self.0.write(line)
            }
        }
        struct Headed(Json);
        impl Encode for Headed {
            fn encode(&self, record: &crate::Record<'_>, out: &mut Vec<u8>) -> crate::Partition {
                self.0.encode(record, out)
            }
            fn preamble(&self, out: &mut Vec<u8>) {
                out.push(b'#');
            }
        }
        let memory = Memory::new();
        let output = Output::new(Headed(Json::new()), Shy(memory.clone()));
        Logger::builder().output(output).build().unwrap().log(Level::INFO, "m", &FieldSet::new());
        assert_eq!(memory.len(), 1);
    }

    #[test]
    fn a_colored_and_a_plain_output_do_not_share_bytes() {
        let (plain, colored, same) = (Memory::new(), Memory::new(), Memory::new());
        let screen = |memory: &Memory| {
            Output::new(Logfmt::new(), Screen(memory.clone(), Surface::Terminal)).color(ColorMode::Always)
        };
        let builder = Logger::builder().output(Output::new(Logfmt::new(), plain.clone()));
        let logger = builder.output(screen(&colored)).output(screen(&same)).build().unwrap();
        logger.with(&FieldSet::new().with("k", 1)).log(Level::INFO, "m", &FieldSet::new());
        assert!(plain.text().ends_with(" k=1\n"));
        assert!(colored.text().contains('\x1b'));
        assert_eq!(colored.text(), same.text());
    }
}
