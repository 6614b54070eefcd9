//! The mark on the hull.

fn main() -> plimsoll::cli::Exit {
    plimsoll::cli::run()
}
