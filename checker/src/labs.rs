//! The checks, mistakes and hints of each lab, one module a lab.

pub mod lab3_copy;
