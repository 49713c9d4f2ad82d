//! What the sink's properties say about ports and addresses, in the native transport's terms.

use super::settings::Settings;
use crate::peer::Listen;
use logic::addresses::{Advertised, Names, Networks, Ports, Unreadable};

/// What is asked of the native transport's engine.
///
/// # Errors
/// A property cannot be read; says which.
pub(super) fn listen(settings: &Settings) -> Result<Listen, String> {
    let list = |list: &Option<String>| list.clone().unwrap_or_default();
    Ok(Listen {
        ports: Ports::new(settings.udp_port, settings.udp_port_max)
            .map_err(|err| format!("failed to choose a port: {err}"))?,
        threads: settings.udp_threads,
        tcp: settings.ice_tcp,
        interfaces: Names::read(&list(&settings.ice_interfaces)),
        networks: Networks::read(&list(&settings.ice_addresses))
            .map_err(|err| unreadable("ice-addresses", &err))?,
    })
}

/// Under which addresses viewers are told of this host, which has those that `listen` leaves.
///
/// # Errors
/// The property cannot be read, or has an address that stands for none of this host's.
pub(super) fn advertised(settings: &Settings, listen: &Listen) -> Result<Advertised, String> {
    const NAME: &str = "ice-advertised-addresses";
    let list = settings.ice_advertised_addresses.as_deref().unwrap_or_default();
    let advertised = Advertised::read(list).map_err(|err| unreadable(NAME, &err))?;
    match advertised.idle(&listen.addresses()) {
        Some(idle) => Err(format!(
            "failed to advertise {idle}: this host uses no address that it could stand for; correct property {NAME}, \
             ice-interfaces or ice-addresses"
        )),
        None => Ok(advertised),
    }
}

fn unreadable(property: &str, fault: &Unreadable) -> String {
    format!("failed to read property {property}: {fault}")
}
