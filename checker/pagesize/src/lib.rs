//! Shows a program larger pages than its machine has: loaded into it by LD_PRELOAD (ld.so(8)), it
//! answers in the place of libc where a program asks for the page size or for a mapping.
//!
//! BELIEVED_PAGE_SIZE in the environment is the size to be believed, bytes; without it, or if it
//! is no larger than the machine's own, nothing is changed. No function here allocates or locks: a
//! memory allocator may call any of them, and so may a signal handler.
//!
//! What a system call of the program's own asks goes to the kernel as it is, and so does all that
//! libc asks for itself, such as the stacks of threads. munmap(2), mprotect(2) and msync(2) take
//! finer addresses than a kernel with larger pages would.

use std::ffi::{c_char, c_int, c_long, c_void};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[cfg(target_arch = "x86_64")]
mod number {
    pub const MMAP: super::c_long = 9;
    pub const MUNMAP: super::c_long = 11;
    pub const MREMAP: super::c_long = 25;
}
#[cfg(target_arch = "aarch64")]
mod number {
    pub const MMAP: super::c_long = 222;
    pub const MUNMAP: super::c_long = 215;
    pub const MREMAP: super::c_long = 216;
}

/// sysconf(3), in glibc's numbering.
const SC_PAGESIZE: c_int = 30;
/// getauxval(3): the end of the vector, and the entry that holds the page size.
const AT_NULL: usize = 0;
const AT_PAGESZ: usize = 6;
/// mmap(2), mremap(2), the same on all architectures above.
const PROT_NONE: c_int = 0;
const MAP_PRIVATE: c_int = 0x02;
const MAP_FIXED: c_int = 0x10;
const MAP_ANONYMOUS: c_int = 0x20;
const MAP_NORESERVE: c_int = 0x4000;
const MAP_FIXED_NOREPLACE: c_int = 0x10_0000;
const MREMAP_MAYMOVE: c_int = 1;
const MREMAP_FIXED: c_int = 2;
const MAP_FAILED: *mut c_void = usize::MAX as *mut c_void;
const ENOMEM: c_int = 12;
const EINVAL: c_int = 22;

// glibc has these under a second name each, so that the first can be taken by somebody else.
unsafe extern "C" {
    fn __sysconf(name: c_int) -> c_long;
    fn __getpagesize() -> c_int;
    fn __errno_location() -> *mut c_int;
    fn syscall(number: c_long, ...) -> c_long;
}

/// The page size that the program believes, bytes; 0 before the beginning and if it believes the
/// machine's own.
static BELIEVED: AtomicUsize = AtomicUsize::new(0);

/// An entry of the auxiliary vector (getauxval(3)).
#[repr(C)]
struct Auxiliary {
    kind: usize,
    value: usize,
}

/// Called by the loader before any code of the program: a function of DT_INIT_ARRAY, which glibc
/// gives the arguments of `main` to.
#[used]
#[unsafe(link_section = ".init_array")]
static BEGIN: unsafe extern "C" fn(c_int, *const *const c_char, *mut *const c_char) = begin;

/// Reads the size to be believed, and writes it into the auxiliary vector, where getauxval and
/// whoever walks over the stack find it. The loader and libc have read theirs before.
///
/// # Safety
///
/// `environment` is that of a new process: an array that ends with a null pointer and has the
/// auxiliary vector right behind it.
unsafe extern "C" fn begin(_: c_int, _: *const *const c_char, environment: *mut *const c_char) {
    let mut believed = 0;
    let mut at = environment;
    // SAFETY: the kernel puts the vector behind the null pointer that ends the environment, and
    // ends it with AT_NULL (System V ABI, "Initial Process Stack"); every word of the environment
    // ends with a NUL. Nobody else runs yet, so nobody changes any of it.
    unsafe {
        while !(*at).is_null() {
            believed = value(*at).unwrap_or(believed);
            at = at.add(1);
        }
        let mut entry = at.add(1).cast::<Auxiliary>();
        while (*entry).kind != AT_NULL {
            if (*entry).kind == AT_PAGESZ && believed > (*entry).value {
                (*entry).value = believed;
                BELIEVED.store(believed, Relaxed);
            }
            entry = entry.add(1);
        }
    }
}

/// The page size that a word of the environment names; `None` if it is another word, or no power
/// of two.
///
/// # Safety
///
/// `word` ends with a NUL.
unsafe fn value(word: *const c_char) -> Option<usize> {
    let mut at = word.cast::<u8>();
    for &wanted in b"BELIEVED_PAGE_SIZE=" {
        // SAFETY: all bytes before this one were those of the name, so none was the NUL.
        if unsafe { *at } != wanted {
            return None;
        }
        // SAFETY: this byte was not the NUL, so there is one more.
        at = unsafe { at.add(1) };
    }
    let mut number: usize = 0;
    // SAFETY: as above; the loop ends at the NUL at the latest, which is no digit.
    while let digit @ b'0'..=b'9' = unsafe { *at } {
        number = number
            .wrapping_mul(10)
            .wrapping_add(usize::from(digit - b'0'));
        // SAFETY: as above.
        at = unsafe { at.add(1) };
    }
    number.is_power_of_two().then_some(number)
}

/// sysconf(3).
#[unsafe(no_mangle)]
pub extern "C" fn sysconf(name: c_int) -> c_long {
    match BELIEVED.load(Relaxed) {
        believed @ 1.. if name == SC_PAGESIZE => believed as c_long,
        // SAFETY: sysconf takes any number.
        _ => unsafe { __sysconf(name) },
    }
}

/// getpagesize(2).
#[unsafe(no_mangle)]
pub extern "C" fn getpagesize() -> c_int {
    match BELIEVED.load(Relaxed) {
        // SAFETY: getpagesize has no argument.
        0 => unsafe { __getpagesize() },
        believed => believed as c_int,
    }
}

/// mmap(2) as a kernel with the believed page size answers it: an offset, or a fixed address, that
/// is no multiple of it is refused with EINVAL, and any other mapping begins at a multiple of it
/// and has whole pages.
///
/// The kernel is asked with the program's own arguments; what it has mapped is then moved.
///
/// # Safety
///
/// That of mmap: with MAP_FIXED, nothing that is mapped at `address` may be in use.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mmap(
    address: *mut c_void,
    length: usize,
    protection: c_int,
    flags: c_int,
    descriptor: c_int,
    offset: i64,
) -> *mut c_void {
    let kernel =
        |address: *mut c_void, length: usize, protection, flags, descriptor, offset: i64| {
            // The kernel reads whole registers, so all of each is filled.
            let [protection, flags, descriptor] = [protection, flags, descriptor].map(c_long::from);
            // SAFETY: the six arguments of mmap; what it replaces is the caller's to say.
            let result = unsafe {
                syscall(
                    number::MMAP,
                    address,
                    length,
                    protection,
                    flags,
                    descriptor,
                    offset,
                )
            };
            result as *mut c_void
        };
    let page = BELIEVED.load(Relaxed);
    let is_fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE) != 0;
    let refused = |misplaced: usize| page != 0 && misplaced & (page - 1) != 0;
    if refused(offset as usize) || is_fixed && refused(address as usize) {
        return fail(EINVAL);
    }
    let whole = length.checked_next_multiple_of(page);
    let (false, Some(whole @ 1..)) = (is_fixed || page == 0, whole) else {
        return kernel(address, length, protection, flags, descriptor, offset);
    };
    // Memory that belongs to no file may be as long at once as it has to be in the end.
    let asked = match flags & MAP_ANONYMOUS {
        0 => length,
        _ => whole,
    };
    let made = kernel(address, asked, protection, flags, descriptor, offset);
    if made == MAP_FAILED || asked == whole && made as usize & (page - 1) == 0 {
        return made;
    }
    let room = whole.saturating_add(page);
    let held = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    let reserved = kernel(ptr::null_mut(), room, PROT_NONE, held, -1, 0);
    if reserved == MAP_FAILED {
        give_back(made as usize, asked);
        return fail(ENOMEM);
    }
    let start = (reserved as usize).next_multiple_of(page);
    let how = c_long::from(MREMAP_MAYMOVE | MREMAP_FIXED);
    // SAFETY: both ranges are mappings that were made here and that nobody else knows: the one is
    // moved, and what it replaces lies in the other.
    let moved = unsafe { syscall(number::MREMAP, made, asked, whole, how, start) };
    let moved = moved as *mut c_void;
    if moved == MAP_FAILED {
        // SAFETY: errno of this thread; the two calls between may set it.
        let why = unsafe { *__errno_location() };
        give_back(made as usize, asked);
        give_back(reserved as usize, room);
        return fail(why);
    }
    give_back(reserved as usize, start - reserved as usize);
    give_back(start + whole, reserved as usize + room - (start + whole));
    moved
}

/// mmap under its other name: offsets have 64 bits in any case.
///
/// # Safety
///
/// That of [`mmap`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mmap64(
    address: *mut c_void,
    length: usize,
    protection: c_int,
    flags: c_int,
    descriptor: c_int,
    offset: i64,
) -> *mut c_void {
    // SAFETY: the caller's promise is the same.
    unsafe { mmap(address, length, protection, flags, descriptor, offset) }
}

/// Unmaps memory that was mapped here and that nobody has seen. That it fails, only a bug in here
/// can explain; then it stays.
fn give_back(start: usize, length: usize) {
    if length != 0 {
        // SAFETY: see above; the caller of `mmap` gets other memory, or none.
        let _ = unsafe { syscall(number::MUNMAP, start, length) };
    }
}

fn fail(errno: c_int) -> *mut c_void {
    // SAFETY: glibc gives a pointer to the errno of this thread, which lives as long as it.
    unsafe { *__errno_location() = errno };
    MAP_FAILED
}
