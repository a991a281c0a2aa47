//! The logging suite a Rust web team adds on day one and never outgrows.

pub use hyperlog_core::*;

/// The pages of the guide, so that their examples are compiled and run with the tests.
#[cfg(doctest)]
mod guide {
    macro_rules! pages {
        ($($page:ident)*) => {
            $(
                #[doc = include_str!(concat!("../docs/guide/src/", stringify!($page), ".md"))]
                mod $page {}
            )*
        };
    }

    pages! {
        start records formats levels fields context redaction sampling hooks
        sinks encoders health testing tracing performance
    }
}
