//! The frames of a stack as data: function, file, line.
//!
//! Most frames of a panic in a server are the runtime's. They are folded into a number, so that what remains is the
//! program.

use crate::keys;
use crate::value::{Tree, TreeVisitor, Value};
use backtrace::{Backtrace, BacktraceFrame, BacktraceSymbol};

/// The frames of a stack, innermost first.
pub(crate) struct Frames(Vec<Entry>);

enum Entry {
    Frame {
        function: String,
        file: Option<String>,
        line: Option<u32>,
    },
    /// So many of the runtime's.
    Folded(u64),
}

impl Frames {
    /// Looks the names up, which reads debug information: slow.
    pub(crate) fn resolve(mut stack: Backtrace, most: usize) -> Frames {
        stack.resolve();
        let mut frames = Frames(Vec::new());
        for symbol in stack.frames().iter().flat_map(BacktraceFrame::symbols) {
            frames.add(symbol);
            if frames.0.len() > most {
                frames.0.truncate(most);
                break;
            }
        }
        frames
    }

    fn add(&mut self, symbol: &BacktraceSymbol) {
        let Some(name) = symbol.name() else { return };
        let function = format!("{name:#}");
        let file = symbol.filename().map(|file| file.display().to_string());
        if !is_runtime(&function) && !file.as_deref().is_some_and(is_library) {
            return self.0.push(Entry::Frame { function, file, line: symbol.lineno() });
        }
        match self.0.last_mut() {
            Some(Entry::Folded(count)) => *count += 1,
            Some(Entry::Frame { .. }) => self.0.push(Entry::Folded(1)),
            // What stands innermost is the machinery of panicking.
            None => {}
        }
    }
}

/// Whether a function belongs to what runs the program rather than to the program.
fn is_runtime(function: &str) -> bool {
    let name = function.trim_start_matches(['<', '&', '*', '(']).trim_start_matches("mut ").trim_start_matches("dyn ");
    RUNTIME.iter().any(|start| name.starts_with(start))
}

#[rustfmt::skip] // one name per line would fill a screen
const RUNTIME: &[&str] = &[
    "alloc::", "core::", "std::", "test::", "__rustc::", "__rust", "rust_", "__libc", "__clone", "clone3", "_start", "start_thread",
    "actix_http::", "actix_rt::", "actix_server::", "actix_service::", "actix_web::", "axum::", "axum_core::", "backtrace::",
    "futures_util::", "hyper::", "hyper_util::", "tokio::", "tower::", "tower_http::",
    "hyperlog_core::http::exchange::Exchange::run", "hyperlog_core::panic::catch", "hyperlog_core::panic::spawned::", "hyperlog_core::panic::hook::", "hyperlog_core::panic::stack::stack", "hyperlog_actix::", "hyperlog_axum::", "hyperlog_tower::",
];

/// Whether a file is of the standard library or of a crate that was downloaded.
fn is_library(file: &str) -> bool {
    file.starts_with("/rustc/") || file.contains("/registry/src/")
}

impl Tree for Frames {
    fn walk(&self, visitor: &mut dyn TreeVisitor) {
        visitor.begin_list();
        for entry in &self.0 {
            if visitor.is_full() {
                break;
            }
            entry.walk(visitor);
        }
        visitor.end();
    }
}

impl Tree for Entry {
    fn walk(&self, visitor: &mut dyn TreeVisitor) {
        visitor.begin_map();
        match self {
            Entry::Folded(count) => {
                visitor.key(keys::FOLDED);
                visitor.value(Value::U64(*count));
            }
            Entry::Frame { function, file, line } => {
                visitor.key(keys::FUNCTION);
                visitor.value(Value::Str(function));
                if let Some(file) = file {
                    visitor.key(keys::FILE);
                    visitor.value(Value::Str(file));
                }
                if let Some(line) = line {
                    visitor.key(keys::LINE);
                    visitor.value(Value::U64(u64::from(*line)));
                }
            }
        }
        visitor.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_the_runtime_are_known_by_their_names() {
        let check = |function: &str, expected| assert_eq!(is_runtime(function), expected, "{function}");
        check("core::panicking::panic_fmt", true);
        check("<core::pin::Pin<P> as core::future::future::Future>::poll", true);
        check("<&mut tokio::net::TcpStream as Thing>::poll", true);
        check("tokio::runtime::task::raw::poll", true);
        check("rust_begin_unwind", true);
        check("hyperlog_core::http::exchange::Exchange::run", true);
        check("<hyperlog_core::panic::spawned::Spawned<F> as core::future::future::Future>::poll", true);
        check("__libc_start_main", true);
        check("shop::orders::place", false);
        check("<shop::Order as core::fmt::Display>::fmt", false);
        check("tokio_shop::main", false);
        check("std_out_of_stock::order", false);
    }
}
