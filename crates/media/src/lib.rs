//! Playlists parsed into one timeline; container facts and writers of TS and fMP4.
