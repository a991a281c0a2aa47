//! The physical limit: the same line by hand into a reused thread-local `Vec<u8>`.
//!
//! Cached "YYYY-MM-DDTHH:MM:SS." prefix, itoa, zmij, one capacity check per line, 16-byte copy-and-check for escapes.
//! It is no logger: it has no redaction, no limits, no counters. Every ratio to the floor is a ratio to this code, so it
//! stays as it is; a slower floor would flatter everybody else. It is unsafe code because it may do anything that makes
//! it faster.
#![allow(unsafe_code, unsafe_op_in_unsafe_fn, reason = "the floor may do anything that makes it faster")]

use crate::case::Case;
use crate::delivery::ends;
use crate::http::floor::FloorLayer;
use crate::http::{actix, axum, floor};
use crate::input::Input;
use crate::peers::{Loop, Peer, Standing};
use crate::sink::Null;
use std::cell::RefCell;
use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::*};
use std::sync::{Mutex, OnceLock};

pub static FLOOR: Peer = Peer {
    name: "floor",
    standing: Standing::Always,
    install: |case| {
        MODE.store(black_box(0), Relaxed);
        into_file(case)
    },
    call,
    sites: None,
};

pub static COARSE: Peer = Peer {
    name: "floor-coarse",
    standing: Standing::Named,
    install: |_| {
        CLOCK.store(1, Relaxed);
        Ok(())
    },
    call,
    sites: None,
};

pub static COUNTER: Peer = Peer {
    name: "floor-tsc",
    standing: Standing::Named,
    install: |_| {
        tsc::init();
        CLOCK.store(2, Relaxed);
        Ok(())
    },
    call,
    sites: None,
};

pub struct Line {
    pub buf: Vec<u8>,
    sec: u64,
    prefix: [u8; 20],
    pub tick: u64,
}
static MODE: AtomicU8 = AtomicU8::new(0);
static CLOCK: AtomicU8 = AtomicU8::new(0);
static LEVEL: AtomicU8 = AtomicU8::new(3);
static OUT: OnceLock<Mutex<Box<dyn Write + Send>>> = OnceLock::new();
static FILE: OnceLock<File> = OnceLock::new();
type Ring = rtrb::Consumer<u8>;
static RINGS: Mutex<Vec<Ring>> = Mutex::new(Vec::new());
static NEWRING: AtomicBool = AtomicBool::new(false);
static STOP: AtomicBool = AtomicBool::new(false);

thread_local! {
    static LINE: RefCell<Line> = const { RefCell::new(Line { buf: Vec::new(), sec: 0, prefix: *b"0000-00-00T00:00:00.", tick: 0 }) };
    static PROD: RefCell<Option<rtrb::Producer<u8>>> = const { RefCell::new(None) };
}

fn civil(days: i64) -> (i64, u32, u32) {
    let z = days + 719468;
    let era = z.div_euclid(146097);
    let doe = z.rem_euclid(146097);
    let yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let d = (doy - (153 * mp + 2) / 5 + 1) as u32;
    let m = (if mp < 10 { mp + 3 } else { mp - 9 }) as u32;
    (yoe + era * 400 + (m <= 2) as i64, m, d)
}
const D2: &[u8; 200] =
    b"0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
#[inline]
fn two(o: &mut [u8], v: u32) {
    let i = v as usize * 2;
    o[0] = D2[i];
    o[1] = D2[i + 1];
}

impl Line {
    #[cold]
    #[inline(never)]
    fn resec(&mut self, sec: u64) {
        let (y, m, d) = civil((sec / 86400) as i64);
        let s = (sec % 86400) as u32;
        two(&mut self.prefix[0..2], (y / 100) as u32);
        two(&mut self.prefix[2..4], (y % 100) as u32);
        two(&mut self.prefix[5..7], m);
        two(&mut self.prefix[8..10], d);
        two(&mut self.prefix[11..13], s / 3600);
        two(&mut self.prefix[14..16], s / 60 % 60);
        two(&mut self.prefix[17..19], s % 60);
        self.sec = sec;
    }
    /// seconds and microseconds
    #[inline]
    fn now() -> (u64, u32) {
        match CLOCK.load(Relaxed) {
            2 => tsc::now(),
            c => {
                let mut ts = libc::timespec { tv_sec: 0, tv_nsec: 0 };
                unsafe {
                    libc::clock_gettime(
                        if c == 1 { libc::CLOCK_REALTIME_COARSE } else { libc::CLOCK_REALTIME },
                        &mut ts,
                    )
                };
                (ts.tv_sec as u64, ts.tv_nsec as u32 / 1000)
            }
        }
    }
    /// clears, reserves `need`, writes the fixed head, returns the cursor
    #[inline]
    unsafe fn head(&mut self, need: usize, lvl_target: &[u8]) -> *mut u8 {
        self.buf.clear();
        self.buf.reserve(need + 64 + lvl_target.len());
        let p = self.buf.as_mut_ptr();
        let (sec, us) = Self::now();
        if sec != self.sec {
            self.resec(sec)
        }
        let t = std::slice::from_raw_parts_mut(p, 42);
        t[..14].copy_from_slice(b"{\"timestamp\":\"");
        t[14..34].copy_from_slice(&self.prefix);
        two(&mut t[34..36], us / 10000);
        two(&mut t[36..38], us / 100 % 100);
        two(&mut t[38..40], us % 100);
        t[40] = b'Z';
        t[41] = b'"';
        lit(p.add(42), lvl_target)
    }
    #[inline]
    unsafe fn done(&mut self, p: *mut u8) {
        let n = p.offset_from(self.buf.as_ptr()) as usize;
        self.buf.set_len(n)
    }
}
#[inline(always)]
unsafe fn lit(p: *mut u8, s: &[u8]) -> *mut u8 {
    std::ptr::copy_nonoverlapping(s.as_ptr(), p, s.len());
    p.add(s.len())
}

/// copy and check in one pass, 16 bytes at a time; anything below 0x20, '"' or '\\' goes to the slow path
#[inline]
unsafe fn esc(p: *mut u8, s: &[u8]) -> *mut u8 {
    use std::arch::x86_64::*;
    let (n, src) = (s.len(), s.as_ptr());
    let chk = |v: __m128i| {
        _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(0x22)), _mm_cmpeq_epi8(v, _mm_set1_epi8(0x5c))),
            _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v),
        )
    };
    let bad = if n >= 16 {
        let mut bad = _mm_setzero_si128();
        let mut i = 0;
        while i + 16 <= n {
            let v = _mm_loadu_si128(src.add(i) as *const _);
            _mm_storeu_si128(p.add(i) as *mut _, v);
            bad = _mm_or_si128(bad, chk(v));
            i += 16;
        }
        let v = _mm_loadu_si128(src.add(n - 16) as *const _);
        _mm_storeu_si128(p.add(n - 16) as *mut _, v);
        _mm_or_si128(bad, chk(v))
    } else if n >= 8 {
        let (a, b) = (_mm_loadl_epi64(src as *const _), _mm_loadl_epi64(src.add(n - 8) as *const _));
        _mm_storel_epi64(p as *mut _, a);
        _mm_storel_epi64(p.add(n - 8) as *mut _, b);
        chk(_mm_unpacklo_epi64(a, b))
    } else if n >= 4 {
        let (a, b) = ((src as *const u32).read_unaligned(), (src.add(n - 4) as *const u32).read_unaligned());
        (p as *mut u32).write_unaligned(a);
        (p.add(n - 4) as *mut u32).write_unaligned(b);
        chk(_mm_set1_epi64x((a as u64 | (b as u64) << 32) as i64))
    } else {
        let mut bad = false;
        for i in 0..n {
            let c = *src.add(i);
            *p.add(i) = c;
            bad |= c < 0x20 || c == b'"' || c == b'\\';
        }
        return if bad { esc_slow(p, s) } else { p.add(n) };
    };
    if _mm_movemask_epi8(bad) != 0 {
        return esc_slow(p, s);
    }
    p.add(n)
}
#[cold]
#[inline(never)]
unsafe fn esc_slow(mut p: *mut u8, b: &[u8]) -> *mut u8 {
    let mut from = 0;
    for (i, &c) in b.iter().enumerate() {
        if c >= 0x20 && c != b'"' && c != b'\\' {
            continue;
        }
        p = lit(p, &b[from..i]);
        from = i + 1;
        p = match c {
            b'"' => lit(p, b"\\\""),
            b'\\' => lit(p, b"\\\\"),
            b'\n' => lit(p, b"\\n"),
            b'\r' => lit(p, b"\\r"),
            b'\t' => lit(p, b"\\t"),
            _ => {
                const X: &[u8; 16] = b"0123456789abcdef";
                lit(p, &[b'\\', b'u', b'0', b'0', X[(c >> 4) as usize], X[(c & 15) as usize]])
            }
        };
    }
    lit(p, &b[from..])
}
pub trait Val: Copy {
    fn bound(self) -> usize {
        32
    }
    unsafe fn put(self, p: *mut u8) -> *mut u8;
}
impl Val for &str {
    #[inline]
    fn bound(self) -> usize {
        self.len() * 6 + 18
    }
    #[inline]
    unsafe fn put(self, p: *mut u8) -> *mut u8 {
        *p = b'"';
        let p = esc(p.add(1), self.as_bytes());
        *p = b'"';
        p.add(1)
    }
}
impl Val for u64 {
    #[inline]
    unsafe fn put(self, p: *mut u8) -> *mut u8 {
        lit(p, itoa::Buffer::new().format(self).as_bytes())
    }
}
impl Val for i64 {
    #[inline]
    unsafe fn put(self, p: *mut u8) -> *mut u8 {
        lit(p, itoa::Buffer::new().format(self).as_bytes())
    }
}
impl Val for f64 {
    #[inline]
    unsafe fn put(self, p: *mut u8) -> *mut u8 {
        lit(p, zmij::Buffer::new().format_finite(self).as_bytes())
    }
}
impl Val for bool {
    #[inline]
    unsafe fn put(self, p: *mut u8) -> *mut u8 {
        lit(p, if self { b"true" } else { b"false" })
    }
}

/// invariant TSC calibrated once against CLOCK_REALTIME (a product would re-anchor it about once a second)
mod tsc {
    use std::sync::atomic::{AtomicU64, Ordering::*};
    static C0: AtomicU64 = AtomicU64::new(0);
    static T0: AtomicU64 = AtomicU64::new(0);
    static MUL: AtomicU64 = AtomicU64::new(0);
    fn real() -> u64 {
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64
    }
    #[inline]
    fn rd() -> u64 {
        unsafe { core::arch::x86_64::_rdtsc() }
    }
    pub fn init() {
        let (c, t) = (rd(), real());
        std::thread::sleep(std::time::Duration::from_millis(20));
        let (c2, t2) = (rd(), real());
        MUL.store((((t2 - t) as u128) << 32).wrapping_div((c2 - c) as u128) as u64, Relaxed);
        C0.store(c2, Relaxed);
        T0.store(t2, Relaxed);
    }
    #[inline]
    pub fn now() -> (u64, u32) {
        let ns = T0.load(Relaxed) + (((rd() - C0.load(Relaxed)) as u128 * MUL.load(Relaxed) as u128) >> 32) as u64;
        (ns / 1_000_000_000, (ns % 1_000_000_000) as u32 / 1000)
    }
}

// Out of line: here stood a choice among several sinks, too long to be inlined. Without it the compiler would inline
// what is left and save the floor another 30 instructions that no logger with a sink of one's choice can save.
#[inline(never)]
fn emit(l: &Line) {
    match MODE.load(Relaxed) {
        0 => {
            let _ = Null.write(&l.buf);
        }
        mode => emit_to_file(mode, l),
    }
}

/// One write for each record; the same, synced; a buffer behind a lock; a ring of each thread, which one thread empties.
#[inline(never)]
fn emit_to_file(mode: u8, l: &Line) {
    match mode {
        1 => FILE.get().map(|mut f| f.write_all(&l.buf)).unwrap().unwrap(),
        2 => OUT.get().unwrap().lock().unwrap().write_all(&l.buf).unwrap(),
        4 => {
            let mut f = FILE.get().unwrap();
            f.write_all(&l.buf).unwrap();
            f.sync_data().unwrap();
        }
        _ => PROD.with(|p| {
            let mut p = p.borrow_mut();
            let p = p.get_or_insert_with(|| {
                let (mut a, mut b) = rtrb::RingBuffer::new(1 << 20);
                a.write_chunk(1 << 20).unwrap().commit_all(); // page faults now, not later
                b.read_chunk(1 << 20).unwrap().commit_all();
                RINGS.lock().unwrap().push(b);
                NEWRING.store(true, Release);
                a
            });
            let n = l.buf.len();
            loop {
                if let Ok(mut c) = p.write_chunk_uninit(n) {
                    use rtrb::CopyToUninit;
                    let (a, b) = c.as_mut_slices();
                    let m = a.len();
                    l.buf[..m].copy_to_uninit(a);
                    if m < n {
                        l.buf[m..].copy_to_uninit(b);
                    }
                    unsafe { c.commit_all() };
                    return;
                }
                std::thread::yield_now();
            }
        }),
    }
}

fn into_file(case: Case) -> Result<(), Box<dyn Error>> {
    match case {
        Case::File | Case::DeliveryDurable => {
            MODE.store(if case == Case::File { 1 } else { 4 }, Relaxed);
            let _ = FILE.set(ends::file()?);
        }
        Case::FileBuffered => {
            MODE.store(2, Relaxed);
            let _ = OUT.set(Mutex::new(Box::new(std::io::BufWriter::with_capacity(64 << 10, ends::file()?))));
            ends::at_the_end(|| OUT.get().unwrap().lock().unwrap().flush().unwrap());
        }
        case if case.is_from_a_queue() => {
            MODE.store(3, Relaxed);
            let f = ends::file()?;
            let h = std::thread::spawn(move || write_rings(f));
            ends::at_the_end(move || {
                STOP.store(true, Release);
                h.join().unwrap();
            });
        }
        _ => {}
    }
    Ok(())
}

fn write_rings(mut f: File) {
    let mut rings: Vec<Ring> = vec![];
    loop {
        if NEWRING.swap(false, AcqRel) {
            rings.append(&mut RINGS.lock().unwrap());
        }
        let stop = STOP.load(Acquire);
        let mut moved = 0;
        for r in &mut rings {
            let n = r.slots();
            if n == 0 {
                continue;
            }
            let c = r.read_chunk(n).unwrap();
            let (a, b) = c.as_slices();
            f.write_all(a).unwrap();
            if !b.is_empty() {
                f.write_all(b).unwrap()
            }
            c.commit_all();
            moved += n;
        }
        if moved == 0 {
            if stop && !NEWRING.load(Acquire) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_micros(50));
        }
    }
}
const LT: &[u8] = b",\"level\":\"INFO\",\"target\":\"core_bench::peers::floor\",\"message\":\"";
macro_rules! line {
    ($msg:expr $(, $k:ident = $v:expr)* $(,)?) => { line!(@ b"", $msg $(, $k = $v)*) };
    (@ $ctx:expr, $msg:expr $(, $k:ident = $v:expr)*) => { LINE.with_borrow_mut(|l| unsafe {
        let (msg, ctx): (&str, &[u8]) = ($msg, $ctx);
        let need = 64 + msg.len() * 6 + ctx.len() $( + Val::bound($v) + stringify!($k).len() + 4 )*;
        let p = esc(l.head(need, LT), msg.as_bytes());
        *p = b'"'; let p = lit(p.add(1), ctx);
        $( let p = lit(p, concat!(",\"", stringify!($k), "\":").as_bytes()); let p = Val::put($v, p); )*
        let p = lit(p, b"}\n");
        l.done(p); emit(l)
    }) };
}
macro_rules! f5 { ($($t:tt)*) => { line!("request completed", $($t)*) } }
/// five pre-encoded fields as one blob
macro_rules! fchild { ($ctx:expr, $($k:ident = $v:expr),*) => { line!(@ $ctx, "request completed" $(, $k = $v)*) } }
fn pre(i: &Input) -> Vec<u8> {
    macro_rules! enc { ($($k:ident = $v:expr),*) => { unsafe {
        let mut b: Vec<u8> = Vec::with_capacity(0 $( + Val::bound($v) + stringify!($k).len() + 4 )*);
        let p = b.as_mut_ptr();
        $( let p = lit(p, concat!(",\"", stringify!($k), "\":").as_bytes()); let p = Val::put($v, p); )*
        let n = p.offset_from(b.as_ptr()) as usize; b.set_len(n); b
    } } }
    with5!(enc, i)
}

fn call(case: Case) -> Option<Loop> {
    Some(match case {
        Case::Five
        | Case::Redacted
        | Case::Threads
        | Case::Start
        | Case::Delivery1
        | Case::Delivery2
        | Case::Delivery4
        | Case::DeliveryPaced
        | Case::DeliverySaturated
        | Case::DeliveryDurable
        | Case::File
        | Case::FileBuffered => each!(i => { with5!(f5, i); }),
        Case::None => each!(_i => { line!("request completed"); }),
        Case::Twenty => each!(i => { with20!(f5, i); }),
        Case::Escape => each!(i => { line!("request completed", text = i.esc.as_str()); }),
        Case::Message => each!(i => { line!(i.big.as_str()); }),
        Case::Below | Case::BelowDirectives => each!(i => { if LEVEL.load(Relaxed) >= 4 { with5!(f5, i); } }),
        Case::SampledCounter | Case::SampledBucket => {
            each!(i => { if LEVEL.load(Relaxed) >= 3 && LINE.with_borrow_mut(|l| { l.tick += 1; l.tick == 1 << 40 }) { with5!(f5, i); } })
        }
        Case::Bound => each_with!(i => pre(i), ctx => fchild!(&ctx[..], rows = i.rows, cache = i.cache.as_str())),
        Case::Bind => each!(i => { let ctx = pre(i); fchild!(&ctx[..], rows = i.rows, cache = i.cache.as_str()); }),
        Case::Axum => drives!(axum, Case::Axum, axum::app(axum::user).layer(FloorLayer)),
        Case::AxumLoopback => serves!(axum, axum::app(axum::user).layer(FloorLayer)),
        Case::Actix => drives!(actix, Case::Actix, floor::around(actix::app(actix::user))),
        Case::ActixLoopback => serves!(actix, floor::around(actix::app(actix::user))),
        _ => return None,
    })
}
