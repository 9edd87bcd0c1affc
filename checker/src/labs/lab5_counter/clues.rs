//! How the mistakes of lab 5 show in what was observed.
