//! A socket's receive low-water mark (`socket(7)`, `SO_RCVLOWAT`): the only unsafe code here.
#![expect(
    unsafe_code,
    reason = "neither the standard library nor rustix nor socket2 sets this option"
)]

use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// The mark of a new socket: readable with the first byte.
pub(crate) const FIRST_BYTE: u32 = 1;

/// From now on the socket is readable when `bytes` wait in it, or the stream has ended, or nothing
/// more fits into its buffer. It is told at once if that is so already.
pub(crate) fn set(socket: &impl AsFd, bytes: u32) -> io::Result<()> {
    let bytes = libc::c_int::try_from(bytes).unwrap_or(libc::c_int::MAX);
    let descriptor = socket.as_fd().as_raw_fd();
    let length = size_of_val(&bytes) as libc::socklen_t;
    // SAFETY: `bytes` is an initialised `c_int` that outlives the call, and `length` is its size;
    // the kernel reads that many bytes there, and keeps no pointer. The descriptor is borrowed, so
    // it stays open meanwhile; one that is no socket would be an error and no fault.
    let done = unsafe {
        libc::setsockopt(
            descriptor,
            libc::SOL_SOCKET,
            libc::SO_RCVLOWAT,
            (&raw const bytes).cast(),
            length,
        )
    };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
