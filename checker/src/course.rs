//! The labs of the course in teaching order.

use crate::lab::Lab;
use crate::labs::{lab1_editor, lab2_compare, lab3_copy, lab4_page_align, lab5_counter, lab6_cow};

/// All labs, in teaching order.
pub fn labs() -> &'static [&'static Lab] {
    static LABS: [&Lab; 6] = [
        &lab1_editor::LAB,
        &lab2_compare::LAB,
        &lab3_copy::LAB,
        &lab4_page_align::LAB,
        &lab5_counter::LAB,
        &lab6_cow::LAB,
    ];
    &LABS
}

#[cfg(test)]
mod tests;
