// Turns faults and their places into problems, with line, column and the line itself. Rule: lines are shown with their
// secrets masked, because problems end up in terminals, logs and answers of the admin API.

import { redactText } from '../core/redact.ts';
import type { ConfigProblem, ConfigProblemCode, Excerpt } from './problem.ts';
import type { Place } from './source-tree.ts';

export interface Fault {
  readonly severity?: 'error' | 'warning';
  readonly code: ConfigProblemCode;
  readonly message: string;
  /** '' when it is about a whole file. */
  readonly path?: string;
  /** Undefined for what no source has said. */
  readonly place: Place | undefined;
  readonly hint?: string | null;
  readonly explain?: string | null;
  /** The place holds a secret: it is masked whatever it looks like. */
  readonly secret?: boolean;
}

export function problemOf(fault: Fault): ConfigProblem {
  const { place } = fault;
  const common = {
    severity: fault.severity ?? 'error',
    code: fault.code,
    message: visible(fault.message),
    path: fault.path ?? '',
    hint: fault.hint === undefined || fault.hint === null ? null : visible(fault.hint),
    explain: fault.explain ?? null,
  };
  if (place === undefined) {
    return { ...common, file: null, source: 'defaults', line: null, column: null, excerpt: null };
  }
  const { source } = place;
  if (source.kind !== 'file') {
    const name = source.kind === 'flag' ? `flag ${source.name}` : `environment variable ${source.name}`;
    return { ...common, file: null, source: name, line: null, column: null, excerpt: null };
  }
  const from = Math.min(place.from, source.text.length);
  const lineStart = source.text.lastIndexOf('\n', from - 1) + 1;
  return {
    ...common,
    file: source.name,
    source: null,
    line: source.text.slice(0, lineStart).split('\n').length,
    column: from - lineStart + 1,
    excerpt: source.text === '' ? null : excerptOf(place, lineStart, fault.secret === true),
  };
}

const MASK = '***';
/** How much of a long line is shown. */
const WIDTH = 100;

function excerptOf(place: Place, lineStart: number, secret: boolean): Excerpt {
  const { text } = place.source;
  const from = Math.min(place.from, text.length);
  const lineEnd = endOfLine(text, lineStart);
  const raw = text.slice(lineStart, lineEnd);
  const caretFrom = from - lineStart;
  const caretLength = Math.max(1, Math.min(place.to, lineEnd) - from);
  const before = lineStart === 0 ? null : lineBefore(text, lineStart);
  const shown = secret ? maskedAt(raw, caretFrom, caretLength) : masked(raw, caretFrom, caretLength);
  return { ...cut(shown), before: before === null ? null : visible(maskSecrets(before)).slice(0, WIDTH) };
}

function lineBefore(text: string, lineStart: number): string {
  const from = lineStart < 2 ? 0 : text.lastIndexOf('\n', lineStart - 2) + 1;
  return text.slice(from, endOfLine(text, from));
}

function endOfLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  const end = newline === -1 ? text.length : newline;
  return text[end - 1] === '\r' && end > from ? end - 1 : end;
}

type Line = Omit<Excerpt, 'before'>;

function maskedAt(raw: string, caretFrom: number, caretLength: number): Line {
  const start = maskSecrets(raw.slice(0, caretFrom));
  const text = start + MASK + maskSecrets(raw.slice(caretFrom + caretLength));
  return { text, caretFrom: start.length, caretLength: MASK.length };
}

function masked(raw: string, caretFrom: number, caretLength: number): Line {
  const text = maskSecrets(raw);
  if (text === raw) return { text, caretFrom, caretLength };
  const same = commonLength(raw, text);
  if (caretFrom + caretLength <= same.start) return { text, caretFrom, caretLength };
  const shift = text.length - raw.length;
  if (caretFrom >= raw.length - same.end) return { text, caretFrom: caretFrom + shift, caretLength };
  return { text, caretFrom: Math.min(caretFrom, same.start), caretLength: MASK.length };
}

function commonLength(left: string, right: string): { start: number; end: number } {
  let start = 0;
  while (start < left.length && left[start] === right[start]) start += 1;
  let end = 0;
  while (end < left.length - start && left.at(-1 - end) === right.at(-1 - end)) end += 1;
  return { start, end };
}

function maskSecrets(line: string): string {
  // `auth: user:password`, of a tunnel: nothing but our own schema knows that a secret stands there.
  return redactText(line).replace(/(\bauth["']?\s*[:=]\s*)["']?[^\s"':,}]+:[^\s"',}]+["']?/g, `$1${MASK}`);
}

/** A window of a long line, so that the caret is in it. */
function cut(line: Line): Line {
  const from = line.text.length <= WIDTH ? 0 : Math.max(0, line.caretFrom - WIDTH / 2);
  const text = visible(line.text.slice(from, from + WIDTH));
  const caretFrom = line.caretFrom - from;
  return { text, caretFrom, caretLength: Math.max(1, Math.min(line.caretLength, text.length - caretFrom)) };
}

/** One column per character: tabs and control characters would move the caret, or worse. */
function visible(text: string): string {
  return text.replaceAll('\t', ' ').replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '\ufffd');
}
