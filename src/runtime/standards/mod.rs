pub mod cis;
