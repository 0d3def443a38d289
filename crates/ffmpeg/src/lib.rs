//! FFmpeg from outside: what it is told, and what its log and its progress say.
