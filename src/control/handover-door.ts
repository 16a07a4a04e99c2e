// Where a running Sluice lets itself be replaced: a unix socket in its data folder that only its successor asks. Rule: it lets go of
// nothing before the successor says that its own doors are open, and lets go once.
import { readdirSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { errorBody, ERROR_CATALOGUE, type ErrorCode, SluiceError } from '../core/errors.ts';
import type { SluiceState } from '../runtime/sluice.ts';
import { HttpDoor } from './http-door.ts';
import { newRequestId } from './request-id.ts';
import { tokenDigest, TokenBook } from './token-book.ts';

export interface HandoverParts {
  /** Of this run, as it stands in the file that tells of it. */
  readonly runToken: string;
  readonly state: () => SluiceState;
  /** Resolves when the control plane can be reached no more; what runs goes on. */
  readonly handOver: () => Promise<void>;
}

export interface HandoverStatus {
  readonly pid: number;
  readonly state: SluiceState;
}

export const HANDOVER_PATH = '/handover';
/** Of unix sockets, on all systems. */
const LONGEST_NAME = 103;

/** Null: the name of the data folder is too long for a socket in it. */
export function handoverAddress(dataDir: string, pid: number): string | null {
  const path = join(dataDir, `handover-${pid}.sock`);
  return Buffer.byteLength(path) > LONGEST_NAME ? null : `unix:${path}`;
}

const SOCKET = /^handover-(\d+)\.sock$/;

/** Removes what programs that were killed have left. */
export function sweepHandovers(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    const owner = Number(SOCKET.exec(name)?.[1] ?? 0);
    if (owner > 0 && !isAlive(owner)) rmSync(join(dataDir, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export function handoverDoor(listen: string, parts: HandoverParts): HttpDoor {
  const tokens = new TokenBook([{ name: 'successor', digest: tokenDigest(parts.runToken) }]);
  return new HttpDoor({
    name: 'handover',
    key: 'process.data_dir',
    listen,
    handler: (request, response) => {
      answer(request, tokens, parts).then(
        (status) => send(response, 200, status),
        (error: unknown) => refuse(response, error),
      );
    },
  });
}

async function answer(request: IncomingMessage, tokens: TokenBook, parts: HandoverParts): Promise<HandoverStatus> {
  const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  if (tokens.findHolder(token) === undefined) throw new SluiceError('unauthorized');
  if (request.url !== HANDOVER_PATH) throw new SluiceError('not_found');
  if (request.method === 'POST') {
    await parts.handOver();
  }
  return { pid: process.pid, state: parts.state() };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' });
  response.end(`${JSON.stringify(body)}\n`);
}

function refuse(response: ServerResponse, error: unknown): void {
  const code: ErrorCode = error instanceof SluiceError ? error.code : 'internal';
  const message = error instanceof SluiceError ? error.message : ERROR_CATALOGUE.internal.summary;
  send(response, ERROR_CATALOGUE[code].status, errorBody(code, message, newRequestId()));
}
