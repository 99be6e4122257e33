//! One directory of the target, held open while it is written.
//!
//! Going down and up is one step each, relative to the directory that is open,
//! so no path is ever longer than a name, and a link that somebody slips in
//! between is not followed.

#[cfg(unix)]
pub(crate) use unix::Place;

#[cfg(not(unix))]
pub(crate) use other::Place;

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io;
    use std::path::Path;

    use rustix::fd::OwnedFd;
    use rustix::fs::{AtFlags, CWD, Mode, OFlags};

    /// Where the walk is in the target.
    pub(crate) struct Place {
        here: OwnedFd,
        /// Device and inode of the directories above, to know them again.
        above: Vec<(u64, u64)>,
    }

    const DIRECTORY: OFlags = OFlags::RDONLY
        .union(OFlags::DIRECTORY)
        .union(OFlags::NOFOLLOW)
        .union(OFlags::CLOEXEC);

    // The types of these fields differ between systems.
    #[allow(clippy::unnecessary_cast)]
    fn identity(directory: &OwnedFd) -> io::Result<(u64, u64)> {
        let stat = rustix::fs::fstat(directory)?;
        Ok((stat.st_dev as u64, stat.st_ino as u64))
    }

    impl Place {
        /// The target itself, which may be reached by a link.
        pub(crate) fn open(target: &Path) -> io::Result<Place> {
            let flags = DIRECTORY.difference(OFlags::NOFOLLOW);
            let here = rustix::fs::openat(CWD, target, flags, Mode::empty())?;
            Ok(Place {
                here,
                above: Vec::new(),
            })
        }

        /// Makes a directory, mode 0700, and goes into it.
        pub(crate) fn enter(&mut self, name: &str) -> io::Result<()> {
            rustix::fs::mkdirat(&self.here, name, Mode::RWXU)?;
            let below = rustix::fs::openat(&self.here, name, DIRECTORY, Mode::empty())?;
            self.above.push(identity(&self.here)?);
            self.here = below;
            Ok(())
        }

        /// Goes into a directory, which is made, mode 0700, if it is not there.
        #[cfg(feature = "plakar")]
        pub(crate) fn go_into(&mut self, name: &str) -> io::Result<()> {
            match rustix::fs::mkdirat(&self.here, name, Mode::RWXU) {
                Err(error) if error != rustix::io::Errno::EXIST => return Err(error.into()),
                _ => {}
            }
            let below = rustix::fs::openat(&self.here, name, DIRECTORY, Mode::empty())?;
            self.above.push(identity(&self.here)?);
            self.here = below;
            Ok(())
        }

        /// Goes back to the directory above.
        pub(crate) fn leave(&mut self) -> io::Result<()> {
            let above = rustix::fs::openat(&self.here, "..", DIRECTORY, Mode::empty())?;
            if self.above.pop() != Some(identity(&above)?) {
                return Err(io::Error::other("somebody moved it"));
            }
            self.here = above;
            Ok(())
        }

        /// Makes a file, mode 0600; a name that is taken is an error.
        pub(crate) fn create(&self, name: &str) -> io::Result<File> {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            let mode = Mode::RUSR | Mode::WUSR;
            Ok(rustix::fs::openat(&self.here, name, flags, mode)?.into())
        }

        /// Removes a file.
        pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
            Ok(rustix::fs::unlinkat(&self.here, name, AtFlags::empty())?)
        }
    }
}

#[cfg(not(unix))]
mod other {
    use std::fs::{self, File};
    use std::io;
    use std::path::{Path, PathBuf};

    /// Where the walk is in the target. Here depth is limited by the longest path.
    pub(crate) struct Place {
        here: PathBuf,
    }

    impl Place {
        /// The target itself.
        pub(crate) fn open(target: &Path) -> io::Result<Place> {
            // The canonical form of a path may be as long as the system allows.
            Ok(Place {
                here: target.canonicalize()?,
            })
        }

        /// Makes a directory and goes into it.
        pub(crate) fn enter(&mut self, name: &str) -> io::Result<()> {
            let below = self.here.join(name);
            fs::create_dir(&below)?;
            self.here = below;
            Ok(())
        }

        /// Goes back to the directory above.
        pub(crate) fn leave(&mut self) -> io::Result<()> {
            self.here.pop();
            Ok(())
        }

        /// Makes a file; a name that is taken is an error.
        pub(crate) fn create(&self, name: &str) -> io::Result<File> {
            File::create_new(self.here.join(name))
        }

        /// Removes a file.
        pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
            fs::remove_file(self.here.join(name))
        }
    }
}
