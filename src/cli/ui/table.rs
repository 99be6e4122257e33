//! Columns for people. The last column takes the free text, so that no width of a
//! title can push the others out of line.

/// Rows of cells under a head. All columns but the last are padded.
pub struct Table {
    head: Vec<&'static str>,
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column heads; a head that begins with `>` stands for a
    /// column of numbers, set to the right.
    pub fn new(head: &[&'static str]) -> Table {
        Table {
            right: head.iter().map(|name| name.starts_with('>')).collect(),
            head: head
                .iter()
                .map(|name| name.trim_start_matches('>'))
                .collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; it has as many cells as the head.
    pub fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.head.len());
        self.rows.push(cells);
    }

    /// The lines, the head first.
    pub fn lines(&self) -> Vec<String> {
        let head: Vec<String> = self.head.iter().map(|&name| name.to_owned()).collect();
        let rows = || std::iter::once(&head).chain(&self.rows);
        let mut widths = vec![0; head.len()];
        for row in rows() {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        rows()
            .map(|row| {
                let mut line = String::new();
                for ((cell, &width), &right) in row.iter().zip(&widths).zip(&self.right) {
                    if right {
                        line.push_str(&format!("{cell:>width$}"));
                    } else {
                        line.push_str(&format!("{cell:<width$}"));
                    }
                    line.push_str("  ");
                }
                line.trim_end().to_owned()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_titles_come_last() {
        let mut table = Table::new(&["ID", ">SIZE", "TITLE"]);
        table.row(vec!["a".into(), "5".into(), "one  two".into()]);
        table.row(vec!["bcd".into(), "12345".into(), String::new()]);
        assert_eq!(
            table.lines(),
            ["ID    SIZE  TITLE", "a        5  one  two", "bcd  12345"]
        );
    }
}
