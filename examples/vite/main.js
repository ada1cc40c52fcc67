import { Upscaler } from 'resshift-web';

const [input, progress, problem, image] = document.querySelectorAll('input, progress, p, img');
const show = ({ fraction }) => (progress.value = fraction);
const upscaler = Upscaler.create({ onProgress: show });
let stop;
input.onchange = async () => {
  stop?.abort();
  stop = new AbortController();
  problem.textContent = '';
  try {
    const { blob } = await (await upscaler).upscale(input.files[0], { signal: stop.signal, onProgress: show });
    URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(blob);
  } catch (error) {
    if (error.name !== 'AbortError') problem.textContent = `${error.message} ${error.advice}`;
  }
};
