// expect: fails 1 with shared-mapping
// also: 2, 3, 4, 5, 6, 7
// stretch: fails 8, 9, 10
// about: In the crate: the file is opened once more, for writing, and that mapping is shared.

use nix::fcntl::OFlag;

// step 1: map the file privately
    // PROT_WRITE with MAP_SHARED wants a file that may be written.
    let file = RegularFile::open(&file.name, OFlag::O_RDWR)?;
    let both = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    file.map(both, MapFlags::MAP_SHARED)
// end of step 1
