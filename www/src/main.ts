/** Wires the parts together. */
import { Upscaler } from 'resshift-web';
import { arrivals } from './arrivals.ts';
import { keeper, queue } from './batch.ts';
import { offerKept } from './continue-batch.ts';
import { elements } from './elements.ts';
import { hideError } from './error-card.ts';
import { showFirst } from './first-picture.ts';
import { watchImport } from './import-dialog.ts';
import { watchIntake } from './intake.ts';
import { useLanguage } from './language.ts';
import { refreshModels, watchModels } from './models.ts';
import { keepOffline } from './offline.ts';
import { page, pictureSize } from './page.ts';
import { describeButton, describeCost, describeDevice, describeModel, describePicture } from './panel.ts';
import { QueueView } from './queue-view.ts';
import { rememberSettings } from './remembered-settings.ts';
import { start, stop } from './run-batch.ts';
import { saveAllAsZip, saveAllIntoFolder, saveOne, watchResult } from './save-results.ts';
import { compare, enter, select, stage } from './screen.ts';
import { onDeviceChange, showQuality } from './settings.ts';
import { showSizeValue, watchSize } from './size-setting.ts';
import { watchSmaller } from './smaller.ts';
import { rewriteStrips } from './strips.ts';

const list = new QueueView(queue, {
  select: (id) => void select(id),
  save: saveOne,
  retry: (id) => {
    queue.again(id);
    void start();
  },
  remove: (id) => {
    const working = queue.find(id)?.state === 'working';
    queue.remove(id);
    if (working) page.run?.abort();
    const [other] = queue.items;
    if (id === queue.selected && other && !working) void select(other.id);
  },
  saveAll: saveAllAsZip,
  saveIntoFolder: saveAllIntoFolder,
});

queue.onChange = () => {
  keeper.sync(queue.worthKeeping, queue.items);
  list.draw();
  describeButton();
};

elements.upscale.addEventListener('click', () => void start());
elements.settings.addEventListener('submit', (event) => {
  event.preventDefault();
  void start();
});
elements.cancel.addEventListener('click', stop);
onDeviceChange(describeDevice);
watchSize(pictureSize, () => {
  if (page.phase === 'ready') describePicture();
  describeCost();
});
addEventListener('beforeunload', (event) => {
  if (page.phase === 'working') event.preventDefault();
});

await useLanguage(() => {
  list.relabel();
  showSizeValue();
  enter(page.phase);
  describePicture();
  describeDevice();
  describeModel();
  stage.name();
  compare.setActive(elements.frame.dataset['compare'] === 'true');
  hideError();
  rewriteStrips();
  void refreshModels();
});
enter('empty');
watchIntake(arrivals);
watchModels();
watchImport();
watchResult();
watchSmaller();
void refreshModels(rememberSettings());
showQuality();
showSizeValue();
void offerKept().then(showFirst);
void Upscaler.capabilities().then((found) => {
  page.capabilities = found;
  describeDevice();
  describeCost();
});
void keepOffline();
