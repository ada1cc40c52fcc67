//! The browser edge: everything that knows of JavaScript.
