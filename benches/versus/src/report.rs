//! What a person and a program get to see of a run: one table, remarks, and `summary.json`.

use crate::bound::Verdict;
use crate::case::{Case, FLOOR, HYPERLOG, Method};
use crate::findings::Run;
use crate::metric::Metric;
use crate::options::Options;
use crate::peers::{Peer, Standing, all};
use crate::place::folder;
use crate::promises;
use serde_json::{Map, Value, json};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;

pub struct Report<'a> {
    options: &'a Options,
    run: &'a Run,
}

/// The columns of a table: three figures, of which the first and the last are held against other peers.
struct Columns {
    head: [&'static str; 10],
    figures: [Metric; 3],
}

static CALLS: Columns = Columns {
    head: [
        "case",
        "peer",
        "ns",
        "spread %",
        "allocs",
        "instr",
        "ns / floor",
        "instr / floor",
        "hyperlog / peer: ns, instr",
        "further, bounds",
    ],
    figures: [Metric::Time, Metric::Allocations, Metric::Instructions],
};

/// What is added to the bare app.
static REQUESTS: Columns = Columns {
    head: [
        "case",
        "peer",
        "added ns",
        "spread %",
        "added allocs",
        "added instr",
        "ns / floor",
        "instr / floor",
        "hyperlog / peer: ns, instr",
        "further, bounds",
    ],
    figures: [Metric::AddedTime, Metric::AddedAllocations, Metric::AddedInstructions],
};

static LOOPBACK: Columns = Columns {
    head: [
        "case",
        "peer",
        "added cpu us",
        "spread %",
        "cpu us",
        "requests / s",
        "added / floor",
        "requests / floor",
        "hyperlog / peer: added, requests",
        "further, bounds",
    ],
    figures: [Metric::AddedProcessor, Metric::Processor, Metric::Rate],
};

static DELIVERY: Columns = Columns {
    head: [
        "case",
        "peer",
        "records / s",
        "spread %",
        "lost",
        "allocs",
        "records / floor",
        "allocs / floor",
        "hyperlog / peer: records, allocs",
        "further, bounds",
    ],
    figures: [Metric::Records, Metric::Lost, Metric::Allocations],
};

static LATENCY: Columns = Columns {
    head: [
        "case",
        "peer",
        "p50 ns",
        "spread %",
        "p99 ns",
        "p99.9 ns",
        "p50 / floor",
        "p99.9 / floor",
        "hyperlog / peer: p50, p99.9",
        "further, bounds",
    ],
    figures: [Metric::Half, Metric::Hundredth, Metric::Thousandth],
};

impl Columns {
    /// Those of the table in which a case stands.
    fn of(case: Case) -> &'static Self {
        match case.method() {
            Method::Request => &REQUESTS,
            Method::Loopback => &LOOPBACK,
            Method::Delivery => &DELIVERY,
            Method::Latency => &LATENCY,
            _ => &CALLS,
        }
    }
}

impl<'a> Report<'a> {
    pub fn new(options: &'a Options, run: &'a Run) -> Self {
        Self { options, run }
    }

    /// Markdown, one row for each case and peer; cases of which other things are told stand in another table.
    pub fn tables(&self) -> String {
        let tables = [&CALLS, &REQUESTS, &LOOPBACK, &DELIVERY, &LATENCY].map(|columns| self.table(columns));
        tables.into_iter().flatten().collect::<Vec<_>>().join("\n")
    }

    /// None if there is nothing to put into it.
    fn table(&self, columns: &'static Columns) -> Option<String> {
        let mut rows = vec![columns.head.map(str::to_owned)];
        for case in Case::ALL.into_iter().filter(|&case| std::ptr::eq(Columns::of(case), columns)) {
            rows.extend(self.peers(case).into_iter().map(|peer| self.row(case, peer)));
        }
        (rows.len() > 1).then(|| align(&rows))
    }

    /// What the figures do not tell.
    pub fn remarks(&self) -> String {
        let mut text = String::new();
        for line in &self.run.skipped {
            text += &format!("Skipped: {line}\n");
        }
        for line in &self.run.failed {
            text += &format!("Failed: {line}\n");
        }
        let (mut kept, mut broken, mut unknown) = (0, 0, 0);
        for (_, _, verdict) in self.verdicts() {
            match verdict {
                Verdict::Kept(_) => kept += 1,
                Verdict::Broken(_) => broken += 1,
                Verdict::Unknown => unknown += 1,
            }
        }
        text + &format!("Bounds: {kept} hold, {broken} do not, {unknown} could not be judged.")
    }

    /// Whether everything was measured and every bound holds.
    pub fn holds(&self) -> bool {
        let kept = self.verdicts().all(|(_, _, verdict)| matches!(verdict, Verdict::Kept(_)));
        kept && self.run.failed.is_empty()
    }

    /// Writes the summary and says where.
    pub fn write(&self) -> io::Result<PathBuf> {
        let path = folder().join("summary.json");
        fs::create_dir_all(folder())?;
        fs::write(&path, format!("{:#}\n", self.summary()))?;
        Ok(path)
    }

    fn row(&self, case: Case, peer: &'static str) -> [String; 10] {
        let results = &self.run.results;
        let [first, second, last] = Columns::of(case).figures;
        let figure = |metric| results.median(case, peer, metric).map_or("-".to_owned(), |value| metric.show(value));
        let ratio = |metric, own, to| {
            results.ratio(case, metric, own, to).map_or("-".to_owned(), |ratio| format!("{ratio:.2}"))
        };
        let against = match peer {
            HYPERLOG => "-".to_owned(),
            _ => format!("{}, {}", ratio(first, HYPERLOG, peer), ratio(last, HYPERLOG, peer)),
        };
        [
            case.name().to_owned(),
            peer.to_owned(),
            figure(first),
            results.spread(case, peer, first).map_or("-".to_owned(), |spread| format!("{spread:.0}")),
            figure(second),
            figure(last),
            ratio(first, peer, FLOOR),
            ratio(last, peer, FLOOR),
            if against == "-, -" { "-".to_owned() } else { against },
            self.further(case, peer),
        ]
    }

    /// The figures that have no column, and for hyperlog its bounds.
    fn further(&self, case: Case, peer: &'static str) -> String {
        let columns = Columns::of(case).figures;
        let metrics = self.run.results.metrics(case, peer).into_iter().filter(|metric| !columns.contains(metric));
        let mut parts: Vec<String> = metrics
            .filter_map(|metric| {
                let value = self.run.results.median(case, peer, metric)?;
                Some(format!("{} {}", metric.name(), metric.show(value)))
            })
            .collect();
        if peer == HYPERLOG {
            parts.extend(self.verdicts().filter(|verdict| verdict.0 == case).map(
                |(_, words, verdict)| match verdict {
                    Verdict::Kept(value) => format!("{words}: holds, {value:.2}"),
                    Verdict::Broken(value) => format!("{words}: BROKEN, {value:.2}"),
                    Verdict::Unknown => format!("{words}: not judged"),
                },
            ));
        }
        parts.join("; ")
    }

    fn verdicts(&self) -> impl Iterator<Item = (Case, String, Verdict)> {
        let cases = Case::ALL.into_iter().filter(|&case| self.options.wants_case(case));
        cases.flat_map(move |case| {
            promises::of(case).into_iter().map(move |bound| (case, bound.words(), bound.judge(case, &self.run.results)))
        })
    }

    fn peers(&self, case: Case) -> Vec<&'static str> {
        let names = all().into_iter().map(|peer| peer.name);
        names.filter(|name| !self.run.results.metrics(case, name).is_empty()).collect()
    }

    fn summary(&self) -> Value {
        let cases = Case::ALL.into_iter().filter(|&case| self.options.wants_case(case));
        json!({
            "command": format!("versus {}", self.options.command).trim_end(),
            "repetitions": self.options.reps,
            "machine": machine(),
            "holds": self.holds(),
            "cases": cases.map(|case| self.case_summary(case)).collect::<Vec<_>>(),
            "skipped": self.run.skipped,
            "failed": self.run.failed,
        })
    }

    fn case_summary(&self, case: Case) -> Value {
        let peers = self.peers(case).into_iter().map(|peer| (peer.to_owned(), self.peer_summary(case, peer)));
        let bounds = self.verdicts().filter(|verdict| verdict.0 == case).map(|(_, words, verdict)| match verdict {
            Verdict::Kept(value) => json!({ "bound": words, "value": value, "holds": true }),
            Verdict::Broken(value) => json!({ "bound": words, "value": value, "holds": false }),
            Verdict::Unknown => json!({ "bound": words, "value": null, "holds": null }),
        });
        json!({
            "case": case.name(),
            "meaning": case.meaning(),
            "peers": peers.collect::<Map<_, _>>(),
            "bounds": bounds.collect::<Vec<_>>(),
        })
    }

    fn peer_summary(&self, case: Case, peer: &'static str) -> Value {
        let results = &self.run.results;
        let metric = |metric: Metric| {
            let figures = json!({
                "median": results.median(case, peer, metric),
                "samples": results.samples(case, peer, metric).len(),
                "spread_percent": results.spread(case, peer, metric),
                "to_floor": results.ratio(case, metric, peer, FLOOR),
                "hyperlog_to_it": results.ratio(case, metric, HYPERLOG, peer),
            });
            (metric.name().to_owned(), figures)
        };
        Value::Object(results.metrics(case, peer).into_iter().map(metric).collect())
    }
}

/// Everything that `--peer` and `--case` can name.
pub fn list() -> String {
    let mut text = String::from("peers\n");
    for peer in all() {
        let standing = if peer.standing == Standing::Named { " (only by --peer)" } else { "" };
        text += &format!("  {}{standing}: {}\n", peer.name, abilities(peer).join(" "));
    }
    text += "cases\n";
    for case in Case::ALL {
        let bounds: String = promises::of(case).iter().map(|bound| format!("; {}", bound.words())).collect();
        text += &format!("  {}: {}{bounds}\n", case.name(), case.meaning());
    }
    text
}

fn abilities(peer: &Peer) -> Vec<&'static str> {
    let able = |case: &Case| match case {
        Case::Sites => peer.sites.is_some(),
        _ => (peer.call)(*case).is_some(),
    };
    Case::ALL.into_iter().filter(able).map(Case::name).collect()
}

fn align(rows: &[[String; 10]]) -> String {
    let widths: Vec<usize> =
        (0..rows[0].len()).map(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0)).collect();
    let line = |row: &[String; 10]| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
            0 | 1 | 9 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let rule = widths.iter().enumerate().map(|(column, &width)| match column {
        0 | 1 | 9 => "-".repeat(width),
        _ => format!("{}:", "-".repeat(width.saturating_sub(1))),
    });
    let rule = format!("| {} |\n", rule.collect::<Vec<_>>().join(" | "));
    line(&rows[0]) + &rule + &rows[1..].iter().map(line).collect::<String>()
}

/// What the figures were measured on.
fn machine() -> Value {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let rustc = Command::new("rustc").arg("--version").output();
    json!({
        "processor": model.map(|(_, model)| model.trim()),
        "processors": std::thread::available_parallelism().map_or(0, usize::from),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "rustc": rustc.ok().map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()),
    })
}
