//! Which ciphers a session came out with. str0m does not tell, so its handshake is listened to, and helped: it gets
//! messages whole.

use logic::dtls::{self, Whole};
use std::cell::Cell;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Instant;
use str0m::config::CryptoProvider;
use str0m::config::DtlsVersion;
use str0m::crypto::CryptoError;
use str0m::crypto::dtls::{
    DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, ProtocolVersion, SrtpProfile,
};

/// What a handshake came out with.
#[derive(Debug, Default)]
pub(super) struct Ciphers {
    srtp: OnceLock<&'static str>,
    dtls: OnceLock<u16>,
}

impl Ciphers {
    /// The profile of SRTP, by its name in the registry.
    pub(super) fn srtp(&self) -> Option<&'static str> {
        self.srtp.get().copied()
    }

    /// The cipher suite of DTLS, by its name in the registry.
    pub(super) fn dtls(&self) -> Option<&'static str> {
        dtls::cipher_name(*self.dtls.get()?)
    }

    fn look(&self, packet: &[u8]) {
        if self.dtls.get().is_none()
            && let Some(chosen) = dtls::chosen_cipher(packet)
        {
            let _ = self.dtls.set(chosen);
        }
    }
}

thread_local! {
    /// Those of the handshake that was set up last on this thread.
    static LATEST: Cell<Option<Arc<Ciphers>>> = const { Cell::new(None) };
}

/// Those of the session that was set up just now, by this thread.
pub(super) fn latest() -> Arc<Ciphers> {
    LATEST.take().unwrap_or_default()
}

/// What str0m encrypts with.
pub(super) fn provider() -> Arc<CryptoProvider> {
    static LISTENING: Listening = Listening;
    static PROVIDER: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(CryptoProvider { dtls_provider: &LISTENING, ..REAL.clone() }));
    PROVIDER.clone()
}

static REAL: LazyLock<CryptoProvider> = LazyLock::new(str0m::crypto::from_feature_flags);

#[derive(Debug)]
struct Listening;

impl DtlsProvider for Listening {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        REAL.dtls_provider.generate_certificate()
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let ciphers = Arc::<Ciphers>::default();
        LATEST.set(Some(ciphers.clone()));
        let real = REAL.dtls_provider.new_dtls(cert, now, version, mtu)?;
        Ok(Box::new(Handshake { real, ciphers, whole: Whole::default() }))
    }

    fn is_test(&self) -> bool {
        REAL.dtls_provider.is_test()
    }
}

#[derive(Debug)]
struct Handshake {
    real: Box<dyn DtlsInstance>,
    ciphers: Arc<Ciphers>,
    whole: Whole,
}

impl DtlsInstance for Handshake {
    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.ciphers.look(packet);
        self.whole.take(packet, |packet| self.real.handle_packet(packet))
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        let output = self.real.poll_output(buf);
        match &output {
            DtlsOutput::Packet(packet) => self.ciphers.look(packet),
            DtlsOutput::KeyingMaterial(_, profile) => {
                let name = match profile {
                    SrtpProfile::AES128_CM_SHA1_80 => "SRTP_AES128_CM_HMAC_SHA1_80",
                    SrtpProfile::AEAD_AES_128_GCM => "SRTP_AEAD_AES_128_GCM",
                    SrtpProfile::AEAD_AES_256_GCM => "SRTP_AEAD_AES_256_GCM",
                    _ => "unknown",
                };
                gst::debug!(super::CAT, "a session is protected by {name}");
                let _ = self.ciphers.srtp.set(name);
            }
            _ => {}
        }
        output
    }

    fn set_active(&mut self, active: bool) {
        self.real.set_active(active);
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.real.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.real.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.real.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.real.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.real.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.real.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.real.close()
    }
}
