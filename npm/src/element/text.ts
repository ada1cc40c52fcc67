/** What the element says, in the languages of the page of this project. */

const KEYS = ['start', 'cancel', 'download', 'running', 'loading', 'step', 'done', 'cancelled', 'required', 'error'] as const;
export type Key = (typeof KEYS)[number];

/** In the order of the keys. Errors have sentences in English only; elsewhere their code stands for them. */
const WORDS: Record<string, string> = {
  en: 'Upscale 4×|Cancel|Save|Upscaling|Loading|Step {step} of {steps}|{width} × {height} pixels|Cancelled.|Upscale the picture first.|{message} {advice}',
  es: 'Ampliar 4×|Cancelar|Guardar|Ampliando|Cargando|Paso {step} de {steps}|{width} × {height} píxeles|Cancelado.|Amplía primero la imagen.|No se pudo ampliar la imagen ({code}).',
  ja: '4 倍に拡大|キャンセル|保存|拡大中|読み込み中|ステップ {step}/{steps}|{width} × {height} ピクセル|キャンセルしました。|先に画像を拡大してください。|画像を拡大できませんでした（{code}）。',
  vi: 'Phóng to 4×|Hủy|Lưu|Đang phóng to|Đang tải|Bước {step}/{steps}|{width} × {height} điểm ảnh|Đã hủy.|Hãy phóng to ảnh trước.|Không phóng to được ảnh ({code}).',
  zh: '放大 4×|取消|保存|正在放大|正在加载|第 {step}/{steps} 步|{width} × {height} 像素|已取消。|请先放大图片。|无法放大图片（{code}）。',
};

/** Attributes that replace them. */
export const ATTRIBUTES = KEYS.map((key) => `text-${key}`);

/** @param values what stands in its text for `{name}` */
export function text(element: Element, key: Key, values: object = {}): string {
  const language = element.closest('[lang]')?.getAttribute('lang') || (globalThis.navigator?.language ?? '');
  const words = (WORDS[language.slice(0, 2).toLowerCase()] ?? WORDS['en']!).split('|');
  const found = element.getAttribute(`text-${key}`) ?? words[KEYS.indexOf(key)]!;
  return found.replace(/\{(\w+)\}/g, (_, name: string) => String((values as Record<string, unknown>)[name]));
}
