//! Socket options that no library sets: the only unsafe code here.
#![expect(
    unsafe_code,
    reason = "neither the standard library nor rustix nor socket2 sets these options"
)]

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use libc::c_int;

/// The low-water mark of a new socket: readable with the first byte.
pub(crate) const FIRST_BYTE: u32 = 1;

/// `IP_LOCAL_PORT_RANGE` of `linux/in.h` (Linux 6.3 and newer).
#[cfg(target_os = "linux")]
const IP_LOCAL_PORT_RANGE: c_int = 51;

/// From now on the socket is readable when `bytes` wait in it, or the stream has ended, or nothing
/// more fits into its buffer (`SO_RCVLOWAT`). It is told at once if that is so already.
pub(crate) fn set_low_water(socket: &impl AsFd, bytes: u32) -> io::Result<()> {
    let most = c_int::MAX.cast_unsigned();
    set(socket, libc::SOL_SOCKET, libc::SO_RCVLOWAT, bytes.min(most))
}

/// The socket's own port is one of these (`IP_LOCAL_PORT_RANGE`), for IPv4 and IPv6 alike.
#[cfg(target_os = "linux")]
pub(crate) fn set_port_range(socket: &impl AsFd, first: u16, last: u16) -> io::Result<()> {
    let range = u32::from(last) << 16 | u32::from(first);
    set(socket, libc::IPPROTO_IP, IP_LOCAL_PORT_RANGE, range)
}

/// Binding to an address leaves the port to connecting (`IP_BIND_ADDRESS_NO_PORT`).
#[cfg(target_os = "linux")]
pub(crate) fn set_port_at_connect(socket: &impl AsFd) -> io::Result<()> {
    set(socket, libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT, 1)
}

fn set(socket: &impl AsFd, level: c_int, option: c_int, value: u32) -> io::Result<()> {
    let descriptor = socket.as_fd().as_raw_fd();
    let length = size_of_val(&value) as libc::socklen_t;
    // SAFETY: `value` is an initialised 32-bit number, as wide as each of these options is, that
    // outlives the call, and `length` is its size; the kernel reads that many bytes there, and keeps
    // no pointer. The descriptor is borrowed, so it stays open meanwhile; one that is no socket would
    // be an error and no fault.
    let done =
        unsafe { libc::setsockopt(descriptor, level, option, (&raw const value).cast(), length) };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
