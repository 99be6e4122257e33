//! Plakar's protocol, version 1.1.0. The code below is made from the `.proto` files beside
//! it, which are written from a description of the protocol; a test compares the two.

/// The side that is backed up from.
#[rustfmt::skip]
pub mod importer;

/// The package `plakar`.
pub mod plakar {
    /// What both sides speak of.
    #[rustfmt::skip]
    pub mod connectors; /// The side that is restored to.
    #[rustfmt::skip]
    #[allow(clippy::large_enum_variant)] // Made so; a record is at most as long as a name.
    pub mod exporter;
}
