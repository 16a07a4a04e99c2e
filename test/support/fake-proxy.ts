// Proxies that do what a test tells them to, byte by byte, for the answers that no real one gives. Rule: a script says what
// is expected and what is answered; what comes of a connection after its script is echoed.
import { once } from 'node:events';
import net from 'node:net';
import type { TestContext } from 'node:test';
import tls from 'node:tls';

export interface FakeProxy {
  readonly port: number;
  /** What each connection has sent, in the order of the connections. */
  readonly heard: string[];
  readonly sockets: readonly net.Socket[];
}

export interface FakeProxyTls {
  readonly cert: string;
  readonly key: string;
}

/** Called for each portion with all that came since the last answer; answers with bytes, or null to wait for more. */
export type Script = (heard: string, socket: net.Socket, connection: number) => Reply;

/** `end` closes behind the bytes; `echo` makes a tunnel of the connection: from then on everything comes back. */
export type Reply = { readonly say: string; readonly next?: 'end' | 'reset' | 'echo' } | null;

export async function fakeProxy(t: TestContext, script: Script, secure?: FakeProxyTls): Promise<FakeProxy> {
  const heard: string[] = [];
  const sockets: net.Socket[] = [];
  const accept = (socket: net.Socket): void => {
    const connection = sockets.length;
    sockets.push(socket);
    heard.push('');
    serve(socket, script, connection, (text) => {
      heard[connection] += text;
    });
  };
  const options = { allowHalfOpen: true };
  const server =
    secure === undefined ? net.createServer(options, accept) : tls.createServer({ ...options, ...secure }, accept);
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as net.AddressInfo).port, heard, sockets };
}

function serve(socket: net.Socket, script: Script, connection: number, note: (text: string) => void): void {
  let pending = '';
  let isTunnel = false;
  socket.setNoDelay(true).on('error', () => {});
  socket.on('end', () => socket.end());
  const answer = (): void => {
    const reply = script(pending, socket, connection);
    if (reply === null) return;
    pending = '';
    socket.write(Buffer.from(reply.say, 'latin1'));
    if (reply.next === 'end') socket.end();
    if (reply.next === 'reset') socket.resetAndDestroy();
    isTunnel = reply.next === 'echo';
  };
  socket.on('data', (bytes: Buffer) => {
    if (isTunnel) socket.write(bytes);
    else {
      note(bytes.toString('latin1'));
      pending += bytes.toString('latin1');
      answer();
    }
  });
}

/** A script for HTTP: one answer to each head, the last one for all that follow; a 200 to CONNECT makes a tunnel. */
export function httpAnswers(...answers: readonly (string | ((head: string) => string))[]): Script {
  let index = 0;
  return (heard) => {
    if (!heard.endsWith('\r\n\r\n')) return null;
    const next = answers[Math.min(index, answers.length - 1)] ?? '';
    index += 1;
    const say = typeof next === 'string' ? next : next(heard);
    const isClosing = /\r\n(?:proxy-)?connection: close/i.test(say);
    const isOpen = / 2\d\d[ \r]/.test(say) && heard.startsWith('CONNECT ');
    if (isOpen) return { say, next: 'echo' };
    return isClosing ? { say, next: 'end' } : { say };
  };
}
