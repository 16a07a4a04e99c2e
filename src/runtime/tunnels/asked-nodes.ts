// What nodes ask each other of their tunnels, on the connections by which they bring visitors: which they have, and to end one. Rule: a node that does
// not answer in time is named, and holds up nobody.
import { Buffer } from 'node:buffer';
import type { VisitorEnd } from '../../services/tunnels/link-stream.ts';
import type { VisitEvents } from '../../services/tunnels/node-link.ts';
import { NOBODY } from '../../transport/connection.ts';
import type { TunnelReport } from './tunnel-desk.ts';

/** What a node has, and does when it is asked to. */
export interface AskedDesk {
  reports(): readonly TunnelReport[];
  remove(name: string): boolean;
}

export interface AskedNodesOptions {
  readonly desk: AskedDesk;
  readonly open: (address: string, line: string, events: VisitEvents) => void;
}

export interface ListOfNodes {
  readonly reports: readonly TunnelReport[];
  /** The addresses of nodes that have not answered. */
  readonly missing: readonly string[];
}

const LIST = 'tunnels';
const REMOVE = 'remove ';
const YES = 'yes';
const PATIENCE_MS = 2_000;
const MOST_BYTES = 64 * 1024 * 1024;

export class AskedNodes {
  readonly #options: AskedNodesOptions;

  constructor(options: AskedNodesOptions) {
    this.#options = options;
  }

  /** Another node asks. null: it asks for none of this. */
  answer(line: string, asker: VisitorEnd): 'taken' | null {
    const { desk } = this.#options;
    if (line === LIST) tell(asker, JSON.stringify(desk.reports()));
    else if (line.startsWith(REMOVE)) tell(asker, desk.remove(line.slice(REMOVE.length)) ? YES : '');
    else return null;
    return 'taken';
  }

  /** Of these nodes; a name that waits here for its client, which is connected there, is listed there alone. */
  async list(own: readonly TunnelReport[], addresses: readonly string[]): Promise<ListOfNodes> {
    const lists = await Promise.all(addresses.map((address) => this.#ask(address, LIST)));
    const read = lists.map((text, at) => readList(text, addresses[at] ?? ''));
    const all = [...own, ...read.flatMap((reports) => reports ?? [])];
    const online = new Set(all.flatMap(({ name, client }) => (client === null ? [] : [name])));
    const reports = all.filter(({ name, client }) => client !== null || !online.has(name));
    return { reports, missing: addresses.filter((_, at) => read[at] === null) };
  }

  /** Whether one of them had it. */
  async remove(name: string, addresses: readonly string[]): Promise<boolean> {
    const answers = await Promise.all(addresses.map((address) => this.#ask(address, `${REMOVE}${name}`)));
    return answers.includes(YES);
  }

  #ask(address: string, line: string): Promise<string | null> {
    return new Promise((resolve) => {
      let isOver = false;
      const end = (text: string | null): void => {
        isOver = true;
        clearTimeout(timer);
        resolve(text);
      };
      const timer = setTimeout(() => end(null), PATIENCE_MS);
      this.#options.open(address, line, {
        failed: () => end(null),
        taken: (answering) => {
          if (isOver) answering.reset('timeout');
          else hear(answering, end);
        },
      });
    });
  }
}

/** Behind the word that it is taken. */
function tell(asker: VisitorEnd, text: string): void {
  asker.handler = NOBODY;
  queueMicrotask(() => {
    const bytes = Buffer.from(text);
    asker.write(bytes, 0, bytes.length);
    asker.end();
    asker.resume();
  });
}

function hear(answering: VisitorEnd, end: (text: string | null) => void): void {
  const parts: Buffer[] = [];
  let length = 0;
  answering.handler = {
    onData: (bytes, from, to) => {
      parts.push(Buffer.from(bytes.subarray(from, to)));
      length += to - from;
      if (length > MOST_BYTES) answering.reset('error');
    },
    onHalfClose: () => {
      answering.end();
      end(Buffer.concat(parts).toString());
    },
    onDrain: () => {},
    onClose: () => end(null),
  };
  answering.resume();
}

/** Nodes may be of different versions. */
function readList(text: string | null, node: string): readonly TunnelReport[] | null {
  try {
    const list: unknown = JSON.parse(text ?? 'null');
    return Array.isArray(list) ? list.filter(isReport).map((report) => ({ ...report, node })) : null;
  } catch {
    return null;
  }
}

function isReport(read: unknown): read is TunnelReport {
  const report = read as Partial<TunnelReport> | null;
  return typeof report?.name === 'string' && typeof report.use?.streams === 'number' && report.client !== undefined;
}
