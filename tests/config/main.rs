//! Configurations: what goes over what, what is refused and how, and that each key does what it says.

mod effects;
mod files;
mod http;
mod layers;
mod performance;
mod refused;
mod reload;
mod requests;
mod stage;
