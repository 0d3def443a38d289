//! How the file is laid out: what a person looks for is on lines of its own, and what there are
//! thousands of, such as the rows of the timeline, is on one line each.

use std::io::{self, Write};

use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

/// Objects and arrays nested deeper than this are written on one line.
const DEPTH_MAX: usize = 2;

/// Indents the outer levels and keeps the inner ones together.
#[derive(Debug)]
pub(super) struct Layout {
    outer: PrettyFormatter<'static>,
    depth: usize,
}

impl Layout {
    pub(super) fn new() -> Self {
        Self {
            outer: PrettyFormatter::new(),
            depth: 0,
        }
    }

    fn is_outer(&self) -> bool {
        self.depth <= DEPTH_MAX
    }
}

/// Passes a call on to the layout of the level it is for.
macro_rules! at_level {
    ($($call:ident($($argument:ident: $of:ty),*);)*) => {$(
        fn $call<W: ?Sized + Write>(&mut self, to: &mut W $(, $argument: $of)*) -> io::Result<()> {
            if self.is_outer() {
                self.outer.$call(to $(, $argument)*)
            } else {
                CompactFormatter.$call(to $(, $argument)*)
            }
        }
    )*};
}

impl Formatter for Layout {
    at_level! {
        begin_array_value(first: bool);
        end_array_value();
        begin_object_key(first: bool);
        begin_object_value();
        end_object_value();
    }

    fn begin_array<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.depth += 1;
        if self.is_outer() {
            return self.outer.begin_array(to);
        }
        CompactFormatter.begin_array(to)
    }

    fn end_array<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        let outer = self.is_outer();
        self.depth -= 1;
        if outer {
            return self.outer.end_array(to);
        }
        CompactFormatter.end_array(to)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.depth += 1;
        if self.is_outer() {
            return self.outer.begin_object(to);
        }
        CompactFormatter.begin_object(to)
    }

    fn end_object<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        let outer = self.is_outer();
        self.depth -= 1;
        if outer {
            return self.outer.end_object(to);
        }
        CompactFormatter.end_object(to)
    }
}
