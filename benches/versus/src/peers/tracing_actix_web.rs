//! tracing-actix-web: a span for each request, written as JSON when it closes.

use crate::case::Case;
use crate::http::actix;
use crate::peers::{Loop, Peer, Standing};
use crate::sink::Null;
use tracing_actix_web::TracingLogger;
use tracing_subscriber::fmt::format::FmtSpan;

pub static JSON: Peer = Peer {
    name: "tracing-actix-web",
    standing: Standing::Always,
    install: |_| {
        let json = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(true).with_span_list(false);
        // Without the event on close it writes nothing for a request that went well.
        let json = json.with_span_events(FmtSpan::CLOSE).with_max_level(tracing::Level::INFO);
        Ok(tracing::subscriber::set_global_default(json.with_writer(|| Null).finish())?)
    },
    call,
    sites: None,
};

fn call(case: Case) -> Option<Loop> {
    Some(match case {
        Case::Actix => {
            drives!(actix, Case::Actix, actix::app(actix::user).wrap(TracingLogger::default()))
        }
        Case::ActixLoopback => {
            serves!(actix, actix::app(actix::user).wrap(TracingLogger::default()))
        }
        _ => return None,
    })
}
