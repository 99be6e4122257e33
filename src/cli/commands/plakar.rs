//! `plakar`: serve Plakar over standard input and output, or write a package for it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use etcetera::BaseStrategy as _;
use rustix::fd::OwnedFd;
use rustix::fs::FileType;

use super::Context;
use crate::cli::args::{Plakar, PlakarArgs};
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::settings;
use crate::plakar::{self, Defaults, package};

pub fn run(args: &PlakarArgs, context: &Context<'_>) -> Result<Exit, Error> {
    let served = match (args.what, &args.dir) {
        (Plakar::Package, Some(dir)) => return pack(dir, context),
        (Plakar::Package, None) => return Err(Error::usage("package needs a folder to write")),
        (Plakar::Importer, _) => {
            let defaults = defaults(context)?;
            let (input, output) = wires()?;
            plakar::import(input, output, defaults)
        }
        (Plakar::Exporter, _) => {
            let defaults = defaults(context)?;
            let (input, output) = wires()?;
            plakar::export(input, output, defaults)
        }
    };
    match served {
        Ok(()) => Ok(Exit::Done),
        Err(error) => Err(Error::failed(format!(
            "what came in is not what Plakar says: {error}"
        ))),
    }
}

fn defaults(context: &Context<'_>) -> Result<Defaults, Error> {
    let (token, api_url) = settings::connector(&context.environment)?;
    let places = etcetera::base_strategy::Xdg::new()
        .map_err(|error| Error::failed(format!("there is no home folder: {error}")))?;
    Ok(Defaults {
        token,
        api_url,
        folder: places.cache_dir().join("notion-backup").join("plakar"),
        clock: Arc::clone(&context.clock),
    })
}

/// Takes standard input and output for Plakar alone: whatever else this process or one
/// that it starts writes goes to standard error, where it disturbs nobody.
fn wires() -> Result<(OwnedFd, OwnedFd), Error> {
    let (input, output) = (rustix::stdio::stdin(), rustix::stdio::stdout());
    for end in [input, output] {
        let pipe = rustix::fs::fstat(end)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Fifo);
        if !pipe {
            return Err(Error::usage("this is a plugin: Plakar starts it")
                .hint("`plakar package DIR` writes what `plakar pkg create` takes"));
        }
    }
    let take = || -> io::Result<_> {
        let wires = (input.try_clone_to_owned()?, output.try_clone_to_owned()?);
        rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
        rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        Ok(wires)
    };
    take().map_err(|error| Error::failed(format!("cannot take the pipes: {error}")))
}

fn pack(dir: &Path, context: &Context<'_>) -> Result<Exit, Error> {
    let program = std::env::current_exe()
        .map_err(|error| Error::failed(format!("cannot find this program's file: {error}")))?;
    package::write(dir, &program)
        .map_err(|error| Error::file("write a package to", dir, &error))?;
    if !context.ui.is_quiet() {
        context.ui.line(&format!(
            "{0} is ready: cd {0} && plakar pkg create ./manifest.yaml v{1}",
            dir.display(),
            env!("CARGO_PKG_VERSION")
        ))?;
    }
    Ok(Exit::Done)
}
