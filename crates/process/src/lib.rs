//! Player processes of viewers: started, watched, ended, never orphaned.
