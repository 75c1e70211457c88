//! The socket between giver and heir: whole messages, one of them with open files.
//!
//! A message is a byte that says which, its length (8 bytes, little-endian), and its content. Contents
//! lie in buffers that are zeroized on drop.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg, sockopt,
};
use rustix::process::geteuid;
use zeroize::Zeroizing;

/// No content is longer.
const LONGEST: u64 = 4 << 30;
/// Files that go with a message.
const FILES: usize = 3;

/// What a message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Giver: where I listen and write; with files.
    Offer = 1,
    /// Heir: prepared.
    Ready,
    /// Giver: session key and clock.
    Key,
    /// Giver: entries of the vault.
    Vault,
    /// Giver: kill switch and sessions. Heir: kill switch, all before was taken in.
    State,
    /// Heir: both ports are served.
    Serving,
    /// Giver: everything is told, and I am about to end.
    Done,
    /// Giver: it does not work; go.
    Refused,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Offer,
        Self::Ready,
        Self::Key,
        Self::Vault,
        Self::State,
        Self::Serving,
        Self::Done,
        Self::Refused,
    ];

    fn read(byte: u8) -> io::Result<Self> {
        let kind = Self::ALL.into_iter().find(|kind| *kind as u8 == byte);
        kind.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not a message"))
    }
}

/// One side of the socket.
pub(super) struct Channel(UnixStream);

impl Channel {
    /// Over a connection, whose other side has to be a process of this user.
    pub(super) fn over(stream: UnixStream, patience: Duration) -> io::Result<Self> {
        let peer = sockopt::socket_peercred(&stream)?;
        if peer.uid != geteuid() {
            let what = format!("the process at the other side belongs to user {}", peer.uid.as_raw());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
        }
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        Ok(Self(stream))
    }

    /// The process at the other side.
    pub(super) fn peer(&self) -> io::Result<i32> {
        Ok(sockopt::socket_peercred(&self.0)?.pid.as_raw_nonzero().get())
    }

    /// The next message may take as long as it likes.
    pub(super) fn wait_for_ever(&self) -> io::Result<()> {
        self.0.set_read_timeout(None)
    }

    /// Nothing more comes from here.
    pub(super) fn hang_up(&self) {
        // The other side may have gone already.
        let _ = self.0.shutdown(Shutdown::Write);
    }

    /// Waits until the other side has closed, which it does not before its process ends.
    pub(super) fn wait_for_end(&mut self) -> io::Result<()> {
        match io::copy(&mut self.0, &mut io::sink()) {
            Err(error) if error.kind() != io::ErrorKind::ConnectionReset => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) fn send(&mut self, kind: Kind, content: &[u8]) -> io::Result<()> {
        self.0.write_all(&[kind as u8])?;
        self.0.write_all(&(content.len() as u64).to_le_bytes())?;
        self.0.write_all(content)
    }

    pub(super) fn receive(&mut self) -> io::Result<(Kind, Zeroizing<Vec<u8>>)> {
        let mut kind = [0];
        self.0.read_exact(&mut kind)?;
        Ok((Kind::read(kind[0])?, self.content()?))
    }

    /// The next message, which has to be of this kind.
    pub(super) fn expect(&mut self, expected: Kind) -> io::Result<Zeroizing<Vec<u8>>> {
        match self.receive()? {
            (kind, content) if kind == expected => Ok(content),
            (Kind::Refused, reason) => Err(io::Error::other(String::from_utf8_lossy(&reason).into_owned())),
            (kind, _) => Err(unexpected(kind)),
        }
    }

    fn content(&mut self) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut length = [0; 8];
        self.0.read_exact(&mut length)?;
        let length = u64::from_le_bytes(length);
        if length > LONGEST {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a message is too long"));
        }
        let mut content = Zeroizing::new(vec![0; usize::try_from(length).map_err(io::Error::other)?]);
        self.0.read_exact(&mut content)?;
        Ok(content)
    }

    /// Sends a message with open files, which the other side will have too.
    pub(super) fn send_files(
        &mut self,
        kind: Kind,
        content: &[u8],
        files: [&OwnedFd; FILES],
    ) -> io::Result<()> {
        let files = files.map(AsFd::as_fd);
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(&files));
        // They go with the first byte.
        sendmsg(&self.0, &[IoSlice::new(&[kind as u8])], &mut ancillary, SendFlags::NOSIGNAL)?;
        self.0.write_all(&(content.len() as u64).to_le_bytes())?;
        self.0.write_all(content)
    }

    /// The next message, which has to be of this kind, and its files.
    pub(super) fn receive_files(
        &mut self,
        expected: Kind,
    ) -> io::Result<(Zeroizing<Vec<u8>>, [OwnedFd; FILES])> {
        let mut byte = [0];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::CMSG_CLOEXEC;
        let received = recvmsg(&self.0, &mut [IoSliceMut::new(&mut byte)], &mut ancillary, flags)?;
        if received.bytes == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let files = ancillary.drain().filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(files) => Some(files),
            _ => None,
        });
        let files: Vec<OwnedFd> = files.flatten().collect();
        let (kind, content) = (Kind::read(byte[0])?, self.content()?);
        if kind == Kind::Refused {
            return Err(io::Error::other(String::from_utf8_lossy(&content).into_owned()));
        }
        let files = files.try_into().ok().filter(|_| kind == expected).ok_or_else(|| unexpected(kind))?;
        Ok((content, files))
    }
}

fn unexpected(kind: Kind) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{kind:?} was not what should come now"))
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom};

    use super::*;

    fn pair() -> (Channel, Channel) {
        let (one, other) = UnixStream::pair().unwrap();
        let over = |stream| Channel::over(stream, Duration::from_secs(20)).unwrap();
        (over(one), over(other))
    }

    #[test]
    fn messages_come_whole_and_files_open() {
        let (mut one, mut other) = pair();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"content").unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let files: [OwnedFd; FILES] = [(); FILES].map(|()| file.try_clone().unwrap().into());
        one.send_files(Kind::Offer, b"offer", files.each_ref()).unwrap();
        one.send(Kind::Done, b"").unwrap();
        let (content, [first, _, _]) = other.receive_files(Kind::Offer).unwrap();
        assert_eq!(*content, b"offer");
        let mut text = String::new();
        std::fs::File::from(first).read_to_string(&mut text).unwrap();
        assert_eq!(text, "content");
        assert!(other.expect(Kind::Done).unwrap().is_empty());
        drop(one);
        assert!(other.receive().is_err());
    }

    #[test]
    fn a_refusal_is_told_in_its_own_words() {
        let (mut one, mut other) = pair();
        one.send(Kind::Refused, b"not now").unwrap();
        one.send(Kind::Refused, b"nor now").unwrap();
        assert_eq!(other.expect(Kind::State).unwrap_err().to_string(), "not now");
        assert_eq!(other.receive_files(Kind::Offer).unwrap_err().to_string(), "nor now");
    }
}
