//! Requests: the app that everyone wraps, in both frameworks, asked in process or served over loopback.

pub mod actix;
pub mod axum;
pub mod floor;
pub mod load;
pub mod loopback;
pub mod request;
pub mod server;
pub mod soak;

/// `drives!(framework, case, app)`: a loop that asks an app for the request of a case again and again.
///
/// The app is built when it is first asked, and kept until the process ends.
macro_rules! drives {
    ($framework:ident, $case:expr, $app:expr) => {{
        thread_local! {
            static DRIVE: &'static dyn Fn(u64) = {
                let asked = $crate::http::request::Asked::of($case);
                Box::leak(Box::new($crate::http::$framework::drive($app, asked)))
            };
        }
        fn run(times: u64, _: &'static $crate::input::Input) {
            DRIVE.with(|drive| drive(times));
        }
        run as $crate::peers::Loop
    }};
}

/// `serves!(framework, app)`: serves an app on loopback until nobody holds this process any more.
macro_rules! serves {
    ($framework:ident, $app:expr) => {{
        fn run(_: u64, _: &'static $crate::input::Input) {
            $crate::http::$framework::serve(|| $app);
        }
        run as $crate::peers::Loop
    }};
}
