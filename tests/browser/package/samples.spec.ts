/** Every script of the documentation compiles under TypeScript's `strict`, and mistakes in types are found. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { ROOT, snippets } from './snippets.ts';

const WORK = join(ROOT, 'test-results/samples');
/** What the pages introduce as being there. */
const GIVEN = `declare const file: File, files: File[], unetFile: File, autoencoderFile: File, image: HTMLImageElement, canvas: HTMLCanvasElement, video: HTMLVideoElement,
  context: CanvasRenderingContext2D, progress: HTMLProgressElement, button: HTMLButtonElement;`;

/** What the compiler says of these files, which all see {@link GIVEN}. */
function compile(folder: string, sources: Record<string, string>, jsxImportSource = 'react'): string {
  const place = join(WORK, folder);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'given.d.ts'), GIVEN);
  for (const [name, text] of Object.entries(sources)) writeFileSync(join(place, name), text);
  const options = {
    target: 'ES2022',
    lib: ['ES2022', 'ESNext.Disposable', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    module: 'ESNext',
    moduleResolution: 'Bundler',
    strict: true,
    noEmit: true,
    types: [],
    jsx: 'react-jsx',
    jsxImportSource,
    // Of the package itself, too, nothing is passed over.
    skipLibCheck: false,
    paths: {
      'resshift-web': [join(ROOT, 'npm/src/index.d.ts')],
      'resshift-web/element': [join(ROOT, 'npm/src/element.d.ts')],
      'resshift-web/nano': [join(ROOT, 'npm/dist/nano.d.ts')],
      'resshift-web/languages/*': [join(ROOT, 'npm/src/languages.d.ts')],
      'resshift-web/jsx/*': [join(ROOT, 'npm/src/jsx/*')],
    },
  };
  writeFileSync(join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts', '*.tsx'] }));
  try {
    return execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', place, '--pretty', 'false'], {
      encoding: 'utf8',
    });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

test('every script of the documentation', () => {
  const scripts = snippets('script').map(({ source, number, text }) => [`${source.replaceAll(/\W/g, '-')}-${number}.ts`, text]);
  expect(scripts.length).toBeGreaterThan(10);
  expect(compile('docs', Object.fromEntries(scripts))).toBe('');
});

test('the types name what is wrong, and know what an event carries', () => {
  const upscale = (options: string): string =>
    `import { Upscaler } from 'resshift-web';\n(await Upscaler.create()).upscale(file, ${options});\n`;
  expect(
    compile('wrong', {
      'key.ts': upscale('{ step: 4 }'),
      'value.ts': upscale("{ steps: '4' }"),
      'device.ts': "import { Upscaler } from 'resshift-web';\nvoid Upscaler.create({ gpuDevice: 5 });\n",
    })
      .split('\n')
      .map((line) => line.split('(', 1)[0])
      .filter((name) => name!.endsWith('.ts'))
      .map((path) => path!.split('/').pop())
      .sort(),
  ).toEqual(['device.ts', 'key.ts', 'value.ts']);
  expect(
    compile('element', {
      'element.ts': `import 'resshift-web/element';
    const element = document.querySelector('resshift-upscaler')!;
    element.file = file;
    element.addEventListener('progress', ({ detail }) => (progress.value = detail.fraction));
    element.addEventListener('done', ({ detail: { blob } }) => (image.src = URL.createObjectURL(blob)));
    element.addEventListener('error', ({ detail: { code } }) => console.log(code === 'disposed'));
    element.addEventListener('focus', (event) => console.log(event.relatedTarget));`,
    }),
  ).toBe('');
});

test('templates of React, Preact, Svelte and Vue know the element', () => {
  const wrong = 'const wrong = <resshift-upscaler device="tpu" />;';
  const react = (
    lines: string,
  ): string => `import type {} from 'resshift-web/jsx/react';\nimport type { ResShiftElement } from 'resshift-web/element';
    export const right = <resshift-upscaler src="photo.jpg" file={file} controls steps={4} device="cpu" ref={(element: ResShiftElement | null) => void element?.start()} />;\n${lines}\n`;
  expect(compile('react', { 'app.tsx': react('') })).toBe('');
  expect(compile('react-wrong', { 'app.tsx': react(wrong) })).toContain('\'"tpu"\' is not assignable');
  const preact = (lines: string): string => `import type {} from 'resshift-web/jsx/preact';
    export const right = <resshift-upscaler src="photo.jpg" file={file} controls steps={4} device="cpu" text-start="Go" ref={(element) => void element?.start()} />;\n${lines}\n`;
  expect(compile('preact', { 'app.tsx': preact('') }, 'preact')).toBe('');
  expect(compile('preact-wrong', { 'app.tsx': preact(wrong) }, 'preact')).toContain('is not assignable');
  expect(
    compile('others', {
      'svelte.ts':
        "import type {} from 'resshift-web/jsx/svelte';\nimport type { SvelteHTMLElements } from 'svelte/elements';\nexport const right: SvelteHTMLElements['resshift-upscaler'] = { src: 'photo.jpg', file, controls: true };\n",
      'vue.ts':
        "import type {} from 'resshift-web/jsx/vue';\nimport type { GlobalComponents } from 'vue';\nexport type Right = InstanceType<GlobalComponents['resshift-upscaler']>['$props'];\nexport const right: Right['steps'] = 4;\n",
    })
      .split('\n')
      .filter((line) => line.startsWith('test-results') || line.startsWith('npm')),
  ).toEqual([]);
});
