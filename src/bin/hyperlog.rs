//! The command line tool: looks at configurations before a service does.

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::{Shell, generate};
use hyperlog::config::{Config, ConfigError};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Looks at configurations of hyperlog.
#[derive(Parser)]
#[command(name = "hyperlog", version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks, explains and describes configurations.
    #[command(subcommand)]
    Config(About),
    /// Prints what a shell needs to complete these commands.
    Completions {
        /// Which shell.
        shell: Shell,
    },
}

#[derive(Subcommand)]
enum About {
    /// Says whether a file can be used, and what is wrong with it. Opens nothing.
    Check {
        /// The file, in TOML, YAML or JSON.
        file: PathBuf,
        /// Over this preset, whatever the file says.
        #[arg(long)]
        preset: Option<String>,
        /// With what the environment says and shows as well.
        #[arg(long)]
        environment: bool,
    },
    /// Tells what is in force here, and where each value comes from. Secrets are hidden.
    Explain {
        /// The file. Without it, the one that HYPERLOG_CONFIG names, or none.
        file: Option<PathBuf>,
        /// Over this preset, whatever the file says.
        #[arg(long)]
        preset: Option<String>,
        /// As lines for people, or as JSON for programs.
        #[arg(long, default_value = "text")]
        format: Form,
    },
    /// Prints the JSON Schema of a configuration, for editors.
    Schema,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    Text,
    Json,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(text) => say(&mut io::stdout(), &text, ExitCode::SUCCESS),
        Err(error) => say(&mut io::stderr(), &format!("error: {error}\n"), ExitCode::FAILURE),
    }
}

/// Whoever does not read to the end, as `head` does, is no reason to complain.
fn say(stream: &mut impl Write, text: &str, code: ExitCode) -> ExitCode {
    match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        _ => code,
    }
}

fn run(command: Command) -> Result<String, ConfigError> {
    match command {
        Command::Config(About::Check { file, preset, environment }) => {
            let config = if environment { Config::new() } else { Config::new().without_environment() };
            let name = file.display().to_string();
            over(config, preset).file(file).load()?;
            Ok(format!("{name}: well said\n"))
        }
        Command::Config(About::Explain { file, preset, format }) => {
            let mut config = over(Config::new(), preset);
            if let Some(file) = file {
                config = config.file(file);
            }
            let loaded = config.load()?;
            Ok(match format {
                Form::Text => format!("{}\nseen: {}\n", loaded.explain(), loaded.detected()),
                Form::Json => {
                    let values = loaded.explain();
                    let values = values.values().iter().map(|value| {
                        serde_json::json!({ "key": value.path, "value": value.value, "origin": value.origin.to_string() })
                    });
                    format!("{:#}\n", serde_json::Value::from_iter(values))
                }
            })
        }
        Command::Config(About::Schema) => Ok(format!("{:#}\n", Config::new().schema())),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            generate(shell, &mut Arguments::command(), "hyperlog", &mut script);
            Ok(String::from_utf8_lossy(&script).into_owned())
        }
    }
}

fn over(config: Config, preset: Option<String>) -> Config {
    match preset {
        Some(preset) => config.preset(&preset),
        None => config,
    }
}
