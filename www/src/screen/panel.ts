/** The panel beside the picture: the button, the cost of a run, where it runs, and the last result. */
import type { Device, ModelInfo, Upscaler } from 'resshift-web';
import { queue } from '../batch/batch.ts';
import { estimate } from '../cost/estimate.ts';
import { showStepCosts } from '../cost/step-costs.ts';
import { elements } from '../elements.ts';
import { text } from '../i18n/text.ts';
import { resultSize, SCALE } from '../settings/result-size.ts';
import { wantedDevice, wantedSteps } from '../settings/settings.ts';
import { wantedSize } from '../settings/size.ts';
import { page, pictureSize } from './page.ts';

const { upscale, save, smaller, runsOn, name, sizes, outcome, modelLine } = elements;

/** The model of the last run. */
let used: ModelInfo | null = null;

/** Sets the button to what it would do now. */
export function describeButton(): void {
  const several = queue.items.length > 1;
  const waiting = queue.count('waiting');
  upscale.disabled = page.phase === 'empty';
  // A single picture can be upscaled again. In a finished batch, each picture has its own button.
  upscale.hidden = page.phase === 'working' || (several && waiting === 0);
  upscale.textContent =
    several && waiting > 0 ? text.upscaleWaiting(waiting) : page.phase === 'done' ? text.upscaleAgain : text.upscaleFirst;
}

export function describePicture(): void {
  const { picture, lastOutcome } = page;
  if (!picture) return;
  name.textContent = picture.name;
  const from = pictureSize();
  const to = lastOutcome ?? (from && resultSize(from, wantedSize()));
  sizes.textContent = !from ? (lastOutcome ? '' : text.unknownSize) : to ? text.fromTo(from, to) : '';
  if (lastOutcome) outcome.textContent = text.outcome(lastOutcome);
  save.textContent = text.saveAs(lastOutcome?.format ?? 'PNG');
}

/** Shows the cost of the next run, or why it is impossible. */
export function describeCost(): void {
  const { phase, capabilities } = page;
  const from = pictureSize();
  const maxPixels = capabilities?.maxPixels ?? Infinity;
  const tooLarge = from !== null && from.width * from.height > maxPixels;
  const beyond = from !== null && !resultSize(from, wantedSize());
  smaller.hidden = !tooLarge || phase === 'working';
  const words = elements.estimate;
  words.hidden = phase !== 'empty' && (!from || (upscale.hidden && !tooLarge));
  // Other pictures of the queue may still be possible.
  if (phase !== 'empty' && queue.items.length < 2) {
    upscale.disabled = tooLarge || beyond;
    upscale.hidden = phase === 'working' || tooLarge;
  }
  const wanted = from && { picture: from, model: elements.model.value, device: wantedDevice(), capabilities };
  showStepCosts(wanted);
  if (!wanted) return;
  if (tooLarge) words.textContent = text.tooManyPixels(wanted.picture, maxPixels);
  else if (beyond) words.textContent = text.beyondLargest(wanted.picture.width * SCALE, wanted.picture.height * SCALE);
  else words.textContent = text.estimate(estimate({ ...wanted, steps: wantedSteps() }));
}

/** Shows where the next run will happen. */
export function describeDevice(): void {
  if (page.capabilities) runsOn.textContent = text.willRunOn(wantedDevice(), page.capabilities);
}

/** Shows where the current run happens, and its model. */
export function describeRun({ device, model }: Upscaler, wanted: Device): void {
  runsOn.textContent = text.runsOn(device, wanted, page.capabilities);
  used = model;
  describeModel();
}

export function describeModel(): void {
  if (used) modelLine.textContent = text.modelLine(used);
}
