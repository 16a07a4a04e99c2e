// The file of a unix socket that we listen on. Rule: it appears under its name only when somebody listens; one at which somebody listens
// stays, unless it is that of a program whose place we take, and then it is there again should that come to nothing.
import fs from 'node:fs';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { succession } from './port-sharing.ts';

/** Of all systems. */
const LONGEST_NAME = 103;

let made = 0;

export class SocketFile {
  readonly path: string;
  /** Beside it, and short, for the name of a unix socket may not be long. */
  readonly draft: string;
  #inode: bigint | null = null;

  constructor(path: string) {
    this.path = path;
    made += 1;
    const name = `.${process.pid.toString(36)}${made.toString(36)}`;
    const draft = join(dirname(path), name);
    this.draft = isOnDisk(path) && draft.length <= LONGEST_NAME ? draft : path;
  }

  /** Somebody listens at the draft. */
  publish(): void {
    const { path, draft } = this;
    if (draft === path) return;
    if (succession.isUnderWay && fs.existsSync(path)) this.#replace();
    else this.#add();
    this.#inode = fs.lstatSync(path, { bigint: true }).ino;
  }

  /** If it is still ours. */
  remove(): void {
    const found = fs.lstatSync(this.path, { bigint: true, throwIfNoEntry: false });
    if (this.#inode !== null && found?.ino === this.#inode) fs.rmSync(this.path, { force: true });
    this.#inode = null;
  }

  #add(): void {
    const { path, draft } = this;
    try {
      fs.linkSync(draft, path);
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code === 'EEXIST' ? 'EADDRINUSE' : 'EACCES';
      throw Object.assign(new Error(`listen ${code}: ${path}`, { cause }), { code });
    } finally {
      fs.rmSync(draft, { force: true });
    }
  }

  #replace(): void {
    const { path, draft } = this;
    const before = `${draft}-`;
    fs.linkSync(path, before);
    fs.renameSync(draft, path);
    succession.took(
      () => fs.renameSync(before, path),
      () => fs.rmSync(before, { force: true }),
    );
  }
}

/** One at which nobody listens was left by a program that was killed, and would keep the next one from its door. */
export async function removeDeadSocket(path: string): Promise<void> {
  if (!isOnDisk(path) || fs.lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return;
  if ((await connectFault(path)) === 'ECONNREFUSED') fs.rmSync(path, { force: true });
}

function connectFault(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect(path);
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
  });
}

/** On Windows it is a pipe, and on Linux there are some without a file. */
function isOnDisk(path: string): boolean {
  return process.platform !== 'win32' && !path.startsWith('\0');
}
