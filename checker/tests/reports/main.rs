//! What people and programs read: whole reports as text and as JSON.

mod golden;
mod made;
mod orders;
mod schema;
