/** Wires the parts together. */
import { Upscaler } from 'resshift-web';
import { keeper, queue } from './batch/batch.ts';
import { QueueView } from './batch/queue-view.ts';
import { elements } from './elements.ts';
import { useLanguage } from './i18n/apply.ts';
import { arrivals } from './input/accept.ts';
import { offerKept } from './input/continue-batch.ts';
import { showFirst } from './input/first-picture.ts';
import { watchSmaller } from './input/smaller.ts';
import { watchIntake } from './input/sources.ts';
import { watchImport } from './models/import-dialog.ts';
import { refreshModels, watchModels } from './models/list.ts';
import { hideError } from './notices/error-card.ts';
import { rewriteStrips } from './notices/strips.ts';
import { keepOffline } from './offline/service-worker.ts';
import { saveAllAsZip, saveAllIntoFolder, saveOne, watchResult } from './output/save-results.ts';
import { watchCancel } from './run/cancel-button.ts';
import { start } from './run/run-batch.ts';
import { page, pictureSize } from './screen/page.ts';
import { describeButton, describeCost, describeDevice, describeModel, describePicture } from './screen/panel.ts';
import { earlierResults, compare, enter, select, stage } from './screen/screen.ts';
import { rememberSettings } from './settings/remembered.ts';
import { onDeviceChange, showQuality } from './settings/settings.ts';
import { showSizeValue, watchSize } from './settings/size.ts';

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
watchCancel();
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
  earlierResults.relabel();
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
