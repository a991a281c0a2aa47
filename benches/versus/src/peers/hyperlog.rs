//! hyperlog as it ships: the public macros, its counters, limits and hooks in place, nothing built for the bench.

use crate::case::Case;
use crate::peers::{Loop, Peer, Sites, Standing};
use crate::sink::Null;
use hyperlog_core::{
    Csv, FieldSet, Json, Level, Line, Logfmt, Logger, Output, Pretty, Redaction, Sampling, SamplingKey, SamplingMethod,
    SamplingRule, Sink, Syslog, Template, Written, debug, fields, info,
};
use std::error::Error;
use std::io::Write;

pub static JSON: Peer = Peer {
    name: "hyperlog",
    standing: Standing::Always,
    install: |case| {
        let mut builder = Logger::builder().output(output(case)?);
        if case != Case::Redacted {
            builder = builder.redaction(Redaction::off());
        }
        if case == Case::BelowDirectives {
            builder = builder.directives(DIRECTIVES.parse()?);
        }
        let method = match case {
            Case::SampledCounter => Some(SamplingMethod::OneIn(u32::MAX)),
            Case::SampledBucket => Some(SamplingMethod::Bucket { per_second: 1e-6, burst: 1 }),
            _ => None,
        };
        if let Some(method) = method {
            let rule = SamplingRule::new(method).key(SamplingKey::Rule);
            builder = builder.sampling(Sampling::new().rule(rule));
        }
        let logger = builder.install()?;
        if case == Case::SampledBucket {
            // The one token there is.
            logger.log(Level::INFO, "", &FieldSet::new());
        }
        Ok(())
    },
    call,
    sites: Some(Sites {
        dependencies: r#"
            hyperlog-core = { path = "{root}/hyperlog-core" }
        "#,
        setup: "let _ = hyperlog_core::Logger::builder().install();",
        call: r#"hyperlog_core::info!(
            method = request.method.as_str(),
            route = request.route.as_str(),
            status = request.status,
            latency_ms = request.latency_ms,
            request_id = request.id.as_str(),
            "step {number} completed"
        );"#,
    }),
};

fn output(case: Case) -> Result<Output, Box<dyn Error>> {
    Ok(match case {
        Case::Logfmt => Output::new(Logfmt::new(), Null),
        Case::Pretty => Output::new(Pretty::new(), Null),
        Case::Template => Output::new(Template::parse("{timestamp} {level} [{target}] {message} {fields}")?, Null),
        Case::Csv => Output::new(Csv::new(["timestamp", "level", "message"]).rest("fields"), Null),
        Case::Syslog => Output::new(Syslog::new("shop"), Null),
        _ => Output::new(Json::new(), Null),
    })
}

/// A level for another target: what a service sets while one part of it is being looked at.
const DIRECTIVES: &str = "info,hyper=debug";

impl Sink for Null {
    #[inline]
    fn write(&self, line: &Line<'_>) -> Written {
        let mut sink = *self;
        match Write::write(&mut sink, line.bytes) {
            Ok(_) => Written::Done,
            Err(_) => Written::Closed,
        }
    }
}

macro_rules! completed {
    ($($key:ident = $value:expr),*) => { info!($($key = $value),*, "request completed") };
}

macro_rules! completed_below {
    ($($key:ident = $value:expr),*) => { debug!($($key = $value),*, "request completed") };
}

macro_rules! bound {
    ($($key:ident = $value:expr),*) => { Logger::global().with(fields!($($key = $value),*)) };
}

macro_rules! field_list {
    ($($key:ident = $value:expr),*) => { fields!($($key = $value),*) };
}

fn call(case: Case) -> Option<Loop> {
    Some(match case {
        Case::Five
        | Case::Redacted
        | Case::Threads
        | Case::Start
        | Case::SampledCounter
        | Case::SampledBucket
        | Case::Logfmt
        | Case::Pretty
        | Case::Template
        | Case::Csv
        | Case::Syslog => each!(i => with5!(completed, i)),
        Case::Bound => each_with!(i => with5!(bound, i), log => {
            info!(logger: log, rows = i.rows, cache = i.cache.as_str(), "request completed")
        }),
        Case::Bind => each_with!(i => { let _ = i; Logger::global() }, root => {
            let log = root.with(with5!(field_list, i));
            info!(logger: log, rows = i.rows, cache = i.cache.as_str(), "request completed")
        }),
        Case::None => each!(_i => info!("request completed")),
        Case::Twenty => each!(i => with20!(completed, i)),
        Case::Message => each!(i => info!("{}", i.big)),
        Case::Escape => each!(i => info!(text = i.esc.as_str(), "request completed")),
        Case::Below | Case::BelowDirectives => each!(i => with5!(completed_below, i)),
        Case::Sites => return None,
    })
}
