/** The errors' sentences in Simplified Chinese. */

import type { ErrorSentences } from '../index.d.ts';

const sentences: ErrorSentences = {
  'no-input': ['没有可读取的文件。', '请先选择图片。'],
  'not-an-image': ['此文件不是可读取的图片。', '请选择 PNG、JPEG、WebP、GIF、BMP 或 TIFF 文件。'],
  'bad-image': ['图片已损坏或不完整。', '请用其他程序打开并重新保存，或选择另一份副本。'],
  'unsupported-image': ['不支持这种图片格式变体。', '请用能打开它的程序将其另存为 PNG，然后选择该文件。'],
  'image-too-large': ['图片太大，无法在此放大。', '请先裁剪或缩小图片。'],
  'out-of-memory': ['内存不足，无法处理这张图片。', '请使用缩小的副本，或关闭其他标签页和程序后重试。'],
  'bad-option': ['某个选项超出范围。', '请更正后重新开始。'],
  'bad-weights': ['模型权重无法使用。', '请检查模型是否完整且适用于此版本。'],
  'bad-checkpoint': ['此检查点无法使用。', '请选择已发布的 x4 检查点及其自编码器，或从发布处重新下载。'],
  'hash-mismatch': ['文件与模型指定的不一致。', '请重新加载页面；如果仍然如此，说明服务器上的副本已损坏，须由网站所有者更换。'],
  http: ['服务器未能提供文件。', '请稍后重试。'],
  offline: ['无法连接以下载文件。', '请连接一次网络；首次下载后模型可离线使用。'],
  'no-browser': ['此处没有 Web Worker：该软件包在浏览器中运行。', '请在浏览器中调用，而不是在服务器渲染页面时调用。'],
  'no-webgpu': ['WebGPU 不可用。', '请使用启用硬件加速的新版浏览器，或改用 CPU。'],
  gpu: ['GPU 出错。', '请重试，或改用 CPU。'],
  storage: ['无法保留模型供下次使用。', '请释放磁盘空间或允许本网站存储数据；否则每次访问都要重新下载模型。'],
  aborted: ['已取消。', '可随时重新开始。'],
  disposed: ['此放大器已被释放。', '请另行创建一个。'],
  blocked: ['浏览器不允许加载某个文件。', '须由本页面的发布者放行；浏览器控制台中有更多信息。'],
  internal: ['内部错误。', '请反馈此问题，并附上图片尺寸和浏览器名称。'],
};

export default sentences;
