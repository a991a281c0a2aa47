//! What does a service write that logs by `tracing`, with hyperlog in its `main` alone? See `migrated_before`.

#[path = "migrated/shop.rs"]
mod shop;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _logging = hyperlog::init()?;
    hyperlog::tracing::install()?;
    hyperlog::log::install()?;

    let app = shop::router().layer(hyperlog::axum::HyperLogLayer::new());
    shop::ask(app).await;
    Ok(())
}
