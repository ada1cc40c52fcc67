//! The kernels of `shaders/`, and the calls that append them to a command list; some run on their own.

pub(super) mod attention;
pub(super) mod bicubic;
pub(super) mod bicubic_residual;
pub(super) mod conv2d;
pub(super) mod nearest_code;
pub(super) mod norm;
pub(super) mod pack_conv2d;
pub(super) mod parameter_free_attention;
pub mod peak;
pub(super) mod posterior;
pub(super) mod scale;
pub(super) mod wiener;
pub(super) mod window_attention;
