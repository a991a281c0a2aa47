//! `structured-logger` behind the key-value macros of `log`.

use crate::case::Case;
use crate::peers::{Loop, Peer, Standing};
use crate::sink::Null;
use log::{debug, info};
use structured_logger::{Builder, json};

pub static JSON: Peer = Peer {
    name: "structured-logger",
    standing: Standing::Always,
    install: |_| {
        Builder::with_level("info").with_default_writer(json::new_writer(Null)).init();
        Ok(())
    },
    call,
    sites: None,
};

macro_rules! completed {
    ($($key:ident = $value:expr),*) => { info!($($key = $value),*; "request completed") };
}

macro_rules! completed_below {
    ($($key:ident = $value:expr),*) => { debug!($($key = $value),*; "request completed") };
}

fn call(case: Case) -> Option<Loop> {
    Some(match case {
        Case::Five | Case::Threads | Case::Start => each!(i => with5!(completed, i)),
        Case::None => each!(_i => info!("request completed")),
        Case::Twenty => each!(i => with20!(completed, i)),
        Case::Message => each!(i => info!("{}", i.big)),
        Case::Escape => each!(i => info!(text = i.esc.as_str(); "request completed")),
        Case::Below => each!(i => with5!(completed_below, i)),
        _ => return None,
    })
}
