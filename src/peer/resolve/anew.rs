//! Other servers of the application, while the signalling server's stay.

use super::IceServers;

impl IceServers {
    /// These in the place of the application's; the signalling server's are looked up once more. Who has a clone keeps
    /// the old ones.
    pub(crate) fn instead(&self, stun: Option<&str>, turn: &[String]) -> Self {
        let given: Vec<String> = {
            let known = self.lock();
            known.next.as_ref().unwrap_or(&known.given).iter().map(|server| server.url.to_string()).collect()
        };
        let servers = Self::new(stun, turn);
        if !given.is_empty() {
            servers.replace(&given);
        }
        servers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_applications_servers_change_for_who_asks_anew_and_the_signalling_servers_stay() {
        let list = |urls: &[&str]| urls.iter().map(|url| (*url).to_owned()).collect::<Vec<_>>();
        let before = IceServers::new(Some("stun://192.0.2.1:1"), &list(&["turn://u:p@192.0.2.2:2"]));
        before.replace(&list(&["turn://u:p@192.0.2.3:3"]));
        let after = before.instead(None, &list(&["turn://u:p@192.0.2.4:4"]));
        assert_eq!(before.stun().as_deref(), Some("stun://192.0.2.1:1"));
        assert_eq!(before.turn(), ["turn://u:p@192.0.2.2:2", "turn://u:p@192.0.2.3:3"]);
        assert_eq!(after.stun(), None);
        assert_eq!(after.turn(), ["turn://u:p@192.0.2.4:4", "turn://u:p@192.0.2.3:3"]);
    }
}
