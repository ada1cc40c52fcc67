//! The command line, and what is behind it alone: conversion, evaluation, metrics, degradations.

mod command_line;
mod convert;
mod degrade;
mod eval;
mod metrics;
mod model_folder;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/checkpoint.rs"]
mod write;
