//! The checks, mistakes and hints of each lab, one module a lab.

pub mod lab1_editor;
pub mod lab2_compare;
pub mod lab3_copy;
pub mod lab4_page_align;
pub mod lab5_counter;
pub mod lab6_cow;
