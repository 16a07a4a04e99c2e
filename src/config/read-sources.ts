// Finds and reads the files of a configuration. Rule: the ending of the name says the language; what cannot be read or
// parsed is a fault, and all files are looked at before anything is said. A parser is loaded when a file needs it.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, isAbsolute, relative, resolve, sep } from 'node:path';
import { fileFault } from './file-fault.ts';
import type { Fault } from './problem-report.ts';
import type { MapNode, Place, Source } from './source-tree.ts';
import type { ReadResult } from './text-fault.ts';

export interface SourceFiles {
  readonly files: readonly string[];
  readonly profile?: string;
  readonly cwd: string;
}

export interface ReadSources {
  /** In ascending order of precedence. */
  readonly trees: readonly MapNode[];
  /** Absolute. */
  readonly files: readonly string[];
  readonly faults: readonly Fault[];
}

/** No configuration is larger; a file that is was named by mistake. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

export async function readSources(options: SourceFiles): Promise<ReadSources> {
  const files = options.files.map((file) => resolve(options.cwd, file));
  const faults: Fault[] = [];
  if (options.profile !== undefined) {
    const overlays = files.map((file) => overlayOf(file, options.profile ?? ''));
    const existing = overlays.filter((file) => existsSync(file));
    if (existing.length === 0) faults.push(missingOverlay(options.profile, overlays, options.cwd));
    files.push(...existing);
  }
  const trees: MapNode[] = [];
  for (const file of files) {
    const read = await readFile(file, options.cwd);
    if ('fault' in read) faults.push(...read.fault);
    else if (read.root !== undefined) trees.push(read.root);
  }
  return { trees, files, faults };
}

/** `sluice.yaml` → `sluice.dev.yaml` */
function overlayOf(file: string, profile: string): string {
  const ending = extname(file);
  return `${file.slice(0, file.length - ending.length)}.${profile}${ending}`;
}

function missingOverlay(profile: string, overlays: readonly string[], cwd: string): Fault {
  const source: Source = { kind: 'flag', name: `--profile ${profile}`, folder: cwd, text: '' };
  const looked = overlays.map((file) => displayName(file, cwd)).join(', ');
  return {
    code: 'config_unreadable',
    message: overlays.length === 0 ? 'a profile needs a config file' : `there is no ${looked}`,
    place: { source, from: 0, to: 0 },
  };
}

async function readFile(
  file: string,
  cwd: string,
): Promise<{ readonly root: MapNode | undefined } | { readonly fault: readonly Fault[] }> {
  const name = displayName(file, cwd);
  const blank: Source = { kind: 'file', name, folder: dirname(file), text: '' };
  const unreadable = (reason: string): { readonly fault: readonly Fault[] } => ({
    fault: [{ code: 'config_unreadable', message: `cannot read ${name}: ${reason}`, place: wholeOf(blank) }],
  });
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    return unreadable(fileFault(error));
  }
  if (bytes.length > MAX_FILE_BYTES) return unreadable('it is larger than 16 MiB');
  const text = decode(bytes);
  if (text === undefined) return unreadable('it is not UTF-8 text');
  const source: Source = { ...blank, text };
  const { root, faults } = await parse(source, extname(file).toLowerCase());
  if (faults.length > 0) return { fault: faults };
  if (root === undefined || root.kind === 'map') return { root };
  const message = `expected a map of sections, found ${root.kind === 'list' ? 'a list' : 'a single value'}`;
  const to = source.text.indexOf('\n', root.place.from);
  return {
    fault: [{ code: 'config_wrong_type', message, place: { ...root.place, to: to === -1 ? root.place.to : to } }],
  };
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

async function parse(source: Source, ending: string): Promise<ReadResult> {
  if (ending === '.toml') return (await import('./read-toml.ts')).readToml(source);
  if (ending === '.json') return (await import('./read-json.ts')).readJson(source);
  return (await import('./read-yaml.ts')).readYaml(source);
}

function wholeOf(source: Source): Place {
  return { source, from: 0, to: 0 };
}

/** As short as it can be said from where the user is. */
export function displayName(file: string, cwd: string): string {
  const name = relative(cwd, file);
  return name === '' || name === '..' || name.startsWith(`..${sep}`) || isAbsolute(name) ? file : name;
}
