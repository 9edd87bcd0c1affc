//! Calls that are not watched by themselves. In a traced run one that is given an address in a mapping
//! of a file comes into the trace all the same: by any of them the kernel may keep a few bytes.

/// Calls that carry no bytes: they have to do with no memory, or with memory as such, or they wait
/// at it, or are made so often that a stop would be dear.
pub const WITHOUT_BYTES: &[i64] = &[
    libc::SYS_clone,
    libc::SYS_brk,
    libc::SYS_close,
    libc::SYS_clock_gettime,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_get_mempolicy,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_lseek,
    libc::SYS_mbind,
    libc::SYS_membarrier,
    libc::SYS_mincore,
    libc::SYS_mlock,
    libc::SYS_mlock2,
    libc::SYS_mlockall,
    libc::SYS_move_pages,
    libc::SYS_munlock,
    libc::SYS_munlockall,
    libc::SYS_process_madvise,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
    libc::SYS_set_tid_address,
    libc::SYS_tgkill,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_arch_prctl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_dup2,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
];

/// Number, name and number of arguments of calls that are not watched by themselves. What stands in
/// the registers behind the last argument is left over.
const OTHERS: &[(i64, &str, usize)] = &[
    (libc::SYS_accept, "accept", 3),
    (libc::SYS_accept4, "accept4", 4),
    (libc::SYS_bind, "bind", 3),
    (libc::SYS_capget, "capget", 2),
    (libc::SYS_capset, "capset", 2),
    (libc::SYS_clock_getres, "clock_getres", 2),
    (libc::SYS_clock_nanosleep, "clock_nanosleep", 4),
    (libc::SYS_clock_settime, "clock_settime", 2),
    (libc::SYS_close, "close", 1),
    (libc::SYS_close_range, "close_range", 3),
    (libc::SYS_connect, "connect", 3),
    (libc::SYS_epoll_ctl, "epoll_ctl", 4),
    (libc::SYS_epoll_pwait, "epoll_pwait", 5),
    (libc::SYS_eventfd2, "eventfd2", 2),
    (libc::SYS_exit, "exit", 1),
    (libc::SYS_exit_group, "exit_group", 1),
    (libc::SYS_faccessat, "faccessat", 3),
    (libc::SYS_faccessat2, "faccessat2", 4),
    (libc::SYS_fgetxattr, "fgetxattr", 4),
    (libc::SYS_flistxattr, "flistxattr", 3),
    (libc::SYS_fstat, "fstat", 2),
    (libc::SYS_fstatfs, "fstatfs", 2),
    (libc::SYS_futex, "futex", 6),
    (libc::SYS_get_robust_list, "get_robust_list", 3),
    (libc::SYS_getcpu, "getcpu", 3),
    (libc::SYS_getcwd, "getcwd", 2),
    (libc::SYS_getdents64, "getdents64", 3),
    (libc::SYS_getgroups, "getgroups", 2),
    (libc::SYS_getitimer, "getitimer", 2),
    (libc::SYS_getrandom, "getrandom", 3),
    (libc::SYS_getresgid, "getresgid", 3),
    (libc::SYS_getresuid, "getresuid", 3),
    (libc::SYS_getrusage, "getrusage", 2),
    (libc::SYS_kill, "kill", 2),
    (libc::SYS_listxattr, "listxattr", 3),
    (libc::SYS_llistxattr, "llistxattr", 3),
    (libc::SYS_mq_getsetattr, "mq_getsetattr", 3),
    (libc::SYS_mq_timedreceive, "mq_timedreceive", 5),
    (libc::SYS_mq_timedsend, "mq_timedsend", 5),
    (libc::SYS_msgget, "msgget", 2),
    (libc::SYS_msgrcv, "msgrcv", 5),
    (libc::SYS_msgsnd, "msgsnd", 4),
    (libc::SYS_nanosleep, "nanosleep", 2),
    (libc::SYS_newfstatat, "newfstatat", 4),
    (libc::SYS_pidfd_send_signal, "pidfd_send_signal", 4),
    (libc::SYS_pipe2, "pipe2", 2),
    (libc::SYS_ppoll, "ppoll", 5),
    (libc::SYS_prlimit64, "prlimit64", 4),
    (libc::SYS_pselect6, "pselect6", 6),
    (libc::SYS_rt_sigaction, "rt_sigaction", 4),
    (libc::SYS_rt_sigpending, "rt_sigpending", 2),
    (libc::SYS_rt_sigprocmask, "rt_sigprocmask", 4),
    (libc::SYS_rt_sigqueueinfo, "rt_sigqueueinfo", 3),
    (libc::SYS_rt_sigsuspend, "rt_sigsuspend", 2),
    (libc::SYS_rt_sigtimedwait, "rt_sigtimedwait", 4),
    (libc::SYS_rt_tgsigqueueinfo, "rt_tgsigqueueinfo", 4),
    (libc::SYS_sched_getaffinity, "sched_getaffinity", 3),
    (libc::SYS_sched_getattr, "sched_getattr", 4),
    (libc::SYS_sched_getparam, "sched_getparam", 2),
    (libc::SYS_sched_rr_get_interval, "sched_rr_get_interval", 2),
    (libc::SYS_sched_setaffinity, "sched_setaffinity", 3),
    (libc::SYS_sched_setattr, "sched_setattr", 3),
    (libc::SYS_sched_setparam, "sched_setparam", 2),
    (libc::SYS_sched_setscheduler, "sched_setscheduler", 3),
    (libc::SYS_sched_yield, "sched_yield", 0),
    (libc::SYS_semctl, "semctl", 4),
    (libc::SYS_semget, "semget", 3),
    (libc::SYS_semop, "semop", 3),
    (libc::SYS_semtimedop, "semtimedop", 4),
    (libc::SYS_set_mempolicy, "set_mempolicy", 3),
    (libc::SYS_set_robust_list, "set_robust_list", 2),
    (libc::SYS_setgroups, "setgroups", 2),
    (libc::SYS_setitimer, "setitimer", 3),
    (libc::SYS_setrlimit, "setrlimit", 2),
    (libc::SYS_getrlimit, "getrlimit", 2),
    (libc::SYS_shmat, "shmat", 3),
    (libc::SYS_shmctl, "shmctl", 3),
    (libc::SYS_shmget, "shmget", 3),
    (libc::SYS_sigaltstack, "sigaltstack", 2),
    (libc::SYS_signalfd4, "signalfd4", 4),
    (libc::SYS_statfs, "statfs", 2),
    (libc::SYS_statx, "statx", 5),
    (libc::SYS_sysinfo, "sysinfo", 1),
    (libc::SYS_tgkill, "tgkill", 3),
    (libc::SYS_timer_create, "timer_create", 3),
    (libc::SYS_timer_gettime, "timer_gettime", 2),
    (libc::SYS_timer_settime, "timer_settime", 4),
    (libc::SYS_timerfd_gettime, "timerfd_gettime", 2),
    (libc::SYS_timerfd_settime, "timerfd_settime", 4),
    (libc::SYS_times, "times", 1),
    (libc::SYS_tkill, "tkill", 2),
    (libc::SYS_uname, "uname", 1),
    (libc::SYS_utimensat, "utimensat", 4),
    (libc::SYS_wait4, "wait4", 4),
    (libc::SYS_waitid, "waitid", 5),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_epoll_wait, "epoll_wait", 4),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_getdents, "getdents", 3),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_pause, "pause", 0),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_poll, "poll", 3),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_select, "select", 5),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_stat, "stat", 2),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_lstat, "lstat", 2),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_time, "time", 1),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_utime, "utime", 2),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_utimes, "utimes", 2),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_futimesat, "futimesat", 3),
];

/// What a call is called that is not watched by itself.
pub fn name(number: i64) -> String {
    let known = OTHERS.iter().find(|other| other.0 == number);
    known.map_or_else(
        || format!("call number {number}"),
        |other| other.1.to_owned(),
    )
}

/// How many arguments such a call has; 0 if it is not known.
pub fn arity(number: i64) -> usize {
    let known = OTHERS.iter().find(|other| other.0 == number);
    known.map_or(0, |other| other.2)
}
