//! hyperlog as it ships: the public macros, its counters, limits and hooks in place, nothing built for the bench.

use crate::case::{Case, Method};
use crate::delivery;
use crate::http::request::{REPLY, ROUTE};
use crate::http::{actix, axum};
use crate::peers::{Loop, Peer, Sites, Standing, tracing};
use crate::sink::Null;
use ::axum::Router;
use hyperlog_actix::HyperLog;
use hyperlog_axum::HyperLogLayer;
use hyperlog_core::http::{Mode, RouteRule};
use hyperlog_core::{
    Csv, FieldSet, Json, Level, Line, Logfmt, Logger, Output, Pretty, Redaction, Sampling, SamplingKey, SamplingMethod,
    SamplingRule, Sink, Syslog, Template, Written, debug, fields, info,
};
use std::error::Error;
use std::hint::black_box;
use std::io::Write;

pub static JSON: Peer = Peer {
    name: "hyperlog",
    standing: Standing::Always,
    install: |case| {
        if case.is_into_a_file() {
            return delivery::hyperlog::install(case);
        }
        let mut builder = Logger::builder().output(output(case)?);
        // Nobody else redacts, so that records are without it; requests are as it ships.
        let is_request = matches!(case.method(), Method::Request | Method::Panic | Method::Loopback);
        if !is_request && case != Case::Redacted {
            builder = builder.redaction(Redaction::off());
        }
        if case == Case::AxumPanic {
            // The hook that writes to standard error; ours goes before whichever there is.
            std::panic::set_hook(Box::new(|_| ()));
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
        if matches!(case, Case::Event | Case::EventInSpans) {
            hyperlog_tracing::install()?;
        }
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

pub fn layered(app: Router) -> Router {
    app.layer(HyperLogLayer::new())
}

fn recording() -> HyperLogLayer {
    HyperLogLayer::new().rule(RouteRule::new().recorder(Level::DEBUG))
}

fn without_the_route() -> HyperLogLayer {
    HyperLogLayer::new().route(ROUTE, RouteRule::off())
}

fn off() -> HyperLogLayer {
    HyperLogLayer::new().mode(Mode::Off)
}

async fn talks() -> &'static str {
    let (id, tenant, took) = black_box((42_u64, "acme-corp", 1.234));
    info!(user_id = id, tenant, db_ms = took, "user found");
    REPLY
}

/// Tells as much as a request that somebody has to understand later.
pub async fn debugs() -> &'static str {
    for step in 0..10_u64 {
        let (id, tenant, took, is_cached) = black_box((42_u64, "acme-corp", 1.234, true));
        debug!(step, user_id = id, tenant, db_ms = took, cached = is_cached, "looked up");
    }
    REPLY
}

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
        | Case::Syslog
        | Case::Delivery1
        | Case::Delivery2
        | Case::Delivery4
        | Case::DeliveryPaced
        | Case::DeliverySaturated
        | Case::DeliveryBesideDead
        | Case::DeliveryBesideWell
        | Case::DeliveryDurable
        | Case::File
        | Case::FileBuffered => each!(i => with5!(completed, i)),
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
        Case::Axum => drives!(axum, Case::Axum, layered(axum::app(axum::user))),
        Case::AxumUnmatched => drives!(axum, Case::AxumUnmatched, layered(axum::app(axum::user))),
        Case::AxumInfo => drives!(axum, Case::AxumInfo, layered(axum::app(talks))),
        Case::AxumRecorder => drives!(axum, Case::AxumRecorder, axum::app(debugs).layer(recording())),
        Case::AxumRouteOff => drives!(axum, Case::AxumRouteOff, axum::app(axum::user).layer(without_the_route())),
        Case::AxumOff => drives!(axum, Case::AxumOff, axum::app(axum::user).layer(off())),
        Case::AxumPanic => drives!(axum, Case::AxumPanic, layered(axum::app(axum::panics))),
        Case::AxumLoopback => serves!(axum, layered(axum::app(axum::user))),
        Case::Actix => drives!(actix, Case::Actix, actix::app(actix::user).wrap(HyperLog)),
        Case::ActixUnmatched => drives!(actix, Case::ActixUnmatched, actix::app(actix::user).wrap(HyperLog)),
        Case::ActixInfo => drives!(actix, Case::ActixInfo, actix::app(talks).wrap(HyperLog)),
        Case::ActixLoopback => serves!(actix, actix::app(actix::user).wrap(HyperLog)),
        Case::Event | Case::EventInSpans => return tracing::event(case),
        Case::ModeNull | Case::ModeQueue | Case::ModeFull | Case::Sites => return None,
    })
}
