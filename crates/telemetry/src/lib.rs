//! Request and playback samples in, snapshots out.
