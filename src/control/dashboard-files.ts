// The built dashboard, as it is served: read once, with the compressed copies that were made when it was built. Rule: what has a hash in its name
// never changes and is kept by browsers for good; the page itself is asked for again each time.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** The same place in a checkout and in the package: beside what is emitted. */
export const DASHBOARD_FOLDER: string = join(dirname(dirname(import.meta.dirname)), 'dist', 'dashboard');

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
export function readDashboard(folder: string): Dashboard | null {
  const page = join(folder, 'index.html');
  if (!existsSync(page)) return null;
  const assets = join(folder, 'assets');
  const names = readdirSync(assets).filter((name) => Object.hasOwn(TYPES, extname(name)));
  return { page: readOne(page), assets: new Map(names.map((name) => [name, readOne(join(assets, name))])) };
}

function readOne(file: string): DashboardFile {
  const plain = readFileSync(file);
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  const type = TYPES[extname(file)] ?? 'application/octet-stream';
  return { type, etag, plain, br: readCopy(`${file}.br`), gzip: readCopy(`${file}.gz`) };
}

function readCopy(file: string): Buffer<ArrayBuffer> | null {
  return existsSync(file) ? readFileSync(file) : null;
}
