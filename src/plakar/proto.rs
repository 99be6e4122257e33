//! Plakar's protocol, version 1.1.0. The code below is made from the `.proto` files beside
//! it, which are written from a description of the protocol; a test compares the two.

/// The side that is backed up from.
#[rustfmt::skip]
pub mod importer;

/// The package `plakar`.
#[rustfmt::skip]
pub mod plakar {
    /// What both sides speak of.
    pub mod connectors;

    /// The side that is restored to.
    // Chunks come in the same message as records; one of them is alive at a time.
    #[allow(clippy::large_enum_variant)]
    pub mod exporter;
}
