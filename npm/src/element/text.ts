/** The element's words, in the languages of the project's page. */

import type { ErrorSentences } from '../index.d.ts';
import { fill } from '../shared/fill.ts';

const KEYS = ['start', 'cancel', 'download', 'running', 'loading', 'step', 'done', 'cancelled', 'required', 'error'] as const;
export type Key = (typeof KEYS)[number];

/** In the order of the keys. */
const WORDS: Record<string, string> = {
  en: 'Upscale 4×|Cancel|Save|Upscaling|Loading|Step {step} of {steps}|{width} × {height} pixels|Cancelled.|Upscale the picture first.|{message} {advice}',
  es: 'Ampliar 4×|Cancelar|Guardar|Ampliando|Cargando|Paso {step} de {steps}|{width} × {height} píxeles|Cancelado.|Amplía primero la imagen.|{message} {advice}',
  ja: '4 倍に拡大|キャンセル|保存|拡大中|読み込み中|ステップ {step}/{steps}|{width} × {height} ピクセル|キャンセルしました。|先に画像を拡大してください。|{message}{advice}',
  vi: 'Phóng to 4×|Hủy|Lưu|Đang phóng to|Đang tải|Bước {step}/{steps}|{width} × {height} điểm ảnh|Đã hủy.|Hãy phóng to ảnh trước.|{message} {advice}',
  zh: '放大 4×|取消|保存|正在放大|正在加载|第 {step}/{steps} 步|{width} × {height} 像素|已取消。|请先放大图片。|{message}{advice}',
};

/** Errors are in English. Their sentences in other languages are separate files, fetched when a run starts. */
const SENTENCES: Record<string, () => Promise<{ default: ErrorSentences }>> = {
  es: () => import('../languages/es.ts'),
  ja: () => import('../languages/ja.ts'),
  vi: () => import('../languages/vi.ts'),
  zh: () => import('../languages/zh.ts'),
};

/** Attributes that replace them. */
export const ATTRIBUTES = KEYS.map((key) => `text-${key}`);

/** @returns undefined if the errors' own sentences are right, or no others can be loaded */
export async function sentencesFor(element: Element): Promise<ErrorSentences | undefined> {
  try {
    return (await SENTENCES[languageOf(element)]?.())?.default;
  } catch {
    return undefined;
  }
}

/** @param values replace `{name}` in the text */
export function text(element: Element, key: Key, values: object = {}): string {
  const words = (WORDS[languageOf(element)] ?? WORDS['en']!).split('|');
  return fill(element.getAttribute(`text-${key}`) ?? words[KEYS.indexOf(key)]!, values);
}

function languageOf(element: Element): string {
  const language = element.closest('[lang]')?.getAttribute('lang') || (globalThis.navigator?.language ?? '');
  return language.slice(0, 2).toLowerCase();
}
