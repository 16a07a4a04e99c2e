// Starts one command, by asking the server at a port for it or, where that says so, from here. Rule: both ways end when the command
// has ended and all that it said has come.
import { spawn } from 'node:child_process';
import { Agent, request as send, type IncomingMessage } from 'node:http';

export interface Spoken {
  /** From the start to the first piece of output. */
  readonly firstMs: number;
  readonly totalMs: number;
  readonly isWell: boolean;
}

/** Its output is large, and has to come through the server in any case. */
export const BIG = '/bin/cat';

export type Start = (command: string, args: readonly string[]) => Promise<Spoken>;

const agent = new Agent({ keepAlive: true });

export async function starterAt(port: number): Promise<Start> {
  const { headers } = await post(port, '{"command":"/bin/echo"}');
  const isHere = headers['x-start-it-yourself'] !== undefined;
  return (...asked) => (isHere && asked[0] !== BIG ? startHere(...asked) : ask(port, asked));
}

function post(port: number, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    const request = send(
      { host: '127.0.0.1', port, method: 'POST', path: '/cli/execute', headers, agent },
      (answer) => {
        // Whoever wants to hear it listens at once.
        setImmediate(() => answer.resume());
        resolve(answer);
      },
    );
    request.once('error', reject);
    request.end(body);
  });
}

async function ask(port: number, [command, args]: Parameters<Start>): Promise<Spoken> {
  const startedAt = performance.now();
  const answer = await post(port, JSON.stringify({ command, args }));
  return new Promise((resolve) => {
    let firstMs = Number.NaN;
    let end = '';
    answer.on('data', (bytes: Buffer) => {
      if (Number.isNaN(firstMs)) firstMs = performance.now() - startedAt;
      end = bytes.subarray(-200).toString('latin1');
    });
    answer.once('close', () => {
      const isPlain = answer.headers['x-plain-pipe'] !== undefined;
      const isWell = answer.statusCode === 200 && (isPlain || end.includes('"type":"exit","code":0'));
      resolve({ firstMs, totalMs: performance.now() - startedAt, isWell });
    });
  });
}

function startHere(command: string, args: readonly string[]): Promise<Spoken> {
  const startedAt = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  return new Promise((resolve) => {
    let firstMs = Number.NaN;
    child.stdout.on('data', () => {
      if (Number.isNaN(firstMs)) firstMs = performance.now() - startedAt;
    });
    child.once('close', (code) => resolve({ firstMs, totalMs: performance.now() - startedAt, isWell: code === 0 }));
  });
}
