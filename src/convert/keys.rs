//! The tensors that a network is built from: names as in the released state dicts, shapes from the configuration.
//! A test compares them with what the networks themselves ask for.

use crate::Result;
use crate::model::config::{UNetConfig, VqConfig};
use crate::model::feature_extractor::FeatureExtractor;
use crate::model::swin::window;
use crate::model::unet::{self, LayerShape, Layout};
use crate::model::vq;

/// A tensor's name and shape.
pub type Key = (String, Vec<usize>);

/// The parameters of a UNet, in the order in which it is built.
///
/// # Errors
/// [`crate::Error::BadWeights`] if no network can be built from the configuration.
pub fn unet(config: &UNetConfig) -> Result<Vec<Key>> {
    unet::check(config)?;
    let mut keys = Keys::default();
    let emb = 4 * config.model_channels;
    keys.linear("time_embed.0", config.model_channels, emb);
    keys.linear("time_embed.2", emb, emb);
    let (picture, stages) = (unet::condition_channels(config), unet::condition_stages(config));
    for i in 0..stages {
        let c_in = FeatureExtractor::channels(picture, i);
        let c_out = FeatureExtractor::channels(picture, i + 1);
        keys.conv(&format!("feature_extractor.{}", 3 * i), c_in, c_out / 2, 3);
        keys.conv(&format!("feature_extractor.{}.op", 3 * i + 2), c_out / 2, c_out, 3);
    }
    let layout = Layout::new(config);
    let numbered = |name: &str, blocks: &[Vec<LayerShape>]| -> Vec<(String, Vec<LayerShape>)> {
        blocks.iter().enumerate().map(|(i, layers)| (format!("{name}.{i}"), layers.clone())).collect()
    };
    let mut blocks = numbered("input_blocks", &layout.input);
    blocks.push(("middle_block".into(), layout.middle.clone()));
    blocks.extend(numbered("output_blocks", &layout.output));
    for (name, layers) in blocks {
        for (i, layer) in layers.iter().enumerate() {
            let name = format!("{name}.{i}");
            match *layer {
                LayerShape::Conv { c_in, c_out } => keys.conv(&name, c_in, c_out, 3),
                LayerShape::Res { c_in, c_out } => keys.unet_block(&name, c_in, c_out, emb),
                LayerShape::Swin { channels, side } => keys.swin(&name, config, channels, window(config, side)),
                LayerShape::Down(c) => keys.conv(&format!("{name}.op"), c, c, 3),
                LayerShape::Up(c) => keys.conv(&format!("{name}.conv"), c, c, 3),
            }
        }
    }
    let width = config.model_channels * config.channel_mult.first().copied().unwrap_or(1);
    keys.norm("out.0", width);
    keys.conv("out.2", width, config.out_channels, 3);
    Ok(keys.0)
}

/// The parameters of a VQ autoencoder, in the order in which it is built.
///
/// # Errors
/// [`crate::Error::BadWeights`] if no network can be built from the configuration.
pub fn autoencoder(config: &VqConfig) -> Result<Vec<Key>> {
    vq::check(config)?;
    let net = &config.ddconfig;
    let widths: Vec<usize> = net.ch_mult.iter().map(|mult| net.ch * mult).collect();
    let mut keys = Keys::default();

    let mut c = net.ch;
    keys.conv("encoder.conv_in", net.in_channels, c, 3);
    for (level, &width) in widths.iter().enumerate() {
        let name = format!("encoder.down.{level}");
        keys.vq_blocks(&name, c, width, net.num_res_blocks.at(level));
        if level + 1 < widths.len() {
            keys.conv(&format!("{name}.downsample.conv"), width, width, 3);
        }
        c = width;
    }
    keys.vq_middle("encoder.mid", c);
    keys.norm("encoder.norm_out", c);
    keys.conv("encoder.conv_out", c, net.z_channels, 3);

    keys.conv("quant_conv", net.z_channels, config.embed_dim, 1);
    keys.add("quantize.embedding.weight", &[config.n_embed, config.embed_dim]);
    keys.conv("post_quant_conv", config.embed_dim, net.z_channels, 1);

    keys.conv("decoder.conv_in", net.z_channels, c, 3);
    keys.vq_middle("decoder.mid", c);
    for (level, &width) in widths.iter().enumerate().rev() {
        let name = format!("decoder.up.{level}");
        keys.vq_blocks(&name, c, width, net.num_res_blocks.at(level) + 1);
        if level > 0 {
            keys.conv(&format!("{name}.upsample.conv"), width, width, 3);
        }
        c = width;
    }
    keys.norm("decoder.norm_out", c);
    keys.conv("decoder.conv_out", c, net.out_ch, 3);
    Ok(keys.0)
}

#[derive(Default)]
struct Keys(Vec<Key>);

impl Keys {
    fn add(&mut self, name: &str, shape: &[usize]) {
        self.0.push((name.to_string(), shape.to_vec()));
    }

    fn conv(&mut self, name: &str, c_in: usize, c_out: usize, kernel: usize) {
        self.add(&format!("{name}.weight"), &[c_out, c_in, kernel, kernel]);
        self.add(&format!("{name}.bias"), &[c_out]);
    }

    fn linear(&mut self, name: &str, c_in: usize, c_out: usize) {
        self.add(&format!("{name}.weight"), &[c_out, c_in]);
        self.add(&format!("{name}.bias"), &[c_out]);
    }

    fn norm(&mut self, name: &str, c: usize) {
        self.add(&format!("{name}.weight"), &[c]);
        self.add(&format!("{name}.bias"), &[c]);
    }

    fn unet_block(&mut self, name: &str, c_in: usize, c_out: usize, emb: usize) {
        self.norm(&format!("{name}.in_layers.0"), c_in);
        self.conv(&format!("{name}.in_layers.2"), c_in, c_out, 3);
        self.linear(&format!("{name}.emb_layers.1"), emb, 2 * c_out);
        self.norm(&format!("{name}.out_layers.0"), c_out);
        self.conv(&format!("{name}.out_layers.3"), c_out, c_out, 3);
        if c_in != c_out {
            self.conv(&format!("{name}.skip_connection"), c_in, c_out, 1);
        }
    }

    fn swin(&mut self, name: &str, config: &UNetConfig, channels: usize, window: usize) {
        let width = config.swin_embed_dim;
        let hidden = width * config.mlp_ratio;
        self.conv(&format!("{name}.patch_embed.proj"), channels, width, 1);
        for i in 0..config.swin_depth {
            let name = format!("{name}.blocks.{i}");
            let heads = width.checked_div(config.num_head_channels).unwrap_or(0);
            self.add(&format!("{name}.attn.relative_position_bias_table"), &[(2 * window - 1).pow(2), heads]);
            self.norm(&format!("{name}.norm1"), width);
            self.linear(&format!("{name}.attn.qkv"), width, 3 * width);
            self.linear(&format!("{name}.attn.proj"), width, width);
            self.norm(&format!("{name}.norm2"), width);
            self.conv(&format!("{name}.mlp.fc1"), width, hidden, 1);
            self.conv(&format!("{name}.mlp.fc2"), hidden, width, 1);
        }
        self.conv(&format!("{name}.patch_unembed.proj"), width, channels, 1);
    }

    fn vq_blocks(&mut self, name: &str, c_in: usize, width: usize, count: usize) {
        for i in 0..count {
            self.vq_block(&format!("{name}.block.{i}"), if i == 0 { c_in } else { width }, width);
        }
    }

    fn vq_block(&mut self, name: &str, c_in: usize, c_out: usize) {
        self.norm(&format!("{name}.norm1"), c_in);
        self.conv(&format!("{name}.conv1"), c_in, c_out, 3);
        self.norm(&format!("{name}.norm2"), c_out);
        self.conv(&format!("{name}.conv2"), c_out, c_out, 3);
        if c_in != c_out {
            self.conv(&format!("{name}.nin_shortcut"), c_in, c_out, 1);
        }
    }

    fn vq_middle(&mut self, name: &str, c: usize) {
        self.vq_block(&format!("{name}.block_1"), c, c);
        self.norm(&format!("{name}.attn_1.norm"), c);
        for part in ["q", "k", "v", "proj_out"] {
            self.conv(&format!("{name}.attn_1.{part}"), c, c, 1);
        }
        self.vq_block(&format!("{name}.block_2"), c, c);
    }
}
