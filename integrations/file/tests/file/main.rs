//! Files as an output, by what can happen to them.

mod conformance;
mod place;
mod rotation;
