// Writing to a terminal: whether to use colour, and how to show text that others wrote. Rule: nothing that came over the
// network reaches a terminal with its control characters intact.

import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

/** FORCE_COLOR and CLICOLOR_FORCE win over NO_COLOR, as Node has it; then a terminal that can, unless CLICOLOR=0. */
export function hasColor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  for (const name of ['FORCE_COLOR', 'CLICOLOR_FORCE']) {
    const value = env[name];
    if (value !== undefined && value !== '') return value !== '0' && value !== 'false';
  }
  if ((env['NO_COLOR'] ?? '') !== '' || env['CLICOLOR'] === '0' || env['TERM'] === 'dumb') return false;
  return stream.isTTY === true;
}

export function painter(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  if (!hasColor(stream, env)) return (_style, text) => text;
  return (style, text) => styleText(style, text, { validateStream: false });
}

const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** Control characters and those that turn the direction of writing, spelled out. Line breaks and tabs stay. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
