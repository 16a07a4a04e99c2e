// What the schema finds wrong, in words for a person. Rule: of a value with several shapes only the shape that was meant
// is talked about: the one whose keys fit best.

import type { z } from 'zod';
import { nearestName } from '../core/nearest-name.ts';
import { redactText } from '../core/redact.ts';
import { formatPath, type KeyPath } from './key-path.ts';
import type { ConfigProblemCode } from './problem.ts';
import type { Fault } from './problem-report.ts';
import { fieldTraits, knownKeys } from './schema-reference.ts';
import { findNode, firstLine, placeNearest, type ConfigNode, type Place, type PlainValue } from './source-tree.ts';

type Issue = z.core.$ZodIssue;

export interface CheckedDocument {
  readonly root: ConfigNode;
  /** What the schema was given. */
  readonly value: PlainValue;
}

export function schemaFaults(issues: readonly Issue[], document: CheckedDocument): Fault[] {
  const flat = issues.flatMap((issue) => flatten(issue, [], document.value));
  const faults = flat.filter((issue) => !isAfterthought(issue, flat)).flatMap((issue) => faultsOf(issue, document));
  // A key that is missing because it was mistyped is told once, at the mistyped key.
  const meant = new Set(faults.filter(({ code }) => code === 'config_unknown_key').map(({ explain }) => explain));
  return faults.filter(({ code, explain }) => code !== 'config_missing' || !meant.has(explain));
}

/** A rule about several keys of a map says nothing while some of its keys are unknown. */
function isAfterthought({ issue, path }: FlatIssue, all: readonly FlatIssue[]): boolean {
  const at = formatPath(path);
  return (
    issue.code === 'custom' &&
    all.some((other) => other.issue.code === 'unrecognized_keys' && formatPath(other.path) === at)
  );
}

/** The types that the schema would take at a path where it was given a text. */
export function typesAskedFor(issues: readonly Issue[], path: KeyPath): ReadonlySet<string> {
  const wanted = formatPath(path);
  const asked = new Set<string>();
  const visit = (issue: Issue, base: KeyPath): void => {
    const at = [...base, ...keysOf(issue)];
    if (issue.code === 'invalid_union') for (const inner of issue.errors.flat()) visit(inner, at);
    else if (formatPath(at) === wanted && issue.code === 'invalid_type') asked.add(issue.expected);
    else if (formatPath(at) === wanted && issue.code === 'invalid_value') {
      for (const value of issue.values) asked.add(typeof value);
    }
  };
  for (const issue of issues) visit(issue, []);
  return asked;
}

function keysOf(issue: Issue): KeyPath {
  return issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
}

/** An issue with its whole path; a union is an issue of its own only when no shape fits at all. */
interface FlatIssue {
  readonly issue: Issue;
  readonly path: KeyPath;
}

function flatten(issue: Issue, base: KeyPath, document: PlainValue): FlatIssue[] {
  const path = [...base, ...keysOf(issue)];
  if (issue.code !== 'invalid_union') return [{ issue, path }];
  const value = valueAt(document, path);
  const branches = issue.errors.map((branch) => ({ branch, distance: distanceOf(branch, value) }));
  const best = branches.reduce((left, right) => (right.distance < left.distance ? right : left), {
    branch: [] as readonly Issue[],
    distance: Number.POSITIVE_INFINITY,
  });
  if (best.distance >= WRONG_SHAPE) return [{ issue, path }];
  return best.branch.flatMap((inner) => flatten(inner, path, document));
}

const WRONG_SHAPE = 1000;
const WRONG_KEY = 10;

/** How far a value is from the shape that made these issues. */
function distanceOf(issues: readonly Issue[], value: PlainValue): number {
  let distance = 0;
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys' && issue.path.length === 0) distance += WRONG_KEY * issue.keys.length;
    else if (issue.code === 'invalid_union' && issue.path.length === 0) {
      distance += Math.min(...issue.errors.map((branch) => distanceOf(branch, value)));
    } else if (isShapeIssue(issue)) distance += issue.path.length === 0 ? WRONG_SHAPE : missingOr(issue, value);
    else distance += 1;
  }
  return distance;
}

function isShapeIssue(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function missingOr(issue: Issue, value: PlainValue): number {
  return issue.path.length === 1 && valueAt(value, keysOf(issue)) === undefined ? WRONG_KEY : 1;
}

function valueAt(value: PlainValue, path: KeyPath): PlainValue {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Readonly<Record<string, PlainValue>>)[key];
  }
  return current;
}

function faultsOf({ issue, path }: FlatIssue, document: CheckedDocument): Fault[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, path, document));
  if (issue.code === 'invalid_key') return [invalidKey(issue.issues[0]?.message ?? issue.message, path, document)];
  const value = valueAt(document.value, path);
  return value === undefined ? [missing(path, document)] : [wrongValue(issue, path, { ...document, value })];
}

/** More of them help nobody. */
const MOST_LISTED = 20;

function unknownKey(key: string, parent: KeyPath, { root }: CheckedDocument): Fault {
  const known = knownKeys(parent);
  const where = parent.length === 0 ? '' : ` in ${formatPath(parent)}`;
  const common = { path: formatPath([...parent, key]), place: keyPlaceOf(root, [...parent, key]) };
  if (known.includes(key)) {
    // Another shape of this value has the key.
    const message = `the key "${key}" does not go together with the others${where}`;
    return { ...common, code: 'config_conflict', message, explain: explainKey(parent) };
  }
  const near = nearestName(key, known);
  const listed = known.length > 0 && known.length <= MOST_LISTED ? `possible here: ${known.join(', ')}` : null;
  return {
    ...common,
    code: 'config_unknown_key',
    message: `unknown key "${key}"${where}`,
    hint: near === undefined ? listed : `did you mean "${near}"?`,
    explain: explainKey(near === undefined ? parent : [...parent, near]),
  };
}

function invalidKey(message: string, path: KeyPath, { root }: CheckedDocument): Fault {
  const place = keyPlaceOf(root, path);
  return { code: 'config_bad_value', message: `"${String(path.at(-1))}": ${message}`, path: formatPath(path), place };
}

function missing(path: KeyPath, { root }: CheckedDocument): Fault {
  const found = findNode(root, path);
  const key = String(path.at(-1));
  const explain = explainKey(path);
  if (found.rest.length === 0) {
    return {
      code: 'config_missing',
      message: `nothing stands behind "${key}"`,
      path: formatPath(path),
      place: found.keyPlace ?? found.node.place,
      hint: 'give it a value ({} for its defaults), or take the key out',
      explain,
    };
  }
  const parent = formatPath(path.slice(0, -1));
  return {
    code: 'config_missing',
    message: `"${key}" is missing${parent === '' ? '' : ` in ${parent}`}`,
    path: formatPath(path),
    place: firstLine(placeNearest(found, path)),
    explain,
  };
}

interface WrongValue extends CheckedDocument {
  readonly value: PlainValue;
}

function wrongValue(issue: Issue, path: KeyPath, document: WrongValue): Fault {
  const { value } = document;
  const { node } = findNode(document.root, path);
  const secret = fieldTraits(path).secret;
  // What a variable held is not repeated: it may be a secret that went to the wrong place.
  const quotable =
    !secret && !(node.kind === 'scalar' && (node.secret || (node.soft && node.place.source.kind === 'file')));
  const expected = expectedBy(issue);
  const found = saysFound(issue, expected, value) ? `, found ${describe(value, quotable)}` : '';
  const text = `${formatPath(path)}: ${expected}${found}`;
  const shownInstead = quotable && typeof value === 'string' ? quote(value) : 'this value';
  return {
    code: codeOf(issue),
    message: typeof value === 'string' ? text.replaceAll(`"${value}"`, () => shownInstead) : text,
    path: formatPath(path),
    place: firstLine(node.place),
    hint: hintFor(issue, value, quotable),
    explain: explainKey(path),
    secret,
  };
}

/** Where something else was expected, what was found is told too, unless the words do so already. */
function saysFound(issue: Issue, expected: string, value: PlainValue): boolean {
  if (!expected.startsWith('expected')) return false;
  if (isShapeIssue(issue) || issue.code === 'invalid_union') return true;
  const isSingle = typeof value !== 'object' && value !== undefined;
  return isSingle && !expected.includes(`"${value}"`);
}

function codeOf(issue: Issue): ConfigProblemCode {
  return issue.code === 'invalid_type' || issue.code === 'invalid_union' ? 'config_wrong_type' : 'config_bad_value';
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
  null: 'null',
};

function expectedBy(issue: Issue): string {
  // Words of our own fields come first; those of zod begin with "Invalid" or "Too".
  if (!/^(?:Invalid|Too |Unrecognized)/.test(issue.message)) return issue.message;
  if (issue.code === 'invalid_type') return `expected ${TYPE_NAMES[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value') return `expected ${orList(issue.values.map(String))}`;
  if (issue.code === 'too_small') return `expected at least ${issue.minimum}`;
  if (issue.code === 'too_big') return `expected at most ${issue.maximum}`;
  if (issue.code !== 'invalid_union') return issue.message;
  const parts = issue.errors.flatMap((branch) => branch.slice(0, 1).map(expectedBy));
  return `expected ${orList([...new Set(parts.map((part) => part.replace(/^expected /, '')))])}`;
}

function orList(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;
}

function describe(value: PlainValue, quotable: boolean): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (!quotable) return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
  return typeof value === 'string' ? `the text ${quote(value)}` : `the ${typeof value} ${value}`;
}

/** Messages end up in logs: what looks like a secret is masked wherever it stands. */
function quote(text: string): string {
  return `"${redactText(text)}"`;
}

const YES: ReadonlySet<string> = new Set(['yes', 'on', 'y']);
const NO: ReadonlySet<string> = new Set(['no', 'off', 'n']);

function hintFor(issue: Issue, value: PlainValue, quotable: boolean): string | null {
  const wanted = wantedBy(issue);
  if (typeof value === 'string' && wanted.types.has('boolean')) {
    if (YES.has(value.toLowerCase())) return 'write true';
    if (NO.has(value.toLowerCase())) return 'write false';
  }
  if (typeof value === 'string' && quotable) {
    const near = nearestName(value, wanted.words);
    if (near !== undefined) return `did you mean "${near}"?`;
  }
  if ((typeof value === 'number' || typeof value === 'boolean') && expectedBy(issue) === 'expected a text') {
    return 'put it into quotes';
  }
  const single = typeof value !== 'object' && wanted.types.has('array') && wanted.types.size === 1;
  return single ? 'write it as a list: [ … ]' : null;
}

interface Wanted {
  readonly types: ReadonlySet<string>;
  readonly words: readonly string[];
}

function wantedBy(issue: Issue): Wanted {
  if (issue.code === 'invalid_union') {
    const inner = issue.errors.flat().map(wantedBy);
    return { types: new Set(inner.flatMap(({ types }) => [...types])), words: inner.flatMap(({ words }) => words) };
  }
  if (issue.code === 'invalid_type') return { types: new Set([issue.expected]), words: [] };
  if (issue.code === 'invalid_value') return { types: new Set(), words: issue.values.map(String) };
  return { types: new Set(), words: [] };
}

function keyPlaceOf(root: ConfigNode, path: KeyPath): Place {
  const found = findNode(root, path);
  return found.keyPlace ?? found.node.place;
}

/** The key for `config explain`: numbers of items left out. */
export function explainKey(path: KeyPath): string | null {
  const key = formatPath(path.map((part) => (typeof part === 'number' ? '[]' : part)))
    .replaceAll('["[]"]', '[]')
    .replace(/(?:\[\])+$/, '');
  return key === '' ? null : key;
}
