/** The classic script for CDNs. It defines `ResShift` with everything that the package exports, and registers the element. */

export * from '../page/upscaler.ts';
export * from './element.ts';
