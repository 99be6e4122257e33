//! One step of a restore, whatever happens to it: each failure of each kind of write
//! leaves exactly one object, and the answer names it (section 9.6 of the API digest).

mod lost;
mod refused;
mod stage;
mod uploads;
