//! The known programs of `checker/corpus`: right ones, wrong ones and hostile ones, each with what
//! it should come to written at its top before it was first run. A lab is worth what they say of
//! it: none that is wrong may pass, none that is right may fail.
//!
//! ```text
//! checker/corpus/labN-name/KIND/NAME.c         a program in C, by `cc`
//! checker/corpus/labN-name/KIND/NAME.rs        a program in Rust, a [[bin]] of the package corpus
//! checker/corpus/labN-name/KIND/NAME.step.rs   steps as a learner writes them, in the lab's crate
//! ```
//!
//! KIND is `alternatives`, `mistakes`, `cheats` or `crashers`.

pub mod build;
pub mod compare;
pub mod coverage;
pub mod header;
pub mod judging;
pub mod matrix;
pub mod mutants;
pub mod programs;
pub mod steps;
pub mod words;
