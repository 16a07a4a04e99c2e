// The built dashboard, as it is served: read once, with the compressed copies that were made when it was built. Rule: what has a hash in its name
// never changes and is kept by browsers for good; the page itself is asked for again each time.

import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { partsBelow, readPart } from '../runtime/program-part.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** The same place in a checkout and in the package: beside what is emitted. */
export const DASHBOARD_FOLDER: URL = new URL('../../dist/dashboard/', import.meta.url);
/** In a program of one file. */
const PARTS = 'dashboard/';

export interface DashboardFile {
  readonly type: string;
  readonly etag: string;
  readonly plain: Buffer<ArrayBuffer>;
  readonly br: Buffer<ArrayBuffer> | null;
  readonly gzip: Buffer<ArrayBuffer> | null;
}

export interface Dashboard {
  readonly page: DashboardFile;
  /** By their names below /assets/. */
  readonly assets: ReadonlyMap<string, DashboardFile>;
}

/** null: it is not built. */
export function readDashboard(folder: URL): Dashboard | null {
  const page = readOne('index.html', folder);
  if (page === null) return null;
  const assets = new Map<string, DashboardFile>();
  for (const name of namesOfAssets(folder)) {
    const file = Object.hasOwn(TYPES, extname(name)) ? readOne(`assets/${name}`, folder) : null;
    if (file !== null) assets.set(name, file);
  }
  return { page, assets };
}

function namesOfAssets(folder: URL): string[] {
  const inside = partsBelow(`${PARTS}assets/`);
  return inside.length > 0 ? inside.map((name) => basename(name)) : readdirSync(new URL('assets', folder));
}

function readOne(name: string, folder: URL): DashboardFile | null {
  const read = (file: string): Buffer<ArrayBuffer> | null => readPart(PARTS + file, new URL(file, folder));
  const plain = read(name);
  if (plain === null) return null;
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  const type = TYPES[extname(name)] ?? 'application/octet-stream';
  return { type, etag, plain, br: read(`${name}.br`), gzip: read(`${name}.gz`) };
}
