// From the files of a predecessor to a configuration of Sluice, with notes about what is not quite the same. Rule: several
// files are one configuration, the later over the earlier; overlays that lie beside a single file become overlays again.

import { readdirSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { SluiceError } from '../../core/errors.ts';
import { ConfigError } from '../problem.ts';
import { problemOf } from '../problem-report.ts';
import { displayName, readSources } from '../read-sources.ts';
import { mergeNodes, toPlain, type JsonValue, type MapNode, type PlainValue } from '../source-tree.ts';
import { ForeignSection } from './foreign-section.ts';
import { ImportNotes, type ImportNote } from './import-notes.ts';
import { overlayDifference } from './overlay-difference.ts';
import {
  isOwnConfig,
  PREDECESSOR_NAMES,
  PREDECESSORS,
  recognisePredecessor,
  withOwnVariables,
  type Predecessor,
  type PredecessorName,
} from './predecessor.ts';
import { withFilters } from './with-filters.ts';

export interface ImportOptions {
  readonly files: readonly string[];
  /** Where the keys of the file tell nothing. */
  readonly from?: PredecessorName;
  readonly cwd: string;
}

export type ImportedDocument = Readonly<Record<string, JsonValue>>;

export interface ImportedOverlay {
  /** `dev` of `proxy.dev.yaml`. */
  readonly profile: string;
  readonly document: ImportedDocument;
}

export interface Imported {
  readonly predecessor: Predecessor;
  readonly document: ImportedDocument;
  readonly overlays: readonly ImportedOverlay[];
  /** Every file that was read, as the person would name it. */
  readonly files: readonly string[];
  readonly notes: readonly ImportNote[];
}

/** Throws when a file cannot be read, or is nobody's that is known. */
export async function importConfig({ files, from, cwd }: ImportOptions): Promise<Imported> {
  const named = await readTrees(files, cwd);
  const predecessor = predecessorOf(named, from);
  const beside = predecessor.name === 'custom-proxy' ? filtersBeside(files, cwd) : [];
  const trees = [...named, ...(await readTrees(beside, cwd))];
  const notes = new ImportNotes();
  const base = convert(trees, predecessor, notes);
  const overlays: ImportedOverlay[] = [];
  const overlayFiles = files.length === 1 ? overlaysBeside(files[0] ?? '', cwd) : [];
  for (const { file, profile } of overlayFiles) {
    const above = await readTrees([file], cwd);
    const document = overlayDifference(base, convert([...trees, ...above], predecessor, notes));
    overlays.push({ profile, document });
  }
  const read = [...files, ...beside, ...overlayFiles.map(({ file }) => file)];
  return {
    predecessor,
    document: base,
    overlays,
    files: read.map((file) => displayName(resolve(cwd, file), cwd)),
    notes: notes.list,
  };
}

async function readTrees(files: readonly string[], cwd: string): Promise<readonly MapNode[]> {
  const { trees, faults } = await readSources({ files, cwd });
  if (faults.length > 0) throw new ConfigError(faults.map(problemOf));
  return trees;
}

function predecessorOf(trees: readonly MapNode[], from: PredecessorName | undefined): Predecessor {
  const documents = trees.map(toPlain);
  if (from === undefined && documents.some(isOwnConfig)) {
    throw new SluiceError('usage', {
      message: 'This is a config of Sluice already. Check it with: sluice config validate',
    });
  }
  const found = documents.flatMap((document) => recognisePredecessor(document) ?? []);
  const wanted =
    from === undefined
      ? (found.find(({ name }) => name !== 'filters') ?? found[0])
      : PREDECESSORS.find(({ name }) => name === from);
  if (wanted !== undefined) return wanted;
  const names = PREDECESSOR_NAMES.join(', ');
  throw new SluiceError('usage', {
    message: `The keys do not tell whose config this is. Say it with --from: ${names}`,
  });
}

function convert(trees: readonly MapNode[], predecessor: Predecessor, notes: ImportNotes): ImportedDocument {
  const isFilters = (tree: MapNode): boolean =>
    predecessor.name === 'custom-proxy' && recognisePredecessor(toPlain(tree))?.name === 'filters';
  const merged = trees.filter((tree) => !isFilters(tree)).reduce<MapNode | undefined>(merge, undefined);
  const filters = trees.filter(isFilters).map(toPlain);
  const plain: PlainValue = merged === undefined ? {} : toPlain(merged);
  const root = new ForeignSection(withOwnVariables(withFilters(plain, filters), predecessor), notes);
  const document = predecessor.convert(root);
  root.finish();
  return document;
}

function merge(below: MapNode | undefined, above: MapNode): MapNode {
  return below === undefined ? above : (mergeNodes(below, above) as MapNode);
}

/** The custom proxy reads filters.yaml from the folder of its proxy.yaml. */
function filtersBeside(files: readonly string[], cwd: string): string[] {
  const folder = dirname(resolve(cwd, files[0] ?? ''));
  const names = files.map((file) => basename(file));
  return namesIn(folder)
    .filter((name) => /^filters\.(?:ya?ml|toml)$/.test(name) && !names.includes(name))
    .slice(0, 1)
    .map((name) => join(folder, name));
}

interface OverlayFile {
  readonly file: string;
  readonly profile: string;
}

/** `proxy.dev.yaml` beside `proxy.yaml`. */
function overlaysBeside(file: string, cwd: string): OverlayFile[] {
  const path = resolve(cwd, file);
  const ending = extname(path);
  const stem = `${basename(path, ending)}.`;
  return namesIn(dirname(path)).flatMap((name) => {
    const profile = name.startsWith(stem) && name.endsWith(ending) ? name.slice(stem.length, -ending.length) : '';
    return /^[A-Za-z0-9_-]+$/.test(profile) ? [{ file: join(dirname(path), name), profile }] : [];
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}
