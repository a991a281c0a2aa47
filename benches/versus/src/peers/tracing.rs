//! `tracing` with the JSON of `tracing-subscriber`, as its users set it up.

use crate::case::Case;
use crate::peers::{Loop, Peer, Sites, Standing};
use crate::sink::Null;
use std::error::Error;
use tracing::{debug, info, info_span};
use tracing_subscriber::EnvFilter;

/// The default of `fmt().json()`: fields nested, the current span and the list of spans written out.
pub static JSON: Peer = Peer {
    name: "tracing-json",
    standing: Standing::Always,
    install: |case| {
        let json = tracing_subscriber::fmt().json().with_writer(|| Null);
        match case {
            Case::BelowDirectives => set(json.with_env_filter(EnvFilter::new(DIRECTIVES)).finish()),
            _ => set(json.with_max_level(tracing::Level::INFO).finish()),
        }
    },
    call,
    sites: Some(Sites {
        dependencies: r#"
            tracing = "0.1.44"
            tracing-subscriber = { version = "0.3.23", features = ["env-filter", "json"] }
        "#,
        setup: "tracing_subscriber::fmt().json().with_max_level(tracing::Level::INFO).init();",
        call: r#"tracing::info!(
            method = request.method.as_str(),
            route = request.route.as_str(),
            status = request.status,
            latency_ms = request.latency_ms,
            request_id = request.id.as_str(),
            "step {number} completed"
        );"#,
    }),
};

/// Fields at the top and one span at most: the least that `fmt().json()` can be told to write.
pub static FLAT: Peer = Peer {
    name: "tracing-json-flat",
    standing: Standing::Named,
    install: |case| {
        let spans = matches!(case, Case::Bound | Case::Bind);
        set_flat(spans)
    },
    call,
    sites: None,
};

#[cfg(feature = "more")]
pub static JSON_SUBSCRIBER: Peer = Peer {
    name: "json-subscriber",
    standing: Standing::Always,
    install: |_| set(json_subscriber::fmt().with_max_level(tracing::Level::INFO).with_writer(|| Null).finish()),
    call,
    sites: None,
};

/// A level for another target and one for spans: what a service sets while one part of it is being looked at.
const DIRECTIVES: &str = "info,hyper=debug,[request]=debug";

/// Fields at the top, and of the spans none or the current one.
pub fn set_flat(spans: bool) -> Result<(), Box<dyn Error>> {
    let json = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(spans).with_span_list(false);
    set(json.with_max_level(tracing::Level::INFO).with_writer(|| Null).finish())
}

fn set(subscriber: impl tracing::Subscriber + Send + Sync) -> Result<(), Box<dyn Error>> {
    Ok(tracing::subscriber::set_global_default(subscriber)?)
}

macro_rules! completed {
    ($($key:ident = $value:expr),*) => { info!($($key = $value),*, "request completed") };
}

macro_rules! completed_below {
    ($($key:ident = $value:expr),*) => { debug!($($key = $value),*, "request completed") };
}

macro_rules! request {
    ($($key:ident = $value:expr),*) => { info_span!("request", $($key = $value),*) };
}

macro_rules! five_of_a_user {
    ($i:ident) => {
        info_span!(
            "user",
            user_id = $i.user_id,
            tenant = $i.tenant.as_str(),
            region = $i.region.as_str(),
            host = $i.host.as_str(),
            version = $i.version.as_str()
        )
    };
}

macro_rules! five_of_a_job {
    ($i:ident) => {
        info_span!(
            "job",
            bytes_in = $i.bytes_in,
            bytes_out = $i.bytes_out,
            cached = $i.cached,
            shard = $i.shard,
            cpu_ms = $i.cpu_ms
        )
    };
}

/// What events cost whoever listens to them.
pub fn event(case: Case) -> Option<Loop> {
    Some(match case {
        Case::Event => each!(i => with5!(completed, i)),
        Case::EventInSpans => each_with!(
            i => (five_of_a_user!(i).entered(), five_of_a_job!(i).entered()),
            spans => with5!(completed, i)
        ),
        _ => return None,
    })
}

fn call(case: Case) -> Option<Loop> {
    Some(match case {
        Case::Event | Case::EventInSpans => return event(case),
        Case::Five | Case::Threads | Case::Start => each!(i => with5!(completed, i)),
        Case::Bound => each_with!(i => with5!(request, i).entered(), span => with2!(completed, i)),
        Case::Bind => each!(i => {
            let _span = with5!(request, i).entered();
            with2!(completed, i)
        }),
        Case::None => each!(_i => info!("request completed")),
        Case::Twenty => each!(i => with20!(completed, i)),
        Case::Message => each!(i => info!("{}", i.big)),
        Case::Escape => each!(i => info!(text = i.esc.as_str(), "request completed")),
        Case::Below | Case::BelowDirectives => each!(i => with5!(completed_below, i)),
        _ => return None,
    })
}
