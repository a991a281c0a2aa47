fn main() {
    let span = ();
    hyperlog_core::info!(parent: &span, "an event below a span");
    hyperlog_core::event!(parent: &span, hyperlog_core::Level::INFO, "an event below a span");
    hyperlog_core::info!(target: "shop", parent: &span, "an event below a span");
}
