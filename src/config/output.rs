//! An output as it is said, whatever its kind, and as it is opened.

use crate::config::error::ConfigError;
use crate::config::node::{Node, Origin};
use crate::config::reader;
use crate::config::registry::{Registry, Surroundings, Target, Way};
use crate::config::schema::{LevelName, Threshold};
use hyperlog_core::{ColorMode, Encode, Json, Lane, Output, Performance, Pretty, Sink, Surface, Theme};
#[cfg(feature = "delivery")]
use hyperlog_delivery::Exporter;
use schemars::JsonSchema;

/// What may be said about any output, whatever its kind.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutputSettings {
    /// The least severe level that goes there.
    #[serde(default)]
    level: Option<Threshold>,
    /// Which records go there. All that are logged, if nothing is said.
    #[serde(default)]
    lane: Option<LaneSettings>,
    /// Whether it is coloured.
    #[serde(default)]
    color: Option<ColorName>,
    /// The colours.
    #[serde(default)]
    theme: Option<ThemeName>,
}

/// The keys of [`OutputSettings`].
const OF_SETTINGS: [&str; 4] = ["level", "lane", "color", "theme"];

/// The keys that are not for a kind of outputs.
const OF_EVERY_OUTPUT: [&str; 7] = ["level", "lane", "color", "theme", "kind", "format", "queue"];

/// Which records go to an output: those that meet all that is said.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LaneSettings {
    /// Those of this target, and of those inside it.
    #[serde(default)]
    target: Option<String>,
    /// Those from this level on.
    #[serde(default)]
    from: Option<LevelName>,
    /// Those less severe than this level.
    #[serde(default)]
    below: Option<LevelName>,
    /// Those that have this field, with the text that `is` says.
    #[serde(default)]
    field: Option<String>,
    /// The text of the field.
    #[serde(default)]
    is: Option<String>,
    /// Those that no other lane takes.
    #[serde(default)]
    rest: bool,
    /// Those that the output of this name loses.
    #[serde(default)]
    instead_of: Option<String>,
}

#[derive(Clone, Copy, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ColorName {
    /// On a terminal that takes it.
    Auto,
    /// Wherever somebody may be looking.
    Always,
    /// Nowhere.
    Never,
}

#[derive(Clone, Copy, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ThemeName {
    /// For any terminal.
    Default,
    /// For a dark one.
    Dark,
    /// For a light one.
    Light,
    /// Without colours: bold and dim.
    Mono,
}

/// What others need to know of an output that is well said.
pub(crate) struct Checked {
    /// The file that it writes to.
    pub(crate) file: Option<Target>,
    /// The name of the output for which it steps in.
    pub(crate) instead_of: Option<String>,
}

/// What is said about an output, taken apart by who reads it.
pub(crate) struct Parts {
    #[cfg(feature = "delivery")]
    origin: Origin,
    settings: OutputSettings,
    encoder: Option<Box<dyn Encode>>,
    #[cfg(feature = "delivery")]
    queue: Option<crate::config::kinds::queue::Queue>,
    /// What is for the kind alone.
    own: Node,
}

impl Parts {
    pub(crate) fn read(mut node: Node, registry: &Registry, place: &Surroundings) -> Result<Parts, ConfigError> {
        let mut settings = Node::table(node.origin.clone());
        for key in OF_SETTINGS {
            if let Some(value) = node.take(key) {
                settings.put(&[key], value);
            }
        }
        let encoder = match node.take("format") {
            Some(format) => Some(registry.encoder(&format, place).map_err(|error| error.below("format"))?),
            None => None,
        };
        #[cfg(feature = "delivery")]
        let queue = match node.take("queue") {
            Some(queue) => Some(reader::read(&queue).map_err(|error: ConfigError| error.below("queue"))?),
            None => None,
        };
        Ok(Parts {
            #[cfg(feature = "delivery")]
            origin: node.origin.clone(),
            settings: reader::read(&settings)?,
            encoder,
            #[cfg(feature = "delivery")]
            queue,
            own: node,
        })
    }

    /// Reads what is for the kind, and opens nothing.
    pub(crate) fn check(self, registry: &Registry, place: &Surroundings) -> Result<Checked, ConfigError> {
        #[cfg(feature = "delivery")]
        if let Some(queue) = self.queue {
            let exporter = queue.over(Exporter::new(hyperlog_core::Console::stdout()));
            exporter.check().map_err(|error| ConfigError::of(&error).at(&self.origin).below("queue"))?;
        }
        let instead_of = self.settings.lane.and_then(|lane| lane.instead_of);
        Ok(Checked { file: registry.check(self.own, &OF_EVERY_OUTPUT, place)?, instead_of })
    }

    /// The output of this name that is open already.
    pub(crate) fn keep(self, place: &Surroundings) -> Output {
        self.settings.over(Output::kept(&place.name))
    }

    pub(crate) fn open(
        mut self,
        registry: &Registry,
        place: &Surroundings,
        performance: Performance,
    ) -> Result<Output, ConfigError> {
        let own = std::mem::replace(&mut self.own, Node::table(Origin::Default));
        let opened = registry.open(own, &OF_EVERY_OUTPUT, place)?;
        let sink = self.start(opened.0, &place.name, performance)?;
        let encoder = self.encoder.unwrap_or_else(|| match surface_of(&*sink) {
            Surface::Terminal => Box::new(Pretty::new()),
            _ => Box::new(Json::new()),
        });
        Ok(self.settings.over(Output::boxed(encoder, sink).name(&place.name)))
    }

    #[cfg(feature = "delivery")]
    fn start(&mut self, way: Way, name: &str, performance: Performance) -> Result<Box<dyn Sink>, ConfigError> {
        let queue = self.queue.take();
        let exporter = match way {
            Way::Exporter(exporter) => *exporter,
            // Whoever looks at a terminal sees each record at once.
            Way::Console(console)
                if queue.is_none()
                    && (performance == Performance::Balanced || console.surface() == Surface::Terminal) =>
            {
                return Ok(Box::new(console));
            }
            Way::Console(console) => Exporter::new(console),
            Way::Sink(sink) if queue.is_none() => return Ok(sink),
            Way::Sink(_) => {
                let what = "this output is written to as it is, and has no queue: leave `queue` out";
                return Err(ConfigError::new(what).at(&self.origin));
            }
        };
        let exporter = match performance {
            // Whoever brings a queue knows best how to set it up.
            Performance::Balanced => exporter.name(name),
            Performance::HighPerformance | Performance::Bare => exporter.name(name).performance(performance),
        };
        let exporter = match queue {
            Some(queue) => queue.over(exporter),
            None => exporter,
        };
        Ok(Box::new(exporter.start().map_err(|error| ConfigError::of(&error).at(&self.origin))?))
    }

    #[cfg(not(feature = "delivery"))]
    fn start(&mut self, way: Way, _: &str, _: Performance) -> Result<Box<dyn Sink>, ConfigError> {
        Ok(match way {
            Way::Sink(sink) => sink,
            Way::Console(console) => Box::new(console),
        })
    }
}

/// A sink of somebody else that panics when it is asked is none for people.
fn surface_of(sink: &dyn Sink) -> Surface {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| sink.surface())).unwrap_or(Surface::Storage)
}

impl OutputSettings {
    fn over(self, mut output: Output) -> Output {
        if let Some(level) = self.level {
            output = output.level(level.0);
        }
        if let Some(lane) = self.lane.and_then(LaneSettings::lane) {
            output = output.lane(lane);
        }
        if let Some(color) = self.color {
            output = output.color(match color {
                ColorName::Auto => ColorMode::Auto,
                ColorName::Always => ColorMode::Always,
                ColorName::Never => ColorMode::Never,
            });
        }
        if let Some(theme) = self.theme {
            output = output.theme(match theme {
                ThemeName::Default => Theme::DEFAULT,
                ThemeName::Dark => Theme::DARK,
                ThemeName::Light => Theme::LIGHT,
                ThemeName::Mono => Theme::MONO,
            });
        }
        output
    }
}

impl LaneSettings {
    fn lane(self) -> Option<Lane> {
        if self.rest {
            return Some(Lane::rest());
        }
        if let Some(name) = self.instead_of {
            return Some(Lane::instead_of(name));
        }
        let levels = (self.from.is_some() || self.below.is_some()).then(|| {
            let (from, below) = (self.from.map(|level| level.0), self.below.map(|level| level.0));
            Lane::when(move |record| {
                from.is_none_or(|from| record.level() >= from) && below.is_none_or(|below| record.level() < below)
            })
        });
        let field = self.field.map(|field| Lane::field(field, self.is.unwrap_or_default()));
        [self.target.map(Lane::target), levels, field].into_iter().flatten().reduce(Lane::and)
    }
}
