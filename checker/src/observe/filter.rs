//! The seccomp filter: which calls stop, which are refused, and everything else runs at full speed.
//!
//! Classic BPF as seccomp(2) describes it; `struct seccomp_data` holds the number at offset 0, the
//! architecture at 4 and the arguments from 16 on.

use libc::sock_filter;

use super::arch;
use super::calls::{
    CARRIERS, FORBIDDEN, FORBIDDEN_FLAGS, FORKS, REFUSED, REFUSED_OPTIONS, Spec, WATCHED,
    WITHOUT_BYTES,
};

const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
const IF_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const IF_AT_LEAST: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
const IF_ANY_OF: u16 = (libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K) as u16;
const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;

const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
/// The low word of the first argument, on a little-endian machine.
const FIRST_ARGUMENT: u32 = 16;
/// The low word of the second argument.
const SECOND_ARGUMENT: u32 = 16 + 8;
/// The low word of the sixth argument.
const SIXTH_ARGUMENT: u32 = 16 + 5 * 8;

/// What a watched call does to its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Stops it for the tracer.
    Trace,
    /// Announces it on the listener and waits for a word; so do calls that make processes.
    Notify,
    /// Nothing: only calls that make processes are announced.
    Forks,
    /// Stops it for the tracer, and so does every other call that is not [`HARMLESS`].
    Every,
}

/// Calls that are about the process alone, and are made often: nobody else notices them.
const HARMLESS: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_prlimit64,
    libc::SYS_sched_getaffinity,
    libc::SYS_msync,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_arch_prctl,
];

/// mseal(2), since Linux 6.10.
const MSEAL: u32 = 462;

/// The sixth argument of an mprotect(2), which has three, that a tracer makes in a process's name:
/// under [`Stop::Every`] it does not stop.
pub const BY_TRACER: u32 = 0x7261_6365;

/// The filter for this way of watching.
pub fn program(stop: Stop) -> Vec<sock_filter> {
    let watched = match stop {
        Stop::Trace | Stop::Every => libc::SECCOMP_RET_TRACE,
        Stop::Notify | Stop::Forks => libc::SECCOMP_RET_USER_NOTIF,
    };
    let foreign = libc::SECCOMP_RET_KILL_PROCESS;
    let mut code = vec![
        step(LOAD, ARCHITECTURE),
        jump(IF_EQUAL, arch::AUDIT_ARCH, 1, 0),
        step(RETURN, foreign),
        step(LOAD, NUMBER),
        jump(IF_AT_LEAST, arch::FOREIGN_CALLS, 0, 1),
        step(RETURN, foreign),
    ];
    for &number in REFUSED {
        code.push(jump(IF_EQUAL, number as u32, 0, 1));
        code.push(step(RETURN, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32));
    }
    let forbidden = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
    for &number in FORBIDDEN {
        code.push(jump(IF_EQUAL, number as u32, 0, 1));
        code.push(step(RETURN, forbidden));
    }
    // What clone may do goes on below, by its number.
    code.push(jump(IF_EQUAL, libc::SYS_clone as u32, 0, 4));
    code.push(step(LOAD, FIRST_ARGUMENT));
    code.push(jump(IF_ANY_OF, FORBIDDEN_FLAGS, 0, 1));
    code.push(step(RETURN, forbidden));
    code.push(step(LOAD, NUMBER));
    // kill(2) with -1 means every process of the user: the observer, the checker, the learner's own.
    code.push(jump(IF_EQUAL, libc::SYS_kill as u32, 0, 4));
    code.push(step(LOAD, FIRST_ARGUMENT));
    code.push(jump(IF_EQUAL, u32::MAX, 0, 1));
    code.push(step(RETURN, forbidden));
    code.push(step(RETURN, libc::SECCOMP_RET_ALLOW));
    let carriers = if stop == Stop::Trace { CARRIERS } else { &[] };
    let is_prctl = |spec: &&Spec| spec.number == libc::SYS_prctl;
    let names = carriers
        .iter()
        .find(is_prctl)
        .map_or(&[][..], |spec| spec.only);
    let options = REFUSED_OPTIONS.len() + names.len() + usize::from(stop == Stop::Every);
    let options = options as u8;
    code.push(jump(IF_EQUAL, libc::SYS_prctl as u32, 0, 2 + 2 * options));
    code.push(step(LOAD, FIRST_ARGUMENT));
    for &option in REFUSED_OPTIONS {
        code.push(jump(IF_EQUAL, option, 0, 1));
        code.push(step(RETURN, libc::SECCOMP_RET_ERRNO | libc::EINVAL as u32));
    }
    if stop == Stop::Every {
        // Whoever is looked into step by step stays open to that; the answer is 0.
        code.push(jump(IF_EQUAL, libc::PR_SET_DUMPABLE as u32, 0, 1));
        code.push(step(RETURN, libc::SECCOMP_RET_ERRNO));
    }
    for &option in names {
        code.push(jump(IF_EQUAL, option, 0, 1));
        code.push(step(RETURN, watched));
    }
    code.push(step(RETURN, libc::SECCOMP_RET_ALLOW));
    if stop == Stop::Every {
        // A mapping that is sealed could not be given back its permissions.
        code.push(jump(IF_EQUAL, MSEAL, 0, 1));
        code.push(step(RETURN, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32));
        code.push(jump(IF_EQUAL, libc::SYS_mprotect as u32, 0, 4));
        code.push(step(LOAD, SIXTH_ARGUMENT));
        code.push(jump(IF_EQUAL, BY_TRACER, 0, 1));
        code.push(step(RETURN, libc::SECCOMP_RET_ALLOW));
        code.push(step(RETURN, watched));
        for &number in HARMLESS {
            code.push(jump(IF_EQUAL, number as u32, 0, 1));
            code.push(step(RETURN, libc::SECCOMP_RET_ALLOW));
        }
        code.push(step(RETURN, watched));
        return code;
    }
    if stop != Stop::Trace {
        for &number in FORKS {
            code.push(jump(IF_EQUAL, number as u32, 0, 1));
            code.push(step(RETURN, watched));
        }
    }
    let all = if stop == Stop::Forks { &[] } else { WATCHED };
    for spec in all.iter().chain(carriers).filter(|spec| !is_prctl(spec)) {
        if spec.only.is_empty() {
            code.push(jump(IF_EQUAL, spec.number as u32, 0, 1));
            code.push(step(RETURN, watched));
            continue;
        }
        // Past the loading of the argument, two instructions for each value, and the allowance.
        code.push(jump(
            IF_EQUAL,
            spec.number as u32,
            0,
            2 + 2 * spec.only.len() as u8,
        ));
        code.push(step(LOAD, SECOND_ARGUMENT));
        for &value in spec.only {
            code.push(jump(IF_EQUAL, value, 0, 1));
            code.push(step(RETURN, watched));
        }
        code.push(step(RETURN, libc::SECCOMP_RET_ALLOW));
    }
    if stop == Stop::Trace {
        for &number in WITHOUT_BYTES {
            code.push(jump(IF_EQUAL, number as u32, 0, 1));
            code.push(step(RETURN, libc::SECCOMP_RET_ALLOW));
        }
        code.push(step(RETURN, watched));
    }
    code.push(step(RETURN, libc::SECCOMP_RET_ALLOW));
    code
}

fn step(code: u16, k: u32) -> sock_filter {
    sock_filter {
        code,
        jt: 0,
        jf: 0,
        k,
    }
}

fn jump(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a filter the way the kernel does.
    fn run(code: &[sock_filter], number: u32, second: u32) -> u32 {
        let (mut at, mut accumulator) = (0, 0);
        loop {
            let sock_filter {
                code: op,
                jt,
                jf,
                k,
            } = code[at];
            at += 1;
            match op {
                LOAD => {
                    accumulator = match k {
                        NUMBER => number,
                        ARCHITECTURE => arch::AUDIT_ARCH,
                        FIRST_ARGUMENT | SECOND_ARGUMENT | SIXTH_ARGUMENT => second,
                        other => panic!("load of {other}"),
                    }
                }
                IF_EQUAL => at += usize::from(if accumulator == k { jt } else { jf }),
                IF_ANY_OF => at += usize::from(if accumulator & k != 0 { jt } else { jf }),
                IF_AT_LEAST => at += usize::from(if accumulator >= k { jt } else { jf }),
                RETURN => return k,
                other => panic!("instruction {other}"),
            }
        }
    }

    #[test]
    fn watched_calls_stop_and_others_do_not() {
        let code = program(Stop::Trace);
        let answer = |number: i64, second| run(&code, number as u32, second);
        assert_eq!(answer(libc::SYS_mmap, 0), libc::SECCOMP_RET_TRACE);
        assert_eq!(
            answer(libc::SYS_process_vm_writev, 0),
            libc::SECCOMP_RET_TRACE
        );
        assert_eq!(answer(libc::SYS_getpid, 0), libc::SECCOMP_RET_ALLOW);
        assert_eq!(
            answer(libc::SYS_io_uring_setup, 0) & 0xffff,
            libc::ENOSYS as u32
        );
    }

    #[test]
    fn every_call_stops_but_those_of_a_process_alone_and_the_tracers_own() {
        let code = program(Stop::Every);
        let answer = |number: i64, argument: u32| run(&code, number as u32, argument);
        for number in [libc::SYS_nanosleep, libc::SYS_mprotect, libc::SYS_write] {
            assert_eq!(answer(number, 0), libc::SECCOMP_RET_TRACE);
        }
        for number in [libc::SYS_mprotect, libc::SYS_msync] {
            assert_eq!(answer(number, BY_TRACER), libc::SECCOMP_RET_ALLOW);
        }
        let prctl = answer(libc::SYS_prctl, libc::PR_SET_SECCOMP as u32);
        assert_eq!(prctl & 0xffff, libc::EINVAL as u32);
    }

    #[test]
    fn where_nothing_is_watched_processes_are_counted_and_refusals_stand() {
        let code = program(Stop::Forks);
        let answer = |number: i64, first: i32| run(&code, number as u32, first as u32);
        assert_eq!(answer(libc::SYS_mmap, 0), libc::SECCOMP_RET_ALLOW);
        assert_eq!(answer(libc::SYS_clone, 0), libc::SECCOMP_RET_USER_NOTIF);
        let eperm = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
        assert_eq!(
            (answer(libc::SYS_kill, -1), answer(libc::SYS_unshare, 0)),
            (eperm, eperm)
        );
    }

    #[test]
    fn fcntl_stops_for_locks_only() {
        let code = program(Stop::Notify);
        let answer = |second: i32| run(&code, libc::SYS_fcntl as u32, second as u32);
        assert_eq!(answer(libc::F_SETLKW), libc::SECCOMP_RET_USER_NOTIF);
        assert_eq!(answer(libc::F_OFD_SETLKW), libc::SECCOMP_RET_USER_NOTIF);
        assert_eq!(answer(libc::F_GETFD), libc::SECCOMP_RET_ALLOW);
    }

    #[test]
    fn a_filter_of_its_own_is_refused() {
        let code = program(Stop::Trace);
        let prctl = |option: i32| run(&code, libc::SYS_prctl as u32, option as u32);
        assert_eq!(prctl(libc::PR_SET_SECCOMP) & 0xffff, libc::EINVAL as u32);
        assert_eq!(prctl(libc::PR_SET_NAME), libc::SECCOMP_RET_TRACE);
        assert_eq!(prctl(libc::PR_SET_DUMPABLE), libc::SECCOMP_RET_ALLOW);
        let alone = run(&program(Stop::Notify), libc::SYS_prctl as u32, 15);
        assert_eq!(alone, libc::SECCOMP_RET_ALLOW);
        let kill = |pid: i32| run(&code, libc::SYS_kill as u32, pid as u32);
        assert_eq!(kill(-1) & 0xffff, libc::EPERM as u32);
        assert_eq!(
            (kill(1), kill(-7)),
            (libc::SECCOMP_RET_ALLOW, libc::SECCOMP_RET_ALLOW)
        );
        let seccomp = run(&code, libc::SYS_seccomp as u32, 0);
        assert_eq!(seccomp & 0xffff, libc::ENOSYS as u32);
    }

    #[test]
    fn namespaces_and_mounts_are_forbidden() {
        for (stop, plain) in [
            (Stop::Trace, libc::SECCOMP_RET_ALLOW),
            (Stop::Notify, libc::SECCOMP_RET_USER_NOTIF),
        ] {
            let code = program(stop);
            let answer = |number: i64, first: i32| run(&code, number as u32, first as u32);
            let eperm = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
            for &number in FORBIDDEN {
                assert_eq!(answer(number, 0), eperm);
            }
            let clone = |flags: i32| answer(libc::SYS_clone, flags | libc::SIGCHLD);
            assert_eq!(clone(libc::CLONE_NEWUSER), eperm);
            assert_eq!(clone(libc::CLONE_VM | libc::CLONE_UNTRACED), eperm);
            assert_eq!(clone(0), plain);
            assert_eq!(clone(libc::CLONE_VM | libc::CLONE_THREAD), plain);
            let enosys = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;
            assert_eq!(answer(libc::SYS_clone3, 0), enosys);
        }
    }

    #[test]
    fn calls_of_a_foreign_abi_end_the_process() {
        let code = program(Stop::Trace);
        assert_eq!(run(&code, 0x4000_0009, 0), libc::SECCOMP_RET_KILL_PROCESS);
    }
}
