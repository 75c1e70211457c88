//! Which addresses a tunnel may lead to.
//!
//! A name can resolve to anything, so it is the address that is judged. Public is what the IANA
//! special-purpose registries leave over; everything unknown counts as forbidden.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far away an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Somewhere on the internet.
    Public,
    /// This machine or this network. Only for hosts in `forward.private_hosts`.
    Private,
    /// Never: link-local, cloud metadata, multicast, another protocol's addresses in disguise.
    Forbidden,
}

/// Where clouds hand out credentials, outside the link-local range: Azure, Alibaba, AWS and Google
/// over IPv6.
const METADATA: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

impl Reach {
    pub(super) fn of(address: IpAddr) -> Self {
        if METADATA.contains(&address) {
            return Self::Forbidden;
        }
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            [127 | 10, ..] | [192, 168, ..] => Self::Private,
            [172, second, ..] if second & 0xf0 == 16 => Self::Private,
            // Shared by a provider's customers (CGNAT).
            [100, second, ..] if second & 0xc0 == 64 => Self::Private,
            // "This network", link-local, multicast and above.
            [0 | 224.., ..] | [169, 254, ..] => Self::Forbidden,
            // Protocol assignments, documentation, 6to4 relays, benchmarks.
            [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18 | 19, ..] => Self::Forbidden,
            [198, 51, 100, _] | [203, 0, 113, _] => Self::Forbidden,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        let segments = address.segments();
        match segments {
            _ if address.is_loopback() => Self::Private,
            [first, ..] if first & 0xfe00 == 0xfc00 => Self::Private,
            // NAT64 leads to the IPv4 address in its last 32 bits.
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                let [a, b] = high.to_be_bytes();
                let [c, d] = low.to_be_bytes();
                match Self::of(IpAddr::V4(Ipv4Addr::new(a, b, c, d))) {
                    Self::Public => Self::Public,
                    _ => Self::Forbidden,
                }
            }
            // Teredo and other protocols, documentation, 6to4.
            [0x2001, 0..0x200 | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..0x1000, ..] => Self::Forbidden,
            [first, ..] if first & 0xe000 == 0x2000 => Self::Public,
            // Mapped IPv4, link-local, multicast, unspecified, unassigned.
            _ => Self::Forbidden,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(reach: Reach, addresses: &[&str]) {
        for address in addresses {
            assert_eq!(Reach::of(address.parse().unwrap()), reach, "{address}");
        }
    }

    #[test]
    fn public() {
        let nat64 = "64:ff9b::8.8.8.8";
        all(
            Reach::Public,
            &["1.1.1.1", "8.8.8.8", "160.79.104.10", "100.63.0.1", "100.128.0.1", "172.32.0.1"],
        );
        all(Reach::Public, &["2607:6bc0::10", "2001:4860:4860::8888", "2a00::1", nat64]);
    }

    #[test]
    fn private() {
        all(Reach::Private, &["127.0.0.1", "127.255.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255"]);
        all(Reach::Private, &["192.168.1.1", "100.64.0.1", "100.127.0.1", "::1", "fd12::1", "fc00::1"]);
    }

    #[test]
    fn forbidden() {
        all(Reach::Forbidden, &["169.254.169.254", "169.254.0.1", "168.63.129.16", "100.100.100.200"]);
        all(Reach::Forbidden, &["fd00:ec2::254", "fd20:ce::254", "fe80::1", "ff02::1", "::", "0.0.0.0"]);
        all(Reach::Forbidden, &["0.1.2.3", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.0.192"]);
        all(Reach::Forbidden, &["198.18.0.1", "203.0.113.1", "198.51.100.1", "192.0.2.1", "192.88.99.1"]);
        all(Reach::Forbidden, &["::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::ffff:0:127.0.0.1"]);
        all(Reach::Forbidden, &["64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::8.8.8.8"]);
        all(
            Reach::Forbidden,
            &["64:ff9b::10.0.0.1", "2002:7f00:1::", "2001:0:1::1", "2001:db8::1", "3fff::1"],
        );
        all(Reach::Forbidden, &["100::1", "fec0::1", "5f00::1"]);
    }
}
