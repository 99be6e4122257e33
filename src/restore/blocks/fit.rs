//! What fits into one request: how deep, how many, how long (sections 1.5 and 4.4 of the
//! API digest), and from that the form in which each block is sent.

use super::draft::{At, Draft, Forest};
use super::structure::holds_children;

/// The most elements of a `children` array.
pub const FIRST: usize = 100;
/// The most blocks of one request, nested ones and table rows included.
pub const BLOCKS: usize = 1000;
/// The most bytes of one request's JSON; 500 KB is Notion's limit.
pub const BYTES: usize = 450_000;
/// What a block has in JSON around its type (twice) and its payload.
const AROUND: usize = 40;

/// What a block takes of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Blocks.
    pub blocks: usize,
    /// Bytes of JSON, or a little more.
    pub bytes: usize,
}

impl Size {
    fn plus(self, other: Size) -> Size {
        Size {
            blocks: self.blocks + other.blocks,
            bytes: self.bytes + other.bytes,
        }
    }

    fn fits(self) -> bool {
        self.blocks <= BLOCKS && self.bytes <= BYTES
    }

    /// What it leaves of a request, in thousandths, after `first` first-level blocks.
    fn leaves(self, first: usize) -> usize {
        let blocks = BLOCKS.saturating_sub(self.blocks) * 1000 / BLOCKS;
        let bytes = BYTES.saturating_sub(self.bytes) * 1000 / BYTES;
        blocks
            .min(bytes)
            .min((FIRST.saturating_sub(first)) * 1000 / FIRST)
    }
}

/// How a block is sent at the first level of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// With all that is below it.
    Whole,
    /// With this many of its children; the others follow with its id.
    Split(usize),
    /// Tabs: the paragraphs of this range, which fit; the others follow with the id of
    /// their block.
    Tabs(usize, usize),
    /// Tabs, none of which fits: the first with this many of its blocks. The others
    /// follow once its id is learnt.
    Tab(usize),
    /// Columns, each with so many of its first blocks; the others follow once the ids of
    /// the columns are learnt.
    Columns(Vec<usize>),
}

/// A block's form at the first level of a request.
#[derive(Clone, Debug)]
struct Form {
    plan: Plan,
    size: Size,
}

/// The forms of all blocks of a forest.
pub struct Fit<'a> {
    forest: &'a Forest,
    /// Whether it can be sent whole at level 0, 1, 2 of a request.
    levels: Vec<[bool; 3]>,
    /// With all that is below it.
    whole: Vec<Size>,
    /// Whether no id is needed, and nothing is named, in it.
    clean: Vec<bool>,
    forms: Vec<Form>,
}

impl<'a> Fit<'a> {
    /// Finds the form of every block, from the leaves up.
    pub fn new(forest: &'a Forest) -> Fit<'a> {
        let count = forest.drafts.len();
        let nothing = Form {
            plan: Plan::Whole,
            size: Size::default(),
        };
        let mut fit = Fit {
            forest,
            levels: vec![[false; 3]; count],
            whole: vec![Size::default(); count],
            clean: vec![true; count],
            forms: vec![nothing; count],
        };
        for (at, draft) in forest.drafts.iter().enumerate().rev() {
            let below = draft.children.iter().map(|at| fit.whole_size(*at));
            let size = below.fold(own(draft), Size::plus);
            let clean = draft.children.iter().all(|at| fit.is_clean(*at));
            let levels = fit.levels_of(draft);
            set(&mut fit.whole, at, size);
            set(&mut fit.levels, at, levels);
            set(&mut fit.clean, at, clean && !bound(draft));
            let form = fit.form_of(at, draft);
            set(&mut fit.forms, at, form);
        }
        fit
    }

    /// How it is sent at the first level of a request.
    pub fn plan(&self, at: At) -> &Plan {
        self.forms.get(at).map_or(&Plan::Whole, |form| &form.plan)
    }

    /// Whether no id is needed, and nothing on the page is named, in it.
    pub fn is_clean(&self, at: At) -> bool {
        self.clean.get(at).copied().unwrap_or(true)
    }

    /// How many of the items, in order, go into one request; at least one. `true` for
    /// those that are sent without what is below them, to make room.
    pub fn batch(&self, items: &[At]) -> Vec<bool> {
        let mut taken = Vec::new();
        let mut used = Size::default();
        for &at in items.iter().take(FIRST) {
            let size = self.form_size(at);
            if taken.is_empty() || used.plus(size).fits() {
                used = used.plus(size);
                taken.push(false);
                continue;
            }
            // It can end this request and begin the next, or be sent bare and cost one
            // request for what is below it. The same price, so what leaves more room wins.
            let Some(bare) = self.bare(at).map(|bare| used.plus(bare)) else {
                break;
            };
            if !bare.fits() || bare.leaves(taken.len() + 1) <= size.leaves(1) {
                break;
            }
            used = bare;
            taken.push(true);
        }
        taken
    }

    /// The size of a block without its children, where it can be sent so and one
    /// request is enough for them.
    fn bare(&self, at: At) -> Option<Size> {
        let draft = self.forest.drafts.get(at)?;
        let generic = is_generic(draft) && !draft.children.is_empty();
        (generic && *self.plan(at) == Plan::Whole).then(|| own(draft))
    }

    fn requests(&self, mut items: &[At]) -> usize {
        let mut count = 0;
        while !items.is_empty() {
            let taken = self.batch(items);
            count += 1 + taken.iter().filter(|bare| **bare).count();
            items = items.get(taken.len()..).unwrap_or_default();
        }
        count
    }

    fn form_of(&self, at: At, draft: &Draft) -> Form {
        let whole = self.whole_size(at);
        let fits = draft.children.is_empty() || (self.at_level(at, 0) && whole.fits());
        if fits {
            return Form {
                plan: Plan::Whole,
                size: whole,
            };
        }
        match draft.kind {
            "column_list" => self.columns(draft),
            "tab" => self.tabs(draft),
            _ => self.split(draft),
        }
    }

    fn split(&self, draft: &Draft) -> Form {
        let least = usize::from(draft.kind == "table");
        let is_table = draft.kind == "table";
        let mut sizes = vec![own(draft)];
        for &child in draft.children.iter().take(FIRST) {
            let size = sizes
                .last()
                .map_or_else(Size::default, |it| it.plus(self.whole_size(child)));
            let fits = size.fits() && (is_table || self.at_level(child, 1));
            if !fits && sizes.len() > least {
                break;
            }
            sizes.push(size);
        }
        // The fewest children with which as few requests are left as with the most.
        let left = |inline: usize| self.requests(draft.children.get(inline..).unwrap_or_default());
        let (mut low, mut high) = (least, sizes.len() - 1);
        let best = left(high);
        while low < high {
            let middle = (low + high) / 2;
            if left(middle) <= best {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Form {
            plan: Plan::Split(high),
            size: sizes.get(high).copied().unwrap_or_default(),
        }
    }

    fn tabs(&self, draft: &Draft) -> Form {
        let tabs = &draft.children;
        let mut size = own(draft);
        let Some(from) = tabs.iter().position(|at| self.at_level(*at, 1)) else {
            let first = tabs.first().and_then(|at| self.forest.drafts.get(*at));
            size = first.map_or(size, |first| size.plus(own(first)));
            let below = first.map_or(&[][..], |first| &first.children);
            let count = self.fitting(below, 2, &mut size);
            let plan = Plan::Tab(count);
            return Form { plan, size };
        };
        let fitting = tabs.get(from..).unwrap_or_default();
        let count = self.fitting(fitting, 1, &mut size).max(1);
        let plan = Plan::Tabs(from, from + count);
        Form { plan, size }
    }

    /// How many of the blocks can be sent together at this level of a request that has
    /// this size without them.
    fn fitting(&self, blocks: &[At], level: usize, size: &mut Size) -> usize {
        let mut count = 0;
        for &at in blocks.iter().take(FIRST) {
            let with = size.plus(self.whole_size(at));
            if !self.at_level(at, level) || !with.fits() {
                break;
            }
            *size = with;
            count += 1;
        }
        count
    }

    fn columns(&self, draft: &Draft) -> Form {
        let columns = draft.children.iter().take(FIRST);
        let columns = columns.filter_map(|at| self.forest.drafts.get(*at));
        let mut size = columns.clone().map(own).fold(own(draft), Size::plus);
        let parts = columns.map(|column| self.fitting(&column.children, 1, &mut size));
        let plan = Plan::Columns(parts.collect());
        Form { plan, size }
    }

    fn levels_of(&self, draft: &Draft) -> [bool; 3] {
        let children = &draft.children;
        let free = !bound(draft);
        let few = children.len() <= FIRST;
        let all = |level: usize| few && children.iter().all(|at| self.at_level(*at, level));
        match draft.kind {
            "table" => {
                let rows = few && children.iter().all(|at| self.is_clean(*at));
                [rows, free && rows, false]
            }
            "column_list" => {
                let whole = |at: &At| {
                    let column = self.forest.drafts.get(*at);
                    self.at_level(*at, 0) && column.is_some_and(|column| !bound(column))
                };
                [few && children.iter().all(whole), false, false]
            }
            "column" => [all(1), false, false],
            "tab" => [all(1), free && all(2), false],
            _ => [all(1), free && all(2), free && children.is_empty()],
        }
    }

    fn at_level(&self, at: At, level: usize) -> bool {
        let levels = self.levels.get(at);
        levels
            .and_then(|levels| levels.get(level).copied())
            .unwrap_or(false)
    }

    fn whole_size(&self, at: At) -> Size {
        self.whole.get(at).copied().unwrap_or_default()
    }

    fn form_size(&self, at: At) -> Size {
        self.forms.get(at).map(|form| form.size).unwrap_or_default()
    }
}

/// Whether it can only be sent at a first level.
fn bound(draft: &Draft) -> bool {
    draft.needed || draft.refers
}

/// Whether it can be sent with any number of its children.
fn is_generic(draft: &Draft) -> bool {
    holds_children(draft.kind) && !matches!(draft.kind, "table" | "tab" | "column_list" | "column")
}

fn own(draft: &Draft) -> Size {
    let payload = serde_json::to_string(&draft.payload).map_or(BYTES, |text| text.len());
    Size {
        blocks: 1,
        bytes: payload + 2 * draft.kind.len() + AROUND,
    }
}

fn set<T>(all: &mut [T], at: At, value: T) {
    if let Some(place) = all.get_mut(at) {
        *place = value;
    }
}
