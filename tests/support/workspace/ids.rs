//! Seeded chance, and ids that tell nothing.
//!
//! The same seed gives the same workspace. Pages with generated bodies carry their
//! number in their id and their blocks the position, so that a block of a large
//! workspace can be found without being stored.

use super::model::Id;

/// splitmix64: small, seeded, good enough to look like chance.
#[derive(Clone, Debug)]
pub struct Chance(u64, Form);

/// The form of the ids that chance makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// UUIDs as Notion makes them (section 1.7): of 32, 27 are of version 8, 4 of version 4
    /// and one of another version.
    Notion,
    /// UUIDs of this version.
    Version(u8),
    /// Any bits but those of the variant: Notion refuses an id of another one in a path
    /// (section 1.7).
    Anything,
}

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed ^ 0x6e6f_7469_6f6e_2121, Form::Notion)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// Makes ids of this form from now on.
    pub fn set_form(&mut self, form: Form) {
        self.1 = form;
    }

    /// A fresh id.
    pub fn id(&mut self) -> Id {
        let bits = u128::from(self.next()) << 64 | u128::from(self.next());
        let version = match self.1 {
            // The bits that the version and the variant replace.
            Form::Notion => match bits >> 76 & 0xf | (bits >> 62 & 0x1) << 4 {
                0..27 => 8,
                27..31 => 4,
                _ => 7,
            },
            Form::Version(version) => version,
            Form::Anything => return Id::from_bits(bits & !(0x3 << 62) | 0x2 << 62),
        };
        uuid(bits, version)
    }
}

/// The finaliser of splitmix64, as a hash.
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn uuid(bits: u128, version: u8) -> Id {
    let bits = bits & !(0xf << 76) & !(0x3 << 62);
    Id::from_bits(bits | u128::from(version & 0xf) << 76 | 0x2 << 62)
}

/// Marks the ids that carry a page number and a block position; of version 8.
const GENERATED: u64 = 0x9e4e_7a7e_d0b1_8000;

/// The id of generated page `page`, or with `position` > 0 of its n-th block.
pub fn generated(page: u32, position: u32) -> Id {
    let low = 0x2 << 62 | u64::from(page) << 32 | u64::from(position);
    Id::from_bits(u128::from(GENERATED) << 64 | u128::from(low))
}

/// The page number and block position of a generated id.
pub fn of_generated(id: Id) -> Option<(u32, u32)> {
    if (id.bits() >> 64) as u64 != GENERATED {
        return None;
    }
    let low = id.bits() as u64;
    Some(((low >> 32) as u32 & 0x3fff_ffff, low as u32))
}
