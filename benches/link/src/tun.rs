//! A TUN device in the network of the calling thread: its packets are read and written here.

use crate::network::Error;
use nix::errno::Errno;
use std::fs::{File, OpenOptions};
use std::io;
use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt;
use std::process::Command;

/// What the device is called, in either network.
const NAME: &str = "link0";

nix::ioctl_write_ptr_bad!(set_interface, libc::TUNSETIFF, libc::ifreq);

/// A device with an address, and the other end of the link as the only one that can be reached through it.
pub(crate) fn open(address: Ipv4Addr, other: Ipv4Addr) -> Result<File, Error> {
    let device =
        OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open("/dev/net/tun");
    let device = device.map_err(Error::Device)?;
    attach(&device).map_err(|err| Error::Device(io::Error::from(err)))?;
    ip(&["link", "set", "lo", "up"])?;
    // No IPv6: its addresses would be told to peers, and the relay carries none of it.
    ip(&["link", "set", NAME, "addrgenmode", "none"])?;
    ip(&["address", "add", &address.to_string(), "peer", &other.to_string(), "dev", NAME])?;
    ip(&["link", "set", NAME, "up"])?;
    Ok(device)
}

fn attach(device: &File) -> Result<(), Errno> {
    let mut name = [0; libc::IFNAMSIZ];
    for (to, from) in name.iter_mut().zip(NAME.bytes()) {
        *to = from.cast_signed();
    }
    // Whole IP packets, and nothing before them.
    let flags = libc::c_short::try_from(libc::IFF_TUN | libc::IFF_NO_PI).map_err(|_| Errno::EINVAL)?;
    let request =
        libc::ifreq { ifr_name: name, ifr_ifru: libc::__c_anonymous_ifr_ifru { ifru_flags: flags } };
    #[expect(unsafe_code, reason = "the system call has no safe form; it reads a structure that lives here")]
    let result = unsafe { set_interface(std::os::fd::AsRawFd::as_raw_fd(device), &raw const request) };
    result.map(drop)
}

/// Runs `ip` of iproute2, in the network of this thread.
fn ip(arguments: &[&str]) -> Result<(), Error> {
    let said = |text: String| Error::Address { command: arguments.join(" "), text };
    let output = Command::new("ip").args(arguments).output().map_err(|err| said(err.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(said(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}
