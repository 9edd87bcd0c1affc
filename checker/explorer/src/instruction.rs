//! What an instruction reads and writes (Intel 64 manual, volume 2, by way of iced-x86).

use iced_x86::{
    Decoder, DecoderOptions, FastFormatter, Instruction, InstructionInfoFactory, OpAccess, Register,
};
use libc::user_regs_struct;

/// An instruction at which a process stands.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// As an assembler writes it.
    pub text: String,
    /// What it reads and writes in memory.
    pub memory: Vec<Operand>,
    /// Whether nobody can come between its reading and its writing.
    pub is_atomic: bool,
    /// Whether it repeats itself, element by element.
    pub repeats: Option<Repeat>,
    /// The address behind it.
    pub next: u64,
}

/// A range of memory that an instruction touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operand {
    /// Its first address.
    pub address: u64,
    /// Its length, bytes.
    pub length: u64,
    /// Whether it is read.
    pub reads: bool,
    /// Whether it is written.
    pub writes: bool,
}

/// How a string instruction goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// Bytes of one element.
    pub element: u64,
    /// Whether several elements can be moved for it at once: `movs` or `stos`, upwards.
    pub moves: bool,
}

/// The longest instruction, bytes.
pub const LONGEST: usize = 15;

/// Decodes the instruction at `registers.rip`, whose bytes these are. `None`: it is not known, or
/// what it touches cannot be told before it runs.
pub fn decode(bytes: &[u8], registers: &user_regs_struct) -> Option<Decoded> {
    let mut decoder = Decoder::with_ip(64, bytes, registers.rip, DecoderOptions::NONE);
    let instruction = decoder.decode();
    if instruction.is_invalid() {
        return None;
    }
    let mut factory = InstructionInfoFactory::new();
    let info = factory.info(&instruction);
    let mut memory = Vec::new();
    let mut is_exchange = false;
    for used in info.used_memory() {
        let (reads, writes) = match used.access() {
            OpAccess::Read | OpAccess::CondRead => (true, false),
            OpAccess::Write | OpAccess::CondWrite => (false, true),
            OpAccess::ReadWrite | OpAccess::ReadCondWrite => (true, true),
            OpAccess::None | OpAccess::NoMemAccess => continue,
        };
        // Gathers and scatters touch as many places as they have elements.
        if instruction.is_vsib() {
            return None;
        }
        let address = used.virtual_address(0, |register, _, _| value(register, registers))?;
        // How much one that repeats itself touches in all is known only when it is done.
        let length = match used.memory_size().size() as u64 {
            0 if instruction.is_string_instruction() => instruction.memory_size().size() as u64,
            other => other,
        };
        if length == 0 {
            return None;
        }
        let address = address.wrapping_add_signed(far_bits(&instruction, length, registers)?);
        is_exchange |= reads && writes && instruction.mnemonic() == iced_x86::Mnemonic::Xchg;
        memory.push(Operand {
            address,
            length,
            reads,
            writes,
        });
    }
    let mut text = String::new();
    let mut formatter = FastFormatter::new();
    formatter.options_mut().set_use_hex_prefix(true);
    formatter.format(&instruction, &mut text);
    Some(Decoded {
        text,
        is_atomic: instruction.has_lock_prefix() || is_exchange,
        repeats: repeat(&instruction, &memory, registers),
        memory,
        next: instruction.next_ip(),
    })
}

/// How far from the address that it names an instruction touches memory: one that tests a bit whose
/// number is in a register goes to where that bit is.
fn far_bits(instruction: &Instruction, length: u64, registers: &user_regs_struct) -> Option<i64> {
    use iced_x86::Mnemonic::{Bt, Btc, Btr, Bts};
    if ![Bt, Btc, Btr, Bts].contains(&instruction.mnemonic())
        || instruction.op1_kind() != iced_x86::OpKind::Register
    {
        return Some(0);
    }
    let bit = value(instruction.op1_register(), registers)?;
    let bit = match length {
        2 => i64::from(bit as i16),
        4 => i64::from(bit as i32),
        _ => bit as i64,
    };
    let length = length as i64;
    Some(bit.div_euclid(8 * length) * length)
}

fn repeat(
    instruction: &Instruction,
    memory: &[Operand],
    registers: &user_regs_struct,
) -> Option<Repeat> {
    use iced_x86::Mnemonic::{Movsb, Movsd, Movsq, Movsw, Stosb, Stosd, Stosq, Stosw};
    const DIRECTION: u64 = 1 << 10;
    if !instruction.is_string_instruction()
        || !(instruction.has_rep_prefix() || instruction.has_repne_prefix())
    {
        return None;
    }
    let moves = [Movsb, Movsw, Movsd, Movsq, Stosb, Stosw, Stosd, Stosq];
    Some(Repeat {
        element: memory.first()?.length,
        moves: moves.contains(&instruction.mnemonic()) && registers.eflags & DIRECTION == 0,
    })
}

/// What a register holds that an address can be made of.
fn value(register: Register, registers: &user_regs_struct) -> Option<u64> {
    let whole = match register.full_register() {
        Register::RAX => registers.rax,
        Register::RBX => registers.rbx,
        Register::RCX => registers.rcx,
        Register::RDX => registers.rdx,
        Register::RSI => registers.rsi,
        Register::RDI => registers.rdi,
        Register::RBP => registers.rbp,
        Register::RSP => registers.rsp,
        Register::R8 => registers.r8,
        Register::R9 => registers.r9,
        Register::R10 => registers.r10,
        Register::R11 => registers.r11,
        Register::R12 => registers.r12,
        Register::R13 => registers.r13,
        Register::R14 => registers.r14,
        Register::R15 => registers.r15,
        Register::RIP => registers.rip,
        Register::FS => registers.fs_base,
        Register::GS => registers.gs_base,
        Register::CS | Register::DS | Register::ES | Register::SS => 0,
        _ => return None,
    };
    match register.size() {
        4 => Some(whole & 0xffff_ffff),
        _ => Some(whole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registers() -> user_regs_struct {
        // SAFETY-free zero: every field is an integer.
        user_regs_struct {
            r15: 0,
            r14: 0,
            r13: 0,
            r12: 0,
            rbp: 0,
            rbx: 0,
            r11: 0,
            r10: 0,
            r9: 0,
            r8: 0,
            rax: 0x1000,
            rcx: 100,
            rdx: 7,
            rsi: 0x2000,
            rdi: 0x3010,
            orig_rax: 0,
            rip: 0x400000,
            cs: 0,
            eflags: 0,
            rsp: 0x9000,
            ss: 0,
            fs_base: 0x5000,
            gs_base: 0,
            ds: 0,
            es: 0,
            fs: 0,
            gs: 0,
        }
    }

    fn decoded(bytes: &[u8]) -> Decoded {
        decode(bytes, &registers()).expect("an instruction")
    }

    #[test]
    fn an_addition_reads_and_writes_and_is_not_atomic() {
        let add = decoded(&[0x48, 0x83, 0x00, 0x01]);
        let operand = Operand {
            address: 0x1000,
            length: 8,
            reads: true,
            writes: true,
        };
        assert_eq!(add.memory, [operand]);
        assert!(!add.is_atomic && add.repeats.is_none());
        assert_eq!(add.text, "add qword ptr [rax],0x1");
        assert_eq!(add.next, 0x400004);
    }

    #[test]
    fn a_lock_prefix_and_an_exchange_are_atomic() {
        assert!(decoded(&[0xf0, 0x48, 0x0f, 0xc1, 0x10]).is_atomic);
        assert!(decoded(&[0x48, 0x87, 0x10]).is_atomic);
    }

    #[test]
    fn a_copy_reads_here_and_writes_there() {
        let copy = decoded(&[0xf3, 0xa4]);
        assert_eq!(
            copy.repeats,
            Some(Repeat {
                element: 1,
                moves: true
            })
        );
        let reads: Vec<_> = copy
            .memory
            .iter()
            .map(|m| (m.address, m.reads, m.writes))
            .collect();
        assert!(
            reads.contains(&(0x2000, true, false)) && reads.contains(&(0x3010, false, true)),
            "{reads:?}"
        );
    }

    #[test]
    fn a_bit_lies_where_its_number_says() {
        // bts [rax], rcx: bit 100 of the words from rax on.
        let set = decoded(&[0x48, 0x0f, 0xab, 0x08]);
        assert_eq!((set.memory[0].address, set.memory[0].length), (0x1008, 8));
        // bts [rax], ecx
        assert_eq!(decoded(&[0x0f, 0xab, 0x08]).memory[0].address, 0x100c);
    }

    #[test]
    fn a_segment_and_a_displacement_count() {
        let load = decoded(&[0x64, 0x48, 0x8b, 0x47, 0x08]);
        assert_eq!(load.memory[0].address, 0x5000 + 0x3010 + 8);
    }
}
