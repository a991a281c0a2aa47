//! The engine of delivery, held against a backend that does what the test says.

mod account;
mod batches;
mod closing;
mod full;
mod promises;
mod retrying;
mod stage;
