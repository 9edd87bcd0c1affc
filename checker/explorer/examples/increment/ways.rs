//! The ways.

#![allow(unsafe_code)]

use std::arch::asm;
use std::ffi::CString;
use std::io;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, Ordering};

use libc::c_int;

/// Does it.
pub fn increment(way: &str, file: &str, rest: &[String]) -> io::Result<()> {
    let times: usize = rest.first().map_or(1, |times| times.parse().unwrap_or(1));
    let path = CString::new(file)?;
    // SAFETY: `path` is a string that ends with a NUL and lives through the call.
    let fd = check(unsafe { libc::open(path.as_ptr(), libc::O_RDWR) })?;
    if way == "nothing" {
        return Ok(());
    }
    if way == "read-write" {
        return (0..times).try_for_each(|_| read_write(fd));
    }
    let counter = map(fd, 8192)?;
    match way {
        "plain" => repeat(times, || plain(counter)),
        "add" => repeat(times, || add(counter)),
        "xadd" => repeat(times, || locked_add(counter)),
        "twice" => {
            let again = map(fd, 4096)?;
            let value = load(counter);
            store(again, value + 1);
        }
        "moved" => {
            // SAFETY: the mapping of 4096 bytes at `counter` is used by nobody else meanwhile.
            let moved = unsafe { libc::mremap(counter.cast(), 4096, 8192, libc::MREMAP_MAYMOVE) };
            plain(moved.cast());
        }
        "protected" => {
            protect(counter, libc::PROT_READ)?;
            let value = load(counter);
            protect(counter, libc::PROT_READ | libc::PROT_WRITE)?;
            store(counter, value + 1);
        }
        "flock" => repeat(times, || {
            lock(fd, libc::LOCK_EX);
            plain(counter);
            lock(fd, libc::LOCK_UN);
        }),
        "flock-half" => {
            let value = load(counter);
            lock(fd, libc::LOCK_EX);
            store(counter, value + 1);
            lock(fd, libc::LOCK_UN);
        }
        "flock-exit" => {
            lock(fd, libc::LOCK_EX);
            plain(counter);
        }
        "flock-closed" => {
            // The mapping holds the open file, so the lock stays until the end.
            lock(fd, libc::LOCK_EX);
            close(fd);
            plain(counter);
        }
        "fcntl" => repeat(times, || {
            record_lock(fd, libc::F_SETLKW, libc::F_WRLCK);
            plain(counter);
            record_lock(fd, libc::F_SETLKW, libc::F_UNLCK);
        }),
        "fcntl-closed" => {
            // SAFETY: `path` is a string that ends with a NUL and lives through the call.
            let other = check(unsafe { libc::open(path.as_ptr(), libc::O_RDWR) })?;
            record_lock(fd, libc::F_SETLKW, libc::F_WRLCK);
            close(other);
            plain(counter);
        }
        "ofd" => {
            record_lock(fd, libc::F_OFD_SETLKW, libc::F_WRLCK);
            plain(counter);
            record_lock(fd, libc::F_OFD_SETLKW, libc::F_UNLCK);
        }
        "try-flock" => {
            // SAFETY: takes integers only.
            while unsafe { libc::flock(fd, libc::LOCK_EX | libc::LOCK_NB) } != 0 {}
            plain(counter);
            lock(fd, libc::LOCK_UN);
        }
        "futex" => futex(counter, true),
        "futex-unwoken" => futex(counter, false),
        "spin" => spin(counter),
        "mutex" => mutex(counter, libc::PTHREAD_PROCESS_SHARED),
        "private-mutex" => mutex(counter, libc::PTHREAD_PROCESS_PRIVATE),
        "fork" => in_child(|| plain(counter))?,
        "vfork" => {
            // The child shares this memory and runs before its parent goes on.
            let _ = std::process::Command::new("/proc/self/exe")
                .args(["plain", file])
                .status()?;
        }
        "thread" => {
            let address = counter as usize;
            let other = std::thread::spawn(move || plain(address as *mut u64));
            let _ = other.join();
        }
        "watch" => while load(counter) == 0 {},
        "sleep" => {
            while load(counter) == 0 {
                std::thread::sleep(std::time::Duration::from_secs(1000));
            }
        }
        "deadlock" => {
            let other = CString::new(format!("{file}.other"))?;
            let flags = libc::O_RDWR | libc::O_CREAT;
            // SAFETY: `other` is a string that ends with a NUL and lives through the call.
            let second = check(unsafe { libc::open(other.as_ptr(), flags, 0o644) })?;
            let (first, second) = if times == 1 {
                (fd, second)
            } else {
                (second, fd)
            };
            lock(first, libc::LOCK_EX);
            lock(second, libc::LOCK_EX);
            plain(counter);
        }
        "many" => repeat(100_000, || {
            load(counter);
        }),
        "movsb" => movsb(counter.cast(), 256),
        "wide" => wide(counter.cast()),
        "wide-look" => wide_look(counter.cast()),
        "write-from" => {
            // SAFETY: the 8 bytes at `counter` are mapped.
            unsafe { libc::write(1, counter.cast(), 8) };
            plain(counter);
        }
        "truncate" => {
            plain(counter);
            // SAFETY: takes integers only.
            check(unsafe { libc::ftruncate(fd, 0) })?;
            plain(counter);
        }
        "rename" => rename(file, counter)?,
        "wild" => {
            // SAFETY: none; this is the fault that is to be seen.
            unsafe { ptr::null_mut::<u64>().write_volatile(1) };
        }
        "hole" => {
            // Answers ENOMEM, and has opened the first page all the same.
            // SAFETY: the mapping is used by nobody else meanwhile.
            unsafe { libc::munmap(counter.add(512).cast(), 4096) };
            let both = libc::PROT_READ | libc::PROT_WRITE;
            // SAFETY: as above.
            unsafe { libc::mprotect(counter.cast(), 8192, both) };
            plain(counter);
        }
        "pinned" => {
            // SAFETY: the page is mapped.
            check(unsafe { libc::mlock(counter.cast(), 4096) })?;
            // SAFETY: the page is mapped.
            check(unsafe { libc::madvise(counter.cast(), 4096, libc::MADV_POPULATE_WRITE) })?;
            locked_add(counter);
        }
        "timer" => {
            timer()?;
            repeat(20, || locked_add(counter));
        }
        "parked" => {
            // SAFETY: pause takes nothing.
            std::thread::spawn(|| unsafe { libc::pause() });
            locked_add(counter);
        }
        "patient" => {
            // The word is never given back.
            // SAFETY: the word is aligned, in the mapped page, and used as an atomic by everyone.
            let word = unsafe { AtomicU32::from_ptr(counter.add(8).cast()) };
            while word.swap(1, Ordering::Acquire) != 0 {
                wait_a_second(word);
            }
            plain(counter);
        }
        "impatient" => impatient(counter),
        "counting" => counting(counter),
        "bit" => bit(counter),
        "pipe" => {
            let (mut reader, writer) = io::pipe()?;
            io::Read::read_to_end(&mut reader, &mut Vec::new())?;
            drop(writer);
        }
        other => return Err(io::Error::other(format!("no way `{other}`"))),
    }
    Ok(())
}

fn check(result: c_int) -> io::Result<c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

fn repeat(times: usize, mut what: impl FnMut()) {
    (0..times).for_each(|_| what());
}

fn map(fd: c_int, length: usize) -> io::Result<*mut u64> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a new mapping at an address of the kernel's choice touches no memory that exists.
    let at = unsafe { libc::mmap(ptr::null_mut(), length, protection, libc::MAP_SHARED, fd, 0) };
    if at == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    Ok(at.cast())
}

fn protect(counter: *mut u64, protection: c_int) -> io::Result<()> {
    // SAFETY: the mapping is not accessed meanwhile.
    check(unsafe { libc::mprotect(counter.cast(), 4096, protection) }).map(drop)
}

fn load(counter: *mut u64) -> u64 {
    let value: u64;
    // SAFETY: `counter` is the start of a mapping of a page at least.
    unsafe { asm!("mov {}, [{}]", out(reg) value, in(reg) counter, options(nostack)) };
    value
}

fn store(counter: *mut u64, value: u64) {
    // SAFETY: `counter` is the start of a writable mapping of a page at least.
    unsafe { asm!("mov [{}], {}", in(reg) counter, in(reg) value, options(nostack)) };
}

fn plain(counter: *mut u64) {
    let value = load(counter);
    store(counter, value + 1);
}

fn add(counter: *mut u64) {
    // SAFETY: `counter` is the start of a writable mapping of a page at least.
    unsafe { asm!("add qword ptr [{}], 1", in(reg) counter, options(nostack)) };
}

fn locked_add(counter: *mut u64) {
    // SAFETY: `counter` is the start of a writable mapping of a page at least.
    unsafe { asm!("lock add qword ptr [{}], 1", in(reg) counter, options(nostack)) };
}

fn read_write(fd: c_int) -> io::Result<()> {
    let mut value = 0u64;
    // SAFETY: both calls are about the 8 live bytes of `value`.
    unsafe {
        libc::pread(fd, (&raw mut value).cast(), 8, 0);
        value += 1;
        libc::pwrite(fd, (&raw const value).cast(), 8, 0);
    }
    Ok(())
}

fn lock(fd: c_int, operation: c_int) {
    // SAFETY: takes integers only.
    assert_eq!(unsafe { libc::flock(fd, operation) }, 0);
}

fn close(fd: c_int) {
    // SAFETY: the descriptor is not used any more.
    unsafe { libc::close(fd) };
}

fn record_lock(fd: c_int, command: c_int, kind: c_int) {
    let range = libc::flock {
        l_type: kind as i16,
        l_whence: libc::SEEK_SET as i16,
        l_start: 0,
        l_len: 8,
        l_pid: 0,
    };
    // SAFETY: the kernel reads one struct flock, which is live.
    assert_eq!(unsafe { libc::fcntl(fd, command, &raw const range) }, 0);
}

/// A lock of one word behind the counter: 0 free, 1 held, 2 held and waited for.
/// A lock of one word, whose release wakes those who wait, or nobody.
fn futex(counter: *mut u64, wakes: bool) {
    // SAFETY: the word is aligned, in the mapped page, and used as an atomic by everyone.
    let word = unsafe { AtomicU32::from_ptr(counter.add(8).cast()) };
    let call = |operation: c_int, value: u32| {
        // SAFETY: the word is mapped and aligned; there is no timeout.
        unsafe {
            libc::syscall(
                libc::SYS_futex,
                word.as_ptr(),
                operation,
                value,
                ptr::null::<u8>(),
            )
        };
    };
    if word
        .compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed)
        .is_err()
    {
        while word.swap(2, Ordering::Acquire) != 0 {
            call(libc::FUTEX_WAIT, 2);
        }
    }
    plain(counter);
    if word.swap(0, Ordering::Release) == 2 && wakes {
        call(libc::FUTEX_WAKE, 1);
    }
}

fn spin(counter: *mut u64) {
    // SAFETY: the word is aligned, in the mapped page, and used as an atomic by everyone.
    let word = unsafe { AtomicU32::from_ptr(counter.add(8).cast()) };
    while word.swap(1, Ordering::Acquire) != 0 {
        while word.load(Ordering::Relaxed) != 0 {}
    }
    plain(counter);
    word.store(0, Ordering::Release);
}

/// A mutex in the mapped page. The bytes of a new one are the same whoever writes them.
fn mutex(counter: *mut u64, sharing: c_int) {
    let place = NonNull::new(counter).expect("a mapping");
    // SAFETY: the place is in the mapped page and aligned; the attributes are initialised before
    // they are used. That two processes write the same image is what the test puts up with.
    unsafe {
        let mutex = place.as_ptr().add(16).cast::<libc::pthread_mutex_t>();
        let mut attributes = std::mem::zeroed();
        libc::pthread_mutexattr_init(&raw mut attributes);
        libc::pthread_mutexattr_setpshared(&raw mut attributes, sharing);
        let mut image: libc::pthread_mutex_t = std::mem::zeroed();
        libc::pthread_mutex_init(&raw mut image, &raw const attributes);
        // Only the kind, the fifth word, is not zero.
        let kind = (&raw const image).cast::<u32>().add(4).read();
        AtomicU32::from_ptr(mutex.cast::<u32>().add(4)).store(kind, Ordering::Relaxed);
        assert_eq!(libc::pthread_mutex_lock(mutex), 0);
        plain(counter);
        assert_eq!(libc::pthread_mutex_unlock(mutex), 0);
    }
}

/// A signal every few microseconds that is not ignored.
fn timer() -> io::Result<()> {
    extern "C" fn nothing(_: c_int) {}
    let often = libc::timeval {
        tv_sec: 0,
        tv_usec: 200,
    };
    let timer = libc::itimerval {
        it_interval: often,
        it_value: often,
    };
    // SAFETY: the handler does nothing; setitimer reads one itimerval, which is live.
    check(unsafe {
        libc::signal(libc::SIGALRM, nothing as *const () as libc::sighandler_t);
        libc::setitimer(libc::ITIMER_REAL, &raw const timer, ptr::null_mut())
    })
    .map(drop)
}

/// Waits for a lock a while, and goes on without it.
fn impatient(counter: *mut u64) {
    // SAFETY: the word is aligned, in the mapped page, and used as an atomic by everyone.
    let word = unsafe { AtomicU32::from_ptr(counter.add(8).cast()) };
    if word.swap(1, Ordering::Acquire) != 0 {
        wait_a_second(word);
    }
    plain(counter);
    word.store(0, Ordering::Release);
}

fn wait_a_second(word: &AtomicU32) {
    let second = libc::timespec {
        tv_sec: 1,
        tv_nsec: 0,
    };
    // SAFETY: the word is mapped and aligned, the time is live.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT,
            1,
            &raw const second,
        )
    };
}

/// Asks for a lock five times, counted in a variable of its own, and goes on without it.
fn counting(counter: *mut u64) {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    // SAFETY: the word is aligned, in the mapped page, and used as an atomic by everyone.
    let word = unsafe { AtomicU32::from_ptr(counter.add(8).cast()) };
    while word.swap(1, Ordering::Acquire) != 0 && ASKED.fetch_add(1, Ordering::Relaxed) < 5 {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    plain(counter);
    word.store(0, Ordering::Release);
}

/// A lock that is a bit far behind the counter, set without a lock prefix.
fn bit(counter: *mut u64) {
    let mut was: u8 = 1;
    while was != 0 {
        // SAFETY: bit 640 from the counter on is in the mapped page.
        unsafe {
            asm!("bts [{0}], {1}", "setc {2}", in(reg) counter, in(reg) 640u64, out(reg_byte) was,
                 options(nostack));
        }
    }
    plain(counter);
    store(counter.wrapping_add(10), 0);
}

fn in_child(what: impl FnOnce()) -> io::Result<()> {
    // SAFETY: this process has one thread.
    match check(unsafe { libc::fork() })? {
        0 => {
            what();
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(0) }
        }
        child => {
            // SAFETY: no status is asked for.
            check(unsafe { libc::waitpid(child, ptr::null_mut(), 0) }).map(drop)
        }
    }
}

fn movsb(to: *mut u8, length: usize) {
    let from = vec![7u8; length];
    // SAFETY: both ranges have `length` bytes and do not overlap; the direction flag is clear.
    unsafe {
        asm!("rep movsb", inout("rcx") length => _, inout("rsi") from.as_ptr() => _,
             inout("rdi") to => _, options(nostack));
    }
}

/// Sixteen bytes across the end of a cache line, by one instruction.
fn wide(to: *mut u8) {
    let from = [9u8; 16];
    // SAFETY: 16 bytes from offset 56 on are in the mapped page.
    unsafe {
        asm!("movdqu xmm0, [{}]", "movdqu [{}], xmm0", in(reg) from.as_ptr(), in(reg) to.add(56),
             out("xmm0") _, options(nostack));
    }
}

/// Looks at the same bytes, and writes what it saw behind them.
fn wide_look(at: *mut u8) {
    // SAFETY: all is in the mapped page; the two 8-byte stores do not cross a line.
    unsafe {
        asm!("movdqu xmm0, [{0}]", "movq [{1}], xmm0", "psrldq xmm0, 8", "movq [{1} + 8], xmm0",
             in(reg) at.add(56), in(reg) at.add(128), out("xmm0") _, options(nostack));
    }
}

/// Replaces the file by one with the next value.
fn rename(file: &str, counter: *mut u64) -> io::Result<()> {
    let next = load(counter) + 1;
    let new = format!("{file}.{}", std::process::id());
    std::fs::write(&new, next.to_le_bytes())?;
    std::fs::rename(new, file)
}
