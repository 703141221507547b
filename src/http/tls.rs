//! Whether a connection failed because the server's certificate was not accepted: trying again does not help, and neither the
//! network nor the proxy is to blame. Pure.
//!
//! The TLS libraries are not known here, and their errors hide in others, so their words are looked at. Those of Windows are
//! translated, but carry their number.

use std::error::Error;

/// Looks at all below an error; its own words may hold a URL.
pub(super) fn certificate_refused(error: &dyn Error) -> bool {
    error
        .source()
        .is_some_and(|below| says_so(&below.to_string()) || certificate_refused(below))
}

fn says_so(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    // An alert is the server's, about a certificate of ours. A revocation that could not be checked may be next time.
    let other = text.contains("alert") || text.contains("revocation");
    let number = || {
        let (_, rest) = text.split_once("(os error ")?;
        rest.split_once(')')?.0.parse::<i32>().ok()
    };
    !other && (text.contains("certificate") || number().is_some_and(is_of_windows))
}

/// The numbers of Windows: its own range for certificates, and some of its TLS.
fn is_of_windows(number: i32) -> bool {
    let number = number.cast_unsigned();
    number >> 16 == 0x800b || matches!(number, 0x8009_0322 | 0x8009_0325 | 0x8009_0327 | 0x8009_0328)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    /// As the HTTP client has it: a sentence that says nothing, and what failed below.
    #[derive(Debug, thiserror::Error)]
    #[error("error sending request for url (https://certificate.example/)")]
    struct Above(#[source] io::Error);

    #[test]
    fn a_certificate_that_is_not_accepted_is_told_from_other_failures() {
        let table = [
            // rustls
            ("invalid peer certificate: UnknownIssuer", true),
            ("invalid peer certificate: Expired", true),
            (
                "invalid peer certificate: certificate not valid for name \"a.example\"; certificate is only valid for DnsName(\"b\")",
                true,
            ),
            ("invalid peer certificate: UnknownRevocationStatus", false),
            ("received fatal alert: BadCertificate", false),
            ("received fatal alert: CertificateRequired", false),
            ("received fatal alert: HandshakeFailure", false),
            ("peer closed connection without sending TLS close_notify", false),
            // OpenSSL, Secure Transport
            (
                "error:0A000086:SSL routines:tls_post_process_server_certificate:certificate verify failed:ssl/statem/statem_clnt.c:2129: (self-signed certificate)",
                true,
            ),
            ("error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca", false),
            (
                "error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate",
                false,
            ),
            ("The certificate was not trusted.", true),
            // SChannel, in any language
            ("Die Zertifikatkette ist nicht vertrauenswürdig. (os error -2146762487)", true),
            ("Der Zielprinzipalname ist falsch. (os error -2146893022)", true),
            ("Die Sperrfunktion ist offline. (os error -2146885613)", false),
            // No TLS at all.
            ("Connection refused (os error 111)", false),
            ("failed to lookup address information: Name or service not known", false),
            ("unsuccessful tunnel", false),
        ];
        for (text, expected) in table {
            let error = Above(io::Error::other(io::Error::new(io::ErrorKind::InvalidData, text)));
            assert_eq!(certificate_refused(&error), expected, "{text}");
        }
    }
}
