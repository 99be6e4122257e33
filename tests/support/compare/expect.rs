//! What a restore cannot bring back (section 8 of the API digest), kind by kind, and
//! what is asked of a copy. What is expected in the place of each is in `normal` and
//! `normal_values`; everything that is not in this list must be equal.

use std::collections::BTreeSet;

use super::super::workspace::model::Id;

/// A kind of thing that does not come back as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lost {
    /// Times and authors are those of the restore; comments say them instead.
    TimesAndAuthors,
    /// A link preview becomes a bookmark or an embed.
    LinkPreviews,
    /// Meeting notes become a toggle with their text.
    MeetingNotes,
    /// A template button becomes a toggle with its text and children.
    TemplateButtons,
    /// What the API cannot create becomes a callout that names it.
    UnsupportedBlocks,
    /// Where a numbered list starts, and in which figures.
    ListStarts,
    /// Callouts without an icon, or with a stored file as one.
    CalloutIcons,
    /// Pages and databases in blocks move to the end of their page; a link stays.
    NestedObjects,
    /// Mentions that can only be read become text, with their link.
    ReadOnlyMentions,
    /// What is named but neither restored nor reachable becomes text.
    DeadReferences,
    /// People whom the target does not know become text, or vanish from columns.
    UnmappedUsers,
    /// Custom emojis by name, else something else.
    ForeignEmojis,
    /// Icons of types that nobody can write; covers of inline databases.
    UnwritableIcons,
    /// Columns that cannot be created, and values that cannot be written.
    ComputedValues,
    /// A status that says nothing takes the first option (section 6).
    EmptyStatuses,
    /// Numbers of unique-id columns with gaps.
    UniqueIdGaps,
    /// Rows come in the order of their numbers, then of their making.
    RowOrder,
    /// Names, colours and other than the three usual groups of a status.
    StatusGroups,
    /// Option names with commas.
    OptionCommas,
    /// Views that cannot be read, and what views show but nobody may write.
    ViewDetails,
    /// Templates become pages, databases in wikis databases somewhere.
    TemplatesAndWikis,
    /// Files of types that uploads refuse.
    RefusedFiles,
    /// More than a hundred runs take several blocks.
    LongTexts,
}

const ALL: [Lost; 23] = [
    Lost::TimesAndAuthors,
    Lost::LinkPreviews,
    Lost::MeetingNotes,
    Lost::TemplateButtons,
    Lost::UnsupportedBlocks,
    Lost::ListStarts,
    Lost::CalloutIcons,
    Lost::NestedObjects,
    Lost::ReadOnlyMentions,
    Lost::DeadReferences,
    Lost::UnmappedUsers,
    Lost::ForeignEmojis,
    Lost::UnwritableIcons,
    Lost::ComputedValues,
    Lost::EmptyStatuses,
    Lost::UniqueIdGaps,
    Lost::RowOrder,
    Lost::StatusGroups,
    Lost::OptionCommas,
    Lost::ViewDetails,
    Lost::TemplatesAndWikis,
    Lost::RefusedFiles,
    Lost::LongTexts,
];

/// Which comments the dump read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comments {
    None,
    Pages,
    All,
}

/// What is asked of a restored copy.
#[derive(Clone, Debug)]
pub struct Expect {
    pub lost: BTreeSet<Lost>,
    pub comments: Comments,
    /// The top-level objects that were restored; `None` for all that a dump sees.
    pub only: Option<Vec<Id>>,
    /// What lies under the page beside the copy.
    pub beside: BTreeSet<Id>,
}

impl Expect {
    /// An exact copy: nothing is forgiven.
    pub fn exact() -> Expect {
        Expect {
            lost: BTreeSet::new(),
            comments: Comments::All,
            only: None,
            beside: BTreeSet::new(),
        }
    }

    /// Everything that the API can create, and stand-ins for the rest.
    pub fn restored() -> Expect {
        Expect {
            lost: ALL.into_iter().collect(),
            ..Expect::exact()
        }
    }

    /// All of this but one kind.
    pub fn but(mut self, lost: Lost) -> Expect {
        self.lost.remove(&lost);
        self
    }

    /// With only these comments.
    pub fn comments(mut self, comments: Comments) -> Expect {
        self.comments = comments;
        self
    }

    /// With only these top-level objects.
    pub fn only(mut self, roots: &[Id]) -> Expect {
        self.only = Some(roots.to_vec());
        self
    }

    /// With these objects lying beside the copy.
    pub fn beside(mut self, ids: &[Id]) -> Expect {
        self.beside.extend(ids);
        self
    }
}
