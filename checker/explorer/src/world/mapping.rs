//! The shared mappings of a run: which there are, and when they have their permissions.

use std::io;

use checker::observe::calls;
use libc::{c_long, user_regs_struct};

use crate::files::Files;
use crate::space::Region;
use crate::tracee::SYSCALL_LENGTH;
use crate::trouble::{Followed, Trouble};

use super::World;
use super::call::Call;

/// The bits of an mprotect(2) that mean something; mmap(2) takes others too.
const PERMISSIONS: i32 = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;

impl World<'_> {
    /// Gives a task's shared mappings the permissions that the program asked for.
    pub(super) fn open(&self, task: usize) -> Followed<()> {
        self.protect(task, |protection| protection)
    }

    /// Takes them away again.
    pub(super) fn close(&self, task: usize) -> Followed<()> {
        self.protect(task, |_| libc::PROT_NONE)
    }

    fn protect(&self, task: usize, to: impl Fn(i32) -> i32) -> Followed<()> {
        let task = &self.tasks[task];
        let space = &self.spaces[task.space];
        let Some(gate) = space.gate.filter(|_| !space.regions.is_empty()) else {
            return Ok(());
        };
        let here = task.tracee.registers()?;
        for region in &space.regions {
            task.tracee
                .protect(&here, gate, region, to(region.protection))
                .map_err(refused)?;
        }
        Ok(task.tracee.return_to(&here)?)
    }

    /// Gives some mappings their permissions; the registers are those of the calls then.
    pub(super) fn open_from(
        &self,
        task: usize,
        regions: &[Region],
        here: &user_regs_struct,
    ) -> Followed<()> {
        let task = &self.tasks[task];
        let Some(gate) = self.spaces[task.space].gate else {
            return Ok(());
        };
        regions
            .iter()
            .try_for_each(|region| task.tracee.protect(here, gate, region, region.protection))
            .map_err(refused)
    }

    /// Takes them away again, and leaves the task with these registers.
    pub(super) fn close_from(
        &self,
        task: usize,
        regions: &[Region],
        there: &user_regs_struct,
    ) -> Followed<()> {
        let task = &self.tasks[task];
        if let Some(gate) = self.spaces[task.space].gate {
            for region in regions {
                task.tracee
                    .protect(there, gate, region, libc::PROT_NONE)
                    .map_err(refused)?;
            }
        }
        Ok(task.tracee.return_to(there)?)
    }

    /// The shared mappings that an argument of a call points into.
    pub(super) fn pointed_into(&self, task: usize, call: &Call) -> Vec<Region> {
        let space = &self.spaces[self.tasks[task].space];
        let is_about_mapping = matches!(
            call.number,
            libc::SYS_mmap
                | libc::SYS_munmap
                | libc::SYS_mprotect
                | libc::SYS_mremap
                | libc::SYS_mincore
                | libc::SYS_munlock
                | libc::SYS_pkey_mprotect
                | libc::SYS_futex
                | libc::SYS_clone
                | libc::SYS_fork
                | libc::SYS_vfork
                | libc::SYS_exit
                | libc::SYS_exit_group
        );
        // Only advice that has pages read or written touches them.
        let is_mere_advice = call.number == libc::SYS_madvise
            && !matches!(
                call.arguments()[2] as i32,
                libc::MADV_POPULATE_READ | libc::MADV_POPULATE_WRITE
            );
        if space.regions.is_empty() || is_about_mapping || is_mere_advice {
            return Vec::new();
        }
        let vectors = match call.number {
            libc::SYS_readv
            | libc::SYS_writev
            | libc::SYS_preadv
            | libc::SYS_pwritev
            | libc::SYS_preadv2
            | libc::SYS_pwritev2 => {
                let tracee = &self.tasks[task].tracee;
                let length = 16 * call.arguments()[2].min(1024) as usize;
                let words = tracee.read(call.arguments()[1], length);
                let first = words
                    .chunks_exact(16)
                    .filter_map(|pair| pair[..8].try_into().ok());
                first.map(u64::from_le_bytes).collect()
            }
            _ => Vec::new(),
        };
        // What is left in the other registers means nothing.
        let count = argument_count(call.number);
        let pointers = || call.arguments()[..count].iter().chain(&vectors);
        let regions = space.regions.iter();
        regions
            .filter(|region| pointers().any(|&at| region.start <= at && at < region.end))
            .cloned()
            .collect()
    }

    /// Whether the task's mappings may be others after the call.
    pub(super) fn changes_space(&self, task: usize, call: &Call) -> bool {
        let space = &self.spaces[self.tasks[task].space];
        let [first, second, ..] = *call.arguments();
        match call.number {
            libc::SYS_mmap => true,
            libc::SYS_munmap | libc::SYS_mprotect | libc::SYS_pkey_mprotect | libc::SYS_mremap => {
                space.meets(first, second.max(1))
            }
            _ => false,
        }
    }

    pub(super) fn space_changed(&mut self, task: usize, call: &Call, result: i64) -> Followed<()> {
        let [first, second, third, fourth, fifth, sixth] = *call.arguments();
        let page = checker::observe::page_size();
        let whole = |length: u64| length.div_ceil(page) * page;
        let space = self.tasks[task].space;
        match call.number {
            libc::SYS_mmap if !(-4095..0).contains(&result) => {
                let start = result as u64;
                let length = whole(second);
                self.spaces[space].forget(start, length);
                self.spaces[space]
                    .gate
                    .get_or_insert(call.entry.rip - SYSCALL_LENGTH);
                let writes = third as i32 & libc::PROT_WRITE != 0;
                let Some((file, is_shared)) =
                    self.mapped(task, fourth as i32, fifth as i32, writes)?
                else {
                    return Ok(());
                };
                let region = Region {
                    start,
                    end: start + length,
                    protection: third as i32 & PERMISSIONS,
                    file,
                    offset: sixth,
                    is_shared,
                };
                self.spaces[space].regions.push(region.clone());
                let here = self.tasks[task].tracee.registers()?;
                self.close_from(task, &[region], &here)?;
            }
            libc::SYS_munmap if result == 0 => self.spaces[space].forget(first, whole(second)),
            libc::SYS_mprotect | libc::SYS_pkey_mprotect => {
                if result == 0 {
                    let protection = third as i32 & PERMISSIONS;
                    self.spaces[space].set_protection(first, whole(second), protection);
                }
                // One that fails may have opened a part all the same.
                self.close(task)?;
            }
            libc::SYS_mremap => {
                if !(-4095..0).contains(&result) {
                    self.spaces[space].moved(first, whole(second), result as u64, whole(third));
                }
                self.close(task)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The file of a new mapping, and whether stores reach it, if others may have it too.
    fn mapped(
        &mut self,
        task: usize,
        flags: i32,
        descriptor: i32,
        writes: bool,
    ) -> Followed<Option<(usize, bool)>> {
        let is_shared = flags & libc::MAP_TYPE != libc::MAP_PRIVATE;
        if flags & libc::MAP_ANONYMOUS != 0 {
            return Ok(is_shared.then(|| (self.files.nameless(), true)));
        }
        let pid = self.tasks[task].tracee.pid;
        let file = self.files.behind(pid, descriptor)?;
        if file.is_none() && is_shared && writes && Files::is_foreign(pid, descriptor) {
            return Err(Trouble::Unfit(
                "the program shares a file outside its folder, which outlives a run".to_owned(),
            ));
        }
        Ok(file.map(|file| (file, is_shared)))
    }
}

/// How many arguments a call has at most.
fn argument_count(number: c_long) -> usize {
    let watched = calls::spec(number as u64).or_else(|| calls::carrier_spec(number as u64));
    if let Some(spec) = watched {
        return spec.arguments.len();
    }
    match number {
        libc::SYS_uname | libc::SYS_pipe | libc::SYS_sysinfo | libc::SYS_times => 1,
        libc::SYS_stat
        | libc::SYS_lstat
        | libc::SYS_fstat
        | libc::SYS_access
        | libc::SYS_getcwd
        | libc::SYS_getrusage
        | libc::SYS_clock_gettime
        | libc::SYS_gettimeofday
        | libc::SYS_nanosleep => 2,
        libc::SYS_getrandom | libc::SYS_getdents64 | libc::SYS_readlink | libc::SYS_ioctl => 3,
        libc::SYS_newfstatat | libc::SYS_wait4 | libc::SYS_clock_nanosleep => 4,
        _ => 6,
    }
}

/// The permissions of a mapping cannot be changed.
fn refused(error: io::Error) -> Trouble {
    Trouble::Unfit(format!(
        "the permissions of a shared mapping cannot be changed ({error})"
    ))
}
