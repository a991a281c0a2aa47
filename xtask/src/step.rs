//! A step: something that is said, done, timed and reported.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::say::say;

/// The steps of one command. All are tried, whatever fails before them, so that one run tells everything.
pub(crate) struct Steps {
    of: &'static str,
    started: Instant,
    done: Vec<Report>,
}

/// How a step ended that did not fail.
pub(crate) enum Ended {
    /// It was done.
    Well,
    /// It was not done, for this reason.
    LeftOut(String),
}

struct Report {
    name: String,
    took: Duration,
    outcome: Outcome<Ended>,
}

impl Steps {
    pub(crate) fn of(command: &'static str) -> Steps {
        Steps { of: command, started: Instant::now(), done: Vec::new() }
    }

    /// Does one step and remembers how it went.
    pub(crate) fn step(&mut self, name: &str, work: impl FnOnce() -> Outcome<Ended>) {
        say(format_args!("\n== {}: {name}", self.of));
        let started = Instant::now();
        let outcome = work();
        let report = Report { name: name.to_owned(), took: started.elapsed(), outcome };
        say(format_args!("{}", report.line()));
        self.done.push(report);
    }

    /// One line for all, and one for each step.
    pub(crate) fn report(&self) -> String {
        let all = format!("{}: {:.1} s in all", self.of, self.started.elapsed().as_secs_f64());
        std::iter::once(all).chain(self.done.iter().map(Report::line)).collect::<Vec<_>>().join("\n")
    }

    /// Prints the report.
    ///
    /// # Errors
    ///
    /// When any of them failed.
    pub(crate) fn finish(self) -> Outcome {
        say(format_args!("\n{}", self.report()));
        let failed: Vec<&str> = self.done.iter().filter(|report| report.outcome.is_err()).map(Report::name).collect();
        match failed.is_empty() {
            true => Ok(()),
            false => Err(format!("{} failed: {}", self.of, failed.join(", ")).into()),
        }
    }
}

impl Report {
    fn name(&self) -> &str {
        &self.name
    }

    fn line(&self) -> String {
        let (name, took) = (&self.name, self.took.as_secs_f64());
        match &self.outcome {
            Ok(Ended::Well) => format!("  ok       {took:6.1} s  {name}"),
            Ok(Ended::LeftOut(why)) => format!("  left out {took:6.1} s  {name}: {why}"),
            Err(error) => format!("  FAILED   {took:6.1} s  {name}: {error}"),
        }
    }
}

/// Runs a command after printing it.
///
/// # Errors
///
/// When it cannot be started or does not succeed.
pub(crate) fn run(command: &mut Command) -> Outcome<Ended> {
    announce(command);
    let status = command.status().map_err(|error| format!("`{}`: {error}", shown(command)))?;
    if status.success() { Ok(Ended::Well) } else { Err(format!("`{}` ended with {status}", shown(command)).into()) }
}

/// Runs a command after printing it, and returns what it writes to standard output.
///
/// # Errors
///
/// When it cannot be started or does not succeed.
pub(crate) fn output(command: &mut Command) -> Outcome<String> {
    announce(command);
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| format!("`{}`: {error}", shown(command)))?;
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout)?),
        false => Err(format!("`{}` ended with {}", shown(command), output.status).into()),
    }
}

/// Which of a command's streams is read.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    Out,
    Error,
}

/// Runs a command after printing it, passes one of its streams on as it comes, and keeps the lines that are wanted.
///
/// # Errors
///
/// When it cannot be started or does not succeed; the lines are kept all the same.
pub(crate) fn run_keeping(
    command: &mut Command,
    stream: Stream,
    wanted: impl Fn(&str) -> bool,
    kept: &mut Vec<String>,
) -> Outcome<Ended> {
    announce(command);
    match stream {
        Stream::Out => command.stdout(Stdio::piped()),
        Stream::Error => command.stderr(Stdio::piped()),
    };
    let mut child = command.spawn().map_err(|error| format!("`{}`: {error}", shown(command)))?;
    if let Some(out) = child.stdout.take() {
        pass_on(BufReader::new(out), &wanted, kept)?;
    }
    if let Some(error) = child.stderr.take() {
        pass_on(BufReader::new(error), &wanted, kept)?;
    }
    let status = child.wait()?;
    if status.success() { Ok(Ended::Well) } else { Err(format!("`{}` ended with {status}", shown(command)).into()) }
}

fn pass_on(mut from: impl BufRead, wanted: impl Fn(&str) -> bool, kept: &mut Vec<String>) -> Outcome {
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        let _ = std::io::stdout().write_all(&line);
        let text = String::from_utf8_lossy(&line);
        if wanted(&text) {
            kept.push(text.trim_end().to_owned());
        }
        line.clear();
    }
    Ok(())
}

fn announce(command: &Command) {
    say(format_args!("$ {}", shown(command)));
}

fn shown(command: &Command) -> String {
    let variables = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let variables = variables.map(|(name, value)| format!("{}={:?}", name.display(), value));
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words = words.map(|word| word.to_string_lossy().into_owned());
    variables.chain(words).collect::<Vec<_>>().join(" ")
}
