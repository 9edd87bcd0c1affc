//! Explores the interleavings of real, unmodified processes.
mod operation;
mod search;
