//! Which addresses a tunnel may lead to.
//!
//! A name can resolve to anything, so it is the address that is judged. Public is what the IANA
//! special-purpose registries leave over; everything unknown counts as forbidden.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where clouds hand out credentials, outside the link-local range: Azure, Alibaba, AWS and Google
/// over IPv6.
const METADATA: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

/// Whether a tunnel may lead to `address`: it is somewhere on the internet.
pub(super) fn is_public(address: IpAddr) -> bool {
    !METADATA.contains(&address)
        && match address {
            IpAddr::V4(address) => is_public_v4(address),
            IpAddr::V6(address) => is_public_v6(address),
        }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    match address.octets() {
        // This machine, this network; shared by a provider's customers (CGNAT).
        [127 | 10, ..] | [192, 168, ..] | [172, 16..32, ..] | [100, 64..128, ..] => false,
        // "This network", link-local, multicast and above.
        [0 | 224.., ..] | [169, 254, ..] => false,
        // Protocol assignments, documentation, 6to4 relays, benchmarks.
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18 | 19, ..] => false,
        [198, 51, 100, _] | [203, 0, 113, _] => false,
        _ => true,
    }
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // NAT64 leads to the IPv4 address in its last 32 bits.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let [a, b] = high.to_be_bytes();
            let [c, d] = low.to_be_bytes();
            is_public(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
        }
        // Teredo and other protocols, documentation, 6to4.
        [0x2001, 0..0x200 | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..0x1000, ..] => false,
        // All else is loopback, mapped IPv4, unique-local, link-local, multicast, unassigned.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(public: bool, addresses: &[&str]) {
        for address in addresses {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }

    #[test]
    fn public() {
        let nat64 = "64:ff9b::8.8.8.8";
        all(true, &["1.1.1.1", "8.8.8.8", "160.79.104.10", "100.63.0.1", "100.128.0.1", "172.32.0.1"]);
        all(true, &["2607:6bc0::10", "2001:4860:4860::8888", "2a00::1", nat64]);
    }

    #[test]
    fn private() {
        all(false, &["127.0.0.1", "127.255.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255"]);
        all(false, &["192.168.1.1", "100.64.0.1", "100.127.0.1", "::1", "fd12::1", "fc00::1"]);
    }

    #[test]
    fn forbidden() {
        all(false, &["169.254.169.254", "169.254.0.1", "168.63.129.16", "100.100.100.200"]);
        all(false, &["fd00:ec2::254", "fd20:ce::254", "fe80::1", "ff02::1", "::", "0.0.0.0"]);
        all(false, &["0.1.2.3", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.0.192"]);
        all(false, &["198.18.0.1", "203.0.113.1", "198.51.100.1", "192.0.2.1", "192.88.99.1"]);
        all(false, &["::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::ffff:0:127.0.0.1"]);
        all(false, &["64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::8.8.8.8"]);
        all(false, &["64:ff9b::10.0.0.1", "2002:7f00:1::", "2001:0:1::1", "2001:db8::1", "3fff::1"]);
        all(false, &["100::1", "fec0::1", "5f00::1"]);
    }
}
