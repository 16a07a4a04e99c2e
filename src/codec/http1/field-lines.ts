// The hot path through field lines: whole lines that lie in one piece, four octets at a time.
// Rule: it accepts or it stops, it never refuses; a line that is cut or in any way odd is left to HeadReader, which reads it octet by octet.
import { noteField } from './field-meaning.ts';
import { fieldIdOfWords } from './field-names.ts';
import { FIELD } from './head.ts';
import type { Head } from './head.ts';
import { COLON, CR, HTAB, LF, SP, TOKEN, VALUE } from './octets.ts';
import { endsName, endsText, firstOf, viewOf } from './octet-words.ts';

/** Adds the lines from `from` on to the head and returns where the first line begins that it did not take. */
export function takeWholeLines(head: Head, maxFields: number, from: number, to: number): number {
  const { bytes, start, fields, ids, drop } = head;
  const view = viewOf(bytes);
  // A word may reach beyond `to`, into whatever the buffer held before, but not beyond the buffer.
  const wordTo = Math.min(to, bytes.length - 3);
  const room = Math.min(maxFields, ids.length);
  let line = from;
  while (head.count < room) {
    const nameTo = nameEnd(view, line, wordTo);
    if (nameTo <= line || nameTo >= to || bytes[nameTo] !== COLON) return line;
    const id = fieldIdOfWords(view, bytes, line, nameTo);
    if (id === FIELD.OTHER && !isToken(bytes, line, nameTo)) return line;
    let value = nameTo + 1;
    while (value < to && (bytes[value] === SP || bytes[value] === HTAB)) value++;
    const lineTo = valueEnd(view, bytes, value, wordTo);
    if (lineTo + 1 >= to || bytes[lineTo] !== CR || bytes[lineTo + 1] !== LF) return line;
    let valueTo = lineTo;
    while (valueTo > value && (bytes[valueTo - 1] === SP || bytes[valueTo - 1] === HTAB)) valueTo--;
    const index = head.count++;
    const slot = index * 4;
    fields[slot] = line - start;
    fields[slot + 1] = nameTo - start;
    fields[slot + 2] = value - start;
    fields[slot + 3] = valueTo - start;
    ids[index] = id;
    drop[index] = 0;
    if (id !== FIELD.OTHER && id <= FIELD.HTTP2_SETTINGS) noteField(head, index);
    line = lineTo + 2;
  }
  return line;
}

/** Where the name ends, -1 if that is too near to the end of the bytes. */
function nameEnd(view: DataView, from: number, wordTo: number): number {
  for (let at = from; at < wordTo; at += 4) {
    const mask = endsName(view.getInt32(at, true));
    if (mask !== 0) return at + firstOf(mask);
  }
  return -1;
}

/** Where the value, with the whitespace behind it, ends; octets that are allowed but not plain text are stepped over. */
function valueEnd(view: DataView, bytes: Buffer, from: number, wordTo: number): number {
  let at = from;
  while (at < wordTo) {
    const mask = endsText(view.getInt32(at, true));
    if (mask === 0) at += 4;
    else {
      at += firstOf(mask);
      if (VALUE[bytes[at]!] === 0) return at;
      at++;
    }
  }
  return at;
}

function isToken(bytes: Buffer, from: number, to: number): boolean {
  let at = from;
  while (at < to && TOKEN[bytes[at]!] !== 0) at++;
  return at === to;
}
