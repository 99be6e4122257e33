//! Nesting that breaks whoever recurses.

use super::Workspace;
use super::model::*;

impl Workspace {
    /// `levels` pages each inside the one before, and on the first of them `levels`
    /// toggles each inside the one before. Named `top`, `bottom` and `deepest block`.
    pub fn deep(levels: u32) -> Workspace {
        let mut ws = Workspace::new(2);
        let top = ws.page(Parent::Workspace, "Level 0");
        ws.name("top", top);
        let mut at = top;
        for level in 1..levels {
            at = ws.page(Parent::Page(at), &format!("Level {level}"));
        }
        ws.paragraph(at, "the bottom");
        ws.name("bottom", at);
        let mut under = top;
        for level in 0..levels {
            under = ws.toggle(under, &format!("toggle {level}"));
        }
        ws.name("deepest block", under);
        ws
    }
}
