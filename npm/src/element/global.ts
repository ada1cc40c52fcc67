/** The classic script for CDNs: everything of the package as `ResShift`, and the element registered. */

export * from '../page/upscaler.ts';
export * from './element.ts';
