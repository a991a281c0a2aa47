//! `logforth` behind the key-value macros of `log`: its appender with a thread of its own, where who finds it full waits.

use crate::delivery::ends;
use crate::peers::{Peer, Standing};
use log::info;
use logforth::append::asynchronous::AsyncBuilder;
use logforth::append::file::FileBuilder;
use logforth::layout::JsonLayout;

pub static JSON: Peer = Peer {
    name: "logforth-async",
    standing: Standing::Always,
    install: |_| {
        let path = ends::path();
        let (folder, name) = path.parent().zip(path.file_stem()).ok_or("there is no folder")?;
        let file = FileBuilder::new(folder, name.to_string_lossy()).layout(JsonLayout::default()).build()?;
        let queue = AsyncBuilder::new("versus").overflow_block().append(file).build();
        logforth::starter_log::builder().dispatch(|dispatch| dispatch.append(queue)).apply();
        log::set_max_level(log::LevelFilter::Info);
        ends::at_the_end(|| log::logger().flush());
        Ok(())
    },
    call: |case| if case.is_from_a_queue() { Some(each!(i => with5!(completed, i))) } else { None },
    sites: None,
};

macro_rules! completed {
    ($($key:ident = $value:expr),*) => { info!($($key = $value),*; "request completed") };
}
use completed;
