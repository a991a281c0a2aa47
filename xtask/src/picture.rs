//! The picture at the head of the README: what the demo really writes to a terminal, as text that the web draws.
//!
//! The demo runs in a terminal of its own (`script`, of every Linux), and its colours become those of an SVG.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use crate::Outcome;
use crate::say::say;
use crate::step;

const TO: &str = "docs/guide/src/pictures/terminal.svg";

/// How wide the terminal is, in characters, before its lines are broken.
const COLUMNS: usize = 132;
/// The width of a character, the height of a line, and what is left free around all of them.
const CELL: f64 = 7.25;
const LINE: usize = 18;
const EDGE: usize = 16;

pub(crate) fn draw() -> Outcome {
    step::run(Command::new("cargo").args(["build", "--quiet", "--example", "demo"]))?;
    let mut terminal = Command::new("script");
    terminal.args(["--quiet", "--command", "target/debug/examples/demo --once", "/dev/null"]);
    terminal.env("TERM", "xterm-256color").env("COLORTERM", "truecolor").env_remove("NO_COLOR");
    // Of whoever draws it, nobody needs to know where they keep their houses.
    let house = format!("{}/", std::env::current_dir()?.display());
    let written = step::output(&mut terminal)?.replace(&house, "");
    fs::create_dir_all("docs/guide/src/pictures")?;
    fs::write(TO, svg(&lines(&written)))?;
    say(format_args!("drawn: {TO}"));
    Ok(())
}

/// Text of one look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Run {
    text: String,
    look: Look,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Look {
    color: Option<&'static str>,
    is_bold: bool,
    is_dim: bool,
}

type Line = Vec<Run>;

/// What was written, line by line, each broken where a terminal breaks it.
fn lines(written: &str) -> Vec<Line> {
    let mut lines = vec![Line::new()];
    let (mut look, mut column) = (Look::default(), 0);
    let mut rest = written.chars();
    while let Some(character) = rest.next() {
        match character {
            '\u{1b}' => {
                let codes: String = rest.by_ref().skip(1).take_while(|next| !next.is_ascii_alphabetic()).collect();
                codes.split(';').for_each(|code| look.apply(code));
            }
            '\r' => {}
            '\n' => {
                lines.push(Line::new());
                column = 0;
            }
            _ => {
                if column == COLUMNS {
                    lines.push(Line::new());
                    column = 0;
                }
                column += 1;
                let line = lines.last_mut().unwrap_or_else(|| unreachable!("there is one from the start"));
                match line.last_mut() {
                    Some(run) if run.look == look => run.text.push(character),
                    _ => line.push(Run { text: character.into(), look: look.clone() }),
                }
            }
        }
    }
    while lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    lines
}

impl Look {
    /// Does what one number of a sequence of colours says; whatever the demo does not use is passed over.
    fn apply(&mut self, code: &str) {
        match code {
            "0" | "" => *self = Look::default(),
            "1" => self.is_bold = true,
            "2" => self.is_dim = true,
            "22" => (self.is_bold, self.is_dim) = (false, false),
            "39" => self.color = None,
            _ => {
                self.color =
                    COLORS.iter().find(|(known, _)| *known == code).map_or(self.color, |(_, color)| Some(color))
            }
        }
    }
}

/// The sixteen colours of a terminal, on a dark ground.
const COLORS: [(&str, &str); 16] = [
    ("30", "#6e7681"),
    ("31", "#ff7b72"),
    ("32", "#7ee787"),
    ("33", "#e3b341"),
    ("34", "#79c0ff"),
    ("35", "#d2a8ff"),
    ("36", "#76e3ea"),
    ("37", "#c9d1d9"),
    ("90", "#8b949e"),
    ("91", "#ffa198"),
    ("92", "#aff5b4"),
    ("93", "#f2cc60"),
    ("94", "#a5d6ff"),
    ("95", "#e2c5ff"),
    ("96", "#b3f0ff"),
    ("97", "#f0f6fc"),
];

fn svg(lines: &[Line]) -> String {
    let (width, height) = ((COLUMNS as f64 * CELL) as usize + 2 * EDGE, lines.len() * LINE + 2 * EDGE);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"12\">\n\
         <title>What the demo writes to a terminal</title>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"10\" fill=\"#0d1117\"/>\n"
    );
    for (number, line) in lines.iter().enumerate() {
        let y = EDGE + (number + 1) * LINE - 5;
        let _ = write!(svg, "<text y=\"{y}\" fill=\"#c9d1d9\" xml:space=\"preserve\">");
        let mut column = 0;
        for Run { text, look } in line {
            // Each begins where it would in a terminal, whatever the width of the font that is there.
            let (x, length) = (EDGE as f64 + column as f64 * CELL, text.chars().count());
            let _ = write!(svg, "<tspan x=\"{x:.1}\" textLength=\"{:.1}\"", length as f64 * CELL);
            let _ = look.color.map(|color| write!(svg, " fill=\"{color}\""));
            let _ = look.is_bold.then(|| svg.push_str(" font-weight=\"bold\""));
            let _ = look.is_dim.then(|| svg.push_str(" opacity=\"0.6\""));
            let _ = write!(svg, ">{}</tspan>", escaped(text));
            column += length;
        }
        svg.push_str("</text>\n");
    }
    svg + "</svg>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_stand_where_they_were_written_and_end_where_they_end() {
        let drawn = lines("\u{1b}[2m12:00\u{1b}[0m \u{1b}[1;31mERROR\u{1b}[0m <lost>\r\n");
        let looks: Vec<_> = drawn[0].iter().map(|run| (&*run.text, run.look.color, run.look.is_bold)).collect();
        assert_eq!(
            looks,
            [("12:00", None, false), (" ", None, false), ("ERROR", Some("#ff7b72"), true), (" <lost>", None, false)]
        );
        assert_eq!(drawn.len(), 1);
        assert!(svg(&drawn).contains(" &lt;lost&gt;</tspan>"));
    }

    #[test]
    fn a_line_is_broken_where_a_terminal_breaks_it() {
        let drawn = lines(&"x".repeat(COLUMNS + 1));
        assert_eq!(drawn.iter().map(|line| line[0].text.len()).collect::<Vec<_>>(), [COLUMNS, 1]);
    }
}
