//! Machines that refuse: no ptrace, no user namespaces. Refused by a filter on system calls, as
//! containers do it.

#![allow(unsafe_code, reason = "a filter is installed between fork and exec")]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use checker::course;
use checker::lab::Tier;
use checker::report::Outcome;
use checker::verdict::Verdict;

use crate::place::{self, Open};

/// From now on, what this command starts gets EPERM for the system call `number`.
fn refuse(command: &mut Command, number: libc::c_long) {
    let step = |code: u32, jt, jf, k| libc::sock_filter {
        code: code as u16,
        jt,
        jf,
        k,
    };
    // The number lies at offset 0 of `struct seccomp_data`, see seccomp(2).
    let refused = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
    let code = [
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        step(
            libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K,
            0,
            1,
            number as u32,
        ),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, refused),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let install = move || {
        let filter = libc::sock_fprog {
            len: code.len() as u16,
            filter: code.as_ptr().cast_mut(),
        };
        // SAFETY: prctl only reads the program, which lives on this stack until it returns; the
        // kernel keeps a copy of its own.
        let installed = unsafe {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
                && libc::prctl(
                    libc::PR_SET_SECCOMP,
                    libc::SECCOMP_MODE_FILTER,
                    &raw const filter,
                ) == 0
        };
        match installed {
            true => Ok(()),
            false => Err(io::Error::last_os_error()),
        }
    };
    // SAFETY: between fork and exec only prctl is called, which is async-signal-safe; nothing is
    // allocated and no lock is taken.
    unsafe { command.pre_exec(install) };
}

#[test]
fn without_ptrace_what_needs_it_is_not_observable_and_the_rest_is_judged() {
    let open = Open::new();
    for lab in course::labs() {
        let program = open.add(&place::reference(lab.slug), lab.slug);
        let mut run = open.checker(lab.slug, &program);
        refuse(&mut run, libc::SYS_ptrace);
        let (status, report) = place::report(&mut run);
        let all = (status, report.outcome);
        assert_eq!(all, (Some(4), Outcome::NotObservable), "{}", lab.slug);
        let mut core = report.clauses.iter().filter(|one| one.tier == Tier::Core);
        assert!(
            core.any(|one| one.verdict == Verdict::Passed),
            "{}",
            lab.slug
        );
        for clause in &report.clauses {
            let (number, verdict) = (clause.number, &clause.verdict);
            match verdict {
                Verdict::Passed => {}
                Verdict::NotObservable { reason } => assert!(!reason.is_empty()),
                _ => panic!("{} clause {number}: {verdict:?}", lab.slug),
            }
        }
    }
    assert_eq!(open.left(), [""; 0]);
}

#[test]
fn without_user_namespaces_the_small_disks_are_not_observable() {
    let open = Open::new();
    let disks = [
        ("lab1-editor", 12),
        ("lab2-compare", 0),
        ("lab3-copy", 10),
        ("lab4-page-align", 0),
        ("lab5-counter", 0),
        ("lab6-cow", 0),
    ];
    for (slug, disk) in disks {
        let program = open.add(&place::reference(slug), slug);
        let mut run = open.checker(slug, &program);
        refuse(&mut run, libc::SYS_unshare);
        let (status, report) = place::report(&mut run);
        let dark: Vec<u8> = (report.clauses.iter())
            .filter(|one| matches!(one.verdict, Verdict::NotObservable { .. }))
            .map(|one| one.number)
            .collect();
        let expected: Vec<u8> = Some(disk).filter(|disk| *disk > 0).into_iter().collect();
        assert_eq!(dark, expected, "{slug}");
        let mut open = crate::open(&report);
        open.retain(|(number, _)| *number != disk);
        assert_eq!(open, [], "{slug}, seed {}", report.seed);
        assert_eq!((status, report.outcome), (Some(0), Outcome::Passed));
    }
    assert_eq!(open.left(), [""; 0]);
}
