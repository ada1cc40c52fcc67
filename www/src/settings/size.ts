/** The setting of the result's size: x4, or reduced from that. */
import limits from '../../../limits.json' with { type: 'json' };
import { elements } from '../elements.ts';
import { text } from '../i18n/text.ts';
import { SCALE, type WantedSize } from './result-size.ts';
import type { Size } from '../size.ts';

const { settings, size, sizeValue, sizeValueSetting, sizeUnit } = elements;
/** Initial number in each unit, without a picture. */
const FIRST = { percent: 200, width: 1920, height: 1080 };

export function wantedSize(): WantedSize {
  const value = sizeValue.valueAsNumber;
  switch (size.value) {
    case 'percent':
      return { scale: value / 100 };
    case 'width':
      return { width: value };
    case 'height':
      return { height: value };
    default:
      return { scale: Number(size.value) };
  }
}

/** The number starts at twice the picture's size. `onChange` is called after every choice. */
export function watchSize(picture: () => Size | null, onChange: () => void): void {
  size.addEventListener('change', () => {
    const { width, height } = picture() ?? { width: FIRST.width / 2, height: FIRST.height / 2 };
    const first = { percent: FIRST.percent, width: 2 * width, height: 2 * height };
    if (isUnit(size.value)) sizeValue.value = String(first[size.value]);
    showSizeValue();
  });
  for (const event of ['change', 'input'] as const) settings.addEventListener(event, onChange);
}

export function showSizeValue(): void {
  const unit = isUnit(size.value) ? size.value : null;
  sizeValueSetting.hidden = unit === null;
  sizeValue.disabled = unit === null;
  sizeValue.max = unit === 'percent' ? String(100 * SCALE) : String(limits.jpeg.side);
  if (unit) sizeUnit.textContent = { percent: text.inPercent, width: text.inWidth, height: text.inHeight }[unit];
}

function isUnit(value: string): value is keyof typeof FIRST {
  return value in FIRST;
}
