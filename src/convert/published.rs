//! The checkpoints that the authors have released: their networks, schedules and names.

use crate::layer::MaskKind;
use crate::model::config::{Blocks, Licence, UNetConfig, VqConfig, VqNetConfig};
use crate::paper::schedule::{Definition, ScheduleConfig};

/// What a network was trained for. Checkpoints of one task have the same tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// x4 super-resolution of photos, real or bicubically reduced.
    X4,
    /// x2 super-resolution.
    X2,
    /// Inpainting.
    Inpainting,
    /// Restoration of faces.
    Face,
}

impl Task {
    /// All of them.
    pub const ALL: [Task; 4] = [Task::X4, Task::X2, Task::Inpainting, Task::Face];

    /// In a sentence: "it is made for ...".
    pub fn describe(self) -> &'static str {
        match self {
            Task::X4 => "x4 enlargement",
            Task::X2 => "x2 enlargement",
            Task::Inpainting => "filling holes in pictures",
            Task::Face => "restoring faces",
        }
    }

    /// Its UNet.
    pub fn unet(self) -> UNetConfig {
        let channels = if self == Task::Face { 8 } else { 3 };
        UNetConfig {
            image_size: 64,
            in_channels: channels,
            model_channels: 160,
            out_channels: channels,
            attention_resolutions: vec![64, 32, 16, 8],
            channel_mult: vec![1, 2, 2, 4],
            num_res_blocks: vec![2, 2, 2, 2],
            num_head_channels: 32,
            swin_depth: 2,
            swin_embed_dim: 192,
            window_size: 8,
            mlp_ratio: 4,
            lq_size: match self {
                Task::X4 => 64,
                Task::X2 => 128,
                Task::Inpainting => 256,
                Task::Face => 512,
            },
            cond_mask: self == Task::Inpainting,
            mask: MaskKind::Released,
        }
    }

    /// The name of its autoencoder's configuration.
    pub fn autoencoder(self) -> &'static str {
        if self == Task::Face { "vq-f8-face" } else { "vq-f4" }
    }
}

/// One released checkpoint, or one for which a configuration was released.
#[derive(Debug, Clone, Copy)]
pub struct Published {
    /// What `--config` calls it.
    pub name: &'static str,
    /// What its file is called, without `.pth`.
    pub file: &'static str,
    /// What it is for.
    pub task: Task,
    steps: usize,
    min_noise_level: f64,
    kappa: f64,
    definition: Definition,
}

/// Fifteen steps, as in the paper.
const fn long(name: &'static str, file: &'static str, kappa: f64) -> Published {
    let definition = Definition::CodeV2;
    Published { name, file, task: Task::X4, steps: 15, min_noise_level: 0.04, kappa, definition }
}

/// Four steps, as in the journal version.
const fn short(name: &'static str, file: &'static str, task: Task) -> Published {
    Published { name, file, task, steps: 4, min_noise_level: 0.2, kappa: 2.0, definition: Definition::Code }
}

/// All that are known by name.
pub const PUBLISHED: [Published; 11] = [
    long("realsr-v1", "resshift_realsrx4_s15_v1", 2.0),
    long("realsr-v2", "resshift_realsrx4_s15_v2", 2.0),
    short("realsr-v3", "resshift_realsrx4_s4_v3", Task::X4),
    short("bicsr", "resshift_bicsrx4_s4", Task::X4),
    // Release v1.0 of the authors' code.
    long("realsr-v1.0", "resshift_realsrx4_s15", 2.0),
    long("bicsr-matlab", "resshift_bicsrx4_matlab_s15", 2.0),
    long("bicsr-opencv", "resshift_bicsrx4_opencv_s15", 1.0),
    short("x2", "resshift_realsrx2_s4", Task::X2),
    short("inpaint-imagenet", "resshift_inpainting_imagenet_s4", Task::Inpainting),
    short("inpaint-face", "resshift_inpainting_face_s4", Task::Inpainting),
    short("face", "resshift_faceir_s4", Task::Face),
];

impl Published {
    /// By the name that `--config` takes.
    pub fn named(name: &str) -> Option<&'static Self> {
        PUBLISHED.iter().find(|released| released.name == name)
    }

    /// By its file's name: `resshift_realsrx4_s4_v3.pth`, also as a browser calls a second download of it.
    pub fn in_file(name: &str) -> Option<&'static Self> {
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
        let stem = name.split(['.', ' ', '(']).next().unwrap_or_default();
        PUBLISHED.iter().find(|released| released.file == stem)
    }

    /// The chain it was trained for.
    pub fn schedule(&self) -> ScheduleConfig {
        ScheduleConfig {
            min_noise_level: self.min_noise_level,
            definition: self.definition,
            ..ScheduleConfig::new(self.steps, 0.3, self.kappa)
        }
    }
}

/// The names of released autoencoders' configurations.
pub const AUTOENCODERS: [&str; 2] = ["vq-f4", "vq-f8-face"];

/// A released autoencoder's configuration.
pub fn autoencoder(name: &str) -> Option<VqConfig> {
    let net = |z_channels, ch, ch_mult, num_res_blocks| VqNetConfig {
        z_channels,
        in_channels: 3,
        out_ch: 3,
        ch,
        ch_mult,
        num_res_blocks,
    };
    match name {
        "vq-f4" => {
            Some(VqConfig { embed_dim: 3, n_embed: 8192, ddconfig: net(3, 128, vec![1, 2, 4], Blocks::Same(2)) })
        }
        "vq-f8-face" => {
            let blocks = Blocks::Each(vec![1, 2, 3, 4]);
            Some(VqConfig { embed_dim: 8, n_embed: 4096, ddconfig: net(8, 64, vec![1, 2, 4, 8], blocks) })
        }
        _ => None,
    }
}

/// The terms of the authors' weights.
pub fn licence() -> Licence {
    Licence {
        name: "S-Lab License 1.0".into(),
        commercial: false,
        url: Some("https://github.com/zsyOAOA/ResShift/blob/master/LICENSE".into()),
        text: None,
    }
}
