//! Files as an output, by what can happen to them.

mod buffer;
mod children;
mod compression;
mod conformance;
mod disk;
mod outside;
mod paths;
mod permissions;
mod place;
mod retention;
mod rotation;
mod traced;
mod turns;
