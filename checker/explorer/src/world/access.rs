//! An access to shared memory, in one step or in several.
//!
//! Nobody else goes on during a step. So an instruction that is not atomic is taken apart: what it
//! reads is remembered when its turn to read comes; when its turn to write comes, what it read is
//! put back for the moment of the instruction. Another process may have had its turns between the
//! two, as it may between the reading and the writing of a real processor. A plain access across
//! two cache lines is taken apart in the same way, line by line.

use checker::evidence::bytes::Bytes;
use checker::evidence::exploration::{Deed, SharedPlace};
use libc::user_regs_struct;

use crate::instruction::{self, Decoded, LONGEST, Operand};
use crate::operation::{Object, Operation};
use crate::space::{Region, Space};
use crate::tracee::{Pace, Stop, Tracee};
use crate::trouble::{Followed, Trouble};

use super::{Point, Ready, What, World};

/// Bytes in a cache line of the processors this runs on.
const LINE: u64 = 64;

/// An instruction that touches shared memory, on its way through its parts.
#[derive(Debug)]
pub(super) struct Access {
    decoded: Decoded,
    parts: Vec<Part>,
    /// The part whose turn is next.
    next: usize,
    /// What was read in earlier parts, by address.
    read: Vec<(u64, Vec<u8>)>,
    /// What is to be written in later parts, by address.
    written: Vec<(u64, Vec<u8>)>,
}

/// What happens in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    reads: Vec<Range>,
    writes: Vec<Range>,
}

/// A range in a shared mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    address: u64,
    length: u64,
    file: usize,
    offset: u64,
    /// Whether stores there reach others.
    is_shared: bool,
}

impl World<'_> {
    /// Whether the memory fault that a task stands at is an access to a shared mapping; then it
    /// stands before it.
    pub(super) fn stands_at_access(&mut self, task: usize) -> Followed<bool> {
        let tracee = &self.tasks[task].tracee;
        let (address, _) = tracee.fault()?;
        let space = &self.spaces[self.tasks[task].space];
        if space.region(address).is_none() {
            return Ok(false);
        }
        let registers = tracee.registers()?;
        let bytes = tracee.read(registers.rip, LONGEST);
        let Some(decoded) = instruction::decode(&bytes, &registers) else {
            return Err(Trouble::Unfit(format!(
                "the program accesses shared memory by an instruction that the explorer does not \
                 take apart ({})",
                Bytes(bytes)
            )));
        };
        let access = Access::new(decoded, space, &registers);
        let is_there =
            |range: &Range| range.address <= address && address < range.address + range.length;
        let mut ranges = access
            .parts
            .iter()
            .flat_map(|p| p.reads.iter().chain(&p.writes));
        if !ranges.any(is_there) {
            return Err(Trouble::Unfit(format!(
                "`{}` touches shared memory at another place than the explorer makes out",
                access.decoded.text
            )));
        }
        let point = access.point(registers);
        self.stand(task, point, true);
        Ok(true)
    }

    /// Takes the next part of an access.
    pub(super) fn access(
        &mut self,
        task: usize,
        mut access: Access,
        registers: user_regs_struct,
    ) -> Followed<()> {
        let code = self.code(task, &access.decoded.text, &registers);
        let part = access.parts[access.next].clone();
        let executes = access.executes_at();
        let deed = if access.next < executes {
            let tracee = &self.tasks[task].tracee;
            for range in &part.reads {
                let bytes = tracee.read(range.address, range.length as usize);
                access.read.push((range.address, bytes));
            }
            self.load(task, &part)
        } else {
            let before = self.contents(task, &part.writes);
            let loaded = self.load(task, &part);
            let regions = self.touched_by(task, &access);
            let is_executed = access.next == executes;
            let tracee = &self.tasks[task].tracee;
            let here = if is_executed {
                registers
            } else {
                tracee.registers()?
            };
            self.open_from(task, &regions, &here)?;
            let signal = if is_executed {
                self.execute(task, &mut access, registers)?
            } else {
                0
            };
            let tracee = &self.tasks[task].tracee;
            let there = if is_executed {
                tracee.registers()?
            } else {
                here
            };
            for (address, bytes) in &access.written {
                if part.writes.iter().any(|range| range.address == *address) {
                    tracee.write(*address, bytes)?;
                }
            }
            self.close_from(task, &regions, &there)?;
            self.tasks[task].signal = signal;
            let after = self.contents(task, &part.writes);
            let reaches = part.writes.iter().any(|range| range.is_shared);
            if before != after && reaches {
                self.changes += 1;
            }
            self.store(&part, before, after).or(loaded)
        };
        if let Some(deed) = deed {
            self.note(task, deed, code);
        }
        access.next += 1;
        if access.next < access.parts.len() {
            let point = access.point(registers);
            self.stand(task, point, false);
            return Ok(());
        }
        // What it changed is no matter of an end that may follow.
        self.look_at_words();
        self.walk(task, Pace::Run)
    }

    /// The mappings that an access touches.
    fn touched_by(&self, task: usize, access: &Access) -> Vec<Region> {
        let space = &self.spaces[self.tasks[task].space];
        let ranges = || {
            access
                .parts
                .iter()
                .flat_map(|p| p.reads.iter().chain(&p.writes))
        };
        let regions = space.regions.iter();
        let touched = regions.filter(|region| {
            ranges().any(|range| region.start <= range.address && range.address < region.end)
        });
        touched.cloned().collect()
    }

    fn contents(&self, task: usize, ranges: &[Range]) -> Vec<Vec<u8>> {
        let tracee = &self.tasks[task].tracee;
        let read = |range: &Range| tracee.read(range.address, range.length as usize);
        ranges.iter().map(read).collect()
    }

    fn place(&self, range: &Range) -> SharedPlace {
        SharedPlace {
            file: self.files.name(range.file).to_owned(),
            offset: range.offset,
        }
    }

    fn load(&self, task: usize, part: &Part) -> Option<Deed> {
        self.record.as_ref()?;
        let range = part.reads.first()?;
        Some(Deed::Load {
            at: self.place(range),
            bytes: Bytes(self.contents(task, &[*range]).remove(0)),
        })
    }

    fn store(&self, part: &Part, before: Vec<Vec<u8>>, after: Vec<Vec<u8>>) -> Option<Deed> {
        self.record.as_ref()?;
        let at = self.place(part.writes.first()?);
        let before = Bytes(before.into_iter().next()?);
        let after = Bytes(after.into_iter().next()?);
        Some(if part.reads.is_empty() {
            Deed::Store { at, before, after }
        } else {
            Deed::Atomic { at, before, after }
        })
    }

    /// Runs the instruction, with what was read in earlier parts in its place. What it writes is
    /// taken away again and remembered. The answer is the signal it got, or 0.
    fn execute(
        &mut self,
        task: usize,
        access: &mut Access,
        registers: user_regs_struct,
    ) -> Followed<i32> {
        let writes: Vec<Range> = access.parts.iter().flat_map(|p| p.writes.clone()).collect();
        let original = self.contents(task, &writes);
        let tracee = &self.tasks[task].tracee;
        let again =
            |(address, bytes): &(u64, Vec<u8>)| (*address, tracee.read(*address, bytes.len()));
        let current: Vec<(u64, Vec<u8>)> = access.read.iter().map(again).collect();
        // Behind the end of the file nothing can be put in place; the instruction gets its signal.
        let is_there = current
            .iter()
            .zip(&access.read)
            .all(|(now, then)| now.1.len() == then.1.len())
            && original
                .iter()
                .zip(&writes)
                .all(|(bytes, range)| bytes.len() as u64 == range.length);
        let is_apart = access.parts.len() > 1 && is_there;
        if is_apart {
            for (address, bytes) in &access.read {
                tracee.write(*address, bytes)?;
            }
        }
        let signal = match access.moves(&registers).filter(|_| is_there) {
            Some(moved) => {
                moved.carry_out(tracee)?;
                0
            }
            None => one_instruction(tracee, registers)?,
        };
        if is_apart {
            for range in writes.iter().filter(|_| signal == 0) {
                let bytes = tracee.read(range.address, range.length as usize);
                access.written.push((range.address, bytes));
            }
            for (address, bytes) in current {
                tracee.write(address, &bytes)?;
            }
            for (range, bytes) in writes.iter().zip(original) {
                tracee.write(range.address, &bytes)?;
            }
        }
        Ok(signal)
    }
}

/// Lets a task run the instruction that it stands at. The answer is the signal it got, or 0.
fn one_instruction(tracee: &Tracee, registers: user_regs_struct) -> Followed<i32> {
    tracee.set_registers(registers)?;
    tracee.resume(Pace::Instruction, 0)?;
    match tracee.after_instruction()? {
        Stop::Signal(libc::SIGTRAP) => Ok(0),
        Stop::Signal(signal) => Ok(signal),
        other => Err(Trouble::Unfit(format!(
            "a process that was to take a step was not there any more ({other:?})"
        ))),
    }
}

/// Elements of a string instruction that are moved for it.
struct Moved {
    from: Option<u64>,
    pattern: Vec<u8>,
    to: u64,
    length: u64,
    after: user_regs_struct,
}

impl Moved {
    fn carry_out(self, tracee: &Tracee) -> Followed<()> {
        let length = self.length as usize;
        let bytes = match self.from {
            Some(from) => tracee.read(from, length),
            None => self.pattern.repeat(length / self.pattern.len()),
        };
        tracee.write(self.to, &bytes)?;
        tracee.set_registers(self.after)?;
        Ok(())
    }
}

impl Access {
    fn new(decoded: Decoded, space: &Space, registers: &user_regs_struct) -> Access {
        let mut access = Access {
            parts: Vec::new(),
            next: 0,
            read: Vec::new(),
            written: Vec::new(),
            decoded,
        };
        let operands = access.operands(space, registers);
        let mut reads = Vec::new();
        let mut writes = Vec::new();
        for operand in &operands {
            let ranges = lines(operand, space);
            if operand.reads {
                reads.extend(ranges.clone());
            }
            if operand.writes {
                writes.extend(ranges);
            }
        }
        let is_one = access.decoded.is_atomic || access.decoded.repeats.is_some();
        if is_one {
            if !(reads.is_empty() && writes.is_empty()) {
                access.parts.push(Part { reads, writes });
            }
            return access;
        }
        let read = reads.into_iter().map(|range| Part {
            reads: vec![range],
            writes: Vec::new(),
        });
        let write = writes.into_iter().map(|range| Part {
            reads: Vec::new(),
            writes: vec![range],
        });
        access.parts = read.chain(write).collect();
        access
    }

    /// What the instruction touches: of one that repeats itself, up to the end of a cache line.
    fn operands(&self, space: &Space, registers: &user_regs_struct) -> Vec<Operand> {
        let mut operands = self.decoded.memory.clone();
        let Some(repeat) = self.decoded.repeats.filter(|repeat| repeat.moves) else {
            return operands;
        };
        let shared = operands
            .iter()
            .filter(|operand| space.region(operand.address).is_some());
        let to_line = |operand: &Operand| (LINE - operand.address % LINE).div_ceil(repeat.element);
        let mut count = shared
            .map(to_line)
            .min()
            .unwrap_or(1)
            .min(registers.rcx)
            .max(1);
        // What it writes may be what it reads later.
        let close = |a: &Operand, b: &Operand| a.address.abs_diff(b.address) < LINE;
        if operands.len() == 2 && close(&operands[0], &operands[1]) {
            count = 1;
        }
        for operand in &mut operands {
            operand.length = repeat.element * count;
        }
        operands
    }

    /// The elements that can be moved at once, if this is such an instruction.
    fn moves(&self, registers: &user_regs_struct) -> Option<Moved> {
        let repeat = self.decoded.repeats.filter(|repeat| repeat.moves)?;
        let part = &self.parts[0];
        let ranges = if part.reads.is_empty() {
            &part.writes
        } else {
            &part.reads
        };
        let length: u64 = ranges.iter().map(|range| range.length).sum();
        let reads_memory = self.decoded.memory.iter().any(|operand| operand.reads);
        let mut after = *registers;
        after.rcx -= length / repeat.element;
        after.rdi += length;
        if reads_memory {
            after.rsi += length;
        }
        if after.rcx == 0 {
            after.rip = self.decoded.next;
        }
        Some(Moved {
            from: reads_memory.then_some(registers.rsi),
            pattern: registers.rax.to_le_bytes()[..repeat.element as usize].to_vec(),
            to: registers.rdi,
            length,
            after,
        })
    }

    /// The part in which the instruction is run: the first that writes, else the last.
    fn executes_at(&self) -> usize {
        let first_write = self.parts.iter().position(|part| !part.writes.is_empty());
        first_write.unwrap_or(self.parts.len() - 1)
    }

    fn point(self, registers: user_regs_struct) -> Point {
        let part = &self.parts[self.next];
        let mut operation = Operation::default();
        for range in &part.reads {
            let (from, to) = (range.offset, range.offset + range.length);
            operation = operation.and(Object::File(range.file), from, to, false);
        }
        for range in &part.writes {
            let (from, to) = (range.offset, range.offset + range.length);
            operation = operation.and(Object::File(range.file), from, to, range.is_shared);
        }
        Point {
            operation,
            ready: Ready::Now,
            what: What::Access(Box::new(self)),
            registers,
        }
    }
}

/// The pieces of an operand that are in shared mappings, cut at the ends of cache lines.
fn lines(operand: &Operand, space: &Space) -> Vec<Range> {
    let end = operand.address.saturating_add(operand.length);
    let mut pieces = Vec::new();
    for region in &space.regions {
        let mut at = operand.address.max(region.start);
        while at < end.min(region.end) {
            let to = (at / LINE + 1)
                .saturating_mul(LINE)
                .min(end)
                .min(region.end);
            pieces.push(Range {
                address: at,
                length: to - at,
                file: region.file,
                offset: region.offset + (at - region.start),
                is_shared: region.is_shared,
            });
            at = to;
        }
    }
    pieces.sort_by_key(|piece| piece.address);
    pieces
}
